"""How many opacities are found for how many false marks a film? The free-response curve, and average precision.

A ROC curve asks films; whoever marks places makes any number of marks on each. So all boxes of all films are put into one order, by
score, and going down it one counts (Bunch et al., 1978):

    sensitivity = hits so far / boxes by hand           false marks a film = false boxes so far / films

*Average precision* goes down the same order: the area under precision = hits / boxes so far over sensitivity, where at each sensitivity
the best precision at that or a higher one counts (Everingham et al., 2010). Boxes of one score are counted together: an int8 file has
few scores, and no order among equals is better than another.

Both need a score only, and no threshold. Intervals draw patients, all films of a patient together. Where all opacities are found every draw
shows that too: so that of a sensitivity is never narrower than Wilson's at the score that is reached (`rate_intervals`), nor that of average
precision than the spread of its draws on the scale of logits allows, half a box away from 0 and 1.

References:
    Bunch, Hamilton, Sanderson, Simmons (1978). A free-response approach to the measurement and characterization of
        radiographic-observer performance. J Appl Photogr Eng 4.
    Everingham, Van Gool, Williams, Winn, Zisserman (2010). The Pascal visual object classes (VOC) challenge. IJCV 88.
    Samuelson, Petrick, Paquerault (2007). Advantages and examples of resampling for CAD evaluation. IEEE ISBI.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from radlib.foundation.extras import pandas as pd
from radlib.metrics.bootstrap import patient_draws, percentile_interval
from radlib.metrics.box_hits import hits
from radlib.metrics.box_measures import FOUND_OVERLAP
from radlib.metrics.calibration import NORMAL_975
from radlib.metrics.rate_intervals import rate_interval

FALSE_MARKS = (0.125, 0.25, 0.5, 1.0, 2.0)  # a film, at which sensitivity is told


@dataclass(frozen=True)
class Marks:
    """All boxes of a network in the order of their scores.

    Attributes:
        film: Whose film each is on, (boxes,).
        right: Whether each is a hit, bool (boxes,).
        last: Places in that order at which a score ends, (scores,).
        scores: Those scores, falling, (scores,).
        there: Boxes by hand on each film, (n,).
    """

    film: np.ndarray
    right: np.ndarray
    last: np.ndarray
    scores: np.ndarray
    there: np.ndarray


def in_order(found: ArrayLike, marked: ArrayLike, overlap: float = FOUND_OVERLAP) -> Marks:
    """Return all boxes of all films by falling score.

    Args:
        found: Score, left, top, width, height by falling score, (n, found, 5); rows of NaN are none.
        marked: Left, top, width, height of the boxes by hand, (n, marked, 4).
        overlap: Share that a hit must overlap by more than.
    """
    found, marked = np.asarray(found, np.float64), np.asarray(marked, np.float64)
    right = hits(found, marked, [overlap])[:, 0]
    film, place = np.nonzero(~np.isnan(found[..., 0]))
    order = np.argsort(-found[film, place, 0], kind="stable")
    film, place = film[order], place[order]
    scores = found[film, place, 0]
    last = np.flatnonzero(np.append(scores[1:] != scores[:-1], True)) if len(scores) else np.array([], int)
    return Marks(film, right[film, place], last, scores[last], (~np.isnan(marked[..., 0])).sum(axis=1))


def froc_curve(marks: Marks, weights: ArrayLike | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return false marks a film, sensitivity and precision down to each score, from none at all, (scores + 1,) each.

    Args:
        marks: See `in_order`.
        weights: How often each film counts, (n,); None counts each once.

    Example:
        >>> box, none = [0.0, 0.0, 4.0, 4.0], [np.nan] * 4
        >>> marks = in_order([[[0.9, *box], [0.4, 9, 9, 2, 2]], [[0.6, *box], [np.nan] * 5]], [[box], [none]])
        >>> [values.tolist() for values in froc_curve(marks)[:2]]
        [[0.0, 0.0, 0.5, 1.0], [0.0, 1.0, 1.0, 1.0]]
    """
    films = np.ones(len(marks.there)) if weights is None else np.asarray(weights, np.float64)
    weight = films[marks.film]
    right, false = (np.append(0.0, np.cumsum(weight * of)[marks.last]) for of in (marks.right, ~marks.right))
    with np.errstate(invalid="ignore", divide="ignore"):
        return false / films.sum(), right / float(films @ marks.there), right / (right + false)


def sensitivity_at(false: np.ndarray, sensitivity: np.ndarray, allowed: ArrayLike) -> np.ndarray:
    """Return the highest sensitivity of a curve with at most so many false marks a film, of each number allowed.

    Example:
        >>> sensitivity_at(np.array([0, 0.5, 1.0]), np.array([0, 0.8, 0.9]), [0.25, 0.5, 2.0]).tolist()
        [0.0, 0.8, 0.9]
    """
    return sensitivity[np.searchsorted(false, np.asarray(allowed) + 1e-9, side="right") - 1]


def average_precision(sensitivity: np.ndarray, precision: np.ndarray) -> float:
    """Return the area under a curve of precision over sensitivity, at each the best that is still to come.

    Example:
        >>> average_precision(np.array([0, 0.5, 0.5, 1.0]), np.array([np.nan, 1.0, 0.5, 2 / 3])).__round__(4)
        0.8333
    """
    if np.isnan(sensitivity).any():
        return float("nan")
    best = np.maximum.accumulate(np.nan_to_num(precision)[::-1])[::-1]
    return float(np.diff(sensitivity) @ best[1:])


def froc_summary(
    found: ArrayLike,
    marked: ArrayLike,
    patient_ids: ArrayLike,
    *,
    overlap: float = FOUND_OVERLAP,
    allowed: Sequence[float] = FALSE_MARKS,
    draws: int = 1000,
    seed: int = 0,
) -> "pd.DataFrame":
    """Return sensitivity at some numbers of false marks a film, and average precision, with 95 % intervals over patients.

    Args:
        found: As for `in_order`, as are the next and the overlap.
        marked: Boxes by hand.
        patient_ids: Whose film it is, (n,).
        overlap: Share that a hit must overlap by more than.
        allowed: False marks a film.
        draws: Draws of patients.
        seed: Of the draws.

    Returns:
        A row for each number allowed, `measure` being `sensitivity`, and one of `average_precision`, whose `false_marks` is NaN:
        columns `measure`, `false_marks`, `value`, `low`, `high`; NaN without a box by hand.
    """
    marks = in_order(found, marked, overlap)

    def of(weights: np.ndarray | None) -> np.ndarray:
        false, sensitivity, precision = froc_curve(marks, weights)
        return np.append(
            sensitivity_at(false, sensitivity, allowed), average_precision(sensitivity, precision)
        )

    drawn = np.array([of(counts) for counts in patient_draws(patient_ids, draws, seed)])
    values = of(None)
    ends = [percentile_interval(column) for column in drawn.T]
    wider = [_own_ends(marks, np.asarray(patient_ids), number) for number in (*allowed, np.inf)]
    if np.ptp(drawn[:, -1]) > 0:  # else every draw shows what these films show: as sure as the share of boxes
        wider[-1] = _logit_ends(values[-1], drawn[:, -1], float(marks.there.sum()))
    ends = [(min(pair[0], own[0]), max(pair[1], own[1])) for pair, own in zip(ends, wider, strict=True)]
    return pd.DataFrame(
        {
            "measure": [*["sensitivity"] * len(allowed), "average_precision"],
            "false_marks": [*allowed, np.nan],
            "value": values,
            "low": [low for low, _ in ends],
            "high": [high for _, high in ends],
        }
    )


def _logit_ends(value: float, drawn: np.ndarray, boxes: float) -> tuple[float, float]:
    """Return an interval of average precision from the spread of its draws on the scale of logits, half a box away from 0 and 1."""
    from scipy.special import expit, logit

    known = drawn[~np.isnan(drawn)]
    if not len(known) or boxes == 0:
        return float("nan"), float("nan")
    centre, *logits = logit(np.clip(np.append(value, known), 0.5 / boxes, 1 - 0.5 / boxes))
    reach = NORMAL_975 * float(np.std(logits))
    return float(expit(centre - reach)), float(expit(centre + reach))


def _own_ends(marks: Marks, patient_ids: np.ndarray, allowed: float) -> tuple[float, float]:
    """Return the interval of the share of boxes that are found at the score down to which so many false marks are allowed."""
    false, _, _ = froc_curve(marks)
    places = np.append(-1, marks.last)
    place = int(places[np.searchsorted(false, allowed + 1e-9, side="right") - 1])
    taken = marks.film[: place + 1][marks.right[: place + 1]]
    found = np.bincount(taken, minlength=len(marks.there))
    film = np.repeat(np.arange(len(marks.there)), marks.there)
    first = np.cumsum(marks.there) - marks.there  # where each film's boxes begin
    right = np.arange(len(film)) - first[film] < found[film]
    return rate_interval(right, patient_ids[film])
