"""Where the network looked, as a picture beside each answer: the film, and over it how far the probability falls when a place is covered.

A LiteRT file has no gradients, so places are covered one after another (`insides.occlusion`), some hundred calls of the network
per film. Red speaks for the finding and blue against it, scaled by the largest change of the film, which stands in the name of
none: a strong colour means "more than elsewhere on this film", not "much".
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from radlib.evaluation.deciding import Answer
from radlib.evaluation.insides.occlusion import occlusion
from radlib.formats.predictors import Predictor, open_model
from radlib.foundation.storage import atomic_path
from radlib.runs.tasks import Task, task_of
from radlib.runs.variants import Variant

FOR, AGAINST = np.array([214, 39, 40], np.float32), np.array([31, 119, 180], np.float32)
STRONGEST = 0.6  # share of colour where the change is largest
SHORTEST_SIDE = 448  # pixels of the picture; smaller films are enlarged


def picture_writer(
    model: Path, variant: Variant, thresholds: Sequence[float | None], folder: Path
) -> Callable[[Answer, np.ndarray], None]:
    """Return what writes the picture of a film as `IMAGE_ID.png`.

    Args:
        model: A LiteRT file.
        variant: Whose it is.
        thresholds: One per label.
        folder: Where pictures go; made.
    """
    task = task_of(variant)
    opened: list[Predictor] = []

    def write(answer: Answer, film: np.ndarray) -> None:
        if not opened:
            opened.append(open_model(model, "tflite"))
        change = occlusion(opened[0], film, output=watched(task, answer, thresholds))
        with atomic_path(folder / f"{answer.image_id}.png") as partial:
            drawn(film, change).save(partial, "PNG")

    return write


def watched(task: Task, answer: Answer, thresholds: Sequence[float | None]) -> int:
    """Return which output is looked into: the finding of a yes-or-no question, else that which is furthest above its threshold."""
    outputs = np.asarray(answer.outputs, np.float64)
    above = [0.0 if task.exclusive or each is None else each for each in thresholds] or [0.0]
    asked = outputs[task.first_label :]
    return task.first_label + int(np.argmax(asked - np.resize(above, len(asked))))


def drawn(film: np.ndarray, change: np.ndarray) -> Image.Image:
    """Return a film with colours over it.

    Args:
        film: uint8 (s, s).
        change: (s, s), positive where a place speaks for the finding.
    """
    largest = float(np.abs(change).max())
    share = change / largest if largest > 0 else change
    strength = (STRONGEST * np.abs(share))[..., None]
    colour = np.where(share[..., None] > 0, FOR, AGAINST)
    mixed = film[..., None].astype(np.float32) * (1 - strength) + colour * strength
    picture = Image.fromarray(np.rint(mixed).clip(0, 255).astype(np.uint8), "RGB")
    times = -(-SHORTEST_SIDE // len(film))
    return picture.resize((times * len(film), times * len(film)), Image.Resampling.NEAREST)
