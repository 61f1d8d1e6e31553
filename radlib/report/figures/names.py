"""Names that others gave, drawn as they are: Matplotlib would read a formula between two dollar signs, or fail on it."""

import re
from typing import Any

from radlib.foundation.plain_text import plain

FORMULA = "$\\mathdefault"  # how Matplotlib's own labels of logarithmic axes begin
DOLLAR = re.compile(r"(?<!\\)\$")


def draw_names_as_written(figure: Any) -> None:
    """Have all text of a figure drawn as it is written: no formula, and what is hidden shown as an escape."""
    from matplotlib.text import Text
    from matplotlib.ticker import FuncFormatter, LogFormatter, NullFormatter, ScalarFormatter

    for text in figure.findobj(Text):
        text.set_text(literal(text.get_text()))
    for axis in (axis for ax in figure.axes for axis in (ax.xaxis, ax.yaxis)):
        formatter = axis.get_major_formatter()
        if not isinstance(formatter, LogFormatter | NullFormatter | ScalarFormatter):
            axis.set_major_formatter(
                FuncFormatter(lambda value, place, names=formatter: literal(names(value, place)))
            )


def literal(text: str) -> str:
    """Return text as Matplotlib draws it.

    Example:
        >>> literal("$5 or $6") == chr(92) + "$5 or " + chr(92) + "$6", literal("lung")
        (True, 'lung')
    """
    return text if text.startswith(FORMULA) else DOLLAR.sub(r"\\$", plain(text))
