"""From the bytes of a table to its cells, however a spreadsheet wrote them.

"CSV" is what a program and its country make of it: commas, semicolons, tabs or bars between the cells; UTF-8, UTF-16
or the code page of a Windows; a mark before the first letter, a first line `sep=;`, empty columns at the end. Which
of them it is follows from the content alone. What cannot be told apart from rubbish is refused, and the row is named
as the spreadsheet counts it.
"""

import codecs
import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from radlib.foundation.errors import DataError

SEPARATORS = (",", ";", "\t", "|")
LARGEST_BYTES = 200_000_000  # unpacked; the table of ChestX-ray14's 112,120 films has 8 MB
LOOKED_AT = 50  # rows that say what separates the cells
MARKS = (  # the longer first: UTF-32's begins like UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx and .ods; .xls
WORKBOOK_ENDINGS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".numbers")
RUBBISH = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
NAMED_SEPARATOR = re.compile(r'"?sep=(?P<sign>.)"?[ ,;\t|]*', re.IGNORECASE)
KEPT_AS_TEXT = re.compile(r'="(.*)"', re.DOTALL)  # how spreadsheets are told not to make 7 of 007

Row = tuple[int, list[str]]  # the number that a spreadsheet shows, and the cells


def read_rows(path: Path, wanted: Sequence[str]) -> list[Row]:
    """Read the rows of a table, plain or .gz, that are not empty.

    Args:
        path: The table.
        wanted: Headings that it should have; they help to find out what separates the cells.

    Returns:
        Number and cells of each row, the headings first; cells without spaces around them.

    Raises:
        DataError: When it is missing, no text, or has a quotation that does not end.
    """
    text = _text(path)
    if not text.strip("".join(SEPARATORS) + '" \n'):
        return []
    lines = text.split("\n", 1)
    if named := NAMED_SEPARATOR.fullmatch(lines[0].strip("\r ")):  # spreadsheets do not show this line
        text = lines[1] if len(lines) > 1 else ""
        return list(_parsed(text, named["sign"], path.name))
    separator = max(SEPARATORS, key=lambda sign: _fit(text, sign, wanted))
    return list(_parsed(text, separator, path.name))


def _text(path: Path) -> str:
    """Return a table as text, whatever its encoding and the ends of its lines."""
    remedy = "save it as CSV (UTF-8) and name that file"
    if not path.is_file():
        raise DataError(f"The table {path.name} is missing; put it where the films are, or name another.")
    if path.suffix.lower() in WORKBOOK_ENDINGS:
        raise DataError(f"The table {path.name} is a workbook of a spreadsheet; {remedy}.")
    content = _bytes(path)
    if content.startswith(WORKBOOKS):
        raise DataError(
            f"The table {path.name} is a workbook of a spreadsheet, whatever its ending; {remedy}."
        )
    try:
        text = content.decode(encoding_of(content))
    except UnicodeDecodeError:
        raise DataError(
            f"The table {path.name} cannot be read as a table of labels: it is no CSV file, or cut off; {remedy}."
        ) from None
    text = text.removesuffix("\x1a").replace("\r\n", "\n").replace("\r", "\n")  # DOS ended files so
    if RUBBISH.search(text):
        raise DataError(f"The table {path.name} is no CSV file, it holds signs that are no text; {remedy}.")
    return text


def _bytes(path: Path) -> bytes:
    """Return the content of a file, unpacked, up to a limit."""
    opened = gzip.open if path.suffix.lower() == ".gz" else open
    try:
        with opened(path, "rb") as stream:
            content = stream.read(LARGEST_BYTES + 1)
    except (OSError, EOFError, zlib.error):  # no gzip, or a truncated one
        raise DataError(
            f"The table {path.name} is no CSV file that can be read or unpacked; replace it."
        ) from None
    if len(content) > LARGEST_BYTES:
        raise DataError(
            f"The table {path.name} has more than {LARGEST_BYTES // 10**6} MB; is it a table of labels?"
        )
    return content


def encoding_of(content: bytes) -> str:
    """Return the encoding of a text: by its mark, by where its zeros lie, else UTF-8 or a Windows of Western Europe."""
    for mark, encoding in MARKS:
        if content.startswith(mark):
            return encoding
    sample = content[: 2 * 10**4]
    zeros = [sample[place::2].count(0) for place in (0, 1)]
    if max(zeros) > 0.4 * len(sample) / 2:  # Latin letters, digits and signs have one zero each
        return "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"
    for encoding in ("utf-8", "cp1252"):
        try:
            content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    return "latin-1"


def _fit(text: str, separator: str, wanted: Sequence[str]) -> tuple[int, int, int]:
    """Return how well a separator fits: headings known, then rows as wide as the headings, then headings at all."""
    rows: list[list[str]] = []
    try:
        for _, cells in _parsed(text, separator, ""):
            rows.append(cells)
            if len(rows) > LOOKED_AT:
                break
    except DataError:
        pass  # the rows before are looked at; with the separator that is chosen the error comes again
    if not rows:
        return 0, 0, 0
    known = {canonical(cell) for cell in rows[0]} & {canonical(name) for name in wanted}
    alike = sum(len(cells) == len(rows[0]) for cells in rows) if len(rows[0]) > 1 else 0
    return len(known), alike, len(rows[0])


def canonical(heading: str) -> str:
    """Return a heading without case, spaces, dashes and underscores, for comparison."""
    return re.sub(r"[\s_-]+", "", heading).casefold()


def _parsed(text: str, separator: str, table: str) -> Iterator[Row]:
    """Yield number and cells of the rows that are not empty."""
    if len(separator) != 1 or separator in '"\n \x00':
        raise DataError(f"The table {table} names a separator that is none; save it with commas.")
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True, strict=True
    )
    number = 0
    try:
        for number, cells in enumerate(reader, 1):
            if any(stripped := [_stripped(cell) for cell in cells]):
                yield number, stripped
    except csv.Error:
        raise DataError(
            f"Row {number + 1} of the table {table} has a quotation mark too many or too few, or a cell of more "
            "than 100,000 signs; correct it."
        ) from None


def _stripped(cell: str) -> str:
    cell = cell.strip(" \t\n\xa0\u200b\ufeff")
    kept = KEPT_AS_TEXT.fullmatch(cell)
    return kept[1].strip() if kept else cell
