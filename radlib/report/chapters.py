"""Everything behind the first page of a report, by the question that it answers."""

import dataclasses
import functools
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from radlib.report.blocks import Chapter, Command, Figure, Section, Table, Text, drawn
from radlib.report.cells import comparison_blocks, cost_table, label_tables, reading_table, seed_table
from radlib.report.changed_films import changed_film_blocks
from radlib.report.devices import device_section
from radlib.report.evidence_cells import evidence_sections, shown_variants
from radlib.report.headlines import forecast_blocks, reading_legend
from radlib.report.heat_map_tables import heat_map_section
from radlib.report.inside_cells import agreement_section, inside_section
from radlib.report.inside_tables import Insides
from radlib.report.limits import limit_blocks
from radlib.report.looks import looks_blocks
from radlib.report.margin_words import margin_blocks
from radlib.report.methods import caveats, methods
from radlib.report.overlapping import overlap_section
from radlib.report.pair_tables import pair_section
from radlib.report.pooled import method_table
from radlib.report.provenance import command, film_blocks, seeds_text, versions
from radlib.report.rates_by_group import TITLE as EACH_GROUP, group_section
from radlib.report.readings import Readings
from radlib.report.refused import refusal_section
from radlib.report.shift_section import shift_section
from radlib.report.site_table import TITLE as SITE, site_section
from radlib.report.sources import source_section
from radlib.report.stress_tables import stress_section
from radlib.report.threshold_words import chosen_on, rule_words
from radlib.report.usefulness import usefulness_section

DETAILS = (  # of a large study: folded once more on the page, and left to it and to the CSV files in Markdown
    "Each file", "Each label", "What compression cost", "Film by film", "Each finding against its prevalence",
    "Are the test films of the kind that was chosen on", "How much change it bears", "Each source left out of the choice",
    "Of use where it is to stand", "Confidence and calibration", "What each variant needs", "Inside the networks",
    "Where they look", EACH_GROUP, SITE,
)  # fmt: skip
FEW = (
    "Of so many files those have a row of their own below that were chosen: the originals of the first seed, the winner of each "
    "network{limits}. All stand in the CSV files beside this report."
)


@dataclass(frozen=True)
class Material:
    """What a page is made of, see `build_page`; `few` are the rows of `results` that have a row of their own everywhere."""

    readings: Readings
    results: pd.DataFrame
    compared: pd.DataFrame
    labels: pd.DataFrame
    figures: Mapping[str, Figure]
    evidence: Mapping[str, pd.DataFrame]
    insides: Insides
    few: pd.DataFrame

    @property
    def large(self) -> bool:
        """Whether methods are told in place of files."""
        return len(self.few) < len(self.results)

    @functools.cached_property
    def sections(self) -> dict[str, Section]:
        """Those on the evidence behind the verdicts, by name."""
        run = self.readings.run
        return evidence_sections(
            self.results,
            self.evidence,
            run.settings,
            changed_film_blocks(run, self.evidence["changed_decisions"], self.results),
            self.figures,
            len(self.readings.groups) > 0,
            set(self.few.get("variant", ())),
        )


def chapters(found: Material, main: str) -> tuple[Chapter, ...]:
    """Return everything but the first page, by question; chapters and sections without content are left out.

    Args:
        found: What a page is made of.
        main: Name of the picture on the first page, which stands in no chapter.
    """
    asked = (
        Chapter("How well does each read?", _reading(found, main)),
        Chapter("Is each as good as its original?", _beside_original(found)),
        Chapter("Who would be harmed?", _harmed(found)),
        Chapter("Do the scores hold for other films?", _elsewhere(found)),
        Chapter("What is it worth where it is to stand?", _worth(found)),
        Chapter("What does each cost?", _cost(found)),
        Chapter("What became of the networks inside?", _insides(found)),
        Chapter("What was it made from, and how?", _made(found)),
    )
    return tuple(filter(None, (_with_content(chapter, found.large) for chapter in asked)))


def _with_content(chapter: Chapter, large: bool) -> Chapter | None:
    """Return a chapter without its empty sections, of a large study with its details folded; None where nothing is left."""
    sections = tuple(
        dataclasses.replace(section, whole=large and section.title in DETAILS)
        for section in chapter.sections
        if section.blocks
    )
    return Chapter(chapter.question, sections) if sections else None


def _present(*tables: Table | None) -> tuple[Table, ...]:
    return tuple(table for table in tables if table is not None)


def _reading(found: Material, main: str) -> tuple[Section, ...]:
    readings, results, figures = found.readings, found.results, found.figures
    thresholds = {variant.name: readings.thresholds(variant) for variant in readings.variants}
    labels = found.labels[found.labels["variant"].isin(found.few["variant"])] if found.large else found.labels
    return (
        Section("By method" if found.large else "By file", _main_blocks(found, main)),
        Section("Each file", (reading_table(results),) if found.large else ()),
        Section(
            "The best under each size",
            limit_blocks(readings.selection.get("limits", ()), results, chosen_on(readings)),
        ),
        Section("Over the seeds of training", () if found.large else _present(seed_table(results))),
        Section(
            "Each label",
            (
                *drawn(figures, "auroc_by_label"),
                *label_tables(results, labels, thresholds, rule_words(readings)),
            ),
        ),
        Section("ROC curves", drawn(figures, "roc")),
        overlap_section(readings, found.few),
    )


def _main_blocks(found: Material, main: str) -> tuple[Text | Table | Figure, ...]:
    """Return how well methods or files read, what the words mean, and both in one picture."""
    legend = reading_legend(found.results, found.readings)
    table = method_table(found.results) if found.large else reading_table(found.results)
    picture = () if main == "size_against_auroc" else drawn(found.figures, "size_against_auroc")
    limits = ", the best under each limit of size" if found.readings.selection.get("limits") else ""
    return (*((Text((FEW.format(limits=limits),)),) if found.large else ()), table, legend, *picture)


def _beside_original(found: Material) -> tuple[Section, ...]:
    readings, sections = found.readings, found.sections
    shown = shown_variants(found.few, found.evidence["verdicts"])
    return (
        Section(
            "What these films could show", (*forecast_blocks(readings.selection), *margin_blocks(readings))
        ),
        Section(
            "What compression cost",
            comparison_blocks(_compared(found), found.figures, readings.run.settings.margin),
        ),
        sections["decisions"],
        sections["findings"],
        pair_section(found.evidence["pairs"]),
        agreement_section(found.results, found.evidence["agreement"], shown, found.figures),
    )


def _compared(found: Material) -> pd.DataFrame:
    """Return the comparisons of the files that have a row of their own."""
    if not found.large or found.compared.empty:
        return found.compared
    kept = set(zip(found.few["network"], found.few["seed"], found.few["chain"], strict=True))
    keys = zip(found.compared["network"], found.compared["seed"], found.compared["chain"], strict=True)
    return found.compared[[key in kept for key in keys]]


def _harmed(found: Material) -> tuple[Section, ...]:
    return found.sections["harm"], group_section(found.readings, found.evidence["group_rates"])


def _elsewhere(found: Material) -> tuple[Section, ...]:
    readings, evidence = found.readings, found.evidence
    return (
        shift_section(readings),
        stress_section(readings, evidence["stress"], found.figures),
        source_section(evidence["sources"], str(readings.selection.get("winner") or "")),
        site_section(readings, evidence["site_thresholds"]),
        Section("Looked at before", looks_blocks(readings)),
    )


def _worth(found: Material) -> tuple[Section, ...]:
    curves = drawn(found.figures, "decision_curve", "precision_recall")
    calibration = found.sections["calibration"]
    pictured = (*drawn(found.figures, "calibration"), *calibration.blocks)
    return (
        usefulness_section(found.readings, found.results, found.evidence["usefulness"], curves),
        Section(calibration.title, pictured),
    )


def _cost(found: Material) -> tuple[Section, ...]:
    pictures = drawn(found.figures, "latency_against_auroc", "size_bars")
    return (
        Section("What each variant needs", (cost_table(found.results), *pictures)),
        device_section(found.readings, found.results, found.figures),
    )


def _insides(found: Material) -> tuple[Section, ...]:
    maps = found.evidence["heat_maps"]
    own = maps[maps["variant"].isin(found.few["variant"])] if found.large else maps
    return inside_section(found.few, found.insides, found.figures), heat_map_section(
        found.results, own, found.figures
    )


def _made(found: Material) -> tuple[Section, ...]:
    readings, results = found.readings, found.results
    return (
        refusal_section(found.evidence["refusals"]),
        Section("Films", film_blocks(readings)),
        Section("Methods", (Text(methods(readings, results), listed=True),)),
        Section("Limits", (Text(caveats(readings), listed=True),)),
        Section("Machine and versions", (versions(readings, results),)),
        Section("How to make this again", (Command(command(readings)), seeds_text(readings))),
    )
