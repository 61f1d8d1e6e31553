"""Has the original learnt at all? Everything else in a run rests on it, so this is asked before any verdict.

Being as good as a network that reads no better than a coin is no merit, and being better than it is no wonder. An
original has not learnt when its own answers to the validation films say so, when its learning curves do, or when a
network made from it reads better than chance explains: compression cannot teach what training did not. Of outlines it is
asked whether they are closer than one and the same outline on every film, of boxes whether they are better than none.
"""

import functools
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from radlib import metrics
from radlib.evaluation.predictions import load_predictions
from radlib.foundation.record_files import numbers, read_columns
from radlib.runs.counted import counted_in, told
from radlib.runs.runs import Run
from radlib.runs.tasks import task_of
from radlib.runs.variants import Variant
from radlib.training.learning_curves import never_fell

CHILD_IS_BETTER = 0.05  # of AUROC
NORMAL_95 = 1.96  # standard errors to the end of a 95 % interval
FEWEST_PATIENTS = (
    6  # with the finding, and without: of fewer even a perfect order has an interval that reaches 0.5
)

# y_true (n, labels), y_prob (n, labels), patient (n,); of places the score, that of the best answer for all films, patient
Answers = tuple[np.ndarray, np.ndarray, np.ndarray]


def why_not_learnt(
    original: Answers, children: Mapping[str, Answers] | None = None, history: Mapping[str, Any] | None = None
) -> str:
    """Return in words why a network has not learnt, without a full stop; empty when it has.

    Args:
        original: True answers, its probabilities and the patients of the validation films.
        children: The same of networks that were made from it, by what they are called.
        history: Its learning curves, see `training.fit`; None for a network that was not trained here.
    """
    truth, probabilities, patients = original
    if not len(probabilities) or not np.isfinite(probabilities).all():
        return "its answers to the validation films are no numbers"
    if (probabilities == probabilities[:1]).all():
        return "it gives every validation film the same score"
    if history is not None and never_fell(history):
        return "its training loss never fell below that of one answer for all films"
    asked = _asked(truth, patients)
    if not asked:
        return (
            f"nothing can show that it has: fewer than {FEWEST_PATIENTS} patients of the validation films have the finding, "
            "or are without it"
        )
    auroc = np.mean([_auroc(truth[:, column], probabilities[:, column]) for column in asked])
    low, high = metrics.auroc_interval(truth[:, asked], probabilities[:, asked], patients)
    if low <= 0.5:
        return f"the interval of its validation AUROC, {auroc:.3f} [{low:.3f}–{high:.3f}], reaches the 0.5 of a coin"
    for name, (their_truth, theirs, _) in (children or {}).items():
        if theirs.shape != probabilities.shape or not np.array_equal(truth, their_truth, equal_nan=True):
            continue
        if not np.isfinite(theirs).all():
            continue
        better, least = _difference(truth[:, asked], probabilities[:, asked], theirs[:, asked], patients)
        if better >= CHILD_IS_BETTER and least > 0:
            return f"{name}, made from it, reads the validation films better by {better:.3f} AUROC, which is no chance"
    return ""


def why_places_not_learnt(
    original: Answers,
    children: Mapping[str, Answers] | None = None,
    history: Mapping[str, Any] | None = None,
    *,
    what: str,
    constant_answer: str,
) -> str:
    """Return in words why a network has not learnt to say where, without a full stop; empty when it has.

    Args:
        original: Its Dice or box score on the validation films, (n, labels); that of the best answer that is the same for all of
            them, likewise; and the patients.
        children: Not asked: a few steps more may well mend an outline.
        history: Its learning curves, see `training.fit`; None for a network that was not trained here.
        what: Its answers and how they are measured, such as "its outlines of the validation films, Dice".
        constant_answer: What the answer that is the same for all is called, after "are not shown to be".

    Example:
        >>> ids = np.arange(40)
        >>> constant = np.linspace(0.6, 0.8, 40)[:, None]
        >>> why_boxes_not_learnt((constant + 0.1, constant, ids)), why_outlines_not_learnt((constant, constant, ids))[:32]
        ('', 'its outlines of the validation f')
    """
    found, constant, patients = original
    if history is not None and never_fell(history):
        return "its training loss never fell below that of one answer for all films"
    if len(np.unique(patients)) < FEWEST_PATIENTS:
        return (
            f"nothing can show that it has: the validation films are of fewer than {FEWEST_PATIENTS} patients"
        )
    gain = metrics.mean_value_difference(constant.mean(axis=1), found.mean(axis=1), patients)
    if gain.value <= NORMAL_95 * gain.standard_error:
        return f"{what} {found.mean():.3f}, are not shown to be {constant_answer}, {constant.mean():.3f}"
    return ""


why_outlines_not_learnt = functools.partial(
    why_places_not_learnt,
    what="its outlines of the validation films, Dice",
    constant_answer="closer than one and the same outline on every film",
)
why_boxes_not_learnt = functools.partial(
    why_places_not_learnt,
    what="its boxes on the validation films, box score",
    constant_answer="better than none on any film",
)


def not_learnt(run: Run, variants: Iterable[Variant], answers: Mapping[str, Answers]) -> dict[str, str]:
    """Return, by name, why originals of a run have not learnt; those that have are not in it.

    Args:
        run: The run.
        variants: Its variants, originals and what was made from them.
        answers: Their answers to the validation films, by name; of an original without any nothing is said.
    """
    variants, found = list(variants), {}
    for original in variants:
        if original.chain or original.name not in answers:
            continue
        children = {
            v.label: answers[v.name]
            for v in variants
            if v.chain and v.name in answers and v.original == original.name
        }
        curves = run.model_path(original).with_name("history.csv")
        history = _curves(curves) if curves.is_file() else None
        if reason := WHY[task_of(original).record](answers[original.name], children, history):
            found[original.name] = told(reason, counted_in(run.folder))
    return found


def _curves(path: Path) -> dict[str, np.ndarray]:
    columns = read_columns(path, ("epoch", "loss"))
    return {name: numbers(columns[name]) for name in ("epoch", "loss", "chance_loss") if name in columns}


def stored_not_learnt(run: Run) -> dict[str, str]:
    """Return what `not_learnt` says of the answers to validation films that lie in a run's folder."""
    variants = run.variants()
    stored = {variant.name: load_predictions(run, variant, "validation") for variant in variants}
    return not_learnt(run, variants, {n: answers_of(p) for n, p in stored.items() if p is not None})


def answers_of(predictions: Any) -> Answers:
    """Return the parts of stored predictions that are asked here."""
    return predictions.asked()


def alarm(reasons: Mapping[str, str]) -> str:
    """Return the sentence that stands first wherever a run is shown; empty when all originals have learnt."""
    if not reasons:
        return ""
    said = "; ".join(f"{name} ({reason})" for name, reason in reasons.items())
    what, them = (
        ("The original has", "it") if len(reasons) == 1 else (f"{len(reasons)} originals have", "them")
    )
    return f"{what} NOT LEARNT to read these films: {said}. Nothing made from {them} can be trusted, whatever stands below."


def _auroc(truth: np.ndarray, scores: np.ndarray) -> float:
    known = ~np.isnan(truth)
    return metrics.auroc(truth[known], scores[known])


def _asked(truth: np.ndarray, patients: np.ndarray) -> list[int]:
    """Return the labels that enough patients have, and enough have not."""
    return [
        column
        for column, known in enumerate(truth.T)
        if min(len(np.unique(patients[known == answer])) for answer in (0, 1)) >= FEWEST_PATIENTS
    ]


def _difference(
    truth: np.ndarray, before: np.ndarray, after: np.ndarray, patients: np.ndarray
) -> tuple[float, float]:
    """Return how much better the second reads, AUROC, mean over labels, and the lower end of its 95 % interval."""
    if truth.shape[1] == 1:
        known = ~np.isnan(truth[:, 0])
        found = metrics.auroc_difference(truth[known, 0], before[known, 0], after[known, 0], patients[known])
    else:
        found = metrics.mean_auroc_difference(truth, before, after, patients)
    return found.value, metrics.difference_interval(found)[0]


WHY: Mapping[str, Callable[..., str]] = {
    "probabilities": why_not_learnt,
    "masks": why_outlines_not_learnt,
    "boxes": why_boxes_not_learnt,
}
