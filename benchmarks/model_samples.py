"""Small sound model files of every format, and ways to damage one: its bytes, its parts, or what its text says.

Random bytes never get past a checksum. So half of the damage is done within: a zip or a container is opened, one of its
parts changed, and all of it closed again with sums that agree; of a configuration, values are exchanged for those that a
reader must not believe.
"""

import base64
import io
import json
import marshal
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.fuzzing import damaged
from radlib.formats import container
from radlib.foundation import backend

SIDE = 12  # of the films, pixels
MOST_LIKELY_TEXT = 0.75  # share of structured damage that is done to a configuration, where there is one


def small_network(binary: bool = False) -> Any:
    """Return a Keras network of 300 weights; with a binary convolution for `.rdx` files."""
    from radlib.techniques.xnor_net.binary_layers import stored_layer

    keras = backend.keras()
    keras.utils.set_random_seed(0)
    layers, film = keras.layers, keras.Input((SIDE, SIDE, 1), name="film")
    x = layers.Conv2D(4, 3, padding="same", name="first")(film)
    x = layers.ReLU(name="kinked")(layers.BatchNormalization(name="even")(x))
    inner = (
        stored_layer()(4, (3, 3), padding="same", name="inner")
        if binary
        else layers.DepthwiseConv2D(3, name="inner")
    )
    x = layers.Add(name="twice")([inner(x), inner(x)])
    x = layers.GlobalAveragePooling2D(name="pooling")(x)
    return keras.Model(film, layers.Dense(2, activation="softmax", name="predictions")(x), name="small")


def samples() -> dict[str, bytes]:
    """Return sound files by name; the ending is that of the format."""
    import tempfile

    from radlib.formats.keras import model_bytes
    from radlib.techniques.deep_compression import file_format as deep_compression
    from radlib.techniques.miracle import file_format as miracle
    from radlib.techniques.miracle.miracle import plan_blocks
    from radlib.techniques.quantization.converter import convert
    from radlib.techniques.xnor_net import file_format as xnor_net

    model = small_network()
    blocks = plan_blocks(model, 4, 16, seed=0)
    kernels = sum("kernel" in weight.name for weight in model.weights)
    indices = np.arange(blocks.count) % (1 << blocks.bits)
    code = miracle.Code(blocks, indices, np.full(kernels, 0.1, np.float32))
    with tempfile.TemporaryDirectory(prefix="radlib-fuzz-") as folder, backend.quiet_stderr():
        whole, weights = Path(folder) / "whole.h5", Path(folder) / "alone.weights.h5"
        model.save(whole)
        model.save_weights(weights)
        hdf5 = {"whole.h5": whole.read_bytes(), "alone.h5": weights.read_bytes()}
    archive = io.BytesIO()
    np.savez_compressed(archive, kernel=np.ones((3, 4), np.float32), bias=np.zeros(4, np.float16))
    return {
        "model.keras": model_bytes(model),
        "model.tflite": convert(model),
        "model.rdc": deep_compression.encode_model(model)[0],
        "model.rdm": miracle.encode_model(model, code),
        "model.rdx": xnor_net.encode_model(small_network(binary=True)),
        **hdf5,
        "weights.npz": archive.getvalue(),
        "weights.safetensors": _safetensors(),
        "weights.pth": _zipped(PTH),
        "program.pt2": _zipped(PT2),
        "graph.onnx": b"\x08\x08\x12\x07pytorch\x3a\x1a\x12\x04main"
        + bytes(20)
        + b"\x42\x04\x0a\x00\x10\x11",
    }


PTH = {
    "archive/data.pkl": b"\x80\x02}q\x00X\x01\x00\x00\x00wq\x01ctorch._utils\n_rebuild_tensor_v2\nq\x02((X\x07\x00\x00\x00"
    b"storageq\x03ctorch\nFloatStorage\nq\x04X\x01\x00\x00\x000q\x05X\x03\x00\x00\x00cpuq\x06K\x06tq\x07QK\x00K\x02K\x03\x86q"
    b"\x08K\x03K\x01\x86q\t\x89ccollections\nOrderedDict\nq\n)Rq\x0btq\x0cRq\rs.",
    "archive/byteorder": b"little",
    "archive/data/0": np.arange(6, dtype=np.float32).tobytes(),
    "archive/version": b"3\n",
}
PT2 = {
    "net/archive_format": b"pt2",
    "net/archive_version": b"0",
    "net/models/model.json": b'{"graph_module": {"graph": {"nodes": [{"target": "torch.ops.aten.relu.default", "inputs": []}]}}}',
    "net/data/weights/weight_0": bytes(16),
    "net/data/weights/model_weights_config.json": b'{"config": {"w": {"path_name": "weight_0", "use_pickle": false}}}',
}


def _safetensors() -> bytes:
    table = json.dumps({"w": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}).encode()
    return len(table).to_bytes(8, "little") + table + np.arange(6, dtype=np.float32).tobytes()


def mutant(name: str, sound: bytes, generator: np.random.Generator, canary: Path) -> bytes:
    """Return a damaged copy of a sound file.

    Args:
        name: Of the sample.
        sound: Its content.
        generator: What is drawn from.
        canary: A file that code in the copy would make.
    """
    if generator.random() < 0.4:
        return damaged(sound, generator)
    if sound[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(sound)) as archive:
            parts = {each: archive.read(each) for each in archive.namelist()}
        return _zipped(_one_changed(parts, generator, canary), compressed=bool(generator.integers(2)))
    if name[-4:] in (".rdc", ".rdm", ".rdx"):
        codec = {".rdc": "deep_compression", ".rdm": "miracle", ".rdx": "xnor_net"}[name[-4:]]
        return container.pack(
            codec, 1, _one_changed(container.unpack(sound, codec, 1, name=name), generator, canary)
        )
    if name.endswith(".safetensors"):
        length = int.from_bytes(sound[:8], "little")
        table = changed_json(sound[8 : 8 + length], generator, canary)
        return len(table).to_bytes(8, "little") + table + sound[8 + length :]
    if name == "whole.h5":
        return _changed_hdf5(sound, generator, canary)
    return damaged(sound, generator)


def _one_changed(parts: dict[str, bytes], generator: np.random.Generator, canary: Path) -> dict[str, bytes]:
    """Return the parts of a file with one of them changed, left out, or called otherwise."""
    texts = [each for each in parts if each.endswith(".json") or each == "network"]
    pick = texts if texts and generator.random() < MOST_LIKELY_TEXT else list(parts)
    chosen = pick[int(generator.integers(len(pick)))]
    if generator.random() < 0.05:
        return {each: content for each, content in parts.items() if each != chosen}
    if generator.random() < 0.05 and "." in chosen:
        return {f"../{each}" if each == chosen else each: content for each, content in parts.items()}
    content = parts[chosen]
    if chosen == "network":
        text = json.dumps(container.unpack_json(content)).encode()
        content = container.pack_json(json.loads(changed_json(text, generator, canary)))
    elif chosen in texts:
        content = changed_json(content, generator, canary)
    else:
        content = damaged(content, generator) if content else generator.bytes(8)
    return {**parts, chosen: content}


def _changed_hdf5(sound: bytes, generator: np.random.Generator, canary: Path) -> bytes:
    import h5py

    stream = io.BytesIO(sound)
    with h5py.File(stream, "r+") as file:
        text = str(file.attrs["model_config"]).encode()
        file.attrs["model_config"] = changed_json(text, generator, canary).decode()
    return stream.getvalue()


def changed_json(text: bytes, generator: np.random.Generator, canary: Path) -> bytes:
    """Return JSON with up to three of its values exchanged for others, some of which name code."""
    content = json.loads(text)
    for _ in range(int(generator.integers(1, 4))):
        places = list(_places(content))
        holder, key = places[int(generator.integers(len(places)))]
        holder[key] = _surprise(holder[key], generator, canary)
    return json.dumps(content).encode()


def _places(content: Any) -> Any:
    """Yield every (mapping or list, key) in nested JSON, without recursion."""
    waiting = [content]
    while waiting:
        each = waiting.pop()
        keys = list(each) if isinstance(each, dict) else range(len(each)) if isinstance(each, list) else ()
        for key in keys:
            yield each, key
            waiting.append(each[key])


def _surprise(value: Any, generator: np.random.Generator, canary: Path) -> Any:
    code = f"__import__('pathlib').Path({str(canary)!r}).touch()"
    bytecode = base64.b64encode(marshal.dumps(compile(code, "lambda", "eval"))).decode()
    function = {"class_name": "__lambda__", "config": {"value": [bytecode, None, None]}}
    layer = {"class_name": "Lambda", "module": "keras.layers", "config": {"name": "l", "function": function}}
    system: dict[str, Any] = {
        "class_name": "function",
        "module": "os",
        "config": "system",
        "registered_name": "system",
    }
    choices: list[Callable[[], Any]] = [
        lambda: None, lambda: [], dict, lambda: -1, lambda: 0, lambda: 10**9, lambda: 10**30, lambda: 1e308, lambda: True,
        lambda: "", lambda: "Lambda", lambda: "os", lambda: "io.write_file", lambda: "TFOpLambda", lambda: "\x1b[2J\n",
        lambda: "../../x", lambda: float("nan"), lambda: layer, lambda: function, lambda: system, lambda: [value, value],
        lambda: {"class_name": "Functional", "config": {"name": "m", "layers": [layer]}}, lambda: [[[value]]],
        lambda: value * 3 if isinstance(value, int | float | str | list) else value, lambda: f"eval({code})",
    ]  # fmt: skip
    return choices[int(generator.integers(len(choices)))]()


def _zipped(members: dict[str, bytes], compressed: bool = False) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()
