"""Tables that say what is on the films, as publishers and hospitals write them: found, read, and doubted.

A table is read as text, since `00000001` is a name and not a number; `table_files` finds out how it was written. What
does not fit is one sentence that names the table, the row as a spreadsheet counts it, and the column. Cells are quoted
where they hold labels alone: an id may be a patient's.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np

from radlib.datasets.tables.table_files import Row, canonical, read_rows
from radlib.foundation.errors import DataError
from radlib.foundation.extras import pandas as pd
from radlib.foundation.human_units import plural
from radlib.foundation.names import nearest
from radlib.imaging.dicom.age_and_sex import age_years, is_said, sex

OLDEST_YEARS = 110  # nobody in the published sets is known to be older; RSNA has 155, ChestX-ray14 has 414
OTHER_NAMES: Mapping[str, tuple[str, ...]] = {  # what people call the columns
    "file": ("filename", "filepath", "path", "image", "imagename", "imagefile", "datei", "dateiname", "fichier", "film"),
    "patient_id": ("patient", "pid", "subject", "subjectid", "patientnumber", "mrn"),
    "sex": ("gender", "patientsex", "patientgender", "geschlecht", "sexe"),
    "age": ("patientage", "alter", "ageyears", "years"),
    "split": ("part", "set", "fold", "subset", "partition"),
    "view": ("viewposition", "projection", "position"),
}  # fmt: skip
ROWS_NAMED = 5
VALUE = re.compile(
    r"[/\\^]|\.\w{2,5}$|^[-\d.,]+$"
)  # what a heading does not look like, but a path, a name or a number


def find_table(folder: Path, names: Sequence[str]) -> Path | None:
    """Return the first table of these names that the folder has, plain or as .gz; None when it has none."""
    candidates = (folder / f"{name}{ending}" for name in names for ending in ("", ".gz"))
    return next((path for path in candidates if path.is_file()), None)


def read_table(
    path: Path, columns: Sequence[str], *, others: bool = False, optional: Sequence[str] = ()
) -> "pd.DataFrame":
    """Read a table that a spreadsheet or a program wrote, plain or .gz, as text.

    Args:
        path: The table.
        columns: Those it must have, compared without case, spaces, dashes and underscores.
        others: Whether it may have further columns.
        optional: Further columns that are known, where it has them.

    Returns:
        Text without spaces around it, empty where a cell is. Known columns are named as here, others as in the table.
        The index, `row`, holds the number that a spreadsheet shows beside the row.

    Raises:
        DataError: When it is missing, unreadable, has another column, one twice, or cells without a heading.
    """
    rows = read_rows(path, (*columns, *optional))
    if not rows:
        raise DataError(f"The table {path.name} is empty; it must have: {', '.join(columns or optional)}.")
    (_, headings), *cells = rows
    known = {canonical(name): name for name in (*columns, *optional)}
    headings = [known.get(canonical(heading), " ".join(heading.split())) for heading in headings]
    _check_headings(path.name, headings, columns, known.values() if not others else None)
    _check_width(path.name, headings, cells)
    kept = [place for place, heading in enumerate(headings) if heading]
    content = [[row[place] if place < len(row) else "" for place in kept] for _, row in cells]
    index = pd.Index([number for number, _ in cells], dtype="int64", name="row")
    return pd.DataFrame(content, index, [headings[place] for place in kept], dtype=str)


def _check_headings(
    table: str, headings: Sequence[str], columns: Sequence[str], allowed: Collection[str] | None
) -> None:
    """Refuse a table that lacks a column, has one twice, or one that is not allowed (None allows all)."""
    first: dict[str, int] = {}
    for place, heading in enumerate(headings):
        if heading and (before := first.setdefault(canonical(heading), place)) != place:
            raise DataError(
                f"The table {table} has the heading {shortened(heading)!r} twice, in columns {letters(before)} and "
                f"{letters(place)}; keep one of them."
            )
    named = [heading for heading in headings if heading]
    if missing := [name for name in columns if name not in named]:
        if any(map(VALUE.search, named)):  # which are not quoted: they may be a patient's
            raise DataError(
                f"The first row of the table {table} holds values; put a row of headings before it: {', '.join(columns)}."
            )
        alike = [h for h in named if canonical(h) in OTHER_NAMES.get(missing[0], ())]
        meant = f" (did you mean {shortened(alike[0])!r}?)" if alike else nearest(missing[0], named)
        raise DataError(
            f"The table {table} lacks the column {missing[0]!r}{meant}; it must have: {', '.join(columns)}, and has: "
            f"{', '.join(shortened(name) for name in named[:12])}{', …' * (len(named) > 12)}."
        )
    if allowed is not None and (unknown := [name for name in named if name not in allowed]):
        raise DataError(
            f"The table {table} has an unknown column {shortened(unknown[0])!r}; it must have: {', '.join(columns)}."
        )


def _check_width(table: str, headings: Sequence[str], rows: Sequence[Row]) -> None:
    """Refuse cells that have no heading; a spreadsheet's empty columns at the end are none."""
    blank = [place for place, heading in enumerate(headings) if not heading]
    for number, cells in rows:
        beyond = range(len(headings), len(cells)) if len(cells) > len(headings) else ()
        filled = next((p for places in (blank, beyond) for p in places if p < len(cells) and cells[p]), None)
        if filled is not None:
            raise DataError(
                f"Row {number} of the table {table} has a cell in column {letters(filled)}, which has no heading; give it "
                "one or empty it, and put a cell that holds a separator, such as 40,5, into quotation marks."
            )


def letters(place: int) -> str:
    """Return what a spreadsheet calls a column, counted from 0: A, B, … Z, AA."""
    name = ""
    while place >= 0:
        place, letter = divmod(place, 26)
        name, place = chr(ord("A") + letter) + name, place - 1
    return name


def shortened(text: str, signs: int = 30) -> str:
    """Return a heading or a label's cell as it may stand in a sentence."""
    return text if len(text) <= signs else f"{text[: signs - 1]}…"


def rows_named(rows: "Sequence[int] | pd.Index") -> str:
    """Return where to look: `row 7`, or `rows 7, 9, 12, …` with the first few."""
    numbers = [str(row) for row in rows]
    said = ", ".join(numbers[:ROWS_NAMED]) + ", …" * (len(numbers) > ROWS_NAMED)
    return f"row{'s' * (len(numbers) > 1)} {said}"


def numbers_of(table: "pd.DataFrame", column: str, name: str) -> "pd.Series":
    """Return a column as numbers, NaN where a cell is empty, with decimal points or commas.

    Args:
        table: See `read_table`.
        column: One that holds neither names nor ids: a cell that is no number is quoted.
        name: Of the table.

    Raises:
        DataError: When a cell is no number.
    """
    cells = table[column].where(table[column].map(is_said), "")
    found = pd.to_numeric(cells.str.replace(",", ".").replace("", np.nan), errors="coerce")
    wrong = (cells != "") & ~np.isfinite(found)
    if wrong.any():
        raise DataError(
            f"{rows_named(table.index[wrong]).capitalize()} of {name} holds {shortened(cells[wrong].iloc[0])!r} in column "
            f"{column!r}; write a number, or nothing."
        )
    return found.astype("float64")


def class_columns(answers: "pd.Series", labels: Mapping[str, str]) -> "pd.DataFrame":
    """Return one column per class, 1 where a film is of it and 0 elsewhere.

    Args:
        answers: What the table says of each film.
        labels: The label of each answer it may give, in the order of the columns.

    Returns:
        float32 columns named by the labels, with the index of `answers`.
    """
    return pd.DataFrame(
        {label: (answers == said).astype("float32") for said, label in labels.items()}, index=answers.index
    )


def years(ages: "pd.Series") -> "tuple[pd.Series, list[str]]":
    """Return ages in years, NaN where unknown, impossible or not understood, and a sentence on each of the latter.

    Args:
        ages: Numbers, or text as people, ChestX-ray14 and DICOM write it, see `age_and_sex.age_years`.
    """
    texts = ages.where(ages.notna(), "").map(str)
    found = texts.map({text: age_years(text) for text in texts.unique()}).astype("float64")
    impossible = found > OLDEST_YEARS
    strange = found.isna() & texts.map(is_said)
    notes = [f"{plural(impossible.sum(), 'age', 'are')} above {OLDEST_YEARS} years and taken as unknown."]
    notes += [f"{plural(strange.sum(), 'age', 'were')} not understood; write 40, 40.5, 18M or 40 years."]
    counted = zip(notes, (impossible, strange), strict=True)
    return found.mask(impossible, np.nan), [note for note, which in counted if which.any()]


def sexes(said: "pd.Series") -> "tuple[pd.Series, list[str]]":
    """Return `F`, `M`, empty for another sex, NaN where none is said or it is not understood; and a sentence on the latter."""
    found = said.map({text: sex(text) for text in said.unique()}).astype(object)
    strange = int((found.isna() & said.map(is_said)).sum())
    return found, [f"{strange} entries of sex were not understood; write F, M or O."] * (strange > 0)
