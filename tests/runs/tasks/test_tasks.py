import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss
from sklearn.utils.class_weight import compute_sample_weight

from radlib.foundation.errors import DataError, UsageError
from radlib.runs import tasks


def test_binary_targets_are_one_hot():
    task = tasks.binary("pneumonia")
    labels = task.label_matrix(pd.DataFrame({"pneumonia": [1, 0]}))
    np.testing.assert_array_equal(task.targets(labels), [[0, 1], [1, 0]])
    assert task.outputs == ("normal", "pneumonia")
    np.testing.assert_array_equal(task.probabilities(np.array([[0.2, 0.8]])), np.float32([[0.8]]))


def test_findings_keep_unknown_answers():
    task = tasks.findings(["mass", "edema"])
    labels = task.label_matrix(pd.DataFrame({"mass": [1, np.nan], "edema": [0, 1]}))
    assert np.isnan(task.targets(labels)[1, 0])
    assert task.probabilities(np.ones((2, 2))).shape == (2, 2)


def test_class_weights_equal_scikit_learns():
    labels = np.float32([[1], [1], [1], [0]])
    expected = compute_sample_weight("balanced", labels.ravel())
    np.testing.assert_allclose(tasks.binary("opacity").class_weights(labels), expected, rtol=1e-6)


def test_class_weights_ignore_unknown_answers():
    labels = np.float32([[1, np.nan], [0, 1], [0, 0], [0, np.nan]])
    weights = tasks.findings(["mass", "edema"]).class_weights(labels)
    # mass: 1 of 4 present, so weights 2 and 2/3; edema: 1 of 2, so 1 and 1; averaged over the known answers
    np.testing.assert_allclose(weights, [2, (2 / 3 + 1) / 2, (2 / 3 + 1) / 2, 2 / 3], rtol=1e-6)


def test_missing_label_column_is_named():
    with pytest.raises(DataError, match="no label column 'edema'"):
        tasks.findings(["edema"]).label_matrix(pd.DataFrame({"mass": [1]}))
    with pytest.raises(UsageError, match="at least one label"):
        tasks.findings([])


def test_classes_exclude_each_other():
    task = tasks.classes(["normal", "bacterial", "viral"])
    index = pd.DataFrame({"normal": [1, 0], "bacterial": [0, 1], "viral": [0, 0]})
    labels = task.label_matrix(index)
    np.testing.assert_array_equal(task.targets(labels), labels)
    np.testing.assert_array_equal(task.probabilities(labels), labels)
    assert (task.outputs, task.activation, task.exclusive) == (task.labels, "softmax", True)
    for column, values, first in (
        ("viral", [1, 0], "1 films, aa"),
        ("bacterial", [0, 0], "1 films, bb"),
        ("viral", [0, np.nan], "1 films, bb"),
    ):
        with pytest.raises(DataError, match=f"^{first} first, are not of exactly one class"):
            task.label_matrix(index.assign(image_id=["aa", "bb"], **{column: values}))
    with pytest.raises(UsageError, match="at least two"):
        tasks.classes(["normal"])


def test_class_weights_of_classes_equal_scikit_learns():
    answers = np.array([0, 0, 0, 1, 1, 2])
    weights = tasks.classes(["a", "b", "c"]).class_weights(np.eye(3, dtype=np.float32)[answers])
    np.testing.assert_allclose(weights, compute_sample_weight("balanced", answers), rtol=1e-6)


def test_cross_entropy_equals_scikit_learns():
    generator = np.random.default_rng(0)
    answers = generator.integers(0, 3, 50)
    chance = generator.dirichlet([1, 1, 1], 50)
    loss = tasks.classes(["a", "b", "c"]).cross_entropy(np.eye(3)[answers], chance)
    assert loss == pytest.approx(log_loss(answers, chance))
    known = np.float32([[1], [0], [np.nan]])
    loss = tasks.findings(["a"]).cross_entropy(known, np.array([[0.9], [0.3], [0.5]]))
    assert loss == pytest.approx(log_loss([1, 0], [0.9, 0.3]))


@pytest.mark.parametrize("task", [tasks.binary("a"), tasks.classes(["a", "b", "c"])])
def test_smoothed_targets_of_a_softmax_stay_a_distribution(task):
    targets = np.eye(len(task.outputs))
    smoothed = task.smoothed(targets, 0.3)
    np.testing.assert_allclose(smoothed.sum(axis=1), 1)
    np.testing.assert_allclose(smoothed.max(axis=1), 0.7 + 0.3 / len(task.outputs))


def test_smoothed_findings_keep_the_distance_of_yes_and_no():
    task = tasks.findings(["a", "b", "c"])
    np.testing.assert_allclose(task.smoothed(np.array([[1, 0, np.nan]]), 0.2), [[0.9, 0.1, np.nan]])


@pytest.mark.parametrize(
    "task",
    [
        tasks.binary("sick", "well"),
        tasks.findings(["a", "b"]),
        tasks.classes(["a", "b", "c"]),
        tasks.outlines(["lung"]),
        tasks.boxes(["opacity", "nodule"]),
    ],
)
def test_a_task_is_found_again_by_name_and_outputs(task):
    assert tasks.named(task.name, task.outputs) == task


def test_targets_have_a_column_for_each_answer():
    labels = np.float32([[1, 0], [0, 1]])
    for task in (
        tasks.findings(["a", "b"]),
        tasks.classes(["a", "b"]),
        tasks.outlines(["a", "b"]),
        tasks.boxes(["a", "b"]),
    ):
        assert task.targets(labels).shape == (2, len(task.answers)) and set(task.labels) <= set(task.answers)


def test_what_no_film_shows_is_missing():
    assert tasks.binary("sick").missing_answer("sick", 3, 2) == ""
    assert tasks.binary("sick").missing_answer("sick", 3, 0) == "films without sick"
    assert tasks.findings(["a"]).missing_answer("a", 0, 2) == "a"
    assert tasks.outlines(["lung"]).missing_answer("lung", 3, 0) == ""
    assert tasks.outlines(["lung"]).missing_answer("lung", 0, 3) == "lung"
    assert tasks.boxes(["mass"]).missing_answer("mass", 3, 0) == ""
    assert tasks.boxes(["mass"]).missing_answer("mass", 0, 3) == "mass"


def test_merit_is_the_mean_auroc_of_the_labels_that_have_one_or_the_mean_dice():
    truth = np.float32([[1, np.nan], [0, np.nan], [1, 1], [0, 1]])
    chance = np.float32([[0.9, 0.5], [0.1, 0.5], [0.2, 0.5], [0.3, 0.5]])
    assert tasks.findings(["a", "b"]).merit(truth, chance) == 0.75
    assert np.isnan(tasks.findings(["b"]).merit(truth[:, 1:], chance[:, 1:]))
    masks = np.zeros((2, 2, 2, 1), np.uint8)
    masks[0, 0] = 1
    drawn = np.float32([[[[0.5], [0.4]], [[0], [0]]], [[[0], [0]], [[0], [0]]]])
    assert tasks.outlines(["a"]).merit(masks, drawn) == pytest.approx((2 / 3 + 1) / 2)


def test_what_cannot_be_learnt_says_why():
    alike = np.float32([[1], [1]])
    assert (
        tasks.binary("sick").why_unlearnable(alike).startswith("All 2 training films are labelled sick, so")
    )
    assert "answered alike" in tasks.findings(["sick"]).why_unlearnable(alike)
    assert "No training film shows c" in tasks.classes(["a", "b", "c"]).why_unlearnable(np.eye(3)[:2])
    assert tasks.outlines(["lung"]).why_unlearnable(alike) == ""
    assert "Nothing is outlined" in tasks.outlines(["lung"]).why_unlearnable(0 * alike)
