"""Model files as others make them, written by the libraries that people use, and hostile ones.

Every hostile file carries a canary where its kind can carry code: a file that appears when the code runs.
"""

import io
import json
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

SIDE = 16


def pickled_canary(canary: Path, protocol: int = 2) -> bytes:
    """A pickle that makes the canary when it is loaded."""

    class Bomb:
        def __reduce__(self):
            return Path.touch, (canary,)

    return pickle.dumps({"state_dict": Bomb(), "padding": "x" * 64}, protocol=protocol)


def zipped(members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name) if compression == zipfile.ZIP_STORED else name, content)
    return stream.getvalue()


def members_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def changed_config(keras_file: bytes, change: Callable[[dict], object]) -> bytes:
    """A `.keras` file with something else in its config.json."""
    members = members_of(keras_file)
    config = json.loads(members["config.json"])
    change(config)
    return zipped({**members, "config.json": json.dumps(config).encode()})


def lambda_layer(canary: Path) -> dict:
    """A Lambda layer as Keras 3 writes it, whose bytecode makes the canary."""
    import base64
    import marshal

    code = compile(f"__import__('pathlib').Path({str(canary)!r}).touch()", "lambda", "eval")
    text = base64.b64encode(marshal.dumps(code)).decode()
    function = {"class_name": "__lambda__", "config": {"value": [text, None, None]}}
    return {
        "module": "keras.layers",
        "class_name": "Lambda",
        "config": {
            "name": "lambda",
            "trainable": True,
            "dtype": "float32",
            "function": function,
            "arguments": {},
        },
        "registered_name": None,
        "name": "lambda",
    }


def with_layer(layer: dict) -> Callable[[dict], object]:
    return lambda config: config["config"]["layers"].insert(1, layer)


def first_dense(config: dict) -> dict:
    return next(layer for layer in config["config"]["layers"] if layer["class_name"] == "Dense")


def hostile_files(folder: Path, canary: Path, keras_file: bytes, litert_file: bytes) -> dict[str, Path]:
    """Write forty files that must be refused; their names promise other things than they hold."""
    canary_text = f"__import__('pathlib').Path({str(canary)!r}).touch()"
    files: dict[str, bytes] = {}
    for place, name in enumerate(("model.pkl", "model.tflite", "model.keras", "model.onnx", "model.pt2")):
        files[f"pickle {place}: {name}"] = pickled_canary(canary, protocol=place)
    files["pickle of a checkpoint.pth"] = _stream_checkpoint(canary)
    files["joblib.h5"] = pickled_canary(canary, protocol=5)
    files["torch zip with code.pth"] = zipped(
        {"archive/data.pkl": pickled_canary(canary), "archive/version": b"3\n"}
    )
    files["torch zip as keras.keras"] = zipped(
        {"model/data.pkl": pickled_canary(canary), "model/version": b"3\n"}
    )
    files["script module.pt2"] = zipped(
        {
            "net/code/__torch__/net.py": canary_text.encode(),
            "net/data.pkl": b"\x80\x02N.",
            "net/version": b"3\n",
        }
    )
    files["script.tflite"] = f"#!/usr/bin/env python\n{canary_text}\n".encode()
    files["source.onnx"] = f"import os\n{canary_text}\n".encode() * 4
    files["html.tflite"] = b"<html><body>Sign in to download</body></html>" * 3
    files["gzip.tflite"] = b"\x1f\x8b\x08" + bytes(60)
    files["program.onnx"] = b"\x7fELF" + bytes(60)
    files["empty.tflite"] = b""
    # Keras files
    files["lambda.keras"] = changed_config(keras_file, with_layer(lambda_layer(canary)))
    files["lambda as tflite.tflite"] = files["lambda.keras"]
    files["lambda inside a model.keras"] = changed_config(
        keras_file,
        with_layer({"module": "keras", "class_name": "Sequential", "name": "inner", "registered_name": "Sequential",
                    "config": {"name": "inner", "layers": [lambda_layer(canary)]}}),
    )  # fmt: skip
    files["module of os.keras"] = changed_config(
        keras_file,
        with_layer(
            {
                "module": "os",
                "class_name": "system",
                "config": {"name": "x"},
                "registered_name": None,
                "name": "x",
            }
        ),
    )
    files["module path.keras"] = changed_config(
        keras_file, lambda c: first_dense(c).update(module="keras_tricks.layers", registered_name=None)
    )
    files["registered class.keras"] = changed_config(
        keras_file, lambda c: first_dense(c).update(class_name="Own", registered_name="mypackage>Own")
    )
    files["function as activation.keras"] = changed_config(
        keras_file,
        lambda c: first_dense(c)["config"].update(
            activation={
                "module": "builtins",
                "class_name": "function",
                "config": "eval",
                "registered_name": "eval",
            }
        ),
    )
    files["initializer from elsewhere.keras"] = changed_config(
        keras_file,
        lambda c: first_dense(c)["config"].update(
            kernel_initializer={"module": "subprocess", "class_name": "Popen", "config": {"args": "touch"}}
        ),
    )
    files["get_file gadget.keras"] = changed_config(
        keras_file,
        lambda c: first_dense(c).update(module="keras.src.utils.file_utils", class_name="get_file"),
    )
    files["no such layer.keras"] = changed_config(
        keras_file, lambda c: first_dense(c).update(class_name="TFSMLayer")
    )
    files["config is a list.keras"] = zipped({**members_of(keras_file), "config.json": b"[1, 2]"})
    files["config without end.keras"] = zipped({**members_of(keras_file), "config.json": b"[" * 200_000})
    files["weights cut short.keras"] = _shorter_member(keras_file, "model.weights.h5")
    files["weights are a pickle.keras"] = zipped(
        {**members_of(keras_file), "model.weights.h5": pickled_canary(canary)}
    )
    files["asset.keras"] = zipped({**members_of(keras_file), "assets/run.py": canary_text.encode()})
    # zip tricks
    files["leads out.keras"] = zipped({**members_of(keras_file), "../../evil.py": canary_text.encode()})
    files["absolute.keras"] = zipped({**members_of(keras_file), "/tmp/evil.py": canary_text.encode()})
    files["twice.keras"] = zipped({**members_of(keras_file), "CONFIG.json": b"{}"})
    files["bomb.keras"] = zipped(
        {**members_of(keras_file), "model.weights.h5": bytes(90_000_000)}, zipfile.ZIP_DEFLATED
    )
    files["link.keras"] = _with_link(keras_file)
    files["two directories.keras"] = _renamed_in_directory(keras_file)
    files["cut short.keras"] = keras_file[: len(keras_file) // 2]
    # exported PyTorch programs
    plain = exported_program()
    program = json.loads(plain["net/models/model.json"])
    weights = {"config": {"conv.weight": {"path_name": "weight_0", "use_pickle": True}}}
    for name, change in {
        "pickled weights": {"net/data/weights/model_weights_config.json": json.dumps(weights).encode()},
        "pickled constant": {"net/data/constants/opaque_obj_0": pickled_canary(canary)},
        "example inputs are a program": {
            "net/data/sample_inputs/model.pt": zipped({"a/data.pkl": pickled_canary(canary)})
        },
        "compiled library": {"net/data/aotinductor/model/x.so": b"\x7fELF" + bytes(60)},
        "calls the shell": _with_node(program, {"target": "torch.os.system", "inputs": [canary_text]}),
        "calls hub": _with_node(program, {"target": "torch.hub.load", "inputs": []}),
        "size to be evaluated": _with_node(program, {"sizes": [{"as_expr": {"expr_str": canary_text}}]}),
        "guards are code": {
            "net/models/model.json": json.dumps({**program, "guards_code": [canary_text]}).encode()
        },
        "own class of arguments": _with_node(
            program, {"in_spec": '[1, {"type": "os.PathLike", "context": "null"}]'}
        ),
    }.items():
        files[f"{name}.pt2"] = zipped({**plain, **change})
    files["old export.pt2"] = zipped(
        {"serialized_exported_program.json": b"{}", "serialized_state_dict.pt": plain_pickle()}
    )
    # HDF5 and LiteRT
    files["whole model.h5"] = whole_model_h5(canary)
    files["whole model behind a header.tflite"] = bytes(512) + whole_model_h5(canary)
    files["cut short.tflite"] = litert_file[: len(litert_file) // 2]
    files["offsets gone.tflite"] = litert_file[:64] + b"\xff" * 256 + litert_file[320:]
    written = {}
    for number, (name, content) in enumerate(files.items()):
        place = folder / f"{number:02d}"
        place.mkdir()
        written[name] = place / name.rpartition(": ")[2].replace(" ", "_")
        written[name].write_bytes(content)
    return written


def exported_program() -> dict[str, bytes]:
    """The members of a PyTorch program as torch.export.save writes them, of one operation."""
    tensor = {"dtype": 7, "sizes": [{"as_int": 1}, {"as_int": 2}], "layout": 7}
    node = {
        "target": "torch.ops.aten.relu.default",
        "inputs": [{"name": "self", "arg": {"as_tensor": {"name": "x"}}}],
    }
    tree = '[1, {"type": "builtins.tuple", "context": "null", "children_spec": [{"type": null, "context": null}]}]'
    program = {
        "graph_module": {
            "graph": {
                "nodes": [node],
                "tensor_values": {"x": tensor},
                "sym_int_values": {},
                "custom_obj_values": {},
            },
            "module_call_graph": [{"fqn": "", "signature": {"in_spec": tree, "out_spec": tree}}],
        },
        "range_constraints": {},
        "guards_code": [],
    }
    return {
        "net/archive_format": b"pt2",
        "net/archive_version": b"0",
        "net/byteorder": b"little",
        "net/.data/version": b"3\n",
        "net/models/model.json": json.dumps(program).encode(),
        "net/data/weights/weight_0": bytes(16),
        "net/data/weights/model_weights_config.json": b'{"config": {"w": {"path_name": "weight_0", "use_pickle": false}}}',
        "net/data/constants/model_constants_config.json": b'{"config": {}}',
        "net/data/sample_inputs/model.pt": zipped({"archive/data.pkl": plain_pickle()}),
    }


def plain_pickle() -> bytes:
    """A pickle that names what puts tensors together and nothing else."""
    return b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\nq\x00ccollections\nOrderedDict\nq\x01N."


def _with_node(program: dict, node: dict) -> dict[str, bytes]:
    changed = json.loads(json.dumps(program))
    changed["graph_module"]["graph"]["nodes"].append(node)
    return {"net/models/model.json": json.dumps(changed).encode()}


def onnx_message() -> bytes:
    """The outermost fields of an ONNX file: version 8, producer, a graph, an operator set."""
    graph = b"\x12\x04main" + bytes(20)
    return b"\x08\x08\x12\x07pytorch" + b"\x3a" + bytes([len(graph)]) + graph + b"\x42\x04\x0a\x00\x10\x11"


def whole_model_h5(canary: Path) -> bytes:
    """A whole model in HDF5 with a Lambda layer, as Keras 2 saved them."""
    import h5py

    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        config = {"class_name": "Sequential", "config": {"name": "s", "layers": [lambda_layer(canary)]}}
        file.attrs["model_config"] = json.dumps(config)
        file.attrs["keras_version"] = "2.15.0"
        file.create_group("model_weights")
    return stream.getvalue()


def _stream_checkpoint(canary: Path) -> bytes:
    """A checkpoint as PyTorch wrote them before 1.6: several pickles in a row."""
    return (
        pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2)
        + pickle.dumps(1001, protocol=2)
        + pickled_canary(canary)
    )


def _shorter_member(content: bytes, name: str) -> bytes:
    members = members_of(content)
    return zipped({**members, name: members[name][: len(members[name]) // 2]})


def _with_link(content: bytes) -> bytes:
    stream = io.BytesIO(content)
    with zipfile.ZipFile(stream, "a") as archive:
        link = zipfile.ZipInfo("assets/link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    return stream.getvalue()


def _renamed_in_directory(content: bytes) -> bytes:
    """An archive whose directory calls a file otherwise than the file itself does."""
    place = content.rindex(b"metadata.json")
    return content[:place] + b"metadata.jso2" + content[place + len(b"metadata.json") :]


def mutated(content: bytes, count: int, seed: int = 0) -> list[bytes]:
    """Copies with some bytes changed, parts cut, or numbers made large."""
    generator = np.random.default_rng(seed)
    made = []
    for number in range(count):
        copy = bytearray(content)
        for place in generator.integers(8, len(copy) - 8, 1 + number % 12):
            value = int(generator.integers(0, 2**32)) if number % 2 else 0xFFFFFFF0
            copy[place : place + 4] = struct.pack("<I", value)
        made.append(bytes(copy[: len(copy) - number * 7] if number % 5 == 0 else copy))
    return made
