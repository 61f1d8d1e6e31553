"""Quantization-aware training: let the network feel the rounding of int8 while it can still answer to it.

Where the int8 file will round, the network in training rounds too ("fake quantization", Jacob et al., 2018,
section 3): `q(r) = S · clip(round(r / S) + Z, −128, 127) − S · Z`, while gradients pass as if it did not (a
straight-through estimate). The converter then finds every range in the network and needs no films. Post-training
quantization rounds a network that never knew; here the weights move to where rounding costs less.

What the parent was is kept. In a pruned network a plain step of training gives zeros other values, and pruned +
int8 would lose by training what it had won: so gradients of zeros are masked (PQAT). Of a clustered one the
centroids train, not the weights (CQAT), so that a channel still has as few codes as it had values. Both hold where
both do (PCQAT). This is decided layer by layer from the weights themselves.

Two things differ from tfmot's defaults. Its ranges of activations start at ±6 and follow a moving average of a
thousand steps, more than a fine-tuning has: here they start from representative films. And what a network does to
the film before its first kernel (channels, scale) stays float32 in front of the part that is quantized.

| technique | weights | activations | input and output |
|---|---|---|---|
| `qat` | int8, trained to it | int8, fixed ranges | float32 |
"""

from typing import Annotated, Any

from radlib.foundation.value_types import Factor, Range
from radlib.techniques.data import Product, TechniqueData, trained_technique
from radlib.techniques.kernels import (
    clustered_layers,
    measured_sparsity,
    prunable_layers,
    sparse_layers,
    unique_values,
    whole_layers,
)
from radlib.techniques.quantization.converter import RepresentativeFilms, convert
from radlib.techniques.quantization.fake_quantization import fake_quantized, start_ranges


@trained_technique(produces="tflite", label="int8 by QAT", kind="quantization")
def qat(
    model: Any,
    data: TechniqueData,
    *,
    qat_epochs: Annotated[int, Range(1, 10_000)] = 2,
    learning_rate_share: Factor = 0.1,
    representative_films: RepresentativeFilms = 100,
) -> Product:
    """Fine-tune with int8 rounding and convert; zeros and clusters of the parent are kept.

    Weights and activations are int8, input and output float32, as of `int8`. Batch norm that follows no
    convolution (DenseNet, ResNet V2) is computed in float32 between two conversions.

    Args:
        model: A trained Keras model; pruned, clustered, both or neither.
        data: The films.
        qat_epochs: Passes over the training films, at least 1.
        learning_rate_share: Learning rate of the fine-tuning, as a share of the baseline's.
        representative_films: Training films from which the ranges of the activations start.

    Returns:
        The bytes of an int8 LiteRT file. The details hold `preserves` (`nothing`, `sparsity`, `clusters` or
        `sparsity and clusters`) and, of what was preserved, the share of zeros or the values per kernel before.

    Raises:
        UsageError: For a layer that tfmot cannot train so, with its name.

    References:
        Jacob et al. (2018). Quantization and training of neural networks for efficient
            integer-arithmetic-only inference. CVPR, arXiv 1712.05877.
    """
    sparse, clustered = sparse_layers(model, whole_layers(model)), clustered_layers(model)
    trained = fake_quantized(model, sparse, clustered)
    images, image_ids = data.representative(representative_films, seed=data.settings.seed)
    start_ranges(trained, images)
    history = data.fine_tune(trained, epochs=qat_epochs, learning_rate_share=learning_rate_share)

    def options(tf: Any, converter: Any) -> None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]

    kept = [word for word, names in (("sparsity", sparse), ("clusters", clustered)) if names]
    details: dict[str, Any] = {
        "preserves": " and ".join(kept) or "nothing",
        "representative_films": image_ids,
    }
    if sparse:
        details["sparsity"] = measured_sparsity(model, prunable_layers(model))
    if clustered:
        details["unique_values"] = unique_values(model, clustered)
    return Product(convert(trained, options), details, history)
