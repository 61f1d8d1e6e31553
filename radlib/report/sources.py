"""Does a choice hold for a source it was not made on? Each source of validation films is left out of the choosing in turn.

Threshold and winner are chosen by the run's own rule on the validation films of all other sources, and scored on those of
the one left out. The networks stay as they are: they may have seen films of that source in training, so this shows how far the
*choice* carries to another source, and **not** how a network reads a source that it has never seen. For that, films of a
source must stay out of training: with a data set that reads a table (`dicom_folder`), give that source's films the split
`test` in the table, and the test of the run is that source.
"""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from radlib.evaluation.answers import mean_auroc
from radlib.evaluation.film_groups import VALIDATION
from radlib.evaluation.learnt import answers_of, not_learnt
from radlib.evaluation.predictions import load_predictions
from radlib.evaluation.records import Record
from radlib.evaluation.selection import winner_of
from radlib.evaluation.threshold_rules import operating_points, rule_of
from radlib.report import wording as w
from radlib.report.blocks import Cell, Section, Table, Text
from radlib.report.draws import DECIDED, decided_row, draw
from radlib.report.readings import Readings, film_table, read
from radlib.runs.runs import Run
from radlib.runs.variants import Variant

TITLE = "Each source left out of the choice"
COLUMNS = ("source", "variant", "films", "patients", "threshold")
EXPLAINED = (
    "Threshold and winner are chosen anew without the validation films of one source, and scored on those. The networks may have "
    "seen films of that source in training: this shows how far a choice carries, not how they read a source that is new to them."
)


@dataclass(frozen=True)
class Chosen:
    """What is chosen without the films of a source.

    Attributes:
        variant: The winner.
        inside: Its answers to the validation films of the source, which had no say in the choice.
        others: Those to all other validation films.
        operating: Those that its threshold is chosen on, of other sources too.
    """

    variant: Variant
    inside: Any
    others: Any
    operating: Any


def left_out_sources(run: Run, *, readings: Readings | None = None) -> pd.DataFrame:
    """Return how a choice made without each source reads the validation films of that source.

    Args:
        run: The run; only its files are read.
        readings: What was read of them, if it was.

    Returns:
        One row per source: `source`, `variant` (the winner without it), `films`, `patients`, `threshold` (NaN for several
        findings), and `auroc`, `sensitivity` and `specificity` with `_low` and `_high`. Empty where the data set knows no
        source, or one alone.
    """
    readings = read(run) if readings is None else readings
    ends = [f"{name}{end}" for name in DECIDED for end in ("", "_low", "_high")]
    return pd.DataFrame(each_source(readings, _decided), columns=[*COLUMNS, *ends])


def each_source(
    readings: Readings, scored: Callable[[Readings, Chosen], Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return a row for every source of validation films without which a winner can be chosen, and that has films of its own.

    Args:
        readings: The files of the run.
        scored: What a row says of a choice beside `source` and `variant`.
    """
    groups = film_table(readings.run.path(VALIDATION))
    if "source" not in groups:
        return []
    rows = []
    for source in sorted(set(groups["source"]) - {""}):
        chosen = _without(readings, groups.loc[groups["source"] == source, "image_id"].tolist())
        if chosen is not None:
            rows.append({"source": source, "variant": chosen.variant.name, **scored(readings, chosen)})
    return rows


def _without(readings: Readings, images: list[str]) -> Chosen | None:
    """Return what is chosen without the films of one source; None where nothing can be."""
    run = readings.run
    candidates = [v for v in run.candidates() if v.name in readings.validation]
    inside: dict[str, Record] = {}
    others: dict[str, dict[str, Record]] = {"validation": {}, "perturbed": {}}
    for variant in candidates:
        clean, stressed = readings.validation[variant.name], load_predictions(run, variant, "perturbed")
        own = np.isin(clean.image_id, images)
        if own.all() or not own.any():
            return None
        if stressed is None or not np.array_equal(clean.image_id, stressed.image_id):
            return None
        inside[variant.name] = clean.take(own)
        for split, answers in (("validation", clean), ("perturbed", stressed)):
            others[split][variant.name] = answers.take(~own)
    asked = {name: answers_of(answers) for name, answers in others["validation"].items()}
    unlearnt = not_learnt(run, candidates, asked)
    name = winner_of(run.settings, candidates, others, unlearnt)["winner"] if candidates else None
    if name is None:
        return None
    variant = next(v for v in candidates if v.name == name)
    operating = others[run.settings.operating_point_films][name]
    return Chosen(variant, inside[name], others["validation"][name], operating)


def _decided(readings: Readings, chosen: Chosen) -> dict[str, Any]:
    """Return how the choice reads the source that was left out, at a threshold that the others gave."""
    name, rule = chosen.variant.name, rule_of(readings.run.settings)
    points = operating_points(chosen.operating, chosen.variant, rule)
    auroc = mean_auroc(chosen.operating)
    threshold = points[0] if len(points) == 1 else points
    entry = {"threshold": threshold, "validation_auroc": auroc, "operating_auroc": auroc}
    alone = dataclasses.replace(
        readings, test={name: chosen.inside}, selection={"variants": {name: entry}}, drawn={}
    )
    stated = threshold if isinstance(threshold, float) else np.nan
    return {"threshold": stated, **decided_row(draw(alone, chosen.variant))}


def choice_words(table: pd.DataFrame, winner: str) -> tuple[str, ...]:
    """Return whether the choice stands without each source, a sentence; nothing before a winner was chosen.

    Args:
        table: With `source` and `variant`.
        winner: Name of the variant that was chosen on the films of all sources.
    """
    if not winner:
        return ()
    changed = table[table["variant"] != winner]
    if changed.empty:
        count = "either of both" if len(table) == 2 else f"any one of {w.plural(len(table), 'source')}"
        return (f"The same file is chosen without {count if len(table) > 1 else 'this source'}.",)
    named = ", ".join(f"without {row.source} {row.variant}" for row in changed.itertuples())
    return (f"The choice hangs on the sources: with all of them it is {winner}, {named}.",)


def source_section(table: pd.DataFrame, winner: str = "") -> Section:
    """Return the table for a reader; without blocks where no source is known.

    Args:
        table: See `left_out_sources`.
        winner: Name of the variant that was chosen on the films of all sources; empty before one was.
    """
    if table.empty:
        return Section(TITLE, ())
    rows = tuple(
        (
            Cell(str(row["source"]), w.plural(row["films"], "film")),
            Cell(row["variant"]),
            *(Cell(w.rate(row[m]), w.span(row[f"{m}_low"], row[f"{m}_high"])) for m in DECIDED),
        )
        for _, row in table.iterrows()
    )
    columns = ("Source left out", "Winner without it", "AUROC", "Sensitivity", "Specificity")
    caption = "Validation films of that source, with 95 % intervals over patients"
    return Section(TITLE, (Text((EXPLAINED, *choice_words(table, winner))), Table(columns, rows, caption)))
