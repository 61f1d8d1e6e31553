"""How sure is a network of its films, on average? A fall on other films is seen without a label.

The confidence of a film is the probability of the likelier answer: of its class, or the mean over findings. On films that
are unlike those of its training a network often grows less sure, and how far its mean confidence falls goes along with how
far its accuracy falls (Guillory et al., 2021). It is a sign and no measure: a network may be sure and wrong, and films that
are hard to read make it less sure at home as well. So it says "look at labelled films", never by how much it reads worse.

References:
    Guillory, Shankar, Ebrahimi, Darrell, Schmidt (2021). Predicting with confidence on unseen distributions. ICCV,
        arXiv 2107.03315.
    Garg, Balakrishnan, Lipton, Neyshabur, Sedghi (2022). Leveraging unlabeled data to predict out-of-distribution
        performance. ICLR, arXiv 2201.04234.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from radlib import metrics
from radlib.foundation.errors import DataError
from radlib.foundation.human_units import signed
from radlib.foundation.record_files import read_arrays
from radlib.runs.tasks import Task
from radlib.runs.variants import Variant


def film_confidence(task: Task, y_prob: np.ndarray) -> np.ndarray:
    """Return how sure a network is of each film, float64 (n,): of its class, or the mean over findings.

    Args:
        task: What it was asked.
        y_prob: Its probabilities, (n, labels).
    """
    if task.exclusive:
        return np.asarray(y_prob, np.float64).max(axis=1)
    return metrics.confidence(y_prob).mean(axis=1)


def confidence_at_test(run_folder: Path, variant: Variant, task: Task) -> dict[str, Any]:
    """Return how sure a variant was of its test films, for a record that leaves with it.

    Args:
        run_folder: Of the run.
        variant: Whose stored answers are read.
        task: What it was asked.

    Returns:
        `mean` with `low` and `high` (95 %, clustered by patient) and `films`; {} where this file's answers are not stored, or are
        no probabilities of whole films.
    """
    path = run_folder / "predictions" / f"{variant.key}.test.npz"
    if task.record != Task.record or not path.is_file():
        return {}
    try:
        kept = read_arrays(path, ("y_prob", "patient_id", "model_sha256"))
    except DataError:  # damaged answers are told by who judges by them; this is a remark
        return {}
    if str(kept["model_sha256"]) != variant.sha256 or not len(kept["y_prob"]):
        return {}
    each = film_confidence(task, kept["y_prob"])
    low, high = metrics.value_interval(each, kept["patient_id"])
    return {"mean": float(each.mean()), "low": low, "high": high, "films": len(each)}


def compared_confidence(tested: Mapping[str, Any], here: Sequence[float]) -> dict[str, Any]:
    """Return how sure a variant is of a site's films beside its test films.

    Args:
        tested: See `confidence_at_test`.
        here: The confidence of each film of the site; each counts as another patient's.

    Returns:
        `tested`, `here` (mean confidences), `films` of both, `change` with `change_low` and `change_high` (95 %), and
        `sentence`; {} where nothing is kept of the test, or the site has too few films.
    """
    if not tested or len(here) < metrics.FEWEST_PATIENTS:
        return {}
    before = float(tested["mean"]), float(tested["low"]), float(tested["high"])
    found = float(np.mean(here)), *metrics.value_interval(here, np.arange(len(here)))
    change, low, high = metrics.difference_of_means(before, found)
    told = {"tested": before[0], "here": found[0], "films": [tested["films"], len(here)],
            "change": change, "change_low": low, "change_high": high}  # fmt: skip
    return {**told, "sentence": _sentence(told)}


def _sentence(told: Mapping[str, Any]) -> str:
    means = (
        f"mean confidence {told['here']:.3f} on these {told['films'][1]:,} films, {told['tested']:.3f} on the test films: "
        f"{signed(told['change'])} [{signed(told['change_low'])} to {signed(told['change_high'])}], each film counted as another "
        "patient’s"
    )
    if told["change_high"] < 0:
        return f"The network is less sure here ({means}): films unlike its own, or harder ones; examine it on labelled films first."
    if told["change_low"] > 0:
        return f"The network is surer here ({means}), which does not say that it is right."
    return f"The network is as sure here as it was, as far as can be told ({means})."
