"""Mixed precision: weights of 4 bits where the answers do not notice, of 8 where they do.

Four bits everywhere ruin a network that four bits in most of its layers leave alone. Which layers those are is measured: one
layer at a time is rounded, and a few films show by how much the answers move (see `sensitivity`). The least sensitive for
their bytes become coarse until the file has the bytes asked for, or until the answers would move further than allowed.

LiteRT runs convolutions and dense layers with weights of 4 bits, depthwise ones with no fewer than 8.

| technique | weights | activations | input and output |
|---|---|---|---|
| `mixed_precision` | int4 in the least sensitive layers, else int8 | quantized on the fly, fixed ranges or float32 | float32 |
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np

from radlib.foundation.extras import pandas as pd
from radlib.foundation.value_types import Budget, Count, Factor, Range
from radlib.techniques.data import Product, TechniqueData
from radlib.techniques.quantization.aeq_fitness import refuse_quantized, stored_kernels
from radlib.techniques.quantization.aeq_recipes import SMALLEST_KERNEL, only, quantize, rule
from radlib.techniques.quantization.converter import EITHER, convert, quantizer
from radlib.techniques.quantization.fixed_ranges import calibrated
from radlib.techniques.quantization.float_layers import answers_of
from radlib.techniques.quantization.sensitivity import answer_noise, coarse_layers, sensitivity
from radlib.techniques.quantization.weight_grids import Preparation, Rounding, on_grids, prepared

COARSE = ("CONV_2D", "FULLY_CONNECTED")  # what LiteRT runs with weights of 4 bits


@quantizer(consumes=EITHER, label="mixed precision")
def mixed_precision(
    model: Any,
    data: TechniqueData,
    *,
    budget: Budget = 0.5,
    largest_noise: Factor = 0.1,
    activations: Literal["dynamic", "fixed", "float"] = "dynamic",
    correct_bias: bool = True,
    rounding: Rounding = "nearest",
    scoring_films: Count = 64,
    smallest_kernel: Annotated[int, Range(0)] = SMALLEST_KERNEL,
) -> Product:
    """Store the weights of the least sensitive layers as int4 and of the others as int8.

    Args:
        model: A Keras model, or a float32 LiteRT file.
        data: The films.
        budget: Bytes of the weights: up to 1 a share of what int8 stores, above 1 an absolute number. With 0.5 as many
            layers become coarse as `largest_noise` allows.
        largest_noise: How far the answers may move, as a share of the spread between films; fewer layers become
            coarse where the budget would take them further.
        activations: `dynamic` (quantized during each call), `fixed` (int8 in ranges measured on the films), or `float`
            (weights are widened when used).
        correct_bias: Whether biases give back the mean that rounding takes (Nagel et al., 2019).
        rounding: `nearest`, or `learned` on the films, layer by layer (AdaRound, Nagel et al., 2020): minutes.
        scoring_films: Training films that everything is measured on.
        smallest_kernel: Kernels with fewer weights stay float32, unless ranges are fixed.

    Returns:
        The file; the details hold the recipe, the films, `noise` (by how much the answers moved on them), and for each layer its
        bits and the noise of 4 bits in it alone.

    Raises:
        NotApplicable: When it has no float32 weights, or the AI Edge Quantizer does not know the network.

    References:
        Pandey et al. (2023). A practical mixed precision algorithm for post-training quantization. arXiv 2302.05397.
        Sakr et al. (2022), for the ranges of 4 bits, see `aeq_int4`.
    """
    content = model if isinstance(model, bytes) else convert(model)
    refuse_quantized(stored_kernels(content))
    images, image_ids = data.representative(scoring_films, seed=data.settings.seed)
    smallest = 0 if activations == "fixed" else smallest_kernel
    table = layer_table(content, images, smallest)
    order = coarse_layers(table["noise"], table["saved"], wanted_bytes(table, budget))
    chosen = order[: most_allowed(content, images, table, order, largest_noise)]
    coarse = list(table["layer"].iloc[chosen])
    bits = {name: 4 if name in coarse else 8 for name in table["layer"][table["bytes"] > 0]}
    preparation = Preparation(correct_bias, rounding=rounding)
    if activations == "fixed":
        made = calibrated(
            content, data, scoring_films, activation_bits=8, preparation=preparation, coarse=coarse
        )
        payload, recipe = made.payload, made.details["recipe"]
    else:
        plain: dict[str, Any] = {"integer": activations == "dynamic", "smallest_kernel": smallest}
        recipe = [rule(weight_bits=8, **plain)]
        recipe += [rule(weight_bits=4, scope=only(name), **plain) for name in coarse]
        payload = quantize(prepared(content, images, bits, preparation, data.settings.seed), recipe)
    noise = answer_noise(answers_of(content, images), answers_of(payload, images))
    layers = [
        {"layer": row.layer, "weights": row.weights, "bits": bits.get(row.layer, 32), "noise": row.noise}
        for row in table.itertuples()
    ]
    return Product(payload, {"recipe": recipe, "scoring_films": image_ids, "noise": noise, "layers": layers})


def layer_table(content: bytes, images: np.ndarray, smallest_kernel: int = SMALLEST_KERNEL) -> "pd.DataFrame":
    """Return what 4 bits in each layer alone cost and save.

    Args:
        content: A float32 LiteRT file.
        images: Films to measure on, float32 (n, h, w, 1).
        smallest_kernel: Kernels with fewer weights stay float32 and have no bytes here.

    Returns:
        As `sensitivity`, with `bytes` that int8 stores the weights in, and `saved`, how many of them 4 bits save.
    """
    table = sensitivity(content, images)
    stored = table["weights"].where(table["weights"] >= smallest_kernel, 0)
    able = table["operation"].isin(COARSE)
    return table.assign(bytes=stored, saved=(stored // 2).where(able, 0))


def wanted_bytes(table: "pd.DataFrame", budget: float) -> int:
    """Return how many bytes are to be saved of what int8 stores; arguments as those of `mixed_precision`."""
    stored = int(table["bytes"].sum())
    return max(0, stored - int(budget * stored if budget <= 1 else budget))


def most_allowed(
    content: bytes, images: np.ndarray, table: "pd.DataFrame", order: Sequence[int], largest_noise: float
) -> int:
    """Return how many layers of an order may be coarse together before the answers move too far, found by halving."""
    before = answers_of(content, images)

    def noise(count: int) -> float:
        bits = dict.fromkeys(table["layer"].iloc[list(order[:count])], 4)
        return answer_noise(before, answers_of(on_grids(content, images, bits), images))

    if not order or noise(len(order)) <= largest_noise:
        return len(order)
    allowed, beyond = 0, len(order)
    while beyond - allowed > 1:
        middle = (allowed + beyond) // 2
        allowed, beyond = (middle, beyond) if noise(middle) <= largest_noise else (allowed, middle)
    return allowed


def coarse_curve(content: bytes, images: np.ndarray, table: "pd.DataFrame") -> "pd.DataFrame":
    """Return what making ever more layers coarse does together, in the order in which they would be.

    Args:
        content: A float32 LiteRT file.
        images: Films to measure on.
        table: As `layer_table` returns it.

    Returns:
        `layers` that are coarse, `share` of int8's bytes that their weights and all others take, and `noise`.
    """
    stored, before, rows = int(table["bytes"].sum()), answers_of(content, images), []
    order = coarse_layers(table["noise"], table["saved"], stored)
    for count in range(len(order) + 1):
        chosen = table.iloc[order[:count]]
        file = on_grids(content, images, dict.fromkeys(chosen["layer"], 4)) if count else content
        noise = answer_noise(before, answers_of(file, images))
        rows.append((count, 1 - chosen["saved"].sum() / stored, noise))
    return pd.DataFrame(rows, columns=["layers", "share", "noise"])
