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
    rows = []
    for i, label in enumerate(published.index):
        threshold = metrics.operating_point(truth[:, i], prob[:, i])
        found = metrics.group_tests(
            truth[:, i], prob[:, i], copy[:, i], films["patient"], films[by], threshold
        )
        rows += [{"label": label, **row} for row in found]
    return metrics.judge_groups(rows)


def test_the_fourteen_published_values_are_met(real):
    films, truth, prob, published = real
    assert truth.shape == prob.shape == (22_433, 14) and films["patient"].nunique() == 6187
    found = [metrics.auroc(truth[:, i], prob[:, i]) for i in range(14)]
    assert found == pytest.approx(published.to_numpy(), abs=1e-6)


def test_an_equal_copy_is_non_inferior_in_everything(real):
    table = verdicts_of(real[2].astype(np.float64), real)
    assert set(table["verdict"]) == {"non-inferior"} and (table["difference"] == 0).all()


def test_eight_bits_harm_nobody_and_rare_findings_cannot_be_told(real):
    table = verdicts_of(chexnet.rounded(real[2], 8), real)
    assert "inferior" not in set(table["verdict"])
    assert table.loc["Hernia", "verdict"] == "cannot tell"  # 42 films, whose probabilities are below 1/255
    assert (table["verdict"] == "non-inferior").sum() >= 12
    mean = metrics.paired_test(real[1], real[2], chexnet.rounded(real[2], 8), real[0]["patient"])
    assert metrics.judge([mean])["verdict"][0] == "non-inferior"


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
    assert set(table.drop("Mass")["verdict"]) == {"non-inferior"}


def test_one_sex_shifted_is_found_in_that_sex_by_its_sensitivity(real):
    women = (real[0]["sex"] == "F").to_numpy()
    copy = chexnet.shifted(real[2], women, -1.0)
    table = harm(copy, real, "sex")
    harmed = table[table["harmed"] != ""]
    assert set(harmed["group"]) == {"F"} and set(harmed["harmed"]) == {"sensitivity"} and len(harmed) >= 8
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
