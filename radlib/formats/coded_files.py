"""Files of coded networks: what Deep Compression, MIRACLE and XNOR-Net have in common.

Each of them codes the kernels of a network in its own way. The rest is the same: a container (see `container`) whose
section `network` holds the graph and what the encoder was told, JSON, deflated, and whose section `tensors` begins the
record of each weight tensor with its kind, in the order of the graph's layers and of Keras within a layer; tensors that are
not coded lie in `plain` (see `plain_tensors`). A method's own `file_format` says what else a file has, and how it is read.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from radlib.formats import container
from radlib.formats.graphs import build_graph, describe_graph, weight_name
from radlib.formats.plain_tensors import plainest, read_plain
from radlib.foundation.errors import DataError
from radlib.foundation.extras import pandas as pd

NETWORK, TENSORS, PLAIN = "network", "tensors", "plain"
Sections = dict[str, bytearray]


@dataclass(frozen=True)
class Place:
    """A weight tensor of a network before its values are known.

    Attributes:
        layer: Class of its layer.
        name: Of the weight.
        like: Any tensor of its shape and type; a view of one number costs nothing.
    """

    layer: str
    name: str
    like: np.ndarray


def places_of(model: Any) -> list[Place]:
    """Return the places of a Keras model's weights in the order of a file."""
    return [Place(type(layer).__name__, name, values) for layer, name, values in named_weights(model)]


def named_weights(model: Any) -> Iterator[tuple[Any, str, np.ndarray]]:
    """Yield (layer, name of the weight, values) of all weight tensors in the order of a file."""
    for layer in model.layers:
        for variable, values in zip(layer.weights, layer.get_weights(), strict=True):
            yield layer, weight_name(variable), values


def add_plain(sections: Sections, values: np.ndarray, section: str = PLAIN) -> None:
    """Write a tensor that is not coded: its kind, and into a section its shortest form that loses no bit."""
    kind, content = plainest(values)
    sections[TENSORS].append(kind)
    sections[section] += content


def take_plain(
    reader: container.SectionReader, kind: int, like: np.ndarray, section: str = PLAIN
) -> np.ndarray:
    """Return the next tensor of a section that is not coded, of the shape and type of `like`."""
    return read_plain(kind, lambda count: reader.take(section, count), like)


@dataclass(frozen=True)
class CodedFile:
    """One kind of coded file.

    Attributes:
        codec: Its name in the header of every file.
        version: The newest that is read, and the one that is written.
        read: Yields the weight tensors of a file in their order; of (places of the weights, reader of the sections).
        own_layers: Gives the layers of radlib's that a graph may hold beside Keras's, by class name.
    """

    codec: str
    version: int
    read: Callable[[Sequence[Place], container.SectionReader], Iterator[np.ndarray]]
    own_layers: Callable[[], Mapping[str, type]] = dict

    def begin(self, model: Any, about: Mapping[str, Any] | None, *names: str) -> Sections:
        """Return the sections of a new file in their order: the network, and those named, still empty.

        Args:
            model: A functional Keras model of known layers.
            about: JSON-able facts that the file shall carry beside the graph, e.g. `labels`.
            names: Of the other sections.

        Raises:
            UsageError: For a layer that the file cannot describe.
        """
        network = {"graph": describe_graph(model, self.own_layers()), **(about or {})}
        return {NETWORK: bytearray(container.pack_json(network)), **{name: bytearray() for name in names}}

    def pack(self, sections: Sections) -> bytes:
        """Return the file of some sections."""
        return container.pack(
            self.codec, self.version, {name: bytes(part) for name, part in sections.items()}
        )

    def decode(self, content: bytes, *, name: str = "The file") -> Any:
        """Return the Keras model of a file, with the same weights on any machine, bit for bit.

        Args:
            content: The whole file.
            name: What messages call it.

        Raises:
            SetupError: When it is damaged, truncated, of a newer version, or no such file.
        """
        sections = container.unpack(content, self.codec, self.version, name=name)
        with container.decoding(name):
            graph = container.unpack_json(sections[NETWORK])["graph"]
            model = build_graph(graph, self.own_layers(), weights=container.most_weights(content))
            reader = container.SectionReader(sections)
            tensors = self.read(places_of(model), reader)
            for layer in model.layers:
                layer.set_weights([next(tensors) for _ in layer.weights])
            reader.check_end(NETWORK)
        return model

    def tensors(self, content: bytes, places: Sequence[Place], *, name: str = "The file") -> list[np.ndarray]:
        """Return the weight tensors of a file where its network is known: without Keras, the same bits.

        Args:
            content: The whole file.
            places: Of its weights, see `places_of`.
            name: What messages call it.

        Raises:
            SetupError: As `decode`, and when the places are another network's.
        """
        sections = container.unpack(content, self.codec, self.version, name=name)
        with container.decoding(name):
            if sum(place.like.size for place in places) > container.most_weights(content):
                raise DataError("It has fewer weights than its network is said to have.")
            reader = container.SectionReader(sections)
            tensors = list(self.read(places, reader))
            reader.check_end(NETWORK)
        return tensors

    def load(self, path: Path) -> Any:
        """Return the Keras model of a file on the disk; see `decode`."""
        return self.decode(container.read_file(path), name=path.name)

    def about(self, content: bytes, *, name: str = "The file") -> dict[str, Any]:
        """Return what a file carries beside its weights: `graph`, and what the encoder was told."""
        with container.decoding(name):
            return container.unpack_json(
                container.unpack(content, self.codec, self.version, name=name)[NETWORK]
            )

    def itemise(self, content: bytes) -> "pd.Series":
        """Return the bytes of each part of a file, `frame` (header and checksums) and the sections; they add up to it."""
        sections = container.unpack(content, self.codec, self.version, name="The file")
        sizes = {"frame": container.frame_bytes(sections), **{n: len(part) for n, part in sections.items()}}
        return pd.Series(sizes, name="bytes")
