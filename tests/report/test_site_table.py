"""What labelled films of the test's place would buy, in table and report: only where the test is another place."""

import numpy as np
import pandas as pd
import pytest

from radlib import metrics, report
from radlib.metrics.operating_points import ThresholdRule
from radlib.report.readings import read
from radlib.report.site_table import COLUMNS, TITLE, rules_asked, site_section, site_table
from written_runs import write_run

PLACES = {"test": "Montgomery", "validation": "Shenzhen"}


def placed(folder, places=PLACES, **asked):
    """Return a run whose test and validation films come from places."""
    run = write_run(folder, **{"chains": ("", "int8"), "films": 120, **asked})
    ids = np.load(next(run.path("predictions").glob("*original*.npz")))["image_id"]
    pd.DataFrame({"image_id": ids, "source": places["test"]}).to_csv(run.path("groups.csv"), index=False)
    validation = pd.DataFrame({"image_id": ["0" * 12], "source": places["validation"]})
    validation.to_csv(run.path("validation_groups.csv"), index=False)
    return run


@pytest.mark.parametrize("places", [{"test": "A", "validation": "A"}, {"test": "", "validation": "A"}, None])
def test_nothing_is_said_where_the_test_is_no_other_place(tmp_path, places):
    run = placed(tmp_path, places) if places else write_run(tmp_path, chains=("", "int8"), films=120)
    table = site_table(run)
    assert table.empty and table.columns.tolist() == list(COLUMNS)
    assert not site_section(read(run), table).blocks


def test_winner_and_original_are_asked_by_each_rule_at_their_frozen_thresholds_first(tmp_path):
    run = placed(tmp_path)
    table = site_table(run)
    assert set(table["variant"]) == {"student_small/original#0", "student_small/int8#0"}
    assert table["threshold_rule"].unique().tolist() == ["youden", "sensitivity 0.95 with confidence 0.5"]
    own = table[(table["variant"] == "student_small/int8#0") & (table["threshold_rule"] == "youden")]
    answers = np.load(next(run.path("predictions").glob("*int8*.npz")))
    asked = answers["y_true"][:, 0], answers["y_prob"][:, 0], answers["patient_id"]
    scores = metrics.scores(*asked[:2], 0.45)
    assert own.iloc[0]["sensitivity"] == scores["sensitivity"] and own.iloc[0]["patients_labelled"] == 0
    expected = metrics.site_films(*asked, 0.45)[2]
    assert own.iloc[2][list(expected)].to_dict() == pytest.approx(expected)


def test_each_rule_is_asked_once():
    own = ThresholdRule("sensitivity", 0.9, 0.5)
    assert [rule.name for rule in rules_asked(own)] == ["sensitivity", "youden"]
    assert len(rules_asked(ThresholdRule("cost"))) == 3


def test_the_report_has_the_winners_rows_and_says_what_they_are_not(tmp_path):
    run = placed(tmp_path)
    section = site_section(read(run), site_table(run))
    text, table = section.blocks
    assert section.title == TITLE and "changes no verdict" in text.lines[0]
    first = [row[0].text for row in table.rows]
    assert (
        first.count("frozen") == 1
        and first[0] == "frozen"
        and {"Youden’s index", "promised sensitivity 0.95 with confidence 0.5"} <= set(first)
    )
    assert all(row[1].text == "0" for row in table.rows if row[0].text == "frozen")
    report.write_report(run)
    page = run.path("report.md").read_text(encoding="utf-8")
    assert page.count(f"### {TITLE}") == 1 and page.index("Do the scores hold") < page.index(f"### {TITLE}")
    assert len(pd.read_csv(run.path("site_thresholds.csv"))) == len(site_table(run))


def test_findings_have_rows_each_where_there_is_a_threshold(tmp_path):
    run = placed(tmp_path, task="findings")
    table = site_table(run)
    assert set(table["label"]) == {"mass", "nodule"}
    cells = [row[0].text for row in site_section(read(run), table).blocks[1].rows]
    assert "frozen of mass" in cells and "frozen of nodule" in cells
