"""What `radlib read` does: films through a bundle on a small device, one process that decodes and one that answers.

The answers, their table and what is said of them are those of `radlib predict`, by the same functions. Of a Keras or a coded file
a device runs the LiteRT file beside it, whose answers differ from the desk's by rounding.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from radlib.deployment.answer_tables import Choices, answer_films, decider_of
from radlib.deployment.described_variants import folder_of, read_described, refuse_places
from radlib.deployment.own_films import Reading, read_films
from radlib.deployment.reading.answering import Seen, litert_file
from radlib.deployment.reading.rows import json_line
from radlib.deployment.threshold_files import NOTICE
from radlib.evaluation.deciding import Answer

Say = Callable[[str], None]
SAY_WHERE = {  # by the word of a task, as below
    "masks": "the outline itself says where it looks; draw it with --masks",
    "boxes": "the boxes themselves say where it looks; write them with --boxes",
}
GO_TO_ARCHIVES = {
    "masks": "what it outlines goes to an archive by radlib predict --dicom-seg",
    "boxes": "no report for an archive is made of boxes yet; write them with --boxes",
}


def read_bundle(
    bundle: Path,
    films: Sequence[Path],
    choices: Choices,
    *,
    to: Path | None,
    as_json: bool,
    heat_maps: Path | None,
    reports: Path | None = None,
    masks: Path | None = None,
    boxes: Path | None = None,
    show: Say,
    say: Say,
) -> int:
    """Answer films one by one.

    Args:
        bundle: Folder of an export.
        films: Films and folders of films.
        choices: What decides, and which columns there are.
        to: A CSV file; None shows the rows as they come.
        as_json: Whether a line of JSON per film is shown.
        heat_maps: A folder that gets a picture per film of where the network looked; None for none.
        reports: A folder that gets a DICOM Structured Report per film; None for none.
        masks: A folder that gets what is outlined in each film, see `mask_pictures`; None for none.
        boxes: A CSV file of what is found in the films, see `box_files`; None for none.
        show: Takes the text of rows that are to be shown.
        say: Takes a sentence for the user.

    Returns:
        The number of films.
    """
    say(NOTICE)
    report = reporter(bundle, films, reports, say) if reports is not None else None
    seen = pictures(bundle, heat_maps, masks, choices)
    read: Callable[..., Reading] = functools.partial(read_films, one_by_one=True, seen=seen)
    if boxes is not None:
        from radlib.deployment.box_files import reading_with_boxes

        read = reading_with_boxes(bundle, boxes, choices.with_files, read)

    def each(row: Mapping[str, Any]) -> None:
        if as_json:
            show(json_line(row, with_files=choices.with_files) + "\n")
        if report is not None:
            report(row)

    return answer_films(
        bundle,
        films[0] if len(films) == 1 else films,
        choices,
        to=to,
        show=(lambda text: None) if as_json else show,
        say=say,
        read=read,
        each=each,
    )


def pictures(bundle: Path, heat_maps: Path | None, masks: Path | None, choices: Choices) -> Seen | None:
    """Return what writes the pictures of each film that were asked for; None for none.

    Raises:
        UsageError: For masks of a network that outlines nothing, and maps of where one looks that outlines.
    """
    writers: list[Seen] = []
    if heat_maps is not None:
        writers.append(drawer(bundle, heat_maps, choices))
    if masks is not None:
        from radlib.deployment.mask_pictures import mask_writer

        writers.append(mask_writer(bundle, masks))

    def seen(answer: Answer, film: np.ndarray) -> None:
        for write in writers:
            write(answer, film)

    return seen if writers else None


def drawer(bundle: Path, folder: Path, choices: Choices) -> Seen:
    """Return what draws where a bundle's network looks on a film, at the thresholds that decide; see `heat_pictures`."""
    from radlib.deployment.reading.heat_pictures import picture_writer

    source = folder_of(bundle)
    variant, record = read_described(source)
    refuse_places(variant, "--heat-map", SAY_WHERE)
    thresholds = decider_of(variant, record, choices).thresholds
    return picture_writer(litert_file(source, variant, record), variant, thresholds, folder)


def reporter(
    bundle: Path, films: Sequence[Path], folder: Path, say: Say
) -> Callable[[Mapping[str, Any]], None]:
    """Return what writes the Structured Report of each row; see `dicom_reports`."""
    from radlib.deployment.dicom_reports.documents import report_writer  # brings in what only writers need

    variant, _ = read_described(folder_of(bundle))
    refuse_places(variant, "--dicom-sr", GO_TO_ARCHIVES)
    return report_writer(bundle, films, folder, say)
