"""What a run counts as a patient, and what that is called where nobody knows the patients.

Intervals and tests count patients, as films of one patient are not independent witnesses. Where a data set knows none, groups of
films that look alike stand in for them, or every film stands for itself; to call those patients would claim more than is
known. All that is said of a run is written with the word "patient", and this file alone puts the true word in its place.
Names of columns and words that are keys of a table, such as the verdict `too few patients`, stay what they are.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from radlib.foundation.record_files import remembered

FILMS = "films.json"


@dataclass(frozen=True)
class Counted:
    """What is counted.

    Attributes:
        one: One of it.
        several: More of it.
    """

    one: str
    several: str


PATIENTS = Counted("patient", "patients")
ALIKE = Counted("group of like films", "groups of like films")
SINGLE = Counted("film", "films")
PEOPLE = (  # sentences about people, who are patients whatever was counted
    "no decision about a patient", "Films of patients:", "no patients", "stand in for unknown patients",
    "no patient’s film is shown",
)  # fmt: skip
_WORD = re.compile(rf"({'|'.join(map(re.escape, PEOPLE))})|\b([Pp])atient(s’|’s|s)?\b")


def counted_of(films: Mapping[str, Any]) -> Counted:
    """Return what a run counts, from what is known of its films.

    Args:
        films: What `films.json` holds; nothing is known of an empty one, and patients are taken for what they are called.

    Example:
        >>> counted_of({"patients_known": False, "splits": [{"films": 9, "patients": 8}]}).several
        'groups of like films'
    """
    if films.get("patients_known", True):
        return PATIENTS
    splits = films.get("splits") or ()
    alone = splits and all(split["films"] == split["patients"] for split in splits)
    return SINGLE if alone else ALIKE


def counted_named(several: str) -> Counted:
    """Return what is counted by its plural, as a record keeps it; patients for any other."""
    return next((counted for counted in (ALIKE, SINGLE) if counted.several == several), PATIENTS)


def counted_in(run_folder: Path) -> Counted:
    """Return what the run of a folder counts; a damaged record stops nobody from saying a sentence."""
    return counted_of(remembered(run_folder / FILMS))


def told(text: str, counted: Counted) -> str:
    """Return a sentence about patients as one about what is counted.

    Args:
        text: Any.
        counted: What is counted.

    Example:
        >>> told("On 624 test films of 621 patients, by patient", ALIKE)
        'On 624 test films of 621 groups of like films, by group of like films'
        >>> told("Too few patients: 40 films of 40 patients", SINGLE)
        'Too few films: 40 films'
    """
    if counted == PATIENTS:
        return text

    def true_word(found: re.Match[str]) -> str:
        if found[1]:
            return found[1]
        ending = found[3] or ""
        word = (counted.several if ending.startswith("s") else counted.one) + ending.removeprefix("s")
        return word.capitalize() if found[2] == "P" else word

    said = _WORD.sub(true_word, text)
    if counted == SINGLE:  # that so many films are of so many films says nothing
        said = re.sub(r"\b(\d[\d,]*) ((?:\w+ )?films?) of \1 films?\b", r"\1 \2", said)
        said = re.sub(r"\b(films?) of films\b", r"\1", said)
    return said
