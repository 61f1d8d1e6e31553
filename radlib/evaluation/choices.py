"""The file of choices, `selection.json`: read by all, written by `selection` alone."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from radlib.foundation.errors import UsageError
from radlib.foundation.record_files import damaged, read_object
from radlib.foundation.storage import file_sha256
from radlib.runs.variants import Variant

if TYPE_CHECKING:  # who reads one variant's threshold needs no run opened
    from radlib.runs.runs import Run

FILE = "selection.json"
CHOOSE_AGAIN = "start radlib run again with the same command and --fresh, it chooses again by the same rule"


def read_selection(run: "Run") -> dict[str, Any]:
    """Return the choices made on validation films.

    Raises:
        UsageError: When none have been made.
        DataError: When the file is damaged.
    """
    if not run.path(FILE).is_file():
        raise UsageError(
            f"{run.folder.name} has no {FILE}: thresholds are chosen on validation films before the test films are "
            "scored; call radlib.select(run, films) first."
        )
    return read_choices(run.path(FILE))


def read_choices(path: Path, *, digest: bool = True) -> dict[str, Any]:
    """Return what a file of choices holds.

    Args:
        path: The file.
        digest: Whether it must be the one that was written, where that was noted.

    Raises:
        DataError: When it is damaged.
    """
    chosen = read_object(path, CHOOSE_AGAIN, needs={"variants": dict}, digest=digest)
    for name, entry in chosen["variants"].items():
        value = entry.get("threshold") if isinstance(entry, dict) else ""
        points = value if isinstance(value, list) else [value]
        if not all(point is None or type(point) in (int, float) for point in points):
            raise damaged(path, f"the threshold of {name} is no number", CHOOSE_AGAIN)
    return chosen


def selection_digest(run: "Run") -> str:
    """Return 12 hex digits over the file of choices as it is now."""
    return file_sha256(run.path(FILE))[:12]


def check_selected(run: "Run", variants: Sequence[Variant]) -> None:
    """Make sure that every variant's threshold was chosen, for this very model file.

    Raises:
        UsageError: When one was not; the message says what to call.
    """
    chosen = read_selection(run)["variants"]
    for variant in variants:
        if chosen.get(variant.name, {}).get("model_sha256") != variant.sha256:
            raise UsageError(
                f"{variant.name} has no threshold from validation films yet; call radlib.select(run, films) before "
                "scoring the test films."
            )


def thresholds(entry: Mapping[str, Any]) -> np.ndarray:
    """Return a variant's thresholds, float64 (labels,), NaN where none could be chosen."""
    value = entry["threshold"]
    values = value if isinstance(value, list) else [value]
    return np.array([np.nan if v is None else v for v in values], np.float64)
