"""What is written of each film that a network outlines, while a folder is read: pictures, or what archives keep.

Films go by once; every form that was asked for is written from the same answer.
"""

import functools
from collections.abc import Callable
from pathlib import Path

import numpy as np

from radlib.deployment.mask_pictures import mask_writer
from radlib.deployment.own_films import Reading, read_films
from radlib.deployment.reading.answering import Seen
from radlib.evaluation.deciding import Answer


def reading_with_outlines(
    variant: Path, films: Path, masks: Path | None, segmentations: Path | None, say: Callable[[str], None]
) -> Callable[..., Reading] | None:
    """Return how films are read so that their outlines are written; None where nobody wants them.

    Args:
        variant: Folder of a variant, in a run or exported.
        films: The film or folder of films that it is asked about.
        masks: Where pictures go, see `mask_pictures.mask_writer`; None for none.
        segmentations: Where DICOM Segmentations go, see `dicom_reports.segmentations`; None for none.
        say: Is told of a film that can have none.

    Raises:
        UsageError: When the variant outlines nothing.
        MissingExtra: When Segmentations are wanted without highdicom.
    """
    writers: list[Seen] = [mask_writer(variant, masks)] if masks else []
    if segmentations:
        from radlib.deployment.dicom_reports.segmentations import segmentation_writer  # reads tables of codes

        writers.append(segmentation_writer(variant, films, segmentations, say))

    def seen(answer: Answer, film: np.ndarray) -> None:
        for write in writers:
            write(answer, film)

    return functools.partial(read_films, seen=seen) if writers else None
