"""XNOR-Net: convolutions of signs, one bit a weight (Rastegari et al., 2016).

Of a filter only the signs of its weights remain, and one scale; of its inputs only their signs, and a scale at each
place. A convolution is then bits compared and counted, and its file a 32nd (see `binary_layers` for the
equations and the gradients, `sign_products` for the counting, `formats.xnor_net` for the file).

**Order within a block.** The paper's is batch norm, signs, convolution, pooling. What comes here is a trained
network of convolution, batch norm, ReLU, pooling. What a ReLU lets through is never negative, so that its signs would
all be the same; therefore each binary convolution gets a batch norm of its own in front, which puts the threshold
where it tells most. What followed the convolution still follows it: its batch norm, the ReLU, which the paper keeps in
large networks, and the pooling, which so takes real numbers (a maximum of signs is nearly always +1). This works in
any graph: after additions, concatenations and poolings alike.

**Spared.** The first convolution (its input is the film) and the last layer, as in the paper; dense layers; depthwise
and grouped kernels (the dot product of nine signs has ten values, and they are few of the weights); kernels on maps of
one pixel (gates of squeeze-and-excitation, where nothing averages out the error). A separable layer becomes its
depthwise half, kept, and its 1 × 1 half, binary.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np

from radlib.architectures import counting
from radlib.foundation import backend
from radlib.foundation.value_types import Factor, Range
from radlib.techniques.batch_norm import reduce_batch_norm
from radlib.techniques.data import Product, TechniqueData, trained_technique
from radlib.techniques.xnor_net.binary_layers import stored_layer
from radlib.techniques.xnor_net.binary_networks import binary_candidates, stored_model, trainer_of
from radlib.techniques.xnor_net.file_format import encode_model, itemise

HALF_STEP = 2.0**-11  # largest relative error of rounding to float16


@trained_technique(
    produces="xnor_net",
    label="XNOR-Net",
    kind="binary",
    unfit={"zeros": "a weight of one bit is never zero; remove whole filters with 'filter_pruning' instead"},
)
def xnor_net(
    model: Any,
    data: TechniqueData,
    *,
    activations: Literal["binary", "float"] = "binary",
    input_scale: bool = True,
    spared_layers: Sequence[str] = (),
    binary_epochs: Annotated[int, Range(1, 10_000)] = 8,
    learning_rate_share: Factor = 1.0,
    half_precision: bool = True,
) -> Product:
    """Make the inner convolutions binary, in weights and inputs, train on, and store one bit a weight.

    Args:
        model: A trained Keras model.
        data: The films.
        activations: `binary`, or `float` for binary weights alone (BWN), which loses less and counts no bits.
        input_scale: Whether binary inputs keep a scale at each place, K.
        spared_layers: Names of further convolutions to leave as they are.
        binary_epochs: Passes over the training films, at least 1.
        learning_rate_share: Highest learning rate, as a share of the baseline's.
        half_precision: Whether what is not binary is rounded to float16, batch norm as scale and shift; the details
            say by how much any probability moved.

    Returns:
        The bytes of a `.rdx` file. The details hold `bytes` per part, what a float32 copy of the parent's weights
        weighs (`fp32_bytes`), `binary_weights` (how many), their share of the network's kernels
        (`binary_share`), and `layers`: per binary layer the shape of its kernel and the mean of α.

    Raises:
        UsageError: When no convolution can be binary, a name is unknown, or the network was pruned weight by weight.

    References:
        Rastegari, Ordonez, Redmon, Farhadi (2016). XNOR-Net: ImageNet classification using binary convolutional
            neural networks. ECCV, arXiv 1603.05279.
    """
    names = binary_candidates(model, spared_layers)
    trainer = trainer_of(model, names, binary_inputs=activations == "binary", input_scale=input_scale)
    history = data.fine_tune(trainer, epochs=binary_epochs, learning_rate_share=learning_rate_share)
    binary = stored_model(trainer)
    details: dict[str, Any] = {}
    if half_precision:
        details["moved_by_half_precision"] = data.moved_by(round_to_half, binary)
    content = encode_model(binary, data.described())
    return Product(content, {**details, **summarise(model, binary, content)}, history)


def round_to_half(model: Any) -> None:
    """Round what is not binary to numbers that float16 holds, in place; batch norm to a scale and a shift.

    A tensor that float16 cannot hold to a 2,048th of its largest number is left as it is.
    """
    reduce_batch_norm(model)
    for layer in model.layers:
        if isinstance(layer, backend.keras().layers.BatchNormalization):
            continue
        rounded = []
        for values in layer.get_weights():
            with np.errstate(over="ignore"):  # too large becomes infinite, and so differs
                half = values.astype(np.float16).astype(np.float32)
            lost = np.abs(half - values).max(initial=0)
            rounded.append(half if lost <= HALF_STEP * np.abs(values).max(initial=0) else values)
        layer.set_weights(rounded)


def summarise(parent: Any, model: Any, content: bytes) -> dict[str, Any]:
    """Return what an XNOR-Net file weighs, part by part, and what of the network is binary, JSON-able."""
    rows = []
    for layer in model.layers:
        if isinstance(layer, stored_layer()):
            shape = [int(side) for side in layer.kernel.shape]
            rows.append(
                {"layer": layer.name, "shape": shape, "mean_scale": float(layer.scales.numpy().mean())}
            )
    binary = int(sum(np.prod(row["shape"]) for row in rows))
    kernels = int(counting.layer_table(parent)["weights"].sum())
    return {
        "fp32_bytes": 4 * counting.parameters(parent),
        "bytes": {name: int(count) for name, count in itemise(content).items()},
        "binary_weights": binary,
        "binary_share": binary / kernels,
        "layers": rows,
    }
