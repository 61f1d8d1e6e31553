"""Two sets of films told apart without labels: chance stays chance, a difference is found, and patients count."""

import numpy as np
import pytest

from radlib.foundation.errors import UsageError
from radlib.metrics.shift import FEWEST_PATIENTS, shift_of


def films(generator, patients, *, shift=0.0, spread=1.0, within=0.6):
    """Return features (n, 5) of one to four films of each patient, alike within one, and whose they are."""
    patient = np.repeat(np.arange(patients), generator.integers(1, 5, patients))
    own, film = generator.normal(size=(patients, 5)), generator.normal(size=(len(patient), 5))
    values = spread * ((1 - within**2) ** 0.5 * own[patient] + within * film)
    values[:, 0] += shift
    return values, patient


def asked(generator, seed=0, permutations=49, **second):
    (a, first), (b, other) = films(generator, 40), films(generator, 50, **second)
    return shift_of(a, b, first, 1000 + other, permutations=permutations, seed=seed)


def test_two_draws_of_the_same_films_have_p_values_that_are_uniform():
    generator = np.random.default_rng(0)
    found = [asked(generator, seed, within=0.3) for seed in range(120)]
    p = np.array([each.p for each in found])
    for level in (0.1, 0.3, 0.5):  # standard errors of 0.03, 0.04 and 0.05
        assert abs((p <= level).mean() - level) < 0.11
    assert abs(np.mean([each.auroc for each in found]) - 0.5) < 0.02
    assert (np.array([each.p_each.min() for each in found]) <= 0.1).mean() < 0.21


@pytest.mark.parametrize("second", [{"shift": 1.5}, {"spread": 2.0}])
def test_a_set_that_is_brighter_or_more_varied_is_told_apart(second):
    found = asked(np.random.default_rng(1), permutations=99, **second)
    assert found.p == 0.01 and found.auroc > max(0.75, found.usual)


def test_the_feature_that_differs_is_named_and_no_other():
    found = asked(np.random.default_rng(2), permutations=99, shift=1.5)
    assert found.each.argmax() == 0 and found.each[0] > 0.7
    assert found.p_each[0] == 0.01 and (found.p_each[1:] > 0.05).all()


def test_many_films_of_few_patients_are_not_many_witnesses():
    """Every patient has a look of his own; dealing films instead of patients would call that a shift."""
    generator = np.random.default_rng(3)
    p = []
    for seed in range(30):
        a, b = (np.repeat(generator.normal(size=(25, 3)), 8, axis=0) for _ in range(2))
        patient = np.repeat(np.arange(25), 8)
        p.append(shift_of(a, b, patient, 100 + patient, permutations=19, seed=seed).p)
    assert (np.array(p) <= 0.05).mean() <= 0.2


def test_a_patient_in_both_sets_is_not_learnt_by_heart():
    generator = np.random.default_rng(4)
    looks = generator.normal(size=(60, 4))
    found = shift_of(looks, looks, np.arange(60), np.arange(60), permutations=19)
    assert found.auroc < 0.6 and found.films == found.patients == (60, 60)


def test_the_same_seed_gives_the_same_answer_and_films_all_alike_none():
    one, two = (asked(np.random.default_rng(5), seed=7) for _ in range(2))
    assert (one.auroc, one.p, one.usual) == (two.auroc, two.p, two.usual)
    alike = shift_of(np.ones((30, 2)), np.ones((40, 2)), np.arange(30), 100 + np.arange(40))
    assert alike.auroc == 0.5 and alike.p == 1.0 and alike.each.tolist() == [0.5, 0.5]


def test_too_few_patients_are_told_with_their_number():
    few = FEWEST_PATIENTS - 1
    with pytest.raises(UsageError, match=f"there are {few} and 40"):
        shift_of(np.ones((200, 1)), np.ones((40, 1)), np.arange(200) % few, np.arange(40))
