"""Predictions once, choices on validation films, and a guarded test split."""

import csv
import dataclasses
import json
import subprocess
import sys

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score, roc_curve

import radlib
from radlib.evaluation import predictions as predicting, scoring_log as logging_scores
from radlib.evaluation.answers import Predictions, mean_auroc, per_label
from radlib.evaluation.choices import thresholds
from radlib.evaluation.predictions import load_predictions, predictions_path
from radlib.formats.predictors import open_model
from radlib.foundation.errors import DataError, UsageError
from radlib.foundation.storage import file_sha256
from stored import add_variant, random_films, stored_run


@pytest.fixture
def run_and_films(tmp_path):
    return stored_run(tmp_path, chains=("", "float32", "int8"))


def log_lines(run):
    with run.path("test_log.csv").open() as stream:
        return list(csv.DictReader(stream))


def test_predictions_are_those_of_the_model_in_the_order_of_the_films(run_and_films):
    run, films = run_and_films
    answers = radlib.predict(run, films, run.variants(), split="validation")
    assert list(answers) == [v.name for v in run.variants()]
    for variant in run.variants():
        stored = dict(np.load(predictions_path(run, variant, "validation")))
        with open_model(run.model_path(variant)) as predictor:
            expected = predictor.predict(films.validation.images())
        assert np.allclose(stored["outputs"], expected, atol=1e-6)
        assert np.array_equal(stored["y_prob"], stored["outputs"][:, 1:])
        assert stored["image_id"].tolist() == films.validation.index["image_id"].tolist()
        assert stored["patient_id"].tolist() == films.validation.index["patient_id"].tolist()
        assert np.array_equal(stored["y_true"][:, 0], films.validation.index["opacity"])
        assert str(stored["model_sha256"]) == variant.sha256


def test_nothing_is_predicted_twice(run_and_films, monkeypatch):
    run, films = run_and_films
    first = radlib.predict(run, films, run.variants(), split="validation")
    monkeypatch.setattr(predicting, "predict_files", lambda *_, **__: pytest.fail("predicted again"))
    again = radlib.predict(run, films, run.variants(), split="validation")
    assert all(np.array_equal(first[name].outputs, again[name].outputs) for name in first)


def test_only_what_is_missing_is_predicted(run_and_films, monkeypatch):
    run, films = run_and_films
    asked, real = [], predicting.predict_files
    monkeypatch.setattr(predicting, "predict_files", lambda *a, **k: asked.append(k["name"]) or real(*a, **k))
    radlib.predict(run, films, run.variants()[:2], split="validation")
    radlib.predict(run, films, run.variants(), split="validation")
    assert asked == [v.name for v in run.variants()]
    asked.clear()
    other_films = dataclasses.replace(films, fingerprint="f" * 16)
    radlib.predict(run, other_films, run.variants()[:1], split="validation")
    changed = dataclasses.replace(run.variants()[1], sha256="0" * 64)
    assert load_predictions(run, changed, "validation") is None
    assert asked == [run.variants()[0].name]


def test_a_split_of_that_name_does_not_exist(run_and_films):
    run, films = run_and_films
    with pytest.raises(UsageError, match="validation, perturbed, test"):
        radlib.predict(run, films, run.variants(), split="training")


def test_films_prepared_otherwise_are_refused(run_and_films, monkeypatch):
    run, films = run_and_films
    monkeypatch.setattr(predicting, "films_for", lambda run, others: films)
    variant = dataclasses.replace(run.variants()[0], preprocessing="0" * 16)
    with pytest.raises(DataError, match="prepared otherwise"):
        radlib.predict(run, films, [variant], split="validation")


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1.5, -0.5])
def test_an_answer_that_is_no_probability_names_the_film(run_and_films, monkeypatch, bad):
    run, films = run_and_films
    answers = np.full((len(films.validation), 2), 0.5, np.float32)
    answers[3, 1] = bad
    monkeypatch.setattr(predicting, "predict_files", lambda *_, **__: answers)
    with pytest.raises(DataError, match=films.validation.image_ids[3]):
        radlib.predict(run, films, run.variants()[:1], split="validation")


def test_perturbed_films_are_other_films_with_the_same_answers(run_and_films):
    run, films = run_and_films
    settings = run.settings.override({"perturbation": {"brightness": 0.3}})
    run = dataclasses.replace(run, settings=settings, overrides={"perturbation": {"brightness": 0.3}})
    variant = run.variants()[1]
    plain = radlib.predict(run, films, [variant], split="validation")[variant.name]
    changed = radlib.predict(run, films, [variant], split="perturbed")[variant.name]
    assert plain.image_id.tolist() == changed.image_id.tolist()
    assert np.array_equal(plain.y_true, changed.y_true)
    assert not np.array_equal(plain.y_prob, changed.y_prob)
    assert plain.fingerprint != changed.fingerprint


def test_thresholds_are_youdens_and_the_winner_is_the_smallest_good_file(run_and_films):
    run, films = run_and_films
    chosen = radlib.select(run, films)
    assert chosen == json.loads(run.path("selection.json").read_text())
    assert (chosen["rule"], chosen["films"], chosen["margin"]) == ("youden", "validation", 0.01)
    aurocs = {}
    for variant in run.variants():
        entry, answer = chosen["variants"][variant.name], load_predictions(run, variant, "validation")
        y_true, y_prob = answer.y_true[:, 0], answer.y_prob[:, 0]
        false_rate, true_rate, points = roc_curve(y_true, y_prob)
        best = (true_rate - false_rate).max()
        positive = y_prob >= entry["threshold"]
        assert positive[y_true == 1].mean() - positive[y_true == 0].mean() == pytest.approx(best)
        aurocs[variant.name] = roc_auc_score(y_true, y_prob)
        assert entry["validation_auroc"] == pytest.approx(aurocs[variant.name])
        assert entry["operating_auroc"] == entry["validation_auroc"]
    (bounds,) = chosen["upper_losses"].values()
    good = [v for v in run.variants() if bounds[v.chain_text] <= run.settings.selection_loss]
    assert chosen["winner"] == min(good, key=lambda v: v.size_bytes).name
    assert chosen["nearest"] is None and bounds["original"] == 0 and len(good) > 1
    (said,) = chosen["before_test"].values()
    ids, truth = films.test.patient_ids, films.test.labels[:, 0]
    assert said["patients"] == min(len(set(ids[truth == answer])) for answer in (0, 1))
    assert 0 <= said["chance_if_lossless"] <= 1 and said["margin"] == run.settings.margin


def test_only_what_the_study_names_can_win(run_and_films):
    """A notebook that builds further variants, to show something, must not change what is chosen."""
    run, films = run_and_films
    asked = dataclasses.replace(run, overrides={**run.overrides, "chains": ["float32"]})
    assert [v.chain_text for v in asked.candidates()] == ["original", "float32"]
    chosen = radlib.select(asked, films)
    assert chosen["winner"] == "student_small/float32#0"
    assert set(chosen["variants"]) == {v.name for v in run.variants()}  # a threshold has every one of them
    none = dataclasses.replace(run, overrides={**run.overrides, "chains": ["svd"]})
    assert none.candidates() == run.variants()


def test_one_answer_only_has_no_threshold_and_no_auroc(run_and_films):
    run, films = run_and_films
    labels = np.zeros_like(films.validation.labels)
    films = dataclasses.replace(films, validation=dataclasses.replace(films.validation, labels=labels))
    chosen = radlib.select(run, films)
    entry = chosen["variants"][run.variants()[0].name]
    assert entry["threshold"] is entry["validation_auroc"] is chosen["winner"] is None
    assert np.isnan(thresholds(entry)).all()
    assert "NaN" not in run.path("selection.json").read_text()


def test_several_labels_have_a_threshold_each_and_unknown_answers_are_left_out():
    y_true = np.array([[0, 1], [1, np.nan], [1, 0], [0, 1]], np.float32)
    y_prob = np.array([[0.1, 0.8], [0.9, 0.9], [0.6, 0.2], [0.4, 0.6]], np.float32)
    asked = Predictions(np.array([]), np.array([]), y_true, y_prob, y_prob, "", "")
    known = per_label(asked)
    assert [len(labels) for labels, _ in known] == [4, 3]
    assert mean_auroc(asked) == 1.0
    assert thresholds({"threshold": [0.5, None]}).tolist()[0] == 0.5


def test_the_test_split_is_refused_until_thresholds_are_chosen(run_and_films):
    run, films = run_and_films
    with pytest.raises(UsageError, match=r"radlib\.select"):
        radlib.predict(run, films, run.variants(), split="test")
    radlib.select(run, films)
    late = add_variant(run, films, "int8_io")
    with pytest.raises(UsageError, match="int8_io"):
        radlib.predict(run, films, [late], split="test")
    assert not run.path("test_log.csv").exists()


def test_every_scoring_of_the_test_split_is_a_line_in_the_log(run_and_films):
    run, films = run_and_films
    radlib.select(run, films)
    digest = file_sha256(run.path("selection.json"))[:12]
    for _ in range(2):  # the second time everything is there
        radlib.predict(run, films, run.variants(), split="test")
    lines = log_lines(run)
    assert [line["variant"] for line in lines] == [v.name for v in run.variants()]
    assert {line["study"] for line in lines} == {"squares"}
    assert {line["films"] for line in lines} == {str(len(films.test))}
    assert {line["selection"] for line in lines} == {digest}
    assert [line["model"] for line in lines] == [v.sha256[:12] for v in run.variants()]


@pytest.mark.parametrize("public", [True, False])
def test_public_test_films_are_logged_in_the_checkout_too(tmp_path, monkeypatch, public):
    run, films = stored_run(tmp_path, chains=("",), public=public)
    published = tmp_path / "checkout" / "docs" / "results" / "squares"
    published.mkdir(parents=True)
    monkeypatch.setattr(logging_scores, "notebooks_folder", lambda: tmp_path / "checkout" / "notebooks")
    radlib.select(run, films)
    radlib.predict(run, films, run.variants(), split="test")
    assert run.path("test_log.csv").is_file()
    assert (published / "test_log.csv").is_file() == public


def test_choices_that_were_used_on_the_test_films_stand(run_and_films):
    run, films = run_and_films
    before = radlib.select(run, films)
    radlib.predict(run, films, run.variants(), split="test")
    stamp = run.path("selection.json").stat().st_mtime_ns
    assert radlib.select(run, films) == before
    assert run.path("selection.json").stat().st_mtime_ns == stamp  # not even written again

    late = add_variant(run, films, "int8_io")
    after = radlib.select(run, films)
    assert {name: after["variants"][name] for name in before["variants"]} == before["variants"]
    assert after["added_after_test"] == [late.name]
    assert radlib.select(run, films)["added_after_test"] == [late.name]

    other = dataclasses.replace(films, fingerprint="e" * 16)
    with pytest.raises(UsageError, match="cannot be chosen again"):
        radlib.select(run, other)
    fresh = radlib.select(dataclasses.replace(run, fresh=True), other)
    assert {entry["fingerprint"] for entry in fresh["variants"].values()} == {"e" * 16}


def test_choices_not_used_yet_may_change(run_and_films):
    run, films = run_and_films
    radlib.select(run, films)
    settings = {"operating_point_films": "perturbed", "perturbation": {"brightness": 0.3}}
    run = dataclasses.replace(run, settings=run.settings.override(settings), overrides=settings)
    chosen = radlib.select(run, films)
    assert chosen["films"] == "perturbed"
    for variant in run.variants():
        entry, answer = chosen["variants"][variant.name], load_predictions(run, variant, "perturbed")
        expected = roc_auc_score(answer.y_true[:, 0], answer.y_prob[:, 0])
        assert entry["operating_auroc"] == pytest.approx(expected)


def test_litert_variants_are_evaluated_without_tensorflow(tmp_path):
    run, films = stored_run(tmp_path, chains=("", "int8"))
    np.save(tmp_path / "films.npy", random_films(30))
    code = (
        "import sys, numpy as np; from radlib.evaluation.measuring import measure; from radlib.evaluation.predictions import predict; from radlib.evaluation.selection import select\n"
        "from radlib.evaluation.inference import predict_files\n"
        f"films = np.load({str(tmp_path / 'films.npy')!r}, mmap_mode='r')\n"
        f"path = {str(run.model_path(run.variants()[1]))!r}\n"
        "print(predict_files(path, 'tflite', films).shape, 'tensorflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "(30, 2) False\n"
