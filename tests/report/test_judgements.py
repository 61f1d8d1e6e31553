"""Verdicts of made-up runs, whose variants lose a stated part of what the original reads."""

import numpy as np
import pytest

from radlib import metrics, report
from radlib.report import judgements
from radlib.report.readings import read
from written_runs import answer, noisy, write_run


@pytest.fixture
def run(tmp_path):
    run = write_run(tmp_path, chains=("", "float16", "int8", "dynamic"), films=1500)
    original = dict(np.load(next(run.path("predictions").glob("*original*.npz"))))
    for chain in ("float16", "int8", "dynamic"):
        answer(run, chain, lambda arrays: {**arrays, "y_prob": original["y_prob"]})
    answer(run, "float16", lambda arrays: {**arrays, "y_prob": arrays["y_prob"].astype(np.float16)})
    answer(run, "int8", noisy(2.5))
    answer(run, "dynamic", noisy(0.36))
    return run


def test_results_hold_the_tests_of_every_variant_adjusted_together(run):
    table = report.results(run).set_index("chain")
    files = {c: answer(run, c, dict) for c in ("", "float16", "int8", "dynamic")}
    before = files.pop("")
    tests = [
        metrics.paired_test(
            before["y_true"][:, 0], before["y_prob"][:, 0], f["y_prob"][:, 0], before["patient_id"], 0.01
        )
        for f in files.values()
    ]
    assert (
        table.loc[list(files), "p_noninferior"].tolist()
        == metrics.holm([t.p_noninferior for t in tests]).tolist()
    )
    assert (
        table.loc[list(files), "p_inferior"].tolist() == metrics.holm([t.p_inferior for t in tests]).tolist()
    )
    assert table.loc[["float16", "int8", "dynamic"], "verdict"].tolist() == [
        "non-inferior", "inferior", "cannot tell",
    ]  # fmt: skip
    row = table.loc["int8"]
    assert row["difference"] == pytest.approx(tests[list(files).index("int8")].difference, abs=1e-12)
    assert "clustered by patient" in row["verdict_method"] and row["verdict_reason"] == ""
    assert row["smallest_shown"] == pytest.approx(metrics.smallest_shown(row["standard_error"], 3))
    assert table.loc["original", "verdict"] == "" and np.isnan(table.loc["original", "p_inferior"])


def test_differences_of_rates_are_those_of_the_same_draws(run):
    row = report.results(run).set_index("chain").loc["int8"]
    files = [answer(run, chain, dict) for chain in ("", "int8")]
    counts = metrics.patient_draws(files[0]["patient_id"], run.settings.bootstrap_draws)
    for metric in ("sensitivity", "specificity"):
        drawn = [
            metrics.metric_draws(f["y_true"][:, 0], f["y_prob"][:, 0], 0.45, counts)[metric] for f in files
        ]
        expected = np.quantile(drawn[1] - drawn[0], [0.025, 0.975])
        found = row[[f"difference_{metric}_low", f"difference_{metric}_high"]].astype(float)
        assert found.to_numpy() == pytest.approx(expected, abs=1e-12)


def test_another_order_of_films_is_paired_by_id_and_said(run):
    before = report.results(run).set_index("chain")
    mixed = np.random.default_rng(1).permutation(1500)

    def shuffle(arrays):
        return {name: value[mixed] if value.ndim else value for name, value in arrays.items()}

    answer(run, "int8", shuffle)
    after = report.results(run).set_index("chain")
    for name in ("difference", "standard_error", "p_inferior", "difference_low"):
        assert after.loc["int8", name] == pytest.approx(before.loc["int8", name], abs=1e-12)
    assert "another order" in after.loc["int8", "verdict_reason"]
    assert after.loc["float16", "verdict_reason"] == ""


def other_film(arrays):
    ids = arrays["image_id"].copy()
    ids[:3] = ["0123456789ab", "0123456789ac", "0123456789ad"]
    return {**arrays, "image_id": ids}


def other_label(arrays):
    truth = arrays["y_true"].copy()
    truth[5] = 1 - truth[5]
    return {**arrays, "y_true": truth}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (other_film, "different films: 6 image ids are in one only"),
        (lambda a: {n: v[:-4] if v.ndim else v for n, v in a.items()}, "4 image ids are in one only"),
        (other_label, "other labels of the same films"),
    ],
)
def test_files_that_do_not_fit_are_undefined_with_a_sentence_in_table_and_report(run, change, words):
    answer(run, "int8", change)
    row = report.results(run).set_index("chain").loc["int8"]
    assert row["verdict"] == "undefined" and words in row["verdict_reason"]
    assert np.isnan([row["difference"], row["difference_low"], row["difference_specificity"]]).all()
    report.write_report(run)
    assert words in " ".join(run.path("report.md").read_text(encoding="utf-8").replace("\\", "").split())


def test_ties_everywhere_and_one_class(run):
    answer(run, "int8", lambda a: {**a, "y_prob": np.full_like(a["y_prob"], 0.5)})
    row = report.results(run).set_index("chain").loc["int8"]
    assert (row["verdict"], row["verdict_reason"]) == (
        "inferior",
        "The variant gives every film the same score.",
    )
    for chain in ("", "float16", "int8", "dynamic"):
        answer(run, chain, lambda a: {**a, "y_true": np.zeros_like(a["y_true"])})
    row = report.results(run).set_index("chain").loc["float16"]
    assert row["verdict"] == "undefined" and "Only one answer" in row["verdict_reason"]


def test_findings_are_judged_together_and_each_with_its_prevalence(tmp_path):
    run = write_run(tmp_path, chains=("", "float16", "int8"), films=1200, task="findings")
    original = dict(np.load(next(run.path("predictions").glob("*original*.npz"))))
    for chain in ("float16", "int8"):
        answer(run, chain, lambda arrays: {**arrays, "y_prob": original["y_prob"]})
    answer(run, "int8", noisy(3.0, column=1))
    table = report.verdicts(run)
    rows = table.assign(chain=table["variant"].str.extract(r"/(\w+)#")[0]).set_index(["chain", "label"])
    assert rows.loc[("int8", "nodule"), "verdict"] == "inferior"
    assert (
        rows.loc[[("int8", "mass"), ("float16", "mass"), ("float16", "nodule")], "verdict"]
        .eq("non-inferior")
        .all()
    )
    hernia = rows.loc[("int8", "hernia")]  # no film has it
    assert hernia["verdict"] == "undefined" and "Only one answer" in hernia["verdict_reason"]
    known = ~np.isnan(original["y_true"][:, 1])
    assert rows.loc[("int8", "nodule"), "films"] == known.sum()
    assert rows.loc[("int8", "nodule"), "prevalence"] == pytest.approx(original["y_true"][known, 1].mean())
    assert table["p_inferior"].min() == rows.loc[("int8", "nodule"), "p_inferior"]
    mean = judgements.judge_variants(read(run))
    assert {row["verdict"] for row in mean.values()} == {"non-inferior", "inferior"}


def test_verdicts_are_written_for_other_programs(run):
    report.write_results(run)
    header = run.path("verdicts.csv").read_text(encoding="utf-8").splitlines()[0].split(",")
    assert header[:6] == ["variant", "label", "films", "positives", "prevalence", "difference"]
