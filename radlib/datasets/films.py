"""The films of a run: decoded, split by patient, and named by ids that say nothing about a person.

This is what everything above works with. Pixels stay in one memory-mapped file; a split, a batch or any other
selection is a list of positions in it. Which file an image id stands for is written to one place only, the
run's private folder, which no report or notebook reads.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np

from radlib.datasets.copies import find_copies, group_copies
from radlib.datasets.dataset import Dataset, load_dataset
from radlib.datasets.film_records import films_fingerprint, record_files, record_splits
from radlib.datasets.known_places import known_places
from radlib.datasets.splits import SPLITS, split_by_patient
from radlib.foundation.extras import pandas as pd
from radlib.foundation.human_units import plural
from radlib.imaging import images
from radlib.imaging.decoding import decode
from radlib.imaging.narrow_range import narrow_note
from radlib.imaging.resemblance import DIGEST_BYTES
from radlib.runs import runs
from radlib.runs.seen_films import write_seen_films
from radlib.runs.settings import Settings
from radlib.runs.tasks import Task


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
        masks: Where a task asks for outlines, uint8 (N, s, s, labels), 1 or 0, in the rows of `source`; else None.
        marked: Where it asks for boxes, float64 (N, most, 5), in the same rows: number of the label, left, top, width and height in
            pixels of the prepared square, NaN where a film has fewer; else None.
    """

    index: "pd.DataFrame"
    source: np.ndarray
    positions: np.ndarray
    labels: np.ndarray
    task: Task
    preprocessing: images.Preprocessing
    masks: np.ndarray | None = None
    marked: np.ndarray | None = None

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

    @property
    def places(self) -> np.ndarray | None:
        """What is known of places, in the rows of `source`: masks or boxes; None where no place is asked for."""
        return self.marked if self.masks is None else self.masks

    @property
    def truth(self) -> np.ndarray:
        """What answers are judged by: labels, (n, labels), masks, (n, s, s, labels), or boxes, (n, most, 5)."""
        places = self.places
        return self.labels if places is None else places[self.positions]

    def answers(self, positions: Sequence[int] | np.ndarray | slice = slice(None)) -> np.ndarray:
        """Return what a network should answer to films: float32 (k, outputs), or maps, (k, rows, columns, outputs)."""
        places = self.places
        if places is None:
            return self.task.targets(self.labels[positions])
        return self.task.wanted(places[self.positions[positions]], self.source.shape[1])

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
        height, width = int(row["stored_height"]), int(row["stored_width"])
        place = images.placement(height, width, self.preprocessing)
        return [place.of_box(box, width, height) for box in boxes]


@dataclass(frozen=True)
class FilmSplits:
    """The films of a run, split by patient.

    Attributes:
        dataset: Where they come from; its index has the split of each film, and no path.
        preprocessing: What the files went through.
        training: To learn from.
        validation: To choose with.
        test: To report on, once.
        quarantine: `image_id` and `reason` of films that could not be decoded.
        fingerprint: 16 hex digits over ids, labels, splits and preprocessing.
        copies: Pairs of films that are one exposure, see `copies.copies_table`.
    """

    dataset: Dataset
    preprocessing: images.Preprocessing
    training: Films
    validation: Films
    test: Films
    quarantine: "pd.DataFrame"
    fingerprint: str
    copies: "pd.DataFrame" = field(default_factory=lambda: pd.DataFrame())

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
    dataset = load_dataset(settings)
    preprocessing = preprocessing_of(settings)
    # Sorted, so that films lie in the store in the order in which they are read.
    ordered = dataset.index.sort_values("image_id", kind="stable").reset_index(drop=True)
    decoded = decode.decode_films(ordered, preprocessing, run.cache_folder)
    record_files(run, ordered.drop(columns="masks", errors="ignore"), decoded.quarantine)
    pairs = find_copies(decoded.kept["image_id"].tolist(), decoded.marks, run.cache_folder)
    dataset = split_by_patient(
        dataclasses.replace(
            dataset, index=group_copies(ordered.drop(columns=["path", "masks"], errors="ignore"), pairs)
        ),
        validation_fraction=settings.validation_fraction,
        test_fraction=settings.test_fraction,
        seed=settings.split_seed,
        id_scope=settings.id_scope,
    )
    if len(decoded.quarantine):
        note = f"{plural(len(decoded.quarantine), 'film')} could not be read (quarantine.csv)."
        dataset = dataclasses.replace(dataset, notes=(*dataset.notes, note))
    if said := narrow_note(decoded.pixels, decoded.positions, decoded.kept, preprocessing):
        dataset = dataclasses.replace(dataset, notes=(*dataset.notes, *said))
    stored = decoded.kept[["image_id", "stored_height", "stored_width"]]
    stored = stored[stored["image_id"].isin(dataset.index["image_id"])]
    kept = stored.merge(dataset.index, on="image_id", validate="one_to_one")
    copies = record_splits(run, dataset, kept, pairs)
    pixel_digests = decoded.marks[stored.index, :DIGEST_BYTES]
    write_seen_films(run.folder, zip(kept["image_id"], kept["split"], map(bytes, pixel_digests), strict=True))
    films = Films(
        index=kept,
        source=decoded.pixels,
        positions=decoded.positions[stored.index],
        labels=dataset.task.label_matrix(kept),
        task=dataset.task,
        preprocessing=preprocessing,
        **known_places(dataset.task, ordered, kept, decoded, preprocessing),
    )
    parts = {name: films.take(np.flatnonzero(kept["split"] == name)) for name in SPLITS}
    return FilmSplits(
        dataset=dataset,
        preprocessing=preprocessing,
        quarantine=decoded.quarantine,
        fingerprint=films_fingerprint(kept, films.labels, preprocessing, films.places),
        copies=copies,
        **parts,
    )


def preprocessing_of(settings: Settings) -> images.Preprocessing:
    """Return what files go through under these settings."""
    return images.Preprocessing(
        settings.image_size,
        settings.resize,
        tuple(settings.operations),
        window=settings.window,
        resampling=settings.resampling,
    )


def films_for(run: runs.Run, films: FilmSplits) -> FilmSplits:
    """Return `films` if they are prepared as this network wants them, else open them so."""
    return films if films.preprocessing == preprocessing_of(run.settings) else open_films(run)
