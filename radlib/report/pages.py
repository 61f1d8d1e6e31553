"""The page of a run: which tables, pictures and words, in which order."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from radlib import __version__
from radlib.evaluation.learnt import alarm
from radlib.report import wording as w
from radlib.report.blocks import Cell, Command, Figure, Page, Section, Table, Text, drawn, told_page
from radlib.report.cells import (
    cost_table,
    label_tables,
    reading_table,
    seed_table,
    verdict_cell,
)
from radlib.report.changed_films import changed_film_blocks
from radlib.report.devices import device_section
from radlib.report.evidence_cells import evidence_sections
from radlib.report.gate import gate_outcome
from radlib.report.headlines import forecast_blocks, headline, reading_legend
from radlib.report.heat_map_tables import heat_map_section
from radlib.report.inside_cells import agreement_section, inside_section
from radlib.report.inside_tables import Insides
from radlib.report.limits import limit_blocks
from radlib.report.looks import looks_blocks, looks_caution
from radlib.report.methods import methods
from radlib.report.overlapping import overlap_section
from radlib.report.pair_tables import pair_section
from radlib.report.readings import Readings
from radlib.report.refused import refusal_section
from radlib.report.shift_section import caution, shift_section
from radlib.report.sources import source_section
from radlib.report.stress_tables import stress_section
from radlib.report.threshold_words import rule_words
from radlib.report.usefulness import usefulness_section
from radlib.runs.settings import WITHHELD


def build_page(
    readings: Readings,
    results: pd.DataFrame,
    compared: pd.DataFrame,
    labels: pd.DataFrame,
    figures: dict[str, Figure],
    evidence: Mapping[str, pd.DataFrame],
    insides: Insides,
) -> Page:
    """Return the page.

    Args:
        readings: The files of the run.
        results: See `tables.results`.
        compared: See `tables.comparisons`.
        labels: See `tables.per_label`.
        figures: The pictures that were drawn, by name; a picture that is not there is left out.
        evidence: The tables behind the verdicts and all others, by the names of their files.
        insides: What was stored of layers and weights.
    """
    run, rule = readings.run, rule_words(readings)
    thresholds = {variant.name: readings.thresholds(variant) for variant in readings.variants}
    sections = [
        Section(
            "How well each variant reads",
            (reading_table(results), reading_legend(results, readings)),
        ),
        Section("What these films could show", forecast_blocks(readings.selection)),
        Section("Looked at before", looks_blocks(readings)),
        refusal_section(evidence["refusals"]),
        shift_section(readings),
        stress_section(readings, evidence["stress"], figures),
        source_section(evidence["sources"]),
        Section("The best under each size", limit_blocks(readings.selection.get("limits", ()), results)),
        Section("What compression cost", _comparison_blocks(compared, figures, run.settings.margin)),
        Section(
            "What each variant needs",
            (cost_table(results), *drawn(figures, "latency_against_auroc", "size_bars")),
        ),
        device_section(readings, results, figures),
        *evidence_sections(
            results,
            evidence,
            run.settings,
            changed_film_blocks(run, evidence["changed_decisions"], results),
            figures,
            len(readings.groups) > 0,
        ),
        usefulness_section(readings, results, evidence["usefulness"], drawn(figures, "decision_curve")),
        pair_section(evidence["pairs"]),
        agreement_section(results, evidence["agreement"], evidence["verdicts"], figures),
        inside_section(results, insides, figures),
        heat_map_section(results, evidence["heat_maps"], figures),
        Section("Over the seeds of training", _present(seed_table(results))),
        overlap_section(readings, results),
        Section(
            "Each label",
            (*drawn(figures, "auroc_by_label"), *label_tables(results, labels, thresholds, rule)),
        ),
        Section("ROC curves and calibration", drawn(figures, "roc", "calibration")),
        Section("Films", _film_blocks(readings)),
        Section("Methods", (Text(methods(readings, results), listed=True),)),
        Section("Limits", (Text(w.LIMITS, listed=True),)),
        Section("Machine and versions", (_versions(readings, results),)),
        Section("How to make this again", (Command(command(readings)), _seeds_text(readings))),
    ]
    page = Page(
        title=run.study.title,
        study=run.study.name + " · drawn films, no patients" * (run.settings.dataset == "synthetic"),
        version=__version__,
        hero=figures.get("size_against_auroc"),
        headline=(
            *headline(results, readings.selection, run.settings),
            *_gate_words(readings),
            *filter(None, (looks_caution(readings),)),
        ),
        notes=(run.study.notes.strip(),) if run.study.notes.strip() else (),
        sections=tuple(s for s in sections if s.blocks),
        alarm=alarm(readings.not_learnt),
        caution=caution(readings),
    )
    return told_page(page, readings.counted)


def _gate_words(readings: Readings) -> tuple[str, ...]:
    outcome = gate_outcome(readings)
    return () if outcome is None or readings.not_learnt else (outcome.sentence,)


def _present(*tables: Table | None) -> tuple[Table, ...]:
    return tuple(table for table in tables if table is not None)


def _comparison_blocks(compared: pd.DataFrame, figures: dict[str, Figure], margin: float) -> tuple:
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
               "Accuracy change", "Verdict")  # fmt: skip
    lines = Text(tuple(w.comparison_sentence(row, *several) for _, row in compared.iterrows()), listed=True)
    sentences = (lines,) if len(compared) <= 6 else ()
    return (
        *sentences,
        *drawn(figures, "auroc_differences"),
        Table(columns, rows, "Quality and size, pair by pair"),
    )


def _film_blocks(readings: Readings) -> tuple:
    dataset = readings.films.get("dataset", {})
    lines = [" · ".join(str(dataset[k]) for k in ("title", "licence") if dataset.get(k))]
    lines += [str(dataset["citation"])] if dataset.get("citation") else []
    blocks: list[Any] = [Text(tuple(line for line in lines if line), quoted=True)] if any(lines) else []
    if splits := readings.films.get("splits"):
        hidden = ("split", "patients_elsewhere", "copies_elsewhere", "near_elsewhere")
        names = [name for name in splits[0] if name not in hidden]
        rows = tuple((Cell(str(s["split"])), *(Cell(f"{s[n]:,}") for n in names)) for s in splits)
        known = readings.films.get("patients_known", True)
        heading = "No patient is in two splits"
        overlapping = len(readings.films.get("overlapping_test_films", ()))
        if not known:
            heading = (
                "No group of near-duplicates, which stand in for unknown patients, was divided by the draw"
            )
            if overlapping:
                heading += f"; {overlapping:,} films of the official test part have one outside"
        elif overlapping:
            heading += (
                ", if equal numbers in two official folders are different people: "
                f"{overlapping:,} test films have a number that occurs in the training folder too"
            )
        blocks.append(Table(("Split", *(n.capitalize() for n in names)), rows, heading))
    if notes := tuple(str(note) for note in dataset.get("notes", ())):
        blocks.append(Text(notes, listed=True, quoted=True))
    reasons = readings.quarantine["reason"].value_counts()
    if len(reasons):
        rows = tuple(
            (Cell(str(reason).replace("_", " ")), Cell(f"{count:,}")) for reason, count in reasons.items()
        )
        blocks.append(
            Table(("Left out because", "Films"), rows, "Films that could not be used (quarantine.csv)")
        )
    else:
        blocks.append(Text(("Every film could be read.",)))
    return tuple(blocks)


def _versions(readings: Readings, results: pd.DataFrame) -> Table:
    libraries, host = readings.record.get("libraries", {}), readings.record.get("host", {})
    rows = [(Cell(name), Cell(str(version))) for name, version in libraries.items()]
    devices = [d for d in dict.fromkeys(results.get("device", ())) if d]
    machine = "; ".join(devices) or ", ".join(str(host[k]) for k in ("system", "machine") if k in host)
    if not devices and "processors" in host:
        machine += f", {host['processors']} processors"
    return Table(("What", "Version"), ((Cell("machine"), Cell(machine or w.MISSING)), *rows))


def command(readings: Readings) -> str:
    """Return the command that makes the run again; the folder of the films is the reader's own."""
    study = readings.run.study
    own_file = (
        Path(study.source).name if study.folder else ""
    )  # its name alone: a path may tell more than it should
    words = ["radlib", "run", "--study", own_file or study.name]
    for name, value in readings.record.get("overrides", {}).items():
        text = "FILE" if value == WITHHELD else str(value)
        words += ["--data", "FOLDER"] if name == "data" else ["-p", name, text]
    return shlex.join(words)


def _seeds_text(readings: Readings) -> Text:
    seeds = ", ".join(str(v) for v in dict.fromkeys(v.seed for v in readings.variants))
    return Text(
        (f"Seeds of training: {seeds or 'none yet'}. Seed of the split: {readings.run.settings.split_seed}.",)
    )
