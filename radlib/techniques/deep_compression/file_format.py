"""Deep Compression files (`.rdc`): a network whose weights share few values, Huffman-coded (Han et al., 2016).

A coded file (see `coded_files`) of codec `deep_compression`, version 1, with these sections:

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
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from radlib.formats.coded_files import CodedFile, Place, add_plain, named_weights, places_of, take_plain
from radlib.formats.container import SectionReader
from radlib.formats.graphs import functional
from radlib.formats.keras import keras_predictor
from radlib.formats.plain_tensors import CONSTANT, plainest
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


def _read(places: Sequence[Place], reader: SectionReader) -> Iterator[np.ndarray]:
    """Yield the weight tensors of a file in their order."""
    for like in (place.like for place in places):
        kind = reader.take("tensors", 1)[0]
        if kind == CODED:
            yield decode_tensor(_coded(reader), like.size).reshape(like.shape)
        else:
            yield take_plain(reader, kind, like)


def _coded(reader: SectionReader) -> CodedTensor:
    values, gap_bits, count, gap_count, id_bytes, gap_bytes = _RECORD.unpack(
        reader.take("tensors", _RECORD.size)
    )
    symbols = (1 << gap_bits) if gap_bits else 0
    return CodedTensor(
        count,
        gap_bits,
        gap_count,
        codebook=np.frombuffer(reader.take("codebooks", 4 * values), "<f4"),
        id_lengths=unpack_lengths(reader.take("tables", -(-values // 2)), values),
        gap_lengths=unpack_lengths(reader.take("tables", -(-symbols // 2)), symbols),
        ids=reader.take("ids", id_bytes),
        gaps=reader.take("gaps", gap_bytes),
    )


FILE = CodedFile(CODEC, VERSION, _read)
decode_model, load_model, read_about, itemise = FILE.decode, FILE.load, FILE.about, FILE.itemise


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
    sections = FILE.begin(model, about, "tensors", "codebooks", "tables", "ids", "gaps", "plain")
    rows = []
    for layer, name, values in named_weights(model):
        kind, plain = plainest(values)
        attempt = encode_tensor(values) if kind != CONSTANT and values.dtype == np.float32 else None
        if attempt is None or attempt[0].size_bytes + _RECORD.size >= len(plain):
            add_plain(sections, values)
            continue
        coded, costs = attempt
        lengths = (coded.count, coded.gap_count, len(coded.ids), len(coded.gaps))
        sections["tensors"] += bytes([CODED]) + _RECORD.pack(len(coded.codebook), coded.gap_bits, *lengths)
        sections["codebooks"] += coded.codebook.astype("<f4").tobytes()
        sections["tables"] += coded.tables
        sections["ids"] += coded.ids
        sections["gaps"] += coded.gaps
        facts = (f"{layer.name}/{name}", values.size, coded.count, len(coded.codebook))
        sizes = (4 * len(coded.codebook), len(coded.tables))
        rows.append((*facts, *costs.values(), *sizes))
    return FILE.pack(sections), pd.DataFrame(rows, columns=list(COLUMNS))


@FORMATS.register(
    suffix=".rdc", device=False, save=write_bytes, load=load_model, tensors=FILE.tensors, places=places_of
)
def deep_compression(path: Path, *, threads: int = 1) -> Predictor:
    """Open a Deep Compression file: decode it to a Keras model and run that; it needs TensorFlow.

    Args:
        path: The file.
        threads: As for Keras files.

    Raises:
        SetupError: When the file is damaged, truncated, or of a newer version.
    """
    return keras_predictor(load_model(path))
