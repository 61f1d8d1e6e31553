"""One row per variant that says where: what it weighs, what it costs, how close it is; and every measure of every label.

Outlines and boxes differ in what is measured of a film and which tests their verdicts rest on; how the tables are laid out does not.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from radlib.report.cost_rows import cost_row, on_validation
from radlib.report.readings import Readings, label_names, of_run
from radlib.runs.variants import Variant

ENDS = ("", "_low", "_high")
TESTED = (
    "standard_error", "p_noninferior", "p_inferior", "verdict", "chance_if_lossless", "patients_asked", "patients_needed",
    "seeds_pooled", "seed_deviation", "verdict_method", "verdict_reason",
)  # fmt: skip


def with_intervals(*names: str) -> tuple[str, ...]:
    """Return names of columns, each followed by those of its interval.

    Example:
        >>> with_intervals("dice")
        ('dice', 'dice_low', 'dice_high')
    """
    return tuple(f"{name}{end}" for name in names for end in ENDS)


def place_results(
    readings: Readings,
    measure: str,
    judged: Mapping[str, Mapping[str, Any]],
    columns: Sequence[str],
    quality: Callable[[Variant, Any], Mapping[str, Any]],
) -> pd.DataFrame:
    """Return one row per variant.

    Args:
        readings: The files of the run.
        measure: What variants were chosen by, `dice` or `box_score`.
        judged: Verdicts by variant.
        columns: Those of them that have a column.
        quality: What a row says of how well a variant does, from it and its record of the test films, None before it was scored.

    Returns:
        DataFrame with the columns of `cost_rows.cost_row`, `validation_MEASURE`, `threshold`, `films`, `patients`, those of `quality`,
        the verdicts', `winner`, and `not_learnt`.
    """
    if not readings.variants:
        return pd.DataFrame(columns=["variant", "label", "network", "seed", "chain", "format", "size_bytes"])
    rows = []
    for variant in readings.variants:
        answers, own = readings.test.get(variant.name), judged.get(variant.name, {})
        row = cost_row(readings, variant)
        row[f"validation_{measure}"] = on_validation(readings, variant, measure)
        row["threshold"] = readings.thresholds(variant)[0]
        row |= dict.fromkeys(("films", "patients"), np.nan) if answers is None else _counted(answers)
        row |= quality(variant, answers)
        row |= {name: own.get(name, "" if _is_text(name) else np.nan) for name in columns}
        row["winner"] = variant.name == readings.selection.get("winner")
        rows.append(row | {"not_learnt": readings.why_not_learnt(variant)})
    return of_run(pd.DataFrame(rows), readings)


def each_label(
    readings: Readings, columns: Iterable[str], rows_of: Callable[[Any, int], pd.DataFrame]
) -> pd.DataFrame:
    """Return rows of every label of every variant that was scored.

    Args:
        readings: The files of the run.
        columns: Of the table, `variant` and `label` among them.
        rows_of: The rows of one label, from a record of test films and the label's place.
    """
    columns = list(columns)
    tables = [pd.DataFrame(columns=columns)]
    for variant in readings.variants:
        answers = readings.test.get(variant.name)
        for place, label in enumerate(label_names(variant) if answers is not None else ()):
            tables.append(rows_of(answers, place).assign(variant=variant.name, label=label)[columns])
    return of_run(pd.concat(tables[1:] or tables, ignore_index=True), readings)


def measure_rows(summary: pd.DataFrame, answers: Any) -> pd.DataFrame:
    """Return a summary of measures, a row each, with how many films and patients it is of."""
    return summary.rename_axis("measure").reset_index().assign(**_counted(answers))


def _counted(answers: Any) -> dict[str, int]:
    return {"films": len(answers.image_id), "patients": int(answers.patients.max(initial=-1)) + 1}


def _is_text(column: str) -> bool:
    return column.startswith("verdict") or column == "conclusion"
