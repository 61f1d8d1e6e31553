"""What is counted is called what it is: patients, groups of like films, or films."""

import pytest

from radlib.runs.counted import ALIKE, PATIENTS, PEOPLE, SINGLE, counted_in, counted_named, counted_of, told


def split(films, patients):
    return {"films": films, "patients": patients}


@pytest.mark.parametrize(
    ("known", "splits", "expected"),
    [
        (True, [split(9, 9)], PATIENTS),
        (False, [split(9, 9), split(4, 3)], ALIKE),
        (False, [split(9, 9), split(4, 4)], SINGLE),
        (False, [], ALIKE),
    ],
)
def test_films_that_stand_for_themselves_are_films_and_groups_are_groups(known, splits, expected):
    assert counted_of({"patients_known": known, "splits": splits}) == expected
    assert counted_named(expected.several) == expected


def test_nothing_known_or_a_damaged_record_leaves_the_word(tmp_path):
    assert counted_of({}) == counted_in(tmp_path) == PATIENTS
    (tmp_path / "films.json").write_text("{")
    assert counted_in(tmp_path) == PATIENTS


@pytest.mark.parametrize("phrase", PEOPLE)
def test_people_stay_people(phrase):
    assert told(f"x {phrase} y, patient", SINGLE) == f"x {phrase} y, film"


@pytest.mark.parametrize("counted", [ALIKE, SINGLE])
def test_names_of_columns_stay_and_twice_told_is_once_told(counted):
    text = "patients_asked: Patients; the patients’ films of a patient’s visit, 1,040 test films of 1,040 patients"
    once = told(text, counted)
    assert once.startswith("patients_asked: ") and "atient" not in once.removeprefix("patients_asked")
    assert told(once, counted) == once and told(text, PATIENTS) == text
