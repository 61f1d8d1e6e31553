"""What a network is made to lower, by the word that a task says: one value per film, in nats or in nats and a share.

*Cross-entropy* asks each answer by itself. Of an outline that is every pixel, and where one in twenty belongs to a lesion, "none"
is nearly right everywhere; so the share that is not in common is added, counted of the outline alone (soft Dice; Milletari et al.,
2016), over the film's pixels i:

    loss = mean CE(tᵢ, pᵢ) + 1 − (2 Σ tᵢ pᵢ + 1) / (Σ tᵢ + Σ pᵢ + 1)

The 1 makes an empty outline of an empty film cost nothing.

References:
    Milletari, Navab, Ahmadi (2016). V-Net. 3DV, arXiv 1606.04797. Isensee et al. (2021). nnU-Net. Nature Methods 18 (the sum).
"""

from typing import Any

from radlib.foundation import backend
from radlib.runs.tasks import Task


def loss_function(task: Task) -> Any:
    """Return the loss of a task: (targets, outputs), of one shape, to one value per film (n,)."""
    return backend.keras().losses.get(loss_named(task.loss))


def loss_named(name: str) -> Any:
    """Return a loss as Keras takes it: a function, or the name of one of its own."""
    return {"binary_crossentropy": known_cross_entropy, "dice_and_cross_entropy": dice_and_cross_entropy}.get(
        name, name
    )


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
