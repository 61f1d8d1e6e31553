"""Weights that share few values, and their training: what Deep Compression does before it codes anything.

Han et al. (2016), section 3: each kernel gets a codebook, each weight the id of a value in it; ids are then
frozen. All weights of a cluster are one number, so the gradient of that number is the sum of theirs.
"""

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np

from radlib.architectures.counting import KERNELS
from radlib.formats.graphs import weight_name
from radlib.foundation import backend
from radlib.techniques.deep_compression.codebooks import cluster_weights
from radlib.techniques.kernels import prunable_layers

Shared = dict[str, dict[str, tuple[np.ndarray, np.ndarray]]]  # layer, attribute: codebook, ids of its weights


def share_weights(model: Any, clusters: int, spared_clusters: int, rate_weight: float = 0.0) -> Shared:
    """Return codebooks and ids of all kernels of a model that are worth a codebook.

    Args:
        model: A Keras model.
        clusters: Values per kernel of the layers that pruning reaches.
        spared_clusters: Values per kernel of all others.
        rate_weight: See `codebooks.cluster_weights`.

    Returns:
        {layer: {attribute: (codebook float32 (k,), ids int32 (weights,))}}; id 0 is a zero weight, id i the value
        i − 1 of the codebook.
    """
    reached = set(prunable_layers(model))
    shared: Shared = {}
    for layer in model.layers:
        for attribute in KERNELS:
            kernel = getattr(layer, attribute, None)
            if kernel is None:
                continue
            values = kernel.numpy().ravel()
            alive = np.flatnonzero(values)
            whole = layer.name in reached and attribute != "depthwise_kernel"
            count = clusters if whole else spared_clusters
            if 4 * count + len(alive) * np.log2(count) / 8 >= 4 * len(alive):
                continue  # the codebook would weigh more than it saves
            codebook, ids = cluster_weights(values[alive], count, rate_weight=rate_weight)
            all_ids = np.zeros(values.size, np.int32)
            all_ids[alive] = ids.astype(np.int32) + 1
            shared.setdefault(layer.name, {})[attribute] = (codebook, all_ids)
    return shared


def trainer_of(model: Any, shared: Shared) -> Any:
    """Return a copy of a model whose shared kernels are looked up in codebooks, the only part of them to train.

    Args:
        model: A Keras model.
        shared: As `share_weights` returns it.

    Returns:
        A Keras model with layers of the same names.
    """
    keras = backend.keras()

    def wrap(layer: Any) -> Any:
        fresh = type(layer).from_config(layer.get_config())
        return _looked_up()(fresh, shared[layer.name]) if layer.name in shared else fresh

    trainer = keras.models.clone_model(model, clone_function=wrap)
    for layer in trainer.layers:
        original = model.get_layer(layer.name)
        if layer.name not in shared:
            layer.set_weights(original.get_weights())
        elif getattr(original, "use_bias", False):
            layer.layer.bias.assign(original.bias)
    return trainer


def shared_model(model: Any, trainer: Any, shared: Shared) -> Any:
    """Return the model with the weights of its trainer, as plain layers.

    Args:
        model: The model that the trainer was made of.
        trainer: As `trainer_of` returns it, trained or not.
        shared: As `share_weights` returns it.
    """
    plain = backend.keras().models.clone_model(model)
    for layer in plain.layers:
        trained = trainer.get_layer(layer.name)
        if layer.name not in shared:
            layer.set_weights([_unsigned_zeros(values) for values in trained.get_weights()])
            continue
        for variable in layer.weights:
            name = weight_name(variable)
            if name in shared[layer.name]:
                ids = shared[layer.name][name][1]
                codebook = trained.codebooks[name].numpy()
                values = np.concatenate([np.zeros(1, np.float32), codebook])[ids].reshape(variable.shape)
            else:
                values = getattr(trained.layer, name).numpy()
            variable.assign(_unsigned_zeros(values))
    return plain


def _unsigned_zeros(values: np.ndarray) -> np.ndarray:
    """Return values without negative zeros, which masks leave behind and a coded file does not keep."""
    return values + values.dtype.type(0)


@functools.cache
def _looked_up() -> type:
    """Return the Keras layer that wraps another and looks its kernels up in trained codebooks."""
    tf, keras = backend.tensorflow(), backend.keras()

    class LookedUp(keras.layers.Wrapper):  # type: ignore[name-defined]  # Keras waits until it is asked
        """A layer whose kernels are looked up in codebooks; only those, and its bias, train."""

        def __init__(self, layer: Any, tensors: Mapping[str, tuple[np.ndarray, np.ndarray]]):
            super().__init__(layer, name=layer.name)
            self.tensors = dict(tensors)
            self.codebooks: dict[str, Any] = {}

        def build(self, input_shape: Any) -> None:
            super().build(input_shape)
            self.ids, self.shapes = {}, {}
            for name, (codebook, ids) in self.tensors.items():
                kernel = getattr(self.layer, name)
                self.shapes[name], self.ids[name] = kernel.shape, tf.constant(ids)
                self.layer._trainable_weights = [w for w in self.layer._trainable_weights if w is not kernel]
                initial = keras.initializers.Constant(codebook)
                self.codebooks[name] = self.add_weight(
                    f"{name}_codebook", codebook.shape, initializer=initial
                )

        def call(self, inputs: Any) -> Any:
            for name, codebook in self.codebooks.items():
                setattr(self.layer, name, _look_up(codebook, self.ids[name], self.shapes[name]))
            return self.layer(inputs)

    return LookedUp


def _look_up(codebook: Any, ids: Any, shape: tuple[int, ...]) -> Any:
    """Return a kernel whose weights are a codebook's values, 0 where the id is; gradients sum per value."""
    tf = backend.tensorflow()

    @tf.custom_gradient
    def kernel(values: Any) -> Any:
        def gradient(upstream: Any) -> Any:
            flat = tf.reshape(upstream, [-1])
            return tf.math.unsorted_segment_sum(flat, ids, codebook.shape[0] + 1)[1:]

        return tf.reshape(tf.gather(tf.concat([[0.0], values], 0), ids), shape), gradient

    return kernel(tf.convert_to_tensor(codebook))
