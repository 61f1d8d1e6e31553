"""Tables that lie among films: which column names the films, which hold labels, and what the others tell.

Nothing is taken from headings alone: a column names the films when its cells are their names, and holds labels when every
word in it is one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from radlib.datasets.tables.label_tables import OTHER_NAMES, read_table
from radlib.datasets.tables.label_values import meanings, understood_share, word
from radlib.datasets.tables.table_files import canonical
from radlib.foundation.errors import RadlibError
from radlib.foundation.extras import pandas as pd

ENDINGS = (".csv", ".tsv", ".txt", ".csv.gz")
MOST_TABLES = 20
NAMES_FILMS = 0.5  # share of a column's cells that are names of films, from which it is taken for the column that names them


@dataclass(frozen=True)
class TableLook:
    """A table that lies among the films.

    Attributes:
        path: Where.
        rows: How many it has.
        names_films: Heading of the column that names the films; empty where none does.
        named: How many films of the folder it names.
        labels: Headings of the columns whose every word is understood as a label, with how many films have 1 and 0.
        about: Headings that say something else that is understood, by what: `patient_id`, `split`, `view`, `age`, `sex`.
    """

    path: Path
    rows: int
    names_films: str = ""
    named: int = 0
    labels: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    about: Mapping[str, str] = field(default_factory=dict)


def tables_among(root: Path, folders: Sequence[Path], films: Sequence[Path]) -> tuple[TableLook, ...]:
    """Return what tables of text lie in the folders, those that name most films first."""
    paths = [
        path
        for place in folders
        for path in sorted(place.iterdir())
        if path.name.lower().endswith(ENDINGS) and path.is_file() and not path.name.startswith(".")
    ]
    names = {key for film in films for key in _names_of(film, root)}
    looks = [look for path in paths[:MOST_TABLES] if (look := _table(path, names)) is not None]
    return tuple(sorted(looks, key=lambda look: -look.named))


def table_columns(path: Path, columns: Sequence[str]) -> "pd.DataFrame":
    """Return columns of a table as text, in this order."""
    return read_table(path, (), others=True)[list(columns)]


def _names_of(film: Path, root: Path) -> tuple[str, ...]:
    """Return by what a table may name a film."""
    below = film.relative_to(root).as_posix().casefold()
    return below, film.name.casefold(), film.stem.casefold()


def _table(path: Path, names: set[str]) -> TableLook | None:
    """Return what a table says of films of these names; None where it is no table."""
    try:
        rows = read_table(path, (), others=True)
    except RadlibError:
        return None
    shares = {c: rows[c].map(lambda cell: _is_named(cell, names)) for c in rows.columns}
    column = max(shares, key=lambda c: shares[c].mean(), default="")
    if not column or shares[column].mean() < NAMES_FILMS:
        return TableLook(path, len(rows))
    about = {
        what: heading
        for what, others in OTHER_NAMES.items()
        for heading in rows.columns
        if what != "file" and heading != column and canonical(heading) in (canonical(what), *others)
    }
    labels = {
        heading: found
        for heading in rows.columns
        if heading != column and heading not in about.values() and (found := _answers(rows[heading]))
    }
    return TableLook(path, len(rows), column, int(shares[column].sum()), labels, about)


def _is_named(cell: str, names: set[str]) -> bool:
    name = cell.strip().replace("\\", "/").casefold()
    return bool(name) and (name in names or PurePosixPath(name).name in names)


def _answers(cells: "pd.Series") -> tuple[int, int] | None:
    """Return how many cells say yes and how many no; None where a word is no label, or one answer is all there is."""
    meant = meanings(None)
    if understood_share(cells, meant) < 1:
        return None
    values = cells.map(lambda cell: meant[word(cell)])
    found = int((values == 1).sum()), int((values == 0).sum())
    return found if min(found) else None
