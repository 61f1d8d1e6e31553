"""Validation films changed step by step: the same films and pixels for all, asked once, by whom the study wants asked."""

import dataclasses

import numpy as np
import pytest

import radlib
from drawn import drawn_splits
from radlib.evaluation import predictions, stress
from radlib.evaluation.predictions import load_predictions, split_fingerprint
from radlib.evaluation.stress import (
    FULL,
    KINDS,
    STEPS,
    load_stress,
    put_under_stress,
    stress_path,
    stressed,
    stressed_variants,
)
from stored import stored_run


@pytest.fixture(scope="module")
def run_and_films(tmp_path_factory):
    run, films = stored_run(tmp_path_factory.mktemp("stress"), chains=("", "float32", "int8"))
    radlib.select(run, films)
    put_under_stress(run, films)
    return run, films


def test_the_winner_and_its_original_are_asked_and_nobody_else(run_and_films):
    run, _ = run_and_films
    asked = stressed_variants(run)
    assert [v.chain_text for v in asked] == ["original", "int8"]
    assert {v.name for v in run.variants() if stress_path(run, v).is_file()} == {v.name for v in asked}


def test_at_strength_0_the_answers_are_those_to_the_validation_films(run_and_films):
    run, _ = run_and_films
    for variant in stressed_variants(run):
        found, plain = load_stress(run, variant), load_predictions(run, variant, "validation")
        assert found["image_id"].tolist() == plain.image_id.tolist()
        assert np.allclose(found["y_prob"][STEPS.index(("", 0.0))], plain.y_prob, atol=1e-5)
        assert found["y_prob"].shape == (len(STEPS), 40, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_film_changes_more_with_strength(kind):
    films = drawn_splits(enlarged=6)  # of a size at which blur shows
    plain = films.validation.pixels.astype(float)
    changes = [np.abs(stressed(films.validation, kind, s).pixels - plain).mean() for s in (0, 0.25, 0.5, 1)]
    assert changes[0] == 0 and (np.diff(changes) > 0).all()
    assert set(KINDS[kind]) <= {f.name for f in dataclasses.fields(FULL)} and all(
        getattr(FULL, n) for n in KINDS[kind]
    )


@pytest.mark.parametrize("strength", [0.25, 1.0])
def test_every_film_changes_by_exactly_that_share_up_or_down(strength):
    films = drawn_splits(enlarged=6).validation
    grey = dataclasses.replace(films, source=np.full_like(films.source, 128))
    bright, gamma = FULL.brightness * strength, 1 + FULL.gamma * strength
    ends = {
        round(255 * (128 / 255 + way * bright) ** power) for way in (-1, 1) for power in (gamma, 1 / gamma)
    }
    seen = stressed(grey, "exposure", strength).pixels.reshape(len(films), -1)
    assert (seen == seen[:, :1]).all() and set(
        seen[:, 0].tolist()
    ) == ends  # of flat grey no contrast is left
    noise = stressed(grey, "noise", strength).pixels.reshape(len(films), -1).std(axis=1) / 255
    assert np.allclose(noise, FULL.noise * strength, rtol=0.1)


def test_answers_to_films_that_were_changed_otherwise_are_not_read(run_and_films, monkeypatch):
    run, _ = run_and_films
    monkeypatch.setattr(stress, "REVISION", stress.REVISION + 1)
    assert load_stress(run, stressed_variants(run)[0]) is None


def test_nothing_is_asked_twice_and_what_is_damaged_is_asked_again(run_and_films, monkeypatch):
    run, films = run_and_films
    path = stress_path(run, stressed_variants(run)[0])
    before = np.load(path)["y_prob"]
    with monkeypatch.context() as patched:
        patched.setattr(stress, "opened_model", lambda *_, **__: pytest.fail("opened again"))
        put_under_stress(run, films)
    path.write_bytes(path.read_bytes()[:-50])
    assert load_stress(run, stressed_variants(run)[0]) is None
    put_under_stress(run, films)
    assert np.array_equal(np.load(path)["y_prob"], before)


def test_as_many_films_as_the_study_says_of_as_many_patients_as_there_are(tmp_path):
    run, films = stored_run(tmp_path, chains=("", "float32"))
    off = dataclasses.replace(run, settings=dataclasses.replace(run.settings, stress_films=0))
    few = dataclasses.replace(run, settings=dataclasses.replace(run.settings, stress_films=12))
    variant = run.variants()[1]
    put_under_stress(off, films, [variant])
    assert load_stress(run, variant) is None
    put_under_stress(few, films)  # nothing was chosen yet
    assert load_stress(run, variant) is None
    put_under_stress(few, films, [variant])
    found = load_stress(run, variant)
    assert len(found["image_id"]) == len(np.unique(found["patient_id"])) == 12


def test_perturbed_films_that_are_varied_otherwise_now_are_not_taken_for_those_of_before(
    run_and_films, monkeypatch
):
    run, films = run_and_films
    before = {split: split_fingerprint(run, films, split) for split in ("perturbed", "validation")}
    monkeypatch.setattr(predictions, "REVISION", -1)
    assert split_fingerprint(run, films, "perturbed") != before["perturbed"]
    assert split_fingerprint(run, films, "validation") == before["validation"]
