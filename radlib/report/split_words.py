"""How the films were split, and when the choice was made: the same sentences for report and cards, of labels, outlines and boxes.

A split that was drawn by patient keeps people apart; an official one is taken as it is. Where patients are not known, groups of
films that look alike stand in for them, and where there are none of those either, every film stands for itself.
"""

from radlib.report import wording as w
from radlib.report.blocks import Cell, Table
from radlib.report.readings import Readings
from radlib.runs.counted import PATIENTS, SINGLE

ELSEWHERE = ("patients_elsewhere", "copies_elsewhere", "near_elsewhere")


def split_sentences(readings: Readings) -> str:
    """Return how the films were split, and what a check made sure of: both official parts and what is known of people."""
    official = readings.films.get("official_parts")  # records of earlier versions do not say
    if official is None:
        how = "what official parts there are, as they are; all else by patient, stratified by label"
    elif {"test", "validation"} <= set(official):
        how = "the official parts for validation and test, as they are"
    elif "test" in official:
        how = (
            "the official test part as it is; films for validation were drawn by patient, stratified by label"
        )
    elif "validation" in official:
        how = "the official validation part as it is; films for the test were drawn by patient, stratified by label"
    else:
        how = "drawn by patient, stratified by label"
    return f"Split: {how}. A check makes sure that no patient and no file is in two splits.{_scope(readings)}"


def _scope(readings: Readings) -> str:
    """Return what remains open about films that stand in two official parts; empty where nothing does."""
    drawn = readings.films.get("official_parts") == []
    if readings.counted == PATIENTS and readings.run.settings.id_scope == "folder" and not drawn:
        return (
            " Equal patient numbers in two official folders count as different patients, as the data set leaves open "
            "whether they are."
        )
    if readings.counted != PATIENTS and readings.films.get("overlapping_test_films"):
        return (
            " Films of official parts stay where they are, also those with a near-duplicate in another part."
        )
    return ""


def split_table(readings: Readings) -> Table | None:
    """Return how many films, patients and answers each split has; None before the films were split."""
    splits = readings.films.get("splits")
    if not splits:
        return None
    alone = readings.counted == SINGLE  # then films and what stands for patients are the same number
    hidden = ("split", *ELSEWHERE, *(("patients",) if alone else ()))
    names = [name for name in splits[0] if name not in hidden]
    rows = tuple((Cell(str(s["split"])), *(Cell(f"{s[n]:,}") for n in names)) for s in splits)
    return Table(("Split", *(n.capitalize() for n in names)), rows, _heading(readings))


def _heading(readings: Readings) -> str:
    """Return what is known of people in two splits."""
    overlapping = len(readings.films.get("overlapping_test_films", ()))
    if readings.counted == PATIENTS:
        if not overlapping:
            return "No patient is in two splits"
        has = "has" if overlapping == 1 else "have"
        return (
            "No patient is in two splits, if equal numbers in two official folders are different people: "
            f"{w.plural(overlapping, 'test film')} {has} a number that occurs in the training folder too"
        )
    if readings.counted == SINGLE:
        return "As no patients are known and no film looks like another, every film stands for itself"
    heading = "No group of near-duplicates, which stand in for unknown patients, was divided by the draw"
    if not overlapping:
        return heading
    has = "film of the official test part has" if overlapping == 1 else "films of the official test part have"
    return f"{heading}; {overlapping:,} {has} one outside"


def written_down(readings: Readings, what: str) -> str:
    """Return when a choice was made, beside the test; a choice is made once, and variants that come late get theirs by the same rule.

    Args:
        readings: The files of the run.
        what: What was chosen, as the subject of a sentence: `Both were`, `It was`.
    """
    logged = "every scoring of the test films is logged"
    if not readings.selection:
        return f"Nothing has been chosen yet; {logged}."
    late = ", but for variants that were built later, by the same rule"
    late = late if readings.selection.get("added_after_test") else ""
    return f"{what} written down before this run scored a test film{late}, and {logged}."


def seeds_words(several: bool) -> str:
    """Return what verdicts make of the seeds of training."""
    if several:
        return "Seeds are random effects (Satterthwaite, 1946)."
    return "Each chain was trained from one seed, so nothing is said of another training."
