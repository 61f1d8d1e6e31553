"""Drawn chest films with the outlines that they were drawn by: lungs, or opacities.

Nobody outlined these by hand, so that truth has no error of its own: what a network loses here is its own loss. Films lie as PNG with
a folder of masks beside them, as outlines by hand usually come, and everything follows from the seed.
"""

from pathlib import Path
from typing import Annotated, Literal

import numpy as np

from radlib.datasets.dataset import Dataset, unique_image_ids
from radlib.datasets.drawn_folders import whole_folder
from radlib.datasets.file_facts import file_facts
from radlib.datasets.masks import with_masks
from radlib.datasets.synthetic import FILMS_PER_PATIENT, drawn_uuid, opacity_frequency
from radlib.foundation import storage
from radlib.foundation.errors import DataError
from radlib.foundation.extras import pandas as pd
from radlib.foundation.record_files import read_table
from radlib.foundation.registry import DATASETS
from radlib.foundation.value_types import Range
from radlib.runs import runs, tasks

REVISION = 1  # raised when the same seed draws other films
FILMS, MASKS, TABLE = "films", "masks", "films.csv"
LABELS = {"lungs": "lung", "opacities": "opacity"}


@DATASETS.register(
    title="Drawn chest films with outlines (synthetic)",
    citation="Drawn by radlib; no patient is behind them.",
    licence="Apache-2.0",
    needs_files=False,
)
def drawn_outlines(
    folder: Path | None,
    *,
    patients: Annotated[int, Range(1, 1_000_000)] = 120,
    seed: Annotated[int, Range(0, 2**32 - 1)] = 0,
    image_side: Annotated[int, Range(64, 4096)] = 96,
    outlined: Literal["lungs", "opacities"] = "lungs",
) -> Dataset:
    """Draw chest films with masks once, and read them.

    Args:
        folder: Where to draw them; None is a folder in the outputs' cache, named by a digest of the options.
        patients: How many; about three films each.
        seed: Of everything.
        image_side: Side of the stored square, pixels, a multiple of 4; at least 64.
        outlined: `lungs`, on every film, or `opacities`, on those that have one.

    Returns:
        The data set; label `lung` or `opacity`.

    Raises:
        DataError: When the folder holds other files.
    """
    options = {"patients": patients, "seed": seed, "image_side": image_side, "revision": REVISION}
    if folder is None:
        folder = runs.outputs_root() / ".cache" / f"drawn-outlines-{storage.spec_digest(options)}"
    if not folder.is_dir() or not any(folder.iterdir()):
        _draw(folder, patients, seed, image_side)
    elif not (folder / TABLE).is_file():
        raise DataError(
            f"The folder {folder.name!r} holds other files; give an empty one, or none, with --data."
        )
    table = read_table(
        folder / TABLE, ("name", "patient", "view", "age", "sex", "opacity"), dtype={"sex": str}
    )
    facts = file_facts(folder, [folder / FILMS / f"{name}.png" for name in table["name"]])
    masks = [[folder / MASKS / outlined / f"{name}.png"] for name in table["name"]]
    ids = unique_image_ids([fact["image_id"] for fact in facts])
    index = pd.DataFrame({"image_id": ids, "path": [fact["path"] for fact in facts]})
    index = index.assign(
        patient_id=table["patient"].map("P{}".format), view=table["view"], age=table["age"], sex=table["sex"]
    )
    index[LABELS[outlined]] = 1.0 if outlined == "lungs" else table["opacity"].astype(float)
    return Dataset(with_masks(index, masks), tasks.outlines([LABELS[outlined]]), folder)


def _draw(folder: Path, patients: int, seed: int, side: int) -> None:
    """Draw films and masks of patients, each of whom depends on (seed, number) alone."""
    from PIL import Image

    from radlib.imaging.phantoms import phantoms  # here: it costs a second, and films are drawn once

    rows = []
    with whole_folder(folder) as building:
        for place in (FILMS, *(f"{MASKS}/{kind}" for kind in LABELS)):
            (building / place).mkdir(parents=True)
        for number in range(patients):
            generator = np.random.default_rng((seed, number))
            patient = phantoms.draw_patient(generator)
            for film in range(generator.choice(4, p=FILMS_PER_PATIENT) + 1):
                view = str(generator.choice(("AP", "PA")))
                opacity = bool(generator.random() < opacity_frequency(view, patient.age))
                drawing = phantoms.draw_film(patient, view, opacity, generator, side=side)
                name = str(drawn_uuid(seed, number, film))
                pixels = {
                    f"{FILMS}/{name}.png": drawing.image,
                    f"{MASKS}/lungs/{name}.png": drawing.lungs,
                    f"{MASKS}/opacities/{name}.png": drawing.opacities,
                }
                for file, values in pixels.items():
                    grey = np.floor(values * np.float32(255) + np.float32(0.5)).astype(np.uint8)
                    Image.fromarray(grey).save(building / file)
                rows.append((name, number, view, patient.age, patient.sex, int(opacity)))
        table = pd.DataFrame(rows, columns=["name", "patient", "view", "age", "sex", "opacity"])
        table.to_csv(building / TABLE, index=False, lineterminator="\n")
