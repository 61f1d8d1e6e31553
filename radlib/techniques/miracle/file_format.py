"""MIRACLE files (`.rdm`): a network whose weights are shared random numbers, told by index (Havasi et al., 2019).

A coded file (see `coded_files`) of codec `miracle`, version 1, with these sections:

| section | content |
|---|---|
| `network` | JSON, deflated (zlib): `graph` (see `graphs`), `labels`, `preparation` of films |
| `layout` | uint32 seed, uint8 bits of an index, uint16 weights in a block |
| `tensors` | kind of each weight tensor, one byte, in the order of the graph's layers and of Keras within a layer |
| `scales` | float32 of each coded tensor: the standard deviation of its prior |
| `indices` | index of each block, highest bit first, one after the other, padded to bytes |
| `plain` | all other tensors |

Kinds: 0 values as they are, 1 float16, 2 one float32 for all, 4 coded. The weights of all coded tensors, flat in C
order and one after the other, are dealt into blocks by the rules of `random_codes`, which also says what number an
index stands for. A weight is that number, an exact float32, times its tensor's scale, rounded to float32 once: so it
is the same bits on any machine. All integers are little-endian.

It decodes to a Keras model and runs as one, dense and in float32: small to store and to send, and then as large and
as fast as the network that it was made from.

References:
    Havasi, Peharz, Hernández-Lobato (2019). Minimal random code learning. ICLR, arXiv 1810.00440.
"""

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from radlib.formats.coded_files import CodedFile, Place, add_plain, named_weights, places_of, take_plain
from radlib.formats.container import SectionReader
from radlib.formats.graphs import functional
from radlib.formats.keras import keras_predictor
from radlib.formats.predictors import Predictor
from radlib.formats.tflite import write_bytes
from radlib.foundation.errors import DataError
from radlib.foundation.registry import FORMATS
from radlib.techniques.miracle.random_codes import (
    MOST_BITS,
    UNITS,
    Blocks,
    decode_blocks,
    pack_indices,
    unpack_indices,
)

CODEC, VERSION = "miracle", 1
CODED = 4  # kind of tensor, beside those of `plain_tensors`
KERNELS = ("kernel", "depthwise_kernel", "pointwise_kernel")  # what is coded; the rest is plain
MOST_BLOCK_WEIGHTS = 2**16 - 1
_LAYOUT = struct.Struct("<IBH")


@dataclass(frozen=True)
class Code:
    """The kernels of a network as indices.

    Attributes:
        blocks: How their weights are dealt into blocks.
        indices: Of each block, (blocks,), 0…2^bits − 1.
        scales: Of each kernel, float32 (kernels,).
    """

    blocks: Blocks
    indices: np.ndarray
    scales: np.ndarray

    def values(self, sizes: list[int]) -> list[np.ndarray]:
        """Return the weights of each kernel, flat float32; `sizes` is how many each has."""
        numbers = self.blocks.gathered(decode_blocks(self.blocks, self.indices)).astype(np.float32)
        parts = np.split(numbers / np.float32(UNITS), np.cumsum(sizes)[:-1])
        return [part * np.float32(scale) for part, scale in zip(parts, self.scales, strict=True)]


def _read(places: Sequence[Place], reader: SectionReader) -> Iterator[np.ndarray]:
    """Yield the weight tensors of a file in their order; a kernel may have been drawn from any block."""
    kinds = list(reader.take("tensors", len(places)))
    coded = [place.like.size for place, kind in zip(places, kinds, strict=True) if kind == CODED]
    kernels = iter(read_code(reader, coded).values(coded))
    for kind, like in zip(kinds, (place.like for place in places), strict=True):
        yield next(kernels).reshape(like.shape) if kind == CODED else take_plain(reader, kind, like)


def read_code(reader: SectionReader, sizes: list[int]) -> Code:
    """Return the code in the sections of a file whose kernels have `sizes` weights.

    Raises:
        DataError: When the sections contradict each other.
    """
    seed, bits, block_weights = _LAYOUT.unpack(reader.take("layout", _LAYOUT.size))
    if not (1 <= bits <= MOST_BITS and block_weights and sizes):
        raise DataError(f"Its layout, {bits} bits for {block_weights} weights, is none that a file can have.")
    blocks = Blocks(sum(sizes), block_weights, bits, seed)
    scales = np.frombuffer(reader.take("scales", 4 * len(sizes)), "<f4")
    packed = reader.take("indices", blocks.index_bytes)
    return Code(blocks, unpack_indices(packed, bits, blocks.count), scales)


FILE = CodedFile(CODEC, VERSION, _read)
decode_model, load_model, read_about, itemise = FILE.decode, FILE.load, FILE.about, FILE.itemise


def encode_model(model: Any, code: Code, about: Mapping[str, Any] | None = None) -> bytes:
    """Return a network as a MIRACLE file.

    Args:
        model: A Keras model of known layers (see `graphs`). Its kernels are not read: `code` stands for them.
            All other tensors are stored without loss, in half the bytes where float16 holds them.
        code: Its kernels, in the order of the layers.
        about: JSON-able facts that the file shall carry beside the graph, e.g. `labels`.

    Raises:
        UsageError: For a layer that the file cannot describe.
    """
    model, blocks = functional(model), code.blocks
    sections = FILE.begin(model, about, "layout", "tensors", "scales", "indices", "plain")
    sections["layout"] += _LAYOUT.pack(blocks.seed, blocks.bits, blocks.block_weights)
    sections["scales"] += code.scales.astype("<f4").tobytes()
    sections["indices"] += pack_indices(code.indices, blocks.bits)
    for _, name, values in named_weights(model):
        if name in KERNELS:
            sections["tensors"].append(CODED)
        else:
            add_plain(sections, values)
    return FILE.pack(sections)


@FORMATS.register(
    suffix=".rdm", device=False, save=write_bytes, load=load_model, tensors=FILE.tensors, places=places_of
)
def miracle(path: Path, *, threads: int = 1) -> Predictor:
    """Open a MIRACLE file: decode it to a Keras model and run that; it needs TensorFlow.

    Args:
        path: The file.
        threads: As for Keras files.

    Raises:
        SetupError: When the file is damaged, truncated, or of a newer version.
    """
    return keras_predictor(load_model(path))
