"""Test films are compared with validation films before a score is seen, without labels, once."""

import json

import numpy as np
import pytest

import radlib
from drawn import drawn_splits
from radlib.datasets.films import FilmSplits
from radlib.evaluation import film_shift, predictions
from radlib.evaluation.film_shift import (
    compare_splits,
    compared,
    differing_aspects,
    is_shifted,
    read_reference,
    reference_path,
    shift_banner,
)
from radlib.imaging.film_features import FEATURES
from stored import stored_run


def brighter(films: FilmSplits, by: int = 40) -> FilmSplits:
    """Return the same splits with test films that another room exposed."""
    pixels = films.test.source.copy()
    pixels[films.test.positions] += np.uint8(by)
    return FilmSplits(
        **{**vars(films), "test": films.test.__class__(**{**vars(films.test), "source": pixels})}
    )


def run_in(folder, films):
    from radlib.runs.runs import open_run

    study = folder / "squares.yaml"
    study.write_text("name: squares\nparameters: {architecture: student_small, image_size: 16}\n")
    return open_run(str(folder / "out"), study=str(study)), films


def test_films_of_one_draw_are_of_a_kind_and_nothing_is_said(tmp_path):
    run, films = run_in(tmp_path, drawn_splits(validation=160, test=160))
    found = compare_splits(run, films)
    assert found == json.loads(run.path("shift.json").read_text())
    assert found["patients"] == [80, 80] and not is_shifted(found) and shift_banner(found) == ""


def test_films_of_another_exposure_are_told_with_what_differs(tmp_path):
    run, films = run_in(tmp_path, brighter(drawn_splits(validation=80, test=80)))
    found = compare_splits(run, films)
    assert found["auroc"] > 0.95 and is_shifted(found) and "grey level" in differing_aspects(found)
    assert shift_banner(found).startswith("Validation scores do not carry over: ")
    assert found["features"][0]["second"] > found["features"][0]["first"]


def test_labels_of_test_films_are_not_read(tmp_path):
    class Secret:
        def __getattr__(self, name):
            raise AssertionError(f"asked for {name} of the labels")

    films = drawn_splits(validation=60, test=60)
    hidden = films.test.__class__(**{**vars(films.test), "labels": Secret()})
    compare_splits(*run_in(tmp_path, FilmSplits(**{**vars(films), "test": hidden})))


def test_it_is_asked_before_the_first_score_and_not_twice(tmp_path, monkeypatch):
    run, films = stored_run(tmp_path, chains=("", "float32"))
    radlib.select(run, films)

    def scored(*_):
        assert run.path("shift.json").is_file()
        raise InterruptedError

    with monkeypatch.context() as patched, pytest.raises(InterruptedError):
        patched.setattr(predictions, "_ask", scored)
        radlib.predict(run, films, run.variants(), split="test")
    stamp = run.path("shift.json").stat().st_mtime_ns
    monkeypatch.setattr(film_shift, "film_features", lambda _: pytest.fail("described again"))
    radlib.predict(run, films, run.variants(), split="test")
    assert run.path("shift.json").stat().st_mtime_ns == stamp


def test_too_few_patients_say_so_and_no_banner_stands(tmp_path):
    run, films = run_in(tmp_path, drawn_splits(validation=20, test=20))
    found = compare_splits(run, films)
    assert "fewer than" in found["reason"] and "auroc" not in found
    assert not is_shifted(found) and shift_banner(found) == "" and not is_shifted({})


def test_a_clear_difference_that_is_small_raises_no_banner():
    films = {"films": [9000, 9000], "patients": [9000, 9000], "reason": "", "usual": 0.51, "features": []}
    assert not is_shifted({**films, "auroc": 0.55, "p": 0.005})
    assert not is_shifted({**films, "auroc": 0.7, "p": 0.02})
    assert is_shifted({**films, "auroc": 0.7, "p": 0.005})


def test_what_is_kept_of_test_films_has_no_picture_no_id_and_no_order(tmp_path):
    run, films = run_in(tmp_path, drawn_splits(validation=60, test=60))
    compare_splits(run, films)
    path = reference_path(run.folder, films.preprocessing.digest())
    kept = read_reference(path)
    assert kept["features"].shape == (60, len(FEATURES)) and len(np.unique(kept["patients"])) == 30
    assert set(kept) == {"features", "patients", "fingerprint", "revision"}
    in_order = film_shift.film_features(films.test.pixels).astype(np.float32)
    assert not np.array_equal(kept["features"], in_order)
    assert np.array_equal(np.sort(kept["features"], axis=0), np.sort(in_order, axis=0))
    for name in films.test.image_ids[:5]:
        assert name.encode() not in path.read_bytes()
    path.write_bytes(path.read_bytes()[:-40])
    assert read_reference(path) is None and read_reference(path.with_name("none.npz")) is None


def test_patients_of_equal_number_in_two_sets_are_two():
    features = np.random.default_rng(0).normal(size=(50, len(FEATURES)))
    found = compared(features[:25], np.arange(25), features[25:], np.arange(25))
    assert found["patients"] == [25, 25] and not found["reason"]
