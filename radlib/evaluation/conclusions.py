"""What may be said of a variant beside its original: one sentence, from one place, for all who say it.

Report, cards, gate, notebooks, `radlib compare`, and the text and the DICOM report of a file that leaves take it from here.

The colour follows from the same word as the sentence, so that nothing is green here and doubtful there.
"""

import math
from collections.abc import Mapping
from typing import Any

from radlib import metrics
from radlib.foundation import human_units as w

VERDICTS = {
    "non-inferior": "non-inferior",
    "inferior": "loses",
    "too few patients": "too few patients",
    "cannot tell": "cannot tell",
    "undefined": "undefined",
    "": "–",
}
CONCLUSIONS = {
    "as good": "as good",
    "loses": "loses",
    "too few patients": "too few patients",
    "cannot tell": "cannot tell",
    "undefined": "undefined",
    "": "–",
}
TONES = {
    "as good": "good", "loses": "bad", "too few patients": "unsure", "cannot tell": "unsure",
    "non-inferior": "good", "inferior": "bad",
}  # fmt: skip
FIRST_WORDS = {
    "as good": "is as good as its original",
    "loses": "reads worse than its original",
    "too few patients": "cannot be told from its original nor from a worse one, as there are too few patients",
    "cannot tell": "may be as good as its original, which nobody can tell yet",
    "undefined": "cannot be compared with its original",
}
THE_ORIGINAL = "It is the original that others are compared with."
QUESTIONS = {"": "AUROC", "_sensitivity": "sensitivity", "_specificity": "specificity"}
OF_OUTLINES = {"": "mean Dice", "_failing": "5th percentile of Dice"}
OF_BOXES = {"": "mean box score"}


def tone_alone(verdict: str) -> str:
    """Return how a verdict is set off that stands alone: an alarm is one, but green takes all that a conclusion asks."""
    return "" if verdict == "non-inferior" else TONES.get(verdict, "")


def questions_of(row: Mapping[str, Any]) -> Mapping[str, str]:
    """Return what is asked of a row of results: the ending of its columns, and what it is called."""
    if "verdict_failing" in row:
        return OF_OUTLINES
    return OF_BOXES if "box_score" in row else QUESTIONS


def conclusion(row: Mapping[str, Any], margin: float | None, rate_margin: float | None) -> str:
    """Return what a variant's verdicts come to, as the rest of a sentence whose subject is the variant.

    Args:
        row: Of `tables.results`.
        margin: Largest loss of AUROC that counts as none; None where nobody knows it any more.
        rate_margin: The same of sensitivity and specificity, at the original's threshold.

    Returns:
        Such as "is as good as its original: AUROC differs by −0.001 [−0.004 to +0.002], non-inferior at a margin of 0.010; …";
        empty where nothing was compared.
    """
    word = row.get("conclusion") or ""
    if word not in FIRST_WORDS:
        return ""
    said = [
        _answer(row, suffix, title, rate_margin if suffix.endswith("ity") else margin)
        for suffix, title in questions_of(row).items()
        if w.known(row.get(f"difference{suffix}"))
    ]
    reasons = [str(row.get(name) or "") for name in ("verdict_reason", "reason_sensitivity")]
    why = next((reason for reason in reasons if reason), "") if word == "undefined" else ""
    parts = [f"{FIRST_WORDS[word]}{': ' + '; '.join(said) if said else ''}", why, *_reach(row, word, margin)]
    return ". ".join(part.rstrip(".") for part in parts if part)


def _answer(row: Mapping[str, Any], suffix: str, title: str, margin: float | None) -> str:
    change = w.signed(row[f"difference{suffix}"])
    span = w.signed_span(row[f"difference{suffix}_low"], row[f"difference{suffix}_high"])
    verdict = VERDICTS.get(str(row[f"verdict{suffix}"]), str(row[f"verdict{suffix}"]))
    by = f"{title} differs by {change}{f' [{span}]' if span else ''}"  # "AUROC 0.000" would be read as no AUROC at all
    return f"{by}, {verdict}{'' if margin is None else f' at a margin of {margin:.3f}'}"


def _reach(row: Mapping[str, Any], word: str, margin: float | None) -> list[str]:
    """Return what as many patients can and cannot show."""
    patients = row.get("patients_asked")
    if word == "undefined" or not w.known(patients):
        return []
    parts = []
    if w.known(row.get("seeds_pooled")) and row["seeds_pooled"] > 1:
        parts.append(
            f"The verdicts are on {row['seeds_pooled']:.0f} trainings together, the changes are this file's"
        )
    share = 100 * metrics.not_excluded(float(patients))
    each = " of the finding that has fewest" if row.get("findings_asked", 1) > 1 else ""
    which = f" of the rarer answer{each}" if questions_of(row) is QUESTIONS else ""
    parts.append(
        f"With {w.plural(patients, 'patient')}{which}, losses concentrated in up to {share:.1f} % of patients are not excluded"
    )
    if word == "too few patients" and margin is not None:
        parts.append(f"A margin of {margin:.3f} needs at least {fewest_patients(row, margin):,} of them")
    elif word == "cannot tell" and questions_of(row) is not OF_OUTLINES:  # of a percentile nobody can say
        parts.append(chance_words(row))
    return parts


def fewest_patients(row: Mapping[str, Any], margin: float) -> int:
    """Return how many patients a claim needs at least; of outlines one must not be a twentieth of all.

    A patient who is lost entirely, in one of k findings, moves their mean by a k-th: so many fewer of each are needed.
    """
    least = math.ceil(metrics.patients_for(margin) / row.get("findings_asked", 1))
    return max(least, metrics.patients_for(metrics.FAILING)) if questions_of(row) is OF_OUTLINES else least


def chance_words(row: Mapping[str, Any], claim: str = "") -> str:
    """Return how often a variant without loss would have been shown so, and how many patients would do; empty if unknown.

    Args:
        row: `chance_if_lossless` and `patients_needed`.
        claim: In what it would have no loss, such as `AUROC`; empty where that has been said.
    """
    if not w.known(row.get("chance_if_lossless")):
        return ""
    many = f"In {claim}, so many" if claim else "So many"
    text = f"{many} would show a variant without any loss to be so in {100 * row['chance_if_lossless']:.0f} % of such studies"
    needed = row.get("patients_needed")
    return text + (f"; about {needed:,.0f} would in 80 %" if w.known(needed) and needed < 1e6 else "")
