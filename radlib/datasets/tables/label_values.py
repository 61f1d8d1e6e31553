"""What a cell of a label column says: the finding is there (1), is not (0), or nobody knows.

Without a word in the study only what cannot be misunderstood counts. Everything else, words of other languages and
the -1 that CheXpert writes for "uncertain" and others for "no", is refused until the study says what it means, option
`label_values`. For uncertain labels Irvin et al. name three policies: U-Zeros takes them as negative, U-Ones as
positive, U-Ignore as unknown; which is best differs from finding to finding.

References:
    Irvin J, Rajpurkar P, Ko M, et al. (2019). CheXpert: A Large Chest Radiograph Dataset with Uncertainty Labels and
        Expert Comparison. AAAI, arXiv 1901.07031.
"""

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from radlib.datasets.tables.label_tables import shortened
from radlib.foundation.errors import DataError, UsageError
from radlib.foundation.extras import pandas as pd

POSITIVE = ("1", "yes", "true", "positive", "pos", "present")
NEGATIVE = ("0", "no", "false", "negative", "neg", "absent")
UNKNOWN = ("", "na", "n/a", "#n/a", "nan", "null", "unknown")
UNDERSTOOD: Mapping[str, float] = {
    **dict.fromkeys(POSITIVE, 1.0), **dict.fromkeys(NEGATIVE, 0.0), **dict.fromkeys(UNKNOWN, math.nan),
}  # fmt: skip
UNCERTAIN = "-1"  # of CheXpert's tables
MEANINGS: Mapping[str, float] = {  # what option `label_values` may say of a word
    **UNDERSTOOD, "u_ones": 1.0, "u_zeros": 0.0, "u_ignore": math.nan,
}  # fmt: skip
POLICIES = ("u_zeros", "u_ones", "u_ignore")
TRUTHS = {True: ("true", "yes", "on"), False: ("false", "no", "off")}  # YAML makes one of all of them
PERSONAL = re.compile(
    r"\^|@|[^\W\d],|[0-9]{4}|.{26}", re.DOTALL
)  # a name, an id or a date, in a column that slipped
WHOLE = re.compile(r"[+]?(-?[0-9]+)(?:[.,]0*)?")

Values = Mapping[Any, Any] | str | None


def word(cell: Any) -> str:
    """Return a cell as it is compared: without case, whole numbers without decimals."""
    text = " ".join(str(cell).casefold().split())
    whole = WHOLE.fullmatch(text)
    return str(int(whole[1])) if whole and len(text) < 20 else text


def meanings(values: Values) -> dict[str, float]:
    """Return what each word means: what goes without saying, and what option `label_values` says.

    Args:
        values: Word -> 1, 0, unknown, or a policy; a policy alone speaks of -1; None of nothing.

    Raises:
        UsageError: For a value that is neither.
    """
    if isinstance(values, str):
        values = {UNCERTAIN: values}
    said: dict[str, float] = {}
    for key, value in (values or {}).items():
        meant = MEANINGS.get(word("" if value is None else value).replace("-", "_").replace(" ", "_"))
        if meant is None:
            raise UsageError(
                f"Option 'label_values' says for each word 1, 0, unknown, or one of {', '.join(POLICIES)}, not "
                f"{shortened(str(value))!r} for {shortened(str(key))!r}."
            )
        if word(key) in ("true", "false"):  # a YAML `yes`; what is said of the very word goes before
            said = {**dict.fromkeys(TRUTHS[word(key) == "true"], meant), **said}
        said[word(key)] = meant
    return {**UNDERSTOOD, **said}


def understood_share(cells: "pd.Series", meant: Mapping[str, float]) -> float:
    """Return which share of the cells that are not empty is understood; 1 when all are empty."""
    words = cells.map(word)
    filled = words != ""
    return float(words[filled].isin(list(meant)).mean()) if filled.any() else 1.0


def label_column(
    cells: "pd.Series", meant: Mapping[str, float], table: str, *, remedy: str = ""
) -> "pd.Series":
    """Return a column of a table as labels, float32: 1, 0, NaN unknown.

    Args:
        cells: Text, named as the column, with the numbers of the rows as index, see `label_tables.read_table`.
        meant: See `meanings`.
        table: Name of the table.
        remedy: What else a user can do about a word that is not understood; WORD stands for it.

    Raises:
        DataError: When a cell is not understood.
    """
    words = cells.map(word)
    labels = words.map(meant).astype("float32")
    strange = ~words.isin(list(meant))
    if strange.any():
        row, more = cells.index[strange][0], int(strange.sum()) - 1
        cell = cells[strange].iloc[0]
        quoted = not PERSONAL.search(cell)
        what = repr(shortened(cell)) if quoted else "what is no label"
        remedy = remedy.replace("WORD", what if quoted else "a word")
        others = f" (and {more} other cells there are not understood either)" if more else ""
        raise DataError(
            f"Row {row} of {table} holds {what} in column {shortened(str(cells.name))!r}{others}; write 1, 0, or nothing "
            f"where nobody knows{remedy}."
        )
    return labels


def label_notes(columns: "Mapping[str, pd.Series]", meant: Mapping[str, float]) -> list[str]:
    """Return sentences on how many cells of label columns are unknown, and how many words the study explained.

    Args:
        columns: The cells of each label, as text.
        meant: See `meanings`.
    """
    words = pd.concat([cells.map(word) for cells in columns.values()])
    empty = int(words.map(meant).isna().sum())
    explained = {
        key: value
        for key, value in meant.items()
        if key not in UNDERSTOOD or not _same(UNDERSTOOD[key], value)
    }
    counts = words[words.isin(list(explained))].value_counts()
    notes = [f"{empty} of {len(words):,} labels are unknown: their cells are empty or say so."] * (empty > 0)
    taken = ", ".join(
        f"{count} {key!r} as {'unknown' if np.isnan(explained[key]) else int(explained[key])}"
        for key, count in counts.items()
    )
    return notes + [f"By label_values these cells were taken: {taken}."] * (len(counts) > 0)


def _same(one: float, other: float) -> bool:
    return one == other or (math.isnan(one) and math.isnan(other))
