"""What a network outlines, as a picture beside each answer: white where it belongs, as large as the film itself.

A mask comes in the square that the network sees. It goes back the way that the film came (cut out of the padding, enlarged by
interpolation, and cut at one half), so that it can be laid over the film in any viewer. What was lost when the film was made small
does not come back: an edge is as sharp as a pixel of the square.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from radlib.deployment.bundle.outline_examples import film_maps
from radlib.deployment.described_variants import folder_of, read_described
from radlib.deployment.reading.answering import Seen
from radlib.evaluation.deciding import Answer, no_probability
from radlib.foundation.errors import UsageError
from radlib.foundation.storage import atomic_path
from radlib.imaging.images import Preprocessing
from radlib.runs.tasks import Task, task_of


def masks_of(variant: Path, option: str = "--masks") -> Callable[[Answer], Mapping[str, np.ndarray]]:
    """Return what turns an answer into masks by label, see `film_masks`; none of a film that has no answer.

    Args:
        variant: Folder of a variant, in a run or exported.
        option: Of the command line, that a message names.

    Raises:
        UsageError: When the variant outlines nothing.
    """
    described, record = read_described(folder_of(variant))
    task = task_of(described)
    if task.record not in MASKS:
        raise UsageError(f"{described.name} outlines nothing; leave {option} out.")
    preparation, masks = Preprocessing.from_dict(record["preparation"]), MASKS[task.record]

    def found(answer: Answer) -> Mapping[str, np.ndarray]:
        answered = answer.outputs is not None and not no_probability(answer.outputs)
        return masks(task, answer, preparation) if answered else {}

    return found


def mask_writer(variant: Path, folder: Path) -> Seen:
    """Return what writes the mask of a film as `IMAGE_ID.png`, of several labels as `IMAGE_ID.LABEL.png`.

    Args:
        variant: Folder of a variant, in a run or exported.
        folder: Where masks go; made.

    Raises:
        UsageError: When the variant outlines nothing.
    """
    masks = masks_of(variant)

    def write(answer: Answer, film: np.ndarray) -> None:
        found = masks(answer)
        for label, mask in found.items():
            name = f"{answer.image_id}.png" if len(found) == 1 else f"{answer.image_id}.{label}.png"
            with atomic_path(folder / name) as partial:
                Image.fromarray(mask.astype(np.uint8) * 255).save(partial, "PNG")

    return write


def film_masks(task: Task, answer: Answer, preparation: Preprocessing) -> dict[str, np.ndarray]:
    """Return what is outlined in a film, by label, bool (height, width) of the film as it is stored.

    Args:
        task: What was asked.
        answer: To one film; its size says how large the film is.
        preparation: What the film went through.
    """
    maps = film_maps(task, np.asarray(answer.outputs), answer.size, preparation)
    return {label: each >= (task.fixed_threshold or 0.5) for label, each in maps.items()}


MASKS: Mapping[str, Callable[[Task, Answer, Preprocessing], Mapping[str, Any]]] = {"masks": film_masks}
