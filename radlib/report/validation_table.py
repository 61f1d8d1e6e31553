"""How well the variants read the validation films, and how far each is from what it was made from."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from radlib import metrics
from radlib.evaluation.answers import Predictions
from radlib.evaluation.kernel_sweep import changed_sides
from radlib.runs.runs import Run
from radlib.runs.tasks import task_of
from radlib.runs.variants import Variant

COMPARED = (
    "difference",
    "difference_low",
    "difference_high",
    "largest_change",
    "changed_sides",
    "changed_share",
)  # with a parent


def validation_table(
    run: Run, variants: Sequence[Variant], predictions: Mapping, *, reference: Variant | None = None
) -> pd.DataFrame:
    """Return how well each variant reads the validation films, and how far it is from another one on them.

    Args:
        run: The run; its settings say how many draws of patients.
        variants: Rows of the table, in this order.
        predictions: What `evaluation.predict` returned for them, and for their parents where there is one.

        reference: The one that all are compared with; None compares each with its parent.

    Returns:
        One row per variant: as in `variant_table`, then `auroc` with `_low` and `_high` (mean over labels),
        `difference` of AUROC to the other on the same draws with `_low` and `_high`, `largest_change` of a
        probability on any film, and `changed_sides`, the films decided otherwise at the other's threshold, or given
        another class, with `changed_share` of all that was decided: one thing a film where classes exclude each other, else one
        a label.
    """
    drawn = {name: _auroc_draws(run, answers) for name, answers in predictions.items()}
    rows = []
    for variant in variants:
        own, other = drawn[variant.name], reference.name if reference else variant.parent
        row = {**variant_columns(variant), "size_bytes": variant.size_bytes, "auroc": float(own[0])}
        row["auroc_low"], row["auroc_high"] = _ends(predictions[variant.name])
        row |= dict.fromkeys(COMPARED, np.nan)
        if other in drawn and other != variant.name:
            row |= _with_interval("difference", own - drawn[other])
            row |= _moved(predictions[other], predictions[variant.name], task_of(variant).exclusive)
        rows.append(row)
    return pd.DataFrame(rows)


def _moved(parent: Predictions, variant: Predictions, exclusive: bool) -> dict[str, float]:
    """Return how far the answers of a variant are from its parent's, over all films and labels."""
    changed = changed_sides(parent.y_true, parent.y_prob, variant.y_prob, exclusive)
    return {
        "largest_change": float(np.abs(variant.y_prob - parent.y_prob).max()),
        "changed_sides": changed,
        "changed_share": changed / (len(parent.y_prob) if exclusive else parent.y_prob.size),
    }


def variant_columns(variant: Variant) -> dict[str, object]:
    """Return the columns that say which variant a row is about."""
    names = {"label": variant.label, "network": variant.network, "seed": variant.seed}
    return {**names, "chain": variant.chain_text, "format": variant.format}


def _auroc_draws(run: Run, answers: Predictions) -> np.ndarray:
    """Return the AUROC of all films and then of every draw of patients, averaged over the labels that have one."""
    counts = metrics.patient_draws(answers.patient_id, run.settings.bootstrap_draws)
    counts = np.concatenate([np.ones_like(counts[:1]), counts])
    columns = []
    for truth, probability in zip(answers.y_true.T, answers.y_prob.T, strict=True):
        known = ~np.isnan(truth)
        if len(np.unique(truth[known])) == 2:  # a rare finding may have no film here
            columns.append(metrics.auroc_draws(truth[known], probability[known], counts[:, known]))
    return np.mean(columns, axis=0) if columns else np.full(len(counts), np.nan)


def _ends(answers: Predictions) -> tuple[float, float]:
    return metrics.auroc_interval(answers.y_true, answers.y_prob, answers.patient_id)


def _with_interval(name: str, draws: np.ndarray) -> dict[str, float]:
    low, high = metrics.percentile_interval(draws[1:])
    return {name: float(draws[0]), f"{name}_low": low, f"{name}_high": high}
