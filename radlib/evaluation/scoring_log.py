"""Every scoring of the test films leaves a line: which model, which films, and under which choices."""

import csv
import hashlib
import io
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from radlib.evaluation.choices import selection_digest
from radlib.foundation.storage import atomic_path, disk_errors
from radlib.runs.runs import Run
from radlib.runs.studies import notebooks_folder
from radlib.runs.variants import Variant

FILE = "test_log.csv"
TEST_LOG = ("date", "study", "variant", "model", "films", "selection", "test_films")
UNNAMED = TEST_LOG[:-1]  # as long as a log did not say which films they were
MODEL_DIGITS = 12
LARGEST_BYTES = 16_000_000  # of a log; what is larger is none


def log_test(run: Run, variant: Variant, image_ids: Iterable[str]) -> None:
    """Add a line to the run's test log, and to the study's in the checkout when its films are public.

    The log is written whole each time, so that its digest is noted like that of every file of a run.
    """
    ids = list(image_ids)
    line = (
        datetime.now(UTC).isoformat(timespec="seconds"),
        run.study.name,
        variant.name,
        variant.sha256[:MODEL_DIGITS],
        len(ids),
        selection_digest(run),
        films_digest(ids),
    )
    for path in logs_of(run):
        with disk_errors(path):
            before = _begun(path.read_bytes()) if path.is_file() else b""
            with atomic_path(path) as partial, partial.open("w", encoding="utf-8", newline="") as stream:
                stream.buffer.write(before)
                writer = csv.writer(stream, lineterminator="\n")
                writer.writerows([line] if before else [TEST_LOG, line])


def _begun(content: bytes) -> bytes:
    """Return a log with the columns of today; lines from before the last one was kept leave it empty."""
    older = ",".join(UNNAMED).encode() + b"\n"
    if content and not content.endswith(b"\n"):
        content += b"\n"
    if not content.startswith(older):
        return content
    return ",".join(TEST_LOG).encode() + b"\n" + content[len(older) :].replace(b"\n", b",\n")


def films_digest(image_ids: Iterable[str]) -> str:
    """Return 12 hex digits that name a set of films, whatever size they are prepared to and in whatever order they stand.

    An image id is a digest of the film's file, so that the same files have the same digest in every study and on every
    machine, and nothing of a film can be made out from it. A set with one film more or less is another set.

    Example:
        >>> films_digest(["b", "a"]) == films_digest(["a", "b"]) != films_digest(["a", "c"])
        True
    """
    return hashlib.sha256("\n".join(sorted(map(str, image_ids))).encode()).hexdigest()[:12]


def read_log(path: Path) -> tuple[list[dict[str, str]], bool]:
    """Return the lines of a log that can be read, and whether that is all of it; a torn or foreign log stops nobody.

    Args:
        path: Of the log.

    Returns:
        A record of `TEST_LOG` per line, `test_films` empty where it was not noted yet; False where something was left out.
    """
    try:
        if path.stat().st_size > LARGEST_BYTES:
            return [], False
        rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
    except (OSError, ValueError, csv.Error):
        return [], False
    if not rows or tuple(rows[0]) not in (TEST_LOG, UNNAMED):
        return [], False
    whole = [row for row in rows[1:] if len(row) == len(rows[0])]
    return [dict(zip(TEST_LOG, [*row, ""], strict=False)) for row in whole], len(whole) == len(rows) - 1


def logs_of(run: Run) -> list[Path]:
    """Return the logs that a scoring of the run's test films goes to."""
    published = published_results() / run.study.name
    return [
        run.path(FILE),
        *([published / FILE] if run.study.test_is_public and published.is_dir() else []),
    ]


def published_results() -> Path:
    """Return the folder of the checkout with the published results of studies, whether it is there or not."""
    return notebooks_folder().parent / "docs" / "results"
