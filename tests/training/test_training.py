import dataclasses

import numpy as np
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from drawn import drawn_settings, drawn_splits, small_network
from radlib.foundation import backend
from radlib.foundation.errors import DataError
from radlib.runs import tasks
from radlib.training.batch_statistics import batch_norms
from radlib.training.learning_curves import best_position, epochs_waited
from radlib.training.recipe import fine_tuning, recipe_from
from radlib.training.training import fit, validate
from radlib.training.training_films import chance_loss, check_answers, epoch_batches


@pytest.fixture(scope="module")
def films():
    return drawn_splits()


def test_training_learns_and_reports_every_epoch(films, tmp_path):
    model = small_network()
    history = fit(model, films, recipe_from(drawn_settings(epochs=4)), seed=0, folder=tmp_path)
    assert list(history.columns) == ["epoch", "loss", "val_loss", "val_auroc", "learning_rate", "chance_loss"]
    assert list(history["epoch"]) == [1, 2, 3, 4]
    assert history["loss"].iloc[-1] < history["loss"].iloc[0]
    assert history["learning_rate"].is_monotonic_decreasing


def test_no_epoch_waits_for_a_thread_of_tf_data_that_sleeps(films):
    batches = epoch_batches(films.training, recipe_from(drawn_settings()), 0, 0)
    assert batches.options().autotune.enabled is False


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
    kept = history.iloc[best_position(history)]
    scores = validate(model, films.validation)
    assert scores["val_loss"] == pytest.approx(kept["val_loss"], rel=1e-5)
    assert scores["val_auroc"] == pytest.approx(kept["val_auroc"])


def test_early_stopping_waits_for_patience_after_the_warm_up(tmp_path):
    films = drawn_splits(training=32, validation=16)
    recipe = dataclasses.replace(
        recipe_from(drawn_settings(epochs=15)), schedule="constant", learning_rate=0.0, patience=2
    )
    history = fit(small_network(), films, recipe, seed=0, folder=tmp_path / "at once")
    better = np.minimum.accumulate(history["val_loss"])  # only batch statistics of other orders move it
    assert len(history) < 15 and epochs_waited(history.to_dict("records"), 1) == 2
    assert better.iloc[-1] == better.iloc[-3]
    later = dataclasses.replace(recipe, warmup_epochs=5.0)
    assert len(fit(small_network(), films, later, seed=0, folder=tmp_path / "later")) >= 7


def test_few_steps_an_epoch_keep_an_epoch_that_has_learnt(tmp_path):
    """With a moving average, the first epoch of four steps had the lowest loss and was kept at an AUROC of a half."""
    films, model = drawn_splits(64, 60), small_network(momentum=0.999)
    recipe = recipe_from(drawn_settings(epochs=6, patience=2))
    history = fit(model, films, recipe, seed=0, folder=tmp_path)
    assert history["val_auroc"].iloc[best_position(history)] > 0.95
    assert validate(model, films.validation)["val_auroc"] > 0.95


def test_a_fine_tuning_ends_with_the_statistics_of_its_last_weights(films, tmp_path):
    model = small_network(momentum=0.999)
    recipe = fine_tuning(recipe_from(drawn_settings()), epochs=2, learning_rate=0.01)
    fit(model, films, recipe, seed=0, folder=tmp_path, keep="last")
    images = films.training.images(np.arange(len(films.training)))
    norm = batch_norms(model)[0]
    inputs = backend.keras().Model(model.input, norm.input).predict(images, verbose=0)
    np.testing.assert_allclose(norm.moving_mean, inputs.mean((0, 1, 2)), rtol=0.02, atol=1e-3)
    np.testing.assert_allclose(norm.moving_variance, inputs.var((0, 1, 2)), rtol=0.02)


def test_weights_that_are_no_numbers_are_refused_before_training(films, tmp_path):
    model = small_network()
    kernel = model.get_layer("middle").get_weights()[0]
    kernel[0, 0, 0, 0] = np.nan
    model.get_layer("middle").set_weights([kernel])
    with pytest.raises(DataError, match=r"weights of net are no numbers \(NaN or infinite\) in layer middle"):
        fit(model, films, recipe_from(drawn_settings(epochs=1)), seed=0, folder=tmp_path, name="net")


@pytest.mark.parametrize(("answer", "said"), [(0, "normal"), (1, "opacity")])
def test_training_films_of_one_answer_are_refused(films, tmp_path, answer, said):
    one = films.training.take(np.flatnonzero(films.training.labels[:, 0] == answer))
    with pytest.raises(
        DataError, match=f"All 48 training films are labelled {said}, so there is nothing to tell"
    ):
        fit(
            small_network(),
            dataclasses.replace(films, training=one),
            recipe_from(drawn_settings(epochs=1)),
            seed=0,
            folder=tmp_path,
        )


def test_a_class_without_a_training_film_is_refused():
    three = tasks.classes(["a", "b", "c"])
    labels = np.eye(3, dtype=np.float32)[[0, 1, 0, 1]]
    with pytest.raises(DataError, match="No training film shows c, so it cannot be learnt"):
        check_answers(dataclasses.replace(drawn_splits().training, task=three, labels=labels))


@pytest.mark.parametrize("weighted", [True, False])
def test_the_loss_of_chance_is_that_of_the_best_constant_answer(films, weighted):
    rare = films.training.take(np.r_[0:40, 1:40:8])  # 28 without, 20 with, or so
    recipe = recipe_from(drawn_settings(class_weights=weighted))
    share = rare.labels.mean()
    expected = np.log(2) if weighted else log_loss(rare.labels[:, 0], np.full(len(rare), share))
    assert chance_loss(rare, recipe) == pytest.approx(expected, rel=1e-5)
    answers = np.array([[1, np.nan], [0, 0], [1, 1], [1, 1]], np.float32)
    two = dataclasses.replace(rare.take(np.arange(4)), task=tasks.findings(["a", "b"]), labels=answers)
    if not weighted:
        each = -np.log([[0.75, np.nan], [0.25, 1 / 3], [0.75, 2 / 3], [0.75, 2 / 3]])
        assert chance_loss(two, recipe) == pytest.approx(np.nanmean(each, axis=1).mean(), rel=1e-5)


def test_plateau_schedule_halves_the_rate(films, tmp_path):
    recipe = dataclasses.replace(
        recipe_from(drawn_settings(epochs=6)), schedule="plateau", learning_rate=1e-12, patience=0
    )
    history = fit(small_network(), films, recipe, seed=0, folder=tmp_path)
    stalled = (history["val_loss"].diff().iloc[1:] >= 0).all()
    assert history["learning_rate"].iloc[-1] == pytest.approx(5e-13 if stalled else 1e-12)


def test_averaged_weights_are_the_running_mean(films, tmp_path):
    recipe = dataclasses.replace(recipe_from(drawn_settings(epochs=1)), patience=0)
    steps = -(-len(films.training) // recipe.batch_size)
    recipe = dataclasses.replace(recipe, average_share=2 / steps)  # over two steps: half of each new one
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
    from radlib.training.losses import loss_named

    tf = backend.tensorflow()
    loss = loss_named("binary_crossentropy")
    truth = tf.constant([[1.0, float("nan")], [0.0, 1.0]])
    probability = tf.constant([[0.9, 0.5], [0.2, 0.6]])
    expected = [-np.log(0.9), (-np.log(0.8) - np.log(0.6)) / 2]
    np.testing.assert_allclose(loss(truth, probability).numpy(), expected, rtol=1e-5)
