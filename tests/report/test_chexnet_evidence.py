"""Real answers and degraded copies of them: verdicts, the harmed finding and the harmed group by name."""

import numpy as np
import pytest

import chexnet
from radlib import metrics

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def real(shared_data):
    if not (shared_data / "data" / "chestxray14" / "chexnet_reproduction_auc.csv").is_file():
        pytest.skip("the published predictions are not on this machine")
    films, truth, prob, published = chexnet.answers(shared_data)
    return films, truth, prob, published


def verdicts_of(copy, real):
    films, truth, prob, published = real
    tests = [
        metrics.paired_test(truth[:, i], prob[:, i], copy[:, i], films["patient"])
        for i in range(len(published))
    ]
    return metrics.judge(tests).set_index(published.index)


def harm(copy, real, by):
    """Verdicts within groups, at the thresholds that are best for the original."""
    films, truth, prob, published = real
    thresholds = [metrics.operating_point(truth[:, i], prob[:, i]) for i in range(len(published))]
    found = metrics.group_tests(
        truth, prob, copy, films["patient"], films[by], thresholds, labels=list(published.index)
    )
    return metrics.judge_groups([{"by": by, **row} for row in found])


def test_the_fourteen_published_values_are_met(real):
    films, truth, prob, published = real
    assert truth.shape == prob.shape == (22_433, 14) and films["patient"].nunique() == 6187
    found = [metrics.auroc(truth[:, i], prob[:, i]) for i in range(14)]
    assert found == pytest.approx(published.to_numpy(), abs=1e-6)


def test_an_equal_copy_is_non_inferior_wherever_there_are_patients_enough(real):
    table = verdicts_of(real[2].astype(np.float64), real)
    enough = table["patients"] >= metrics.patients_for(0.01)
    assert (table["difference"] == 0).all() and 9 <= enough.sum() < 14
    assert set(table.loc[~enough, "verdict"]) == {"too few patients"}
    # adjusted over fourteen, those with few patients more than that cannot tell either
    assert set(table.loc[table["patients"] > 700, "verdict"]) == {"non-inferior"}
    assert set(table.loc[enough, "verdict"]) <= {"non-inferior", "cannot tell"}


def test_eight_bits_harm_nobody_and_rare_findings_cannot_be_told(real):
    table = verdicts_of(chexnet.rounded(real[2], 8), real)
    assert "inferior" not in set(table["verdict"])
    assert table.loc["Hernia", "verdict"] == "too few patients"  # 42 films
    assert (table["verdict"] == "non-inferior").sum() >= 4
    mean = metrics.paired_test(real[1], real[2], chexnet.rounded(real[2], 8), real[0]["patient"])
    assert -0.005 < mean.difference < 0 and metrics.verdict_of(mean) != "inferior"


def test_four_bits_harm_the_rare_findings_most(real):
    table = verdicts_of(chexnet.rounded(real[2], 4), real)
    rare = real[1].sum(axis=0) < 800
    assert set(table.loc[rare, "verdict"]) == {"inferior"}
    prevalence = real[1].mean(axis=0)
    assert np.corrcoef(np.log(prevalence), table["difference"])[0, 1] > 0.8
    mean = metrics.paired_test(real[1], real[2], chexnet.rounded(real[2], 4), real[0]["patient"])
    judged = metrics.judge([mean])
    assert judged["verdict"][0] == "inferior" and judged["p_inferior"][0] < 1e-6


def test_noise_on_one_finding_is_found_there_and_nowhere_else(real):
    mass = list(real[3].index).index("Mass")
    table = verdicts_of(chexnet.noisy(real[2], mass, 1.0), real)
    assert table.index[table["verdict"] == "inferior"].tolist() == ["Mass"]
    assert (table.drop("Mass")["difference"] == 0).all()


def test_one_sex_shifted_is_found_in_that_sex_by_its_sensitivity(real):
    women = (real[0]["sex"] == "F").to_numpy()
    copy = chexnet.shifted(real[2], women, -1.0)
    table = harm(copy, real, "sex")
    harmed = table[table["harmed"] != ""]
    assert set(harmed["group"]) == {"F"} and set(harmed["harmed"]) == {"sensitivity"} and len(harmed) >= 8
    assert harmed["label"].iloc[0] == metrics.MEAN, "the gate of all women did not open"
    men = table[table["group"] == "M"]
    assert (men[["difference", "difference_sensitivity", "difference_specificity"]] == 0).all(axis=None)
    mean = metrics.paired_test(real[1], real[2], copy, real[0]["patient"])
    assert metrics.judge([mean])["verdict"][0] == "inferior"  # films of both sexes no longer share one scale


def test_an_age_group_shifted_is_found_among_all_ages(real):
    groups = np.array([metrics.age_group(years) for years in real[0]["age"]])
    assert (groups != "").mean() > 0.999  # a few entries of the table are no ages
    films = real[0].assign(age_group=groups)
    copy = chexnet.shifted(real[2], groups == "40–64", -1.5)
    table = harm(copy, (films, *real[1:]), "age_group")
    assert set(table.loc[table["harmed"] != "", "group"]) == {"40–64"}
    small = table[(table["group"] == "2–17") & (table["label"] == "Hernia")]
    assert small["verdict"].item() == "undefined" and small["reason"].item().endswith(".")


def test_a_tenth_lost_in_one_sex_over_all_findings_is_heard_and_nothing_is_where_nothing_is_lost(real):
    women = (real[0]["sex"] == "F").to_numpy()
    heard, false_alarms, repeats = 0, 0, 5
    for seed in range(repeats):
        generator = np.random.default_rng(seed)
        logit = np.log(real[2] / (1 - real[2]))
        lost = logit + np.where(women[:, None], 1.6, 0.0) * logit.std(axis=0) * generator.normal(
            size=logit.shape
        )
        blurred = 1 / (1 + np.exp(-(logit + 0.02 * logit.std(axis=0) * generator.normal(size=logit.shape))))
        found = harm(1 / (1 + np.exp(-lost)), real, "sex")
        gates = found[found["label"] == metrics.MEAN].set_index("group")
        assert gates.loc["F", "difference"] < -0.08
        heard += "auroc" in gates.loc["F", "harmed"] and not gates.loc["M", "harmed"]
        false_alarms += (harm(blurred, real, "sex")["harmed"] != "").any()
    assert heard >= 0.9 * repeats and false_alarms <= 0.1 * repeats
