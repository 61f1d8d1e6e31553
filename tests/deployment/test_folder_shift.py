"""`radlib predict` says of a folder as a whole whether its films are of the kind that the variant was tested on."""

import csv
import json

import numpy as np
import pytest
from PIL import Image

import radlib
from drawn import drawn_splits
from radlib.cli.app import main
from radlib.deployment.export import export_variant
from radlib.deployment.folder_shift import REFERENCE, folder_shift, looker
from radlib.evaluation.film_shift import FILMS
from radlib.evaluation.predictions import load_predictions
from radlib.imaging.film_features import FEATURES
from stored import stored_run

UNLIKE = "As a whole these 60 films are unlike those that the variant was tested on"


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A run whose test films were scored, its exported variant, and two folders of sixty films: of its kind, and brighter."""
    place = tmp_path_factory.mktemp("folder_shift")
    run, films = stored_run(place, chains=("", "float32"))
    radlib.select(run, films)
    radlib.predict(run, films, run.variants(), split="test")
    export_variant(run.folder, run.variants()[1].key, place / "export", unfinished=True)
    own = drawn_splits(test=60, seed=5).test.pixels
    for name, films in (("own", own), ("other", own + np.uint8(60))):
        (place / name).mkdir()
        for number, film in enumerate(films):
            Image.fromarray(film).save(place / name / f"{number:02}.png")
    return run, place


def predicted(capsys, *words):
    with pytest.raises(SystemExit) as end:
        main(["predict", *map(str, words)])
    assert end.value.code == 0
    return capsys.readouterr().err


@pytest.mark.parametrize("source", ["run", "export"])
def test_a_folder_of_another_kind_is_told_as_a_whole(exported, source, capsys, tmp_path):
    run, place = exported
    variant = place / "export" if source == "export" else run.path("variants", run.variants()[1].key)
    error = predicted(capsys, variant, place / "other", "--csv", tmp_path / "answers.csv")
    assert error.count(UNLIKE) == 1 and "its scores need not hold here" in error
    found = json.loads((tmp_path / "answers.shift.json").read_text())
    assert found["films"] == [40, 60] and found["auroc"] > 0.9 and found["p"] == 0.005
    assert found["sentence"] in error and found["features"][0]["aspect"] in error
    sure = found["confidence"]
    assert sure["films"] == [40, 60] and sure["sentence"] in error
    tested = load_predictions(run, run.variants()[1], "test")
    assert sure["tested"] == pytest.approx(np.maximum(tested.y_prob, 1 - tested.y_prob).mean())
    with (tmp_path / "answers.csv").open(encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    (column,) = (name for name in rows[0] if name.endswith("_probability"))
    here = np.array([float(row[column]) for row in rows])
    assert sure["here"] == pytest.approx(np.maximum(here, 1 - here).mean())


def test_a_folder_of_the_same_kind_is_told_so(exported, capsys):
    _, place = exported
    error = predicted(capsys, place / "export", place / "own")
    assert "As a whole these 60 films are not unlike those" in error and UNLIKE not in error


def test_a_few_films_a_fast_answer_and_an_older_export_say_nothing(exported, capsys, tmp_path):
    _, place = exported
    for number in range(19):
        Image.open(place / "other" / f"{number:02}.png").save(tmp_path / f"{number}.png")
    assert "As a whole" not in predicted(capsys, place / "export", tmp_path)
    assert "As a whole" not in predicted(capsys, place / "export", place / "other", "--fast")
    kept = place / "export" / REFERENCE
    kept.rename(tmp_path / REFERENCE)
    try:
        error = predicted(capsys, place / "export", place / "other", "--csv", tmp_path / "answers.csv")
        assert "As a whole" not in error and not (tmp_path / "answers.shift.json").exists()
    finally:
        (tmp_path / REFERENCE).rename(kept)


def test_of_a_large_folder_films_from_all_over_it_are_looked_at():
    looks = []
    look, films = looker(looks, 2 * FILMS), np.zeros((50, 16, 16), np.uint8)
    films[::2] = 90  # every other film
    for _ in range(2 * FILMS // 50):
        look(films)
    seen = np.concatenate(looks)
    assert len(seen) == FILMS and (seen[:, FEATURES.index("grey_50")] > 0.3).all()


def test_nothing_can_be_said_without_test_films_or_with_one_alone():
    films = [np.zeros((30, len(FEATURES)))]
    assert folder_shift(None, films) == {} and folder_shift({"features": films[0]}, []) == {}
    one_patient = {"features": films[0], "patients": np.zeros(30, int)}
    assert folder_shift(one_patient, films) == {}
