"""The page of a run: the first page, and behind it the chapters."""

from collections.abc import Mapping

import pandas as pd

from radlib import __version__
from radlib.datasets import is_drawn
from radlib.evaluation.learnt import alarm
from radlib.report.blocks import Figure, Page, told_page
from radlib.report.chapters import Material, chapters
from radlib.report.first_page import first_page
from radlib.report.gate import gate_outcome
from radlib.report.headlines import answer
from radlib.report.inside_tables import Insides
from radlib.report.pooled import shown_files
from radlib.report.readings import Readings
from radlib.report.shift_section import caution


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
    run = readings.run
    few = (
        results[results["variant"].isin(shown_files(results, readings.selection))]
        if len(results)
        else results
    )
    found = Material(readings, results, compared, labels, figures, evidence, insides, few)
    sentence, tone = answer(results, readings.selection, run.settings)
    gate = _gate_words(readings)
    answers = first_page(readings, results, evidence, gate)
    main = "difference_against_size" if "difference_against_size" in figures else "size_against_auroc"
    page = Page(
        title=run.study.title,
        study=run.study.name + " · drawn films, no patients" * is_drawn(run.settings),
        version=__version__,
        hero=figures.get(main),
        headline=(sentence, *(() if answers else gate)),
        notes=(run.study.notes.strip(),) if run.study.notes.strip() else (),
        sections=(),
        alarm=alarm(readings.not_learnt),
        caution=caution(readings),
        tone=tone,
        answers=answers,
        chapters=chapters(found, main),
    )
    return told_page(page, readings.counted)


def _gate_words(readings: Readings) -> tuple[str, ...]:
    outcome = gate_outcome(readings)
    return () if outcome is None or readings.not_learnt else (outcome.sentence,)
