"""Pairs that a study names, against their definition worked out with NumPy and scikit-learn."""

import numpy as np
import pytest
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
    counts = metrics.patient_draws(first["patient_id"], run.settings.bootstrap_draws)
    _, films_of = np.unique(first["patient_id"], return_inverse=True)
    drawn = []
    for count in counts:
        weights = count[films_of]
        scores = {
            k: roc_auc_score(a["y_true"][:, 0], a["y_prob"][:, 0], sample_weight=weights)
            for k, a in found.items()
        }
        drawn.append(np.mean([scores["int8", seed] - scores["float16", seed] for seed in range(3)]))
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert (row["difference_low"], row["difference_high"]) == pytest.approx((low, high), abs=2e-4)
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
