"""What a run writes about its films: what a report may say, in files without a path or a patient's number."""

import dataclasses
import hashlib
import json

import numpy as np

from radlib.datasets.copies import copies_table
from radlib.datasets.dataset import Dataset
from radlib.datasets.splits import leakage_check
from radlib.foundation import storage
from radlib.foundation.errors import DataError
from radlib.foundation.extras import pandas as pd
from radlib.foundation.plain_text import table_text
from radlib.imaging import images
from radlib.runs import private, runs

MAX_UNREADABLE = 0.05


def record_files(run: runs.Run, index: "pd.DataFrame", quarantine: "pd.DataFrame") -> None:
    """Write which films could not be used and, privately, which file each id stands for.

    Args:
        run: The run.
        index: All films, with `image_id` and `path`.
        quarantine: `image_id` and `reason` of those that could not be decoded.

    Raises:
        DataError: When they are more than 5 %; both files are written before.
    """
    storage.write_text(run.path("quarantine.csv"), table_text(quarantine))
    private.write_films(run.folder, index)
    if len(quarantine) > MAX_UNREADABLE * len(index):
        worst = quarantine["reason"].mode()[0]
        raise DataError(
            f"{len(quarantine)} of {len(index)} films cannot be used, most because one "
            f"{images.reason_text(worst)}; quarantine.csv lists them by id and private/films.csv names their files."
        )


def record_splits(
    run: runs.Run, dataset: Dataset, kept: "pd.DataFrame", pairs: "pd.DataFrame"
) -> "pd.DataFrame":
    """Write what a report says of the films, after checking again that the splits share no patient.

    Again, because a split may have lost its last film of an answer to the quarantine.

    Args:
        run: The run.
        dataset: After the split.
        kept: The rows of its index whose films could be decoded.
        pairs: Copies among them, see `copies.find_copies`.

    Returns:
        The copies with the splits that they lie in, as `copies.csv` has them: image ids, no path.
    """
    splits = leakage_check(dataclasses.replace(dataset, index=kept))
    overlapping = kept["overlaps"] & (kept["split"] == "test") & (dataset.id_scope == "folder")
    copies = copies_table(kept, pairs)
    described = {key: getattr(dataset, key) for key in ("name", "title", "citation", "licence", "notes")}
    record = {
        "dataset": described,
        "patients_known": dataset.patients_known,
        "official_parts": list(dataset.official_parts),
        "splits": json.loads(splits.to_json(orient="records")),
        "overlapping_test_films": kept.loc[overlapping, "image_id"].tolist(),
    }
    storage.write_json(run.path("films.json"), record)
    storage.write_text(run.path("copies.csv"), table_text(copies))
    return copies


def films_fingerprint(
    index: "pd.DataFrame", labels: np.ndarray, preprocessing: images.Preprocessing, places: np.ndarray | None = None
) -> str:  # fmt: skip
    """Return 16 hex digits over ids, labels, splits and preprocessing; of outlines and boxes over what was drawn by hand, too."""
    rows = sorted(zip(index["image_id"], labels.astype(str).tolist(), index["split"], strict=True))
    drawn = [] if places is None else [hashlib.sha256(places.tobytes()).hexdigest()]
    content = json.dumps([preprocessing.digest(), rows, *drawn])
    return hashlib.sha256(content.encode()).hexdigest()[:16]
