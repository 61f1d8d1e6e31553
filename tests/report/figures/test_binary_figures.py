"""The pictures of binary networks: kernels in numbers, bits a weight, maps three in a row."""

import matplotlib as mpl
import numpy as np
import pandas as pd

mpl.use("Agg")

from radlib.report import figures


def test_kernels_stand_in_numbers_on_one_scale_of_colours():
    axes = figures.kernel_tables({"W": [[0.5, -0.25]], "signs": [[1, -1]]})
    assert [[text.get_text() for text in ax.texts] for ax in axes] == [["0.5", "−0.25"], ["1", "−1"]]
    assert len({ax.images[0].get_clim() for ax in axes}) == 1


def test_the_trained_network_stands_at_the_fewest_bits():
    ax = figures.weight_bits(pd.DataFrame({"bits": [8, 2, 1], "score": [0.95, 0.9, 0.7]}), trained=0.92)
    rounded, trained = ax.lines
    assert list(rounded.get_ydata()) == [0.95, 0.9, 0.7]
    assert (list(trained.get_xdata()), list(trained.get_ydata())) == ([2], [0.92])
    assert [label.get_text() for label in ax.get_xticklabels()] == ["8", "2", "1"]


def test_five_maps_stand_in_two_rows():
    axes = figures.binary_layer({str(n): np.zeros((4, 4)) for n in range(5)})
    assert [ax.get_title(loc="left") for ax in axes] == list("01234")
    assert axes[3].get_subplotspec().rowspan.start == 1
