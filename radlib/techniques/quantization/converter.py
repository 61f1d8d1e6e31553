"""Post-training quantization: store a trained network in fewer bits, without training it again.

An affine code represents a real number as `r = S · (q − Z)` with an integer q, a scale S and a zero point Z
(Jacob et al., 2018, equation 1). Weights are coded symmetrically (Z = 0) per output channel in [−127, 127];
activations per tensor, with ranges measured on representative training films. All files have batch 1.

A Keras network is quantized by TensorFlow's converter while it is converted. One that is a float32 LiteRT file already,
imported or after `float32`, is rewritten by a recipe of the AI Edge Quantizer (see `aeq_recipes`) under the same name: what is
stored and computed is the same, but for the scaling of the film in front, which stays float32 then. `int8` always goes
that way, since what it does against the loss by rounding is done to the float32 file.

| technique | weights | activations | input and output |
|---|---|---|---|
| `float32` | float32 | float32 | float32 |
| `float16` | float16, widened when loaded | float32 | float32 |
| `dynamic` | int8 | quantized on the fly, per call | float32 |
| `int8` | int8 | int8, fixed ranges | float32 |
| `int8_io` | int8 | int8, fixed ranges | int8 |
| `int16x8` | int8 | int16, fixed ranges | float32 |
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Annotated, Any

import numpy as np

from radlib.foundation import backend
from radlib.foundation.errors import NotApplicable
from radlib.foundation.registry import TECHNIQUES
from radlib.foundation.value_types import Range
from radlib.techniques.data import Product, TechniqueData
from radlib.techniques.quantization import aeq_recipes as recipes, fixed_ranges
from radlib.techniques.quantization.activation_ranges import Ends
from radlib.techniques.quantization.weight_grids import Preparation, Rounding

EITHER = ("keras", "tflite")
RepresentativeFilms = Annotated[int, Range(1, 100_000)]
quantizer = partial(TECHNIQUES.register, produces="tflite", trains=False, revision=1, kind="quantization")


@TECHNIQUES.register(
    consumes="keras", produces="tflite", trains=False, revision=1, label="float32", kind="runtime"
)
def float32(model: Any, data: TechniqueData) -> Product:
    """Convert to a LiteRT file without quantization, so that others are compared within one runtime."""
    return Product(convert(model))


@quantizer(consumes=EITHER, label="dynamic", former="aeq_dynamic")
def dynamic(model: Any, data: TechniqueData) -> Product:
    """Store weights as int8 and quantize activations during each call (dynamic range).

    Kernels of fewer than 1,024 weights stay float32: they weigh nothing.
    """
    if isinstance(model, bytes):
        return recipes.dynamic(model)

    def options(tf: Any, converter: Any) -> None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]

    return Product(convert(model, options))


@quantizer(consumes=EITHER, label="float16", former="aeq_float16")
def float16(model: Any, data: TechniqueData) -> Product:
    """Store weights as float16; the runtime widens them to float32 when it loads the file."""
    if isinstance(model, bytes):
        return recipes.float16(model)

    def options(tf: Any, converter: Any) -> None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_types = [tf.float16]

    return Product(convert(model, options))


@quantizer(consumes=EITHER, label="int8", former="aeq_int8", revision=2)
def int8(
    model: Any,
    data: TechniqueData,
    *,
    representative_films: RepresentativeFilms = 100,
    correct_bias: bool = True,
    equalize: bool = False,
    rounding: Rounding = "nearest",
    ranges: Ends = "extremes",
) -> Product:
    """Store weights and compute activations as int8; input and output stay float32.

    Rounded weights shift the mean of what a layer gives, most where a channel has few of them; the biases take that back. So
    a Keras network is converted to float32 and quantized then; one that the AI Edge Quantizer does not know is left to
    TensorFlow's converter, without correction (the details say so).

    Args:
        model: A Keras model, or a float32 LiteRT file.
        data: The films.
        representative_films: Training films from which the ranges of the activations and the means are measured.
        correct_bias: Whether biases give back the mean that rounding takes (Nagel et al., 2019).
        equalize: Whether channels between two layers are brought to one size first (Nagel et al., 2019).
        rounding: `nearest`, or `learned` on the films, layer by layer (AdaRound, Nagel et al., 2020): minutes.
        ranges: Where the ranges of activations end: at the `extremes`, at a `percentile` of all values, or at
            the `least_error` in squares.

    Returns:
        The bytes of an int8 LiteRT file; the details hold the films and, of the AI Edge Quantizer, the recipe.

    References:
        Nagel et al. (2019). Data-free quantization through weight equalization and bias correction. ICCV,
            arXiv 1906.04721.
        Nagel et al. (2020). Up or down? Adaptive rounding for post-training quantization. ICML, arXiv 2004.10568.
    """
    preparation = Preparation(correct_bias, equalize, rounding)
    plain = model if isinstance(model, bytes) else convert(model)
    try:
        return fixed_ranges.calibrated(
            plain, data, representative_films, activation_bits=8, preparation=preparation, ends=ranges
        )
    except NotApplicable:
        if isinstance(model, bytes) or (preparation, ranges) != (Preparation(), "extremes"):
            raise
    made = calibrated(model, data, representative_films, operations="TFLITE_BUILTINS_INT8")
    return Product(made.payload, {**made.details, "correct_bias": False})


@quantizer(consumes="keras", label="int8 (int8 in and out)")
def int8_io(model: Any, data: TechniqueData, *, representative_films: RepresentativeFilms = 100) -> Product:
    """As `int8`, with int8 input and output too, for devices without a floating-point unit.

    Args:
        model: A Keras model.
        data: The films.
        representative_films: Training films from which the ranges of the activations are measured.
    """
    return calibrated(model, data, representative_films, operations="TFLITE_BUILTINS_INT8", integer_ends=True)


@quantizer(consumes=EITHER, label="int16x8", former="aeq_int16x8")
def int16x8(model: Any, data: TechniqueData, *, representative_films: RepresentativeFilms = 100) -> Product:
    """Store weights as int8 and compute activations as int16; input and output stay float32.

    Nearer to float32 than `int8`, but today's kernels for it are plain reference code, tens of times slower.

    Args:
        model: A Keras model, or a float32 LiteRT file.
        data: The films.
        representative_films: Training films from which the ranges of the activations are measured.
    """
    if isinstance(model, bytes):
        return fixed_ranges.calibrated(model, data, representative_films, activation_bits=16)
    return calibrated(
        model,
        data,
        representative_films,
        operations="EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8",
    )


def convert(model: Any, options: Callable[[Any, Any], None] | None = None) -> bytes:
    """Return the LiteRT file of a Keras model, with batch 1.

    The converter saves what it is handed and reads it back. Of a Keras model that would be every layer with all its
    functions, traced anew; of a plain module with one function the file is the same, in a quarter of the time.

    Args:
        model: A Keras model with one input (h, w, channels).
        options: Sets the converter's options; called with TensorFlow and the converter.

    Raises:
        NotApplicable: When the converter refuses the network.
    """
    tf = backend.tensorflow()
    signature = tf.TensorSpec((1, *model.input_shape[1:]), tf.float32, name="image")
    concrete = tf.function(lambda image: model(image, training=False)).get_concrete_function(signature)
    module = tf.Module()
    module.held = model.variables
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], module)
    if options is not None:
        options(tf, converter)
    try:
        with backend.quiet_stderr():
            return converter.convert()
    except MemoryError:
        raise
    except Exception as error:  # the converter raises kinds of its own, none of them public
        reason = (" ".join(str(error).split()) or type(error).__name__)[:200]
        raise NotApplicable(
            f"TensorFlow's converter cannot turn the network into this kind of LiteRT file ({reason}); take another."
        ) from error


def calibrated(
    model: Any, data: TechniqueData, representative_films: int, *, operations: str, integer_ends: bool = False
) -> Product:
    """Convert with activation ranges measured on representative training films, whose ids are recorded.

    Args:
        model: A Keras model.
        data: The films.
        representative_films: How many training films to measure on.
        operations: Name of the converter's set of integer operations.
        integer_ends: Whether input and output are int8 too.
    """
    images, image_ids = data.representative(representative_films, seed=data.settings.seed)

    def samples() -> Iterator[list[np.ndarray]]:
        for image in images:
            yield [image[None]]  # (1, h, w, 1)

    def options(tf: Any, converter: Any) -> None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = samples
        converter.target_spec.supported_ops = [getattr(tf.lite.OpsSet, operations)]
        if integer_ends:
            converter.inference_input_type = converter.inference_output_type = tf.int8

    return Product(convert(model, options), {"representative_films": image_ids})
