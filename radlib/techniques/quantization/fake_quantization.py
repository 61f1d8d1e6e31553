"""Networks that round in training where their int8 file will: tfmot's wrappers, put where LiteRT needs them.

tfmot rounds the inputs and outputs of what LiteRT fuses to one operation (convolution, batch norm and ReLU). Three
things it leaves to the caller are done here: batch norm that follows no convolution is computed in float32 and rounded
after (DenseNet, ResNet V2); average pooling takes the range of its input, as LiteRT demands; and what is done to the
film up to its scaling is cut off and put back in float32.

It also takes some clustered kernels for ones with a list of values per channel, which ours never have.

The ranges of activations would start at ±6 and follow a moving average with a memory of 1,000 steps. They are set to
what representative films show instead, so that ten steps of training are as good as ten thousand.
"""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from radlib.foundation import backend
from radlib.foundation.errors import NotApplicable
from radlib.techniques.replacement import replace_layers
from radlib.techniques.separable_layers import separable_halves

BATCH_FILMS = 32  # of those that the ranges start from


def fake_quantized(model: Any, sparse: Sequence[str] = (), clustered: Sequence[str] = ()) -> Any:
    """Return a copy of a Keras model that rounds as its int8 file will.

    Args:
        model: A flat Keras model.
        sparse: Layers whose zeros stay zero.
        clustered: Layers whose kernels keep their number of values.

    Raises:
        UsageError: For a layer that tfmot cannot train so, with its name.
    """
    tfmot, keras = backend.tfmot(), backend.keras()
    front, body = split_front(model)
    annotated = _annotated(_split_separable(body))
    try:
        with backend.quiet_stderr(), _one_list_per_kernel(), _known_configs():
            trained = tfmot.quantization.keras.quantize_apply(annotated, scheme=_scheme(sparse, clustered))
    except (RuntimeError, ValueError) as error:
        raise NotApplicable(
            f"'qat' cannot train this network with int8 rounding ({' '.join(str(error).split())}); "
            "use 'int8', which needs no training."
        ) from error
    if front is None:
        return trained
    film = keras.Input(model.input_shape[1:], name="film")
    return keras.Model(film, trained(front(film)), name=model.name)


def split_front(model: Any) -> tuple[Any, Any]:
    """Return what a network does to the film up to its scaling (None if it does nothing), and the rest.

    tfmot knows no Rescaling, and rounding a film twice would help nobody.
    """
    keras = backend.keras()
    scalings = [layer for layer in model.layers if isinstance(layer, keras.layers.Rescaling)]
    if not scalings:
        return None, model
    cut = scalings[-1].output
    try:
        body = keras.models.clone_model(keras.Model(cut, model.outputs))
    except ValueError as error:
        raise NotApplicable(
            f"'qat' cannot separate the scaling {scalings[-1].name!r} from the layers after it; use 'int8', which "
            "needs no training."
        ) from error
    for layer in body.layers:
        if layer.weights:
            layer.set_weights(model.get_layer(layer.name).get_weights())
    return keras.Model(model.inputs, cut), body


def start_ranges(trained: Any, images: np.ndarray) -> None:
    """Set the ranges of all activations of a fake-quantized model to those seen on films.

    Args:
        trained: As `fake_quantized` returns it.
        images: Representative films, float32 (n, h, w, 1).
    """
    for variable in trained.non_trainable_variables:
        if variable.name.split(":")[0].endswith(("_min", "_max")) and not variable.shape:
            variable.assign(0.0)
    with _observing():
        for start in range(0, len(images), BATCH_FILMS):
            trained(images[start : start + BATCH_FILMS], training=False)


@contextlib.contextmanager
def _observing() -> Iterator[None]:
    """Let tfmot's quantizers widen their ranges to what they see and hand it on unrounded, inside the block."""
    tf, quant_ops = backend.tensorflow(), backend.tfmot_rounding().quant_ops

    def observe(inputs: Any, min_var: Any, max_var: Any, **_: Any) -> Any:
        min_var.assign(tf.minimum(min_var, tf.reduce_min(inputs)))
        max_var.assign(tf.maximum(max_var, tf.reduce_max(inputs)))
        return inputs

    seen = {"MovingAvgQuantize": observe, "AllValuesQuantize": observe}
    seen["LastValueQuantize"] = lambda inputs, *_, **__: inputs  # weights: their range is taken at every step
    kept = {name: getattr(quant_ops, name) for name in seen}
    try:
        for name, function in seen.items():
            setattr(quant_ops, name, function)
        yield
    finally:
        for name, function in kept.items():
            setattr(quant_ops, name, function)


def _known_configs() -> Any:
    """Return a scope in which a copy of a model finds the configurations that `_annotated` gives to single layers."""
    configs = backend.tfmot_rounding().default_8bit.default_8bit_quantize_configs
    given = (configs.Default8BitOutputQuantizeConfig, configs.NoOpQuantizeConfig)
    return backend.tfmot().quantization.keras.quantize_scope({each.__name__: each for each in given})


@contextlib.contextmanager
def _one_list_per_kernel() -> Iterator[None]:
    """Let clustered kernels keep one list of values inside the block.

    tfmot takes a kernel whose channels all have equally many values for one that was clustered channel by channel, and
    gives each channel a list of its own: sixteen values became a thousand.
    """
    registry = backend.tfmot_rounding().collab_opts.cluster_preserve.cluster_preserve_quantize_registry

    def centroids_of(layer: Any, weight: Any, data_format: str) -> tuple[Any, Any, Any, bool]:
        values, ids = registry.get_unique(weight)
        return values, backend.tensorflow().size(values), ids, False

    kept = registry.get_centroids
    try:
        registry.get_centroids = centroids_of
        yield
    finally:
        registry.get_centroids = kept


def _split_separable(body: Any) -> Any:
    """Return a network whose separable convolutions are two layers each, with names that no other layer has.

    tfmot splits them too, but has Keras count the names of the halves from `conv2d` on, and gives weights back by
    name: in a process that loaded its network, another layer may bear that name and would get those weights.
    """
    taken, replaced = {layer.name for layer in body.layers}, {}
    for layer in body.layers:
        if isinstance(layer, backend.keras().layers.SeparableConv2D):
            name = f"{layer.name}_depthwise"
            while name in taken:
                name += "_"
            taken.add(name)
            replaced[layer.name] = separable_halves(layer, name)
    return replace_layers(body, replaced) if replaced else body


def _annotated(body: Any) -> Any:
    """Return a copy of a model that tells tfmot how to quantize each layer."""
    tfmot, keras = backend.tfmot(), backend.keras()
    configs = backend.tfmot_rounding().default_8bit.default_8bit_quantize_configs
    known = tfmot.quantization.keras.default_8bit.Default8BitQuantizeRegistry()
    for layer in body.layers:
        plain = isinstance(layer, keras.layers.InputLayer | keras.layers.BatchNormalization)
        if not plain and not known.supports(layer):
            raise NotApplicable(
                f"'qat' cannot train through the layer {layer.name!r} ({type(layer).__name__}), which tfmot does not "
                "know how to quantize; use 'int8', which needs no training."
            )

    def annotate(layer: Any) -> Any:
        config = None
        if isinstance(layer, keras.layers.BatchNormalization) and not _folds(body.get_layer(layer.name)):
            config = configs.Default8BitOutputQuantizeConfig()
        if isinstance(layer, keras.layers.AveragePooling2D):
            config = configs.NoOpQuantizeConfig()  # LiteRT wants the scale of its input for its output
        return tfmot.quantization.keras.quantize_annotate_layer(layer, config)

    with backend.quiet_stderr():
        annotated = keras.models.clone_model(
            body, clone_function=lambda layer: annotate(type(layer).from_config(layer.get_config()))
        )
    annotated.set_weights(body.get_weights())
    return annotated


def _folds(norm: Any) -> bool:
    """Whether a batch norm follows a layer with a kernel and nothing else, so that conversion folds it in."""
    layers = backend.keras().layers
    kinds = (layers.Conv2D, layers.DepthwiseConv2D, layers.Dense)
    before = norm.inbound_nodes[0].inbound_layers
    return isinstance(before, kinds) and before.activation.__name__ == "linear"


def _scheme(sparse: Sequence[str], clustered: Sequence[str]) -> Any:
    """Return tfmot's default 8-bit scheme, preserving in the layers named."""
    tfmot = backend.tfmot()
    combine = tfmot.experimental.combine
    default = tfmot.quantization.keras.default_8bit.Default8BitQuantizeScheme

    class PreservingScheme(default):  # type: ignore[misc, valid-type]  # tfmot waits until it is asked
        """The default scheme with quantizers of weights that keep what each layer has."""

        def get_quantize_registry(self) -> Any:
            plain = super().get_quantize_registry()
            chosen = plain.get_quantize_config

            def get_quantize_config(layer: Any) -> Any:
                if layer.name in clustered:
                    # A scheme of its own: its quantizer changes with the layer it meets.
                    scheme = combine.Default8BitClusterPreserveQuantizeScheme(layer.name in sparse)
                    return scheme.get_quantize_registry().get_quantize_config(layer)
                if layer.name in sparse:
                    scheme = combine.Default8BitPrunePreserveQuantizeScheme()
                    return scheme.get_quantize_registry().get_quantize_config(layer)
                return chosen(layer)

            plain.get_quantize_config = get_quantize_config
            return plain

    return PreservingScheme()
