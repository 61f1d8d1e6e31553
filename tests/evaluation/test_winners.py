"""Which file is taken: drawn networks whose true loss is stated, on films as they are and perturbed."""

import numpy as np
import pytest
from scipy import stats

from radlib.evaluation.answers import Predictions
from radlib.evaluation.winners import choose_winner
from radlib.runs.variants import Step, Variant


def variant(network, chain, size_bytes, seed=0):
    return Variant(
        name=f"{network}/{chain or 'original'}#{seed}", label="", parent=None,
        chain=(Step(chain, {}, 1),) if chain else (), architecture=network, task="binary", seed=seed, format="keras",
        file="", size_bytes=size_bytes, sha256="", labels=("normal", "opacity"), input_shape=(8, 8, 1), preprocessing="",
        spec="",
    )  # fmt: skip


def answers(aurocs, patients=600, seed=0, correlation=0.997):
    """Answers of networks with these AUROCs to the same drawn films, by name."""
    generator = np.random.default_rng(seed)
    truth = (np.arange(patients) % 2).astype(np.float64)
    shared = generator.normal(size=patients)
    found = {}
    for name, auroc in aurocs.items():
        own = correlation * shared + (1 - correlation**2) ** 0.5 * generator.normal(size=patients)
        score = own + 2**0.5 * stats.norm.ppf(auroc) * truth
        ids = np.arange(patients).astype(str)
        found[name] = Predictions(
            ids, ids, truth[:, None], stats.norm.cdf(score)[:, None], score[:, None], "", ""
        )
    return found


def choose(variants, clean, perturbed, limit=0.106):
    return choose_winner(
        variants, {"validation": answers(clean), "perturbed": answers(perturbed, seed=1)}, limit
    )


THREE = [variant("a", "", 1000), variant("a", "int8", 100), variant("a", "int4", 50)]
AS_GOOD = {"a/original#0": 0.95, "a/int8#0": 0.95, "a/int4#0": 0.95}


def test_the_smallest_that_cannot_be_much_worse():
    assert choose(THREE, AS_GOOD, AS_GOOD)["winner"] == "a/int4#0"
    poor = AS_GOOD | {"a/int4#0": 0.90}
    found = choose(THREE, poor, poor)
    assert found["winner"] == "a/int8#0" and found["nearest"] is None and found["winners"] == {"a": "int8"}
    assert found["upper_losses"]["a"]["int4"] > 0.106 >= found["upper_losses"]["a"]["int8"]


def test_a_loss_that_only_perturbed_films_show_counts():
    assert choose(THREE, AS_GOOD, AS_GOOD | {"a/int4#0": 0.90})["winner"] == "a/int8#0"
    assert choose(THREE, AS_GOOD | {"a/int4#0": 0.90}, AS_GOOD)["winner"] == "a/int8#0"


def test_when_none_is_safe_the_original_wins_and_the_nearest_is_named():
    poor = {"a/original#0": 0.95, "a/int8#0": 0.91, "a/int4#0": 0.85}
    found = choose(THREE, poor, poor)
    assert (found["winner"], found["nearest"]) == ("a/original#0", "a/int8#0")
    assert found["winners"] == {"a": "original"}


def test_few_films_make_it_cautious():
    clean, stressed = (
        answers(AS_GOOD, patients=60, correlation=0.9),
        answers(AS_GOOD, patients=60, seed=1, correlation=0.9),
    )
    assert (
        choose_winner(THREE, {"validation": clean, "perturbed": stressed}, 0.106)["winner"] == "a/original#0"
    )


def test_a_poor_network_does_not_win_for_being_as_poor_as_itself():
    both = [*THREE, variant("b", "", 90), variant("b", "int8", 10)]
    scores = AS_GOOD | {"b/original#0": 0.80, "b/int8#0": 0.80}
    found = choose(both, scores, scores)
    assert found["winner"] == "a/int4#0" and found["winners"] == {"a": "int4", "b": "int8"}
    assert found["upper_losses"]["b"]["int8"] > 0.5


def test_what_wins_beside_the_best_network_is_what_its_own_is_asked_about():
    both = [*THREE, variant("b", "", 90), variant("b", "int8", 30), variant("b", "int4", 10)]
    scores = AS_GOOD | {
        "a/int8#0": 0.80,
        "a/int4#0": 0.80,
        "b/original#0": 0.95,
        "b/int8#0": 0.95,
        "b/int4#0": 0.94,
    }
    found = choose(both, scores, scores, limit=0.2)
    network, chain = found["winner"].split("#")[0].split("/")
    assert network == "b" and found["winners"][network] == chain


def test_a_chain_is_chosen_over_its_seeds_and_of_it_the_best_file():
    several = [
        variant("a", chain, size, seed) for chain, size in (("", 1000), ("int8", 100)) for seed in (0, 1, 2)
    ]
    clean = {v.name: 0.95 for v in several} | {"a/int8#0": 0.80}
    assert choose(several, clean, clean)["winner"].startswith("a/original#"), "one lucky seed was taken"
    clean["a/int8#0"] = 0.948
    perturbed = answers(clean, seed=1)
    found = choose_winner(several, {"validation": answers(clean), "perturbed": perturbed}, 0.3)
    from radlib.evaluation.answers import mean_auroc

    best = max((f"a/int8#{seed}" for seed in range(3)), key=lambda name: mean_auroc(perturbed[name]))
    assert found["winner"] == best


def test_without_any_score_there_is_no_winner():
    found = answers(AS_GOOD)
    for one in found.values():
        one.y_true[:] = 1
    empty = choose_winner(THREE, {"validation": found, "perturbed": found}, 0.106)
    assert (empty["winner"], empty["nearest"], empty["winners"]) == (None, None, {})


@pytest.mark.parametrize("repeats", [60])
def test_the_winner_seldom_loses_more_than_the_margin(repeats):
    """Ten chains that lose more and more; the smallest lose most."""
    losses = np.linspace(0.0, 0.02, 10)
    chains = [variant("a", "", 1000), *(variant("a", f"c{i}", 100 - i) for i in range(10))]
    true = {"a/original#0": 0.96} | {f"a/c{i}#0": 0.96 - loss for i, loss in enumerate(losses)}
    lost = 0
    for seed in range(repeats):
        asked = {
            "validation": answers(true, patients=600, seed=2 * seed),
            "perturbed": answers(true, patients=600, seed=2 * seed + 1),
        }
        lost += true[choose_winner(chains, asked, 0.106)["winner"]] < 0.96 - 0.0101
    assert stats.binom.sf(lost - 1, repeats, 0.05) > 1e-3, lost / repeats
