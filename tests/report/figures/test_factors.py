"""The pictures of low rank say what they draw: the sizes of the factors, and where a curve lies."""

import matplotlib as mpl
import numpy as np
import pandas as pd

mpl.use("Agg")

from radlib.report import figures


def test_each_factor_bears_its_size_and_small_ones_their_numbers():
    left, right = np.array([[2.0], [-1.0]]), np.array([[1.0, 0.0, 2.0]])
    axes = figures.factored_matrix(left @ right, left, right)
    assert [ax.get_title(loc="left") for ax in axes] == ["B: 1 × 3", "A: 2 × 1", "A · B: 2 × 3", "W: 2 × 3"]
    assert [text.get_text() for text in axes[2].texts] == ["2.0", "0.0", "4.0", "−1.0", "0.0", "−2.0"]
    large = figures.factored_matrix(np.eye(20), np.eye(20), np.eye(20))
    assert not any(ax.texts for ax in large)


def test_leading_and_random_components_are_drawn_over_the_weights_they_keep():
    table = pd.DataFrame({"weights_share": [0.2, 1.0], "leading": [0.8, 0.95], "random": [0.5, 0.95]})
    ax = figures.kept_components({"svd": table})
    drawn = {line.get_label(): (list(line.get_xdata()), list(line.get_ydata())) for line in ax.lines}
    assert drawn == {"svd, leading": ([0.2, 1.0], [0.8, 0.95]), "svd, random": ([0.2, 1.0], [0.5, 0.95])}
