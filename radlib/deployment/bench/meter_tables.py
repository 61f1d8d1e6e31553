"""The table of a meter that was read by something else: a USB meter, a laboratory supply, another computer.

Two columns are needed: a time (seconds since 1970, or ISO 8601) and watts. Their headings may be written in several ways,
and other columns are left alone. What is between two lines is taken for a straight line.
"""

import csv
import datetime
import itertools
import math
from pathlib import Path

from radlib.foundation.errors import DataError

TIMES = ("time", "timestamp", "time_s", "date", "datetime", "seconds")
POWERS = ("watts", "watt", "power", "power_w", "w")
MOST_GAP_SECONDS = 2.0  # between lines: what happened in a longer gap, nobody knows
REMEDY = "give a CSV file with the columns time (seconds since 1970 or ISO 8601) and watts"


def read_meter_table(path: Path) -> list[tuple[float, float]]:
    """Return what a meter's table says, in the order of time.

    Args:
        path: A CSV file with a heading; comma, semicolon or tab.

    Returns:
        (seconds since 1970, watts) of every line. A time of day without a zone is taken for UTC.

    Raises:
        DataError: When it is no such table, or a cell is no number; the sentence names the line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise DataError(f"{path.name} cannot be read as a table; {REMEDY}.") from None
    heading = text.partition("\n")[0]
    separator = max(",;\t", key=heading.count)
    rows = csv.reader(text.splitlines(), delimiter=separator)
    names = [name.strip().lower().replace(" ", "_").strip("[]()") for name in next(rows, [])]
    time_at, power_at = (
        next((names.index(n) for n in known if n in names), None) for known in (TIMES, POWERS)
    )
    if time_at is None or power_at is None:
        missing = "time" if time_at is None else "watts"
        raise DataError(f"{path.name} has no column {missing}; {REMEDY}.")
    found = []
    for number, row in enumerate(rows, start=2):
        if not any(cell.strip() for cell in row):
            continue
        try:
            point = _moment(row[time_at].strip()), float(row[power_at].strip())
        except (ValueError, IndexError):
            raise DataError(
                f"Line {number} of {path.name} is not a time and a number of watts; {REMEDY}."
            ) from None
        if not all(map(math.isfinite, point)):
            raise DataError(f"Line {number} of {path.name} is not a time and a number of watts; {REMEDY}.")
        found.append(point)
    if not found:
        raise DataError(f"{path.name} has no line below its heading; {REMEDY}.")
    return sorted(found)


def check_covered(readings: list[tuple[float, float]], begun: float, ended: float, name: str) -> None:
    """Make sure that a meter was read from one moment to another without a long gap.

    Raises:
        DataError: When it was not; the sentence says what is missing.
    """
    times = [begun, *(at for at, _ in readings if begun < at < ended), ended]
    gap = max(b - a for a, b in itertools.pairwise(times))
    if readings[0][0] > begun or readings[-1][0] < ended:
        first, last = (_clock(moment) for moment in (readings[0][0], readings[-1][0]))
        raise DataError(
            f"{name} was read from {first} to {last} UTC, and the calls were made from {_clock(begun)} to {_clock(ended)}; "
            "let the meter write from before the bench to after it, with both clocks set."
        )
    if gap > MOST_GAP_SECONDS:
        raise DataError(
            f"{name} has no line for {gap:.0f} seconds while the calls were made; let the meter write at least once a second."
        )


def _moment(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        moment = datetime.datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)).timestamp()


def _clock(moment: float) -> str:
    try:
        return datetime.datetime.fromtimestamp(moment, datetime.UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return f"{moment:g}"
