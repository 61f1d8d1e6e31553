"""The first page of a report: the questions that everybody asks, each with its short answer, in the order of asking.

Every sentence is that of the section or card that says it in full; none is worded twice.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from radlib.evaluation.conclusions import THE_ORIGINAL
from radlib.evaluation.hit_and_miss import HIT, MISS, hit_and_miss_path, picture_path
from radlib.evaluation.typical_films import typical_path
from radlib.foundation.record_files import remembered
from radlib.report import wording as w
from radlib.report.blocks import Cell, Command, Films, Section, Text
from radlib.report.changed_films import passing_on
from radlib.report.deployed_words import deployed_lines
from radlib.report.headlines import chosen_by, headline
from radlib.report.heat_map_tables import look_lines
from radlib.report.looks import looks_caution
from radlib.report.losses import harm_sentence, nobody_knows, unharmed_sentence, untested_sentence
from radlib.report.readings import Readings
from radlib.report.shift_section import shift_sentence
from radlib.report.stress_tables import worst_change
from radlib.report.threshold_words import decided_at, why_none_lines
from radlib.report.usefulness import card_lines, carried_over
from radlib.runs.runs import Run
from radlib.runs.variants import Variant

MOST_FINDINGS = 3  # told on the first page; all stand in their table
WHICH_FILE = "Which file?"
AS_GOOD = "Is it as good as its original?"
THRESHOLD = "At which threshold?"
ERRORS = "How many are missed, how many called for nothing?"
FOR_WHOM = "For whom is it worse, or not tested?"
OTHER_FILMS = "Does it hold for other films?"
LOOKS_AT = "What does it look at?"
COST = "What does it cost on a device?"
UNLIKE = (
    "A film that is unlike those of the training gets a warning before its answer, from radlib predict, from ./read of an export and "
    "from the page."
)


def first_page(
    readings: Readings, results: pd.DataFrame, evidence: Mapping[str, pd.DataFrame], gate: Sequence[str] = ()
) -> tuple[Section, ...]:
    """Return the answers about the winner; none before one was chosen, or where its original has not learnt.

    Args:
        readings: The files of the run.
        results: See `tables.results`.
        evidence: The tables behind the verdicts, by name.
        gate: What became of the study's gate.
    """
    variant = next((v for v in readings.variants if v.name == readings.selection.get("winner")), None)
    if variant is None or not len(results) or readings.why_not_learnt(variant):
        return ()
    row = results.set_index("variant", drop=False).loc[variant.name]
    settings = readings.run.settings
    said = headline(results, readings.selection, settings)[1:]
    answers = (
        Section(WHICH_FILE, file_blocks(readings, variant, chosen_by(results, readings.selection, settings))),
        Section(AS_GOOD, _texts(*said, *gate)),
        Section(THRESHOLD, _texts(decided_at(readings, variant), *why_none_lines(readings, variant))),
        Section(ERRORS, _errors(readings, variant, evidence["usefulness"])),
        Section(FOR_WHOM, _groups(readings, variant, evidence["harm"], row)),
        Section(OTHER_FILMS, _other_films(readings, variant, evidence["stress"])),
        Section(LOOKS_AT, _looks(readings, variant, evidence["heat_maps"])),
        Section(COST, _texts(*deployed_lines(readings, variant, row))),
    )
    return tuple(section for section in answers if section.blocks)


def _texts(*lines: str) -> tuple[Text, ...]:
    found = tuple(line for line in lines if line)
    return (Text(found),) if found else ()


def file_blocks(
    readings: Readings, variant: Variant, how: str, then: str = "radlib export {place} for_the_device"
) -> tuple[Text | Command, ...]:
    """Return which file was chosen, how, where it lies, and the command that makes use of it."""
    place = _place(readings.run) / "variants" / variant.key
    file = f"{(place / Path(variant.file).name).as_posix()}; its card: cards/{variant.key}.md."
    return (*_texts(how, file), Command(then.format(place=place.as_posix())))


def _place(run: Run) -> Path:
    """Return where a run lies as one may tell: its own name, below `outputs` where that is where it lies."""
    folder = run.folder.resolve()
    return Path(*folder.parts[-2:]) if folder.parent.name == "outputs" else Path(folder.name)


def _errors(readings: Readings, variant: Variant, table: pd.DataFrame) -> tuple[Text, ...]:
    own = table[(table["variant"] == variant.name) & (table["reason"] == "")] if len(table) else table
    if own.empty:
        return ()
    several = len(own) > 1
    shown = own.nlargest(MOST_FINDINGS, "missed_per_1000") if several else own
    lines = card_lines(shown)
    rest = f"Those are the findings that are missed most, of {len(own)}." if len(own) > len(shown) else ""
    stated = 0.0 if several else readings.run.settings.prevalence
    return (Text(lines, listed=True), *_texts(rest, carried_over(stated)))


def _groups(readings: Readings, variant: Variant, harm: pd.DataFrame, row: pd.Series) -> tuple[Text, ...]:
    if not variant.chain:
        return _texts(THE_ORIGINAL)
    if not w.known(row["films"]):
        return ()
    own = harm[harm["variant"] == variant.name] if "verdict" in harm else harm
    if own.empty or "verdict" not in own:
        return _texts(nobody_knows(len(readings.groups) > 0))
    lost = [harm_sentence(group, variant.label) for _, group in own[own["harmed"] != ""].iterrows()]
    said = lost or [unharmed_sentence(own, readings.run.settings)]
    return _texts(*said, untested_sentence(own))


def _other_films(readings: Readings, variant: Variant, stress: pd.DataFrame) -> tuple[Text, ...]:
    warned = UNLIKE if typical_path(readings.run.folder, variant.key).is_file() else ""
    worst = worst_change(stress, variant.name)
    return _texts(shift_sentence(readings), worst, warned, looks_caution(readings))


def _looks(readings: Readings, variant: Variant, maps: pd.DataFrame) -> tuple[Text | Films, ...]:
    own = maps[maps["variant"] == variant.name] if len(maps) else maps
    said = look_lines(own.iloc[0]) if len(own) else ()
    return (*_films(readings, variant), *_texts(*said))


def _films(readings: Readings, variant: Variant) -> tuple[Films, ...]:
    """Return the hit and the miss of the winner, as they lie on this machine; none where nobody stored them."""
    record = remembered(hit_and_miss_path(readings.run, variant))
    found = record.get("found", {}) if record.get("sha256") == variant.sha256 else {}
    films = []
    for kind, verb in ((HIT, "called"), (MISS, "missed")):
        path = picture_path(readings.run, variant, kind)
        if kind in found and path.is_file():
            one = found[kind]
            at = "" if one["threshold"] is None else f", threshold {one['threshold']:.2f}"
            note = f"probability {one['probability']:.2f}{at}"
            if one["flat"]:
                note += "; no place in it moves the answer"
            alt = f"A test film with {one['label']} that was {verb}, {note}: as it is, and tinted where it speaks for {one['label']}."
            films.append(
                (path.relative_to(readings.run.folder).as_posix(), Cell(f"{one['label']}, {verb}", note), alt)
            )
    if not films:
        return ()
    how = f"Tinted: where the film speaks for the finding ({record['method']}). " if record["method"] else ""
    caption = f"Test films of middling probability among those called and those missed. {how}{passing_on(readings.run.settings)}"
    return (Films(tuple(films), caption, wide=True),)
