"""What a new threshold of a site is said to rest on, sentence by sentence, for the command line."""

import math
import numbers
from collections.abc import Mapping, Sequence
from typing import Any

from radlib.deployment.threshold_files import exact, typed

PATIENTS_UNKNOWN = (
    "The labels name no patients (column patient_id): every film counts as another patient's, so that the intervals "
    "are too narrow where a patient has several films."
)
ROWS_NAMED = 8


def known(value: Any) -> bool:
    """Return whether a value is a number and not NaN."""
    return isinstance(value, numbers.Real) and not math.isnan(value)


def left_out(counts: Mapping[str, int], rows: Sequence[int], table_rows: int, kept: int) -> list[str]:
    """Return a sentence for all that did not take part, or took part in a way that is to be known."""
    lines = []
    if count := counts["rows_without_film"]:
        more = f" and {count - ROWS_NAMED} more" if count > ROWS_NAMED else ""
        named = ", ".join(str(row) for row in rows[:ROWS_NAMED])
        lines.append(
            f"{count} of {table_rows} rows of the table name no film of the folder (rows {named}{more})."
        )
    if count := counts["films_without_row"]:
        lines.append(f"{_films(count)} of the folder {_have(count)} no row in the table.")
    if count := counts["films_without_number"]:
        lines.append(f"{_films(count)} with a row could not be read, or got no number from the model.")
    if count := counts["training_films"]:
        lines.append(f"{_films(count)} with a row {_were(count)} left out: the variant was trained on them.")
    if count := counts["validation_films"]:
        lines.append(
            f"{_films(count)} {_were(count)} among those that the variant was chosen with; what is to be expected of "
            "others may be a little less."
        )
    if count := counts["rows_without_patient"]:
        lines.append(
            PATIENTS_UNKNOWN
            if count == kept
            else f"{_films(count)} {_have(count)} a row without patient_id; each counts as a patient of its own."
        )
    return lines


def _films(count: int) -> str:
    return f"{count:,} film" if count == 1 else f"{count:,} films"


def _have(count: int) -> str:
    return "has" if count == 1 else "have"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def sentences(found: Sequence[Mapping[str, Any]], films: int) -> list[str]:
    """Return what was chosen, one sentence or two per label, for the command line.

    Args:
        found: One row per label, see `Recalibration`.
        films: How many took part, with and without an answer to each label.
    """
    lines = []
    for row in found:
        label, unknown = row["label"], films - row["films"]
        open_answers = f"; {_films(unknown)} without an answer left out" if unknown else ""
        if row["reason"]:
            lines.append(f"{label}: {row['reason']}{open_answers and f' ({open_answers[2:]}.)'}")
            continue
        rates = " and ".join(
            f"{name} {row[name]:.3f} [{row[f'{name}_low']:.3f}–{row[f'{name}_high']:.3f}]"
            for name in ("sensitivity", "specificity")
        )
        before = (
            f"in place of {exact(row['threshold_before'])}"
            if known(row["threshold_before"])
            else "where none was"
        )
        earlier = (
            f"; at the old threshold these films had {row['sensitivity_before']:.3f} and {row['specificity_before']:.3f}"
            if known(row["threshold_before"])
            else ""
        )
        lines.append(
            f"{label}: threshold {exact(row['threshold'])} [{exact(row['threshold_low'])}–{exact(row['threshold_high'])}] "
            f"{before}, chosen on {row['films']:,} films of {row['patients']:,} patients, {row['positives']:,} with the "
            f"finding{open_answers}; other patients of the site may expect {rates}{earlier}. Use it on other films with "
            f"{typed(label, row['threshold'])}"
        )
    return lines
