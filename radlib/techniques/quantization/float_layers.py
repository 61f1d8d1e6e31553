"""The layers with weights of a float32 LiteRT file: where their numbers lie, what flows into them, what they add up.

In such a file batch norm is folded into the kernels and an activation belongs to the layer before it, as a quantizer finds
them; a Keras network is converted first. What is learnt about a network before it is rounded (which layers may be coarse,
how to round, what to shift) is read from here and written back here, so that it serves foreign files as well as our own.

Every layer is one matrix product: `y = W x + b` with W (channels, weights of each) and x the patch that one position of
the output looks at. A depthwise layer has a patch of its own for each channel.
"""

import math
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from radlib.formats.tflite import allocated
from radlib.techniques.quantization.aeq_fitness import operation_names

KINDS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
ACTIVATIONS = {
    0: (-math.inf, math.inf),
    1: (0.0, math.inf),
    3: (0.0, 6.0),
}  # none, ReLU, ReLU6: what they let through


@dataclass(frozen=True)
class Layer:
    """One convolution or dense layer of a LiteRT file; tensors by number.

    Attributes:
        scope: Names of its outputs, as rules of a recipe match them.
        kind: LiteRT's name of the operation.
        source: The tensor that it reads.
        kernel: The tensor of its weights.
        target: The tensor that it writes.
        limits: What its activation lets through, e.g. (0, 6).
        options: Strides, padding and dilation, as the file has them.
    """

    scope: str
    kind: str
    source: int
    kernel: int
    target: int
    limits: tuple[float, float]
    options: Any

    @property
    def depthwise(self) -> bool:
        """Whether each channel of the output looks at one channel of the input."""
        return self.kind == "DEPTHWISE_CONV_2D"


def float_layers(tables: Any) -> list[Layer]:
    """Return the layers whose kernels lie in a file as float32, in the order in which they run.

    A kernel that two operations read is not among them: what suits one of them need not suit the other.

    Args:
        tables: As `litert_tables.read_tables` returns them.
    """
    from ai_edge_litert.schema_py_generated import TensorType
    from ai_edge_quantizer.utils import tfl_flatbuffer_utils as files

    graph, found = tables.subgraphs[0], []
    reads = Counter(int(place) for operation in graph.operators for place in operation.inputs)
    for operation, kind in zip(graph.operators, operation_names(tables), strict=True):
        if kind not in KINDS or reads[int(operation.inputs[1])] > 1:
            continue
        kernel = graph.tensors[operation.inputs[1]]
        stored = tables.buffers[kernel.buffer].data
        activation = operation.builtinOptions.fusedActivationFunction
        if stored is None or kernel.type != TensorType.FLOAT32 or activation not in ACTIVATIONS:
            continue
        places = [int(place) for place in operation.inputs]
        found.append(
            Layer(
                scope=files.get_op_scope(operation, graph.tensors),
                kind=kind,
                source=places[0],
                kernel=places[1],
                target=int(operation.outputs[0]),
                limits=ACTIVATIONS[activation],
                options=operation.builtinOptions,
            )
        )
    return found


def values_of(tables: Any, place: int) -> np.ndarray:
    """Return the numbers of a constant float32 tensor, in its shape."""
    tensor = tables.subgraphs[0].tensors[place]
    stored = np.asarray(tables.buffers[tensor.buffer].data, np.uint8).tobytes()
    return np.frombuffer(stored, np.float32).reshape([int(side) for side in tensor.shape])


def set_values(tables: Any, place: int, values: np.ndarray) -> None:
    """Give a constant float32 tensor other numbers; tensors that shared its buffer keep theirs."""
    from ai_edge_litert.schema_py_generated import BufferT

    tensor = tables.subgraphs[0].tensors[place]
    if sum(each.buffer == tensor.buffer for each in tables.subgraphs[0].tensors) > 1:
        tables.buffers.append(BufferT())
        tensor.buffer = len(tables.buffers) - 1
    content = np.ascontiguousarray(values, np.float32).tobytes()
    tables.buffers[tensor.buffer].data = np.frombuffer(content, np.uint8)


def biases_of(tables: Any, layer: Layer) -> np.ndarray:
    """Return the biases of a layer, float32 (channels,); 0 where it has none."""
    place = _bias_place(_operation_of(tables, layer))
    return values_of(tables, place) if place >= 0 else np.zeros(len(channels_of(tables, layer)), np.float32)


def add_to_bias(tables: Any, layer: Layer, shift: np.ndarray) -> None:
    """Add to a layer's biases, (channels,), and keep them in a tensor that no other layer reads.

    The converter leaves out biases that are all 0, or lets layers of as many channels share them.
    """
    from ai_edge_litert.schema_py_generated import BufferT, TensorT, TensorType

    graph, operation, values = (
        tables.subgraphs[0],
        _operation_of(tables, layer),
        biases_of(tables, layer) + shift,
    )
    place = _bias_place(operation)
    if place >= 0 and sum(place in list(each.inputs) for each in graph.operators) == 1:
        set_values(tables, place, values)
        return
    bias, place = TensorT(), len(graph.tensors)
    bias.name = b"%s_bias" % graph.tensors[layer.kernel].name
    bias.shape, bias.type, bias.buffer = [len(shift)], TensorType.FLOAT32, len(tables.buffers)
    tables.buffers.append(BufferT())
    graph.tensors.append(bias)
    set_values(tables, place, values)
    operation.inputs = np.array([layer.source, layer.kernel, place], np.int32)


def _operation_of(tables: Any, layer: Layer) -> Any:
    return next(each for each in tables.subgraphs[0].operators if layer.target in list(each.outputs))


def _bias_place(operation: Any) -> int:
    return int(operation.inputs[2]) if len(operation.inputs) > 2 else -1


def channels_of(tables: Any, layer: Layer) -> np.ndarray:
    """Return the weights of a layer, float32 (channels, weights of each)."""
    kernel = values_of(tables, layer.kernel)
    return kernel.reshape(-1, kernel.shape[-1]).T if layer.depthwise else kernel.reshape(len(kernel), -1)


def set_channels(tables: Any, layer: Layer, channels: np.ndarray) -> None:
    """Give a layer other weights, (channels, weights of each)."""
    shape = values_of(tables, layer.kernel).shape
    set_values(tables, layer.kernel, (channels.T if layer.depthwise else channels).reshape(shape))


def patches(layer: Layer, shape: Sequence[int], source: np.ndarray) -> np.ndarray:
    """Return what every position of a layer's output looks at.

    Args:
        layer: The layer.
        shape: Of its kernel, as the file has it.
        source: What it reads of one film: (1, h, w, channels), or (1, inputs) of a dense layer.

    Returns:
        (positions, weights of a channel); of a depthwise layer (positions, weights of a channel, channels).
    """
    seen = _windows(layer, shape, source)
    return _as_weights(layer, shape, seen.reshape(-1, *seen.shape[2:]))


def mean_patch(layer: Layer, shape: Sequence[int], source: np.ndarray) -> np.ndarray:
    """Return the mean of `patches` over all positions, without laying them out."""
    return _as_weights(layer, shape, _windows(layer, shape, source).mean(axis=(0, 1))[None])[0]


def _windows(layer: Layer, shape: Sequence[int], source: np.ndarray) -> np.ndarray:
    """Return a view of a layer's input, (h, w, rows, columns, channels): what each position of its output looks at."""
    if layer.kind == "FULLY_CONNECTED":
        return source.reshape(-1, 1, 1, 1, shape[-1])
    options, film = layer.options, source[0]
    steps = (options.strideH, options.strideW)
    gaps = (options.dilationHFactor, options.dilationWFactor)
    spans = [gap * (side - 1) + 1 for gap, side in zip(gaps, shape[1:3], strict=True)]
    if options.padding == 0:  # SAME
        missing = [
            max((-(-side // step) - 1) * step + span - side, 0)
            for side, step, span in zip(film.shape[:2], steps, spans, strict=True)
        ]
        film = np.pad(film, [*((n // 2, n - n // 2) for n in missing), (0, 0)])
    seen = np.lib.stride_tricks.sliding_window_view(
        film, spans, axis=(0, 1)
    )  # (h, w, channels, rows, columns)
    return seen[:: steps[0], :: steps[1], :, :: gaps[0], :: gaps[1]].transpose(0, 1, 3, 4, 2)


def _as_weights(layer: Layer, shape: Sequence[int], seen: np.ndarray) -> np.ndarray:
    """Return windows (n, rows, columns, channels) in the order of a layer's weights."""
    if not layer.depthwise:
        return seen.reshape(len(seen), -1)
    return seen.reshape(len(seen), -1, seen.shape[-1]).repeat(shape[-1] // seen.shape[-1], axis=-1)


def observed(content: bytes, images: np.ndarray, places: Sequence[int]) -> Iterator[Mapping[int, np.ndarray]]:
    """Yield, film by film, what flows through some tensors of a float32 LiteRT file, by the tensor's number."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # LiteRT says that this is for debugging and takes memory
        interpreter, _ = allocated(1, model_content=content, experimental_preserve_all_tensors=True)
    film = interpreter.get_input_details()[0]["index"]
    for image in images:
        interpreter.set_tensor(film, image[None])
        interpreter.invoke()
        yield {place: interpreter.get_tensor(place) for place in places}


def answers_of(content: bytes, images: np.ndarray) -> np.ndarray:
    """Return what a LiteRT file with float32 ends answers to films, float32 (films, outputs)."""
    interpreter, _ = allocated(1, model_content=content)
    film, answer = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]
    found = []
    for image in images:
        interpreter.set_tensor(film, image[None])
        interpreter.invoke()
        found.append(interpreter.get_tensor(answer)[0])
    return np.array(found)


def products(weights: np.ndarray, patches: np.ndarray) -> np.ndarray:
    """Return what a layer adds up for every patch, (n, channels); see `patches`."""
    return np.einsum("nkc,ck->nc", patches, weights) if patches.ndim == 3 else patches @ weights.T


def backwards(error: np.ndarray, patches: np.ndarray) -> np.ndarray:
    """Return the sum over patches of error times patch, (channels, weights of each): the slope of half its square."""
    return np.einsum("nc,nkc->ck", error, patches) if patches.ndim == 3 else error.T @ patches
