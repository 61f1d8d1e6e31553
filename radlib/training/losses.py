"""What a network is made to lower, by the word that a task says: one value per film, in nats or in nats and a share.

*Cross-entropy* asks each answer by itself. Of an outline that is every pixel, and where one in twenty belongs to a lesion, "none"
is nearly right everywhere; so the share that is not in common is added, counted of the outline alone (soft Dice; Milletari et al.,
2016), over the film's pixels i:

    loss = mean CE(tᵢ, pᵢ) + 1 − (2 Σ tᵢ pᵢ + 1) / (Σ tᵢ + Σ pᵢ + 1)

The 1 makes an empty outline of an empty film cost nothing.

Of *boxes* nearly every cell lies off every centre. The focal loss of Lin et al. (2017) makes cells that are answered well cost little,
and, as Zhou et al. (2019) have it, those near a centre, where the bell tᵢ is high, less; over the cells i and the N boxes of a film:

    loss = − 1/N Σᵢ { (1 − pᵢ)² ln pᵢ  at a centre;  (1 − tᵢ)⁴ pᵢ² ln(1 − pᵢ)  elsewhere }  +  1/N Σ |size, offset − those by hand|

An error of size counts 0.1, one of offset 1 per cell, at centres alone.

References:
    Milletari, Navab, Ahmadi (2016). V-Net. 3DV, arXiv 1606.04797. Isensee et al. (2021). nnU-Net. Nature Methods 18 (the sum).
    Lin, Goyal, Girshick, He, Dollár (2017). Focal loss for dense object detection. ICCV, arXiv 1708.02002.
    Zhou, Wang, Krähenbühl (2019). Objects as points. arXiv 1904.07850.
"""

from collections.abc import Callable, Mapping
from typing import Any

from radlib.foundation import backend
from radlib.imaging.centre_maps import PLACES
from radlib.runs.tasks import FOCUS, OFFSET_WEIGHT, SIZE_WEIGHT, SPARED, Task


def loss_function(task: Task) -> Any:
    """Return the loss of a task: (targets, outputs), of one shape, to one value per film (n,)."""
    return backend.keras().losses.get(loss_named(task.loss))


def loss_named(name: str) -> Any:
    """Return a loss as Keras takes it: a function, or the name of one of its own."""
    return LOSSES.get(name, name)


def known_cross_entropy(truth: Any, probability: Any) -> Any:
    """Return the mean binary cross-entropy of each film, (n,); an unknown answer (NaN) adds nothing.

    Args:
        truth: 1, 0 or NaN, (n, findings).
        probability: In [0, 1], of the same shape.
    """
    tf, keras = backend.tensorflow(), backend.keras()
    known = tf.cast(~tf.math.is_nan(truth), probability.dtype)
    truth = tf.where(known > 0, truth, 0.0)
    losses = keras.backend.binary_crossentropy(truth, probability) * known
    return tf.reduce_sum(losses, axis=-1) / tf.maximum(tf.reduce_sum(known, axis=-1), 1.0)


def dice_and_cross_entropy(truth: Any, probability: Any) -> Any:
    """Return the sum above of each film, mean over its labels, (n,).

    Args:
        truth: Masks, (n, rows, columns, labels), in [0, 1].
        probability: In [0, 1], of the same shape.

    Example:
        >>> tf = backend.tensorflow()
        >>> mask = tf.reshape(tf.constant([1.0, 1.0, 0.0, 0.0]), (1, 2, 2, 1))
        >>> right, half = (float(dice_and_cross_entropy(mask, mask * share + 0.5 * (1 - share))[0]) for share in (1.0, 0.0))
        >>> round(right, 3), round(half, 3)  # ln 2 + 1 − 3 / 5
        (0.0, 1.093)
    """
    tf, keras = backend.tensorflow(), backend.keras()
    each = tf.reduce_mean(keras.backend.binary_crossentropy(truth, probability), axis=(1, 2))  # (n, labels)
    common = tf.reduce_sum(truth * probability, axis=(1, 2))
    both = tf.reduce_sum(truth + probability, axis=(1, 2))
    return tf.reduce_mean(each + 1 - (2 * common + 1) / (both + 1), axis=-1)


def focal_and_distances(truth: Any, maps: Any) -> Any:
    """Return the loss of maps of centres above, of each film, (n,).

    Args:
        truth: What the maps should be, (n, cells, cells, labels + 4), see `imaging.centre_maps`.
        maps: In [0, 1], of the same shape.

    Example:
        >>> tf = backend.tensorflow()
        >>> right = tf.reshape(tf.constant([1.0, 0.5, 0.5, 0.0, 0.0]), (1, 1, 1, 5))  # one cell, a centre
        >>> other = tf.reshape(tf.constant([0.5, 0.5, 0.5, 0.5, 0.0]), (1, 1, 1, 5))
        >>> round(float(focal_and_distances(right, other)[0]), 3)  # (1 − 0.5)² ln 2 + 0.5
        0.673
    """
    tf = backend.tensorflow()
    labels = truth.shape[-1] - len(PLACES)
    wanted, heat = truth[..., :labels], tf.clip_by_value(maps[..., :labels], 1e-7, 1 - 1e-7)
    centre = tf.cast(wanted >= 1, heat.dtype)
    at = centre * (1 - heat) ** FOCUS * tf.math.log(heat)
    off = (1 - centre) * (1 - wanted) ** SPARED * heat**FOCUS * tf.math.log(1 - heat)
    there = tf.reduce_max(centre, axis=-1, keepdims=True)
    weight = tf.constant([SIZE_WEIGHT * maps.shape[1]] * 2 + [OFFSET_WEIGHT] * 2, heat.dtype)
    apart = tf.abs(truth[..., labels:] - maps[..., labels:]) * weight * there
    boxes = tf.maximum(tf.reduce_sum(centre, axis=(1, 2, 3)), 1.0)
    return (tf.reduce_sum(apart, axis=(1, 2, 3)) - tf.reduce_sum(at + off, axis=(1, 2, 3))) / boxes


# By the word of the task; others are Keras's own.
LOSSES: Mapping[str, Callable[[Any, Any], Any]] = {
    "binary_crossentropy": known_cross_entropy,
    "dice_and_cross_entropy": dice_and_cross_entropy,
    "focal_and_distances": focal_and_distances,
}
