"""Answers to a folder of films as CSV, row by row, and what is to be said of them: what `radlib predict` does.

Rows are written as films are answered, so that memory stays the same for a hundred films and for a hundred thousand;
only who chooses thresholds on the films themselves must have seen all of them first. Numbers are written in full, see
`deciding`.
"""

import contextlib
import csv
import dataclasses
import io
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from radlib.deployment.described_variants import folder_of
from radlib.deployment.folder_shift import folder_kind, noting
from radlib.deployment.own_films import Reading, read_films
from radlib.deployment.threshold_files import read_thresholds, stated
from radlib.evaluation.deciding import NO_NUMBER, NO_THRESHOLD, OUTSIDE, Decider
from radlib.foundation.errors import UsageError
from radlib.foundation.plain_text import plain_cell
from radlib.foundation.storage import atomic_path, write_json
from radlib.runs.tasks import task_of
from radlib.runs.variants import Variant

Say = Callable[[str], None]


@dataclass(frozen=True)
class Choices:
    """What decides on the films, and which columns there are.

    Attributes:
        thresholds: A file of thresholds in place of the variant's own; None for these.
        stated: Label and threshold of each that was typed; they go before the file's.
        labels: A table of the site's own answers, on which thresholds are chosen anew; None for none.
        keep_at: Where thresholds chosen anew are written; None for beside `labels`.
        with_files: Whether the table names the files.
        compared: Whether films are compared with those that the variant was trained on.
    """

    thresholds: Path | None = None
    stated: Sequence[tuple[str, str]] = ()
    labels: Path | None = None
    keep_at: Path | None = None
    with_files: bool = False
    compared: bool = True


def answer_films(
    variant: Path,
    films: Path | Sequence[Path],
    choices: Choices,
    *,
    to: Path | None,
    show: Say,
    say: Say,
    read: Callable[..., Reading] | None = None,
    each: Callable[[Mapping[str, Any]], None] | None = None,
) -> int:
    """Answer films and write the table.

    Args:
        variant: Folder of the variant, in a run or exported, or the `variant.json` in it.
        films: A folder of films, or one; or several of both.
        choices: See `Choices`.
        to: A CSV file, written whole or not at all; None shows the rows as they come. Beside it lies
            `NAME.shift.json`: how far the films as a whole are from those that the variant was tested on, and how
            sure it is of them.
        show: Takes the text of rows that are to be shown.
        say: Takes a sentence for the user.
        read: How films are read, in place of `own_films.read_films`.
        each: Is told each row.

    Returns:
        The number of films.

    Raises:
        UsageError: For a threshold that is none, or a target that is a folder.
        DataError: When there is no film, or none can be read.
    """
    if to is not None and to.is_dir():
        raise UsageError(f"{to.name} is a folder; name the CSV file to write.")
    reading = (read or read_films)(variant, films, compared=choices.compared)
    decider = decider_of(reading.variant, reading.record, choices)
    for line in warnings_before(reading.variant, reading.record):
        say(line)
    if choices.labels is not None:
        reading, decider = _recalibrated(folder_of(variant), reading, decider, choices, say)
    counts: Counter[str] = Counter()
    sure: list[float] = []
    rows = _counted(map(decider.row, noting(reading.answers, decider.task, sure)), counts, each)
    columns = [c for c in decider.columns(reading.warned) if c != "file" or choices.with_files]
    with _target(to, show) as stream:
        write_rows(stream, columns, rows)
    for line in _remarks(counts, reading):
        say(line)
    _tell_kind(reading, sure, to, say)
    return counts["films"]


def _tell_kind(reading: Reading, sure: Sequence[float], to: Path | None, say: Say) -> None:
    """Say of what kind the folder as a whole is and how sure the network is of it; write both beside the table."""
    if reading.reference is None:
        return
    found = folder_kind(reading.reference, reading.looks, reading.record.get("confidence", {}), sure)
    for part in (found, found.get("confidence", {})):
        if part:
            say(part["sentence"])
    if to is not None:
        write_json(to.with_suffix(".shift.json"), found)


def write_rows(stream: TextIO, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows as CSV, the heading first; columns that a row does not have stay empty."""
    stream.write(heading_text(columns))
    for row in rows:
        stream.write(row_text(columns, row))
        stream.flush()


def heading_text(columns: Sequence[str]) -> str:
    """Return the heading of a table as a line of CSV."""
    return _line([plain_cell(column) for column in columns])


def row_text(columns: Sequence[str], row: Mapping[str, Any]) -> str:
    """Return a row as a line of CSV; columns that it does not have stay empty."""
    return _line([_cell(row.get(column, "")) for column in columns])


def _line(cells: Sequence[str]) -> str:
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\n").writerow(cells)
    return stream.getvalue()


def _cell(value: Any) -> str:
    """Return a value as a cell has it: numbers in full, so that nothing computed from them again differs."""
    if isinstance(value, str):
        return plain_cell(value)
    number = float(value)
    return "" if math.isnan(number) else repr(number)


class _Shown(io.StringIO):
    """Text that is shown whenever it is flushed."""

    def __init__(self, show: Say):
        super().__init__(newline="")
        self._show = show

    def flush(self) -> None:
        text = self.getvalue()
        self.seek(0)
        self.truncate()
        if text:
            self._show(text)


@contextlib.contextmanager
def _target(path: Path | None, show: Say) -> Iterator[TextIO]:
    if path is None:
        yield _Shown(show)
        return
    with (
        atomic_path(path) as partial,
        partial.open("w", encoding="utf-8", newline="") as stream,
    ):
        yield stream


def decider_of(variant: Variant, record: Mapping[str, Any], choices: Choices) -> Decider:
    """Return what decides: at the variant's own thresholds, those of a file, or those that were typed."""
    chosen = list(record["thresholds"])
    if choices.thresholds is not None:
        chosen, _ = read_thresholds(choices.thresholds, variant)
    return Decider(task_of(variant), stated(variant, chosen, choices.stated))


def warnings_before(variant: Variant, record: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is to be said of a variant before it answers."""
    if said := record.get("alarm"):
        yield said
    if missing := record.get("missing"):
        yield f"{variant.name} was exported unfinished: {'; '.join(map(str, missing))}."


def _recalibrated(
    source: Path, reading: Reading, decider: Decider, choices: Choices, say: Say
) -> tuple[Reading, Decider]:
    """Return the answers, all of them by now, and a decider with thresholds chosen on them."""
    from radlib.deployment.site_threshold import recalibrate_site

    answers = list(reading.answers)
    thresholds = recalibrate_site(source, reading, answers, decider, choices.labels, choices.keep_at, say)
    return dataclasses.replace(reading, answers=iter(answers)), dataclasses.replace(
        decider, thresholds=thresholds
    )


def _counted(
    rows: Iterable[Mapping[str, Any]], counts: Counter[str], each: Callable | None
) -> Iterator[Mapping[str, Any]]:
    """Yield rows, counting what is to be said of them at the end."""
    for row in rows:
        if each is not None:
            each(row)
        reason = row["reason"]
        counts["films"] += 1
        counts["unlike"] += bool(row.get("warning"))
        for part in (NO_NUMBER, OUTSIDE, NO_THRESHOLD):
            counts[part] += part in reason
        counts["unread"] += bool(reason) and not any(
            part in reason for part in (NO_NUMBER, OUTSIDE, NO_THRESHOLD)
        )
        yield row


def _remarks(counts: Mapping[str, int], reading: Reading) -> Iterator[str]:
    films = counts["films"]
    if unlike := counts["unlike"]:
        yield (
            f"{_films(unlike)} of {films:,} {'is' if unlike == 1 else 'are'} unlike those that the variant was trained on "
            "(column warning); its answers to them mean little."
        )
    if unread := counts["unread"]:
        yield f"{_films(unread, 'file')} of {films:,} could not be read (column reason)."
    if wrong := counts[NO_NUMBER] + counts[OUTSIDE]:
        yield (
            f"{_films(wrong)} of {films:,} {'has' if wrong == 1 else 'have'} no decision: what {reading.variant.name} gave is "
            "no probability (column reason); build it again."
        )
    if counts[NO_THRESHOLD]:
        yield (
            f"{reading.variant.name} has no threshold{' for some labels' * _some(reading)}: no decisions; state one with "
            "--threshold, or choose it on labelled films with --recalibrate."
        )


def _some(reading: Reading) -> bool:
    return any(value is not None for value in reading.record["thresholds"])


def _films(count: int, noun: str = "film") -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")
