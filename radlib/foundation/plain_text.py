r"""Text that leaves: to a terminal, into a CSV file, onto a page. What would do more there than be read is shown instead.

Names of folders, of layers and of labels come from others. In a terminal an escape sequence in one moves the cursor,
writes to the clipboard or hides a warning; a mark that turns the direction of writing shows another name than the one
that is there; a cell that begins with = is computed by a spreadsheet. So everything that radlib prints or writes as a
table goes through here: such characters come out as the escapes that Python writes (`\x1b`), cells that a spreadsheet
would compute get an apostrophe before them, and bytes of a name that are no UTF-8 are shown as `\xff`.
"""

import re
import sys
import unicodedata
from typing import Any, TextIO

from radlib.foundation.extras import pandas as pd

HIDDEN = frozenset(
    ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
)  # controls, marks, halves of characters, separators
FORMULA = re.compile(r"[\s\x00]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
NUMBER = re.compile(r"[+-]?(\d[\d.,]*|\.\d+)([eE][+-]?\d+)?\s*%?|[+-]?(inf|nan)", re.IGNORECASE)
RED, USUAL = "\x1b[31m", "\x1b[0m"
UNDECODED = range(0xDC80, 0xDD00)  # how Python holds bytes that are no UTF-8
ASCII_PRINTABLE = re.compile(r"[\x20-\x7e\n]*")


def plain(text: str) -> str:
    r"""Return text with everything that cannot be seen shown as an escape; line ends and tabs stay.

    Example:
        >>> plain("lung" + chr(27) + "[2J")
        'lung\\x1b[2J'
    """
    if ASCII_PRINTABLE.fullmatch(text):
        return text
    return "".join(c if c in "\n\t" or unicodedata.category(c) not in HIDDEN else _escape(c) for c in text)


def plain_line(text: object) -> str:
    """Return text as one line: as `plain`, with line ends and tabs shown as well."""
    return plain(str(text)).replace("\n", "\\n").replace("\t", "\\t")


def plain_cell(value: Any) -> Any:
    """Return a cell of a table that a spreadsheet shows and does not compute; what is no text stays as it is.

    Example:
        >>> plain_cell("=HYPERLINK()"), plain_cell("-0.5"), plain_cell("normal")
        ("'=HYPERLINK()", '-0.5', 'normal')
    """
    if not isinstance(value, str):
        return value
    computed = len(value.strip()) > 1 and FORMULA.match(value) and not NUMBER.fullmatch(value)
    return ("'" if computed else "") + plain_line(value)


def table_text(table: "pd.DataFrame") -> str:
    """Return a table as CSV, without row names: comma, UTF-8, headings and cells as `plain_cell` makes them."""
    shown = table.rename(columns=plain_cell)
    for place, kind in enumerate(shown.dtypes):
        if kind.kind not in "biufcmM":  # text, categories, or a mixture
            column = shown.iloc[:, place]
            shown.isetitem(place, column.astype(object).map(plain_cell))
    return shown.to_csv(index=False, lineterminator="\n")


def say(text: object = "", *, err: bool = False, end: str = "\n", red: bool = False) -> None:
    """Print text; to standard error with `err`, in red with `red` where that is a terminal.

    Characters that the terminal's encoding lacks come out as escapes.
    """
    stream: TextIO = sys.stderr if err else sys.stdout
    encoding = getattr(stream, "encoding", None) or "utf-8"
    shown = plain(str(text)).encode(encoding, "backslashreplace").decode(encoding)
    if red and stream.isatty():
        shown = f"{RED}{shown}{USUAL}"
    stream.write(shown + end)
    stream.flush()


def say_line(sentence: object, *, err: bool = False, red: bool = False) -> None:
    """Print one sentence on one line, whatever names are in it."""
    say(" ".join(plain(str(sentence)).split()), err=err, red=red)


def _escape(character: str) -> str:
    number = ord(character)
    if number in UNDECODED:
        return f"\\x{number - 0xDC00:02x}"
    return (
        f"\\x{number:02x}"
        if number < 0x100
        else f"\\u{number:04x}"
        if number < 0x10000
        else f"\\U{number:08x}"
    )
