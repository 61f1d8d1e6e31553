"""The report of a made-up run, against numbers worked out from its files by other means."""

import base64
import dataclasses
import hashlib
import json
import re
import struct
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk

from radlib import metrics, report
from radlib.foundation.errors import UsageError
from radlib.foundation.storage import write_json
from radlib.report import cells, wording
from radlib.report.pictures import one_per_variant
from radlib.report.pooled import shown_files
from radlib.runs.runs import open_run
from radlib.runs.settings import Settings
from radlib.runs.variants import variant_key, variant_name
from written_runs import CHAINS, NASTY, PARAMETERS, checked, write_run


def stored(run, chain, split="test"):
    name = variant_key(variant_name(run.network, chain, 0))
    return np.load(run.path("predictions", f"{name}.{split}.npz"))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return write_run(tmp_path_factory.mktemp("fake"), overlapping=60)


@pytest.fixture(scope="module")
def written(run):
    report.write_report(run)
    return run


# ---- tables -----------------------------------------------------------------------------------------------


def test_results_equal_what_scikit_learn_finds_in_the_files(run):
    table = report.results(run)
    assert list(table["chain"]) == [c or "original" for c in CHAINS]
    for chain, (_, row) in zip(CHAINS, table.iterrows(), strict=True):
        arrays = stored(run, chain)
        truth, prob = arrays["y_true"][:, 0], arrays["y_prob"][:, 0]
        called = prob >= 0.45
        assert row["auroc"] == pytest.approx(sk.roc_auc_score(truth, prob), abs=1e-12)
        assert row["accuracy"] == pytest.approx(sk.accuracy_score(truth, called), abs=1e-12)
        assert row["sensitivity"] == pytest.approx(sk.recall_score(truth, called), abs=1e-12)
        assert row["specificity"] == pytest.approx(sk.recall_score(truth, called, pos_label=0), abs=1e-12)
        assert row["auroc_low"] < row["auroc"] < row["auroc_high"]
        assert row["films"] == 400 and row["positives"] == truth.sum()
        assert row["patients"] == len(set(arrays["patient_id"]))


def test_ratios_rest_on_float32_weights(run):
    table = report.results(run).set_index("chain")
    assert table.loc["int8", "compression"] == pytest.approx(4 * PARAMETERS / table.loc["int8", "size_bytes"])
    assert table.loc["original", "compression"] < 1  # its file holds more than the weights


def test_measurements_are_in_the_row(run):
    row = report.results(run).set_index("chain").loc["magnitude_pruning+int8"]
    assert row["latency_p50_ms"] == 0.62 and row["nonzero_parameters"] == PARAMETERS // 5
    assert (row["runtime"], row["delegate"], str(row["threads"])) == ("LiteRT", "XNNPACK", "1")


def test_an_estimate_is_never_printed_as_measured(tmp_path):
    run = write_run(tmp_path, chains=("", "int8"))
    table = pd.read_csv(run.path("measurements.csv"))
    guessed = table["variant"].str.contains("int8") & table["metric"].isin(
        ["latency_p50_ms", "peak_memory_bytes"]
    )
    table.loc[guessed, "kind"] = "estimated"
    table.to_csv(run.path("measurements.csv"), index=False)
    rows = report.results(run).set_index("chain")
    assert rows.loc["int8", ["latency_p50_ms", "peak_memory_bytes"]].isna().all()
    assert rows.loc["int8", "latency_p95_ms"] == pytest.approx(0.62 * 1.3)
    assert rows.loc["original", "latency_p50_ms"] == 12.0


def test_a_difference_has_the_interval_of_its_test_which_holds_that_of_the_bootstrap(run):
    row = report.results(run).set_index("chain").loc["magnitude_pruning+int8"]
    before, after = stored(run, ""), stored(run, "magnitude_pruning+int8")
    truth, patients = before["y_true"][:, 0], before["patient_id"]
    test = metrics.paired_test(truth, before["y_prob"][:, 0], after["y_prob"][:, 0], patients)
    assert (row["difference"], row["difference_low"], row["difference_high"]) == (
        pytest.approx(test.difference), pytest.approx(test.low), pytest.approx(test.high)
    )  # fmt: skip
    members = [np.flatnonzero(patients == p) for p in np.unique(patients)]
    generator = np.random.default_rng(0)
    differences = []
    for _ in range(200):
        films = np.concatenate([members[i] for i in generator.integers(0, len(members), len(members))])
        differences.append(sk.roc_auc_score(truth[films], after["y_prob"][films, 0])
                           - sk.roc_auc_score(truth[films], before["y_prob"][films, 0]))  # fmt: skip
    low, high = np.quantile(differences, [0.025, 0.975])
    assert row["difference_low"] < low and row["difference_high"] == pytest.approx(high, abs=0.004)


def test_equal_numbers_in_two_folders_are_said_where_the_splits_are(run, tmp_path):
    report.write_report(run)
    assert "different people: 60 test films have a number" in run.path("report.md").read_text(
        encoding="utf-8"
    )
    other = write_run(tmp_path)
    report.write_report(other)
    text = other.path("report.md").read_text(encoding="utf-8")
    assert "No patient is in two splits" in text and "different people" not in text


def test_an_unscored_run_is_not_published(tmp_path):
    unscored = write_run(tmp_path / "run", predicted=False)
    with pytest.raises(UsageError, match="no test scores yet"):
        report.publish(unscored, tmp_path / "published")
    assert not (tmp_path / "published").exists()


def test_scores_without_overlapping_numbers(run):
    row = report.results(run).set_index("chain").loc["int8"]
    arrays = stored(run, "int8")
    truth, prob = arrays["y_true"][60:, 0], arrays["y_prob"][60:, 0]
    assert row["films_disjoint"] == 340
    assert row["auroc_disjoint"] == pytest.approx(sk.roc_auc_score(truth, prob), abs=1e-12)
    assert row["accuracy_disjoint"] == pytest.approx(sk.accuracy_score(truth, prob >= 0.45), abs=1e-12)


def test_no_overlap_no_columns(tmp_path):
    assert "auroc_disjoint" not in report.results(write_run(tmp_path, chains=("", "int8")))


def test_the_table_holds_what_the_study_names_and_what_was_scored(tmp_path):
    run = write_run(tmp_path, chains=("", "float32", "int8"), drop=("float32",))
    assert report.results(run)["chain"].tolist() == ["original", "float32", "int8"]
    narrow = dataclasses.replace(run, overrides={**run.overrides, "chains": ["int8"]})
    assert report.results(narrow)["chain"].tolist() == ["original", "int8"]
    other = dataclasses.replace(run, overrides={**run.overrides, "chains": ["float32"]})
    assert set(report.results(other)["chain"]) == {"original", "float32", "int8"}


def test_six_comparisons(run):
    table = report.comparisons(run)
    assert list(zip(table["before"], table["after"], strict=True)) == [
        ("original", "dynamic"), ("original", "float16"), ("original", "int8"),
        ("pruned", "pruned + dynamic"), ("pruned", "pruned + float16"), ("pruned", "pruned + int8"),
    ]  # fmt: skip
    row = table.iloc[5]
    before, after = stored(run, "magnitude_pruning"), stored(run, "magnitude_pruning+int8")
    expected = sk.roc_auc_score(after["y_true"], after["y_prob"]) - sk.roc_auc_score(
        before["y_true"], before["y_prob"]
    )
    assert row["difference"] == pytest.approx(expected, abs=1e-12)
    assert row["times_smaller"] == pytest.approx(4 * PARAMETERS / int(0.26 * 4 * PARAMETERS))


def test_per_label_of_findings(tmp_path):
    run = write_run(tmp_path, task="findings", chains=("", "int8"))
    labels = report.per_label(run)
    rows = labels[labels["variant"].str.contains("int8")].set_index(["label", "metric"])
    arrays = stored(run, "int8")
    known = ~np.isnan(arrays["y_true"][:, 1])
    nodule = sk.roc_auc_score(arrays["y_true"][known, 1], arrays["y_prob"][known, 1])
    assert rows.loc[("nodule", "auroc"), "value"] == pytest.approx(nodule, abs=1e-12)
    assert rows.loc[("nodule", "auroc"), "films"] == known.sum()
    assert np.isnan(rows.loc[("hernia", "auroc"), "value"])
    mass = sk.roc_auc_score(arrays["y_true"][:, 0], arrays["y_prob"][:, 0])
    table = report.results(run).set_index("chain")
    assert table.loc["int8", "auroc"] == pytest.approx((mass + nodule) / 2, abs=1e-12)  # of those defined
    checker = checked(report.write_report(run))
    assert "undefined" in "".join(checker.text)


def test_seeds_are_averaged(tmp_path):
    run = write_run(tmp_path, seeds=(0, 1, 2), chains=("", "int8"))
    table = report.results(run)
    seeds = report.over_seeds(table).set_index("chain")
    values = table.loc[table["chain"] == "int8", "auroc"]
    assert len(values) == 3 and seeds.loc["int8", "seeds"] == 3
    assert seeds.loc["int8", "auroc_mean"] == pytest.approx(np.mean(list(values)))
    assert seeds.loc["int8", "auroc_lowest"] == min(values) and seeds.loc["int8", "auroc_highest"] == max(
        values
    )
    report.write_results(run)
    assert len(pd.read_csv(run.path("over_seeds.csv"))) == 2


def test_a_picture_never_mixes_means_over_seeds_with_single_trainings():
    rows = [("a", "original", 0), ("a", "int8", 0), ("a", "original", 1), ("a", "int8", 1)]
    table = pd.DataFrame(rows, columns=["network", "chain", "seed"])
    table = table.assign(label=table["chain"], format="keras", auroc=[0.9, 0.8, 0.7, 0.8])
    table = table.assign(auroc_low=table["auroc"] - 0.1, auroc_high=table["auroc"] + 0.1)
    means, sentence = one_per_variant(table)
    assert list(means["auroc"]) == pytest.approx([0.8, 0.8]) and "Means over 2 seeds" in sentence
    assert means["auroc_low"].iloc[0] == pytest.approx(0.6)
    single, sentence = one_per_variant(table.iloc[:3])  # int8 of seed 1 is missing
    assert list(single["auroc"]) == [0.9, 0.8] and sentence.startswith("Seed 0,")
    assert one_per_variant(table.iloc[:2])[1] == ""


def test_predictions_of_another_model_file_do_not_count(tmp_path):
    run = write_run(tmp_path, chains=("", "int8"))
    path = run.path("predictions", f"{variant_key(variant_name(run.network, 'int8', 0))}.test.npz")
    arrays = dict(np.load(path))
    np.savez(path, **{**arrays, "model_sha256": "0" * 64})
    table = report.results(run).set_index("chain")
    assert np.isnan(table.loc["int8", "auroc"]) and not np.isnan(table.loc["original", "auroc"])


def test_written_tables_read_back_the_same(written):
    table = report.results(written)
    back = pd.read_csv(written.path("results.csv"))
    assert list(back.columns) == list(table.columns)
    np.testing.assert_allclose(back["auroc"], table["auroc"], rtol=0, atol=1e-15)
    assert {"per_label.csv", "comparisons.csv"} <= {p.name for p in written.folder.iterdir()}
    assert not list(written.folder.rglob("*.partial"))


# ---- the page ---------------------------------------------------------------------------------------------


def test_html_needs_nothing_else(written):
    checker = checked(written.path("report.html"))
    assert not {"link", "iframe", "object", "form"} & set(checker.tags)
    assert checker.tags.count("script") == 1
    anchors = {chapter for chapter in checker.links if chapter.startswith("#")}
    assert anchors and all(
        f'id="{anchor[1:]}"' in written.path("report.html").read_text() for anchor in anchors
    )
    pictures = [link for link in checker.links if link not in anchors]
    assert pictures and all(link.startswith("data:image/png;base64,") for link in pictures)
    text = written.path("report.html").read_text(encoding="utf-8")
    assert not re.search(r"https?://|url\(|@import|fetch\(|XMLHttpRequest|import\(", text)
    script = re.search(r"<script>(.*)</script>", text, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in text  # the browser runs this script and no other
    assert written.path("report.html").stat().st_size < 1_500_000


def test_every_picture_says_what_it_shows(written):
    checker = checked(written.path("report.html"))
    assert len(checker.alts) == checker.tags.count("img") >= 6
    assert all(len(alt) > 30 for alt in checker.alts)
    assert (
        "What each variant lost beside its original" in checker.alts[0] and "int8: 426 KB" in checker.alts[0]
    )


def test_pictures_are_small_png_files(written):
    for path in written.path("figures").glob("*.png"):
        content = path.read_bytes()
        width, height = struct.unpack(">II", content[16:24])
        assert content[:4] == b"\x89PNG" and width <= 1500 and height <= 2000
        assert len(content) < 200_000


def test_the_first_page_answers_in_the_order_of_asking_and_everything_else_is_folded(written):
    text = written.path("report.html").read_text(encoding="utf-8")
    first, folded = text.split('<nav aria-labelledby="contents">')
    asked = ("Which file?", "Is it as good as its original?", "At which threshold?", "How many are missed",
             "For whom is it worse", "What does it cost on a device?", "difference_against_size")  # fmt: skip
    places = [first.index(question) for question in asked[:-1]]
    assert places == sorted(places) and first.rindex("<img") > places[-1]
    assert "radlib export run/variants/student_small--int8--seed0 for_the_device" in first
    assert "variants/student_small--int8--seed0/model.tflite" in first and "<table" not in first
    assert folded.count('<details class="chapter">') >= 5 and "<details open" not in folded
    captions = re.findall(r'<p class="caption">([^<]+)</p>', folded)
    assert len(captions) == len(set(captions))  # no table twice
    assert "beforeprint" in text and "details-content" in text  # on paper all is open


def test_a_large_study_is_told_by_method_and_network(tmp_path):
    networks = ({"architecture": "student_small"}, {"architecture": "student_tiny"})
    run = write_run(tmp_path, networks=networks, seeds=(0, 1, 2))
    report.write_report(run)
    text = run.path("report.md").read_text(encoding="utf-8").replace("\\", "")
    assert len(text.split()) <= 4000
    table = report.results(run)
    row = next(line for line in text.splitlines() if line.startswith("| pruned + int8 |"))
    chosen = table[(table["chain"] == "magnitude_pruning+int8") & (table["network"] == "student_tiny")]
    assert f"{chosen['auroc'].mean():.3f} (" in row.split(" | ")[2]
    html = run.path("report.html").read_text(encoding="utf-8")
    assert (
        "pruned + int8, seed 2" not in text and "pruned + int8, seed 2" in html
    )  # all files stand on the page
    assert "Each file" in text and "COLUMNS.md" in text and "All stand in the CSV files" in text
    shown = shown_files(table, {"winner": "student_small/int8#0"})
    assert shown == {"student_small/original#0", "student_tiny/original#0", "student_small/int8#0"}


def test_headline_names_the_winner_and_its_test_score(written):
    row = report.results(written).set_index("chain").loc["int8"]
    text = " ".join("".join(checked(written.path("report.html")).text).split())
    assert "3.8 times smaller than the original’s weights) " in text
    assert "It is the smallest that cannot lose more than 0.106" in text
    assert f"AUROC {row['auroc']:.3f} [{row['auroc_low']:.3f}–{row['auroc_high']:.3f}]" in text
    assert "The films are drawn, not taken" in text


@pytest.mark.parametrize(
    ("word", "verdict", "words"),
    [
        ("as good", "non-inferior", "It is as good as its original: AUROC differs by −0.002 [−0.006 to +0.002], non-inferior at a "
                                    "margin of 0.010."),
        ("loses", "inferior", "It reads worse than its original: AUROC differs by −0.002"),
        ("cannot tell", "cannot tell", "so in 34 % of such studies; about 1,200 would in 80 %."),
        ("too few patients", "too few patients", "A margin of 0.010 needs at least 299 of them."),
        ("undefined", "undefined", "It cannot be compared with its original"),
    ],
)  # fmt: skip
def test_the_first_screen_says_what_it_comes_to_in_plain_words(word, verdict, words):
    row = scored_row(
        conclusion=word, verdict=verdict, difference=-0.002, difference_low=-0.006, difference_high=0.002
    )
    first, second = report.headline(row.to_frame().T, {"winner": "n/int8#0"}, Settings())
    assert first == (
        "int8 (36 KB, 3.3 times smaller than the original’s weights) is the smallest that cannot lose more than 0.106 on "
        "the probit scale of AUROC (as from 0.960 to 0.950) by its upper 90 % bound, on validation films as they are and perturbed."
    )
    assert (
        second.startswith("On 411 test films of 140 patients it reaches AUROC 0.900 [0.880–0.920]. ")
        and words in second
    )
    assert ("up to 2.1 % of patients are not excluded" in second) == (word != "undefined")


def scored_row(**given):
    return pd.Series({
        "variant": "n/int8#0", "network": "n", "seed": 0, "label": "int8", "before": "original", "after": "int8",
        "times_smaller": 3.3, "compression": 3.3, "size_bytes": 36_000, "winner": True, "verdict": "cannot tell",
        "verdict_reason": "", "conclusion": "cannot tell", "chance_if_lossless": 0.34, "patients_asked": 140.0,
        "patients_needed": 1200.0, "seeds_pooled": 1, "films": 411, "patients": 140, "chain": "int8", "auroc": 0.9,
        "auroc_low": 0.88, "auroc_high": 0.92, "difference": 0.0, "difference_low": -0.02, "difference_high": 0.02,
        "latency_p50_ms": 1.0, "latency_p95_ms": 2.0, **given,
    })  # fmt: skip


@pytest.mark.parametrize(
    ("verdict", "words"),
    [("cannot tell", "shown in 34 % of studies if there is no loss"),
     ("too few patients", "losses in up to 2.1 % of patients are not excluded"), ("non-inferior", "")],
)  # fmt: skip
def test_below_a_verdict_stands_what_as_many_patients_can_show(verdict, words):
    assert cells.verdict_cell(scored_row(verdict=verdict), 0.01).note == words
    alone = cells.verdict_cell(scored_row(verdict="cannot tell", difference_low=-0.009), 0.01).note
    assert alone == "alone within the margin, not so among all that were asked"


@pytest.mark.parametrize(
    ("selection", "words"),
    [
        ({"nearest": "n/int8#0"}, "No compressed variant was safe to choose"),
        ({"nearest": None}, "original (36 KB) is an original; no compressed variant is there"),
    ],
)
def test_an_original_that_wins_says_why(selection, words):
    row = scored_row(
        chain="original", label="original", conclusion="", accuracy=0.8, accuracy_low=0.7, accuracy_high=0.9
    )
    first, second = report.headline(row.to_frame().T, {"winner": "n/int8#0", **selection}, Settings())
    assert words in first and second.endswith("and accuracy 0.800 [0.700–0.900].")


def test_a_winner_that_was_not_scored_says_what_its_films_could_show():
    before_test = {"n": {"chain": "int8", "margin": 0.01, "patients": 84.0, "standard_error": 0.004, "chance_if_lossless": 0.0,
                         "patients_needed": 303.0, "not_excluded": 0.035}}  # fmt: skip
    row = scored_row(films=np.nan)
    _, second = report.headline(
        row.to_frame().T, {"winner": "n/int8#0", "before_test": before_test}, Settings()
    )
    assert second.startswith(
        "It has not been scored on test films yet. n, int8: the test films hold 84 patients"
    )
    assert "up to 3.5 % of patients; the margin is 0.010." in second and second.endswith(
        "about 303 would in 80 %."
    )


def test_comparisons_name_network_and_seed_where_there_are_several():
    line = wording.comparison_sentence(scored_row(seed=2), True, True)
    assert line.startswith("n, original → int8, seed 2: 3.3 times smaller")


def test_disturbed_latencies_are_marked():
    assert not cells.is_unsteady(scored_row()) and cells.is_unsteady(scored_row(latency_p95_ms=3.1))
    assert not cells.is_unsteady(scored_row(latency_p95_ms=float("nan")))


def test_page_says_what_an_honest_report_must(written):
    text = " ".join("".join(checked(written.path("report.html")).text).split())
    for words in (
        "not a medical device", "by patient", "over patients, 200 draws", "KB = 1,000 bytes", "1 thread", "XNNPACK",
        "x86_64, two processors, Linux", "truncated", "No patient is in two splits", "radlib run --study fake",
        "copied with other exposure and framing", "over the 340 whose number occurs in no training film",
    ):  # fmt: skip
        assert words in text, words
    assert "nan" not in text.lower().replace("naeini", "").split()


def test_markdown_carries_the_same(written):
    text = written.path("report.md").read_text(encoding="utf-8")
    row = report.results(written).set_index("chain").loc["int8"]
    assert f"{row['auroc']:.3f}" in text and "| original → int8 |" in text
    for name in re.findall(r"\]\((figures/[^)]+)\)", text):
        assert written.path(name).is_file()
    tables = [block for block in text.split("\n\n") if block.startswith("|")]
    assert len(tables) >= 6
    for table in tables:
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
        assert len(widths) == 1, table
        assert re.fullmatch(r"\|( -+:? \|)+", table.splitlines()[1])


def test_everything_is_escaped(tmp_path):
    run = write_run(tmp_path, chains=("", "int8"), title=NASTY, notes=NASTY)
    checker = checked(report.write_report(run))
    assert checker.tags.count("script") == 1  # the page's own
    assert "".join(checker.text).count(NASTY) >= 3  # title, heading, note: as text
    assert "<script>" not in run.path("report.md").read_text(encoding="utf-8").replace("\\<", "")


def test_missing_is_a_dash_and_undefined_a_word(tmp_path):
    run = write_run(tmp_path, chains=("", "int8"), measured=False, drop=("int8",))
    lines = {}
    report.write_report(run)
    for line in run.path("report.md").read_text(encoding="utf-8").splitlines():
        cells = [c.strip() for c in line.strip("|").split("|")]
        lines.setdefault(cells[0], cells)
    int8 = lines["int8 (chosen on validation)"]
    assert int8[2] == "–" and int8[3] == "–"  # not measured, not scored
    assert "has not been scored on test films yet" in run.path("report.md").read_text(encoding="utf-8")


def test_one_answer_only_prints_undefined(tmp_path):
    run = write_run(tmp_path, chains=("", "int8"))
    for path in run.path("predictions").glob("*.npz"):
        arrays = dict(np.load(path))
        np.savez(path, **{**arrays, "y_true": np.ones_like(arrays["y_true"])})
    checker = checked(report.write_report(run))
    text = " ".join("".join(checker.text).split())
    assert "AUROC undefined" in text
    row = report.results(run).set_index("chain").loc["int8"]
    assert np.isnan(row["auroc"]) and row["verdict"] == "undefined" and row["sensitivity"] > 0


def test_a_run_with_nothing_in_it_still_has_a_report(tmp_path):
    run = write_run(tmp_path, chains=("",), predicted=False, measured=False)
    for name in ("selection.json", "films.json", "quarantine.csv"):
        run.path(name).unlink()
    text = " ".join("".join(checked(report.write_report(run)).text).split())
    assert "No variant has been chosen yet" in text
    empty = open_run(str(tmp_path / "empty"), study=str(tmp_path / "fake.yaml"))
    assert report.results(empty).empty and report.write_report(empty).is_file()


def test_original_wins_when_nothing_came_near(tmp_path):
    run = write_run(tmp_path, chains=("", "int8"))
    chosen = json.loads(run.path("selection.json").read_text())
    names = list(chosen["variants"])
    write_json(run.path("selection.json"), {**chosen, "winner": names[0], "nearest": names[1]})
    report.write_report(run)
    text = run.path("report.md").read_text(encoding="utf-8")
    assert "No compressed variant was safe to choose" in text and "int8 is nearest" in text


def test_several_networks_are_told_apart(tmp_path):
    networks = ({"architecture": "student_small"}, {"architecture": "student_tiny"})
    run = write_run(tmp_path, networks=networks, chains=("", "int8"))
    report.write_report(run)
    text = run.path("report.md").read_text(encoding="utf-8").replace("\\", "")
    assert "| student_small, original |" in text and "| student_tiny, int8 |" in text
    assert len(report.comparisons(run)) == 2


def test_reproducing_command_hides_the_folder(tmp_path):
    run = write_run(tmp_path, chains=("",))
    record = json.loads(run.path("run.json").read_text())
    write_json(run.path("run.json"), {**record, "overrides": {"data": "/home/someone/films", "epochs": 8}})
    report.write_report(run)
    text = run.path("report.html").read_text(encoding="utf-8")
    assert "radlib run --study fake.yaml --data FOLDER -p epochs 8" in text
    assert "/home/someone" not in text and str(tmp_path) not in text


def test_publish_takes_the_report_and_nothing_else(tmp_path):
    run = write_run(tmp_path / "a", chains=("", "int8"))
    run.path("figures").mkdir()
    run.path("figures", "films_of_patients.png").write_bytes(b"a film")
    run.path("private", "films.csv").write_text("image_id,path\n")
    files = report.publish(run, tmp_path / "public")
    found = {
        p.relative_to(tmp_path / "public").as_posix() for p in (tmp_path / "public").rglob("*") if p.is_file()
    }
    assert found == {p.relative_to(tmp_path / "public").as_posix() for p in files}
    assert {
        "report.md",
        "results.csv",
        "per_label.csv",
        "comparisons.csv",
        "figures/size_against_auroc.png",
    } <= found
    assert all(name.endswith((".md", ".csv", ".png", ".json")) for name in found)
    assert not any("films" in name or "private" in name for name in found)
    with pytest.raises(UsageError, match="another folder"):
        report.publish(run, run.folder)


def test_what_a_run_no_longer_has_is_published_no_longer_and_what_others_wrote_stays(tmp_path):
    run, public = write_run(tmp_path / "a", chains=("", "int8")), tmp_path / "public"
    for name in ("cards/former--int8--seed0.md", "figures/former.png", "films.md", "test_log.csv"):
        (public / name).parent.mkdir(parents=True, exist_ok=True)
        (public / name).write_text("before")
    files = report.publish(run, public)
    assert not list(public.rglob("former*")) and all(path.is_file() for path in files)
    assert (public / "films.md").read_text() == (public / "test_log.csv").read_text() == "before"


def test_report_imports_no_tensorflow_and_no_seaborn():
    script = ("import sys, radlib.report; print([m for m in ('tensorflow', 'seaborn', 'matplotlib.pyplot', 'sklearn') "
              "if m in sys.modules])")  # fmt: skip
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
