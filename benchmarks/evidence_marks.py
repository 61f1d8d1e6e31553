"""Do the intervals of marks hold their numbers? Sensitivity at some numbers of false marks a film, average precision, box scores.

Half of the films have one or two opacities. Each is marked with a chance of nine in ten, with a normal score; false marks fall on any film, their
scores lower by the shift. Beside a sensitivity stands what the exact interval of as many boxes does. The curve of all films there are is known: at the threshold t

    false marks a film = λ (1 − Φ(t))        sensitivity = 0.9 (1 − Φ(t − shift))

and average precision follows from both. What a box score comes to is drawn from very many films.
"""

from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

from benchmarks.evidence_held import exact_coverage, held_row
from radlib import metrics

MARKED, FALSE_MARKS, MOST = 0.9, 1.2, 8
BOXES = 0.75  # opacities a film: none in half of them, one in a quarter, two in a quarter
ALLOWED = (0.25, 1.0)
OPACITIES = np.array([[0.0, 0.0, 10.0, 10.0], [40.0, 0.0, 10.0, 10.0]])
SITUATIONS = {  # films, patients, by how much scores of opacities lie above those of false marks
    "80 films": (80, 80, 1.5),
    "400 films": (400, 400, 1.5),
    "400 films of 200 patients": (400, 200, 1.5),
    "80 films, nearly all found": (80, 80, 4.0),
}
LARGE, BLOCK = 20_000, 2_000  # films, in place of all
DRAWN = 0.5  # score from which a box is drawn


def rows(repetitions: int, seed: int) -> list[dict[str, Any]]:
    """Return how often the intervals of marks hold their numbers, see `evidence_held.held_row`.

    Args:
        repetitions: Five times the drawn studies per row, as each is drawn again for its intervals.
        seed: Of the draws.
    """
    found = []
    for number, (name, (films, patients, shift)) in enumerate(SITUATIONS.items()):
        generator = np.random.default_rng([seed, number])
        ends: dict[str, list[tuple[float, float]]] = {}
        for _ in range(max(repetitions // 5, 2)):
            patient = np.arange(films) % patients
            for what, pair in _ends(*marks(patient, shift, generator), patient).items():
                ends.setdefault(what, []).append(pair)
        true = _true(shift, films // patients)
        found += [
            held_row(what, name, np.array(pairs), true[what], hopeful="below" if what == "false boxes a film" else "above",
                     exact=exact_coverage(round(BOXES * films), 1 - true[what]) if "sensitivity" in what else np.nan)
            for what, pairs in ends.items()
        ]  # fmt: skip
    return found


def marks(patient: np.ndarray, shift: float, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return the boxes of a network, (n, MOST, 5) by falling score, and those by hand, (n, 2, 4)."""
    films = len(patient)
    there = generator.integers(-1, 3, size=films).clip(0)[:, None] > np.arange(2)
    own = generator.normal(size=patient.max() + 1)[patient][:, None]
    single = len(patient) == patient.max() + 1
    noise = [generator.normal(size=(films, count)) for count in (2, MOST - 2)]
    right, false = noise if single else [np.sqrt(0.5) * own + np.sqrt(0.5) * one for one in noise]
    kept = there & (generator.random((films, 2)) < MARKED)
    fallen = np.arange(MOST - 2) < generator.poisson(FALSE_MARKS, size=(films, 1))
    scores = np.concatenate([np.where(kept, right + shift, np.nan), np.where(fallen, false, np.nan)], axis=1)
    places = np.array([[100.0 + 20 * place, 100.0, 10.0, 10.0] for place in range(MOST - 2)])
    boxes = np.broadcast_to(np.concatenate([OPACITIES, places]), (films, MOST, 4))
    found = np.concatenate([scores[..., None], np.where(np.isnan(scores)[..., None], np.nan, boxes)], axis=2)
    order = np.argsort(-scores, axis=1)  # what is not a number comes last
    by_hand = np.where(there[..., None], OPACITIES, np.nan)
    return np.take_along_axis(found, order[..., None], axis=1), by_hand


def _ends(found: np.ndarray, by_hand: np.ndarray, patient: np.ndarray) -> dict[str, tuple[float, float]]:
    table = metrics.froc_summary(found, by_hand, patient, allowed=ALLOWED, draws=200)
    names = [*(f"sensitivity at {allowed:g} false marks" for allowed in ALLOWED), "average precision"]
    ends = dict(zip(names, zip(table["low"], table["high"], strict=True), strict=True))
    summary = metrics.box_summary(metrics.box_table(found, by_hand, DRAWN), patient)
    for measure, name in (("box_score", "box score"), ("false_boxes", "false boxes a film")):
        ends[name] = (summary.loc[measure, "mean_low"], summary.loc[measure, "mean_high"])
    return ends


def _true(shift: float, each: int) -> dict[str, float]:
    """Return the numbers of all films there are, of patients with so many each.

    Marks of one film go together where those of one patient do, and a box score with them.
    """
    fewest = np.minimum(np.arange(200), MOST - 2)  # a film has no room for more false marks
    mean = float(np.exp(-FALSE_MARKS) * (fewest * _poisson(200)).sum())
    threshold = np.linspace(8 + shift, -8, 200_001)
    right, false = MARKED * ndtr(shift - threshold), mean * ndtr(-threshold)
    precision = np.maximum.accumulate((BOXES * right / (BOXES * right + false))[::-1])[::-1]
    true = {
        f"sensitivity at {allowed:g} false marks": float(MARKED * ndtr(shift + ndtri(allowed / mean)))
        for allowed in ALLOWED
    }
    true["average precision"] = float((np.diff(right) * precision[1:]).sum())
    generator = np.random.default_rng(3)
    tables = [
        metrics.box_table(*marks(np.arange(BLOCK) // each, shift, generator), DRAWN)
        for _ in range(LARGE // BLOCK)
    ]
    true["box score"] = float(np.mean([table["box_score"].mean() for table in tables]))
    true["false boxes a film"] = float(mean * ndtr(-DRAWN))
    return true


def _poisson(count: int) -> np.ndarray:
    """Return λ^k / k! of the first whole numbers."""
    return np.cumprod(np.append(1.0, FALSE_MARKS / np.arange(1, count)))
