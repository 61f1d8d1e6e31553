"""Decisions, calibration and groups of made-up runs, against the same things worked out by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy import special

from radlib import metrics, report
from radlib.evaluation.film_groups import film_groups
from radlib.report.losses import lost_rates
from radlib.runs.settings import Settings
from written_runs import answer, checked, write_run

THRESHOLD = 0.45


def validation_copies(run):
    """Give every variant validation answers: those to the test films of the first patients, under other ids."""
    for path in list(run.path("predictions").glob("*.test.npz")):
        arrays = dict(np.load(path))
        some = {name: value[: len(value) // 2] if value.ndim else value for name, value in arrays.items()}
        some["image_id"] = np.array([f"v{n:011x}" for n in range(len(some["image_id"]))])
        np.savez(path.with_name(path.name.replace(".test.", ".validation.")), **some)


@pytest.fixture
def run(tmp_path):
    """Every patient a sex; int8 moves the women's answers down and is sharper, float16 is the original."""
    run = write_run(tmp_path, chains=("", "float16", "int8"), films=2400)
    original = dict(np.load(next(run.path("predictions").glob("*original*.npz"))))
    women = np.array([int(p.split("P")[1]) % 2 == 0 for p in original["patient_id"]])
    ages = np.where(np.arange(2400) < 8, "0–1", "40–64")
    groups = pd.DataFrame(
        {"image_id": original["image_id"], "sex": np.where(women, "F", "M"), "age_group": ages}
    )
    groups.sample(frac=1, random_state=0).to_csv(run.path("groups.csv"), index=False)
    logit = special.logit(original["y_prob"].astype(float))
    moved = special.expit(1.5 * logit - 2.0 * women[:, None])
    for chain, prob in (("float16", original["y_prob"]), ("int8", moved)):
        answer(run, chain, lambda arrays, prob=prob: {**arrays, "y_prob": prob})
    validation_copies(run)
    return run


def by_chain(table):
    return table.assign(chain=table["variant"].str.extract(r"/(.+)#")[0].fillna("original"))


def test_decisions_at_the_frozen_threshold(run):
    rows = by_chain(report.decisions(run)).set_index(["chain", "rule"])
    a, b = (answer(run, chain, dict) for chain in ("", "int8"))
    row = rows.loc[("int8", "frozen")]
    truth, called = a["y_true"][:, 0], [f["y_prob"][:, 0] >= THRESHOLD for f in (a, b)]
    sick = truth == 1
    assert row["sensitivity"] == pytest.approx(called[1][sick].mean())
    assert row["difference_sensitivity"] == pytest.approx(called[1][sick].mean() - called[0][sick].mean())
    assert row["difference_specificity"] == pytest.approx(called[0][~sick].mean() - called[1][~sick].mean())
    assert row["films_to_negative"] == (called[0] & ~called[1]).sum()
    frame = pd.DataFrame({"p": a["patient_id"], "a": called[0], "b": called[1]}).groupby("p").any()
    assert row["patients_to_negative"] == (frame["a"] & ~frame["b"]).sum()
    test = metrics.rate_test(truth, *called, a["patient_id"], 1, run.settings.rate_margin)
    assert (row["difference_sensitivity_low"], row["difference_sensitivity_high"]) == (test.low, test.high)
    assert test.low < row["difference_sensitivity"] < test.high < 0
    assert row["p_sensitivity"] < 0.001 and row["test_sensitivity"] == "signs of patients, exact"
    same = rows.loc[("float16", "frozen")]
    assert same["films_to_positive"] == same["films_to_negative"] == 0 and same["p_sensitivity"] == 1


def test_the_films_that_change_sides_are_listed_with_lost_ones_first(run):
    table = by_chain(report.changed_decisions(run))
    assert set(table["chain"]) == {"int8"}
    a, b = (answer(run, chain, dict) for chain in ("", "int8"))
    changed = (a["y_prob"][:, 0] >= THRESHOLD) != (b["y_prob"][:, 0] >= THRESHOLD)
    assert set(table["image_id"]) == set(a["image_id"][changed].tolist()) and len(table) == changed.sum()
    right_before = (table["original_probability"] >= THRESHOLD) == (table["has_finding"] == 1)
    assert right_before.is_monotonic_decreasing and 0 < right_before.mean() < 1
    assert (table["to"] == np.where(table["variant_probability"] >= THRESHOLD, "positive", "negative")).all()


def test_calibration_temperature_and_confidence(run):
    rows = by_chain(report.calibration(run)).set_index("chain")
    a, b = (answer(run, chain, dict) for chain in ("", "int8"))
    validation = dict(np.load(next(run.path("predictions").glob("*int8*.validation.npz"))))
    temperature = metrics.fit_temperature(validation["y_true"][:, 0], validation["y_prob"][:, 0])
    row, truth, prob = rows.loc["int8"], b["y_true"][:, 0], b["y_prob"][:, 0]
    assert row["temperature"] == temperature
    assert row["brier"] == pytest.approx(((prob - truth) ** 2).mean())
    assert row["brier_at_temperature"] == pytest.approx(
        metrics.brier(truth, metrics.at_temperature(prob, temperature))
    )
    change = np.maximum(prob, 1 - prob) - np.maximum(a["y_prob"], 1 - a["y_prob"])[:, 0]
    assert row["difference_confidence"] == pytest.approx(change.mean())
    assert row["difference_confidence_low"] < row["difference_confidence"] < row["difference_confidence_high"]
    assert rows.loc["float16", "difference_confidence"] == 0
    assert np.isnan(rows.loc["original", "difference_confidence"])


def test_without_validation_answers_there_is_no_temperature_and_a_reason(run):
    for path in run.path("predictions").glob("*.validation.npz"):
        path.unlink()
    table = report.calibration(run)
    assert table["temperature"].isna().all() and table["reason"].str.startswith("Without validation").all()


def test_the_harmed_group_is_named_in_table_and_report(run):
    table = by_chain(report.harm(run))
    harmed = table[table["harmed"] != ""]
    assert set(zip(harmed["chain"], harmed["by"], harmed["group"], strict=True)) >= {("int8", "sex", "F")}
    assert not ((harmed["group"] == "M") | (harmed["chain"] == "float16")).any()
    small = table[table["group"] == "0–1"]
    assert len(small) == 2 and small["reason"].str.contains("Too few").all()
    page = report.write_report(run)
    text = " ".join(run.path("report.md").read_text(encoding="utf-8").replace("\\", "").split())
    assert "int8, pneumonia: sex F loses" in text and "sex M loses" not in text
    assert (
        "Too few" in text and "Confidence and calibration" in text and "Decisions at the original’s" in text
    )
    checked(page)
    for name in ("verdicts", "decisions", "calibration", "harm", "changed_decisions"):
        assert len(pd.read_csv(run.path(f"{name}.csv"))) > 0, name


def test_films_to_look_at_are_not_published(run, tmp_path):
    names = {path.name for path in report.publish(run, tmp_path / "published")}
    assert {"verdicts.csv", "decisions.csv", "calibration.csv", "harm.csv"} <= names
    assert not {"changed_decisions.csv", "groups.csv"} & names


def test_findings_with_unknown_labels_and_without_a_threshold(tmp_path):
    run = write_run(tmp_path, chains=("", "int8"), films=600, task="findings")
    table = report.decisions(run).set_index(["label", "rule"])
    assert table.loc[("hernia", "frozen"), "reason"] == "No threshold was chosen for this label."
    assert (table.loc[["mass", "nodule"], "reason"] == "").all()
    assert report.harm(run).empty and set(report.calibration(run)["label"]) == {"mass", "nodule", "hernia"}
    report.write_report(run)
    text = run.path("report.md").read_text(encoding="utf-8")
    assert "Each finding against its prevalence" in text and "nobody can say here who would be harmed" in text


def test_groups_are_written_without_ages_and_only_as_far_as_known():
    from drawn import drawn_splits

    test = drawn_splits().test
    assert film_groups(test).columns.tolist() == ["image_id"]
    index = test.index.assign(
        age=[3.0, np.nan, 70.0, 300.0] * 10, sex=["F", None, "M", " M "] * 10, view=None
    )
    table = film_groups(type(test)(**{**vars(test), "index": index}))
    assert table.columns.tolist() == ["image_id", "age_group", "sex"]
    assert table["age_group"].tolist()[:4] == ["2–17", "", "65 and older", ""]
    assert table["sex"].tolist()[:4] == ["F", "", "M", "M"]


def test_scoring_the_test_films_writes_their_groups(tmp_path):
    import dataclasses

    import radlib
    from stored import stored_run

    run, films = stored_run(tmp_path, chains=("",))
    index = films.test.index.assign(sex=np.resize(["F", "M"], len(films.test)))
    films = dataclasses.replace(films, test=dataclasses.replace(films.test, index=index))
    radlib.select(run, films)
    assert not run.path("groups.csv").exists()
    radlib.predict(run, films, run.variants(), split="test")
    written = pd.read_csv(run.path("groups.csv"), dtype=str)
    assert written["image_id"].tolist() == films.test.image_ids.tolist()
    assert written["sex"].tolist() == index["sex"].tolist()


def test_long_reasons_wrap_and_intervals_do_not(run):
    html = report.write_report(run).read_text(encoding="utf-8")
    assert 'class="long">Too few' in html
    assert '<small class="long">−0.' not in html and "<small>−0." in html


def test_a_loss_at_the_frozen_threshold_is_said_whatever_the_auroc():
    ends = {"difference_sensitivity": 0.0, "difference_sensitivity_high": 0.0,
            "difference_specificity": 0.0, "difference_specificity_high": 0.0}  # fmt: skip
    row = {"rule": "frozen", "reason": "", "label": "pneumonia", **ends}
    lost = {"difference_sensitivity": -0.087, "difference_sensitivity_high": -0.059}
    rows = [
        row | {"variant": "a"} | lost,
        row | {"variant": "b", "difference_sensitivity": -0.06, "difference_sensitivity_high": -0.02},
        row | {"variant": "c", "difference_specificity": 0.05, "difference_specificity_high": 0.08},
        row | {"variant": "d", "rule": "chosen anew"} | lost,
    ]
    names = {name: name.upper() for name in "abcd"}
    (sentence,) = lost_rates(pd.DataFrame(rows), names, Settings())
    assert sentence == (
        "Frozen, these lose more than the margin of 0.050, whatever their AUROC says (not adjusted): A 0.087 sensitivity."
    )
    (sentence,) = lost_rates(pd.DataFrame(rows[1:]), names, Settings())
    assert sentence.startswith("Frozen, no variant’s interval")
