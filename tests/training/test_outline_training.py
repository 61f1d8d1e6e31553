"""Outlines are learnt: the loss against hand-worked sums, training with masks that move, and what is measured."""

from types import SimpleNamespace

import numpy as np
import pytest

from drawn import drawn_outlines, drawn_settings
from radlib.architectures.heads import with_head
from radlib.architectures.outliners import unet
from radlib.datasets.perturbed_films import perturbed
from radlib.foundation import backend
from radlib.foundation.errors import DataError
from radlib.imaging.augmentation import NO_AUGMENTATION, Augmentation
from radlib.runs import tasks
from radlib.training import losses
from radlib.training.recipe import recipe_from
from radlib.training.training import fit, validate
from radlib.training.training_films import check_answers, epoch_batches


def test_the_loss_is_cross_entropy_and_what_is_not_in_common():
    generator = np.random.default_rng(0)
    masks = (generator.random((3, 4, 5, 2)) < 0.4).astype(np.float32)
    chance = generator.uniform(0.05, 0.95, masks.shape).astype(np.float32)
    entropy = -(masks * np.log(chance) + (1 - masks) * np.log(1 - chance)).mean(axis=(1, 2))
    dice = (2 * (masks * chance).sum(axis=(1, 2)) + 1) / ((masks + chance).sum(axis=(1, 2)) + 1)
    found = losses.loss_function(tasks.outlines(["a", "b"]))(masks, chance)
    np.testing.assert_allclose(found, (entropy + 1 - dice).mean(axis=-1), rtol=1e-5)
    nothing = np.zeros((1, 4, 4, 1), np.float32)
    assert float(losses.dice_and_cross_entropy(nothing, nothing)[0]) == pytest.approx(0, abs=1e-5)


def test_a_small_u_net_learns_to_outline_the_square(tmp_path):
    films = drawn_outlines()
    backend.keras().utils.set_random_seed(0)
    model = with_head(unet((16, 16, 1), depth=1, width=8), films.training.task)
    recipe = recipe_from(drawn_settings(epochs=4, learning_rate=0.01))
    history = fit(model, films, recipe, seed=0, folder=tmp_path)
    assert history["val_dice"].max() == validate(model, films.validation)["val_dice"] > 0.9
    assert "val_auroc" not in history and history["loss"].iloc[-1] < history["chance_loss"].iloc[0]


def test_what_an_epoch_sees_of_masks_moves_with_the_films():
    films = drawn_outlines(training=32).training
    moving = Augmentation.from_dict({**NO_AUGMENTATION.to_dict(), "shift": 0.3, "least_strength": 1.0})
    recipe = SimpleNamespace(augmentation=moving, batch_size=16, label_smoothing=0.0, class_weights=True)
    for images, masks, weights in epoch_batches(films, recipe, 0, 0).as_numpy_iterator():
        assert masks.shape == (16, 16, 16, 1) and (weights == 1).all()
        inside = masks[..., 0] > 0.5
        bright = images[..., 0][inside].mean(), images[..., 0][~inside].mean()
        assert bright[0] > bright[1] + 0.15
    still = films.answers(np.arange(len(films)))
    assert still.shape == (32, 16, 16, 1) and still.dtype == np.float32


def test_perturbed_copies_have_masks_of_their_own():
    films = drawn_outlines(training=32).validation
    copies = perturbed(films, {"shift": 0.3}, 0)
    assert copies.truth.shape == films.truth.shape and (copies.truth != films.truth).any()
    inside = copies.truth[..., 0] > 0
    assert copies.pixels[inside].mean() > copies.pixels[~inside].mean() + 40
    taken = films.take([3, 5])
    assert (taken.truth == films.truth[[3, 5]]).all()


def test_the_constant_outline_costs_what_the_loss_says():
    films = drawn_outlines(training=64).training
    masks = films.answers()
    prior = np.full_like(masks, masks.mean())
    exact = float(np.mean(losses.dice_and_cross_entropy(masks, prior)))
    assert films.task.constant_loss(masks, np.ones(len(films))) == pytest.approx(exact, rel=1e-4)


def test_films_on_which_nothing_is_outlined_teach_nothing():
    films = drawn_outlines(training=32).training
    empty = films.take(np.flatnonzero(films.labels[:, 0] == 0))
    with pytest.raises(DataError, match="Nothing is outlined in any training film"):
        check_answers(empty)
    check_answers(films)
