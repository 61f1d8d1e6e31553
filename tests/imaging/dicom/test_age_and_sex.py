"""Age and sex as people and machines write them; no text makes either fail."""

import math

import pytest
from hypothesis import given, strategies as st

from radlib.imaging.dicom.age_and_sex import age_years, is_said, sex
from radlib.imaging.dicom.body_parts import body_part


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("40", 40), ("40.5", 40.5), ("40,5", 40.5), ("040Y", 40), ("18M", 1.5), ("3W", 21 / 365.25), ("010D", 10 / 365.25),
        ("40 years", 40), ("6 months", 0.5), ("2 Wochen", 14 / 365.25), ("40 Jahre", 40), ("40 ans", 40), ("40 años", 40),
        ("6 Monate", 0.5), ("40 yrs.", 40), ("40 y.o.", 40), ("40 years old", 40), ("90+", 90), (" 7 ", 7), ("000Y", 0),
    ],
)  # fmt: skip
def test_ages_as_people_write_them(text, years):
    assert age_years(text) == pytest.approx(years)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Y",
        "abc",
        "-5Y",
        "04²Y",
        "٤٢Y",
        "４０",
        "1950-04-03",
        "03.04.1950",
        "1e3",
        "inf",
        "nan",
        "40 apples",
        "4 0",
    ],
)
def test_what_is_no_age_is_none(text):
    assert age_years(text) is None


@given(st.text(max_size=12))
def test_no_text_makes_age_sex_or_body_part_fail(text):
    age = age_years(text)
    assert age is None or (math.isfinite(age) and age >= 0)
    assert sex(text) in ("F", "M", "", None)
    assert isinstance(is_said(text), bool)
    assert body_part(text).isascii()


def test_sexes_as_people_write_them():
    assert {sex(text) for text in ("F", "female", "Weiblich", "w", "Frau", "femme", "FEMENINO")} == {"F"}
    assert {sex(text) for text in ("m", "Male", "männlich", "Mann", "homme", "masculino")} == {"M"}
    assert {sex(text) for text in ("O", "other", "divers")} == {""}
    assert {sex(text) for text in ("", "unknown", "1", "2", "femal")} == {None}


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("CHEST", "CHEST"), ("Thorax", "CHEST"), ("PORT CHEST", "CHEST"), ("CHEST_PA", "CHEST"), ("LUNG", "CHEST"),
        ("TÓRAX", "CHEST"), ("EXTREMITY", "EXTREMITY"), ("T SPINE", "TSPINE"), ("Knee", "KNEE"), ("RIBS", "RIB"),
        ("", ""), ("UNKNOWN", ""), ("THORACIC SPINE", "OTHER"), ("MUSTERMANN", "OTHER"),
    ],
)  # fmt: skip
def test_body_parts_are_terms_of_a_list(text, part):
    assert body_part(text) == part
