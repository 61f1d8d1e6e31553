"""The pictures of MIRACLE: which candidate was sent, and how far what arrives is from what was wanted."""

import matplotlib as mpl
import pandas as pd

mpl.use("Agg")

from radlib.report import figures


def test_every_candidate_has_its_numbers_and_its_chance_and_the_sent_one_is_named():
    drawn, chances = [[0.1, 1.0], [0.9, -1.0], [2.0, 0.0]], [0.2, 0.7, 0.1]
    numbers, bars = figures.block_candidates(drawn, chances, 1, mean=[1, -0.5], deviation=[0.4, 1])
    assert [text.get_text() for text in numbers.texts] == ["0.1", "1.0", "0.9", "−1.0", "2.0", "0.0"]
    assert [bar.get_width() for bar in bars.patches] == chances
    assert len({bar.get_facecolor() for bar in bars.patches}) == 2
    assert [text.get_text() for text in bars.texts] == ["sent: 1"]
    assert numbers.get_xticklabels()[1].get_text() == "wanted\n−0.5 ± 1.0"


def test_the_cost_of_the_block_stands_beside_the_curve():
    ax = figures.index_bits(pd.DataFrame({"bits": [0, 8], "distance": [40.0, 1.2]}), cost_bits=6.0)
    assert list(ax.lines[0].get_ydata()) == [40.0, 1.2]
    assert list(ax.lines[1].get_xdata()) == [6.0, 6.0]


def test_each_method_is_a_curve_by_size_and_the_last_is_black():
    rows = [{"size_bytes": size, "auroc": value, "auroc_low": value - 0.05, "auroc_high": value + 0.02}
            for size, value in ((5000, 0.94), (3000, 0.9))]  # fmt: skip
    ax = figures.rate_curves({"MIRACLE": pd.DataFrame(rows), "original": pd.DataFrame(rows[:1])})
    drawn = [container[0] for container in ax.containers]
    assert list(drawn[0].get_xdata()) == [3000, 5000] and list(drawn[0].get_ydata()) == [0.9, 0.94]
    assert drawn[1].get_color() == "black"


def test_three_weights_stand_below_one_another_the_dearest_on_top():
    block = {"mean": [0.0, 0.5, 1.0], "deviation": [1.0, 0.5, 0.2], "candidates": [[0.1, 0.2, 0.9]] * 4,
             "shares": [0.25] * 4, "index": 0}  # fmt: skip
    import numpy as np

    axes = figures.random_codes(
        {**block, "candidates": np.array(block["candidates"]), "shares": np.array(block["shares"])}
    )
    bits = [float(ax.get_title(loc="left").split()[0]) for ax in axes]
    assert bits == sorted(bits, reverse=True)
    tops = [ax.get_subplotspec().rowspan.start for ax in axes]
    assert tops == [0, 1, 2]
