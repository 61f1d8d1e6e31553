"""The page of a run that says where: which file, is it as good, which films fail, and what it costs; then everything else.

Outlines and boxes have one page, on which they differ by what is measured and how it is said: `PlaceWords`, which each kind fills in.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from radlib import __version__
from radlib.datasets import is_drawn
from radlib.evaluation.conclusions import THE_ORIGINAL
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
from radlib.report.deployed_words import deployed_lines
from radlib.report.devices import device_section
from radlib.report.first_page import AS_GOOD, COST, FOR_WHOM, OTHER_FILMS, UNLIKE, WHICH_FILE, file_blocks
from radlib.report.gate import gate_outcome
from radlib.report.headlines import answer, chosen_by, forecast_blocks, headline
from radlib.report.inside_cells import inside_section
from radlib.report.looks import looks_blocks, looks_caution
from radlib.report.place_groups import group_sentences, group_table
from radlib.report.place_sources import place_source_section
from radlib.report.provenance import command, film_blocks, seeds_text, versions
from radlib.report.readings import Readings
from radlib.report.refused import refusal_section
from radlib.report.shift_section import caution, shift_section, shift_sentence
from radlib.report.told import Tables
from radlib.runs.variants import Variant

FAILS = "Which films fail?"
MAIN = "difference_against_size"


@dataclass(frozen=True)
class PlaceWords:
    """What a kind of place is measured by, and how it is said.

    Attributes:
        measure: The column that verdicts rest on, such as `dice`.
        title: What it is called in a sentence.
        does: What a network does, such as `outline`, and `outlines`.
        groups: The CSV file of its groups of films.
        command: How films of one's own are asked, with `{place}` for the variant.
        no_calls: Why rates of decisions are not told, a sentence.
        films: What is said of a picture of a film, with `{kind}` for which film it is, and of all of them together.
        pictures: Of closeness, in order; the first stands on top where nothing was compared.
        failing: A sentence on the films that fail, from a row of results.
        by_file: The table of readings, from results.
        by_size: The best files under each limit of size, from the readings and results.
        further: Sections behind those, from results and the tables by file name, each a title and its blocks.
        elsewhere: Sections on other films, from the readings, the tables and the pictures.
        methods: The methods, a sentence or two per line, from the readings and results.
    """

    measure: str
    title: str
    does: tuple[str, str]
    groups: str
    command: str
    no_calls: str
    films: tuple[str, str]
    pictures: tuple[str, ...]
    failing: Callable[[Mapping[str, Any]], str]
    by_file: Callable[[pd.DataFrame], Any]
    by_size: Callable[[Readings, pd.DataFrame], tuple]
    further: Callable[[pd.DataFrame, Mapping[str, pd.DataFrame], Mapping[str, Figure]], tuple[Section, ...]]
    methods: Callable[[Readings, pd.DataFrame], tuple[str, ...]]
    elsewhere: Callable[[Readings, Tables, Mapping[str, Figure]], tuple[Section, ...]]


def place_page(readings: Readings, tables: Tables, figures: Mapping[str, Figure], words: PlaceWords) -> Page:
    """Return the page.

    Args:
        readings: The files of the run.
        tables: Those of the run, as `writing` has them.
        figures: The pictures that were drawn, by name.
        words: What the kind of place is measured by, and how it is said.
    """
    run, results = readings.run, tables.results
    sentence, tone = answer(results, readings.selection, run.settings)
    main = MAIN if MAIN in figures else words.pictures[0]
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
        answers=_answers(readings, results, tables.files[words.groups], words),
        chapters=_chapters(readings, tables, figures, main, words),
    )
    return told_page(page, readings.counted)


def _answers(
    readings: Readings, results: pd.DataFrame, groups: pd.DataFrame, words: PlaceWords
) -> tuple[Section, ...]:
    """Return the first page's answers about the winner; none before one was chosen, or where its original has not learnt."""
    variant = next((v for v in readings.variants if v.name == readings.selection.get("winner")), None)
    if variant is None or readings.why_not_learnt(variant):
        return ()
    row = results.set_index("variant", drop=False).loc[variant.name]
    settings, outcome = readings.run.settings, gate_outcome(readings)
    said = headline(results, readings.selection, settings)[1:]
    warned = UNLIKE if typical_path(readings.run.folder, variant.key).is_file() else ""
    answers: tuple[tuple[str, tuple[Any, ...]], ...] = (
        (
            WHICH_FILE,
            file_blocks(readings, variant, chosen_by(results, readings.selection, settings), words.command),
        ),
        (AS_GOOD, _texts(*said, outcome.sentence if outcome else "")),
        (FAILS, (*_films(readings, variant, words), *_texts(words.failing(row)))),
        (FOR_WHOM, _for_whom(readings, variant, groups, words)),
        (OTHER_FILMS, _texts(shift_sentence(readings), warned, looks_caution(readings))),
        (COST, _texts(*deployed_lines(readings, variant, row))),
    )
    return tuple(Section(title, blocks) for title, blocks in answers if blocks)


def _for_whom(
    readings: Readings, variant: Variant, groups: pd.DataFrame, words: PlaceWords
) -> tuple[Text, ...]:
    return (
        _texts(THE_ORIGINAL)
        if not variant.chain
        else _texts(
            *group_sentences(readings, groups, variant.name, words.measure, words.title, words.does[1])
        )
    )


def _texts(*lines: str) -> tuple[Text, ...]:
    found = tuple(line for line in lines if line)
    return (Text(found),) if found else ()


def _films(readings: Readings, variant: Variant, words: PlaceWords) -> tuple[Films, ...]:
    """Return the best, the median and the worst test film as they lie on this machine; none where nobody stored them."""
    record = remembered(overlays_path(readings.run, variant))
    found = record.get("found", {}) if record.get("sha256") == variant.sha256 else {}
    films = []
    for kind in PLACES:
        path = overlay_path(readings.run, variant, kind)
        if kind in found and path.is_file():
            note = f"{words.title} {w.rate(found[kind][words.measure])}"
            note = note[0].upper() + note[1:]
            alt = f"{words.films[0].format(kind=kind)}, {note}: by hand in blue, by the network in orange."
            films.append((path.relative_to(readings.run.folder).as_posix(), Cell(f"{kind} film", note), alt))
    if not films:
        return ()
    caption = f"{words.films[1]} {passing_on(readings.run.settings)}"
    return (Films(tuple(films), caption, wide=True),)


def _chapters(
    readings: Readings, tables: Tables, figures: Mapping[str, Figure], main: str, words: PlaceWords
) -> tuple[Chapter, ...]:
    results, files, insides = tables.results, tables.files, tables.rest["insides"]
    winner = str(readings.selection.get("winner") or "")
    pictures = drawn(figures, *(name for name in words.pictures if name != main))
    asked = (
        Chapter(f"How well does each {words.does[0]}?", (
            Section("By file", (words.by_file(results), *pictures)),
            Section("The best under each size", words.by_size(readings, results)),
            *words.further(results, files, figures),
        )),
        Chapter("Is each as good as its original?", (
            Section("What these films could show", forecast_blocks(readings.selection, "")),
        )),
        Chapter("Who would be harmed?", (Section("Groups of films", group_table(files[words.groups], winner, words.measure, words.title)),)),
        Chapter("Do the scores hold for other films?", (
            *words.elsewhere(readings, tables, figures), shift_section(readings),
            place_source_section(tables.rest["sources"], words.measure, words.title, winner),
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
            Section("Methods", (Text(words.methods(readings, results), listed=True),)),
            Section("Limits", (Text((*w.LIMITS, words.no_calls), listed=True),)),
            Section("Machine and versions", (versions(readings, results),)),
            Section("How to make this again", (Command(command(readings)), seeds_text(readings))),
        )),
    )  # fmt: skip
    kept = (Chapter(c.question, tuple(s for s in c.sections if s.blocks)) for c in asked)
    return tuple(chapter for chapter in kept if chapter.sections)
