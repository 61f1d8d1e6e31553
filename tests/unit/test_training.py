import dataclasses

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from drawn import drawn_settings, drawn_splits, small_network
from radlib import backend
from radlib.baselines import judge_fit
from radlib.errors import DataError
from radlib.training import fit, recipe_from, validate


@pytest.fixture(scope="module")
def films():
    return drawn_splits()


def test_training_learns_and_reports_every_epoch(films, tmp_path):
    model = small_network()
    history = fit(model, films, recipe_from(drawn_settings(epochs=4)), seed=0, folder=tmp_path)
    assert list(history.columns) == ["epoch", "loss", "val_loss", "val_auroc", "learning_rate"]
    assert list(history["epoch"]) == [1, 2, 3, 4]
    assert history["loss"].iloc[-1] < history["loss"].iloc[0]
    assert history["learning_rate"].is_monotonic_decreasing


def test_validation_scores_equal_scikit_learns(films):
    model = small_network()
    scores = validate(model, films.validation, batch_size=5)
    probability = model.predict(films.validation.images(np.arange(len(films.validation))), verbose=0)[:, 1]
    truth = films.validation.labels[:, 0]
    assert scores["val_auroc"] == pytest.approx(roc_auc_score(truth, probability), abs=1e-9)
    assert scores["val_loss"] == pytest.approx(log_loss(truth, probability), rel=1e-5)


def test_the_best_epoch_is_kept(films, tmp_path):
    recipe = dataclasses.replace(
        recipe_from(drawn_settings(epochs=5)), schedule="constant", learning_rate=0.05
    )
    model = small_network()
    history = fit(model, films, recipe, seed=1, folder=tmp_path)
    assert validate(model, films.validation)["val_loss"] == pytest.approx(history["val_loss"].min(), rel=1e-5)


def test_early_stopping_waits_for_patience(films, tmp_path):
    recipe = dataclasses.replace(
        recipe_from(drawn_settings(epochs=30)), schedule="constant", learning_rate=1e-9, patience=2
    )
    history = fit(small_network(), films, recipe, seed=0, folder=tmp_path)
    best = int(history["val_loss"].argmin())
    assert len(history) == best + 1 + 2 or len(history) == 30


def test_plateau_schedule_halves_the_rate(films, tmp_path):
    recipe = dataclasses.replace(
        recipe_from(drawn_settings(epochs=6)), schedule="plateau", learning_rate=1e-12, patience=0
    )
    history = fit(small_network(), films, recipe, seed=0, folder=tmp_path)
    stalled = (history["val_loss"].diff().iloc[1:] >= 0).all()
    assert history["learning_rate"].iloc[-1] == pytest.approx(5e-13 if stalled else 1e-12)


def test_averaged_weights_are_the_running_mean(films, tmp_path):
    recipe = dataclasses.replace(recipe_from(drawn_settings(epochs=1)), average_decay=0.5, patience=0)
    visited = []
    recorder = backend.keras().callbacks.LambdaCallback(
        on_batch_end=lambda batch, logs: visited.append(model.get_weights()[0].copy())
    )
    model = small_network()
    expected = model.get_weights()[0].copy()
    fit(model, films, recipe, seed=0, folder=tmp_path, callbacks=[recorder])
    for weights in visited:
        expected = 0.5 * expected + 0.5 * weights
    np.testing.assert_allclose(model.get_weights()[0], expected, rtol=1e-4, atol=1e-6)


def test_a_loss_that_is_not_a_number_stops_training(films, tmp_path):
    recipe = dataclasses.replace(recipe_from(drawn_settings(epochs=3)), learning_rate=float("nan"))
    with pytest.raises(DataError, match="is not a number in epoch 1"):
        fit(small_network(), films, recipe, seed=0, folder=tmp_path)


def test_unknown_answers_add_nothing_to_the_loss():
    from radlib.training import _masked_loss

    tf = backend.tensorflow()
    loss = _masked_loss("binary_crossentropy")
    truth = tf.constant([[1.0, float("nan")], [0.0, 1.0]])
    probability = tf.constant([[0.9, 0.5], [0.2, 0.6]])
    expected = [-np.log(0.9), (-np.log(0.8) - np.log(0.6)) / 2]
    np.testing.assert_allclose(loss(truth, probability).numpy(), expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("loss", "validation", "verdict"),
    [
        ([1, 0.5, 0.2, 0.1], [1, 0.6, 0.7, 0.9], "Overfitted after epoch 2"),
        ([1, 0.8, 0.6, 0.4], [1, 0.8, 0.6, 0.5], "Underfitted"),
        ([1, 0.5, 0.42, 0.41], [1, 0.5, 0.45, 0.44], "Neither"),
    ],
)
def test_judgement_of_learning_curves(loss, validation, verdict):
    history = pd.DataFrame({"epoch": range(1, len(loss) + 1), "loss": loss, "val_loss": validation})
    assert judge_fit(history).startswith(verdict)


def test_a_network_that_was_brought_is_not_judged():
    assert "trained elsewhere" in judge_fit(pd.DataFrame({"epoch": [0], "loss": [np.nan], "val_loss": [0.4]}))
