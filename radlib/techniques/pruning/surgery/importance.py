"""How important each channel is: three answers, from its weights or from what the loss would do without it.

| name | a channel is important when | reference |
|---|---|---|
| `l1` | the kernels that make it hold large weights | Li et al. (2016) |
| `bn_gamma` | the batch norms it passes scale it up | Liu et al. (2017) |
| `taylor` | the loss on training films would change without it, to first order | Molchanov et al. (2019) |

The first two need no films, and compare channels of one layer only: between layers, each group's scores are
divided by their mean. The third is in units of the loss and compares all channels of a network.

References:
    Li et al. (2016). Pruning filters for efficient ConvNets. ICLR 2017, arXiv 1608.08710.
    Liu et al. (2017). Learning efficient convolutional networks through network slimming. ICCV, arXiv 1708.06519.
    Molchanov et al. (2019). Importance estimation for neural network pruning. CVPR, arXiv 1906.10771.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from radlib.foundation import backend
from radlib.foundation.errors import NotApplicable, UsageError
from radlib.techniques.pruning.surgery.rebuild import weight_of
from radlib.techniques.pruning.surgery.structure import Slot, Structure

METHODS = ("l1", "bn_gamma", "taylor")


def importance(
    model: Any,
    structure: Structure,
    method: str,
    *,
    batches: Callable[[], Iterable[tuple[np.ndarray, np.ndarray]]] | None = None,
    loss: Callable | None = None,
) -> np.ndarray:
    """Return the importance of each removable unit, float64 (structure.count,), 0 or more.

    Args:
        model: A trained Keras model.
        structure: What `read_structure` found in it.
        method: One of `METHODS`.
        batches: For `taylor`: gives (films, targets) of some training films.
        loss: For `taylor`: the loss of (targets, outputs), one value per film.

    Raises:
        UsageError: For an unknown method, or `bn_gamma` in a network without batch norm.
    """
    if method == "l1":
        return kernel_norms(model, structure)
    if method == "bn_gamma":
        return batch_norm_scales(model, structure)
    if method == "taylor" and batches is not None and loss is not None:
        return loss_changes(model, structure, batches(), loss)
    raise UsageError(f"Importance is one of {', '.join(METHODS)}, and taylor needs films; not {method!r}.")


def kernel_norms(model: Any, structure: Structure) -> np.ndarray:
    """Return the sum of |w| of the filters that make a channel (Li et al.), relative to the group's mean.

    Where several kernels make it (shortcuts, depthwise kernels after others), each is first divided by the
    mean over its filters, so that all count alike.
    """
    return _averaged(model, structure, [slot for slot in structure.slots if slot.role == "filter"])


def batch_norm_scales(model: Any, structure: Structure) -> np.ndarray:
    """Return the mean |γ| of the batch norms a channel passes (Liu et al.), relative to the group's mean.

    Groups that no batch norm scales (in squeeze-and-excitation, or all of an Inception's) are scored by
    `kernel_norms`, which is relative to the group's mean, too.

    Raises:
        UsageError: When no channel passes a batch norm with a scale.
    """
    slots = [slot for slot in structure.slots if slot.weight == "gamma"]
    if not any((slot.units >= 0).any() for slot in slots):
        raise NotApplicable(
            "No batch norm of this network has a scale, so bn_gamma cannot rank its channels; use l1 or taylor."
        )
    scaled = np.zeros(structure.count, bool)
    for slot in slots:
        scaled[slot.units[slot.units >= 0]] = True
    return np.where(scaled, _averaged(model, structure, slots), kernel_norms(model, structure))


def loss_changes(
    model: Any,
    structure: Structure,
    batches: Iterable[tuple[np.ndarray, np.ndarray]],
    loss: Callable,
) -> np.ndarray:
    """Return the squared change of the loss without each channel, to first order, averaged over batches.

    Removing a channel x is setting it to zero wherever kernels mix it, which changes the loss L by about
    `−Σ x · ∂L/∂x` over all of its pixels. Since a kernel is linear in both, that sum equals `Σ w · ∂L/∂w` over
    the weights w that the channel is mixed with (Molchanov et al., 2019, equation 8, over the weights that read a
    channel): the gradients of the weights are enough.

    Args:
        model: A trained Keras model; it computes as when predicting.
        structure: What `read_structure` found in it.
        batches: (films (n, h, w, 1), targets (n, outputs)).
        loss: Of (targets, outputs), one value per film.

    Returns:
        float64 (structure.count,), squared nats where the loss is in nats.

    Example:
        >>> from radlib.techniques.pruning.surgery.structure import read_structure
        >>> keras = backend.keras()
        >>> film = keras.Input((4, 4, 1))
        >>> two = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(2, 1, use_bias=False)(film))
        >>> model = keras.Model(film, keras.layers.Dense(1, use_bias=False)(two))
        >>> model.set_weights([np.ones((1, 1, 1, 2)), np.array([[2.0], [0.0]])])  # nobody reads the second channel
        >>> batch = np.ones((1, 4, 4, 1), np.float32), np.zeros((1, 1), np.float32)
        >>> loss_changes(model, read_structure(model), [batch], lambda y, p: (y - p) ** 2).tolist()
        [64.0, 0.0]
    """
    tf = backend.tensorflow()
    slots = [slot for slot in structure.slots if slot.role == "input" and (slot.units >= 0).any()]
    variables = [weight_of(model.get_layer(slot.layer), slot.weight) for slot in slots]
    total, count = np.zeros(structure.count), 0
    for films, targets in batches:
        with tf.GradientTape() as tape:
            tape.watch(variables)  # frozen layers, too
            value = tf.reduce_mean(loss(targets, model(films, training=False)))
        change = np.zeros(structure.count)
        for slot, variable, gradient in zip(slots, variables, tape.gradient(value, variables), strict=True):
            if gradient is not None:
                change += _per_unit(slot, variable.numpy() * gradient.numpy(), structure.count)
        total, count = total + change**2, count + 1
    return total / max(1, count)


def _averaged(model: Any, structure: Structure, slots: list[Slot]) -> np.ndarray:
    """Return the mean over slots of Σ|w|, each slot and then each group divided by its mean."""
    total, count = np.zeros(structure.count), np.zeros(structure.count)
    for slot in slots:
        units = np.unique(slot.units[slot.units >= 0])
        if not len(units):
            continue
        values = np.abs(weight_of(model.get_layer(slot.layer), slot.weight).numpy())
        sums = _per_unit(slot, values, structure.count)[units]
        total[units] += sums / (sums.mean() or 1.0)
        count[units] += 1
    scores = total / np.maximum(count, 1)
    for group in structure.groups:
        scores[group.units] /= scores[group.units].mean() or 1.0
    return scores


def _per_unit(slot: Slot, values: np.ndarray, count: int) -> np.ndarray:
    """Sum the values of a weight over all axes but the slot's, and over the places of each unit."""
    others = tuple(axis for axis in range(values.ndim) if axis != slot.axis)
    sums = values.sum(axis=others, dtype=np.float64)
    removable = slot.units >= 0
    return np.bincount(slot.units[removable], sums[removable], minlength=count)
