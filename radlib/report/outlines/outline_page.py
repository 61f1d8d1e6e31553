"""The page of a run that outlines: which file, is it as good, which films fail, and what it costs; then everything else."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from radlib import __version__
from radlib.datasets import is_drawn
from radlib.evaluation.learnt import alarm
from radlib.evaluation.overlays import PLACES, overlay_path, overlays_path
from radlib.evaluation.typical_films import typical_path
from radlib.foundation.record_files import remembered
from radlib.report import wording as w
from radlib.report.blocks import (
    Cell,
    Chapter,
    Command,
    Figure,
    Films,
    Page,
    Section,
    Text,
    drawn,
    told_page,
)
from radlib.report.cells import cost_table
from radlib.report.changed_films import passing_on
from radlib.report.conclusions import THE_ORIGINAL
from radlib.report.deployed_words import deployed_lines
from radlib.report.devices import device_section
from radlib.report.first_page import AS_GOOD, COST, FOR_WHOM, OTHER_FILMS, UNLIKE, WHICH_FILE, file_blocks
from radlib.report.gate import gate_outcome
from radlib.report.headlines import answer, chosen_by, forecast_blocks, headline
from radlib.report.inside_cells import inside_section
from radlib.report.looks import looks_blocks, looks_caution
from radlib.report.outlines.outline_cells import label_tables, limit_tables, reading_table
from radlib.report.outlines.outline_groups import group_sentences, group_table
from radlib.report.outlines.outline_stress import outline_stress_section
from radlib.report.outlines.outline_words import failing_sentence, outline_methods
from radlib.report.provenance import command, film_blocks, seeds_text, versions
from radlib.report.readings import Readings
from radlib.report.refused import refusal_section
from radlib.report.shift_section import caution, shift_section, shift_sentence
from radlib.report.told import Tables
from radlib.runs.variants import Variant

FAILS = "Which films fail?"
MAIN = "difference_against_size"
DRAW = "radlib predict {place} FILMS --masks MASKS --csv answers.csv  # here; for a device: radlib export {place} for_the_device"
NO_CALLS = (
    "Precision over sensitivity at a prevalence, and both rates by group, are not told: an outline is no call that is right or wrong; "
    "Dice by group is, where groups are known."
)


def outline_page(readings: Readings, tables: Tables, figures: Mapping[str, Figure]) -> Page:
    """Return the page.

    Args:
        readings: The files of the run.
        tables: See `outline_reports.outline_tables`.
        figures: The pictures that were drawn, by name.
    """
    run, results = readings.run, tables.results
    sentence, tone = answer(results, readings.selection, run.settings)
    main = MAIN if MAIN in figures else "size_against_dice"
    notes = run.study.notes.strip()
    page = Page(
        title=run.study.title,
        study=run.study.name + " · drawn films, no patients" * is_drawn(run.settings),
        version=__version__,
        hero=figures.get(main),
        headline=(sentence,),
        notes=(notes,) if notes else (),
        sections=(),
        alarm=alarm(readings.not_learnt),
        caution=caution(readings),
        tone=tone,
        answers=_answers(readings, results, tables.files["outline_groups.csv"]),
        chapters=_chapters(readings, tables, figures, main),
    )
    return told_page(page, readings.counted)


def _answers(readings: Readings, results: pd.DataFrame, groups: pd.DataFrame) -> tuple[Section, ...]:
    """Return the first page's answers about the winner; none before one was chosen, or where its original has not learnt."""
    variant = next((v for v in readings.variants if v.name == readings.selection.get("winner")), None)
    if variant is None or readings.why_not_learnt(variant):
        return ()
    row = results.set_index("variant", drop=False).loc[variant.name]
    settings, outcome = readings.run.settings, gate_outcome(readings)
    said = headline(results, readings.selection, settings)[1:]
    warned = UNLIKE if typical_path(readings.run.folder, variant.key).is_file() else ""
    answers: tuple[tuple[str, tuple[Any, ...]], ...] = (
        (WHICH_FILE, file_blocks(readings, variant, chosen_by(results, readings.selection, settings), DRAW)),
        (AS_GOOD, _texts(*said, outcome.sentence if outcome else "")),
        (FAILS, (*_films(readings, variant), *_texts(failing_sentence(row)))),
        (FOR_WHOM, _for_whom(readings, variant, groups)),
        (OTHER_FILMS, _texts(shift_sentence(readings), warned, looks_caution(readings))),
        (COST, _texts(*deployed_lines(readings, variant, row))),
    )
    return tuple(Section(title, blocks) for title, blocks in answers if blocks)


def _for_whom(readings: Readings, variant: Variant, groups: pd.DataFrame) -> tuple[Text, ...]:
    return (
        _texts(THE_ORIGINAL)
        if not variant.chain
        else _texts(*group_sentences(readings, groups, variant.name))
    )


def _texts(*lines: str) -> tuple[Text, ...]:
    found = tuple(line for line in lines if line)
    return (Text(found),) if found else ()


def _films(readings: Readings, variant: Variant) -> tuple[Films, ...]:
    """Return the best, the median and the worst test film as they lie on this machine; none where nobody stored them."""
    record = remembered(overlays_path(readings.run, variant))
    found = record.get("found", {}) if record.get("sha256") == variant.sha256 else {}
    films = []
    for kind in PLACES:
        path = overlay_path(readings.run, variant, kind)
        if kind in found and path.is_file():
            note = f"Dice {w.rate(found[kind]['dice'])}"
            alt = f"The test film with the {kind} outline, {note}: by hand in blue, by the network in orange."
            films.append((path.relative_to(readings.run.folder).as_posix(), Cell(f"{kind} film", note), alt))
    if not films:
        return ()
    caption = f"By hand in blue, by the network in orange, where both run in orange. {passing_on(readings.run.settings)}"
    return (Films(tuple(films), caption, wide=True),)


def _chapters(
    readings: Readings, tables: Tables, figures: Mapping[str, Figure], main: str
) -> tuple[Chapter, ...]:
    results, files, insides = tables.results, tables.files, tables.rest["insides"]
    winner = str(readings.selection.get("winner") or "")
    pictures = drawn(figures, *(name for name in ("size_against_dice", "dice_of_films") if name != main))
    asked = (
        Chapter("How well does each outline?", (
            Section("By file", (reading_table(results), *pictures)),
            Section("The best under each size", limit_tables(readings, results)),
            Section("Each label", label_tables(results, files["outlines.csv"])),
        )),
        Chapter("Is each as good as its original?", (
            Section("What these films could show", forecast_blocks(readings.selection, "")),
        )),
        Chapter("Who would be harmed?", (Section("Groups of films", group_table(files["outline_groups.csv"], winner)),)),
        Chapter("Do the scores hold for other films?", (
            outline_stress_section(readings, tables.rest["stress"], figures), shift_section(readings),
            Section("Looked at before", looks_blocks(readings)),
        )),
        Chapter("What does each cost?", (
            Section("What each variant needs", (cost_table(results), *drawn(figures, "size_bars"))),
            device_section(readings, results, figures),
        )),
        Chapter("What became of the networks inside?", (inside_section(results, insides, figures),)),
        Chapter("What was it made from, and how?", (
            refusal_section(files["refusals.csv"]),
            Section("Films", film_blocks(readings)),
            Section("Methods", (Text(outline_methods(readings, results), listed=True),)),
            Section("Limits", (Text((*w.LIMITS, NO_CALLS), listed=True),)),
            Section("Machine and versions", (versions(readings, results),)),
            Section("How to make this again", (Command(command(readings)), seeds_text(readings))),
        )),
    )  # fmt: skip
    kept = (Chapter(c.question, tuple(s for s in c.sections if s.blocks)) for c in asked)
    return tuple(chapter for chapter in kept if chapter.sections)
