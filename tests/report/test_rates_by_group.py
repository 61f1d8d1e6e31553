"""Sensitivity and specificity of each group in table and report, against plain counting."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from radlib import metrics, report
from radlib.report.rates_by_group import COLUMNS, TITLE, group_section, lowest
from radlib.report.readings import read
from said_sentences import said_in
from written_runs import answer, checked, noisy, write_run

FROZEN, OWN = 0.45, 0.6


def grouped(folder, **asked):
    """Return a run whose groups are known: two sexes, and five patients of the youngest."""
    run = write_run(folder, **{"chains": ("", "int8", "magnitude_pruning"), **asked})
    ids = dict(np.load(next(run.path("predictions").glob("*original*.npz"))))["image_id"]
    place = np.arange(len(ids))
    groups = pd.DataFrame({"image_id": ids, "age_group": np.where(place < 8, "0–1", "40–64"),
                           "sex": np.where(place % 3 == 0, "F", np.where(place % 3 == 1, "M", ""))})  # fmt: skip
    groups.sample(frac=1, random_state=0).to_csv(run.path("groups.csv"), index=False)
    return run


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    run = grouped(tmp_path_factory.mktemp("grouped"))
    answer(run, "int8", noisy(1.0))
    text = run.path("selection.json").read_text(encoding="utf-8")
    own = '"student_small/int8#0": {"threshold": '
    assert own + str(FROZEN) in text
    run.path("selection.json").write_text(text.replace(own + str(FROZEN), own + str(OWN)), encoding="utf-8")
    return run


def test_every_file_is_read_at_its_originals_threshold_and_counted_by_patients(run):
    table = report.group_rates(run)
    assert table.columns.tolist() == list(COLUMNS) and set(table["threshold"]) == {FROZEN}
    assert len(table) == 3 * 4 and set(table["group"]) == {"0–1", "40–64", "F", "M"}
    row = table[(table["variant"] == "student_small/int8#0") & (table["group"] == "F")].iloc[0]
    arrays = answer(run, "int8", dict)
    women = np.arange(len(arrays["y_true"])) % 3 == 0
    sick, called = arrays["y_true"][:, 0] == 1, arrays["y_prob"][:, 0] >= FROZEN
    patients = arrays["patient_id"]
    assert row["sensitivity"] == pytest.approx(called[women & sick].mean())
    assert row["specificity"] == pytest.approx(1 - called[women & ~sick].mean())
    expected = metrics.rate_interval(called[women & sick], patients[women & sick])
    assert (row["sensitivity_low"], row["sensitivity_high"]) == pytest.approx(expected)
    assert row["patients_with_finding"] == len(set(patients[women & sick]))
    assert (row["films"], row["positives"]) == (women.sum(), (women & sick).sum())


def test_it_is_the_rate_behind_the_difference_of_the_groups(run):
    rates = report.group_rates(run).set_index(["variant", "by", "group"])
    for row in report.harm(run).itertuples():
        key, original = (row.variant, row.by, row.group), ("student_small/original#0", row.by, row.group)
        change = rates.loc[key, "sensitivity"] - rates.loc[original, "sensitivity"]
        assert change == pytest.approx(row.difference_sensitivity, nan_ok=True)


def test_a_group_of_few_patients_has_a_reason_in_place_of_a_rate(run):
    small = report.group_rates(run).set_index("group").loc[["0–1"]]
    assert small["patients_with_finding"].max() < 10
    assert small["reason_sensitivity"].str.startswith("Too few").all()
    assert small[["sensitivity", "sensitivity_low", "specificity"]].isna().all().all()
    others = report.group_rates(run).query("group != '0–1'")
    assert (others["reason_sensitivity"] == "").all() and others["specificity_high"].notna().all()


def test_the_report_has_winner_and_original_side_by_side_once(run):
    page = report.write_report(run)
    checked(page)
    text = run.path("report.md").read_text(encoding="utf-8")
    section = text.split(f"### {TITLE}")[1].split("\n##")[0]
    columns = "| Group | Patients with the finding | Sensitivity, original | Sensitivity, int8 | Specificity, original | Specificity, int8 |"
    assert columns in section and text.count(columns) == 1 and "Too few" in section
    row = report.group_rates(run).set_index(["variant", "group"]).loc[("student_small/int8#0", "F")]
    assert f"{row['specificity']:.3f} ({row['specificity_low']:.3f}–" in section
    assert "Lowest of int8: sensitivity in " in section and "pruned" not in section
    assert len(pd.read_csv(run.path("group_rates.csv"))) == 12
    assert text.index("### Who is harmed") < text.index(f"### {TITLE}") < text.index("## Do the scores hold")


def test_findings_without_a_threshold_say_so_and_none_is_called_the_lowest(tmp_path):
    run = grouped(tmp_path, task="findings", films=600)
    table = report.group_rates(run).set_index("label")
    assert set(table.loc["hernia", "reason_specificity"]) == {"No threshold was chosen for this label."}
    assert table.loc["mass", "specificity"].notna().sum() == 9
    said = said_in(group_section(read(run), table.reset_index()))
    assert "every file at the original’s threshold" in said and "Lowest of" not in said


def test_where_no_group_is_known_there_is_no_section(tmp_path):
    run = write_run(tmp_path, chains=("", "int8"))
    table = report.group_rates(run)
    assert table.empty and table.columns.tolist() == list(COLUMNS)
    assert group_section(read(run), table).blocks == ()


def test_an_original_alone_has_its_groups_and_classes_are_called_by_the_likeliest(tmp_path):
    run = grouped(tmp_path, chains=("",), task="classes")
    found = read(run)
    table = report.group_rates(run, readings=found)
    answers = found.test["student_small/original#0"]
    women = np.arange(len(answers.y_true)) % 3 == 0
    right = answers.y_prob.argmax(axis=1) == 0
    row = table.set_index(["group", "label"]).loc[("F", "mass")]
    assert row["sensitivity"] == pytest.approx(right[women & (answers.y_true[:, 0] == 1)].mean())
    assert table["threshold"].isna().all()
    section = group_section(found, table)
    assert "its most probable class" in said_in(section) and len(section.blocks[1].columns) == 4


def test_the_lowest_needs_two_groups(run):
    rows = report.group_rates(run).query("variant == 'student_small/int8#0'")
    assert lowest(rows[rows["group"] == "F"], "int8", False) == () and lowest(rows, "int8", True) == ()
    (said,) = lowest(rows, "int8", False)
    worst = rows.loc[rows["sensitivity"].idxmin()]
    kind = {"sex": "sex", "age_group": "age"}[worst["by"]]
    assert f"sensitivity in {kind} {worst['group']}, {worst['sensitivity']:.3f} [" in said


def test_films_that_one_file_did_not_answer_leave_its_cells_empty(run):
    found = read(run)
    original, winner = (found.test[f"student_small/{name}#0"] for name in ("original", "int8"))
    some = winner.take(np.arange(len(winner.image_id)) % 3 == 0)
    found = dataclasses.replace(
        found, test={"student_small/original#0": original, "student_small/int8#0": some}
    )
    table = group_section(found, report.group_rates(run, readings=found)).blocks[1]
    assert {len(row) for row in table.rows} == {6}
    assert [row[3].text for row in table.rows if row[0].text == "sex: M"] == ["–"]
