"""How sensitive layers are, for reading: answers with one layer rounded, and layers made coarse in the better or the worse order."""

from collections.abc import Sequence

import numpy as np

from radlib.datasets.films import FilmSplits
from radlib.formats.litert_tables import packed, read_tables
from radlib.foundation.extras import pandas as pd
from radlib.runs.runs import Run
from radlib.runs.variants import Variant
from radlib.techniques.data import TechniqueData
from radlib.techniques.quantization.bias_correction import expected_patches
from radlib.techniques.quantization.float_layers import answers_of, float_layers
from radlib.techniques.quantization.mixed_precision import coarse_curve, layer_table
from radlib.techniques.quantization.sensitivity import sensitivity
from radlib.techniques.quantization.weight_grids import put_on_grid


def content_and_films(
    run: Run, films: FilmSplits, variant: Variant, count: int = 64
) -> tuple[bytes, np.ndarray]:
    """Return the float32 LiteRT file of a variant, and the training films that layers are compared on.

    Args:
        run: The run.
        films: Its films.
        variant: Made by `float32`.
        count: Films, drawn as `mixed_precision` draws its `scoring_films`.
    """
    images, _ = TechniqueData(films, run.settings, run.folder).representative(count, seed=run.settings.seed)
    return run.model_path(variant).read_bytes(), images


def rounded_alone(content: bytes, images: np.ndarray, bits: int = 4) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return the answers of a float32 LiteRT file, and those with each of its layers rounded alone, biases corrected."""
    tables, changed_answers = read_tables(content), []
    layers = float_layers(tables)
    for layer, mean in zip(layers, expected_patches(content, tables, layers, images), strict=True):
        changed = read_tables(content)
        put_on_grid(changed, layer, bits, mean)
        changed_answers.append(answers_of(packed(changed), images))
    return answers_of(content, images), changed_answers


def layers_by_bits(
    content: bytes, images: np.ndarray, bits: Sequence[int] = (8, 7, 6, 5, 4, 3, 2)
) -> "pd.DataFrame":
    """Return the noise of each layer with each number of bits; columns as of `sensitivity.sensitivity`."""
    return sensitivity(content, images, bits)


def two_orders(content: bytes, images: np.ndarray) -> tuple["pd.DataFrame", "pd.DataFrame", "pd.DataFrame"]:
    """Return what 4 bits in each layer cost and save, and two ways to make ever more of them coarse.

    Returns:
        See `mixed_precision.layer_table` (small kernels are measured too) and `mixed_precision.coarse_curve`: the least
        sensitive layers first, and as if each were as sensitive as it is not.
    """
    layers = layer_table(content, images, smallest_kernel=0)
    worse = layers.assign(noise=1 / layers["noise"].clip(lower=1e-9))
    return layers, coarse_curve(content, images, layers), coarse_curve(content, images, worse)


def bits_table(variant: Variant) -> "pd.DataFrame":
    """Return how many bits the weights of each layer of a mixed-precision variant have, as it was made."""
    table = pd.DataFrame(variant.details["layers"])
    return table.assign(layer=[name.split(";")[0][-60:] for name in table["layer"]])
