"""Tables as people read them: a value and its interval in one cell, bytes in KB, shares in percent.

The numbers of a table stay as they are in its file; this only says how to show them in a notebook. How a
column is shown follows from its name, which by house style carries its unit.
"""

import hashlib
import html
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from radlib.datasets import is_drawn
from radlib.evaluation.film_shift import FILE as SHIFT, shift_banner
from radlib.evaluation.learnt import alarm, stored_not_learnt
from radlib.foundation.plain_text import plain
from radlib.foundation.record_files import remembered
from radlib.report import wording as w
from radlib.report.readings import COUNTED
from radlib.runs.counted import counted_named, told
from radlib.runs.runs import Run
from radlib.runs.settings import settings_table
from radlib.runs.variants import Variant

DRAWN_FILMS = (
    "Drawn films: the figures of this run say nothing about patients. Research only, not a medical device."
)
BANNER = "border-left: 4px solid #b7791f; padding: 0.4em 0.8em; font-weight: 600"
SHARES = ("sparsity", "share")
TIMES = ("compression", "times_smaller")
COUNTS = ("parameters", "nonzero_parameters", "macs")


def readable(table: pd.DataFrame, *columns: str) -> Any:
    """Return a table for a notebook's output.

    Args:
        table: Any DataFrame; of columns `x`, `x_low`, `x_high` one is made, `x [low–high]`. Row names are left
            out unless they have a name themselves. Where its run knows no patients (`attrs`, set by the tables of a report),
            what it calls patients is shown as what they are.
        *columns: Which to show, in this order; none for all.

    Returns:
        What a notebook displays as a table; the same numbers give the same HTML.
    """
    counted = counted_named(table.attrs.get(COUNTED, ""))
    table = table.reset_index() if table.index.name else table
    if {"network", "seed", "label"} <= set(table):
        several = table["network"].nunique() > 1, table["seed"].nunique() > 1
        table = table.assign(label=[w.title_of(row, *several) for _, row in table.iterrows()])
    with_intervals = [c for c in table if f"{c}_low" in table and f"{c}_high" in table]
    ends = {f"{c}_{end}" for c in with_intervals for end in ("low", "high")}
    shown = pd.DataFrame(index=table.index)
    names = columns or [c for c in table if c not in ends]
    for name in names:
        write, write_interval = _writer(name)
        texts = [told(write(value), counted) for value in table[name]]
        if name in with_intervals:
            intervals = map(write_interval, table[f"{name}_low"], table[f"{name}_high"])
            texts = [
                f"{text} [{span}]" if span else text for text, span in zip(texts, intervals, strict=True)
            ]
        # The values carry their unit, so the heading need not; but `after_bytes` may stand beside `after`.
        short = name.removesuffix("_bytes")
        heading = told((name if short in names else short).replace("_", " "), counted)
        shown[f"{heading} counted" if heading in shown else heading] = texts
    words = [c for c, n in zip(shown, names, strict=True) if not pd.api.types.is_numeric_dtype(table[n])]
    return _html(shown, words)


def red_alarm(run: Run, *variants: Variant) -> Any:
    """Return, for a notebook's output, in red, that originals have not learnt and that test films are of another kind.

    Args:
        run: The run; only its files are read.
        *variants: The originals that are asked about; none for all, and for the test films.

    Returns:
        The sentences; None when there is nothing to say.
    """
    from IPython.display import HTML

    asked = {variant.name for variant in variants}
    reasons = {n: reason for n, reason in stored_not_learnt(run).items() if not asked or n in asked}
    shifted = "" if asked else shift_banner(remembered(run.path(SHIFT)))
    sentences = [sentence for sentence in (alarm(reasons), shifted) if sentence]
    if not sentences:
        return None
    return HTML(
        "".join(f'<p style="color: #b00020; font-weight: 600">{html.escape(s)}</p>' for s in sentences)
    )


def opening(run: Run, *settings: str) -> Any:
    """Return, for the first output of a notebook, whose films these are and the settings it speaks of.

    Args:
        run: The run.
        *settings: Names of settings, in this order.

    Returns:
        A table; above it, where the films are drawn, that figures of them say nothing about patients.
    """
    from IPython.display import HTML

    table = readable(settings_table(run.settings, *settings))
    if not is_drawn(run.settings):
        return table
    return HTML(f'<p style="{BANNER}">{html.escape(DRAWN_FILMS)}</p>{table.data}')


def source(*functions: Callable) -> Any:
    """Return the source of functions for a notebook's output: a method is shown as it runs, not copied."""
    from IPython.display import Markdown

    texts = [inspect.getsource(function).rstrip() for function in functions]
    return Markdown("```python\n" + "\n\n\n".join(texts) + "\n```")


def _html(shown: pd.DataFrame, words: list[str]) -> Any:
    """Return a table of texts as HTML: words to the left, numbers to the right and unbroken."""
    from IPython.display import HTML
    from pandas.io.formats.style import Styler

    shown = shown.reset_index(drop=True)
    shown, words = shown.map(plain).rename(columns=plain), [plain(word) for word in words]
    style = Styler(shown, uuid=_digest(shown), cell_ids=False).hide(axis="index")
    style = style.format(escape="html").format_index(escape="html", axis=1)
    style = style.set_properties(**{"text-align": "right", "white-space": "nowrap"})
    style = style.set_properties(subset=words, **{"text-align": "left", "white-space": "normal"})
    numbers = ", ".join(f"th.col{place}" for place, name in enumerate(shown) if name not in words)
    looks = [
        ("th", "text-align: left; font-weight: 600"),
        *([(numbers, "text-align: right")] if numbers else []),
    ]
    style = style.set_table_styles([{"selector": where, "props": look} for where, look in looks])
    return HTML(style.to_html())


def _digest(table: pd.DataFrame) -> str:
    """Return a name for a table in a page: the same for the same content, so that notebooks compare equal."""
    return hashlib.sha256(table.to_csv().encode()).hexdigest()[:8]


def _writer(name: str) -> tuple[Callable[[Any], str], Callable[[Any, Any], str]]:
    """Return how values and intervals of a column are written, from its name."""
    stem = name.removesuffix("_disjoint")
    if stem.startswith("difference"):
        return _known(w.signed), w.signed_span
    if stem.endswith("_bytes"):
        return _known(w.human_bytes), w.span
    if stem.endswith("_share"):
        return _known(_percent), w.span
    if stem.endswith("threshold"):
        return _known(w.threshold), w.span
    if stem.endswith("_ms"):
        return _known(w.milliseconds), w.span
    by_name = {**dict.fromkeys(TIMES, w.times), **dict.fromkeys(COUNTS, w.human_count)}
    return _known({**by_name, **dict.fromkeys(SHARES, _percent)}.get(stem, _plain)), w.span


def _known(write: Callable[[float], str]) -> Callable[[Any], str]:
    """Return a writer that leaves words as they are and writes what is missing as a dash."""

    def written(value: Any) -> str:
        if isinstance(value, bool | np.bool_):
            return "yes" if value else ""
        if isinstance(value, str):
            return value.replace("`", "")
        if isinstance(value, tuple | list):
            return ", ".join(map(str, value))
        return w.MISSING if value is None or pd.isna(value) else write(float(value))

    return written


def _percent(value: float) -> str:
    return f"{value:.1%}".replace("%", " %")


def _plain(value: float) -> str:
    return f"{value:,.0f}" if value.is_integer() else w.decimals(value)
