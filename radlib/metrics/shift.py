"""Do two sets of films come from the same place? Let a classifier try to tell them apart; it needs no label of any film.

If both sets are draws of the same films, nothing that is learnt from some patients tells which set the others are in: the
AUROC on held-out patients stays near 0.5. If an X-ray room, a scanner or a crop differs, it rises, and says how far. What
chance alone gives is seen by *permutation*: the two names are dealt anew among patients, some hundred times, and each time
a classifier is trained again. Whole patients are dealt, as films of one patient resemble each other.

The classifier is ridge regression on the standardised features and their squares, so that a set whose films are more
unlike each other is found as well as one that is brighter. Held-out answers are a linear function of the names, so one
small matrix per fold serves all permutations.

It cannot see what the features do not hold, and it tells a difference, not a harm: more sick patients in one set are a
difference as well. So it says that scores need not carry over, never by how much.

References:
    Lopez-Paz, Oquab (2017). Revisiting classifier two-sample tests. ICLR, arXiv 1610.06545.
    Rabanser, Günnemann, Lipton (2019). Failing loudly: an empirical study of methods for detecting dataset shift.
        NeurIPS, arXiv 1810.11953.
    Westfall, Young (1993). Resampling-based multiple testing. Wiley.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from radlib.foundation.errors import UsageError

FEWEST_PATIENTS = 20  # of each set; with fewer a classifier learns nothing that holds for others
RIDGE = 0.2  # penalty of a weight, in variances of a feature
LARGEST = 4.0  # standard deviations; one odd film must not decide
NORMAL_975 = 1.959963984540054


@dataclass(frozen=True)
class Shift:
    """How well two sets of films can be told apart.

    Attributes:
        auroc: How often a held-out film of the second set looks more like the second than one of the first does.
        p: P-value of an AUROC as large when both are draws of the same films.
        usual: AUROC that 95 of 100 permutations stay below.
        each: Of each feature alone, how often it is larger in the second set, float64 (features,).
        p_each: P-values of these, adjusted over the features, float64 (features,).
        films: In the first and in the second set.
        patients: Likewise.
    """

    auroc: float
    p: float
    usual: float
    each: np.ndarray
    p_each: np.ndarray
    films: tuple[int, int]
    patients: tuple[int, int]


def shift_of(
    first: ArrayLike,
    second: ArrayLike,
    first_patients: ArrayLike,
    second_patients: ArrayLike,
    *,
    permutations: int = 199,
    folds: int = 5,
    seed: int = 0,
) -> Shift:
    """Return how well two sets of films can be told apart by their features.

    Args:
        first: Features of the first set, (n, features).
        second: The same of the second, (m, features).
        first_patients: Whose film it is, (n,).
        second_patients: Likewise, (m,); a patient in both sets is never learnt from and asked about at once.
        permutations: How often the names of the sets are dealt anew; the smallest p-value is 1 / (permutations + 1).
        folds: Parts of the patients that are held out in turn.
        seed: Of the folds and of the dealing.

    Raises:
        UsageError: When a set has fewer than `FEWEST_PATIENTS` patients.

    Example:
        >>> draw, names = np.random.default_rng(1).normal, np.arange(60)
        >>> same = shift_of(draw(size=(60, 3)), draw(size=(60, 3)), names, names + 60)
        >>> brighter = shift_of(draw(size=(60, 3)), draw(size=(60, 3)) + 1, names, names + 60)
        >>> same.p > 0.05, brighter.auroc > brighter.usual, brighter.p
        (True, True, 0.005)
    """
    features = np.concatenate([np.asarray(part, np.float64) for part in (first, second)])
    films = len(np.asarray(first)), len(np.asarray(second))
    names = np.concatenate([np.asarray(first_patients).astype(str), np.asarray(second_patients).astype(str)])
    is_second = np.arange(len(features)) >= films[0]
    _, patient = np.unique(names, return_inverse=True)
    of_second, unit = np.unique(2 * patient + is_second, return_inverse=True)  # dealt: a patient within a set
    of_second = of_second % 2 == 1
    patients = int((~of_second).sum()), int(of_second.sum())
    if min(patients) < FEWEST_PATIENTS:
        raise UsageError(
            f"To tell whether films are of the same kind takes at least {FEWEST_PATIENTS} patients on both sides; "
            f"there are {patients[0]} and {patients[1]}."
        )
    generator = np.random.default_rng(seed)
    fold = (generator.permutation(patient.max() + 1) % folds)[patient]
    dealt = [of_second, *(generator.permutation(of_second) for _ in range(permutations))]
    marks = np.stack(dealt, axis=1)[unit]  # (films, 1 + permutations), True: called one of the second
    aurocs = _held_out_aurocs(_standardised(features), marks, fold)
    each = _feature_aurocs(features, marks)
    largest = np.abs(each[:, 1:] - 0.5).max(axis=0, initial=0.0)
    found = np.abs(each[:, 0] - 0.5)
    return Shift(
        auroc=float(aurocs[0]),
        p=_p_value(aurocs[0], aurocs[1:]),
        usual=float(np.quantile(aurocs[1:], 0.95)),
        each=each[:, 0],
        p_each=np.array([_p_value(value, largest) for value in found]),
        films=films,
        patients=patients,
    )


def _standardised(features: np.ndarray) -> np.ndarray:
    """Return features with mean 0 and deviation 1, and their squares likewise, (n, 2 features)."""
    scaled = _scaled(features).clip(-LARGEST, LARGEST)
    return np.concatenate([scaled, _scaled(scaled**2).clip(-LARGEST, LARGEST)], axis=1)


def _scaled(values: np.ndarray) -> np.ndarray:
    spread = values.std(axis=0)
    return (values - values.mean(axis=0)) / np.where(spread > 1e-12, spread, 1.0)


def _held_out_aurocs(features: np.ndarray, marks: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Return for each dealing the AUROC of held-out films, over the pairs within a fold, (dealings,)."""
    wins, pairs = np.zeros(marks.shape[1]), np.zeros(marks.shape[1])
    for held in range(fold.max() + 1):
        out = fold == held
        learnt, known = features[~out], marks[~out].astype(np.float64)
        centre, known = learnt.mean(axis=0), known - known.mean(axis=0)
        learnt = learnt - centre
        penalised = learnt.T @ learnt + RIDGE * len(learnt) * np.eye(learnt.shape[1])
        scores = (features[out] - centre) @ np.linalg.solve(penalised, learnt.T @ known)
        ranks = np.stack([_ranks(column) for column in scores.T], axis=1)
        won, asked = _won_pairs(ranks, marks[out])
        wins += won
        pairs += asked
    return wins / np.maximum(pairs, 1)


def _feature_aurocs(features: np.ndarray, marks: np.ndarray) -> np.ndarray:
    """Return the AUROC of each feature alone for each dealing, (features, dealings)."""
    ranks = [_ranks(column) for column in features.T]
    return np.array([np.divide(*_won_pairs(rank[:, None], marks)) for rank in ranks]).reshape(
        -1, marks.shape[1]
    )


def _won_pairs(ranks: np.ndarray, marks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how many pairs films of the second set win, and how many pairs there are, (dealings,) each."""
    second = marks.sum(axis=0)
    won = (ranks * marks).sum(axis=0) - second * (second + 1) / 2
    return won, second * (len(marks) - second)


def _ranks(values: np.ndarray) -> np.ndarray:
    """Return ranks from 1, equal values sharing theirs."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(count) - (count - 1) / 2)[place]


def _p_value(found: float, by_chance: np.ndarray) -> float:
    return float((1 + (by_chance >= found - 1e-12).sum()) / (1 + len(by_chance)))
