"""Numbers as people read them, and the sentences around them.

"undefined" is what cannot be computed, such as an AUROC over one answer; "–" is what was not measured. Minus
signs are real ones; intervals of differences are written with "to", as a dash beside a minus misleads.
"""

import pandas as pd

from radlib.evaluation.conclusions import CONCLUSIONS, VERDICTS
from radlib.foundation.human_units import (
    auroc_text,
    fine,
    fine_span,
    human_bytes,
    human_count,
    known,
    plural,
    signed,
    signed_span,
)

MISSING, UNDEFINED = "–", "undefined"


def rate(value: float, scored: bool = True, digits: int = 3) -> str:
    """Return a metric; "undefined" when it was computed and has no value, "–" when it was not.

    Example:
        >>> rate(0.98765), rate(float("nan")), rate(float("nan"), scored=False), rate(0.99983)
        ('0.988', 'undefined', '–', '0.9998')
    """
    if known(value):
        return decimals(value, digits)
    return UNDEFINED if scored else MISSING


def decimals(value: float, digits: int = 3) -> str:
    """Return a number with so many decimals, and with more where it would look like 0 or 1 and is neither.

    Example:
        >>> decimals(0.5), decimals(1.0), decimals(0.0000441), decimals(1e-300), decimals(1 - 1e-16)
        ('0.500', '1.000', '0.00004', '1.0e-300', '0.9999999999999999')
    """
    for places in range(digits, max(digits, 6) + 1):
        text = f"{value:.{places}f}"
        if not 0 < value < 1 or float(text) not in (0.0, 1.0):
            return text
    return f"{value:.1e}" if value < 0.5 else repr(float(value))


def alike(value: float, scored: bool = True, digits: int = 3) -> str:
    """Return how far two things agree, 1 at most; of what is nearly 1 no more than that.

    Example:
        >>> alike(0.9876), alike(0.9999999), alike(1.0)
        ('0.988', '> 0.999', '1.000')
    """
    if known(value) and 1 - 0.5 * 10**-digits <= value < 1:
        return f"> {1 - 10**-digits:.{digits}f}"
    return rate(value, scored, digits)


def threshold(value: float) -> str:
    """Return a threshold in full, since it may be typed back; "–" where there is none.

    Example:
        >>> threshold(0.9998318552970886), threshold(float("nan"))
        ('0.9998318552970886', '–')
    """
    return repr(float(value)) if known(value) else MISSING


def span(low: float, high: float, digits: int = 3) -> str:
    """Return an interval of a metric, empty when there is none.

    Example:
        >>> span(0.91, 0.95), span(-0.11, 0.22, 2)
        ('0.910–0.950', '−0.11 to +0.22')
    """
    if known(low) and low < 0:
        return signed_span(low, high, digits)
    return f"{low:.{digits}f}–{high:.{digits}f}" if known(low) and known(high) else ""


def times(ratio: float) -> str:
    """Return how many times smaller, "–" when unknown.

    Example:
        >>> times(3.92), times(48.7), times(float("nan"))
        ('3.9 ×', '49 ×', '–')
    """
    if not known(ratio):
        return MISSING
    return f"{ratio:.1f} ×" if ratio < 20 else f"{ratio:.0f} ×"


def smaller(ratio: float) -> str:
    """Return how many times smaller, or larger, in words.

    Example:
        >>> smaller(3.92), smaller(0.5)
        ('3.9 times smaller', '2.0 times larger')
    """
    return f"{ratio:.1f} times smaller" if ratio >= 1 else f"{1 / ratio:.1f} times larger"


def milliseconds(value: float) -> str:
    """Return a latency in ms with three digits that count, "–" when unknown.

    Example:
        >>> milliseconds(0.4567), milliseconds(123.4), milliseconds(2.0)
        ('0.457', '123', '2.00')
    """
    if not known(value):
        return MISSING
    digits = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3 if value >= 0.1 else 4
    return f"{value:.{digits}f}"


def title_of(row: pd.Series, several_networks: bool, several_seeds: bool) -> str:
    """Return what a row's variant is called, with network and seed only where there are several."""
    name = f"{row['network']}, {row['label']}" if several_networks else str(row["label"])
    return f"{name}, seed {row['seed']}" if several_seeds else name


def _bracket(text: str) -> str:
    return f" [{text}]" if text else ""


def comparison_sentence(row: pd.Series, several_networks: bool = False, several_seeds: bool = False) -> str:
    """Return one comparison as a line, e.g. "original → int8: 3.9 times smaller, AUROC −0.002 [−0.006 to +0.001]"."""
    pair = pd.Series({**row, "label": f"{row['before']} → {row['after']}"})
    ratio = f"{smaller(row['times_smaller'])}, " if known(row["times_smaller"]) else ""
    interval = _bracket(signed_span(row["difference_low"], row["difference_high"]))
    name = title_of(pair, several_networks, several_seeds)
    return f"{name}: {ratio}AUROC {signed(row['difference'])}{interval}"


__all__ = [
    "CONCLUSIONS",
    "MISSING",
    "UNDEFINED",
    "VERDICTS",
    "auroc_text",
    "comparison_sentence",
    "fine",
    "fine_span",
    "human_bytes",
    "human_count",
    "known",
    "milliseconds",
    "plural",
    "rate",
    "signed",
    "signed_span",
    "span",
    "times",
    "title_of",
]
