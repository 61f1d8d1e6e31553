"""What becomes of the answers when weights are changed in place: rounded, thinned out, shared or silenced, and nothing trained.

A network need not be built anew to see what four bits or half of its weights are worth: its weights are overwritten, the
validation films asked, and the weights put back. The test films are never looked at.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from radlib import metrics
from radlib.datasets.films import Films, FilmSplits
from radlib.evaluation.predictions import films_of, run_of
from radlib.formats.keras import BATCH_FILMS
from radlib.foundation.extras import pandas as pd
from radlib.runs.runs import Run
from radlib.runs.tasks import task_of
from radlib.runs.variants import Variant
from radlib.techniques import prunable_layers, pruned_kernel
from radlib.training import load_network

KernelChange = Callable[[np.ndarray], np.ndarray]
NetworkChange = Callable[[Any], None]
UNCHANGED = "unchanged"


def network_sweep(
    run: Run,
    films: FilmSplits,
    variant: Variant,
    changes: Mapping[str, Mapping[float, NetworkChange]],
    *,
    most_films: int = 500,
) -> "pd.DataFrame":
    """Return how a network answers validation films with changed weights, a row per change.

    Args:
        run: The run.
        films: Its films.
        variant: A Keras network; its file is left as it is.
        changes: By name of a curve and place on it, what changes the weights of the Keras model it is given, in place.
        most_films: At most so many validation films are asked, evenly spread.

    Returns:
        The network as it is first (`curve` is "unchanged", `at` missing), then one row per change: `curve`, `at`; `auroc` with
        `_low` and `_high`, the mean over labels; `largest_change` of a probability; `changed_sides` and `changed_share`, the
        films that are decided otherwise at the threshold of the network as it is.

    Raises:
        UsageError: When the variant is no Keras network.
    """
    network = load_network(run, variant)
    own = films_of(run_of(run, variant), films, variant).validation
    some = own.take(np.unique(np.linspace(0, len(own) - 1, most_films).astype(int)))
    task, weights = task_of(variant), network.get_weights()
    before = task.probabilities(_outputs(network, some))
    rows = [{"curve": UNCHANGED, "at": np.nan, **_judged(some, before, before, task.exclusive)}]
    for curve, places in changes.items():
        for at, change in places.items():
            change(network)
            after = task.probabilities(_outputs(network, some))
            rows.append({"curve": curve, "at": at, **_judged(some, before, after, task.exclusive)})
            network.set_weights(weights)
    return pd.DataFrame(rows)


def kernel_sweep(
    run: Run,
    films: FilmSplits,
    variant: Variant,
    changes: Mapping[str, Mapping[float, KernelChange]],
    *,
    most_films: int = 500,
) -> "pd.DataFrame":
    """Return how a network answers validation films with changed kernels, a row per change.

    Changed are the kernels that pruning reaches, all at once: those of the first and last layer and depthwise ones stay.

    Args:
        run: The run.
        films: Its films.
        variant: A Keras network; its file is left as it is.
        changes: By name of a curve and place on it, what makes a new kernel of an old one, both float32 (channels, weights of
            each).
        most_films: As in `network_sweep`.

    Returns:
        As `network_sweep`, with `error`: the squared change of the kernels as a share of their sum of squares.

    Raises:
        UsageError: When the variant is no Keras network.
    """
    errors = [0.0]

    def in_place(change: KernelChange) -> NetworkChange:
        def changed(network: Any) -> None:
            kernels = [pruned_kernel(network.get_layer(name)) for name in prunable_layers(network)]
            power = sum(float((kernel.numpy() ** 2).sum()) for kernel in kernels)
            errors.append(sum(_overwrite(kernel, change) for kernel in kernels) / max(power, 1e-30))

        return changed

    in_networks = {
        curve: {at: in_place(change) for at, change in places.items()} for curve, places in changes.items()
    }
    table = network_sweep(run, films, variant, in_networks, most_films=most_films)
    return table.assign(error=errors)


def changed_sides(truth: np.ndarray, before: np.ndarray, after: np.ndarray, exclusive: bool) -> int:
    """Return how many films, over all labels, are decided otherwise at the threshold that suits the first answers.

    Args:
        truth: Labels, 1 and 0, NaN where unknown, (films, labels).
        before: Probabilities that the threshold is chosen for, (films, labels).
        after: Probabilities to compare, (films, labels).
        exclusive: Whether the most probable class is the answer, so that there is no threshold.

    Example:
        >>> changed_sides(np.array([[0], [1]]), np.array([[0.2], [0.8]]), np.array([[0.9], [0.9]]), False)
        1
    """
    if exclusive:
        return int((after.argmax(axis=1) != before.argmax(axis=1)).sum())
    changed = 0
    for true, one, other in zip(truth.T, before.T, after.T, strict=True):
        known = ~np.isnan(true)
        threshold = metrics.operating_point(true[known], one[known])
        changed += sum(metrics.changed_decisions(one, other, threshold, threshold).values())
    return changed


def _overwrite(kernel: Any, change: KernelChange) -> float:
    """Put a changed kernel in place of a variable's; return the squared change."""
    by_channel = np.moveaxis(kernel.numpy(), -1, 0)
    changed = np.asarray(change(by_channel.reshape(len(by_channel), -1)), np.float32)
    kernel.assign(np.moveaxis(changed.reshape(by_channel.shape), 0, -1))
    return float(((changed.ravel() - by_channel.ravel()) ** 2).sum())


def _outputs(network: Any, films: Films) -> np.ndarray:
    parts = [slice(start, start + BATCH_FILMS) for start in range(0, len(films), BATCH_FILMS)]
    answered = [network.predict_on_batch(films.images(part)) for part in parts]
    return np.concatenate([np.asarray(outputs, np.float32) for outputs in answered])


def _judged(films: Films, before: np.ndarray, after: np.ndarray, exclusive: bool) -> dict[str, float]:
    truth = np.asarray(films.labels, np.float32)
    low, high = metrics.auroc_interval(truth, after, films.patient_ids)
    changed = changed_sides(truth, before, after, exclusive)
    return {
        "auroc": films.task.merit(truth, after),
        "auroc_low": low,
        "auroc_high": high,
        "largest_change": float(np.abs(after - before).max()),
        "changed_sides": changed,
        "changed_share": changed / (len(films) * (1 if exclusive else truth.shape[1])),
    }
