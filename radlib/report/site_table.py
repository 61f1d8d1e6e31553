"""Read in another place: what would labelling a few films there buy? Asked where all test films come from places of their own.

The frozen threshold stands first, as it was chosen where the network was trained; then thresholds that some test patients chose
and the others were asked at, see `metrics.site_films`. It is no second score of the test: it says what a site gains by `radlib predict
--labels`, and with how many films.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from radlib import metrics
from radlib.evaluation.film_groups import VALIDATION
from radlib.evaluation.threshold_rules import rule_of
from radlib.metrics.operating_points import ThresholdRule
from radlib.report import wording as w
from radlib.report.blocks import Cell, Section, Table, Text
from radlib.report.draws import deciding_thresholds
from radlib.report.readings import Readings, film_table, label_names, read
from radlib.report.usefulness import winner_and_original
from radlib.runs.runs import Run
from radlib.runs.tasks import task_of
from radlib.runs.variants import Variant

TITLE = "What labelled films of the place would buy"
EVEN_ODDS = 0.5  # a promise that is kept as often as not: what so few films can carry
SHORT = {"youden": "Youden’s index", "half": "0.5"}
RATES = ("sensitivity", "specificity")
COLUMNS = ("variant", "label", "threshold_rule", "patients_labelled", "chosen",
           *(f"{rate}{end}" for rate in RATES for end in ("", "_5th", "_95th")))  # fmt: skip
EXPLAINED = (
    "The test is another place. Its threshold was frozen where the network was trained; a site can label films of its own and choose "
    "anew. Here some patients of the test choose, and all others are asked: the mean over 200 draws of those patients, and below it "
    "where nine in ten draws lie, the luck of whom a site happens to label. It scores nothing twice and changes no verdict."
)


def site_table(run: Run, *, readings: Readings | None = None) -> pd.DataFrame:
    """Return what thresholds bring that are chosen on a few patients of the test's place, of the winner and its original.

    Args:
        run: The run; only its files are read.
        readings: Those files, when they were read before.

    Returns:
        One row per variant, label, rule and number of patients labelled, see `metrics.site_films`; no rows where test and
        validation films come from the same places, or no place is known, or decisions have no threshold.
    """
    readings = readings or read(run)
    if not _elsewhere(readings):
        return pd.DataFrame(columns=list(COLUMNS))
    rows = [row for variant in winner_and_original(readings) for row in _rows(readings, variant)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _elsewhere(readings: Readings) -> bool:
    """Tell whether every film of the test has a source, and no film that was chosen on has the same."""
    there, here = (_sources(table) for table in (readings.groups, film_table(readings.run.path(VALIDATION))))
    return bool(there) and bool(here) and "" not in there | here and not there & here


def _sources(table: pd.DataFrame) -> set[str]:
    return set(table["source"].fillna("").astype(str)) if "source" in table else set()


def _rows(readings: Readings, variant: Variant) -> Iterator[dict]:
    if variant.name not in readings.test or task_of(variant).exclusive:
        return
    answers = readings.test[variant.name]
    frozen = deciding_thresholds(readings, variant, answers)
    for column, label in enumerate(label_names(variant)):
        if np.isnan(frozen[0, column]):
            continue
        for rule in rules_asked(rule_of(readings.run.settings)):
            asked = answers.y_true[:, column], answers.y_prob[:, column], answers.patients
            for row in metrics.site_films(*asked, frozen[0, column], rule=rule):
                yield {"variant": variant.name, "label": label, "threshold_rule": str(rule), **row}


def rules_asked(rule: ThresholdRule) -> list[ThresholdRule]:
    """Return the study's own rule, Youden's, and a promised sensitivity with even odds, which few films can carry too.

    Example:
        >>> [str(rule) for rule in rules_asked(ThresholdRule("sensitivity", 0.9, 0.8))]
        ['sensitivity 0.9 with confidence 0.8', 'youden', 'sensitivity 0.9 with confidence 0.5']
    """
    even = ThresholdRule("sensitivity", rule.sensitivity, EVEN_ODDS)
    return list({str(asked): asked for asked in (rule, ThresholdRule(), even)}.values())


def site_section(readings: Readings, table: pd.DataFrame) -> Section:
    """Return the winner's table for a reader; without blocks where the test is no other place.

    Args:
        readings: The files of the run.
        table: See `site_table`.
    """
    if table.empty:
        return Section(TITLE, ())
    leader = winner_and_original(readings)[-1]
    own = table[table["variant"] == leader.name]
    several = own["label"].nunique() > 1
    rows = tuple(
        _row(row, several) for _, row in own.iterrows() if row["chosen"] > 0 or not row["patients_labelled"]
    )
    columns = ("Threshold", "Patients labelled", *(rate.capitalize() for rate in RATES))
    also = "; site_thresholds.csv has the original too" if table["variant"].nunique() > 1 else ""
    caption = f"{leader.label}, patients of the test who took no part in choosing{also}"
    return Section(TITLE, (Text((EXPLAINED,)), Table(columns, tuple(dict.fromkeys(rows)), caption)))


def _row(row: pd.Series, several: bool) -> tuple[Cell, ...]:
    label = f" of {row['label']}" if several else ""
    labelled = int(row["patients_labelled"])
    words = SHORT.get(
        row["threshold_rule"], str(row["threshold_rule"]).replace("sensitivity", "promised sensitivity")
    )
    rule = Cell(f"{words}{label}", "" if row["chosen"] == 1 else f"in {_share(row['chosen'])} of draws")
    first = Cell(f"frozen{label}") if not labelled else rule
    rates = (Cell(w.rate(row[rate]), w.span(row[f"{rate}_5th"], row[f"{rate}_95th"])) for rate in RATES)
    return (first, Cell(f"{labelled:,}"), *rates)


def _share(share: float) -> str:
    """Return a share that is neither none nor all as percent.

    Example:
        >>> _share(0.5), _share(0.004), _share(0.997)
        ('50 %', '< 1 %', '> 99 %')
    """
    return "< 1 %" if share < 0.01 else "> 99 %" if share > 0.99 else f"{100 * share:.0f} %"
