import numpy as np
import pandas as pd
import pytest
from sklearn.utils.class_weight import compute_sample_weight

from radlib import tasks
from radlib.errors import DataError, UsageError


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
