"""Pairs that a study names, against their definition worked out with NumPy and scikit-learn."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from radlib import metrics, report
from radlib.report.pair_tables import COLUMNS
from written_runs import write_run

CHAINS = ("", "float16", "int8")
ASKED = [["float16", "int8"], ["original", "float16"], ["int8", "svd"]]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return write_run(tmp_path_factory.mktemp("pairs"), seeds=(0, 1, 2), chains=CHAINS, pairs=ASKED)


def test_a_pair_is_compared_over_the_seeds_on_the_same_draws(run):
    table = report.pairs(run)
    assert table[["before", "after"]].to_numpy().tolist() == [["float16", "int8"], ["original", "float16"]]
    row = table.iloc[0]
    found = {(chain, seed): _answers(run, chain, seed) for chain in ("float16", "int8") for seed in range(3)}
    aurocs = {key: roc_auc_score(a["y_true"][:, 0], a["y_prob"][:, 0]) for key, a in found.items()}
    each = [aurocs["int8", seed] - aurocs["float16", seed] for seed in range(3)]
    assert row["seeds"] == 3
    assert row["difference"] == pytest.approx(np.mean(each))
    assert (row["difference_lowest"], row["difference_highest"]) == pytest.approx((min(each), max(each)))
    first = found["int8", 0]
    truth, patients = first["y_true"][:, 0], first["patient_id"]
    parts = [
        metrics.auroc_difference(
            truth, *(found[c, seed]["y_prob"][:, 0] for c in ("float16", "int8")), patients
        )
        for seed in range(3)
    ]
    variance = (np.mean([part.influence for part in parts], axis=0) ** 2).sum()
    of_seeds = np.var(each, ddof=1) / 3
    freedom = 2 * ((variance + of_seeds) / of_seeds) ** 2
    reach = stats.t.ppf(0.975, freedom) * (variance + of_seeds) ** 0.5
    low, high = np.mean(each) - reach, np.mean(each) + reach
    assert (row["difference_low"], row["difference_high"]) == pytest.approx((low, high), rel=0.05)
    assert row["better"] == ("after" if low > 0 else "before" if high < 0 else "")


def test_a_variant_that_is_worse_in_every_seed_loses(tmp_path):
    run = write_run(tmp_path, seeds=(0, 1), chains=CHAINS, pairs=[["float16", "int8"], ["int8", "float16"]])
    for seed in range(2):
        path = next(run.path("predictions").glob(f"*--int8--seed{seed}.test.npz"))
        arrays = dict(np.load(path))
        noise = np.random.default_rng(seed).normal(0, 1, arrays["y_prob"].shape)
        np.savez(path, **{**arrays, "y_prob": 1 / (1 + np.exp(-noise))})
    assert report.pairs(run)["better"].tolist() == ["before", "after"]
    path = report.write_report(run)
    assert "Pairs that the study names." in path.read_text(encoding="utf-8")
    assert (run.folder / "pairs.csv").is_file()


def test_a_study_without_pairs_has_no_such_section(tmp_path):
    run = write_run(tmp_path, chains=CHAINS)
    assert report.pairs(run).columns.tolist() == list(COLUMNS)
    assert "Which of two" not in report.write_report(run).read_text(encoding="utf-8")


def _answers(run, chain, seed):
    return dict(np.load(next(run.path("predictions").glob(f"*--{chain}--seed{seed}.test.npz"))))
