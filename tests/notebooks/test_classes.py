"""The whole series on classes that exclude each other and on films with planted names.

What it computes is checked against scikit-learn from the stored predictions; what it leaves is searched for the names.
"""

import json

import numpy as np
import pandas as pd
import pytest
from planted import draw_planted, run, wanted
from sklearn import metrics as sk

from canaries import MARK, hits

LABELS = ["normal", "not_normal_no_opacity", "lung_opacity"]
STUDY = """\
title: Three classes, films with planted names
test_is_public: false
notebooks: [01_explore, 02_train, 03_prune, 04_quantize, 05_infer, 06_compare]
parameters:
  dataset: rsna
  dataset_options: {reading: classes}
  epochs: 2
  chains: [magnitude_pruning, int8]
  pruning_epochs: 1
  representative_films: 20
  bootstrap_draws: 50
  latency_calls: 50
"""


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    return draw_planted(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def ended(films, tmp_path_factory):
    """How the series ended, and the folder of its outputs."""
    work = tmp_path_factory.mktemp("work")
    own = next((films / "stage_2_train_images").iterdir())
    return run(work, films, STUDY, "-p", "own_films", str(own)), work / "outputs"


@pytest.fixture(scope="module")
def run_folder(ended):
    done, outputs = ended
    assert done.returncode == 0, done.stderr
    return outputs / "planted"


def test_the_whole_series_leaves_no_planted_name(run_folder, ended, films):
    done, outputs = ended
    assert (run_folder / "report.html").is_file()
    assert MARK in (run_folder / "private" / "films.csv").read_text()  # so the names were there to leak
    assert MARK not in done.stdout + done.stderr
    assert hits(outputs, wanted(films)) == []


def predictions(folder, chain):
    with np.load(folder / "predictions" / f"student_small--{chain}--seed0.test.npz") as arrays:
        return arrays["y_true"], arrays["y_prob"]


@pytest.mark.parametrize("chain", ["original", "int8"])
def test_scores_are_those_of_the_most_probable_class(run_folder, chain):
    truth, probability = predictions(run_folder, chain)
    np.testing.assert_allclose(probability.sum(axis=1), 1, atol=0.02)  # int8 outputs are steps of 1/256
    answers, called = truth.argmax(axis=1), probability.argmax(axis=1)
    row = pd.read_csv(run_folder / "results.csv").set_index("chain").loc[chain]
    assert row["accuracy"] == pytest.approx(sk.accuracy_score(answers, called))
    assert row["balanced_accuracy"] == pytest.approx(sk.balanced_accuracy_score(answers, called))
    assert row["auroc"] == pytest.approx(sk.roc_auc_score(truth, probability, average="macro"))
    assert row["accuracy_low"] <= row["accuracy"] <= row["accuracy_high"]
    each = pd.read_csv(run_folder / "per_label.csv")
    each = each[each["variant"] == f"student_small/{chain}#0"].pivot(
        index="label", columns="metric", values="value"
    )
    np.testing.assert_allclose(
        each.loc[LABELS, "sensitivity"], sk.recall_score(answers, called, average=None)
    )


def test_no_threshold_is_chosen_and_the_report_says_why(run_folder):
    selection = json.loads((run_folder / "selection.json").read_text())
    assert selection["rule"] == "most probable class"
    assert all(entry["threshold"] == [None] * 3 for entry in selection["variants"].values())
    assert selection["winner"]
    report = (run_folder / "report.md").read_text()
    assert "given the most probable one, without threshold" in report
    assert "Youden" not in report and "point: its threshold" not in report


def test_films_are_read_with_one_decision_each(run_folder, films, tmp_path):
    from radlib.deployment import export

    film = next(films.glob("stage_2_train_images/*.dcm"))
    folder = export.export_variant(run_folder, "student_small--int8--seed0", tmp_path / "device")
    table = export.predict_folder(folder, film)
    columns = [f"{label}_probability" for label in LABELS]
    assert table["class_decision"].tolist() == [LABELS[table[columns].to_numpy().argmax()]]
    assert not any(name.endswith("_threshold") for name in table)
    assert "the largest output" in (folder / "README.txt").read_text()
