"""The evidence behind a verdict as people read it: decisions, calibration, findings and groups, in tables and words."""

from collections.abc import Mapping, Sequence

import pandas as pd

from radlib.evaluation.conclusions import TONES
from radlib.report import wording as w
from radlib.report.blocks import Cell, Figure, Films, Section, Table, Text
from radlib.report.cells import row_titles, verdict_cell
from radlib.report.losses import (
    KINDS,
    MOST_NAMED,
    TESTED,
    harm_sentence,
    lost_rates,
    nobody_knows,
    unharmed_sentence,
)
from radlib.runs.settings import Settings


def evidence_sections(
    results: pd.DataFrame,
    evidence: Mapping[str, pd.DataFrame],
    settings: Settings,
    films: Sequence[Films] = (),
    figures: Mapping[str, Figure] | None = None,
    groups_known: bool = False,
    files: set[str] | None = None,
) -> dict[str, Section]:
    """Return the sections on `findings`, `decisions`, `calibration` and `harm`, by these names.

    Args:
        results: See `tables.results`.
        evidence: `verdicts`, `decisions`, `calibration` and `harm`, see `judgements` and `evidence`.
        settings: Of the run.
        films: Those that change sides, for the report on this machine.
        figures: The pictures that were drawn, by name.
        groups_known: Whether age, sex, view or source of test films is known.
        files: The variants that may have a row of their own; None for all.
    """
    few = results if files is None or results.empty else results[results["variant"].isin(files)]
    names = dict(zip(results.get("variant", ()), row_titles(results) if len(results) else (), strict=True))
    shown = shown_variants(few, evidence["verdicts"]) if len(few) else set()

    def drawn(name: str) -> tuple[Figure, ...]:
        return (figures[name],) if figures and name in figures else ()

    leader = next(iter(results.loc[results["winner"], "variant"]), "") if "winner" in results else ""
    own = evidence["verdicts"]
    own = own[own["variant"].isin(few["variant"])] if len(own) else own
    return {
        "findings": Section(
            "Each finding against its prevalence",
            (*drawn("findings"), *_finding_blocks(own, names, settings.margin)),
        ),
        "decisions": Section(
            "Decisions at the original’s threshold",
            (*_decision_blocks(evidence["decisions"], names, shown, settings), *films),
        ),
        "calibration": Section(
            "Confidence and calibration", _calibration_blocks(evidence["calibration"], names, shown)
        ),
        "harm": Section(
            "Who is harmed",
            (*drawn("groups"), *_harm_blocks(evidence["harm"], names, shown, settings, leader))
            or _nobody_knows(evidence["verdicts"], results, groups_known),
        ),
    }


def shown_variants(results: pd.DataFrame, verdicts: pd.DataFrame) -> set[str]:
    """Return the variants whose rows a table shows: all of a single label, else the winner, else the first."""
    variants = list(dict.fromkeys(verdicts["variant"])) if len(verdicts) else []
    if len(verdicts) == len(variants):
        return set(results["variant"])
    winner = [v for v in results.loc[results["winner"], "variant"] if v in variants]
    return {*(winner or variants[:1])}


def _finding_blocks(verdicts: pd.DataFrame, names: Mapping[str, str], margin: float) -> tuple:
    if verdicts.empty or verdicts["label"].nunique() < 2:
        return ()
    lines = []
    for variant, rows in verdicts.groupby("variant", sort=False):
        judged = rows["verdict"].value_counts()
        harmed = rows[rows["verdict"] == "inferior"].sort_values("difference")
        lost = ", ".join(f"{r['label']} ({w.signed(r['difference'])})" for _, r in harmed.iterrows())
        counts = ", ".join(f"{count} {w.VERDICTS[verdict]}" for verdict, count in judged.items())
        known = rows[["prevalence", "difference"]].dropna()
        ranks = known.rank().corr().iloc[0, 1] if len(known) > 2 else float("nan")
        rare = f" Rank correlation of prevalence and change: {w.signed(ranks)}." if w.known(ranks) else ""
        lines.append(f"{names[variant]}: {counts}." + (f" Loses: {lost}." if lost else "") + rare)
    ordered = verdicts.sort_values(["variant", "prevalence"], kind="stable")
    rows = tuple(
        (
            Cell(row["label"], names[row["variant"]]),
            Cell(_percent(row["prevalence"]), f"{row['positives']:,} of {row['films']:,}"),
            Cell(w.signed(row["difference"]), w.signed_span(row["difference_low"], row["difference_high"])),
            verdict_cell(row, margin),
        )
        for _, row in ordered.iterrows()
    )  # fmt: skip
    table = Table(
        ("Finding", "Prevalence", "AUROC − original", "Verdict, AUROC only"),
        rows,
        f"Rarest first{' of each variant' if verdicts['variant'].nunique() > 1 else ''}; claims adjusted over all findings of all variants, "
        "alarms not",
    )
    return Text(tuple(lines), listed=True), table


def _decision_blocks(
    decisions: pd.DataFrame, names: Mapping[str, str], shown: set[str], settings: Settings
) -> tuple:
    chosen = decisions[decisions["variant"].isin(shown)] if len(decisions) else decisions
    if chosen.empty:
        return ()
    several = chosen["label"].nunique() > 1
    rows = []
    for _, row in chosen.iterrows():
        title = Cell(row["label"] if several else names[row["variant"]], row["rule"])
        if row["reason"]:
            rows.append((title, Cell(w.MISSING, row["reason"]), *[Cell(w.MISSING)] * 4))
            continue
        rates = [
            Cell(
                f"{w.rate(row[name])} ({w.signed(row[f'difference_{name}'])})",
                w.signed_span(row[f"difference_{name}_low"], row[f"difference_{name}_high"]),
            )
            for name in ("sensitivity", "specificity")
        ]
        moved = (Cell(f"{row[f'patients_to_{way}']:,.0f}", w.plural(row[f"films_to_{way}"], "film"))
                 for way in ("positive", "negative"))  # fmt: skip
        tested = Cell(_p(row["p_sensitivity"]), f"specificity {_p(row['p_specificity'])}")
        rows.append((title, *rates, *moved, tested))
    columns = ("Finding" if several else "Variant", "Sensitivity (change)", "Specificity (change)",
               "Patients now positive", "Patients now negative", "p of no change in sensitivity")  # fmt: skip
    text = Text((
        "Frozen: both networks read at the original’s threshold, as when a file is exchanged in a running "
        "installation. Chosen anew: the variant at its own, from the same validation films. "
        + _changed(decisions),
        *lost_rates(decisions, names, settings),
    ) if (chosen["reason"] == "").any() else ())  # fmt: skip
    tests = ", ".join(dict.fromkeys(test for test in chosen["test_sensitivity"].dropna() if test))
    caption = "Test films; changes against the original, with 95 % intervals" + (
        f"; p: {tests}" if tests else ""
    )
    return (*([text] if text.lines else ()), Table(columns, tuple(rows), caption))


def _changed(decisions: pd.DataFrame) -> str:
    """Return where the films that change sides are listed, or that none does."""
    frozen = decisions[(decisions["rule"] == "frozen") & (decisions["reason"] == "")]
    if not (frozen[["films_to_positive", "films_to_negative"]].to_numpy(float) > 0).any():
        return "Frozen, no film changes sides."
    return "The films that change sides are listed in changed_decisions.csv, which stays with the run."


def _calibration_blocks(calibration: pd.DataFrame, names: Mapping[str, str], shown: set[str]) -> tuple:
    chosen = calibration[calibration["variant"].isin(shown)] if len(calibration) else calibration
    if chosen.empty:
        return ()
    several = chosen["label"].nunique() > 1
    rows = tuple(
        (
            Cell(row["label"] if several else names[row["variant"]], row["reason"]),
            Cell(
                w.rate(row["confidence"]),
                f"{w.signed(row['difference_confidence'])} [{w.signed_span(row['difference_confidence_low'], row['difference_confidence_high'])}]"
                if w.known(row["difference_confidence"]) else "",
            ),
            *(
                Cell(w.rate(row[name]), f"{w.rate(row[f'{name}_at_temperature'])} at its temperature"
                     if w.known(row[f"{name}_at_temperature"]) else "")
                for name in ("expected_calibration_error", "brier")
            ),
            Cell(w.rate(row["temperature"], scored=False, digits=2)),
        )
        for _, row in chosen.iterrows()
    )  # fmt: skip
    columns = (
        "Finding" if several else "Variant",
        "Confidence",
        "Calibration error",
        "Brier score",
        "Temperature",
    )
    text = Text((
        "Confidence: mean probability of the likelier answer; below it the change against the original. Temperature: "
        "what logits would have to be divided by, fitted on validation films; above 1 the network is too sure.",
    ))  # fmt: skip
    return text, Table(columns, rows)


def _nobody_knows(verdicts: pd.DataFrame, results: pd.DataFrame, known: bool) -> tuple:
    if verdicts.empty:
        return ()
    compressed = results[results["chain"] != "original"]
    if len(compressed) and compressed["not_learnt"].astype(bool).all():
        return (Text(("Whom compression harms is not asked of a network that has not learnt.",)),)
    return (Text((nobody_knows(known),)),)


def _harm_blocks(
    harm: pd.DataFrame, names: Mapping[str, str], shown: set[str], settings: Settings, leader: str
) -> tuple:
    if harm.empty:
        return ()
    lines = [harm_sentence(row, names[row["variant"]]) for _, row in harm[harm["harmed"] != ""].iterrows()]
    more = [f"And {len(lines) - MOST_NAMED:,} more, see harm.csv."] if len(lines) > MOST_NAMED else []
    lines = [*lines[:MOST_NAMED], *more] or [unharmed_sentence(harm, settings)]
    asked = harm[harm["variant"].isin(shown)]
    leader = next((v for v in (leader, *asked["variant"]) if v in set(asked["variant"])), "")
    chosen = asked[(asked["variant"] == leader) | (asked["harmed"] != "")]
    several = chosen["label"].nunique() > 1
    others = ", and of others the groups that are harmed" if chosen["variant"].nunique() > 1 else ""
    rows = tuple(
        (
            Cell(f"{KINDS.get(row['by'], row['by'])}: {row['group']}",
                 f"{row['label']}, {names[row['variant']]}" if several else names[row["variant"]]),
            Cell(f"{row['positives']:,} of {row['films']:,}", w.plural(row["patients"], "patient")),
            *(_harm_cell(row, suffix) for suffix, _ in TESTED.values()),
        )
        for _, row in chosen.iterrows()
    )  # fmt: skip
    columns = ("Group", "With finding", "AUROC − original", "Sensitivity", "Specificity")
    caption = (
        "Change within each group, with 95 % intervals; sensitivity and specificity at the original’s threshold; a group "
        f"is asked as a whole first, adjusted over all groups, and each finding behind it. Rows: {names.get(leader, leader)}{others}; "
        "harm.csv has all"
    )
    return Text(tuple(lines), listed=len(lines) > 1), Table(columns, rows, caption)


def _harm_cell(row: pd.Series, suffix: str) -> Cell:
    if row[f"reason{suffix}"]:
        return Cell(w.MISSING, row[f"reason{suffix}"])
    span = w.signed_span(row[f"difference{suffix}_low"], row[f"difference{suffix}_high"])
    return Cell(w.signed(row[f"difference{suffix}"]), span, TONES.get(row[f"verdict{suffix}"], ""))


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if w.known(share) else w.MISSING


def _p(value: float) -> str:
    return w.MISSING if not w.known(value) else "< 0.001" if value < 0.001 else f"{value:.3f}"
