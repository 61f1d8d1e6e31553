"""Which columns of a hospital's table are findings, and what its other columns say.

What the table does not say of a film is taken from the film's header. Columns beside the known ones are findings, or,
where the study names its findings, nobody's business: they are neither read nor quoted.
"""

import re
from collections.abc import Mapping, Sequence

from radlib.datasets.tables.label_tables import VALUE, canonical, rows_named, sexes, shortened, years
from radlib.datasets.tables.label_values import label_column, understood_share
from radlib.foundation.errors import DataError, UsageError
from radlib.foundation.extras import pandas as pd
from radlib.foundation.human_units import plural
from radlib.imaging.dicom.age_and_sex import age_years, is_said

ABOUT = ("patient_id", "split", "view", "age", "sex")
RESERVED = ("image_id", "path", "boxes", "stored_height", "stored_width", "class", "reason", "warning")
PARTS = {
    **dict.fromkeys(("train", "training"), "training"),
    **dict.fromkeys(("val", "valid", "validation"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}
PERSONAL = re.compile(
    r"name|nom|birth|geb|dob|naiss|patient|person|address|phone|mrn|id\b|_id|number|nr|date|datum|report|befund|text|"
    r"comment|note|physician|arzt",
    re.IGNORECASE,
)
FEW_WORDS = 3  # so many words in many rows are answers, not names
REMEDY = (
    ", or say in the study what it means: dataset_options: {label_values: {WORD: 1}}, with 1, 0 or unknown, or for uncertain "
    "labels u_zeros, u_ones or u_ignore"
)


def findings_of(
    rows: "pd.DataFrame", asked: Sequence[str], meant: Mapping[str, float], table: str
) -> "dict[str, pd.Series]":
    """Return the columns that hold labels.

    Args:
        rows: See `label_tables.read_table`.
        asked: The labels that the study names; empty for all columns that are not known otherwise.
        meant: What words mean, see `label_values.meanings`.
        table: Its name.

    Returns:
        Label -> float32 column, in the order of the study or the table.

    Raises:
        UsageError: When the study names a label twice.
        DataError: When there is none, a column is no label, or a cell is not understood.
    """
    others = [name for name in rows.columns if name not in ("file", *ABOUT)]
    by_name = {canonical(name): name for name in others}
    asked = [asked] if isinstance(asked, str) else [str(name) for name in asked]
    if missing := [name for name in asked if canonical(name) not in by_name]:
        unheaded = any(map(VALUE.search, others))  # values, then, which may be a patient's
        known = "values in place of headings" if unheaded else ", ".join(map(shortened, others)) or "none"
        raise DataError(f"The table {table} has no label column {missing[0]!r}; it has: {known}.")
    if len({canonical(name) for name in asked}) < len(asked):
        raise UsageError(f"Option 'labels' names a column of {table} twice: {', '.join(asked)}.")
    if not asked and not others:
        raise DataError(f"The table {table} has no column of labels; add one that holds 1, 0 or nothing.")
    chosen = {name: rows[by_name[canonical(name)]] for name in asked or others}
    for name, cells in chosen.items():
        if canonical(name) in map(canonical, (*RESERVED, "file", *ABOUT)):
            raise DataError(f"A column of labels of {table} cannot be called {name!r}; rename it.")
        if not asked and understood_share(cells, meant) <= 0.5 and not _are_answers(cells):
            raise DataError(
                f"The table {table} has an unknown column {shortened(name)!r}; it may have file, {', '.join(ABOUT)} and "
                "columns of labels, which hold 1, 0 or nothing: remove it, or name the columns that are asked about with "
                "dataset option labels."
            )
    return {name: label_column(cells, meant, table, remedy=REMEDY) for name, cells in chosen.items()}


def _are_answers(cells: "pd.Series") -> bool:
    """Tell whether the words of a column that is not understood may be quoted: they are few, and its heading names nobody."""
    filled = cells[cells != ""]
    few = filled.nunique() <= min(FEW_WORDS, max(len(filled) // 2, 1))
    words = few and filled.str.len().max() <= 20 and not filled.str.fullmatch(r"[-+\d.,]+").any()
    return bool(words and not PERSONAL.search(str(cells.name)))


def ignored_note(rows: "pd.DataFrame", chosen: "Mapping[str, pd.Series]", table: str) -> list[str]:
    """Return a sentence on how many columns of a table are not used."""
    ignored = len(set(rows.columns) - {"file", *ABOUT, *(cells.name for cells in chosen.values())})
    return [
        f"{plural(ignored, 'further column', 'are')} in {table} and ignored: not named by option labels."
    ] * (ignored > 0)


def said_or(rows: "pd.DataFrame", column: str, otherwise: "pd.Series") -> "pd.Series":
    """Return a column as text, and what the header says where the table has no such column or says nothing."""
    if column not in rows.columns:
        return otherwise
    return rows[column].where(rows[column].map(is_said), otherwise)


def ages_of(rows: "pd.DataFrame", header: "pd.Series") -> "tuple[pd.Series, list[str]]":
    """Return ages in years by table, else by header, NaN unknown; and sentences on those that were not understood.

    Args:
        rows: See `label_tables.read_table`.
        header: Years, NaN where the film's header says nothing, with the same index.
    """
    from_header, notes = years(header)
    if "age" not in rows.columns:
        return from_header, notes
    said, notes = years(rows["age"])
    impossible = said.isna() & rows["age"].map(lambda text: age_years(text) is not None)
    return said.where(said.notna() | impossible, from_header), notes


def sexes_of(rows: "pd.DataFrame", header: "pd.Series") -> "tuple[pd.Series, list[str]]":
    """Return `F`, `M` or nothing by table, else by header; and sentences on entries that were not understood."""
    if "sex" not in rows.columns:
        return header, []
    said, notes = sexes(rows["sex"])
    return said.where(said.notna(), header), notes


def parts_of(said: "pd.Series", table: str) -> "pd.Series":
    """Return the official part of each film.

    Raises:
        DataError: When a row has another, or none.
    """
    parts = said.str.casefold().map(PARTS)
    if (wrong := parts.isna()).any():
        count = int(wrong.sum())
        raise DataError(
            f"{count} row{'s' * (count > 1)} of {table} {'have' if count > 1 else 'has'} a split other than training, "
            f"validation or test ({rows_named(said.index[wrong])}); correct them, or remove the column to have the films "
            "split by patient."
        )
    return parts
