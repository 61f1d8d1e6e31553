"""The dictionary that lies beside the CSV files of a run: which file has what in a row, and what each column means."""

from collections.abc import Container, Iterable

from radlib.report.columns import ENDINGS, meaning
from radlib.report.csv_files import TABLES

FILE = "COLUMNS.md"
HEAD = (
    "# Columns of the CSV files\n\nA name means the same in every file. An empty cell: not measured, or undefined, as the file's column "
    "`reason` says where it has one.\n"
)


def column_page(files: Iterable[str]) -> str:
    """Return the dictionary of some CSV files as Markdown; files that are none of `csv_files.TABLES` are left out.

    Args:
        files: Their names, relative to the run's folder.

    Example:
        >>> "| `size_bytes` | of the model file | bytes |" in column_page(["results.csv"])
        True
    """
    named = [name for name in TABLES if name in set(files)]
    lists = [f"- `{name}`: a row is {TABLES[name].row}." for name in named]
    columns = dict.fromkeys(column for name in named for column in TABLES[name].columns)
    shown = [column for column in columns if not _ending(column, columns)]
    rows = [f"| `{column}` | {meaning(column)[0]} | {meaning(column)[1]} |" for column in shown]
    used = {end for end in ENDINGS if any(_ending(column, columns) == end for column in columns)}
    endings = [
        f"| `…{end}` | {words.format('the column before it')} | as that |"
        for end, words in ENDINGS.items()
        if end in used
    ]
    table = ["| column | meaning | unit or scale |", "|---|---|---|", *rows, *endings]
    return "\n".join([HEAD, *lists, "", *table, ""])


def _ending(column: str, columns: Container[str]) -> str:
    """Return by which ending a column follows from one that is explained; empty where it is explained itself."""
    for end in ENDINGS:
        stem = column.removesuffix(end)
        if stem != column and stem in columns and not _ending(stem, columns):
            return end
    return ""
