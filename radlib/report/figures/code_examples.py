"""Figures of 11_deep_compression: a Huffman code as its tree, and the gaps between weights that are not zero."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from radlib.report.figures.style import ACCENT, KINDS, MUTED, new_axes, styled

LEAF = {"boxstyle": "round,pad=0.3", "fc": "#FBF3E2", "ec": KINDS["clustered or coded"], "lw": 1.0}
KNOT = {"boxstyle": "circle,pad=0.25", "fc": "white", "ec": MUTED, "lw": 1.0}
BIT = {"boxstyle": "circle,pad=0.15", "fc": "white", "ec": "none"}
CELLS = 12  # of a line of weights


@styled
def code_tree(codes: Mapping[str, str], counts: Mapping[str, int], *, ax: Any = None) -> Any:
    """Draw a prefix code as a tree: each step down is a bit, each leaf a symbol with how often it occurs.

    Args:
        codes: Symbol -> its bits, such as "101"; no code begins another.
        counts: Symbol -> how often it occurs.
        ax: Axes to draw into; None for a new figure.

    Example:
        >>> ax = code_tree({"a": "0", "b": "10", "c": "11"}, {"a": 5, "b": 2, "c": 1})
    """
    ax = new_axes((6.4, 3.6)) if ax is None else ax
    ordered = sorted(codes, key=codes.__getitem__)
    places = {codes[symbol]: float(place) for place, symbol in enumerate(ordered)}
    weights = {codes[symbol]: counts[symbol] for symbol in ordered}
    knots = {code[:length] for code in codes.values() for length in range(len(code))}
    for knot in sorted(knots, key=len, reverse=True):
        ends = [knot + bit for bit in "01" if knot + bit in places]
        places[knot] = float(np.mean([places[end] for end in ends]))
        weights[knot] = sum(weights[end] for end in ends)
        for end in ends:
            ax.plot([places[knot], places[end]], [-len(knot), -len(end)], color=MUTED, lw=1.2, zorder=1)
            middle = (places[knot] + places[end]) / 2, -(len(knot) + len(end)) / 2
            _write(ax, *middle, end[-1], color=ACCENT, weight="bold", bbox=BIT, zorder=2)
        _write(ax, places[knot], -len(knot), str(weights[knot]), bbox=KNOT, zorder=3)
    for symbol in ordered:
        code = codes[symbol]
        _write(ax, places[code], -len(code), f"{symbol}\n{counts[symbol]} ×\n{code}", bbox=LEAF, zorder=3)
    deepest = max(map(len, codes.values()))
    ax.set(xlim=(-0.7, len(codes) - 0.3), ylim=(-deepest - 0.6, 0.5))
    ax.set_axis_off()
    return ax


@styled
def gap_line(weights: Any, symbols: Any, *, ax: Any = None) -> Any:
    """Draw a row of weights, and under it the gaps that say where those stand that are not zero.

    Args:
        weights: Numbers in order, (n,); zeros are pruned.
        symbols: The gaps, as `sparse_tensors.gap_symbols` returns them: 0 is a filler, which stands for as many zeros as the
            largest symbol says, and is drawn under the last of them.
        ax: Axes to draw into; None for a new figure.

    Example:
        >>> ax = gap_line([0, 0.5, 0, 0, -0.5], [2, 3])
    """
    values = np.asarray(weights, float)
    lines = -(-len(values) // CELLS)
    ax = new_axes((6.4, 0.75 + 1.05 * lines)) if ax is None else ax
    fillers = np.asarray(symbols) == 0
    alive = np.flatnonzero(values)
    jump = int(alive[-1] + 1 - np.asarray(symbols).sum()) // max(int(fillers.sum()), 1)
    ends = np.cumsum(np.where(fillers, jump, symbols)) - 1
    for place, weight in enumerate(values):
        line, column = divmod(place, CELLS)
        colour = "#FBF3E2" if weight else "white"
        edge = KINDS["clustered or coded"] if weight else "#CCCCCC"
        ax.add_patch(_cell(column, -2 * line, colour, edge))
        text = f"{weight:g}".replace("-", "−")
        _write(ax, column + 0.5, 0.5 - 2 * line, text, color="black" if weight else MUTED)
    for symbol, end in zip(symbols, ends, strict=True):
        line, column = divmod(int(end), CELLS)
        text = "0 (filler)" if symbol == 0 else f"{symbol}"
        _write(ax, column + 0.5, -0.38 - 2 * line, text, color=ACCENT, weight="bold")
    ax.set(xlim=(-0.1, CELLS + 0.1), ylim=(0.2 - 2 * lines + 0.9, 1.15))
    ax.set_axis_off()
    return ax


def _write(ax: Any, x: float, y: float, text: str, **look: Any) -> None:
    ax.text(x, y, text, ha="center", va="center", fontsize=9, **look)


def _cell(column: float, bottom: float, colour: str, edge: str) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((column + 0.03, bottom), 0.94, 1.0, fc=colour, ec=edge, lw=1.0)
