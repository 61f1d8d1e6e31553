"""What errors mean at a prevalence, in the table, the report and the cards of a run."""

import dataclasses

import numpy as np
import pytest

from radlib import metrics, report
from radlib.report.readings import read
from radlib.report.usefulness import usefulness, usefulness_section, winner_and_original
from radlib.report.usefulness_pictures import draw_usefulness, precision_curves
from said_sentences import said_in
from written_runs import answer, checked, noisy, write_run


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


# ---- precision over sensitivity ------------------------------------------------------------------------------


@pytest.fixture
def pictured(tmp_path):
    """Draw the pictures of a run; return what was said of each by name, and its axes."""
    import matplotlib.pyplot as plt

    kept = {}

    def draw(readings):
        def add(name, make, alt, caption, narrow):
            kept[name] = (alt, caption, np.ravel(make()))

        draw_usefulness(readings, lambda count: plt.subplots(1, count, squeeze=False)[1].ravel(), add)
        return kept

    return draw


def test_the_points_of_the_picture_are_the_rows_of_the_table(run, pictured):
    rare = read(stated(run, prevalence=0.02))
    table = usefulness(rare.run, readings=rare).set_index("variant")
    found = precision_curves(rare, winner_and_original(rare), 0)
    assert found.prevalence == 0.02 and list(found.marks) == ["original", "int8"]
    unstated = read(run)
    assert precision_curves(unstated, winner_and_original(unstated), 0, 0.02).marks == found.marks
    for name, (sensitivity, precision) in found.marks.items():
        row = table.loc[f"student_small/{name}#0"]
        assert precision == pytest.approx(row["ppv_at_prevalence"])
        assert 1000 * 0.02 * (1 - sensitivity) == pytest.approx(row["missed_per_1000"])
    alt, caption, (ax,) = pictured(rare)["precision_recall"]
    drawn = {line.get_marker(): line.get_xydata()[0] for line in ax.lines if len(line.get_xydata()) == 1}
    assert [drawn[marker].tolist() for marker in "os"] == [list(mark) for mark in found.marks.values()]
    assert any(set(line.get_ydata()) == {0.02} for line in ax.lines)
    assert (
        "at a prevalence of 2.0 %: original " in alt
        and f"{found.marks['int8'][1]:.2f} at its threshold’s" in alt
    )
    assert "flatters" not in caption and "the threshold that goes with each file" in caption


def test_without_a_stated_prevalence_the_picture_says_that_it_flatters(run, pictured):
    _, caption, _ = pictured(read(run))["precision_recall"]
    assert "At the prevalence among the test films it flatters" in caption


def test_the_report_has_the_picture_where_it_tells_of_use(tmp_path):
    run = write_run(tmp_path, chains=("", "int8"))
    answer(run, "int8", noisy(0.5))
    page = checked(report.write_report(run))
    section = (
        run.path("report.md")
        .read_text(encoding="utf-8")
        .split("## Of use where it is to stand")[1]
        .split("\n##")[0]
    )
    assert (
        section.index("decision_curve.png")
        < section.index("precision_recall.png")
        < section.index("| Variant |")
    )
    assert run.path("figures", "precision_recall.png").is_file()
    assert sum(alt.startswith("Precision, the share of calls that are right") for alt in page.alts) == 1


def test_several_findings_have_a_panel_each_and_one_answer_a_sentence(tmp_path, pictured):
    run = write_run(tmp_path, task="findings", chains=("", "int8"))
    readings = read(run)
    alt, caption, axes = pictured(readings)["precision_recall"]
    assert [ax.get_title(loc="left") or ax.get_title() for ax in axes] == ["mass", "nodule"]
    assert "hernia" not in alt and "flatters" in caption
    results, table = report.results(run, readings=readings), usefulness(run, readings=readings)
    said = said_in(usefulness_section(readings, results, table))
    assert "Precision over sensitivity is not drawn for hernia: only one answer occurs" in said


def test_where_only_one_answer_occurs_a_sentence_stands_in_place_of_the_picture(run, pictured):
    readings = read(run)
    sick = {name: dataclasses.replace(p, y_true=np.ones_like(p.y_true)) for name, p in readings.test.items()}
    readings = dataclasses.replace(readings, test=sick)
    assert pictured(readings) == {}
    table = usefulness(run, readings=readings)
    section = usefulness_section(readings, report.results(run), table)
    assert (
        said_in(section).startswith("Precision over sensitivity is not drawn for pneumonia")
        and len(section.blocks) == 1
    )


def test_of_classes_no_point_of_a_curve_is_the_threshold(tmp_path, pictured):
    found = pictured(read(write_run(tmp_path, task="classes", chains=("", "int8"))))
    assert set(found) == {"precision_recall"}
    alt, caption, axes = found["precision_recall"]
    assert "no point of a curve is its threshold" in caption and "at its threshold’s" not in alt
    assert not [line for line in axes[0].lines if len(line.get_xydata()) == 1]


def test_an_original_that_answered_other_films_is_not_drawn_beside_the_winner(run, pictured):
    readings = read(run)
    original = readings.test["student_small/original#0"]
    some = original.take(np.arange(len(original.image_id)) % 2 == 0)
    readings = dataclasses.replace(readings, test={**readings.test, "student_small/original#0": some})
    alt, _, _ = pictured(readings)["precision_recall"]
    assert "int8 " in alt and "original " not in alt
