"""Recipes of the AI Edge Quantizer: one conversion to LiteRT, then as many quantized files as are wanted.

TensorFlow's converter quantizes while it converts, so each of its schemes converts the network anew, which takes
tens of seconds for a deep one. The AI Edge Quantizer rewrites a finished float32 file instead: it reads the graph,
codes each weight tensor as `q = round(w / S)` with a scale S per output channel, and notes in the file what the
kernels are to compute with. The float32 file is converted once; a recipe then takes a second, and calibration as
long as it takes to read the films. It alone writes weights of 4 bits.

What a range is decides more than who applies it. The quantizer's own calibration follows a moving average of the
extremes, which clips what is rare; here the extremes over all representative films hold, as in the converter.
With 15 levels the largest weight of a channel is a poor range too: OCTAV (Sakr et al., 2022, equation 6) finds the
one with the least squared error, where rounding and clipping balance, by Newton's iteration
`c ← Σ |w| 1(|w| > c) / (4⁻ᵇ / 3 · n(0 < |w| ≤ c) + n(|w| > c))`.
First and last layer, and depthwise kernels, which hold few weights that much depends on, keep 8 bits at 4: in a
deep network this is the difference between a loss in the third decimal of the AUROC and one in the first.

| technique | weights | activations | input and output |
|---|---|---|---|
| `aeq_dynamic` | int8 | quantized on the fly, per call | float32 |
| `aeq_weight_only` | int8, widened when used | float32 | float32 |
| `aeq_int8` | int8 | int8, fixed ranges | float32 |
| `aeq_int16x8` | int8 | int16, fixed ranges | float32 |
| `aeq_int4` | int4; int8 in the first, last and depthwise layers | quantized on the fly, per call | float32 |
"""

from typing import Annotated, Any, Literal

from radlib.foundation.errors import UsageError
from radlib.foundation.registry import TECHNIQUES
from radlib.foundation.value_types import Range
from radlib.techniques.data import Product, TechniqueData
from radlib.techniques.quantization.aeq_fitness import WITH_WEIGHTS, refuse_quantized, stored_kernels
from radlib.techniques.quantization.aeq_recipes import Recipe, floating, only, operations, quantize, rule


@TECHNIQUES.register(
    consumes="tflite",
    produces="tflite",
    trains=False,
    revision=1,
    label="AI Edge dynamic",
    kind="quantization",
)
def aeq_dynamic(
    model: bytes, data: TechniqueData, *, smallest_kernel: Annotated[int, Range(0)] = 1024
) -> Product:
    """Store weights as int8 and quantize activations during each call, from the float32 LiteRT file.

    Args:
        model: A float32 LiteRT file.
        data: The films; none is looked at.
        smallest_kernel: Kernels with fewer weights stay float32, as the converter leaves them: they weigh nothing,
            and the first layer is one of them.
    """
    return _product(model, [rule(weight_bits=8, smallest_kernel=smallest_kernel)])


@TECHNIQUES.register(
    consumes="tflite",
    produces="tflite",
    trains=False,
    revision=1,
    label="AI Edge weights only",
    kind="quantization",
)
def aeq_weight_only(
    model: bytes, data: TechniqueData, *, smallest_kernel: Annotated[int, Range(0)] = 1024
) -> Product:
    """Store weights as int8 and compute in float32: the file shrinks and no activation is rounded.

    Args:
        model: A float32 LiteRT file.
        data: The films; none is looked at.
        smallest_kernel: Kernels with fewer weights stay float32.
    """
    return _product(model, [rule(weight_bits=8, integer=False, smallest_kernel=smallest_kernel)])


@TECHNIQUES.register(
    consumes="tflite", produces="tflite", trains=False, revision=1, label="AI Edge int8", kind="quantization"
)
def aeq_int8(
    model: bytes, data: TechniqueData, *, representative_films: Annotated[int, Range(1, 100_000)] = 100
) -> Product:
    """Store weights and compute activations as int8; input, its scaling and output stay float32.

    Args:
        model: A float32 LiteRT file.
        data: The films.
        representative_films: Training films from which the ranges of the activations are measured; those of `int8`.

    Returns:
        The file; the details name the films.
    """
    return _calibrated(model, data, representative_films, activation_bits=8)


@TECHNIQUES.register(
    consumes="tflite",
    produces="tflite",
    trains=False,
    revision=1,
    label="AI Edge int16x8",
    kind="quantization",
)
def aeq_int16x8(
    model: bytes, data: TechniqueData, *, representative_films: Annotated[int, Range(1, 100_000)] = 100
) -> Product:
    """Store weights as int8 and compute activations as int16; input, its scaling and output stay float32.

    Nearer to float32 than `aeq_int8`, but today's kernels for it are plain reference code, tens of times slower.

    Args:
        model: A float32 LiteRT file.
        data: The films.
        representative_films: Training films from which the ranges of the activations are measured.

    Returns:
        The file; the details name the films.
    """
    return _calibrated(model, data, representative_films, activation_bits=16)


@TECHNIQUES.register(
    consumes="tflite", produces="tflite", trains=False, revision=1, label="AI Edge int4", kind="quantization"
)
def aeq_int4(
    model: bytes,
    data: TechniqueData,
    *,
    integer: bool = True,
    spared_bits: Literal[4, 8] = 8,
    smallest_kernel: Annotated[int, Range(0)] = 1024,
) -> Product:
    """Store weights as int4 within the ranges that OCTAV finds: half the bytes of int8.

    Args:
        model: A float32 LiteRT file.
        data: The films; none is looked at.
        integer: Whether to compute with integers, activations quantized during each call; else weights are widened
            to float32 when used, which is some times slower.
        spared_bits: Of the weights of first and last layer: 8, or 4 to spare none. Depthwise kernels have 8 bits
            in any case, the fewest that LiteRT runs.
        smallest_kernel: Kernels with fewer weights stay float32.

    Returns:
        The file; the details hold the recipe.

    Raises:
        UsageError: For other bits than 4 or 8.
        NotApplicable: When it has no float32 weights.

    References:
        Sakr et al. (2022). Optimal clipping and magnitude-aware differentiation for improved quantization-aware
            training. ICML, arXiv 2206.06501.
    """
    if spared_bits not in (4, 8):
        raise UsageError(f"spared_bits is 4 or 8, not {spared_bits}.")
    refuse_quantized(stored_kernels(model))
    plain: dict[str, Any] = {"integer": integer, "smallest_kernel": smallest_kernel}
    recipe = [rule(weight_bits=8, **plain)]
    for operation in ("CONV_2D", "FULLY_CONNECTED"):
        recipe.append(rule(weight_bits=4, operation=operation, algorithm="OCTAV", **plain))
    if spared_bits == 8:
        with_weights = [scope for kind, scope in operations(model) if kind in WITH_WEIGHTS]
        for scope in dict.fromkeys((with_weights[0], with_weights[-1])):
            recipe.append(rule(weight_bits=8, scope=only(scope), **plain))
    return _product(model, recipe)


def _calibrated(
    model: bytes, data: TechniqueData, representative_films: int, *, activation_bits: int
) -> Product:
    """Quantize weights and activations; what happens to the film before the first kernel stays float32.

    There LiteRT would round the film once more, and of int16 additions it runs only some.
    """
    images, image_ids = data.representative(representative_films, seed=data.settings.seed)
    recipe = [rule(weight_bits=8, activation_bits=activation_bits), floating(operation="INPUT")]
    recipe.append(floating(operation="OUTPUT"))
    for kind, scope in operations(model):
        if kind in WITH_WEIGHTS:
            break
        recipe.append(floating(scope=only(scope)))
    details = {"recipe": recipe, "representative_films": image_ids}
    return Product(quantize(model, recipe, images), details)


def _product(model: bytes, recipe: Recipe) -> Product:
    """Return what a recipe without calibration makes, with the recipe."""
    return Product(quantize(model, recipe), {"recipe": recipe})
