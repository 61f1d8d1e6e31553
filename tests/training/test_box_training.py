"""Boxes are learnt: the loss against hand-worked sums, training with boxes that move, and what is measured."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from drawn import drawn_boxes, drawn_settings
from radlib.architectures.centre_networks import centre_student
from radlib.architectures.heads import with_head
from radlib.datasets.perturbed_films import perturbed
from radlib.foundation import backend
from radlib.foundation.errors import DataError
from radlib.imaging.augmentation import NO_AUGMENTATION, Augmentation
from radlib.imaging.centre_maps import boxes_of, by_label
from radlib.metrics import box_overlap
from radlib.runs import tasks
from radlib.training import losses
from radlib.training.learning_curves import STEP
from radlib.training.recipe import recipe_from
from radlib.training.training import fit, validate
from radlib.training.training_films import chance_loss, check_answers, epoch_batches


def test_the_loss_is_that_of_the_paper():
    films = drawn_boxes(training=8).training
    truth, task = films.answers(), films.task
    maps = np.random.default_rng(0).uniform(0.02, 0.98, truth.shape).astype(np.float32)
    for film, found in enumerate(losses.loss_function(task)(truth, maps).numpy()):
        total, centres = 0.0, 0
        for place in np.ndindex(truth.shape[1:3]):
            t, p = float(truth[film][place][0]), float(maps[film][place][0])
            if t == 1:
                centres += 1
                total -= (1 - p) ** 2 * np.log(p)
                apart = np.abs(truth[film][place][1:] - maps[film][place][1:])
                total += 0.1 * 8 * apart[:2].sum() + apart[2:].sum()  # eight cells a side
            else:
                total -= (1 - t) ** 4 * p**2 * np.log(1 - p)
        assert found == pytest.approx(total / max(centres, 1), rel=1e-4)
    assert task.cross_entropy(films.truth, maps) == pytest.approx(
        float(np.mean(losses.focal_and_distances(truth, maps))), rel=1e-4
    )


def test_no_constant_answer_costs_less_than_the_one_that_learning_must_beat():
    films = drawn_boxes(training=32).training
    recipe = SimpleNamespace(label_smoothing=0.1, class_weights=True)
    chance, truth = chance_loss(films, recipe), films.answers()
    for heat in (0.005, 0.05, 0.3):
        same = np.full(truth.shape, 0.3, np.float32)
        same[..., 0] = heat
        assert chance < float(np.mean(losses.focal_and_distances(truth, same)))


def test_a_tiny_network_learns_to_find_the_rectangles(tmp_path):
    films = drawn_boxes()
    backend.keras().utils.set_random_seed(0)
    model = with_head(centre_student((32, 32, 1)), films.training.task)
    recipe = recipe_from(drawn_settings(image_size=32, epochs=14, learning_rate=0.02))
    history = fit(model, films, recipe, seed=0, folder=tmp_path)
    kept = validate(model, films.validation)["val_box_score"]
    assert (
        kept > 0.8 and history["val_box_score"].max() - kept < STEP
    )  # of epochs within one step the loss decides
    assert history["loss"].iloc[-1] < 0.5 * history["chance_loss"].iloc[0]
    assert "val_auroc" not in history


def test_what_an_epoch_sees_of_boxes_moves_with_the_films():
    films = drawn_boxes(training=32).training
    moving = Augmentation.from_dict({**NO_AUGMENTATION.to_dict(), "shift": 0.2})
    recipe = SimpleNamespace(augmentation=moving, batch_size=16, label_smoothing=0.0, class_weights=True)
    for images, maps, weights in epoch_batches(films, recipe, 0, 0).as_numpy_iterator():
        assert maps.shape == (16, 8, 8, 5) and (weights == 1).all()
        for image, boxes in zip(images[..., 0], boxes_of(maps, 1, least=0.99)[:, 0], strict=True):
            for _, left, top, width, height in np.rint(boxes[~np.isnan(boxes[:, 0])]).astype(int):
                assert image[top : top + height, left : left + width].mean() > image[image > 0].mean()


def test_perturbed_copies_have_boxes_of_their_own():
    films = drawn_boxes(training=32).validation
    copies = perturbed(films, {"shift": 0.2}, 0)
    assert copies.truth.shape == films.truth.shape
    first, second = (by_label(of.truth, 1)[:, 0] for of in (films, copies))
    moved = box_overlap(first[:, :1], second[:, :1])[:, 0, 0]
    assert (moved[1::2] < 0.999).mean() > 0.5 and np.isnan(second[::2]).all()
    taken = films.take([3, 5])
    np.testing.assert_array_equal(taken.truth, films.truth[[3, 5]])


def test_films_without_any_box_teach_nothing():
    films = drawn_boxes(training=32).training
    with pytest.raises(DataError, match="No training film has a box"):
        check_answers(films.take(np.flatnonzero(films.labels[:, 0] == 0)))
    check_answers(films)


def test_the_merit_is_the_box_score_over_films_and_labels():
    films, both = drawn_boxes(training=8).training, tasks.boxes(["a", "b"])
    marked = np.where(np.isnan(films.truth), np.nan, films.truth)
    assert films.task.merit(marked, films.answers()) == 1
    twice = dataclasses.replace(films, task=both)  # nothing of b is anywhere
    maps = np.concatenate(
        [films.answers()[..., :1], 0 * films.answers()[..., :1], films.answers()[..., 1:]], axis=-1
    )
    assert both.merit(twice.truth, maps) == 1
    maps[..., 1] = maps[..., 0]
    assert both.merit(twice.truth, maps) == pytest.approx(
        0.75
    )  # false on half of the films, for one of two labels
    assert both.outputs == ("a", "b", "width", "height", "right", "down")
