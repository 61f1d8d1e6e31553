"""Deep Compression files (`.rdc`): a network whose weights share few values, Huffman-coded (Han et al., 2016).

A container (see `container`) of codec `deep_compression`, version 1, with these sections:

| section | content |
|---|---|
| `network` | JSON, deflated (zlib): `graph` (see `graphs`), `labels`, `preparation` of films |
| `tensors` | one record per weight tensor, in the order of the graph's layers and of Keras within a layer |
| `codebooks` | float32 values of all coded tensors, ascending within a tensor |
| `tables` | code lengths of ids, then of gaps, of all coded tensors, four bits each, padded to bytes per table |
| `ids` | coded cluster ids of all coded tensors, each padded to bytes |
| `gaps` | coded gaps of all coded tensors, each padded to bytes |
| `plain` | all other tensors |

A record begins with its kind, one byte: 0 values as they are, 1 float16, 2 one float32 for all, 3 coded. Kind 3
goes on with uint16 values in the codebook, uint8 gap bits, uint32 weights that are not zero, uint32 gap
symbols, uint32 bytes of ids, uint32 bytes of gaps. All integers are little-endian, tensors flat in C order. The
writer takes what is shortest without changing a bit: decoding gives the very weights that were encoded.

It decodes to a Keras model and runs as one: the file is small to store and send, the network in memory is as
large and as fast as its parent. See `sparse_tensors` for ids and gaps and `huffman` for the code.

References:
    Han, Mao, Dally (2016). Deep compression. ICLR, arXiv 1510.00149.
"""

import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from radlib.formats import container
from radlib.formats.graphs import build_graph, describe_graph, functional
from radlib.formats.keras import keras_predictor
from radlib.formats.plain_tensors import CONSTANT, plainest, read_plain
from radlib.formats.predictors import Predictor
from radlib.formats.tflite import write_bytes
from radlib.foundation.extras import pandas as pd
from radlib.foundation.registry import FORMATS
from radlib.techniques.deep_compression.huffman import unpack_lengths
from radlib.techniques.deep_compression.sparse_tensors import CodedTensor, decode_tensor, encode_tensor

CODEC, VERSION = "deep_compression", 1
CODED = 3  # the kinds before it are those of `plain_tensors`
OVERHEAD = ("frame", "network", "tensors", "tables", "codebooks")  # all that is neither symbol nor weight
_RECORD = struct.Struct("<HBIIII")
COLUMNS = (
    "tensor", "weights", "nonzeros", "values", "id_bits", "id_entropy_bits", "gap_bits", "gap_entropy_bits",
    "codebook_bytes", "table_bytes",
)  # fmt: skip


def encode_model(model: Any, about: Mapping[str, Any] | None = None) -> "tuple[bytes, pd.DataFrame]":
    """Return a network as a Deep Compression file, without loss.

    Args:
        model: A Keras model of known layers (see `graphs`); what makes it small is that its tensors have many
            zeros and few different values.
        about: JSON-able facts that the file shall carry beside the graph, e.g. `labels`.

    Returns:
        The file, and one row per coded tensor: tensor (`layer/weight`), weights, nonzeros, values (of the
        codebook), id_bits and gap_bits (of the whole streams) with the empirical entropy of each, and the bytes
        of codebook and code tables.

    Raises:
        UsageError: For a layer that the file cannot describe.
    """
    model = functional(model)
    network = {"graph": describe_graph(model), **(about or {})}
    parts: dict[str, list[bytes]] = {
        name: [] for name in ("tensors", "codebooks", "tables", "ids", "gaps", "plain")
    }
    rows = []
    for name, values in _named_weights(model):
        kind, plain = plainest(values)
        attempt = encode_tensor(values) if kind != CONSTANT and values.dtype == np.float32 else None
        if attempt is None or attempt[0].size_bytes + _RECORD.size >= len(plain):
            parts["tensors"].append(bytes([kind]))
            parts["plain"].append(plain)
            continue
        coded, costs = attempt
        lengths = (coded.count, coded.gap_count, len(coded.ids), len(coded.gaps))
        parts["tensors"].append(bytes([CODED]) + _RECORD.pack(len(coded.codebook), coded.gap_bits, *lengths))
        parts["codebooks"].append(coded.codebook.astype("<f4").tobytes())
        parts["tables"].append(coded.tables)
        parts["ids"].append(coded.ids)
        parts["gaps"].append(coded.gaps)
        sizes = {"codebook_bytes": 4 * len(coded.codebook), "table_bytes": len(coded.tables)}
        facts = {
            "tensor": name,
            "weights": values.size,
            "nonzeros": coded.count,
            "values": len(coded.codebook),
        }
        rows.append({**facts, **costs, **sizes})
    sections = {
        "network": container.pack_json(network),
        **{name: b"".join(part) for name, part in parts.items()},
    }
    return container.pack(CODEC, VERSION, sections), pd.DataFrame(rows, columns=list(COLUMNS))


def decode_model(content: bytes, *, name: str = "The file") -> Any:
    """Return the Keras model of a Deep Compression file, with the weights that were encoded, bit for bit.

    Args:
        content: The whole file.
        name: What messages call it.

    Raises:
        SetupError: When it is damaged, truncated, of a newer version, or no such file.
    """
    sections = container.unpack(content, CODEC, VERSION, name=name)
    with container.decoding(name):
        model = build_graph(_network(sections)["graph"], weights=container.most_weights(content))
        tensors = _Tensors(sections)
        for layer in model.layers:
            layer.set_weights([tensors.next(weight) for weight in layer.get_weights()])
        tensors.reader.check_end("network")
    return model


def read_about(content: bytes, *, name: str = "The file") -> dict[str, Any]:
    """Return what a file carries beside its weights: `graph`, and what the encoder was told."""
    with container.decoding(name):
        return _network(container.unpack(content, CODEC, VERSION, name=name))


def itemise(content: bytes) -> "pd.Series":
    """Return the bytes of each part of a file; they add up to its length.

    Returns:
        `frame` (header and checksums) and the sections of the table above, in bytes. `OVERHEAD` names those
        that hold neither a coded symbol nor a weight.
    """
    sections = container.unpack(content, CODEC, VERSION, name="The file")
    sizes = {"frame": container.frame_bytes(sections), **{name: len(part) for name, part in sections.items()}}
    return pd.Series(sizes, name="bytes")


def load_model(path: Path) -> Any:
    """Return the Keras model of a Deep Compression file; see `decode_model`."""
    return decode_model(container.read_file(path), name=path.name)


@FORMATS.register(suffix=".rdc", device=False, save=write_bytes, load=load_model)
def deep_compression(path: Path, *, threads: int = 1) -> Predictor:
    """Open a Deep Compression file: decode it to a Keras model and run that; it needs TensorFlow.

    Args:
        path: The file.
        threads: As for Keras files.

    Raises:
        SetupError: When the file is damaged, truncated, or of a newer version.
    """
    return keras_predictor(load_model(path))


class _Tensors:
    """The weight tensors of a file, read one after the other."""

    def __init__(self, sections: Mapping[str, bytes]):
        self.reader = container.SectionReader(sections)

    def next(self, like: np.ndarray) -> np.ndarray:
        """Return the next tensor, of the shape and type of `like`."""
        kind = self.reader.take("tensors", 1)[0]
        if kind == CODED:
            return decode_tensor(self._coded(), like.size).reshape(like.shape)
        return read_plain(kind, lambda count: self.reader.take("plain", count), like)

    def _coded(self) -> CodedTensor:
        values, gap_bits, count, gap_count, id_bytes, gap_bytes = _RECORD.unpack(
            self.reader.take("tensors", _RECORD.size)
        )
        symbols = (1 << gap_bits) if gap_bits else 0
        return CodedTensor(
            count,
            gap_bits,
            gap_count,
            codebook=np.frombuffer(self.reader.take("codebooks", 4 * values), "<f4"),
            id_lengths=unpack_lengths(self.reader.take("tables", -(-values // 2)), values),
            gap_lengths=unpack_lengths(self.reader.take("tables", -(-symbols // 2)), symbols),
            ids=self.reader.take("ids", id_bytes),
            gaps=self.reader.take("gaps", gap_bytes),
        )


def _network(sections: Mapping[str, bytes]) -> dict[str, Any]:
    return container.unpack_json(sections["network"])


def _named_weights(model: Any) -> Iterator[tuple[str, np.ndarray]]:
    """Yield (`layer/weight`, values) in the order of the file."""
    for layer in model.layers:
        for variable, values in zip(layer.weights, layer.get_weights(), strict=True):
            yield f"{layer.name}/{variable.name.split('/')[-1].split(':')[0]}", values
