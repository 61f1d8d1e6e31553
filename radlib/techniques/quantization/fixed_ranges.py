"""A float32 LiteRT file that computes with integers, its activations in ranges measured on training films.

What is chosen here decides more than who applies it: whether the weights are prepared for their rounding, where the range of an
activation ends, and which layers have weights of 4 bits.
"""

from collections.abc import Sequence

from radlib.formats.litert_tables import read_tables
from radlib.techniques.data import Product, TechniqueData
from radlib.techniques.quantization.activation_ranges import Ends
from radlib.techniques.quantization.aeq_fitness import WITH_WEIGHTS, refuse_quantized, stored_kernels
from radlib.techniques.quantization.aeq_recipes import floating, only, operations, quantize, rule
from radlib.techniques.quantization.float_layers import float_layers
from radlib.techniques.quantization.weight_grids import Preparation, prepared


def calibrated(
    model: bytes,
    data: TechniqueData,
    representative_films: int,
    *,
    activation_bits: int,
    preparation: Preparation | None = None,
    ends: Ends = "extremes",
    coarse: Sequence[str] = (),
) -> Product:
    """Return a float32 LiteRT file with int8 weights and activations in fixed ranges, measured on training films.

    What happens to the film before the first kernel stays float32: there LiteRT would round the film once more, and of
    int16 additions it runs only some.

    Args:
        model: A float32 LiteRT file.
        data: The films.
        representative_films: How many training films to measure on; the details name them.
        activation_bits: 8 or 16.
        preparation: What is done to the weights before; None for nothing.
        ends: Where the ranges of the activations end.
        coarse: Layers whose weights get 4 bits, by scope.
    """
    refuse_quantized(stored_kernels(model))
    images, image_ids = data.representative(representative_films, seed=data.settings.seed)
    recipe = [rule(weight_bits=8, activation_bits=activation_bits), floating(operation="INPUT")]
    recipe.append(floating(operation="OUTPUT"))
    recipe += [rule(weight_bits=4, activation_bits=activation_bits, scope=only(scope)) for scope in coarse]
    for kind, scope in operations(model):
        if kind in WITH_WEIGHTS:
            break
        recipe.append(floating(scope=only(scope)))
    if preparation is not None:
        bits = {layer.scope: 8 for layer in float_layers(read_tables(model))} | dict.fromkeys(coarse, 4)
        model = prepared(model, images, bits, preparation, data.settings.seed)
    details = {"recipe": recipe, "representative_films": image_ids}
    return Product(quantize(model, recipe, images, ends), details)
