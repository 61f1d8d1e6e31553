"""Where a Keras network looks, asked by gradients: Grad-CAM of its last convolution.

Each channel of the last convolution is weighed by how much it raises the log-odds of the finding, on the mean over the
film; the weighted sum of the channels, without what lowers them, is the map (Selvaraju et al., 2017). Log-odds instead
of the probability, whose gradient vanishes where a network is sure.

References:
    Selvaraju et al. (2017). Grad-CAM: visual explanations from deep networks via gradient-based localization. ICCV,
        arXiv 1610.02391.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from radlib.evaluation.insides.correspondence import kernel_of
from radlib.evaluation.insides.layers import block_ends
from radlib.foundation import backend
from radlib.foundation.errors import UsageError

FILMS_AT_ONCE = 8


def grad_cam(model: Any, films: np.ndarray, outputs: Sequence[int] | np.ndarray) -> np.ndarray:
    """Return where a network sees a finding in each film.

    Args:
        model: A Keras network whose outputs are probabilities.
        films: float32 (n, h, w, 1) in [0, 1].
        outputs: Which output is asked about, (n,).

    Returns:
        float32 (n, rows, columns) at the resolution of the last convolution, not negative; all zero where nothing
        speaks for the finding.

    Raises:
        UsageError: When the network has no convolution.
    """
    tensorflow = backend.tensorflow()
    convolutions = [name for name in block_ends(model) if kernel_of(model.get_layer(name)).ndim == 4]
    if not convolutions:
        raise UsageError(
            f"{model.name} has no convolution, so Grad-CAM has nothing to draw; use occlusion instead."
        )
    last = model.get_layer(block_ends(model)[convolutions[-1]])
    part = backend.keras().Model(model.inputs, [last.output, _before_activation(model)])
    maps = []
    for start in range(0, len(films), FILMS_AT_ONCE):
        batch, asked = films[start : start + FILMS_AT_ONCE], outputs[start : start + FILMS_AT_ONCE]
        with tensorflow.GradientTape() as tape:
            channels, features = part(batch, training=False)  # (n, rows, columns, c), (n, features)
            odds = _log_odds(model, features, np.asarray(asked))
        slopes = tape.gradient(odds, channels)
        weights = tensorflow.reduce_mean(slopes, axis=(1, 2), keepdims=True)
        maps.append(tensorflow.nn.relu(tensorflow.reduce_sum(weights * channels, axis=-1)).numpy())
    return np.concatenate(maps)


def _before_activation(model: Any) -> Any:
    """Return what the network's last dense layer reads.

    Raises:
        UsageError: When the network does not end in one: its probabilities alone have no gradient where it is sure.
    """
    head = model.layers[-1]
    if not isinstance(head, backend.keras().layers.Dense):
        raise UsageError(
            f"{model.name} does not end in a dense layer, which Grad-CAM here needs; use occlusion instead."
        )
    return head.input


def _log_odds(model: Any, features: Any, asked: np.ndarray) -> Any:
    """Return log p / (1 − p) of the outputs asked about, from the sums before the activation; it never saturates."""
    tensorflow, head = backend.tensorflow(), model.layers[-1]
    logits = tensorflow.linalg.matmul(features, head.kernel)
    logits = logits + head.bias if head.use_bias else logits
    chosen = tensorflow.gather(logits, asked, axis=1, batch_dims=1)
    if head.activation.__name__ != "softmax":
        return chosen
    own = tensorflow.one_hot(asked, logits.shape[-1], on_value=-np.inf, off_value=0.0)
    return chosen - tensorflow.reduce_logsumexp(logits + own, axis=1)
