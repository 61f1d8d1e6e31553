"""Boxes around findings on ChestX-ray14: the films on which a radiologist drew some, 984 boxes of eight findings.

Only films with a box take part. On the others nobody looked for boxes, and a film without one may show the finding all the same, so that
it would teach a network to overlook it. For the same reason a box of one finding says nothing about others on that film: ask for few
findings that look unlike each other, and read false boxes with care.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from radlib.datasets.chestxray14 import chestxray14, chosen_findings, survey
from radlib.datasets.chestxray14_boxes import BOX_TABLE, film_boxes, film_stem
from radlib.datasets.dataset import Dataset
from radlib.foundation.errors import DataError
from radlib.foundation.human_units import plural
from radlib.foundation.registry import DATASETS
from radlib.runs import tasks

BOXED = (
    "Atelectasis",
    "Cardiomegaly",
    "Effusion",
    "Infiltration",
    "Mass",
    "Nodule",
    "Pneumonia",
    "Pneumothorax",
)


@DATASETS.register(
    title="Boxes around findings on adult chest films (NIH ChestX-ray14, 2017)",
    check=lambda options: chosen_findings(options["findings"]),
    citation=DATASETS["chestxray14"].facts["citation"],
    licence=DATASETS["chestxray14"].facts["licence"],
    needs_files=True,
    survey=survey,
    kaggle=("nih-chest-xrays", "data"),
    holds="Data_Entry_2017*",
)
def boxed_findings(
    folder: Path,
    *,
    split: Literal["auto", "official", "reproduction", "seeded"] = "seeded",
    findings: Sequence[str] = (),
) -> Dataset:
    """Read the films of ChestX-ray14 that have boxes.

    Args:
        folder: The folder that holds the tables, BBox_List_2017.csv among them, and the films in it or below.
        split: As for `chestxray14`; all films with boxes are in the test part of the official one.
        findings: Which of the eight that have boxes, e.g. `[mass, nodule]`; empty takes all.

    Returns:
        The data set; a label per finding, with `boxes` and `box_labels`.

    Raises:
        UsageError: For another split or finding.
        DataError: When there is no table of boxes, or no film here has one.
    """
    chosen = [name for name in chosen_findings(findings) if name in BOXED]
    films = chestxray14(folder, split=split, findings=[name.lower() for name in chosen])
    names, paths = [film_stem(Path(path).name) for path in films.index["path"]], list(films.index["path"])
    boxes: list[list[tuple[float, ...]]] = [[] for _ in names]
    labels: list[list[str]] = [[] for _ in names]
    for finding in chosen:
        found = film_boxes(folder, names, paths, [finding])
        if found is None:
            raise DataError(f"The table {BOX_TABLE} is missing in {folder.name!r}; put it beside the films.")
        for place, own in enumerate(found):
            boxes[place] += own
            labels[place] += [finding.lower()] * len(own)
    index = films.index.assign(boxes=boxes, box_labels=labels)
    for finding in chosen:
        index[finding.lower()] = [float(finding.lower() in own) for own in labels]
    boxed = index[[bool(own) for own in boxes]].reset_index(drop=True)
    there = [name.lower() for name in chosen if boxed[name.lower()].any()]
    if not there:
        raise DataError(
            f"No film in {folder.name!r} has a box of {', '.join(chosen).lower()}; add films that have one."
        )
    notes = (
        *films.notes,
        f"{plural(len(boxed), 'film', 'have')} boxes and take part; the rest are left out, as nobody drew any on them.",
    )
    return Dataset(boxed, tasks.boxes(there), folder, notes)
