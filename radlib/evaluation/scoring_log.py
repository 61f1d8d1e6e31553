"""Every scoring of the test films leaves a line: which model, how many films, and under which choices."""

import csv
from datetime import UTC, datetime
from pathlib import Path

from radlib.evaluation.choices import selection_digest
from radlib.foundation.storage import atomic_path, disk_errors
from radlib.runs.runs import Run
from radlib.runs.studies import notebooks_folder
from radlib.runs.variants import Variant

FILE = "test_log.csv"
TEST_LOG = ("date", "study", "variant", "model", "films", "selection")
MODEL_DIGITS = 12


def log_test(run: Run, variant: Variant, films: int) -> None:
    """Add a line to the run's test log, and to the study's in the checkout when its films are public.

    The log is written whole each time, so that its digest is noted like that of every file of a run.
    """
    line = (
        datetime.now(UTC).isoformat(timespec="seconds"),
        run.study.name,
        variant.name,
        variant.sha256[:MODEL_DIGITS],
        films,
        selection_digest(run),
    )
    for path in logs_of(run):
        with disk_errors(path):
            before = path.read_bytes() if path.is_file() else b""
            with atomic_path(path) as partial, partial.open("w", encoding="utf-8", newline="") as stream:
                stream.buffer.write(before)
                writer = csv.writer(stream, lineterminator="\n")
                writer.writerows([line] if before else [TEST_LOG, line])


def logs_of(run: Run) -> list[Path]:
    """Return the logs that a scoring of the run's test films goes to."""
    published = notebooks_folder().parent / "docs" / "results" / run.study.name
    return [
        run.path(FILE),
        *([published / FILE] if run.study.test_is_public and published.is_dir() else []),
    ]
