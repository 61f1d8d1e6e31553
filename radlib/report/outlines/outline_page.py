"""The page of a run that outlines: which file, is it as good, which films fail, and what it costs; then everything else."""

from collections.abc import Mapping

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
    Table,
    Text,
    drawn,
    told_page,
)
from radlib.report.cells import conclusion_cell, cost_table, row_titles
from radlib.report.changed_films import passing_on
from radlib.report.deployed_words import NO_DEVICE, deployed_lines
from radlib.report.devices import device_section
from radlib.report.first_page import AS_GOOD, COST, OTHER_FILMS, WHICH_FILE, file_blocks
from radlib.report.gate import gate_outcome
from radlib.report.headlines import answer, chosen_by, forecast_blocks, headline
from radlib.report.inside_cells import inside_section
from radlib.report.inside_tables import Insides
from radlib.report.looks import looks_blocks, looks_caution
from radlib.report.outlines.outline_words import MEASURES, failing_sentence, outline_methods
from radlib.report.provenance import command, film_blocks, seeds_text, versions
from radlib.report.readings import Readings
from radlib.report.refused import refusal_section
from radlib.report.shift_section import caution, shift_section, shift_sentence
from radlib.runs.variants import Variant

FAILS = "Which films fail?"
MAIN = "difference_against_size"
DRAW = "radlib predict {place} FILMS --masks MASKS --csv answers.csv"
UNLIKE = "A film that is unlike those of the training gets a warning beside its answer, from radlib predict."


def outline_page(
    readings: Readings,
    results: pd.DataFrame,
    measures: pd.DataFrame,
    refusals: pd.DataFrame,
    insides: Insides,
    figures: Mapping[str, Figure],
) -> Page:
    """Return the page.

    Args:
        readings: The files of the run.
        results: See `outline_results.outline_results`.
        measures: See `outline_results.outline_measures`.
        refusals: What did not suit a network.
        insides: What was stored of layers and weights.
        figures: The pictures that were drawn, by name.
    """
    run = readings.run
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
        answers=_answers(readings, results),
        chapters=_chapters(readings, results, measures, refusals, insides, figures, main),
    )
    return told_page(page, readings.counted)


def _answers(readings: Readings, results: pd.DataFrame) -> tuple[Section, ...]:
    """Return the first page's answers about the winner; none before one was chosen, or where its original has not learnt."""
    variant = next((v for v in readings.variants if v.name == readings.selection.get("winner")), None)
    if variant is None or readings.why_not_learnt(variant):
        return ()
    row = results.set_index("variant", drop=False).loc[variant.name]
    settings, outcome = readings.run.settings, gate_outcome(readings)
    said = headline(results, readings.selection, settings)[1:]
    warned = UNLIKE if typical_path(readings.run.folder, variant.key).is_file() else ""
    answers = (
        (WHICH_FILE, file_blocks(readings, variant, chosen_by(results, readings.selection, settings), DRAW)),
        (AS_GOOD, _texts(*said, outcome.sentence if outcome else "")),
        (FAILS, (*_films(readings, variant), *_texts(failing_sentence(row)))),
        (OTHER_FILMS, _texts(shift_sentence(readings), warned, looks_caution(readings))),
        (COST, _texts(*(line for line in deployed_lines(readings, variant, row) if line != NO_DEVICE))),
    )
    return tuple(Section(title, blocks) for title, blocks in answers if blocks)


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


def reading_table(results: pd.DataFrame) -> Table:
    """Return how well each variant outlines the test films, with intervals."""
    columns = ("Variant", "File", "Smaller", "Dice", "Dice − original", "Beside its original",
               *(title for name, title in MEASURES.items() if name != "dice"))  # fmt: skip
    rows = []
    for title, (_, row) in zip(row_titles(results), results.iterrows(), strict=True):
        scored, original = w.known(row["films"]), row["chain"] == "original"
        change = Cell(
            w.signed(row["difference"]), w.signed_span(row["difference_low"], row["difference_high"])
        )
        cells = {
            name: Cell(w.rate(row[name], scored), w.span(row[f"{name}_low"], row[f"{name}_high"]))
            for name in MEASURES
        }
        rows.append((
            Cell(title, "chosen on validation" if row["winner"] else ""),
            Cell(w.human_bytes(row["size_bytes"])),
            Cell(w.times(row["compression"])),
            cells.pop("dice"),
            Cell(w.MISSING) if original or not scored else change,
            Cell(w.MISSING) if original or not scored else conclusion_cell(row),
            *cells.values(),
        ))  # fmt: skip
    winners = [place for place, winner in enumerate(results.get("winner", ())) if winner]
    return Table(
        columns,
        tuple(rows),
        "Test films; below each value its 95 % interval",
        winners[0] if winners else None,
    )


def _limits(readings: Readings, results: pd.DataFrame) -> tuple[Table, ...]:
    """Return the best file under each limit of size, chosen on validation films."""
    limits = readings.selection.get("limits", ())
    if not limits:
        return ()
    titles = dict(zip(results["variant"], row_titles(results), strict=True))
    by_name = results.set_index("variant")
    rows = []
    for limit in limits:
        size, count = Cell(f"{limit['size_kb']:,g} KB"), Cell(f"{limit['fitting']:,}")
        if limit["winner"] not in by_name.index:
            rows.append((size, count, Cell("none"), Cell(w.MISSING), Cell(w.MISSING)))
            continue
        row = by_name.loc[limit["winner"]]
        dice = Cell(w.rate(row["dice"], w.known(row["films"])), w.span(row["dice_low"], row["dice_high"]))
        rows.append(
            (size, count, Cell(titles[limit["winner"]]), Cell(w.human_bytes(row["size_bytes"])), dice)
        )
    columns = ("At most", "Files that fit", "Best on validation", "File", "Dice")
    return (
        Table(
            columns, tuple(rows), "The closest outlines for a device with so much room; Dice on test films"
        ),
    )


def _chapters(
    readings: Readings, results: pd.DataFrame, measures: pd.DataFrame, refusals: pd.DataFrame, insides: Insides,
    figures: Mapping[str, Figure], main: str,
) -> tuple[Chapter, ...]:  # fmt: skip
    pictures = drawn(figures, *(name for name in ("size_against_dice", "dice_of_films") if name != main))
    asked = (
        Chapter("How well does each outline?", (
            Section("By file", (reading_table(results), *pictures)),
            Section("The best under each size", _limits(readings, results)),
            Section("Each label", _label_tables(results, measures)),
        )),
        Chapter("Is each as good as its original?", (
            Section("What these films could show", forecast_blocks(readings.selection, "")),
        )),
        Chapter("Do the scores hold for other films?", (
            shift_section(readings), Section("Looked at before", looks_blocks(readings)),
        )),
        Chapter("What does each cost?", (
            Section("What each variant needs", (cost_table(results), *drawn(figures, "size_bars"))),
            device_section(readings, results, figures),
        )),
        Chapter("What became of the networks inside?", (inside_section(results, insides, figures),)),
        Chapter("What was it made from, and how?", (
            refusal_section(refusals),
            Section("Films", film_blocks(readings)),
            Section("Methods", (Text(outline_methods(readings, results), listed=True),)),
            Section("Limits", (Text(w.LIMITS, listed=True),)),
            Section("Machine and versions", (versions(readings, results),)),
            Section("How to make this again", (Command(command(readings)), seeds_text(readings))),
        )),
    )  # fmt: skip
    kept = (Chapter(c.question, tuple(s for s in c.sections if s.blocks)) for c in asked)
    return tuple(chapter for chapter in kept if chapter.sections)


def _label_tables(results: pd.DataFrame, measures: pd.DataFrame) -> tuple[Table, ...]:
    """Return the measures of each label, where there are several."""
    names = list(dict.fromkeys(measures["label"]))
    titles = dict(zip(results["variant"], row_titles(results), strict=True))
    tables = []
    for name in names if len(names) > 1 else ():
        own = measures[measures["label"] == name]
        rows = []
        for variant, found in own.groupby("variant", sort=False):
            by_measure = found.set_index("measure")
            shown = [by_measure.loc[m] for m in MEASURES if m in by_measure.index]
            rows.append(
                (
                    Cell(titles[variant]),
                    *(Cell(w.rate(m["mean"]), w.span(m["mean_low"], m["mean_high"])) for m in shown),
                )
            )
        columns = ("Variant", *(MEASURES[m] for m in MEASURES if m in set(own["measure"])))
        tables.append(Table(columns, tuple(rows), f"{name}: means over test films"))
    return tuple(tables)
