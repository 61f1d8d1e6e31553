"""One look for all figures: the palette, the markers, the axes.

Colour says which kind of technique made a variant, marker which file format it has, and the original is always
black. The colours are Okabe and Ito's (2008), which readers with any common colour blindness can tell apart.
The look is applied around each figure and leaves Matplotlib's settings as they were.
"""

import functools
import textwrap
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from radlib.foundation.human_units import human_bytes
from radlib.report.figures.names import draw_names_as_written
from radlib.runs.chains import parse_chain

KINDS = {
    "original": "#000000",
    "quantized": "#0072B2",
    "pruned": "#D55E00",
    "pruned and quantized": "#009E73",
    "clustered or coded": "#B07C00",
    "distilled": "#AA4499",
    "low rank": "#3399CC",
    "binary": "#7A4B2A",
    "several": "#6A51A3",
}
MARKERS = {"keras": "o", "tflite": "s", "deep_compression": "D", "xnor_net": "^", "miracle": "v"}
TRAINING, VALIDATION, ACCENT, MUTED = "#000000", "#0072B2", "#D55E00", "#767676"
BY_HAND, BY_NETWORK = "#3CBEFF", "#FF8C00"  # what is marked on a film
LINES = ("-", "--", ":", "-.")
GROUPS = ("#56789A", "#D58A3A", "#6A9A5B", "#A5628F", "#8A8A8A", "#C2B04A")

_KIND_OF_WORD = {
    "pruning": "pruned",
    "clustering": "clustered or coded",
    "deep_compression": "clustered or coded",
    "miracle": "clustered or coded",
    "distillation": "distilled",
    "svd": "low rank",
    "tucker": "low rank",
    "xnor": "binary",
}
_STYLE = {
    "figure.dpi": 100,
    "figure.constrained_layout.w_pad": 0.08,
    "figure.constrained_layout.h_pad": 0.06,
    "savefig.dpi": 100,
    "font.size": 10,
    "font.family": "sans-serif",
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "axes.labelsize": 10,
    "axes.labelcolor": "#333333",
    "axes.edgecolor": "#999999",
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": "#E6E6E6",
    "grid.linewidth": 0.8,
    "xtick.color": "#555555",
    "ytick.color": "#555555",
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "lines.linewidth": 1.6,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "image.cmap": "gray",
}


# What belongs to the session and not to a figure.
SESSION_SETTINGS = (
    "backend",
    "interactive",
    "toolbar",
    "webagg",
    "tk.",
    "figure.raise_window",
    "figure.max_open",
    "date.epoch",
)


def styled(draw: Callable) -> Callable:
    """Return `draw` in radlib's look; settings outside the call stay as they are."""

    @functools.wraps(draw)
    def drawn(*arguments: Any, **keywords: Any) -> Any:
        import matplotlib

        with matplotlib.rc_context(own_settings()):
            drawing = draw(*arguments, **keywords)
            for figure in {
                id(ax.figure): ax.figure for ax in np.ravel(drawing) if hasattr(ax, "figure")
            }.values():
                draw_names_as_written(figure)
            interactive = matplotlib.is_interactive()
        # A notebook's backend is loaded by the first figure and switches this on; without it none is shown.
        matplotlib.interactive(interactive)
        return drawing

    return drawn


def own_settings() -> dict[Any, Any]:
    """Return all settings that a figure depends on: Matplotlib's own with radlib's look, nothing of a user's file."""
    import matplotlib

    plain: dict[Any, Any] = {
        name: value
        for name, value in matplotlib.rcParamsDefault.items()
        if not name.startswith(SESSION_SETTINGS)
    }
    return {**plain, **_STYLE}


def new_axes(size: tuple[float, float], rows: int = 1, columns: int = 1, **keywords: Any) -> Any:
    """Return the Axes of a new figure (an array of them when more than one), `size` in inches."""
    import matplotlib.pyplot as plt

    return plt.subplots(rows, columns, figsize=size, layout="constrained", **keywords)[1]


def wrapped(name: str, width: int = 24) -> str:
    """Return a variant's name in lines that fit over a small picture or into a legend.

    Example:
        >>> wrapped("distilled (soft share 0, student tiny) + int8").split(chr(10))
        ['distilled (soft share 0,', 'student tiny) + int8']
    """
    return "\n".join(line for part in str(name).split("\n") for line in textwrap.wrap(part, width) or [""])


def kind_of(chain: str) -> str:
    """Return the kind of technique, a key of `KINDS`, from a chain as text.

    `float32` only changes the file format: it counts as the original.

    Example:
        >>> kind_of("original"), kind_of("int8"), kind_of("magnitude_pruning+int8")
        ('original', 'quantized', 'pruned and quantized')
    """
    kinds = []
    for technique in (link.technique for link in parse_chain(str(chain))):
        if technique not in ("original", "float32", ""):
            found = [kind for word, kind in _KIND_OF_WORD.items() if word in technique]
            kinds += (found or ["quantized"])[:1]
    distinct = list(dict.fromkeys(kinds))
    if not distinct:
        return "original"
    if len(distinct) == 1:
        return distinct[0]
    return "pruned and quantized" if set(distinct) == {"pruned", "quantized"} else "several"


def marker_of(file_format: str) -> str:
    """Return the marker of a file format."""
    return MARKERS.get(file_format, "P")


def size_axis(axis: Any, sizes: Iterable[float]) -> None:
    """Make an axis of bytes logarithmic, with ticks at 1, 2 and 5 and human units."""
    _log_axis(axis, sizes, lambda size: human_bytes(size).replace(".0 ", " "))


def number_axis(axis: Any, numbers: Iterable[float]) -> None:
    """Make an axis of plain numbers logarithmic, with ticks at 1, 2 and 5."""
    _log_axis(axis, numbers, lambda value: f"{value:g}")


def latency_axis(axis: Any, milliseconds: Iterable[float]) -> None:
    """Make an axis of milliseconds logarithmic, with ticks at 1, 2 and 5."""
    _log_axis(axis, milliseconds, lambda ms: f"{ms:g}")


def _log_axis(axis: Any, values: Iterable[float], text: Callable[[float], str]) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

    values = np.asarray([v for v in values if v > 0], dtype=float)
    low, high = values.min() / 1.6, values.max() * 1.6
    decades = 10.0 ** np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    wide = high / low > 300  # then 1 and 3 suffice
    ticks = np.sort(np.concatenate([decades * step for step in ((1, 3) if wide else (1, 2, 5))]))
    ax = axis.axes
    (ax.set_xscale if axis is ax.xaxis else ax.set_yscale)("log")
    (ax.set_xlim if axis is ax.xaxis else ax.set_ylim)(low, high)
    axis.set_major_locator(FixedLocator(ticks[(ticks >= low) & (ticks <= high)]))
    axis.set_major_formatter(FuncFormatter(lambda value, _: text(value)))
    axis.set_minor_locator(NullLocator())
    axis.set_minor_formatter(NullFormatter())
