"""Pictures of a search: every file and the front, every training and where it was stopped."""

import pandas as pd

from radlib.report import figures

FILES = pd.DataFrame({
    "network": ["a", "a", "b", "b"], "chain": ["float32", "int8", "float32", "int8"],
    "size_bytes": [400_000, 100_000, 40_000, 10_000], "score": [2.4, 2.38, 1.9, 1.88], "on_front": [True, True, True, False],
})  # fmt: skip
EPOCHS = pd.DataFrame({
    "trial": [0, 0, 0, 1, 1], "network": ["a"] * 3 + ["b"] * 2, "state": ["finished"] * 3 + ["stopped"] * 2,
    "epoch": [1, 2, 3, 1, 2], "auroc": [0.6, 0.7, 0.8, 0.5, 0.55],
})  # fmt: skip


def test_the_front_shows_every_file_the_budget_and_what_was_taken():
    ax = figures.search_front(FILES, size_kb=150, tolerated=0.1, taken="a int8")
    assert sum(len(points.get_offsets()) for points in ax.collections[:-1]) == len(FILES)
    assert ax.collections[-1].get_offsets().tolist() == [[100_000, 2.4 - 2.38]]
    assert ax.get_xscale() == "log" and ax.yaxis_inverted()
    assert any(line.get_xdata()[0] == 150_000 for line in ax.lines)


def test_curves_end_where_a_training_did():
    ax = figures.search_curves(EPOCHS)
    ends = [line for line in ax.lines if len(line.get_xdata()) == 1]
    assert [(line.get_marker(), *line.get_xdata(), *line.get_ydata()) for line in ends] == [
        ("o", 3, 0.8),
        ("x", 2, 0.55),
    ]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["finished", "stopped"]
