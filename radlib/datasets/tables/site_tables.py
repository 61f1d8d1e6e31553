"""A site's own answers to films that a variant is asked about: `file`, a column per finding, and best `patient_id`."""

from collections.abc import Sequence
from pathlib import Path

from radlib.datasets.tables.label_tables import VALUE, read_table, rows_named, shortened
from radlib.datasets.tables.label_values import label_column, meanings
from radlib.foundation.errors import DataError
from radlib.foundation.extras import pandas as pd
from radlib.imaging.dicom.age_and_sex import is_said

FILE, PATIENT, ROW = "file", "patient_id", "row"


def read_site_table(path: Path, labels: Sequence[str]) -> "pd.DataFrame":
    """Read a site's labels, however a spreadsheet wrote them.

    Args:
        path: A CSV table: `file` as `radlib predict --with-files` names it, a column per label (1 or 0, yes or no, true
            or false, positive or negative, or nothing where nobody knows), and best `patient_id`; others are ignored.
        labels: Those of interest; a label without a column is unknown everywhere.

    Returns:
        `file` with forward slashes, `patient_id` (empty where the table does not say), `row` (the number that a
        spreadsheet shows), and the labels as float64, NaN unknown.

    Raises:
        DataError: When the table cannot be read, has none of the labels, names a file twice or not at all, or holds a word
            that is not understood.
    """
    table = read_table(path, (), others=True, optional=(FILE, PATIENT, *labels))
    known = [label for label in labels if label in table]
    if FILE not in table or not known:
        headings = (
            "values, no headings" if any(map(VALUE.search, table)) else ", ".join(map(shortened, table))
        )
        raise DataError(
            f"{path.name} needs a column 'file' and one for each finding of the variant ({', '.join(labels)}); it has: "
            f"{headings}."
        )
    files = table[FILE].str.replace("\\", "/").str.removeprefix("./")
    for wrong, what in (
        (files == "", "rows without a file"), (files.duplicated(), "files more than once"),
    ):  # fmt: skip
        if wrong.any():
            raise DataError(
                f"{path.name} names {int(wrong.sum())} {what} ({rows_named(table.index[wrong])}); keep one row for each film."
            )
    patients = table[PATIENT] if PATIENT in table else pd.Series("", table.index)
    found = pd.DataFrame({FILE: files, PATIENT: patients.where(patients.map(is_said), ""), ROW: table.index})
    meant = meanings(None)
    for label in labels:
        values = label_column(table[label], meant, path.name) if label in known else float("nan")
        found[label] = pd.Series(values, table.index, dtype="float64")
    return found.reset_index(drop=True)
