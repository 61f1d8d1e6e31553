"""The pictures of distillation: each loss above its own lowest point, the kept epoch ringed, intervals at their temperatures."""

import matplotlib as mpl
import numpy as np
import pandas as pd

mpl.use("Agg")

from radlib.report import figures


def test_losses_of_different_height_start_from_the_same_floor():
    ax = figures.film_losses([0, 1, 2], {"label": [3, 2, 1], "teacher": [7, 5, 6]}, teacher=1)
    drawn = {line.get_label(): list(line.get_ydata()) for line in ax.lines}
    assert (drawn["label"], drawn["teacher"]) == ([2, 1, 0], [2, 0, 1])


def test_the_kept_epoch_of_each_student_is_ringed():
    alone = pd.DataFrame({"epoch": [1, 2, 3], "val_auroc": [0.6, 0.8, 0.7], "val_loss": [0.6, 0.5, 0.5]})
    ax = figures.students_learning({"alone": alone, "taught": alone.assign(val_auroc=[0.7, 0.8, 0.9])})
    rings = [
        tuple(map(float, (*line.get_xdata(), *line.get_ydata())))
        for line in ax.lines
        if len(line.get_xdata()) == 1
    ]
    assert rings == [(2.0, 0.8), (3.0, 0.9)]


def test_a_student_without_an_auroc_has_no_ring():
    history = pd.DataFrame({"epoch": [1, 2], "val_auroc": [np.nan, np.nan]})
    assert len(figures.students_learning({"alone": history}).lines) == 1


def test_each_temperature_has_its_interval():
    rows = [
        {"temperature": t, "difference": 0.02, "difference_low": -0.01, "difference_high": 0.06}
        for t in (1.0, 8.0)
    ]
    ax = figures.temperature_differences(pd.DataFrame(rows))
    ends = [segment[:, 1].tolist() for segment in ax.containers[0][2][0].get_segments()]
    assert np.allclose(ends, [[-0.01, 0.06], [-0.01, 0.06]])
    assert [label.get_text() for label in ax.get_xticklabels()] == ["1", "8"]
