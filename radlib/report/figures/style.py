"""One look for all figures: the palette, the markers, the axes, human units.

Colour says which kind of technique made a variant, marker which file format it has, and the original is always
black. The colours are Okabe and Ito's (2008), which readers with any common colour blindness can tell apart.
The look is applied around each figure and leaves Matplotlib's settings as they were.
"""

import functools
import math
import numbers
import textwrap
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

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


def human_bytes(size: float) -> str:
    """Return a size in bytes for people; KB = 1,000 bytes.

    Example:
        >>> human_bytes(651_234), human_bytes(9_100_000), human_bytes(730)
        ('651 KB', '9.1 MB', '730 B')
    """
    if size is None or np.isnan(size):
        return "–"
    for unit, unit_bytes, whole_from in (("GB", 1e9, 99.95), ("MB", 1e6, 99.95), ("KB", 1e3, 9.95)):
        if size >= 0.9995 * unit_bytes:  # what would round to 1,000 of the next smaller unit
            value = size / unit_bytes
            return f"{value:.0f} {unit}" if value >= whole_from else f"{value:.1f} {unit}"
    return f"{size:.0f} B"


def human_count(number: float) -> str:
    """Return a count for people.

    Example:
        >>> human_count(94_208), human_count(23_106_370), human_count(812)
        ('94.2 k', '23.1 M', '812')
    """
    if number is None or np.isnan(number):
        return "–"
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= size:
            return f"{number / size:.3g} {unit}"
    return f"{number:.0f}"


def size_axis(axis: Any, sizes: Iterable[float]) -> None:
    """Make an axis of bytes logarithmic, with ticks at 1, 2 and 5 and human units."""
    _log_axis(axis, sizes, lambda size: human_bytes(size).replace(".0 ", " "))


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


def auroc_text(value: float, low: float | None = None, high: float | None = None) -> str:
    """Return an AUROC with its interval for people, "undefined" where it is NaN.

    Example:
        >>> auroc_text(0.9731, 0.961, 0.984)
        '0.973 [0.961, 0.984]'
    """
    if value is None or np.isnan(value):
        return "undefined"
    if low is None or high is None or np.isnan(low) or np.isnan(high):
        return f"{value:.3f}"
    return f"{value:.3f} [{low:.3f}, {high:.3f}]"


def known(value: Any) -> bool:
    """Return whether a value is a number and not NaN."""
    return isinstance(value, numbers.Real) and not math.isnan(value)


def signed(value: float, digits: int = 3) -> str:
    """Return a difference with its sign; a real minus, no sign for what rounds to zero.

    Example:
        >>> signed(-0.0021), signed(0.0004), signed(0.01)
        ('−0.002', '0.000', '+0.010')
    """
    if not known(value):
        return "undefined"
    rounded = round(value, digits)
    return (f"{rounded:+.{digits}f}" if rounded else f"{0:.{digits}f}").replace("-", "−")


def signed_span(low: float, high: float, digits: int = 3) -> str:
    """Return an interval of a difference, empty when there is none.

    Example:
        >>> signed_span(-0.006, 0.001)
        '−0.006 to +0.001'
    """
    return f"{signed(low, digits)} to {signed(high, digits)}" if known(low) and known(high) else ""
