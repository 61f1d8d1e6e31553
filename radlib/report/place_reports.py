"""What the reports of outlines and of boxes are made from alike."""

import pandas as pd

from radlib.evaluation.conclusions import THE_ORIGINAL, conclusion
from radlib.report.blocks import Text
from radlib.report.readings import Readings


def beside_its_original(readings: Readings, row: pd.Series) -> tuple[Text, ...]:
    """Return what a variant lost beside its original, for its card."""
    if row["chain"] == "original":
        return (Text((THE_ORIGINAL,)),)
    if row["not_learnt"]:
        return (Text((f"No verdict: the original has not learnt, as {row['not_learnt']}.",)),)
    settings = readings.run.settings
    said = conclusion(row, settings.margin, settings.rate_margin)
    return (
        Text(
            (
                f"It {said}."
                if said
                else f"Not compared with its original. {row['verdict_reason'] or ''}".strip(),
            )
        ),
    )
