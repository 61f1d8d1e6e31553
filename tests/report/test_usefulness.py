"""What errors mean at a prevalence, in the table, the report and the cards of a run."""

import dataclasses

import numpy as np
import pytest

from radlib import metrics, report
from radlib.report.readings import read
from radlib.report.usefulness import usefulness
from written_runs import write_run


def stated(run, **settings):
    return dataclasses.replace(run, settings=run.settings.override(settings))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return write_run(tmp_path_factory.mktemp("useful"), chains=("", "int8", "magnitude_pruning"))


def test_without_a_stated_prevalence_the_errors_are_those_that_were_counted(run):
    for row in usefulness(run).itertuples():
        variant = next(v for v in run.variants() if v.name == row.variant)
        answers = read(run).test[variant.name]
        truth, called = answers.y_true[:, 0] == 1, answers.y_prob[:, 0].astype(np.float64) >= 0.45
        assert row.prevalence == pytest.approx(truth.mean()) and row.reason == ""
        assert row.missed_per_1000 == pytest.approx(1000 * (truth & ~called).mean())
        assert row.needless_per_1000 == pytest.approx(1000 * (~truth & called).mean())
        assert row.missed_per_1000_low < row.missed_per_1000 < row.missed_per_1000_high
        plain = (truth & called).mean() - (~truth & called).mean() / run.settings.missed_cost
        assert row.net_benefit == pytest.approx(plain)


def test_the_studys_prevalence_and_cost_are_used(run):
    rare = usefulness(stated(run, prevalence=0.02, missed_cost=50)).iloc[0]
    own = usefulness(run).iloc[0]
    assert rare["prevalence"] == 0.02
    assert rare["missed_per_1000"] == pytest.approx(own["missed_per_1000"] * 0.02 / own["prevalence"])
    assert rare["ppv_at_prevalence"] < own["ppv_at_prevalence"] < 1
    expected = 0.02 - rare["missed_per_1000"] / 1000 - rare["needless_per_1000"] / 1000 / 50
    assert rare["net_benefit"] == pytest.approx(expected)


def test_several_findings_have_their_own_prevalence_and_those_without_an_answer_a_reason(tmp_path):
    table = usefulness(stated(write_run(tmp_path, task="findings", chains=("",)), prevalence=0.02)).set_index(
        "label"
    )
    assert table.loc[["mass", "nodule"], "prevalence"].min() > 0.3
    assert "one answer" in table.loc["hernia", "reason"] and np.isnan(table.loc["hernia", "net_benefit"])


def test_report_and_cards_say_it_for_winner_and_original(run):
    report.write_report(run)
    text = run.path("report.md").read_text(encoding="utf-8")
    section = text.split("## Of use where it is to stand")[1].split("\n##")[0]
    assert "| original |" in section and "| int8 |" in section and "| pruned |" not in section
    assert "the prevalence among the test films" in section and "figures/decision" in section
    assert run.path("figures", "decision_curve.png").is_file() and run.path("usefulness.csv").is_file()
    cards = [path.read_text(encoding="utf-8") for path in run.path("cards").iterdir()]
    assert len(cards) == 3 and all("called back for nothing" in card for card in cards)


def test_intervals_in_the_tables_are_those_that_do_not_collapse(run):
    readings = read(run)
    row = report.results(run, readings=readings).iloc[0]
    answers = readings.test[row["variant"]]
    expected = metrics.mean_intervals(answers.y_true, answers.y_prob, answers.patient_id, 0.45)
    for name in ("auroc", "sensitivity", "specificity", "accuracy", "balanced_accuracy"):
        assert (row[f"{name}_low"], row[f"{name}_high"]) == pytest.approx(expected[name]), name
