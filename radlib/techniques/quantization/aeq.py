"""What only a finished LiteRT file can become: weights of 8 bits that are widened when used, and weights of 4.

TensorFlow's converter quantizes while it converts, so that each of its schemes converts the network anew, which takes
tens of seconds for a deep one. The AI Edge Quantizer rewrites a finished float32 file instead (see `aeq_recipes`): the file
is converted once, and a recipe then takes a second. It alone writes weights of 4 bits.

With 15 levels the largest weight of a channel is a poor range: OCTAV (Sakr et al., 2022, equation 6) finds the
one with the least squared error, where rounding and clipping balance, by Newton's iteration
`c ← Σ |w| 1(|w| > c) / (4⁻ᵇ / 3 · n(0 < |w| ≤ c) + n(|w| > c))`.
First and last layer, and depthwise kernels, which hold few weights that much depends on, keep 8 bits at 4: in a
deep network this is the difference between a loss in the third decimal of the AUROC and one in the first.

| technique | weights | activations | input and output |
|---|---|---|---|
| `aeq_weight_only` | int8, widened when used | float32 | float32 |
| `aeq_int4` | int4; int8 in the first, last and depthwise layers | quantized on the fly, per call | float32 |
"""

from typing import Annotated, Any, Literal

from radlib.foundation.registry import TECHNIQUES
from radlib.foundation.value_types import Range
from radlib.techniques.data import Product, TechniqueData
from radlib.techniques.quantization.aeq_fitness import WITH_WEIGHTS, refuse_quantized, stored_kernels
from radlib.techniques.quantization.aeq_recipes import SMALLEST_KERNEL, made_by, only, operations, rule


@TECHNIQUES.register(
    consumes="tflite",
    produces="tflite",
    trains=False,
    revision=1,
    label="AI Edge weights only",
    kind="quantization",
)
def aeq_weight_only(
    model: bytes, data: TechniqueData, *, smallest_kernel: Annotated[int, Range(0)] = SMALLEST_KERNEL
) -> Product:
    """Store weights as int8 and compute in float32: the file shrinks and no activation is rounded.

    Args:
        model: A float32 LiteRT file.
        data: The films; none is looked at.
        smallest_kernel: Kernels with fewer weights stay float32.
    """
    return made_by(model, [rule(weight_bits=8, integer=False, smallest_kernel=smallest_kernel)])


@TECHNIQUES.register(
    consumes="tflite", produces="tflite", trains=False, revision=1, label="AI Edge int4", kind="quantization"
)
def aeq_int4(
    model: bytes,
    data: TechniqueData,
    *,
    integer: bool = True,
    spared_bits: Literal[4, 8] = 8,
    smallest_kernel: Annotated[int, Range(0)] = SMALLEST_KERNEL,
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
        NotApplicable: When it has no float32 weights.

    References:
        Sakr et al. (2022). Optimal clipping and magnitude-aware differentiation for improved quantization-aware
            training. ICML, arXiv 2206.06501.
    """
    refuse_quantized(stored_kernels(model))
    plain: dict[str, Any] = {"integer": integer, "smallest_kernel": smallest_kernel}
    recipe = [rule(weight_bits=8, **plain)]
    for operation in ("CONV_2D", "FULLY_CONNECTED"):
        recipe.append(rule(weight_bits=4, operation=operation, algorithm="OCTAV", **plain))
    if spared_bits == 8:
        with_weights = [scope for kind, scope in operations(model) if kind in WITH_WEIGHTS]
        for scope in dict.fromkeys((with_weights[0], with_weights[-1])):
            recipe.append(rule(weight_bits=8, scope=only(scope), **plain))
    return made_by(model, recipe)
