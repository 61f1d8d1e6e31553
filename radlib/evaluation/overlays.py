"""The test films that a network outlines best, in the middle and worst, each with both outlines: for the report.

A mean says nothing about the film that failed, so the worst is shown beside a typical one. Films are chosen by their Dice alone,
of equals the first by id. They are films of patients: they lie in the run's private folder, and only the report on this machine
shows them.
"""

from pathlib import Path
from typing import Any

import numpy as np

from radlib.datasets.films import Films
from radlib.evaluation.boxed import Boxed
from radlib.evaluation.outlined import FOLDER, Outlined, read_masks
from radlib.foundation.record_files import remembered
from radlib.foundation.storage import atomic_path, write_json
from radlib.runs import private
from radlib.runs.runs import Run
from radlib.runs.variants import Variant

PLACES = {"best": 1.0, "median": 0.5, "worst": 0.0}  # among the films in the order of their Dice
SIDE = 240  # pixels of a film
BY_HAND = np.array([60.0, 190.0, 255.0])  # blue: told from orange by those who see few colours, too
BY_NETWORK = np.array([255.0, 140.0, 0.0])


def write_overlays(run: Run, films: Films, variant: Variant, answers: Outlined) -> None:
    """Write the best, the median and the worst test film of a variant with both outlines; what is there is kept.

    Args:
        run: The run; the variant's masks lie in it.
        films: The test films, prepared as the variant wants them.
        variant: Usually the winner.
        answers: What was measured of its outlines.
    """
    chosen = typical_films(answers)
    record = {"sha256": variant.sha256, "films": {kind: one["image_id"] for kind, one in chosen.items()}}
    path = overlays_path(run, variant)
    if record.items() <= remembered(path).items() or (masks := read_masks(run, variant, "test")) is None:
        return
    places = {str(image): place for place, image in enumerate(films.image_ids)}
    drawn = {str(image): place for place, image in enumerate(masks[0])}
    for kind, one in chosen.items():
        place = places[one["image_id"]]
        picture = overlay(
            films.images([place])[0, ..., 0], films.truth[place], masks[1][drawn[one["image_id"]]]
        )
        write_picture(picture, overlay_path(run, variant, kind))
    write_json(path, {**record, "found": chosen})


def typical_films(answers: Outlined | Boxed, measure: str = "dice") -> dict[str, dict[str, Any]]:
    """Return which films are answered best, in the middle and worst: kind -> `image_id` and the measure; none without films."""
    order = np.lexsort((answers.image_id, answers.values))
    if not len(order):
        return {}
    rows = {kind: order[round(share * (len(order) - 1))] for kind, share in PLACES.items()}
    return {
        kind: {"image_id": str(answers.image_id[row]), measure: float(answers.values[row])}
        for kind, row in rows.items()
    }


def overlay(film: np.ndarray, truth: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Return a film with the edge outlined by hand in blue and that of the network in orange.

    Args:
        film: Grey in [0, 1], (s, s).
        truth: What was outlined by hand, 1 or 0, (s, s, labels).
        drawn: What the network outlines, of the same shape.

    Returns:
        uint8 (SIDE, SIDE, 3).
    """
    colours = np.repeat(enlarged(film)[..., None], 3, axis=2)
    for masks, colour in ((truth, BY_HAND), (drawn, BY_NETWORK)):
        for label in range(masks.shape[-1]):
            colours[edge_of(enlarged(masks[..., label].astype(float)) >= 128)] = colour
    return colours.round().astype(np.uint8)


def enlarged(values: np.ndarray) -> np.ndarray:
    """Return grey in [0, 1], (s, s), as levels of 255 on the side of an overlay, float64 (SIDE, SIDE)."""
    from PIL import Image

    picture = Image.fromarray(np.floor(values * 255 + 0.5).astype(np.uint8))
    return np.asarray(picture.resize((SIDE, SIDE), Image.Resampling.BILINEAR), np.float64)


def edge_of(mask: np.ndarray) -> np.ndarray:
    """Return the pixels of a mask, (rows, columns), that touch one outside it or the film's edge.

    Example:
        >>> int(edge_of(np.ones((3, 3), bool)).sum())
        8
    """
    from scipy.ndimage import binary_erosion

    return mask & ~binary_erosion(mask)


def overlays_path(run: Run, variant: Variant) -> Path:
    """Return where the record of a variant's overlays lies, if it was written."""
    return run.path(private.FOLDER, FOLDER, f"{variant.key}.overlays.json")


def overlay_path(run: Run, variant: Variant, kind: str) -> Path:
    """Return where the picture of a variant's best, median or worst film lies, if it was written."""
    return run.path(private.FOLDER, FOLDER, f"{variant.key}.{kind}.png")


def write_picture(picture: np.ndarray, path: Path) -> None:
    """Write one picture of a patient's film into the run's private folder."""
    from PIL import Image

    private.private_folder(path.parent.parent.parent)
    with atomic_path(path) as partial:
        Image.fromarray(picture).save(partial, format="PNG")
