"""Magnitude pruning: set the weights nearest to zero to zero, a few more at a time, while training goes on.

The share of zeros follows a polynomial (Zhu and Gupta, 2017, equation 1):
`s_t = s_f + (s_i − s_f) · (1 − (t − t_0) / (t_end − t_0))³`, and each update keeps the weights above the
s_t-quantile of |w| in their tensor. A zero is still stored as a number: the raw file stays as long as it was,
and the saving shows only when the file is deflated or coded.

Spared: the first convolution and the last layer (few weights, and all others depend on them), depthwise
kernels (nine weights per channel) and batch norm.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from radlib.foundation import backend
from radlib.foundation.errors import NotApplicable
from radlib.foundation.extras import pandas as pd
from radlib.foundation.value_types import Factor, Passes, ShareBelowOne
from radlib.runs.runs import Run
from radlib.runs.variants import Variant
from radlib.techniques.data import Product, TechniqueData, trained_technique
from radlib.techniques.kernels import measured_sparsity, prunable_layers, pruned_kernel
from radlib.training.baselines import load_network

UPDATES = 20  # of the mask, spread over the ramp
RAMP = 0.7  # share of the steps in which sparsity rises; in the rest the network recovers
TOLERANCE = 0.02  # a result further from its target did not do what its name says


@trained_technique(label="pruned", kind="pruning", leaves="zeros")
def magnitude_pruning(
    model: Any,
    data: TechniqueData,
    *,
    initial_sparsity: ShareBelowOne = 0.5,
    final_sparsity: ShareBelowOne = 0.8,
    pruning_epochs: Passes = 3,
    learning_rate_share: Factor = 0.3,
) -> Product:
    """Prune the smallest weights to zero along a polynomial schedule, while fine-tuning.

    Args:
        model: A trained Keras model.
        data: The films.
        initial_sparsity: Share of zeros in each pruned kernel after the first update, in [0, 1).
        final_sparsity: Share of zeros in each pruned kernel at the end, in [0, 1).
        pruning_epochs: Passes over the training films.
        learning_rate_share: Learning rate of the fine-tuning, as a share of the baseline's.

    Returns:
        The pruned model; the details hold the sparsity reached over all pruned kernels.

    Raises:
        UsageError: When the network has no layer to prune.
        RadlibError: When the sparsity reached is more than two points off `final_sparsity`.
    """
    names = prunable_layers(model)
    if not names:
        raise NotApplicable(
            f"{model.name} has no layer to prune between its first and its last; leave 'magnitude_pruning' out."
        )
    pruned, history = fit_pruned(
        model,
        data,
        dict.fromkeys(names, final_sparsity),
        initial_sparsity=initial_sparsity,
        epochs=pruning_epochs,
        learning_rate_share=learning_rate_share,
    )
    return Product(pruned, {"sparsity": measured_sparsity(pruned, names), "pruned_layers": names}, history)


def fit_pruned(
    model: Any,
    data: TechniqueData,
    sparsities: Mapping[str, float],
    *,
    initial_sparsity: float,
    epochs: int,
    learning_rate_share: float,
) -> "tuple[Any, pd.DataFrame]":
    """Return a copy of a model whose smallest weights were set to zero while it was fine-tuned, and its history.

    Args:
        model: A trained Keras model; it is left as it is.
        data: The films.
        sparsities: {layer: share of zeros in its kernel at the end, in [0, 1)}; other layers are spared.
        initial_sparsity: Share of zeros after the first update; that of the end, where it is lower.
        epochs: Passes over the training films.
        learning_rate_share: Learning rate, as a share of the baseline's.

    Raises:
        RadlibError: When the sparsity reached over all pruned kernels is more than two points off.
    """
    tfmot, keras = backend.tfmot(), backend.keras()

    def wrap(layer: Any) -> Any:
        if layer.name not in sparsities:
            return layer
        share = sparsities[layer.name]
        schedule = pruning_schedule(data.steps(epochs), min(initial_sparsity, share), share)
        return tfmot.sparsity.keras.prune_low_magnitude(layer, pruning_schedule=schedule)

    # Wrapping shares layers: without a copy the parent would be pruned too.
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    wrapped = keras.models.clone_model(copy, clone_function=wrap)
    history = data.fine_tune(
        wrapped,
        epochs=epochs,
        learning_rate_share=learning_rate_share,
        callbacks=[tfmot.sparsity.keras.UpdatePruningStep()],
    )
    pruned = tfmot.sparsity.keras.strip_pruning(wrapped)
    sizes = [math.prod(pruned_kernel(model.get_layer(name)).shape) for name in sparsities]
    final = float(np.average(list(sparsities.values()), weights=sizes))
    reached = measured_sparsity(pruned, list(sparsities))
    if abs(reached - final) > TOLERANCE:
        raise NotApplicable(
            f"Pruning reached {reached:.1%} zeros instead of {final:.1%}; raise pruning_epochs, "
            f"since {data.steps(epochs)} steps were too few."
        )
    return pruned, history


def pruning_schedule(steps: int, initial_sparsity: float, final_sparsity: float) -> Any:
    """Return tfmot's polynomial schedule with an update frequency that fits the number of steps.

    tfmot updates masks only when `(step − begin)` is a multiple of the frequency (100 by default): a short
    training would prune nothing and say nothing. Here the last update falls exactly on the end of the ramp.

    Args:
        steps: Gradient steps of the whole fine-tuning.
        initial_sparsity: Share of zeros after the first update.
        final_sparsity: Share of zeros after the last.
    """
    frequency, end = update_steps(steps)
    return backend.tfmot().sparsity.keras.PolynomialDecay(
        initial_sparsity=initial_sparsity,
        final_sparsity=final_sparsity,
        begin_step=0,
        end_step=end,
        power=3,
        frequency=frequency,
    )


def update_steps(steps: int) -> tuple[int, int]:
    """Return (frequency, last step) of the mask updates in a fine-tuning of `steps` steps."""
    ramp = max(1, int(steps * RAMP))
    frequency = max(1, ramp // UPDATES)
    return frequency, frequency * (ramp // frequency)


def sparsity_schedule(steps: int, initial_sparsity: float, final_sparsity: float) -> "pd.DataFrame":
    """Return the planned share of zeros at each update of the masks.

    `s_t = s_f + (s_i − s_f) · (1 − t / t_end)³` (Zhu and Gupta, 2017, equation 1): fast while many weights are near zero,
    slow towards the end. After t_end the network recovers.

    Args:
        steps: Gradient steps of the whole fine-tuning.
        initial_sparsity: s_i, the share of zeros after the first update.
        final_sparsity: s_f, after the last.

    Returns:
        One row per update: step, sparsity.

    Example:
        >>> sparsity_schedule(5, 0.5, 0.8)["sparsity"].round(3).tolist()
        [0.5, 0.711, 0.789, 0.8]
    """
    frequency, end = update_steps(steps)
    step = np.arange(0, end + 1, frequency)
    sparsity = final_sparsity + (initial_sparsity - final_sparsity) * (1 - step / end) ** 3
    return pd.DataFrame({"step": step, "sparsity": sparsity})


def layer_weights(run: Run, variant: Variant) -> dict[str, np.ndarray]:
    """Return {layer: kernel, flat float32} of the pruned layers of a Keras variant, in the network's order."""
    model = load_network(run, variant)
    return {name: pruned_kernel(model.get_layer(name)).numpy().ravel() for name in prunable_layers(model)}


def largest_kernel(run: Run, variant: Variant) -> np.ndarray:
    """Return the largest pruned kernel of a Keras variant by output channel: (channels, weights of each)."""
    model = load_network(run, variant)
    kernels = [pruned_kernel(model.get_layer(name)).numpy() for name in prunable_layers(model)]
    largest = max(kernels, key=np.size)
    return np.moveaxis(largest, -1, 0).reshape(largest.shape[-1], -1)
