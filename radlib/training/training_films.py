"""What one epoch of training sees of the films: in which order, varied how, against which answers.

All of it follows from the seed and the number of the epoch, so that an epoch can be repeated.
"""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from radlib.datasets.films import Films
from radlib.datasets.perturbed_films import moved_places
from radlib.foundation import backend
from radlib.foundation.errors import DataError
from radlib.imaging.varied_films import augment_batch
from radlib.training.prefetching import ahead

if TYPE_CHECKING:
    from radlib.training.recipe import Recipe

STATISTICS_FILMS = (
    1000  # batch norm's means and variances no longer change with more (Wu and Johnson, 2021, section 3)
)


def batch_slices(films: int, batch_size: int, replicas: int = 1) -> list[slice]:
    """Return the batches of an epoch as slices of its order.

    Every batch can be shared out evenly among replicas: of the last one up to `replicas` - 1 films are left to another epoch.

    Example:
        >>> batch_slices(10, 4), batch_slices(11, 4, replicas=2)[-1]
        ([slice(0, 4, None), slice(4, 8, None), slice(8, 10, None)], slice(8, 10, None))
    """
    films -= films % replicas
    return [slice(start, min(start + batch_size, films)) for start in range(0, films, batch_size)]


def epoch_batches(films: Films, recipe: "Recipe", seed: int, epoch: int, replicas: int = 1) -> Any:
    """Return one epoch as a tf.data set of (images, targets, weights).

    Args:
        films: The training films.
        recipe: How they are varied and weighted.
        seed: Of the training.
        epoch: Its number, from 0.
        replicas: Devices that each batch is shared out among.
    """
    tf = backend.tensorflow()
    order = _order(films, seed, epoch)
    weights = _weights(films, recipe)
    still = _answers(films, recipe) if films.places is None else None  # a place moves with its film

    def draw() -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        for batch in batch_slices(len(order), recipe.batch_size, replicas):
            chosen = order[batch]
            images = _varied(films, recipe, seed, epoch, chosen)
            answers = _moved_answers(films, recipe, seed, epoch, chosen) if still is None else still[chosen]
            yield images, answers.astype(np.float32), weights[chosen]

    side = films.source.shape[1:3]
    signature = (
        tf.TensorSpec((None, *side, 1), tf.float32),
        tf.TensorSpec((None, *films.answers([0]).shape[1:]), tf.float32),
        tf.TensorSpec((None,), tf.float32),
    )
    options = tf.data.Options()
    options.autotune.enabled = False  # its thread sleeps ever longer, and every epoch would wait for it
    batches = tf.data.Dataset.from_generator(lambda: ahead(draw()), output_signature=signature)
    return batches.with_options(options)


def statistics_batches(films: Films, recipe: "Recipe", seed: int, epoch: int) -> Iterator[np.ndarray]:
    """Yield the first batches of an epoch once more, float32 (b, h, w, 1), for about `STATISTICS_FILMS` films.

    Only whole batches, unless there is none: a rest of a few films has no spread of its own.
    """
    order = _order(films, seed, epoch)
    whole = max(1, len(order) // recipe.batch_size)
    count = min(whole, math.ceil(STATISTICS_FILMS / recipe.batch_size))
    batches = (order[n * recipe.batch_size : (n + 1) * recipe.batch_size] for n in range(count))
    yield from ahead(_varied(films, recipe, seed, epoch, chosen) for chosen in batches)


def chance_loss(films: Films, recipe: "Recipe") -> float:
    """Return the training loss, nats, of the best answer that is the same for every film: what learning must beat."""
    return films.task.constant_loss(_answers(films, recipe), _weights(films, recipe))


def check_answers(films: Films) -> None:
    """Make sure that there is something to tell apart.

    Raises:
        DataError: When all training films have one answer, or a class has no training film.
    """
    if reason := films.task.why_unlearnable(films.labels):
        raise DataError(reason)


def _order(films: Films, seed: int, epoch: int) -> np.ndarray:
    return np.random.default_rng([seed, epoch]).permutation(len(films))


def _varied(films: Films, recipe: "Recipe", seed: int, epoch: int, chosen: np.ndarray) -> np.ndarray:
    """Return training films as one epoch varies them, float32 (b, h, w, 1)."""
    return augment_batch(films.images(chosen)[..., 0], recipe.augmentation, seed, epoch, chosen)[..., None]


def _moved_answers(films: Films, recipe: "Recipe", seed: int, epoch: int, chosen: np.ndarray) -> np.ndarray:
    """Return what the network should answer to training films that were moved, (b, rows, columns, outputs)."""
    (places,) = moved_places(films, recipe.augmentation, seed, epoch, chosen).values()
    return films.task.smoothed(films.task.wanted(places, films.source.shape[1]), recipe.label_smoothing)


def _answers(films: Films, recipe: "Recipe") -> np.ndarray:
    """Return what the network should answer to each film, (n, outputs), or maps."""
    return films.task.smoothed(films.answers(), recipe.label_smoothing)


def _weights(films: Films, recipe: "Recipe") -> np.ndarray:
    """Return how much each film counts, (n,)."""
    return films.task.class_weights(films.labels) if recipe.class_weights else np.ones(len(films), np.float32)
