"""Numbers as people read them, in figures, reports and what leaves with a file: sizes, counts, areas with their interval, differences."""

import math
import numbers
from typing import Any

import numpy as np

OF_ONE = {"are": "is", "were": "was", "have": "has"}  # verbs; others take an s


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


def fine(value: float, digits: int = 3) -> str:
    """Return a difference as `signed` does, with more decimals, up to six, where it would look like none and is one.

    Example:
        >>> fine(-0.0021), fine(0.0004), fine(-0.00003), fine(0.0)
        ('−0.002', '+0.0004', '−0.00003', '0.000')
    """
    places = digits
    while known(value) and value != 0 and places < 6 and round(value, places) == 0:
        places += 1
    return signed(value, places)


def fine_span(low: float, high: float, digits: int = 3) -> str:
    """Return an interval of a difference with one decimal more where both ends are that small; empty when there is none.

    Example:
        >>> fine_span(-0.0006, 0.0004), fine_span(-0.043, 0.0002)
        ('−0.0006 to +0.0004', '−0.043 to 0.000')
    """
    small = known(low) and known(high) and 0 < max(abs(low), abs(high)) < 10**-digits
    return signed_span(low, high, digits + 1 if small else digits)


def plural(count: float, noun: str, verb: str = "") -> str:
    """Return a count with its noun, and with a verb that is given as several have it.

    Example:
        >>> plural(1, "film"), plural(5216, "film"), plural(2, "study")
        ('1 film', '5,216 films', '2 studies')
        >>> plural(1, "film", "are"), plural(2, "film", "are"), plural(1, "film", "lie")
        ('1 film is', '2 films are', '1 film lies')
    """
    several = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    if count != 1:
        return " ".join([f"{count:,.0f} {several}", *[verb] * bool(verb)])
    return " ".join([f"{count:,.0f} {noun}", *[OF_ONE.get(verb, f"{verb}s")] * bool(verb)])
