"""What a rule's winner loses on the test films of a run whose validation patients are drawn again."""

import numpy as np
import pytest

from benchmarks import evidence_redraws
from written_runs import write_run


@pytest.fixture
def run(tmp_path):
    """A run whose int8 reads validation films as its original does, and their perturbed copies and test films by luck."""
    made = write_run(tmp_path, chains=("", "float32", "int8"), films=200)
    luck = np.random.default_rng(0).random((200, 1))
    own = dict(np.load(made.path("predictions", f"{made.variants()[0].key}.test.npz")))
    for variant in made.variants():
        answers = {**own, "fingerprint": "f", "model_sha256": variant.sha256}
        for split in ("validation", "perturbed", "test"):
            lost = variant.chain_text == "int8" and split != "validation"
            probabilities = {"y_prob": luck if lost else own["y_prob"]}
            np.savez(made.path("predictions", f"{variant.key}.{split}.npz"), **answers | probabilities)
    return made


def test_a_rule_that_looks_at_clean_films_alone_is_caught_and_radlibs_is_not(run):
    rows = {row["rule"]: row for row in evidence_redraws.measure(10, run.folder)}
    clean, perturbed, own = rows.values()
    assert {row["lose_more"] for row in rows.values()} == {1} and own["chains"] == 3
    assert clean["winner_loses_more"] == 1 and clean["largest_loss"] > 0.2
    assert perturbed["winner_loses_more"] == own["winner_loses_more"] == 0
    assert clean["median_kb"] < own["median_kb"] < np.inf
    assert len(evidence_redraws.table(list(rows.values())).splitlines()) == 2 + len(rows)


def test_all_films_of_a_patient_are_drawn_together_and_a_patient_twice_is_two(run):
    variants = run.variants()
    answers = {split: {v.name: evidence_redraws.load_predictions(run, v, split) for v in variants}
               for split in ("validation", "perturbed")}  # fmt: skip
    drawn = evidence_redraws._redrawn(answers, variants, np.random.default_rng(1))
    before, after = answers["validation"][variants[0].name], drawn["validation"][variants[0].name]
    films_of = {p: int(n) for p, n in zip(*np.unique(before.patient_id, return_counts=True), strict=True)}
    _, sizes = np.unique(after.patient_id, return_counts=True)
    assert len(sizes) == len(films_of) and len(after.image_id) == sizes.sum()
    assert np.array_equal(after.y_true, drawn["perturbed"][variants[0].name].y_true)
    assert set(sizes) <= set(films_of.values())
