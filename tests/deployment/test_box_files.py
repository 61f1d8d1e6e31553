"""Boxes of films of one's own: a row each in pixels of the film, once all films are read, and refused of networks that find none."""

import numpy as np
import pandas as pd
import pytest

from box_runs import box_run, in_order, rule_maps
from drawn import drawn_boxes
from radlib.deployment.answer_tables import Choices, answer_films
from radlib.deployment.box_files import COLUMNS, film_boxes, reading_with_boxes
from radlib.deployment.own_films import Reading
from radlib.evaluation.deciding import Answer
from radlib.evaluation.selection import select
from radlib.foundation.errors import UsageError
from radlib.imaging.images import Preprocessing, placement
from radlib.metrics import box_overlap
from radlib.runs.tasks import boxes


def test_boxes_come_back_in_pixels_of_the_stored_film():
    films, preparation = drawn_boxes(training=8).training, Preprocessing(32, "pad")
    place = placement(64, 48, preparation)
    maps = films.answers()
    for film in (1, 3, 5, 7):
        marked = films.truth[film][~np.isnan(films.truth[film][:, 0]), 1:]
        answer = Answer("a.png", "a", maps[film], size=(64, 48))
        rows = film_boxes(films.task, answer, preparation)
        found = np.array([[row[name] for name in COLUMNS[3:]] for row in rows])
        expected = np.array([place.to_film(box, 48, 64) for box in marked])
        assert box_overlap(found, expected).max(axis=1).min() > 0.99
        assert {row["label"] for row in rows} == {"opacity"} and all(row["score"] == 1 for row in rows)
    assert film_boxes(films.task, Answer("a", "a", maps[0], size=(64, 48)), preparation) == []
    assert film_boxes(films.task, Answer("a", "a", None, "broken"), preparation) == []


@pytest.fixture(scope="module")
def variant(tmp_path_factory):
    run, films = box_run(tmp_path_factory.mktemp("boxes"))
    select(run, films)
    return run, in_order(run)[0]


def reader(variant, films):
    """What reads films without a model file: answers of the rule."""
    maps = rule_maps(films.validation, 0.0)
    answers = [Answer(f"{n}.png", f"{n:02d}", outputs, size=(32, 32)) for n, outputs in enumerate(maps[:6])]

    def read(*_, **__):
        record = {"thresholds": [0.3]}
        return Reading(variant, record, len(answers), False, iter(answers), None, [])

    return read


def test_the_table_of_boxes_is_written_beside_that_of_films(variant, tmp_path):
    run, original = variant
    folder, films = run.path("variants", original.key), drawn_boxes(test=160)
    for with_files in (False, True):
        to = tmp_path / f"boxes{with_files}.csv"
        read = reading_with_boxes(folder, to, with_files, reader(original, films))
        said: list[str] = []
        count = answer_films(
            folder, tmp_path, Choices(with_files=with_files), to=tmp_path / "films.csv", show=said.append, say=said.append, read=read
        )  # fmt: skip
        table, answered = (
            pd.read_csv(to, dtype={"image_id": str}),
            pd.read_csv(tmp_path / "films.csv", dtype={"image_id": str}),
        )
        assert count == 6 and list(table) == [*["file"] * with_files, *COLUMNS]
        counted = table.groupby("image_id").size().reindex(answered["image_id"], fill_value=0)
        assert counted.tolist() == answered["opacity_boxes"].tolist() and counted.iloc[1::2].min() >= 1
        assert (answered["opacity_score"] >= table.groupby("image_id")["score"].max().max() - 1).all()


def test_networks_that_find_no_boxes_and_folders_are_refused(variant, tmp_path):
    run, original = variant
    folder = run.path("variants", original.key)
    with pytest.raises(UsageError, match="is a folder; name the CSV file"):
        reading_with_boxes(folder, tmp_path, False)
    record = (folder / "variant.json").read_text().replace('"boxes"', '"findings"')
    other = tmp_path / "variants" / original.key
    other.mkdir(parents=True)
    (other / "preprocessing.json").write_bytes((folder / "preprocessing.json").read_bytes())
    (other / "model.keras").write_bytes((folder / "model.keras").read_bytes())
    (other / "variant.json").write_text(record)
    with pytest.raises(UsageError, match=r"finds no boxes; leave --boxes out"):
        reading_with_boxes(other, tmp_path / "boxes.csv", False)


def test_boxes_of_several_labels_are_told_apart():
    task, maps = boxes(["a", "b"]), np.zeros((8, 8, 6), np.float32)
    maps[2, 2, 0], maps[5, 5, 1], maps[..., 2:4] = 0.9, 0.6, 0.25
    rows = film_boxes(task, Answer("x", "x", maps, size=(32, 32)), Preprocessing(32, "stretch"))
    assert [(row["label"], round(row["score"], 2), row["x"], row["width"]) for row in rows] == [
        ("a", 0.9, 4, 8),
        ("b", 0.6, 16, 8),
    ]
