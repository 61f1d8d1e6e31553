"""Age and sex as people and machines write them: `042Y`, `18M`, `40,5`, `40 years`, `6 Monate`; `F`, `male`, `weiblich`.

Digits are the ten of ASCII alone: others count as digits to Python (`²`, `४`), and only some of them make a number.
Nothing here fails: what is not understood is told apart from what is not said, so that a reader can count it.
"""

import re
from collections.abc import Mapping

NOT_SAID = ("", "na", "n/a", "nan", "none", "null", "nil", "#n/a", "?", "-", "--", "unknown", "unk", "u")
OTHER_SEX = (
    "o",
    "other",
    "d",
    "divers",
    "diverse",
    "x",
    "intersex",
    "non-binary",
    "nonbinary",
)  # said, yet neither
FEMALE = (
    "f", "female", "fem", "w", "weiblich", "frau", "woman", "women", "girl", "femme", "féminin", "feminin", "femenino",
    "feminino", "femminile", "mujer", "donna", "vrouw", "vrouwelijk", "kvinna", "kvinde", "kobieta",
)  # fmt: skip
MALE = (
    "m", "male", "männlich", "maennlich", "mann", "man", "men", "boy", "homme", "masculin", "masculino", "maschile",
    "hombre", "uomo", "mannelijk", "mężczyzna",
)  # fmt: skip
SEXES: Mapping[str, str] = {**dict.fromkeys(FEMALE, "F"), **dict.fromkeys(MALE, "M")}

YEAR, MONTH, WEEK, DAY = 1.0, 1 / 12, 7 / 365.25, 1 / 365.25
UNITS: Mapping[str, float] = {
    **dict.fromkeys(
        ("", "y", "yo", "yr", "yrs", "year", "years", "yearold", "yearsold", "j", "jahr", "jahre", "a", "an", "ans",
         "anno", "anni", "año", "años", "ano", "anos", "jaar", "år", "lat", "lata"), YEAR),
    **dict.fromkeys(
        ("m", "mo", "mos", "mon", "mth", "mths", "month", "months", "monthsold", "monat", "monate", "mois", "mes",
         "meses", "mese", "mesi", "maand", "maanden"), MONTH),
    **dict.fromkeys(
        ("w", "wk", "wks", "week", "weeks", "weeksold", "woche", "wochen", "semaine", "semaines", "semana", "semanas",
         "settimana", "settimane", "weken"), WEEK),
    **dict.fromkeys(
        ("d", "day", "days", "daysold", "tag", "tage", "jour", "jours", "día", "días", "dia", "dias", "giorno",
         "giorni", "dag", "dagen"), DAY),
}  # fmt: skip
AGE = re.compile(r"(?P<number>[0-9]{1,9}(?:[.,][0-9]{1,9})?)\s*(?P<unit>[^\W\d_][^\d]{0,20})?\+?")


def is_said(text: str) -> bool:
    """Tell whether a cell or a tag says anything: it is neither empty nor a word for what is not known."""
    return text.strip().casefold() not in NOT_SAID


def age_years(text: str) -> float | None:
    """Return an age in years; None when nothing is said, or it is not understood, a date of birth for one.

    Args:
        text: A number with point or comma, in years or with a unit (of DICOM: Y, M, W, D; or a word). `90+` is 90.
    """
    match = AGE.fullmatch(text.strip())
    unit = UNITS.get(re.sub(r"[\s.-]+", "", match["unit"] or "").casefold()) if match else None
    return float(match["number"].replace(",", ".")) * unit if match and unit else None


def sex(text: str) -> str | None:
    """Return `F` or `M`, nothing where another sex is said; None when none is said, or it is not understood."""
    word = text.strip().rstrip(".").casefold()
    return "" if word in OTHER_SEX else SEXES.get(word)
