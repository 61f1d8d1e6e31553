"""The report of outlines says Dice where others say AUROC, needs both verdicts, and hands no film on."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from outline_runs import outline_run
from radlib import metrics
from radlib.evaluation.examination import examine
from radlib.evaluation.predictions import predict
from radlib.evaluation.selection import select
from radlib.report import figures
from radlib.report.columns import meaning
from radlib.report.csv_files import TABLES
from radlib.report.gate import gate_outcome
from radlib.report.headlines import headline
from radlib.report.outlines.outline_results import outline_groups, outline_measures, outline_results
from radlib.report.place_groups import group_sentences, group_table
from radlib.report.readings import read
from radlib.report.writing import publish, write_report


@pytest.fixture(scope="module")
def reported(tmp_path_factory):
    run, films = outline_run(
        tmp_path_factory.mktemp("reported"), test=240, parameters=", gate_noninferior: true"
    )
    select(run, films)
    examine(run, films, run.variants())
    predict(run, films, run.variants(), split="test")
    write_report(run)
    return run, films


def test_a_row_a_variant_with_dice_and_both_verdicts(reported):
    run, _ = reported
    table = outline_results(run).set_index("chain")
    assert table["dice"].between(0.5, 1).all() and (table["failing_dice"] <= table["dice"]).all()
    like, worse = table.loc["clustering"], table.loc["magnitude_pruning"]
    # alone the 5th percentile would do; mean and percentile are one claim, adjusted over both chains
    assert (
        like["conclusion"] == like["verdict"] == "cannot tell" and like["verdict_failing"] == "non-inferior"
    )
    assert like["p_noninferior_failing"] < 0.05 <= like["p_noninferior"]
    assert worse["conclusion"] == "loses" and worse["difference"] < -0.06
    assert worse["difference"] == pytest.approx(worse["dice"] - table.loc["original", "dice"])
    for name in ("dice", "hausdorff_95", "difference"):
        assert like[f"{name}_low"] <= like[name] <= like[f"{name}_high"]
    assert table["winner"].sum() == 1 and "auroc" not in table


def test_a_file_is_as_good_where_mean_and_failing_films_both_are(reported):
    run, _ = reported
    readings = read(run)
    even = {
        n: dataclasses.replace(p, measures=np.full_like(p.measures, 0.9)) for n, p in readings.test.items()
    }
    table = outline_results(run, readings=dataclasses.replace(readings, test=even)).set_index("chain")
    both = table.loc[["clustering", "magnitude_pruning"]]
    assert (both["conclusion"] == "as good").all() and (both["verdict_failing"] == "non-inferior").all()
    assert (both["difference"] == 0).all() and np.isnan(table.loc["original", "difference"])


def test_the_claim_needs_the_films_that_fail_as_well():
    dice = np.linspace(0.8, 1.0, 200)
    lost = np.where(dice < 0.82, dice - 0.5, dice)
    mean, failing = (test(dice, lost, range(200), 0.1) for test in (metrics.mean_test, metrics.failing_test))
    both = metrics.both_tests(mean, failing)
    assert mean.p_noninferior < 0.05 < both.p_noninferior == failing.p_noninferior
    assert metrics.outline_verdict(mean, failing) == "inferior"
    kept = metrics.failing_test(dice, dice, range(200), 0.1)
    same = metrics.mean_test(dice, dice, range(200), 0.1)
    assert metrics.outline_verdict(same, kept) == "non-inferior"
    assert metrics.outline_verdict(same, kept, p_noninferior=0.2) == "cannot tell"  # adjusted for others


def test_every_measure_has_a_row_and_every_column_a_meaning(reported):
    run, _ = reported
    table = outline_measures(run)
    assert set(table["measure"]) == set(metrics.OUTLINE_MEASURES) - {"lesions"}
    for name in ("results.csv", "outlines.csv"):
        written = pd.read_csv(run.path(name))
        assert set(written) <= set(TABLES[name].columns)
        assert all(meaning(column)[0] for column in written)
    assert not run.path("per_label.csv").exists() and not run.path("changed_decisions.csv").exists()


def test_the_first_page_speaks_of_dice(reported):
    run, _ = reported
    text = run.path("report.md").read_text(encoding="utf-8")
    assert "AUROC" not in text.replace("told apart with AUROC", "")
    for words in (
        "Which films fail?",
        "mean Dice",
        "One film in twenty has a Dice of at most",
        "of each other",
        "Hausdorff 95",
        "--masks MASKS",
        "Precision over sensitivity at a prevalence, and both rates by group, are not told",
    ):
        assert words in text, words
    said = headline(outline_results(run), read(run).selection, run.settings)
    assert "Dice" in said[1] and "accuracy" not in " ".join(said)
    assert "0.06 Dice" in gate_outcome(read(run)).sentence


def test_the_page_shows_best_median_and_worst_and_what_is_published_does_not(reported, tmp_path):
    run, _ = reported
    html = run.path("report.html").read_text(encoding="utf-8")
    for kind in ("best", "median", "worst"):
        assert f"{kind} film" in html
    written = publish(run, tmp_path / "public")
    names = {path.name for path in written}
    assert {"report.md", "results.csv", "outlines.csv"} <= names
    assert not any("outlines" in path.parts for path in written)
    assert "worst film" not in (tmp_path / "public" / "report.md").read_text(encoding="utf-8")
    card = next(path for path in written if path.parent.name == "cards").read_text(encoding="utf-8")
    assert "Dice" in card and "5th percentile" in card


def test_a_group_that_loses_is_named_and_others_are_not(reported):
    run, films = reported
    ids = films.test.image_ids
    views = np.where(np.arange(len(ids)) < 120, "PA", "AP")
    readings = dataclasses.replace(read(run), groups=pd.DataFrame({"image_id": ids, "view": views}))
    table = outline_groups(run, readings=readings)
    worse = table[table["variant"].str.contains("magnitude")]
    assert (
        set(table["group"]) == {"PA", "AP"}
        and (worse["difference"] < -0.06).all()
        and worse["patients"].sum() == 120
    )
    assert (worse["verdict"] == "inferior").all() and (table.drop(worse.index)["verdict"] == "").all()
    said = group_sentences(readings, table, worse["variant"].iloc[0])
    assert said[0].startswith("It outlines worse in view AP: Dice −")
    kept = group_sentences(readings, table, table.drop(worse.index)["variant"].iloc[0])
    assert kept[0].startswith("In none of 2 groups a loss of more than 0.06")
    assert len(group_table(table, worse["variant"].iloc[0])[0].rows) == 2


def test_the_pictures_are_drawn(reported):
    run, _ = reported
    for name in ("difference_against_size", "size_against_dice", "dice_of_films", "size_bars"):
        assert run.path("figures", f"{name}.png").stat().st_size > 5000
    mask = np.zeros((2, 8, 8), bool)
    mask[0, 2:6, 2:6] = True  # the second film has none, and none is drawn
    axes = figures.film_outlines(np.zeros((2, 8, 8)), mask, mask, ["one", "none"])
    assert [len(ax.collections) for ax in axes[:2]] == [2, 0]
    ax = figures.difference_against_size(outline_results(run), margin=0.06, measure="Dice")
    assert ax.get_ylabel().startswith("Dice −")


def test_stored_outlines_are_verified(reported):
    run, films = reported
    from radlib.deployment.verification.answers import answer_checks

    assert [check.failure for check in answer_checks(run, run.variants()) if check.failure] == []
    path = run.path("predictions", f"{run.variants()[1].key}.validation.npz")
    whole = path.read_bytes()
    fields = dict(np.load(path))
    fields["measures"][:, 0, 0] = 1.0
    np.savez(path, **fields)
    failures = [check.failure for check in answer_checks(run, run.variants()) if check.failure]
    path.write_bytes(whole)
    assert any("do not follow" in failure for failure in failures)
