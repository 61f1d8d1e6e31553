"""MIRACLE files (`.rdm`): a network whose weights are shared random numbers, told by index (Havasi et al., 2019).

A container (see `container`) of codec `miracle`, version 1, with these sections:

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
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from radlib.formats import container
from radlib.formats.graphs import build_graph, describe_graph, functional
from radlib.formats.keras import keras_predictor
from radlib.formats.plain_tensors import plainest, read_plain
from radlib.formats.predictors import Predictor
from radlib.formats.tflite import write_bytes
from radlib.foundation.errors import DataError
from radlib.foundation.extras import pandas as pd
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
    model = functional(model)
    kinds, plain = bytearray(), []
    for name, values in _named_weights(model):
        if _is_kernel(name):
            kinds.append(CODED)
            continue
        kind, content = plainest(values)
        kinds.append(kind)
        plain.append(content)
    network = {"graph": describe_graph(model), **(about or {})}
    blocks = code.blocks
    sections = {
        "network": container.pack_json(network),
        "layout": _LAYOUT.pack(blocks.seed, blocks.bits, blocks.block_weights),
        "tensors": bytes(kinds),
        "scales": code.scales.astype("<f4").tobytes(),
        "indices": pack_indices(code.indices, blocks.bits),
        "plain": b"".join(plain),
    }
    return container.pack(CODEC, VERSION, sections)


def decode_model(content: bytes, *, name: str = "The file") -> Any:
    """Return the Keras model of a MIRACLE file, with the same weights on any machine, bit for bit.

    Args:
        content: The whole file.
        name: What messages call it.

    Raises:
        SetupError: When it is damaged, truncated, of a newer version, or no such file.
    """
    sections = container.unpack(content, CODEC, VERSION, name=name)
    with container.decoding(name):
        model = build_graph(_network(sections)["graph"], weights=container.most_weights(content))
        reader = container.SectionReader(sections)
        kinds = list(reader.take("tensors", len(model.weights)))
        sizes = [w.size for (_, w), kind in zip(_named_weights(model), kinds, strict=True) if kind == CODED]
        kernels = iter(read_code(reader, sizes).values(sizes))
        for layer in model.layers:
            layer.set_weights([_tensor(kinds.pop(0), reader, kernels, like) for like in layer.get_weights()])
        reader.check_end("network")
    return model


def read_code(reader: container.SectionReader, sizes: list[int]) -> Code:
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


def read_about(content: bytes, *, name: str = "The file") -> dict[str, Any]:
    """Return what a file carries beside its weights: `graph`, and what the encoder was told."""
    with container.decoding(name):
        return _network(container.unpack(content, CODEC, VERSION, name=name))


def itemise(content: bytes) -> "pd.Series":
    """Return the bytes of each part of a file, `frame` (header and checksums) and the sections; the sum is its length."""
    sections = container.unpack(content, CODEC, VERSION, name="The file")
    sizes = {"frame": container.frame_bytes(sections), **{name: len(part) for name, part in sections.items()}}
    return pd.Series(sizes, name="bytes")


def load_model(path: Path) -> Any:
    """Return the Keras model of a MIRACLE file; see `decode_model`."""
    return decode_model(container.read_file(path), name=path.name)


@FORMATS.register(suffix=".rdm", device=False, save=write_bytes, load=load_model)
def miracle(path: Path, *, threads: int = 1) -> Predictor:
    """Open a MIRACLE file: decode it to a Keras model and run that; it needs TensorFlow.

    Args:
        path: The file.
        threads: As for Keras files.

    Raises:
        SetupError: When the file is damaged, truncated, or of a newer version.
    """
    return keras_predictor(load_model(path))


def _is_kernel(name: str) -> bool:
    return name.rsplit("/", 1)[-1] in KERNELS


def _tensor(
    kind: int, reader: container.SectionReader, kernels: Iterator[np.ndarray], like: np.ndarray
) -> np.ndarray:
    """Return the next tensor of a kind, of the shape and type of `like`."""
    if kind == CODED:
        return next(kernels).reshape(like.shape)
    return read_plain(kind, lambda count: reader.take("plain", count), like)


def _network(sections: Mapping[str, bytes]) -> dict[str, Any]:
    return container.unpack_json(sections["network"])


def _named_weights(model: Any) -> Iterator[tuple[str, np.ndarray]]:
    """Yield (`layer/weight`, values) in the order of the file."""
    for layer in model.layers:
        for variable, values in zip(layer.weights, layer.get_weights(), strict=True):
            yield f"{layer.name}/{variable.name.split('/')[-1].split(':')[0]}", values
