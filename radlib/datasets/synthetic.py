"""Drawn chest films that walk the real path: DICOM files of all common kinds, with tables in RSNA's layout.

A demo on arrays that were never a file shows little of what goes wrong in a hospital. So the drawn films are
stored as films are: inverted or not, 8, 12 or 16 bits, JPEG or raw, windowed or not, with padding; several
films of one patient; opacities more frequent in bedside (AP) films and in the old, as in RSNA's. Everything,
identifiers included, follows from the seed, so that the same seed gives the same bytes.
"""

import hashlib
import json
import uuid
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from tqdm import tqdm

from radlib.datasets.dataset import Dataset
from radlib.datasets.drawn_folders import whole_folder
from radlib.datasets.rsna import (
    CLASS_COLUMNS,
    CLASSES_TABLE,
    IMAGES_FOLDER,
    LABEL_COLUMNS,
    LABELS_TABLE,
    MADE,
    read_rsna_layout,
)
from radlib.foundation import storage
from radlib.foundation.errors import DataError, UsageError
from radlib.foundation.extras import pandas as pd
from radlib.foundation.processes import worker_pool
from radlib.foundation.registry import DATASETS
from radlib.foundation.value_types import Range
from radlib.runs import runs

REVISION = 5  # raised when the same seed draws other films
FILMS_PER_PATIENT = (0.10, 0.20, 0.30, 0.40)  # share of patients with one, two, three, four


@DATASETS.register(
    title="Drawn chest films (synthetic)",
    citation="Drawn by radlib; no patient is behind them.",
    licence="Apache-2.0",
    needs_files=False,
)
def synthetic(
    folder: Path | None,
    *,
    patients: Annotated[int, Range(1, 1_000_000)] = 520,
    seed: Annotated[int, Range(0, 2**32 - 1)] = 0,
    image_side: Annotated[int, Range(64, 4096)] = 256,
    reading: Literal["binary", "classes", "boxes"] = "binary",
) -> Dataset:
    """Draw chest films once, and read them as if they had come from RSNA.

    Args:
        folder: Where to draw them; None is a folder in the outputs' cache, named by a digest of the options.
        patients: How many; about three films each.
        seed: Of everything.
        image_side: Side of the stored square, pixels; at least 64.
        reading: `binary` (lung opacity or not), `classes` (normal; not normal, yet no opacity; lung opacity) or `boxes` (where the
            opacities are).

    Returns:
        The data set; label `lung_opacity`, or the three classes.
    """
    if patients < 1 or image_side < 64:
        raise UsageError("The synthetic data set takes at least 1 patient and an image_side of 64 pixels.")
    options = {"patients": patients, "seed": seed, "image_side": image_side, "revision": REVISION}
    if folder is None:
        folder = runs.outputs_root() / ".cache" / f"synthetic-{storage.spec_digest(options)}"
    if not folder.is_dir() or not any(folder.iterdir()):
        draw_dataset(folder, **options)
    elif not (folder / LABELS_TABLE).is_file():
        raise DataError(
            f"The folder {folder.name!r} holds other files; give an empty one, or none, with --data."
        )
    return read_rsna_layout(folder, reading)


def draw_dataset(
    folder: Path, *, patients: int, seed: int, image_side: int, revision: int = REVISION, workers: int = 2
) -> None:
    """Draw films and write them with their tables, whole or not at all.

    Args:
        folder: Takes the films; must be missing or empty.
        patients: How many.
        seed: Of everything.
        image_side: Pixels.
        revision: Recorded beside the films.
        workers: Processes.
    """
    with whole_folder(folder) as building:
        (building / IMAGES_FOLDER).mkdir()
        rows = []
        with worker_pool(
            workers,
            preload=[
                "radlib.datasets.synthetic",
                "radlib.imaging.phantoms.phantoms",
                "radlib.imaging.phantoms.dicom_writing",
            ],
        ) as pool:
            jobs = [
                pool.schedule(draw_patient_films, (building / IMAGES_FOLDER, seed, number, image_side))
                for number in range(patients)
            ]
            for job in tqdm(jobs, "Drawing films, once", leave=False, disable=None, unit=" patients"):
                rows += job.result()
        _write_tables(building, rows)
        made = {"patients": patients, "seed": seed, "image_side": image_side, "revision": revision}
        (building / MADE).write_text(json.dumps(made) + "\n", encoding="utf-8")


def draw_patient_films(folder: Path, seed: int, number: int, image_side: int) -> list[dict[str, Any]]:
    """Draw and write the films of one patient, whose randomness depends on (seed, number) alone.

    Returns:
        Per film `name`, `finding` and `boxes`.
    """
    from radlib.imaging.phantoms import (  # here: they cost a second, and films are drawn once
        dicom_writing,
        phantoms,
    )

    generator = np.random.default_rng((seed, number))
    patient = phantoms.draw_patient(generator)
    in_bed = generator.random() < 0.46  # RSNA: 46 % of films are AP
    films = []
    for film in range(generator.choice(4, p=FILMS_PER_PATIENT) + 1):
        view = "AP" if generator.random() < (0.85 if in_bed else 0.13) else "PA"
        opacity = generator.random() < opacity_frequency(view, patient.age)
        drawing = phantoms.draw_film(patient, view, opacity, generator, side=image_side)
        name = str(drawn_uuid(seed, number, film))
        kind = dicom_writing.draw_storage_kind(generator)
        header = dicom_writing.Header(
            patient_id=str(drawn_uuid(seed, number)), view=view, age=patient.age, sex=patient.sex, name=name
        )
        dicom_writing.write_film(folder / f"{name}.dcm", drawing.image, kind, header)
        films.append({"name": name, "finding": drawing.finding, "boxes": drawing.boxes})
    return films


def opacity_frequency(view: str, age: float) -> float:
    """Return how often a film shows an opacity: far more in bedside films, a little more with age."""
    return (0.50 if view == "AP" else 0.20) * (0.85 + 0.3 * min(max((age - 20) / 60, 0), 1))


def drawn_uuid(*numbers: int) -> uuid.UUID:
    """Return an identifier like RSNA's that follows from numbers alone."""
    return uuid.UUID(bytes=hashlib.sha256(repr(numbers).encode()).digest()[:16], version=4)


def _write_tables(folder: Path, films: list[dict[str, Any]]) -> None:
    """Write the labels, a row per box, and the detailed classes, sorted by name as RSNA's."""
    labels, classes = [], []
    for film in sorted(films, key=lambda film: film["name"]):
        for box in film["boxes"]:
            labels.append((film["name"], *map(float, box), 1))
            classes.append((film["name"], film["finding"]))
        if not film["boxes"]:
            labels.append((film["name"], None, None, None, None, 0))
            classes.append((film["name"], film["finding"]))
    pd.DataFrame(labels, columns=LABEL_COLUMNS).to_csv(
        folder / LABELS_TABLE, index=False, lineterminator="\n"
    )
    pd.DataFrame(classes, columns=CLASS_COLUMNS).to_csv(
        folder / CLASSES_TABLE, index=False, lineterminator="\n"
    )
