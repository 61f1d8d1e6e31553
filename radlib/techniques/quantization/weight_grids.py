"""A float32 LiteRT file whose weights lie where a quantizer will put them, so that their rounding can be chosen beforehand.

The AI Edge Quantizer reads the scale of a channel from its largest weight. Weights that lie on a grid already, the largest
at its end, are found again as they are, to the bit; so how they are rounded (to nearest, or as `learned_rounding`
finds), where a grid ends (at the largest weight with 8 bits, where OCTAV says with fewer) and what is given back to
the biases is settled here, in a file that LiteRT runs as float32.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from radlib.formats.litert_tables import packed, read_tables
from radlib.techniques.quantization.bias_correction import bias_shift, expected_patches
from radlib.techniques.quantization.equalization import equalized
from radlib.techniques.quantization.float_layers import (
    Layer,
    add_to_bias,
    biases_of,
    channels_of,
    float_layers,
    observed,
    patches,
    products,
    set_channels,
    values_of,
)
from radlib.techniques.quantization.learned_rounding import learned_rounding
from radlib.techniques.quantization.rounding import octav_clip, round_to_grid

Rounding = Literal["nearest", "learned"]
POSITIONS = 32  # of each film that rounding is learnt on


@dataclass(frozen=True)
class Preparation:
    """What is done to the weights of a network for the sake of their rounding.

    Attributes:
        correct_bias: Whether biases give back the mean that rounding takes, see `bias_correction`.
        equalize: Whether channels between two layers are brought to one size first, see `equalization`.
        rounding: To `nearest`, or `learned` on films, see `learned_rounding`.
    """

    correct_bias: bool = True
    equalize: bool = False
    rounding: Rounding = "nearest"


def prepared(
    content: bytes, images: np.ndarray, bits: Mapping[str, int], preparation: Preparation, seed: int
) -> bytes:
    """Return a float32 LiteRT file prepared for a quantizer; arguments as those of `on_grids`."""
    if preparation.equalize:
        content, _ = equalized(content, images)
    if (
        preparation.rounding == "nearest"
        and not preparation.correct_bias
        and min(bits.values(), default=8) == 8
    ):
        return content  # a quantizer does that by itself
    return on_grids(
        content, images, bits, rounding=preparation.rounding, correct_bias=preparation.correct_bias, seed=seed
    )


def on_grids(
    content: bytes,
    images: np.ndarray,
    bits: Mapping[str, int],
    *,
    rounding: Rounding = "nearest",
    correct_bias: bool = True,
    seed: int = 0,
) -> bytes:
    """Return a float32 LiteRT file with weights on grids.

    Args:
        content: A float32 LiteRT file.
        images: Films that the rounding is learnt on and the biases are corrected by, float32 (n, h, w, 1).
        bits: Of the codes of each layer, by scope; layers that are not named stay as they are.
        rounding: `nearest`, or `learned` (see `learned_rounding`), layer by layer behind those that are rounded already.
        correct_bias: Whether to give back the mean that rounding takes.
        seed: Of the positions that rounding is learnt on.
    """
    tables = read_tables(content)
    layers = [layer for layer in float_layers(tables) if layer.scope in bits]
    if rounding == "learned":
        for number, layer in enumerate(layers):
            _learn(content, tables, layer, images, bits[layer.scope], correct_bias, seed + number)
        return packed(tables)
    expected = expected_patches(content, tables, layers, images) if correct_bias else [None] * len(layers)
    for layer, mean in zip(layers, expected, strict=True):
        put_on_grid(tables, layer, bits[layer.scope], mean)
    return packed(tables)


def put_on_grid(tables: Any, layer: Layer, bits: int, expected: np.ndarray | None = None) -> None:
    """Round a layer's weights to nearest, and correct its bias by its mean patch where one is given."""
    weights = channels_of(tables, layer)
    rounded = round_to_grid(weights, grid_ends(weights, bits)[:, None], bits).astype(np.float32)
    set_channels(tables, layer, rounded)
    if expected is not None:
        add_to_bias(tables, layer, bias_shift(weights, rounded, expected))


def grid_ends(channels: np.ndarray, bits: int) -> np.ndarray:
    """Return where the grid of each channel ends: at its largest weight with 8 bits, at most there with fewer."""
    largest = np.abs(channels).max(axis=1)
    ends = largest if bits >= 8 else np.minimum(octav_clip(channels, bits), largest)
    return np.where(ends > 0, ends, 1.0).astype(np.float32)


def _learn(
    content: bytes, tables: Any, layer: Layer, images: np.ndarray, bits: int, correct: bool, seed: int
) -> None:
    """Round one layer so that it gives what it gave in `content`, from what it reads in `tables`."""
    generator, weights = np.random.default_rng(seed), channels_of(tables, layer)
    bias = biases_of(tables, layer)
    shape = values_of(tables, layer.kernel).shape
    sampled: tuple[list, list] = ([], [])
    means: tuple[list, list] = ([], [])
    runs = (observed(file, images, [layer.source]) for file in (content, packed(tables)))
    for both in zip(*runs, strict=True):
        read = [patches(layer, shape, seen[layer.source]) for seen in both]
        rows = generator.permutation(len(read[0]))[:POSITIONS]
        for number, patch in enumerate(read):
            sampled[number].append(patch[rows])
            means[number].append(patch.mean(axis=0))
    before, now = (np.concatenate(each) for each in sampled)
    limits = layer.limits[0] - bias, layer.limits[1] - bias
    rounded = learned_rounding(
        weights, now, products(weights, before), grid_ends(weights, bits), bits, limits=limits, seed=seed
    )
    set_channels(tables, layer, rounded)
    if correct:
        mean_before, mean_now = (np.mean(each, axis=0)[None] for each in means)
        add_to_bias(tables, layer, products(weights, mean_before)[0] - products(rounded, mean_now)[0])
