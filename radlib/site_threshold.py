"""The operating point of a site: thresholds chosen anew on its own labelled films, and films decided by them.

The rule is the one that chose on validation films, Youden's; what it promises other patients of the site is measured
on patients that took no part in choosing (see `metrics.recalibrate`). Thresholds of several networks are comparable
only when each is chosen on films of the place of use.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from radlib import metrics
from radlib.datasets.site_tables import FILE, PATIENT, ROW, read_site_table
from radlib.errors import DataError, UsageError
from radlib.evaluation.predictions import task_of
from radlib.own_films import read_described

PATIENTS_UNKNOWN = (
    "The labels name no patients (column patient_id): every film counts as another patient's, so that the intervals "
    "are too narrow where a patient has several films."
)


def read_site_labels(path: Path, labels: Sequence[str]) -> pd.DataFrame:
    """Return a site's own answers.

    Args:
        path: See `site_tables.read_site_table`.
        labels: Of the variant.

    Returns:
        `file`, `patient_id` (the file's name where the table has none), and the labels as float64, NaN unknown.

    Raises:
        DataError: When the table cannot be read, lacks a column, names a file twice, or holds another value.
    """
    found = read_site_table(path, labels)
    known = found[PATIENT] != ""
    found[PATIENT] = found[PATIENT].where(known, found[FILE])
    found.attrs["patients_known"] = bool(known.any())
    return found.drop(columns=ROW)


def choose_anew(answers: pd.DataFrame, site: pd.DataFrame, labels: Sequence[str]) -> pd.DataFrame:
    """Return a site's thresholds and what they promise.

    Args:
        answers: What `own_films.predict_folder` returned for the site's films.
        site: See `read_site_labels`.
        labels: Of the variant.

    Returns:
        One row per label: `label`, `threshold_before`, and what `metrics.recalibrate` returns.

    Raises:
        UsageError: When the variant decides without thresholds.
        DataError: When no labelled film is among those that were read.
    """
    columns = [f"{label}_threshold" for label in labels]
    if not set(columns) <= set(answers):
        raise UsageError(
            "This variant names the most probable class, without a threshold; there is none to choose anew."
        )
    both = site.merge(answers[answers["reason"] == ""], on=FILE, how="inner")
    if both.empty:
        raise DataError(
            "None of the labelled files is among the films that could be read; 'file' must be the path below the folder, "
            "as radlib predict --with-files shows it."
        )
    rows = []
    for label in labels:
        before = float(both[f"{label}_threshold"].iloc[0])
        found = metrics.recalibrate(both[label], both[f"{label}_probability"], both[PATIENT], before)
        rows.append({"label": label, "threshold_before": before, **found})
    return pd.DataFrame(rows)


def decide_at(
    answers: pd.DataFrame, chosen: Mapping[str, float], negatives: Mapping[str, str]
) -> pd.DataFrame:
    """Return the answers with other thresholds, and the decisions that follow from them.

    Args:
        answers: See `own_films.predict_folder`.
        chosen: Label -> threshold; a NaN leaves a label as it is.
        negatives: Label -> what the decision is called below its threshold.

    Raises:
        UsageError: For a label that the answers do not have, or a threshold outside [0, 1].
    """
    answers = answers.copy()
    for label, threshold in chosen.items():
        if f"{label}_threshold" not in answers:
            known = [name.removesuffix("_threshold") for name in answers if name.endswith("_threshold")]
            raise UsageError(
                f"There is no threshold for {label!r}; this variant has: {', '.join(known) or 'none'}."
            )
        if np.isnan(threshold):
            continue
        if not 0 <= threshold <= 1:
            raise UsageError(f"A threshold is a probability between 0 and 1, not {threshold:g}.")
        read = answers["reason"] == ""
        positive = answers[f"{label}_probability"] >= threshold
        answers[f"{label}_threshold"] = np.where(read, threshold, np.nan)
        answers[f"{label}_decision"] = np.where(read, np.where(positive, label, negatives[label]), "")
    return answers


def recalibrated(variant: Path, answers: pd.DataFrame, labels: Path) -> tuple[pd.DataFrame, list[str]]:
    """Return answers at thresholds chosen on a site's own labelled films, and what to say about them.

    Args:
        variant: Folder of the variant.
        answers: What `own_films.predict_folder` returned for the site's films.
        labels: The site's table, see `read_site_labels`.

    Raises:
        DataError: See `read_site_labels` and `choose_anew`.
        UsageError: When the variant decides without thresholds.
    """
    negatives = _negatives(variant)
    site = read_site_labels(labels, list(negatives))
    found = choose_anew(answers, site, list(negatives))
    chosen = dict(zip(found["label"], found["threshold"], strict=True))
    return decide_at(answers, chosen, negatives), sentences(found, site.attrs["patients_known"])


def stated(variant: Path, answers: pd.DataFrame, given: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """Return answers at thresholds as they were typed: (label, number) each.

    Raises:
        UsageError: For what is no number, or no label of the variant.
    """
    chosen = {}
    for label, text in given:
        try:
            chosen[label] = float(text)
        except ValueError:
            raise UsageError(f"A threshold is a probability between 0 and 1, not {text!r}.") from None
    return decide_at(answers, chosen, _negatives(variant))


def _negatives(variant: Path) -> dict[str, str]:
    """Return, by label, what a variant's decision is called below the threshold."""
    folder = Path(variant)
    task = task_of(read_described(folder.parent if folder.is_file() else folder)[0])
    return {label: task.outputs[0] if task.name == "binary" else f"no {label}" for label in task.labels}


def sentences(found: pd.DataFrame, patients_known: bool = True) -> list[str]:
    """Return what was chosen, one sentence or two per label, for the command line."""
    lines = []
    for row in found.itertuples():
        if row.reason:
            lines.append(f"{row.label}: {row.reason}")
            continue
        rates = " and ".join(
            f"{name} {getattr(row, name):.3f} [{getattr(row, f'{name}_low'):.3f}–{getattr(row, f'{name}_high'):.3f}]"
            for name in ("sensitivity", "specificity")
        )
        lines.append(
            f"{row.label}: threshold {row.threshold:.4f} [{row.threshold_low:.4f}–{row.threshold_high:.4f}] in place of "
            f"{row.threshold_before:.4f}, chosen on {row.films:,} films, {row.positives:,} with the finding; other patients of the "
            f"site may expect {rates}; at the old threshold these films had {row.sensitivity_before:.3f} and "
            f"{row.specificity_before:.3f}. Use it on other films with --threshold {row.label} {row.threshold:.4f}"
        )
    return lines if patients_known else [*lines, PATIENTS_UNKNOWN]
