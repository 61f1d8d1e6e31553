"""Verdicts of made-up runs, whose variants lose a stated part of what the original reads."""

import dataclasses

import numpy as np
import pytest

from radlib import metrics, report
from radlib.evaluation.conclusions import FIRST_WORDS, conclusion
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
    truth, patients = before["y_true"][:, 0], before["patient_id"]
    called = [f["y_prob"][:, 0] >= 0.45 for f in (before, *files.values())]
    rates = [
        [
            metrics.rate_test(truth, called[0], c, patients, answered, 0.05).p_noninferior
            for answered in (1, 0)
        ]
        for c in called[1:]
    ]
    claimed = metrics.claims(np.column_stack([[t.p_noninferior for t in tests], rates]))
    assert table.loc[list(files), "p_noninferior"].tolist() == pytest.approx(claimed[:, 0])
    assert table.loc[list(files), "p_inferior"].tolist() == [t.p_inferior for t in tests], (
        "an alarm was adjusted"
    )
    assert table.loc[["float16", "int8", "dynamic"], "verdict"].tolist() == [
        "non-inferior", "inferior", "cannot tell",
    ]  # fmt: skip
    row = table.loc["int8"]
    assert row["difference"] == pytest.approx(tests[list(files).index("int8")].difference, abs=1e-12)
    assert "clustered by patient" in row["verdict_method"] and row["verdict_reason"] == ""
    assert (row["difference_low"], row["difference_high"]) == (
        tests[list(files).index("int8")].low,
        tests[list(files).index("int8")].high,
    )
    assert row["patients_asked"] == tests[0].patients and row["seeds_pooled"] == 1
    assert table["conclusion"].tolist()[1:] == ["as good", "loses", "cannot tell"]
    assert table.loc["original", "verdict"] == "" and np.isnan(table.loc["original", "p_inferior"])


def test_rates_are_judged_at_the_threshold_of_the_original(run):
    row = report.results(run).set_index("chain").loc["int8"]
    before, after = (answer(run, chain, dict) for chain in ("", "int8"))
    truth, called = before["y_true"][:, 0], [f["y_prob"][:, 0] >= 0.45 for f in (before, after)]
    for metric, answered in (("sensitivity", 1), ("specificity", 0)):
        test = metrics.rate_test(truth, *called, before["patient_id"], answered, 0.05)
        found = [row[f"difference_{metric}{end}"] for end in ("", "_low", "_high")]
        assert found == [test.difference, test.low, test.high]
        assert row[f"verdict_{metric}"] == metrics.verdict_of(test, 1.0), (
            "asked although the AUROC was not shown"
        )


def test_the_winner_is_asked_first_and_its_failure_closes_all_that_follows(run):
    def judged(winners):
        readings = read(run)
        readings = dataclasses.replace(readings, selection={**readings.selection, "winners": winners})
        rows = judgements.judge_variants(readings)
        return {name.split("/")[1].split("#")[0]: row for name, row in rows.items()}

    network = next(v.network for v in run.variants())
    assert judged({network: "float16"})["float16"]["verdict"] == "non-inferior"
    closed = judged({network: "dynamic"})
    assert closed["dynamic"]["verdict"] == "cannot tell" == closed["float16"]["verdict"]
    assert closed["int8"]["verdict"] == "inferior", "an alarm waits for nothing"


def test_a_weak_network_silences_nothing_of_another_and_an_unshown_sensitivity_all_of_its_own(tmp_path):
    networks = ({"architecture": "student_small"}, {"architecture": "student_residual"})
    run = write_run(tmp_path, networks=networks, chains=("", "float16", "int8"), films=1500)
    for name in ("student_small", "student_residual"):
        original = dict(np.load(next(run.path("predictions").glob(f"{name}*original*.test.npz"))))
        for chain in ("float16", "int8"):
            path = next(run.path("predictions").glob(f"{name}--{chain}--*.test.npz"))
            np.savez(path, **{**dict(np.load(path)), "y_prob": original["y_prob"]})

    def judged():
        readings = read(run)
        winners = dict.fromkeys(("student_small", "student_residual"), "float16")
        chosen = dataclasses.replace(readings, selection={**readings.selection, "winners": winners})
        return {name: row["conclusion"] for name, row in judgements.judge_variants(chosen).items()}

    assert set(judged().values()) == {"as good"}
    path = next(run.path("predictions").glob("student_small--float16--*.test.npz"))
    as_good = dict(np.load(path))
    np.savez(path, **noisy(2.5)(as_good))  # its AUROC
    weak = judged()
    assert weak["student_small/float16#0"] == "loses" and weak["student_small/int8#0"] == "cannot tell"
    assert {weak[f"student_residual/{chain}#0"] for chain in ("float16", "int8")} == {"as good"}
    np.savez(
        path, **{**as_good, "y_prob": as_good["y_prob"] / 8}
    )  # the same order of films, and no film is called
    shy = judged()
    assert shy["student_small/float16#0"] == "loses" and shy["student_small/int8#0"] == "cannot tell"
    assert shy["student_residual/int8#0"] == "as good"


@pytest.mark.parametrize(
    ("said", "word"),
    [
        (("non-inferior", "non-inferior", "non-inferior"), "as good"),
        (("non-inferior", "non-inferior", "cannot tell"), "as good"),
        (("non-inferior", "non-inferior", "inferior"), "loses"),
        (("non-inferior", "inferior", "non-inferior"), "loses"),
        (("non-inferior", "cannot tell", "non-inferior"), "cannot tell"),
        (("non-inferior", "too few patients", "non-inferior"), "too few patients"),
        (("cannot tell", "non-inferior", "non-inferior"), "cannot tell"),
        (("undefined", "cannot tell", "cannot tell"), "undefined"),
    ],
)
def test_green_needs_auroc_and_sensitivity_and_no_alarm(said, word):
    row = dict(zip(("verdict", "verdict_sensitivity", "verdict_specificity"), said, strict=True))
    assert judgements.conclude(row) == word
    row |= {
        "difference": -0.001,
        "difference_low": -0.004,
        "difference_high": 0.002,
        "patients_asked": 800.0,
        "seeds_pooled": 3,
    }
    sentence = conclusion(row | {"conclusion": word}, 0.01, 0.05)
    assert sentence.startswith(FIRST_WORDS[word]) and set(FIRST_WORDS) == set(judgements.CONCLUSIONS)
    assert (
        ("3 trainings together" in sentence)
        == (word != "undefined")
        == ("up to 0.4 % of patients" in sentence)
    )


def test_a_file_gives_alarm_though_its_sisters_do_not(tmp_path):
    run = write_run(tmp_path, chains=("", "int8"), films=1500, seeds=(0, 1, 2))
    for seed in range(3):
        first = dict(np.load(next(run.path("predictions").glob(f"*original*seed{seed}.test.npz"))))
        path = next(run.path("predictions").glob(f"*--int8--seed{seed}.test.npz"))
        arrays = {**dict(np.load(path)), "y_prob": first["y_prob"]}
        np.savez(path, **(noisy(2.5)(arrays) if seed == 1 else arrays))
    table = report.results(run).set_index(["chain", "seed"])
    assert table.loc[("int8", 1), "verdict"] == "inferior"
    assert table.loc[("int8", 1), "verdict_reason"] == judgements.OWN_FILE
    assert table.loc[("int8", 0), "verdict"] == "cannot tell" and table.loc[("int8", 0), "seeds_pooled"] == 3


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
    others = rows.loc[[("int8", "mass"), ("float16", "mass"), ("float16", "nodule")], "verdict"]
    assert not others.eq("inferior").any() and rows.loc[("float16", "nodule"), "p_noninferior"] < 0.2
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


def test_patients_of_several_findings_are_counted_once_and_as_before_the_test(tmp_path):
    run = write_run(tmp_path, chains=("", "int8"), films=1200, task="findings")
    row = report.results(run).set_index("chain").loc["int8"]
    original = dict(np.load(next(run.path("predictions").glob("*original*.npz"))))
    counts = [
        len(np.unique(original["patient_id"][column == answered]))
        for column in original["y_true"].T[:2]
        for answered in (1, 0)
    ]
    assert row["patients_asked"] == pytest.approx(min(counts)) and row["findings_asked"] == 2
    sentence = conclusion(row, 0.01, 0.05)
    assert f"With {min(counts)} patients of the rarer answer of the finding that has fewest" in sentence
    assert f"up to {100 * metrics.not_excluded(min(counts)):.1f} % of patients" in sentence
