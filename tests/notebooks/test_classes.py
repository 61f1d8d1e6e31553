"""The series on classes that exclude each other, checked against scikit-learn from the stored predictions."""

import json
import os
import subprocess

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk

from conftest import command

LABELS = ["normal", "not_normal_no_opacity", "lung_opacity"]
TINY = {
    "dataset_options": "{patients: 60, reading: classes}",
    "epochs": "2",
    "chains": "[int8]",
    "bootstrap_draws": "50",
    "latency_calls": "50",
    "representative_films": "20",
}


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    outputs = tmp_path_factory.mktemp("outputs")
    line = [*command(outputs / "classes", **TINY), "--notebooks", "02,05,06"]
    environment = {**os.environ, "RADLIB_OUTPUTS": str(outputs)}
    done = subprocess.run(line, env=environment, capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stderr
    return outputs / "classes"


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


def test_films_are_read_with_one_decision_each(run_folder, tmp_path):
    from radlib.deployment import export

    film = next((run_folder.parent / ".cache").glob("synthetic-*/stage_2_train_images/*.dcm"))
    folder = export.export_variant(run_folder, "student_small--int8--seed0", tmp_path / "device")
    table = export.predict_folder(folder, film)
    columns = [f"{label}_probability" for label in LABELS]
    assert table["class_decision"].tolist() == [LABELS[table[columns].to_numpy().argmax()]]
    assert not any(name.endswith("_threshold") for name in table)
    assert "the largest output" in (folder / "README.txt").read_text()
