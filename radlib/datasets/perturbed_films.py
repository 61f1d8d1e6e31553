"""Validation films as another X-ray room would make them: what choices are made on where the place of use is another.

One fixed set of copies, each changed once, so that every epoch and every variant answers to the same.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from radlib.datasets.films import Films, FilmSplits
from radlib.imaging.augmentation import NO_AUGMENTATION, Augmentation
from radlib.imaging.moved_boxes import augment_boxes
from radlib.imaging.varied_films import augment_batch, augment_masks
from radlib.runs.settings import Settings

PERTURBATION_SEED = 0
OTHER_ROOM = {"rotation_degrees": 4.0, "shift": 0.05, "zoom": 0.1, "stretch": 0.1, "brightness": 0.1, "contrast": 0.3,
              "gamma": 0.3, "noise": 0.02}  # fmt: skip  # half-ranges by which a second X-ray room may well differ


def perturbed(films: Films, perturbation: Mapping[str, Any], seed: int) -> Films:
    """Return copies of films with other exposure and framing, as another X-ray room would make them.

    Args:
        films: Usually the validation films.
        perturbation: Half-ranges, see `augmentation.Augmentation`; what is not named does not change.
        seed: Of the draw.

    Returns:
        As many films, held in memory as uint8.
    """
    how = Augmentation.from_dict({**NO_AUGMENTATION.to_dict(), **perturbation})
    changed = np.empty((len(films), *films.source.shape[1:]), np.uint8)
    for start in range(0, len(films), 256):  # float copies of all films at once would be large
        rows = np.arange(start, min(start + 256, len(films)))
        batch = augment_batch(films.source[films.positions[rows]], how, seed, 0, rows)
        changed[rows] = np.floor(batch * np.float32(255) + np.float32(0.5))
    places = np.arange(len(films))
    return dataclasses.replace(
        films, source=changed, positions=places, **moved_places(films, how, seed, 0, places)
    )


def moved_places(
    films: Films, how: Augmentation, seed: int, epoch: int, chosen: np.ndarray
) -> dict[str, Any]:
    """Return what is known of the places in films, moved as `augment_batch` moves those: `masks` or `marked`; nothing where no place is.

    Args:
        films: Those that places are known of.
        how: How far films are varied.
        seed: As for `augment_batch`.
        epoch: Likewise.
        chosen: Which of the films, in which order, (k,).
    """
    rows = films.positions[chosen]
    if films.masks is not None:
        return {"masks": augment_masks(films.masks[rows], how, seed, epoch, chosen)}
    if films.marked is not None:
        side = films.source.shape[1]
        return {"marked": augment_boxes(films.marked[rows], how, seed, epoch, chosen, side=side)}
    return {}


def perturbation_of(settings: Settings) -> Mapping[str, Any]:
    """Return how the perturbed validation films differ from the real ones: as the settings say, else `OTHER_ROOM`."""
    return settings.perturbation or OTHER_ROOM


def choice_films(films: FilmSplits, settings: Settings) -> Films:
    """Return the validation films that choices are made on: as they are, or perturbed, as the settings say.

    One fixed set of perturbed copies, so that every epoch and every variant answers to the same.
    """
    if settings.operating_point_films == "perturbed":
        return perturbed(films.validation, perturbation_of(settings), PERTURBATION_SEED)
    return films.validation
