"""Boxes by hand go the way of their films: into the square, by label, and refused where they are none."""

import numpy as np
import pandas as pd
import pytest

from radlib.datasets.films import open_films
from radlib.datasets.marks import read_marks
from radlib.foundation.errors import DataError
from radlib.imaging.images import Preprocessing, placement
from radlib.runs.runs import open_run


def films(boxes, labels=None, height=100, width=200):
    table = pd.DataFrame({"image_id": [f"{n}" for n in range(len(boxes))], "boxes": boxes})
    if labels:
        table["box_labels"] = labels
    return table.assign(stored_height=height, stored_width=width)


def test_boxes_lie_where_the_film_comes_to_lie():
    index = films([[(20.0, 10.0, 40.0, 30.0), (0.0, 0.0, 200.0, 100.0)], []])
    marks = read_marks(index, ["a"], Preprocessing(50, "pad"))
    assert marks.shape == (2, 2, 5) and np.isnan(marks[1]).all()
    np.testing.assert_allclose(marks[0], [[0, 5, 14.5, 10, 7.5], [0, 0, 12, 50, 25]])
    stretched = read_marks(index, ["a"], Preprocessing(50, "stretch"))
    np.testing.assert_allclose(stretched[0, 0], [0, 5, 5, 10, 15])
    place = placement(100, 200, Preprocessing(50, "pad"))
    np.testing.assert_allclose(place.to_film(marks[0, 0, 1:], 200, 100), (20, 10, 40, 30), atol=1)
    assert place.to_film((-5, 0, 100, 50), 200, 100) == (0, 0, 200, 100)  # cut at the film's edges


def test_labels_are_numbered_in_the_order_of_the_task():
    index = films([[(1.0, 1, 5, 5), (9.0, 9, 5, 5)]], [["nodule", "mass"]])
    assert read_marks(index, ["mass", "nodule"], Preprocessing(50, "stretch"))[0, :, 0].tolist() == [1, 0]
    assert read_marks(films([[], []]), ["mass"], Preprocessing(50, "stretch")).shape == (2, 1, 5)


@pytest.mark.parametrize(
    "box", [(1.0, 1, 0, 5), (200.0, 1, 5, 5), (1.0, -9, 5, 5), (1.0, float("nan"), 5, 5)]
)
def test_what_is_no_box_is_refused(box):
    with pytest.raises(
        DataError, match="A box of the film 1 is empty or lies outside of its 200 × 100 pixels"
    ):
        read_marks(films([[], [box]]), ["a"], Preprocessing(50, "stretch"))


def test_more_boxes_than_are_kept_are_refused():
    with pytest.raises(DataError, match="21 boxes of a, and at most 20"):
        read_marks(films([[(1.0, 1, 5, 5)] * 21]), ["a"], Preprocessing(50, "stretch"))


def test_drawn_films_are_opened_with_their_boxes(tmp_path):
    study = tmp_path / "boxed.yaml"
    study.write_text(
        "name: boxed\ntitle: Boxed\nparameters: {dataset: synthetic, dataset_options: {patients: 12, image_side: 64, reading: boxes}, "
        "image_size: 32, architecture: centre_student}\n"
    )
    opened = open_films(open_run(str(tmp_path / "out"), study=str(study), data=str(tmp_path / "films")))
    for part in (opened.training, opened.validation, opened.test):
        assert part.truth.shape[1:] == (opened.training.marked.shape[1], 5)
        for position in range(len(part)):
            known = part.truth[position][~np.isnan(part.truth[position][:, 0]), 1:]
            np.testing.assert_allclose(known, np.reshape(part.boxes(position), (-1, 4)))
        assert ((~np.isnan(part.truth[..., 0])).any(axis=1) == (part.labels[:, 0] == 1)).all()
    assert opened.training.answers([0]).shape == (1, 8, 8, 5)
