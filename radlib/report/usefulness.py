"""What the errors of each file mean where it is to be used: missed and needless films, and whether it is of use at all.

Rates are those of the test films at the threshold that goes with the file; the prevalence is the study's, or that of
the test films, which is seldom that of a clinic. See `metrics.net_benefit`.
"""

from typing import Any

import numpy as np
import pandas as pd

from radlib import metrics
from radlib.report import wording as w
from radlib.report.blocks import Cell, Figure, Section, Table, Text
from radlib.report.cells import row_titles
from radlib.report.draws import deciding_thresholds
from radlib.report.readings import Readings, label_names, read
from radlib.runs.runs import Run
from radlib.runs.tasks import task_of
from radlib.runs.variants import Variant

ONE_ANSWER = "Only one answer occurs among the test films."
SHOWN = {
    "missed_per_1000": ("Missed per 1,000", 1),
    "needless_per_1000": ("Called back for nothing per 1,000", 1),
    "ppv_at_prevalence": ("Positive predictive value", 3),
    "npv_at_prevalence": ("Negative predictive value", 3),
    "net_benefit": ("Net benefit", 3),
}
COLUMNS = ("variant", "label", "prevalence", "threshold",
           *(f"{name}{end}" for name in SHOWN for end in ("", "_low", "_high")), "reason")  # fmt: skip


def usefulness(run: Run, *, readings: Readings | None = None) -> pd.DataFrame:
    """Return what the decisions of every variant mean at the prevalence of the study.

    Args:
        run: The run; only its files are read.
        readings: Those files, when they were read before.

    Returns:
        One row per variant and label: `prevalence`, `threshold`, `missed_per_1000` and `needless_per_1000` films,
        `ppv_at_prevalence`, `npv_at_prevalence` and `net_benefit` (a needless call weighs 1 / `missed_cost`), each with
        `_low` and `_high`; `reason` where nothing can be said.
    """
    readings = readings or read(run)
    rows = []
    for variant in (v for v in readings.variants if v.name in readings.test):
        for column, label in enumerate(label_names(variant)):
            rows.append({"variant": variant.name, "label": label, **_decided(readings, variant, column)})
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _decided(readings: Readings, variant: Variant, column: int) -> dict[str, Any]:
    answers, settings = readings.test[variant.name], readings.run.settings
    known = ~np.isnan(answers.y_true[:, column])
    truth, thresholds = (
        answers.y_true[known, column],
        deciding_thresholds(readings, variant, answers)[known, column],
    )
    share = prevalence_of(readings, variant, truth)
    stated = thresholds[0] if not task_of(variant).exclusive and len(thresholds) else np.nan
    row: dict[str, Any] = {"prevalence": share, "threshold": stated, "reason": ""}
    if len(np.unique(truth)) < 2:
        return row | {"reason": ONE_ANSWER}
    if np.isnan(thresholds).any():
        return row | {"reason": "No threshold was chosen for this label."}
    rates = metrics.rates_of(truth, answers.y_prob[known, column] >= thresholds, answers.patients[known])
    for name, ends in metrics.usefulness(rates, share, 1 / settings.missed_cost).items():
        row |= dict(zip((name, f"{name}_low", f"{name}_high"), ends, strict=True))
    return row


def prevalence_of(readings: Readings, variant: Variant, truth: np.ndarray) -> float:
    """Return the study's prevalence of one finding; of several, or where it states none, that of the test films.

    Args:
        readings: The files of the run.
        variant: Whose findings are asked.
        truth: Known answers of the test films to one of them.
    """
    own = float(truth.mean()) if len(truth) else float("nan")
    return stated_prevalence(readings, variant) or own


def stated_prevalence(readings: Readings, variant: Variant) -> float:
    """Return the prevalence that the study states of its one finding; 0 of several, or where it states none."""
    return readings.run.settings.prevalence if len(label_names(variant)) == 1 else 0.0


def winner_and_original(readings: Readings) -> list[Variant]:
    """Return the winner and its original, or the first variant with answers and its original."""
    scored = [v for v in readings.variants if v.name in readings.test]
    leader = next((v for v in scored if v.name == readings.selection.get("winner")), next(iter(scored), None))
    if leader is None:
        return []
    original = readings.original(leader)
    pair = [original, leader] if original is not None and original.name in readings.test else [leader]
    return list({v.name: v for v in pair}.values())


def usefulness_section(
    readings: Readings, results: pd.DataFrame, table: pd.DataFrame, drawn: tuple[Figure, ...] = ()
) -> Section:
    """Return the section on what errors mean where the winner, or its original, is used.

    Args:
        readings: The files of the run.
        results: See `tables.results`.
        table: See `usefulness`.
        drawn: The decision curve, and precision over sensitivity, where they were drawn.
    """
    title = "Of use where it is to stand"
    pair = [v.name for v in winner_and_original(readings)]
    missing = tuple(Text((line,)) for line in undrawn(table[table["variant"].isin(pair)]))
    rows = table[table["variant"].isin(pair) & (table["reason"] == "")]
    if rows.empty:
        return Section(title, (*missing, *drawn))
    findings = list(rows["label"].unique())
    rows = rows.assign(of_label=rows["label"].map(findings.index), of_pair=rows["variant"].map(pair.index))
    names = dict(zip(results["variant"], row_titles(results), strict=True))
    several = table["label"].nunique() > 1
    cells = tuple(
        (
            Cell(
                row["label"] if several else names[row["variant"]], names[row["variant"]] if several else ""
            ),
            Cell(f"{100 * row['prevalence']:.1f} %"),
            *(
                Cell(w.decimals(row[name], digits), w.span(row[f"{name}_low"], row[f"{name}_high"], digits))
                for name, (_, digits) in SHOWN.items()
            ),
        )
        for _, row in rows.sort_values(["of_label", "of_pair"]).iterrows()
    )
    columns = ("Finding" if several else "Variant", "Prevalence", *(words for words, _ in SHOWN.values()))
    caption = "At the threshold that goes with each file; below each value its 95 % interval"
    return Section(title, (Text(_words(readings, several)), *missing, *drawn, Table(columns, cells, caption)))


def undrawn(table: pd.DataFrame) -> tuple[str, ...]:
    """Return of which findings precision cannot be drawn, in a sentence; none where it can of all.

    Args:
        table: Rows of `usefulness`.
    """
    names = list(dict.fromkeys(table.loc[table["reason"] == ONE_ANSWER, "label"]))
    if not names:
        return ()
    return (
        f"Precision over sensitivity is not drawn for {', '.join(names)}: only one answer occurs among the test films.",
    )


def _words(readings: Readings, several: bool) -> tuple[str, ...]:
    settings = readings.run.settings
    stated = settings.prevalence and not several
    return (
        carried_over(settings.prevalence if stated else 0.0),
        f"Net benefit is findings per film less needless calls, {settings.missed_cost:g} of which weigh one finding (missed_cost of the study); "
        "a network is of use where it is above that of calling every film and of calling none, 0 (Vickers and Elkin, 2006).",
    )


def carried_over(stated: float) -> str:
    """Return at which prevalence errors are told: the study's own, or where it states none (0) that of the test films."""
    whose = (
        f"a prevalence of {100 * stated:.1f} %, which the study states"
        if stated
        else "the prevalence among the test films, as the study states no other: it is seldom that of a clinic"
    )
    return f"Sensitivity and specificity on the test films, carried over to 1,000 films at {whose}. The prevalence is taken as known."


def card_lines(table: pd.DataFrame) -> tuple[str, ...]:
    """Return a sentence per finding on what a variant's errors mean, for its card.

    Args:
        table: Its rows, see `usefulness`.
    """
    rows = [row for _, row in table[table["reason"] == ""].iterrows()]
    return tuple(line for row in rows for line in (_errors(row), _values(row)))


def _errors(row: pd.Series) -> str:
    having = 100 * row["prevalence"]
    hundred, thousand = [], []
    for name, of_them in (("missed_per_1000", having), ("needless_per_1000", 100 - having)):
        share = 10 * row[name] / of_them  # else 4 missed of 100 films would be read as a sensitivity of 96 %
        hundred.append((f"{row[name] / 10:.1f}", f"{share:.1f} of 100 such films"))
        thousand.append(f"{row[name]:.1f} [{w.span(row[f'{name}_low'], row[f'{name}_high'], 1)}]")
    (missed, of_having), (needless, of_free) = hundred
    return (
        f"{row['label']}, of 100 films: of {having:.1f} with it {missed} missed ({of_having}), of {100 - having:.1f} without it "
        f"{needless} called back for nothing ({of_free}); of 1,000 films: {' and '.join(thousand)}."
    )


def _values(row: pd.Series) -> str:
    ppv, npv = (
        f"{w.rate(row[f'{name}_at_prevalence'])} [{w.span(row[f'{name}_at_prevalence_low'], row[f'{name}_at_prevalence_high'])}]"
        for name in ("ppv", "npv")
    )
    return (
        f"A film that is called has {row['label']} with a probability of {ppv} (positive predictive value); one that is not called "
        f"is free of it with {npv} (negative predictive value)."
    )
