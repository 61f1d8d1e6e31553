"""The simulations behind the verdicts, at a small size; in full by `python -m benchmarks evidence`."""

import pytest
from scipy import stats

from benchmarks import (
    evidence,
    evidence_agreement,
    evidence_choices,
    evidence_differences,
    evidence_films,
    evidence_groups,
    evidence_held,
    evidence_losses,
    evidence_marks,
    evidence_methods,
    evidence_order,
    evidence_power,
    evidence_rates,
)

NEVER = 1e-3  # chance that a test fails although the rate is as stated


def at_most(share, repetitions, rate):
    return stats.binom.sf(round(share * repetitions) - 1, repetitions, rate) > NEVER


@pytest.fixture(scope="module")
def losses():
    return evidence_losses.rows(40, 1)


def test_a_loss_of_the_margin_is_seldom_called_non_inferior_however_few_carry_it(losses):
    lost = [row for row in losses if row["loss"] != "none"]
    assert len(lost) == 3 * len(evidence_losses.COHORTS)
    for row in lost:
        assert at_most(row["non_inferior"], 40, 0.05) and at_most(row["first_step"], 40, 0.002), row
    assert max(row["naive"] for row in lost) > 0.6, "the plain test was not fooled, so nothing is shown"


def test_where_nothing_is_lost_and_patients_are_enough_it_is_said(losses):
    none = {row["patients"]: row for row in losses if row["loss"] == "none"}
    assert none["2,000 patients"]["non_inferior"] > 0.9
    assert none["20 with the finding"]["too_few"] > 0.9


def test_no_file_of_a_network_is_green_by_luck_and_a_lossless_winner_is():
    rows = {row["network"]: row for row in evidence_order.rows(60, 1)}
    every, others, winner, none = rows.values()
    for row in (every, others, winner):
        assert at_most(row["any_wrong_green"], 60, 0.05), row
    assert others["lossless_green"] > 0.9 < none["lossless_green"]
    assert winner["lossless_green"] < 0.2, "others were claimed though their winner was not"


def test_of_equal_methods_none_is_named_and_one_seed_names_none():
    rows = {(row["seeds"], row["true_difference"]): row for row in evidence_methods.rows(60, 1)}
    assert all(rows[1, name]["named"] == 0 for _, name in rows if (1, name) in rows)
    for seeds in (3, 5):
        assert at_most(rows[seeds, "none"]["named"], 60, 0.06)
    assert rows[5, "2 SD of a difference"]["right"] > 0.5
    assert rows[1, "none"]["patients_only"] > 0.2, "the old interval was not fooled, so nothing is shown"


def test_the_bound_chooses_more_safely_than_the_loss_that_was_seen():
    rows = {row["rule"]: row for row in evidence_choices.rows(15, 1)}
    seen, bound = rows["loss seen on clean films"], rows["upper bound, probit, clean and perturbed"]
    assert seen["loses_more"] > 0.9 and at_most(bound["loses_more"], 15, 0.05)


@pytest.mark.parametrize("part", [evidence_differences, evidence_rates, evidence_marks])
def test_printed_intervals_hold_and_promise_no_more_than_exact_ones(part):
    repetitions = 100 if part is evidence_marks else 24
    for row in part.rows(repetitions, 1):
        studies = round(0.95 * 0.05 / row["monte_carlo_error"] ** 2)
        assert at_most(1 - row["coverage"], studies, 0.09), row
        assert not row["narrower"] > 0, row


def test_intervals_of_agreement_hold_where_those_who_turned_can_be_seen(monkeypatch):
    monkeypatch.setattr(evidence_agreement, "PATIENTS", ((30, 1.0), (169, 1.0)))
    monkeypatch.setattr(evidence_agreement, "LARGE", 40_000)
    for row in evidence_agreement.rows(40, 1):
        if evidence_agreement.KINDS[2] not in row["situation"] or "169" in row["situation"]:
            assert at_most(1 - row["coverage"], 40, 0.09), row
        elif "change of confidence" not in row["interval"]:
            assert "or none" in row["said"], "few who turned fool every interval, and the row says so"


def test_numbers_per_film_have_intervals_that_hold_where_failing_films_can_be_seen(monkeypatch):
    monkeypatch.setattr(evidence_films, "LARGE", 20_000)
    monkeypatch.setattr(evidence_films, "FILMS", (30, 161))
    rows = evidence_films.rows(40, 1)
    unseen = [row for row in rows if row["situation"] == "30 films, one film in 17 fails"]
    for row in rows:
        studies = round(0.95 * 0.05 / row["monte_carlo_error"] ** 2)
        assert at_most(1 - row["coverage"], studies, 0.25 if row in unseen else 0.09), row


def test_what_a_row_says_follows_from_its_coverage():
    assert evidence_held.said(0.92).startswith("MISSED") and evidence_held.said(0.98).startswith("MISSED")
    assert "exact" in evidence_held.said(0.985, exact=0.98) and "0.941" in evidence_held.said(1, plain=0.941)
    assert evidence_held.exact_coverage(20, 0.1) >= 0.95


def test_a_loss_in_one_group_is_heard_where_it_is_large_and_silence_is_told(monkeypatch):
    monkeypatch.setattr(
        evidence_groups, "STUDIES", {"small": (1, 0.05, {"F": (160, 0.4), "65 and older": (21, 0.4)}, 1.5)}
    )
    monkeypatch.setattr(evidence_groups, "ALONE", ((2, 0.05),))
    monkeypatch.setattr(evidence_groups, "SIZES", (100,))
    large, small, _ = rows = evidence_groups.rows(120, 1)
    assert large["flagged"] > 0.7 > 0.3 > small["flagged"]
    assert small["flagged"] + small["told"] == 1 and small["silent_and_safe"] == 0
    for row in rows:
        assert at_most(row["false_report"], 3 if row is rows[2] else 12, 0.1), row
    assert "2 findings at 10 %, margin 0.05: 90 % are flagged from" in evidence_groups.reached(rows)


def test_what_could_be_found_at_most_is_computed():
    rows = [{"seeds": 5, "true_difference": "2 SD of a seed", "right": 0.534}]
    text = evidence_methods.largest_found(rows)
    assert "found in 0.534" in text and "2.10 errors" in text and "finds it in 0.55" in text


def test_what_is_promised_before_the_test_is_kept():
    for row in evidence_power.rows(20, 1):
        tolerance = 0.05 + 3 * max(row["monte_carlo_error"], 0.02)
        assert row["promised"] == pytest.approx(row["kept"], abs=tolerance), row


def test_the_tables_hold_every_row():
    result = {"power": evidence_power.rows(2, 0)}
    text = evidence.table(result)
    assert all(study in text for study in evidence_power.STUDIES) and "monte_carlo_error" in text
    missed = {"power": [{**result["power"][0], "said": "MISSED: less is kept than promised"}]}
    assert "0 of 1 rows" in evidence.table(missed) and "less is kept" in evidence.table(missed)
