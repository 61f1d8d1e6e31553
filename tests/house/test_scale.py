"""docs/scale.md says what its figures say, and its arithmetic is right."""

import json

import pytest

from benchmarks import scale_plan

COSTS = {
    "milliseconds": {
        "decode, 1,024 px": 36.0, "decode, 3,000 px": 90.0, "look of --watch": 0.01,
        "answer, student_residual": 10.0, "answer, resnet18": 36.0, "train, student_residual": 3.6, "train, resnet18": 36.0,
    },
    "bytes": {"file, 3,000 px": 18e6, "square, 96 px": 9216, "square, 224 px": 50_176},
    "copies_seconds": {"10000": 1.0, "20000": 3.6},
    "cores": 2,
}  # fmt: skip


def test_the_page_is_the_one_that_its_figures_make():
    stored = json.loads(scale_plan.FIGURES.read_text(encoding="utf-8"))
    assert scale_plan.PAGE.read_text(encoding="utf-8") == scale_plan.page(stored["costs"], stored["host"])


def test_hours_of_an_archive():
    hours = {what: hours for what, hours, _ in scale_plan.archive_rows(COSTS)}
    assert hours["decode to squares of 96 px"] == pytest.approx(5)  # 36 ms by a million, two at a time
    assert hours["search for copies, if it grows with the square"] == pytest.approx(3.6 * 50**2 / 2 / 3600)
    assert hours["train student_residual, 40 epochs"] == pytest.approx(40)
    assert hours["ask resnet18 once"] == pytest.approx(5)


def test_a_board_in_a_hospital():
    found = scale_plan.hospital(COSTS)
    assert found["film_s"] == pytest.approx(scale_plan.BOARD * 0.1)
    assert found["busy_share"] == pytest.approx(400 * scale_plan.BOARD * 0.1 / 86_400)
    assert found["days_until_then"] == pytest.approx(1 / (scale_plan.BOARD * 1e-5) / 400)


def test_a_national_programme():
    found = scale_plan.screening(COSTS)
    assert found["films_a_second"] == pytest.approx(3 * 5_000_000 / (250 * 8 * 3600))
    assert found["cores"] == pytest.approx(found["films_a_second"] * 0.1)
    assert found["megabits_a_second"] == pytest.approx(found["films_a_second"] * 144)
    assert found["terabytes_a_year"] == pytest.approx(90)
