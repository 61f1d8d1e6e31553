"""The report of boxes says the box score where others say AUROC, what is found for how many false marks, and hands no film on."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from box_runs import box_run, score
from radlib.evaluation.predictions import predict
from radlib.evaluation.selection import select
from radlib.report import figures
from radlib.report.boxes.box_results import box_groups, box_measures, box_results, froc_table
from radlib.report.columns import meaning
from radlib.report.csv_files import TABLES
from radlib.report.gate import gate_outcome
from radlib.report.headlines import headline
from radlib.report.place_groups import group_sentences
from radlib.report.readings import read
from radlib.report.writing import publish, write_report


@pytest.fixture(scope="module")
def reported(tmp_path_factory):
    run, films = box_run(
        tmp_path_factory.mktemp("reported"),
        test=240,
        parameters=", gate_noninferior: true, size_limits_kb: [2.5]",
    )
    select(run, films)
    score(run, films)
    predict(run, films, run.variants(), split="test")
    write_report(run)
    return run, films


def test_a_row_a_variant_with_its_score_and_verdict(reported):
    run, films = reported
    table, test = box_results(run).set_index("chain"), read(run).test
    like, worse = table.loc["clustering"], table.loc["magnitude_pruning"]
    assert like["conclusion"] in ("as good", "cannot tell") and like["difference"] == pytest.approx(
        0, abs=0.01
    )
    assert worse["conclusion"] == "loses" and worse["difference"] < -0.06
    assert worse["difference"] == pytest.approx(worse["box_score"] - table.loc["original", "box_score"])
    for name in ("box_score", "rsna_score", "boxes_found", "average_precision", "difference"):
        assert like[f"{name}_low"] <= like[name] <= like[f"{name}_high"]
    assert table["winner"].sum() == 1 and "auroc" not in table and "dice" not in table
    assert (
        table["rsna_score"] <= table["box_score"]
    ).all()  # films that stay empty rightly are left out of it
    for name, row in table.set_index("variant").iterrows():
        assert row["box_score"] == pytest.approx(test[name].merit)


def test_tables_of_measures_and_of_the_curve_have_a_meaning_in_every_column(reported):
    run, _ = reported
    measures, froc = box_measures(run), froc_table(run)
    assert set(measures["measure"]) == {"box_score", "rsna_score", "boxes_found", "false_boxes"}
    sensitivity = froc[froc["measure"] == "sensitivity"]
    assert sensitivity.groupby("variant")["value"].apply(lambda s: s.is_monotonic_increasing).all()
    for name in ("results.csv", "boxes.csv", "froc.csv"):
        written = pd.read_csv(run.path(name))
        assert set(written) <= set(TABLES[name].columns), name
        assert all(meaning(column)[0] for column in written)
    assert not run.path("per_label.csv").exists() and not run.path("outlines.csv").exists()


def test_the_first_page_speaks_of_boxes(reported):
    run, _ = reported
    text = run.path("report.md").read_text(encoding="utf-8")
    assert "AUROC" not in text.replace("told apart with AUROC", "") and "Dice" not in text
    for words in (
        "mean box score",
        "Of the boxes by hand on a film",
        "by RSNA’s measure",
        "Found, by false marks",
        "--boxes BOXES.csv",
        "for a device: radlib export",
        "No device has measured it yet: ./bench in the export does",
        "How well does each mark films?",
        "a box is no call on a film",
        "The best boxes for a device with so much room",
    ):
        assert words.replace("_", r"\_") in text, words
    said = headline(box_results(run), read(run).selection, run.settings)
    assert "box score" in said[1] and "accuracy" not in " ".join(said)
    assert "finds this share of the boxes by hand:" in " ".join(said)
    assert "0.06 box score" in gate_outcome(read(run)).sentence


def test_the_page_shows_films_and_what_is_published_does_not(reported, tmp_path):
    run, _ = reported
    html = run.path("report.html").read_text(encoding="utf-8")
    assert all(f"{kind} film" in html for kind in ("best", "median", "worst"))
    assert "by hand in blue, by the network in orange" in html
    written = publish(run, tmp_path / "public")
    names = {path.name for path in written}
    assert {"report.md", "results.csv", "boxes.csv", "froc.csv", "froc_curves.png"} <= names
    assert "worst film" not in (tmp_path / "public" / "report.md").read_text(encoding="utf-8")
    card = next(path for path in written if path.parent.name == "cards").read_text(encoding="utf-8")
    assert "Box score" in card and "found at 0.5 false marks a film" in card


def test_a_group_that_loses_is_named(reported):
    run, films = reported
    ids = films.test.image_ids
    views = np.where(np.arange(len(ids)) < 120, "PA", "AP")
    readings = dataclasses.replace(read(run), groups=pd.DataFrame({"image_id": ids, "view": views}))
    table = box_groups(run, readings=readings)
    worse = table[table["variant"].str.contains("magnitude")]
    assert (worse["verdict"] == "inferior").all() and (table.drop(worse.index)["verdict"] == "").all()
    said = group_sentences(readings, table, worse["variant"].iloc[0], "box_score", "box score", "marks films")
    assert said[0].startswith("It marks films worse in view AP: box score −")


def test_the_pictures_are_drawn(reported):
    run, _ = reported
    for name in ("difference_against_size", "size_against_box_score", "froc_curves", "size_bars"):
        assert run.path("figures", f"{name}.png").stat().st_size > 5000
    boxes = np.array([[2.0, 2, 4, 4], [np.nan] * 4])
    axes = figures.film_boxes(
        np.zeros((2, 8, 8)), [boxes, boxes[1:]], [boxes[:1], boxes[1:]], ["one", "none"]
    )
    assert [len(ax.patches) for ax in axes[:2]] == [2, 0]


def test_stored_boxes_are_verified(reported):
    run, _ = reported
    from radlib.deployment.verification.answers import answer_checks

    checks = answer_checks(run, run.variants())  # nobody logged what the rule answered in place of a file
    assert [check.failure for check in checks if check.failure and check.what != "test log"] == []
