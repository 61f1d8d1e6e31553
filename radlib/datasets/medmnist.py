"""MedMNIST: films as small as postage stamps, thousands of them in one `.npz` file.

    pneumoniamnist.npz     {train,val,test}_images  uint8 (n, 28, 28)
    chestmnist_64.npz      {train,val,test}_labels  uint8 (n, labels)

PneumoniaMNIST is made from the films of Kermany, BreastMNIST from those of BUSI, ChestMNIST from ChestX-ray14: never
train on one and test on its source. Images are unpacked once into the outputs' cache, as plain arrays whose rows are
films (see `array_rows`); nothing in the archive is believed on the way (see `array_archives`).
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from radlib.datasets.array_archives import heading, opened, read_labels, unpack_rows
from radlib.datasets.dataset import Dataset, Survey, unique_image_ids
from radlib.datasets.fetching.sources import Download, Source
from radlib.datasets.file_facts import file_facts
from radlib.foundation import owner_only
from radlib.foundation.errors import DataError, UsageError
from radlib.foundation.extras import pandas as pd
from radlib.foundation.names import no_such
from radlib.foundation.registry import DATASETS
from radlib.imaging.array_rows import row_reference
from radlib.runs import runs, tasks

PARTS = {"train": "training", "val": "validation", "test": "test"}
SIZES = (28, 64, 128, 224)  # published sides, pixels
# The publisher's own MD5 digests (medmnist/info.py in MedMNIST/MedMNIST), and how long the files may be.
PUBLISHER = "https://zenodo.org/record/6496656/files"
PUBLISHED = {
    "pneumoniamnist": ("28209eda62fecd6e6a2d98b1501bb15f", 20_000_000),
    "breastmnist": ("750601b1f35ba3300ea97c75c52ff8f6", 20_000_000),
    "chestmnist": ("02c8a6516a18b556561a56cbdd36c4a8", 200_000_000),
}
REVISION = 1  # raised when the same archive would be unpacked otherwise


@dataclass(frozen=True)
class Collection:
    """What the numbers of one collection mean.

    Attributes:
        task: What is asked.
        columns: Number of columns of its label arrays.
        positive: Of a binary task, the number that stands for the positive answer.
    """

    task: tasks.Task
    columns: int
    positive: int = 1


COLLECTIONS = {
    "pneumoniamnist": Collection(tasks.binary("pneumonia", "normal"), 1),
    # Its 0 is malignant: the answer that is looked for is made the positive one.
    "breastmnist": Collection(tasks.binary("malignant", "normal_or_benign"), 1, positive=0),
    "chestmnist": Collection(
        tasks.findings((
            "atelectasis", "cardiomegaly", "effusion", "infiltration", "mass", "nodule", "pneumonia",
            "pneumothorax", "consolidation", "edema", "emphysema", "fibrosis", "pleural_thickening", "hernia",
        )),
        14,
    ),
}  # fmt: skip


def survey(place: Path, *, collection: str = "") -> Survey:
    """Count the films in the file, from the headings of its arrays alone."""
    archive = _choose(place, collection)
    with opened(archive) as members:
        return Survey(sum(heading(members, f"{part}_labels").shape[0] for part in PARTS))


@DATASETS.register(
    title="MedMNIST: small films in one array file",
    citation=(
        "Yang J, Shi R, Wei D, et al. MedMNIST v2 - A large-scale lightweight benchmark for 2D and 3D biomedical image "
        "classification. Scientific Data 10, 41, 2023; please cite the source of the films, too."
    ),
    licence="CC BY 4.0",
    needs_files=True,
    single_file=".npz",
    survey=survey,
    kaggle=("medmnist",),
    holds="*.npz",
    source=Source(
        downloads=tuple(
            Download(f"{PUBLISHER}/{name}.npz?download=1", f"{name}.npz", f"md5:{digest}", most_bytes)
            for name, (digest, most_bytes) in PUBLISHED.items()
        ),
        by_hand=(
            "download pneumoniamnist.npz, breastmnist.npz or chestmnist.npz from zenodo.org/record/6496656 and put it into "
            "data/medmnist"
        ),
    ),
)
def medmnist(folder: Path, *, collection: str = "") -> Dataset:
    """Read PneumoniaMNIST, BreastMNIST or ChestMNIST from its .npz file.

    Args:
        folder: The file, or the folder that holds it.
        collection: Name of the file without ending, e.g. `pneumoniamnist` or `chestmnist_64`; empty takes the only
            one there is.

    Returns:
        The data set with its official parts; label `pneumonia` or `malignant`, or fourteen findings.

    Raises:
        UsageError: When it is not clear which file is meant.
        DataError: When the file is not what MedMNIST publishes.
    """
    archive = _choose(folder, collection)
    known = COLLECTIONS[archive.stem.partition("_")[0]]
    parts = [_read_part(archive, part, known) for part in PARTS]
    index = pd.concat(parts, ignore_index=True)
    index["image_id"] = unique_image_ids(index["image_id"])
    index["patient_id"] = index["image_id"]
    notes = ["Nobody published whose films these are."]
    if known.positive == 0:
        notes.append("Its numbers are turned round, so that malignant is the positive answer.")
    return Dataset(index, known.task, archive.parent, tuple(notes), patients_known=False)


def _choose(place: Path, collection: str) -> Path:
    """Return the archive that is meant."""
    found = [place] if place.is_file() else sorted(place.glob("*.npz"))
    found = [p for p in found if p.stem in _known_names()]
    chosen = [p for p in found if collection in ("", p.stem)]
    if collection and collection not in _known_names():
        raise no_such("collection", collection, COLLECTIONS)
    if not chosen:
        raise DataError(
            f"{place.name!r} holds no {collection or 'file of MedMNIST'}; put {collection or 'pneumoniamnist'}.npz there."
        )
    if len(chosen) > 1:
        raise UsageError(
            f"{place.name!r} holds several files of MedMNIST; choose one with option 'collection': "
            f"{', '.join(p.stem for p in chosen)}."
        )
    return chosen[0]


def _known_names() -> set[str]:
    return {f"{name}_{side}" for name in COLLECTIONS for side in SIZES} | set(COLLECTIONS)


def _read_part(archive: Path, part: str, known: Collection) -> "pd.DataFrame":
    """Return image id, path, labels and part of the films of one part."""
    (facts,) = file_facts(archive.parent, [archive])
    stored = runs.outputs_root() / ".cache" / "arrays" / f"{facts['image_id']}-{part}-{REVISION}.npy"
    owner_only.make_folder(stored.parent)
    with opened(archive) as members:
        labels = read_labels(members, f"{part}_labels")
        ids = unpack_rows(members, f"{part}_images", stored)
    if labels.shape != (len(ids), known.columns):
        raise DataError(
            f"{archive.name} has {len(ids)} {part} images but labels of shape {labels.shape}; replace it by the "
            "published one."
        )
    answers = labels == (known.positive if known.columns == 1 else 1)
    return pd.DataFrame(
        {
            "image_id": ids,
            "path": [row_reference(stored, row) for row in range(len(ids))],
            **dict(zip(known.task.labels, answers.T.astype(np.float32), strict=True)),
            "split": PARTS[part],
        }
    )
