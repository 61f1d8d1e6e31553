"""The films of a run: decoded, split by patient, and named by ids that say nothing about a person.

This is what everything above works with. Pixels stay in one memory-mapped file; a split, a batch or any other
selection is a list of positions in it. Which file an image id stands for is written to one place only, the
run's private folder, which no report or notebook reads.
"""

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd

from radlib import decode, images, runs, storage
from radlib.augmentation import NO_AUGMENTATION, Augmentation, augment_batch
from radlib.datasets import Dataset, load_dataset
from radlib.datasets.splits import SPLITS, leakage_check, split_by_patient
from radlib.errors import DataError
from radlib.studies import Settings
from radlib.tasks import Task

MAX_UNREADABLE = 0.05
PERTURBATION_SEED = 0


@dataclass(frozen=True)
class Films:
    """A selection of decoded films.

    Attributes:
        index: One row per film, as `Dataset.index` but without paths; with `stored_height` and
            `stored_width`, pixels.
        source: Decoded films, uint8 (N, s, s), usually a read-only map of all that are in the store.
        positions: (n,) rows of `source` that this selection has, in order.
        labels: float32 (n, labels): 1, 0, NaN unknown.
        task: What is asked.
        preprocessing: What the files went through.
    """

    index: pd.DataFrame
    source: np.ndarray
    positions: np.ndarray
    labels: np.ndarray
    task: Task
    preprocessing: images.Preprocessing

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def pixels(self) -> np.ndarray:
        """The films, uint8 (n, s, s): a view where they lie side by side in the source, else a copy."""
        first, last = (self.positions[0], self.positions[-1]) if len(self) else (0, -1)
        if last - first + 1 == len(self) and (np.diff(self.positions) == 1).all():
            return self.source[first : last + 1]
        return self.source[self.positions]

    @property
    def source_path(self) -> Path | None:
        """The file that `source` maps, None when it is held in memory."""
        name = getattr(self.source, "filename", None)
        return Path(name) if name else None

    @property
    def image_ids(self) -> np.ndarray:
        """(n,) text."""
        return self.index["image_id"].to_numpy(dtype=str)

    @property
    def patient_ids(self) -> np.ndarray:
        """(n,) text, as they count in the split."""
        return self.index["patient_id"].to_numpy(dtype=str)

    def images(self, positions: Sequence[int] | np.ndarray | slice = slice(None)) -> np.ndarray:
        """Return films as a network takes them.

        Args:
            positions: Which of this selection, in which order.

        Returns:
            float32 (k, s, s, 1) in [0, 1].
        """
        chosen = self.source[self.positions[positions]]
        return (chosen.astype(np.float32) / np.float32(255))[..., None]

    def take(self, positions: Sequence[int] | np.ndarray) -> Self:
        """Return a selection of this selection; no pixel is copied."""
        rows = np.arange(len(self))[np.asarray(positions) if len(positions) else []]
        return dataclasses.replace(
            self,
            index=self.index.iloc[rows].reset_index(drop=True),
            positions=self.positions[rows],
            labels=self.labels[rows],
        )

    def boxes(self, position: int) -> list[tuple[float, float, float, float]]:
        """Return the boxes of a film as (x, y, width, height) in pixels of the prepared square."""
        row = self.index.iloc[position]
        boxes = row.get("boxes")
        if not isinstance(boxes, list):
            return []
        size, height, width = self.preprocessing.image_size, row["stored_height"], row["stored_width"]
        across, down, left, top = size / width, size / height, 0.0, 0.0
        if self.preprocessing.resize == "pad":
            across = down = size / max(height, width)
            left, top = (size - width * across) // 2, (size - height * down) // 2
        return [(left + x * across, top + y * down, w * across, h * down) for x, y, w, h in boxes]


@dataclass(frozen=True)
class FilmSplits:
    """The films of a run, split by patient.

    Attributes:
        dataset: Where they come from; its index has the split of each film, and paths, which stay private.
        preprocessing: What the files went through.
        training: To learn from.
        validation: To choose with.
        test: To report on, once.
        quarantine: `image_id` and `reason` of films that could not be decoded.
        fingerprint: 16 hex digits over ids, labels, splits and preprocessing.
    """

    dataset: Dataset
    preprocessing: images.Preprocessing
    training: Films
    validation: Films
    test: Films
    quarantine: pd.DataFrame
    fingerprint: str

    def split(self, name: str) -> Films:
        """Return the films of `training`, `validation` or `test`."""
        return {"training": self.training, "validation": self.validation, "test": self.test}[name]


def open_films(run: runs.Run) -> FilmSplits:
    """Find, split and decode the films of a run; the second time, only map them.

    Args:
        run: Its settings say which films, and what becomes of them.

    Returns:
        The films.

    Raises:
        DataError: When films are missing, contradictory, or more than 5 % cannot be decoded.
    """
    settings = run.settings
    dataset = split_by_patient(
        load_dataset(settings),
        validation_fraction=settings.validation_fraction,
        test_fraction=settings.test_fraction,
        seed=settings.split_seed,
        id_scope=settings.id_scope,
    )
    preprocessing = images.Preprocessing(settings.image_size, settings.resize, tuple(settings.operations))
    # Sorted, so that films lie in the store in the order in which they are read.
    ordered = dataset.index.sort_values("image_id", kind="stable").reset_index(drop=True)
    decoded = decode.decode_films(ordered, preprocessing, run.cache_folder)
    kept, quarantine = decoded.kept, decoded.quarantine
    _record(run, ordered, quarantine)
    if len(quarantine):
        note = f"{len(quarantine)} films could not be read (quarantine.csv)."
        dataset = dataclasses.replace(dataset, notes=(*dataset.notes, note))
    _describe(run, dataset, kept)
    films = Films(
        index=kept.drop(columns="path"),
        source=decoded.pixels,
        positions=decoded.positions,
        labels=dataset.task.label_matrix(kept),
        task=dataset.task,
        preprocessing=preprocessing,
    )
    parts = {name: films.take(np.flatnonzero(kept["split"] == name)) for name in SPLITS}
    return FilmSplits(
        dataset=dataset,
        preprocessing=preprocessing,
        quarantine=quarantine,
        fingerprint=_fingerprint(kept, films.labels, preprocessing),
        **parts,
    )


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
    return dataclasses.replace(films, source=changed, positions=np.arange(len(films)))


def choice_films(films: FilmSplits, settings: Settings) -> Films:
    """Return the validation films that choices are made on: as they are, or perturbed, as the settings say.

    One fixed set of perturbed copies, so that every epoch and every variant answers to the same.
    """
    if settings.operating_point_films == "perturbed":
        return perturbed(films.validation, settings.perturbation, PERTURBATION_SEED)
    return films.validation


def _record(run: runs.Run, index: pd.DataFrame, quarantine: pd.DataFrame) -> None:
    """Write which films could not be used and, privately, which file each id stands for."""
    storage.write_text(run.path("quarantine.csv"), quarantine.to_csv(index=False))
    storage.write_text(run.path("private", "films.csv"), index[["image_id", "path"]].to_csv(index=False))
    if len(quarantine) > MAX_UNREADABLE * len(index):
        worst = quarantine["reason"].mode()[0]
        raise DataError(
            f"{len(quarantine)} of {len(index)} films cannot be used, most because one "
            f"{images.REASONS[worst]}; quarantine.csv lists them by id and private/films.csv names their files."
        )


def _describe(run: runs.Run, dataset: Dataset, kept: pd.DataFrame) -> None:
    """Write what a report says of the films, after checking again that the splits share no patient.

    Again, because a split may have lost its last film of an answer to the quarantine.
    """
    splits = leakage_check(dataclasses.replace(dataset, index=kept))
    overlapping = kept["overlaps"] & (kept["split"] == "test") & (dataset.id_scope == "folder")
    record = {
        "dataset": {key: getattr(dataset, key) for key in ("name", "title", "citation", "licence", "notes")},
        "splits": json.loads(splits.to_json(orient="records")),
        "overlapping_test_films": kept.loc[overlapping, "image_id"].tolist(),
    }
    storage.write_json(run.path("films.json"), record)


def _fingerprint(index: pd.DataFrame, labels: np.ndarray, preprocessing: images.Preprocessing) -> str:
    rows = sorted(zip(index["image_id"], labels.astype(str).tolist(), index["split"], strict=True))
    content = json.dumps([preprocessing.digest(), rows])
    return hashlib.sha256(content.encode()).hexdigest()[:16]
