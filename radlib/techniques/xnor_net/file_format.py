"""XNOR-Net files (`.rdx`): a network whose inner convolutions have weights of one bit (Rastegari et al., 2016).

A coded file (see `coded_files`) of codec `xnor_net`, version 1, with these sections:

| section | content |
|---|---|
| `network` | JSON, deflated (zlib): `graph` (see `graphs`), `labels`, `preparation` of films |
| `tensors` | the kind of each weight tensor, one byte, in the order of the graph's layers and of Keras within a layer |
| `signs` | the binary kernels: a bit per weight, 1 for +1, flat in C order, lowest bit first, padded to bytes per kernel |
| `scales` | α of all binary kernels |
| `plain` | all other tensors |

A kind is 0 for values as they are, 1 for float16, 2 for one float32 that stands for all, 3 for signs. A binary
convolution is a layer `BinaryConv2D` of the graph; its settings say strides, padding, and whether its inputs are
binary, too (see `binary_layers` for what it computes). Integers and floating-point numbers are little-endian. The
writer takes the shortest kind without changing a bit: decoding gives the very weights that were encoded.

It decodes to a Keras model. Opened for use, its binary convolutions count bits where their inputs are binary, in
TensorFlow's graph, and everything else is TensorFlow's; answers are the same to the bit. Stock LiteRT has no such
kernel: there, this is a way to store a network and not to run it.

References:
    Rastegari, Ordonez, Redmon, Farhadi (2016). XNOR-Net. ECCV, arXiv 1603.05279.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from radlib.formats.coded_files import CodedFile, Place, add_plain, named_weights, places_of, take_plain
from radlib.formats.container import SectionReader
from radlib.formats.graphs import functional
from radlib.formats.keras import keras_predictor
from radlib.formats.predictors import Predictor
from radlib.formats.tflite import write_bytes
from radlib.foundation.errors import DataError, UsageError
from radlib.foundation.registry import FORMATS
from radlib.techniques.xnor_net.binary_layers import STORED, stored_layer
from radlib.techniques.xnor_net.sign_products import best_counter, prepare

CODEC, VERSION = "xnor_net", 1
SIGNS = 3  # the kinds before it are those of `plain_tensors`
OVERHEAD = ("frame", "network", "tensors")  # all that is no weight


def _read(places: Sequence[Place], reader: SectionReader) -> Iterator[np.ndarray]:
    """Yield the weight tensors of a file in their order."""
    for place in places:
        kind, section, like = reader.take("tensors", 1)[0], _section(place.layer, place.name), place.like
        if (kind == SIGNS) != (section == "signs"):
            raise DataError("It has a binary kernel where none belongs, or the other way round.")
        if kind != SIGNS:
            yield take_plain(reader, kind, like, section)
            continue
        stored = np.frombuffer(reader.take(section, -(-like.size // 8)), np.uint8)
        bits = np.unpackbits(stored, count=like.size, bitorder="little")
        yield (2 * bits.astype(np.float32) - 1).reshape(like.shape)


def _section(layer: str, weight: str) -> str:
    """Return where a weight of a layer of some class is stored."""
    binary = {"kernel": "signs", "scales": "scales"} if layer == STORED else {}
    return binary.get(weight, "plain")


FILE = CodedFile(CODEC, VERSION, _read, lambda: {STORED: stored_layer()})
decode_model, load_model, read_about, itemise = FILE.decode, FILE.load, FILE.about, FILE.itemise


def encode_model(model: Any, about: Mapping[str, Any] | None = None) -> bytes:
    """Return a network as an XNOR-Net file, without loss.

    Args:
        model: A Keras model of known layers (see `graphs`) and binary convolutions (`binary_layers.stored_layer`).
        about: JSON-able facts that the file shall carry beside the graph, e.g. `labels`.

    Raises:
        UsageError: For a layer that the file cannot describe, or a binary kernel of other values than ±1.
    """
    model = functional(model)
    sections = FILE.begin(model, about, "tensors", "signs", "scales", "plain")
    for layer, name, values in named_weights(model):
        if (section := _section(type(layer).__name__, name)) != "signs":
            add_plain(sections, values, section)
            continue
        if not np.isin(values, (-1, 1)).all():
            raise UsageError(
                f"The kernel of {layer.name} is not of ±1 alone; binarize it before it is stored."
            )
        sections["tensors"].append(SIGNS)
        sections["signs"] += np.packbits(values.ravel() > 0, bitorder="little").tobytes()
    return FILE.pack(sections)


@FORMATS.register(
    suffix=".rdx",
    device=False,
    save=write_bytes,
    prepare=prepare,
    load=load_model,
    tensors=FILE.tensors,
    places=places_of,
)
def xnor_net(path: Path, *, threads: int = 1) -> Predictor:
    """Open an XNOR-Net file: TensorFlow runs it, and calls a kernel that counts bits for its binary convolutions.

    Args:
        path: The file.
        threads: As for Keras files; bits are counted on one.

    Raises:
        SetupError: When the file is damaged, truncated, or of a newer version.
    """
    model = load_model(path)
    counter = count_bits(model)
    predictor = keras_predictor(model)
    if counter is None:
        return predictor
    return replace(
        predictor,
        runtime=f"{predictor.runtime}, {counter} {version(counter)}",
        delegate=f"bits counted by {counter}",
    )


def count_bits(model: Any, counter: str | None = None) -> str | None:
    """Let the binary convolutions of a model count bits from now on; answers stay the same to the bit.

    Args:
        model: As `decode_model` returns it.
        counter: One of `sign_products.COUNTERS`; None takes the fastest that is installed.

    Returns:
        The counter, or None for a model of real-valued inputs everywhere, which has no bits to count.
    """
    counter = counter or best_counter()
    layers = [layer for layer in model.layers if isinstance(layer, stored_layer()) and layer.binary_inputs]
    for layer in layers:
        layer.count_bits(counter)
    return counter if layers else None
