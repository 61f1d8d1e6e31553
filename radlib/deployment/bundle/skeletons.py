"""A LiteRT file without its weights: with the coded file beside it, a device makes the very bytes of the LiteRT file.

A coded file (Deep Compression, MIRACLE, XNOR-Net) is small, and no runtime on a device runs it. What LiteRT runs is the same
network with the decoded weights in it, in another order and, where the converter folded a normalisation into a kernel, times
a factor per output channel. So a *skeleton* is that file with holes where such weights lie. A hole says whose tensor
fills it, in which order, times which factors, and in which bits the converter's arithmetic came out otherwise. All that is
not explained stays in the skeleton, deflated; so filling it always gives the very bytes, and its size says what the coded file
does not save. Neither making nor filling needs TensorFlow.
"""

import hashlib
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from radlib.formats import container
from radlib.formats.coded_files import Place
from radlib.formats.litert_tables import read_tables
from radlib.foundation.errors import DataError

CODEC, VERSION = "skeleton", 1
FILE = "model.skeleton"
ABOUT, REST, FACTORS, BITS = "about", "rest", "factors", "bits"
FEWEST = 64  # weights of a tensor that is worth a hole
ORDERS: Mapping[str, tuple[int, ...]] = {  # of the axes, from Keras's to LiteRT's
    "as it is": (),
    "outputs first": (-1,),
}
NEAR = 1e-4  # relative difference of a kernel that was multiplied by factors


@dataclass(frozen=True)
class Hole:
    """Where a tensor of the coded file lies in the LiteRT file.

    Attributes:
        start: First byte.
        tensor: Which of the coded file's.
        order: One of `ORDERS`.
        factors: How many there are, one per output channel; 0 for none.
        bits: Bytes of what differs, deflated; 0 where nothing does.
    """

    start: int
    tensor: int
    order: str
    factors: int
    bits: int


def make_skeleton(litert: bytes, places: Sequence[Place], tensors: Sequence[np.ndarray]) -> bytes:
    """Return the skeleton of a LiteRT file.

    Args:
        litert: The file.
        places: Of the coded file's weights.
        tensors: Their values, as the coded file gives them.

    Returns:
        A container (see `formats.container`), of which `fill_skeleton` with the same tensors makes `litert`.
    """
    holes, factors, bits = [], [], []
    for start, tensor, order, found_factors, found_bits in _found(litert, tensors):
        holes.append([start, tensor, list(ORDERS).index(order), len(found_factors), len(found_bits)])
        factors.append(found_factors)
        bits.append(found_bits)
    rest, end = [], 0
    for start, tensor, *_ in holes:
        rest.append(litert[end:start])
        end = start + tensors[tensor].nbytes
    rest.append(litert[end:])
    about = {
        "places": [
            [place.layer, place.name, list(place.like.shape), place.like.dtype.str] for place in places
        ],
        "holes": holes,
        "bytes": len(litert),
        "sha256": hashlib.sha256(litert).hexdigest(),
    }
    sections = {
        ABOUT: container.pack_json(about),
        REST: zlib.compress(b"".join(rest), 9),
        FACTORS: b"".join(each.astype("<f4").tobytes() for each in factors),
        BITS: b"".join(bits),
    }
    return container.pack(CODEC, VERSION, sections)


def places_in(skeleton: bytes, *, name: str = FILE) -> list[Place]:
    """Return the places of the weights of the coded file that a skeleton belongs to.

    Raises:
        SetupError: When the skeleton is damaged.
    """
    about = _about(skeleton, name)
    with container.decoding(name):
        return [
            Place(layer, weight, np.broadcast_to(np.zeros((), np.dtype(kind)), tuple(shape)))
            for layer, weight, shape, kind in about["places"]
        ]


def fill_skeleton(skeleton: bytes, tensors: Sequence[np.ndarray], *, name: str = FILE) -> bytes:
    """Return the LiteRT file of a skeleton and the tensors of its coded file, the very bytes.

    Raises:
        SetupError: When the skeleton is damaged, or the tensors are another network's.
    """
    about = _about(skeleton, name)
    with container.decoding(name):
        reader = container.SectionReader(container.unpack(skeleton, CODEC, VERSION, name=name))
        rest = zlib.decompressobj().decompress(_whole(skeleton, REST, name), about["bytes"] + 1)
        parts, taken, end = [], 0, 0
        for hole in (
            Hole(start, tensor, list(ORDERS)[order], n, m) for start, tensor, order, n, m in about["holes"]
        ):
            parts.append(rest[taken : taken + hole.start - end])
            taken += hole.start - end
            factors = np.frombuffer(reader.take(FACTORS, 4 * hole.factors), "<f4")
            parts.append(_filled(tensors[hole.tensor], hole, factors, reader.take(BITS, hole.bits)))
            end = hole.start + len(parts[-1])
        content = b"".join([*parts, rest[taken:]])
        if hashlib.sha256(content).hexdigest() != about["sha256"]:
            raise DataError("what it gives with this coded file is not the LiteRT file that it was made of")
    return content


def _about(skeleton: bytes, name: str) -> dict[str, Any]:
    with container.decoding(name):
        return container.unpack_json(_whole(skeleton, ABOUT, name))


def _whole(skeleton: bytes, section: str, name: str) -> bytes:
    return container.unpack(skeleton, CODEC, VERSION, name=name)[section]


def _filled(tensor: np.ndarray, hole: Hole, factors: np.ndarray, bits: bytes) -> bytes:
    values = _multiplied(_ordered(tensor, hole.order), factors)
    if bits:
        changed = np.frombuffer(zlib.decompressobj().decompress(bits, values.nbytes), "<u4")
        values = (values.view("<u4") ^ changed.reshape(values.shape)).view("<f4")
    return values.tobytes()


def _ordered(tensor: np.ndarray, order: str) -> np.ndarray:
    """Return a tensor flat per output channel, float32 (outputs, rest), or as it is, (rest, outputs)."""
    flat = tensor.astype("<f4", copy=False).reshape(-1, tensor.shape[-1])
    return np.ascontiguousarray(flat.T if ORDERS[order] else flat)


def _multiplied(values: np.ndarray, factors: np.ndarray) -> np.ndarray:
    if not len(factors):
        return values
    return values * (factors[:, None] if len(factors) == len(values) else factors[None])


def _found(litert: bytes, tensors: Sequence[np.ndarray]) -> Iterator[tuple[int, int, str, np.ndarray, bytes]]:
    """Yield where tensors lie in a file, by place: exactly, or times factors and but for some bits."""
    buffers = [
        bytes(buffer.data)
        for buffer in read_tables(litert).buffers
        if buffer.data is not None and len(buffer.data) >= 4 * FEWEST
    ]
    found, taken = [], set()
    for content in buffers:
        start = litert.find(content)
        if start < 0 or start in taken:
            continue
        for number, tensor in enumerate(tensors):
            if tensor.dtype == np.float32 and tensor.nbytes == len(content):
                explained = _explained(content, tensor)
                if explained is not None:
                    taken.add(start)
                    found.append((start, number, *explained))
                    break
    end = 0
    for hole in sorted(found, key=lambda each: each[0]):
        if hole[0] >= end:
            end = hole[0] + tensors[hole[1]].nbytes
            yield hole


def _explained(content: bytes, tensor: np.ndarray) -> tuple[str, np.ndarray, bytes] | None:
    """Return by which order, factors and bits a tensor becomes a buffer; None where it does not."""
    none = np.zeros(0, np.float32)
    for order in ORDERS:
        if _ordered(tensor, order).tobytes() == content:
            return order, none, b""
    for order in ORDERS:
        values = _ordered(tensor, order)
        wanted = np.frombuffer(content, "<f4").reshape(values.shape)
        factors = _factors(values, wanted, axis=1 if ORDERS[order] else 0)
        product = _multiplied(values, factors)
        if np.allclose(product, wanted, rtol=NEAR, atol=0):
            changed = product.view("<u4") ^ wanted.view("<u4")
            return order, factors, zlib.compress(changed.tobytes(), 9) if changed.any() else b""
    return None


def _factors(values: np.ndarray, wanted: np.ndarray, axis: int) -> np.ndarray:
    """Return the factor per output channel, from its largest weight; 1 where all are zero."""
    largest = np.abs(values).argmax(axis=axis, keepdims=True)
    below, above = (
        np.take_along_axis(each, largest, axis).astype(np.float64).ravel() for each in (values, wanted)
    )
    return np.divide(above, below, out=np.ones_like(above), where=below != 0).astype(np.float32)
