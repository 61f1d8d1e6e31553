"""The tables of a report: one function each, from the run's tables to cells that people read."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from radlib import metrics
from radlib.evaluation.conclusions import TONES, questions_of, tone_alone
from radlib.report import wording as w
from radlib.report.blocks import Cell, Figure, Table, Text, drawn
from radlib.report.tables import over_seeds

LABEL_METRICS = {
    "auroc": "AUROC",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "positive_predictive_value": "PPV",
    "negative_predictive_value": "NPV",
    "f1": "F1",
    "brier": "Brier score",
    "expected_calibration_error": "Calibration error",
}
OF_ONE_LABEL = (
    "positive_predictive_value",
    "negative_predictive_value",
    "f1",
)  # what no other table has of it
UNSTEADY = 3  # times the median, at the 95th percentile


def row_titles(results: pd.DataFrame) -> list[str]:
    """Return what each row's variant is called."""
    several = results["network"].nunique() > 1, results["seed"].nunique() > 1
    return [w.title_of(row, *several) for _, row in results.iterrows()]


def _winner_row(results: pd.DataFrame) -> int | None:
    rows = [place for place, winner in enumerate(results.get("winner", ())) if winner]
    return rows[0] if rows else None


def _metric(row: pd.Series, name: str) -> Cell:
    scored = w.known(row["films"])
    return Cell(w.rate(row[name], scored), w.span(row[f"{name}_low"], row[f"{name}_high"]))


def verdict_cell(row: pd.Series, margin: float) -> Cell:
    """Return the verdict on an AUROC alone, never green, and below it why it is undefined, or what as many patients can show.

    An interval can lie within the margin where the claim, adjusted over all that was asked, cannot be made.
    """
    note = str(row["verdict_reason"] or "")
    if not note and row["verdict"] == "too few patients":
        share = 100 * metrics.not_excluded(row["patients_asked"])
        note = f"losses in up to {share:.1f} % of patients are not excluded"
    elif not note and row["verdict"] == "cannot tell" and row["difference_low"] > -margin:
        note = "alone within the margin, not so among all that were asked"
    elif not note and row["verdict"] == "cannot tell":
        note = f"shown in {100 * row['chance_if_lossless']:.0f} % of studies if there is no loss"
    return Cell(w.VERDICTS[row["verdict"]], note, tone_alone(row["verdict"]))


def conclusion_cell(row: pd.Series) -> Cell:
    """Return what the verdicts on AUROC, sensitivity and specificity come to, and below it each of them."""
    notes = [
        f"{title} {w.VERDICTS.get(row[f'verdict{suffix}'], row[f'verdict{suffix}'])}"
        for suffix, title in questions_of(row).items()
        if row[f"verdict{suffix}"]
    ]
    return Cell(
        w.CONCLUSIONS.get(row["conclusion"], w.MISSING), "; ".join(notes), TONES.get(row["conclusion"], "")
    )


def reading_table(results: pd.DataFrame) -> Table:
    """Return how well each variant reads the test films, with intervals."""
    columns = ("Variant", "File", "Smaller", "AUROC", "AUROC − original", "Beside its original", "Accuracy", "Sensitivity",
               "Specificity")  # fmt: skip
    rows = []
    for title, (_, row) in zip(row_titles(results), results.iterrows(), strict=True):
        scored, original = w.known(row["films"]), row["chain"] == "original"
        difference = Cell(
            w.signed(row["difference"]), w.signed_span(row["difference_low"], row["difference_high"])
        )
        rows.append((
            Cell(title, "chosen on validation" if row["winner"] else ""),
            Cell(w.human_bytes(row["size_bytes"])),
            Cell(w.times(row["compression"])),
            _metric(row, "auroc"),
            Cell(w.MISSING) if original or not scored else difference,
            Cell(w.MISSING) if original or not scored
            else conclusion_cell(row),
            *(_metric(row, name) for name in ("accuracy", "sensitivity", "specificity")),
        ))  # fmt: skip
    return Table(columns, tuple(rows), "Test films; below each value its 95 % interval", _winner_row(results))


def cost_table(results: pd.DataFrame) -> Table:
    """Return what each variant weighs and takes."""
    columns = ("Variant", "File", "Deflated", "Parameters", "Not zero", "MACs", "Latency p50, ms", "p95, ms",
               "Peak memory", "Opening, ms")  # fmt: skip
    rows = tuple(
        (
            Cell(title),
            Cell(w.human_bytes(row["size_bytes"])),
            Cell(w.human_bytes(row["deflated_bytes"])),
            Cell(w.human_count(row["parameters"])),
            Cell(w.human_count(row["nonzero_parameters"])),
            Cell(w.human_count(row["macs"])),
            Cell(w.milliseconds(row["latency_p50_ms"]), str(row["runtime"] or "")),
            Cell(w.milliseconds(row["latency_p95_ms"]), "unsteady" if is_unsteady(row) else ""),
            Cell(w.human_bytes(row["peak_memory_bytes"])),
            Cell(w.milliseconds(row["open_ms"])),
        )
        for title, (_, row) in zip(row_titles(results), results.iterrows(), strict=True)
    )
    caption = f"KB = 1,000 bytes{_timed(results)}"
    if any(is_unsteady(row) for _, row in results.iterrows()):
        caption += (
            f". Unsteady: one film in twenty took more than {UNSTEADY} times the median, as where other work is on the machine; "
            "measure again before comparing"
        )
    return Table(columns, rows, caption, _winner_row(results))


def _timed(results: pd.DataFrame) -> str:
    """Return how the latencies of a table were taken; empty where there are none."""
    timed = results[results["latency_p50_ms"].notna()] if "latency_p50_ms" in results else results.iloc[:0]
    if timed.empty:
        return ""
    counts = sorted({int(float(threads)) for threads in timed["threads"] if str(threads) not in ("", "nan")})
    threads = ["one thread" if count == 1 else w.plural(count, "thread") for count in counts]
    return (
        f"; one film at a time{', ' if threads else ''}{' or '.join(threads)}; below the latency the runtime"
    )


def is_unsteady(row: pd.Series) -> bool:
    """Tell whether the latency of a variant was disturbed: the 95th percentile is far above the median."""
    return bool(w.known(row["latency_p95_ms"]) and row["latency_p95_ms"] > UNSTEADY * row["latency_p50_ms"])


def seed_table(results: pd.DataFrame) -> Table | None:
    """Return mean and range over the seeds of training; None where every network has one."""
    table = over_seeds(results)
    if table.empty:
        return None
    several = table["network"].nunique() > 1
    rows = tuple(
        (
            Cell(
                f"{row['network']}, {row['label']}" if several else row["label"],
                w.plural(row["seeds"], "seed"),
            ),
            *(
                Cell(w.rate(row[f"{m}_mean"]), w.span(row[f"{m}_lowest"], row[f"{m}_highest"]))
                for m in ("auroc", "accuracy", "sensitivity", "specificity")
            ),
        )
        for _, row in table.iterrows()
    )
    columns = ("Variant", "AUROC", "Accuracy", "Sensitivity", "Specificity")
    return Table(columns, rows, "Mean; below it lowest and highest")


def label_tables(
    results: pd.DataFrame, labels: pd.DataFrame, thresholds: Mapping[str, np.ndarray], rule: str = ""
) -> tuple[Table, ...]:
    """Return one row per label of the winner, or one per variant where there is a single label.

    Args:
        results: See `tables.results`.
        labels: See `tables.per_label`.
        thresholds: Those of each variant, (labels,).
        rule: By what they were chosen; empty where no threshold decides.
    """
    if labels.empty:
        return ()
    names = dict(zip(results["variant"], row_titles(results), strict=True))
    order = list(dict.fromkeys(labels["label"]))
    wide = {key: group.set_index("metric") for key, group in labels.groupby(["variant", "label"], sort=False)}
    if len(order) > 1:
        scored = list(dict.fromkeys(labels["variant"]))
        winner = next((v for v in results.loc[results["winner"], "variant"] if v in scored), scored[0])
        wide = {key: table for key, table in wide.items() if key[0] == winner}
        caption = f"{names[winner]}, label by label"
    else:
        caption = f"{order[0].capitalize()}: {_positives(next(iter(wide.values())))}"
    shown = LABEL_METRICS if len(order) > 1 else {name: LABEL_METRICS[name] for name in OF_ONE_LABEL}
    rows = []
    for (variant, label), table in wide.items():
        threshold = thresholds[variant][order.index(label) if len(thresholds[variant]) > 1 else 0]
        title = Cell(label, _positives(table)) if len(order) > 1 else Cell(names[variant])
        chosen = [table.loc[name] for name in shown]
        cells = [Cell(w.rate(row["value"]), w.span(row["low"], row["high"])) for row in chosen]
        rows.append((title, Cell(w.rate(threshold, scored=False)), *cells))
    heading = ("Label" if len(order) > 1 else "Variant", "Threshold", *shown.values())
    return (
        Table(
            heading,
            tuple(rows),
            f"{caption}; thresholds by {rule}, in full in selection.json" if rule else caption,
        ),
    )


def _positives(table: pd.DataFrame) -> str:
    first = table.iloc[0]
    return f"{first['positives']:,.0f} of {w.plural(first['films'], 'test film')} positive"


def comparison_blocks(
    compared: pd.DataFrame, figures: Mapping[str, Figure], margin: float
) -> tuple[Text | Figure | Table, ...]:
    """Return what quantization cost, pair by pair.

    Args:
        compared: See `tables.comparisons`.
        figures: The pictures that were drawn, by name.
        margin: Largest loss of AUROC that counts as none.
    """
    if compared.empty:
        return ()
    several = compared["network"].nunique() > 1, compared["seed"].nunique() > 1
    rows = tuple(
        (
            Cell(
                w.title_of(pd.Series({**row, "label": f"{row['before']} → {row['after']}"}), *several),
            ),
            Cell(w.human_bytes(row["before_bytes"])),
            Cell(w.human_bytes(row["after_bytes"])),
            Cell(w.times(row["times_smaller"])),
            Cell(w.rate(row["before_auroc"])),
            Cell(w.rate(row["after_auroc"])),
            Cell(w.signed(row["difference"]), w.signed_span(row["difference_low"], row["difference_high"])),
            Cell(w.signed(row["after_accuracy"] - row["before_accuracy"])),
            verdict_cell(row, margin),
        )
        for _, row in compared.iterrows()
    )
    columns = ("Before → after", "Weights before", "File after", "Smaller", "AUROC before", "AUROC after", "Change",
               "Accuracy change", "Verdict, AUROC only")  # fmt: skip
    return (
        *drawn(figures, "auroc_differences"),
        Table(columns, rows, "Quality and size, pair by pair"),
    )
