"""A PyTorch program or an ONNX file to LiteRT: what runs in the import environment, and imports nothing of radlib.

Reads what to do as JSON from standard input, and writes `result.json` and `arrays.npz` into the folder that
`RADLIB_WORKER_FOLDER` names: `model`, the bytes of the LiteRT file, and `outputs`, what PyTorch itself answers to the
given films. Refusals are one sentence on standard output and exit status 23.
"""

import json
import os
import sys
import types
from pathlib import Path
from typing import Any

REFUSED = 23
NEWEST_OPERATORS = 17  # of ONNX, all of which onnx2torch reads; files of newer ones are put in their words


def main() -> None:
    """Convert one file."""
    asked = json.load(sys.stdin)
    answer, sys.stdout = sys.stdout, sys.stderr  # converters talk
    try:
        convert(**asked)
    except Refusal as refusal:
        answer.write(f"{refusal}\n")
        answer.flush()
        os._exit(REFUSED)


class Refusal(Exception):
    """A sentence for the user."""


def convert(path: str, kind: str, films: str, name: str) -> None:
    """Convert a network and write what came of it.

    Args:
        path: The file, which radlib's guard has looked at.
        kind: `pt2` or `onnx`.
        films: A `.npy` file of probe films as the network takes them, float32 (n, …); empty to be told their shape.
        name: Of the file, for messages.
    """
    import numpy as np
    import torch

    folder = Path(os.environ["RADLIB_WORKER_FOLDER"])
    try:
        network, shape = program(path, name) if kind == "pt2" else onnx_network(path, name)
        if not films:
            (folder / "result.json").write_text(json.dumps({"shape": shape}), encoding="utf-8")
            return
        given = torch.from_numpy(np.load(films, allow_pickle=False))
        with torch.no_grad():
            outputs = np.concatenate([answers(network, film[None], name) for film in given])
        content = litert(network, given[:1])
    except Refusal:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise Refusal(
            f"{name} cannot be converted to LiteRT ({type(error).__name__}: {reason}); check --layout, --channels and the size of "
            "its films, or convert it yourself and import the .tflite file."
        ) from error
    np.savez(folder / "arrays.npz", model=np.frombuffer(content, np.uint8), outputs=outputs)
    versions = {"torch": torch.__version__}
    (folder / "result.json").write_text(json.dumps({"libraries": versions}), encoding="utf-8")


def program(path: str, name: str) -> tuple[object, list[int]]:
    """Return an exported program as a module, and the shape of its input."""
    import torch

    exported = torch.export.load(path)
    inputs = exported.graph_signature.user_inputs
    if len(inputs) != 1 or len(exported.graph_signature.user_outputs) != 1:
        raise Refusal(f"{name} has {len(inputs)} inputs; export a network of one film and one answer.")
    (entry,) = [node for node in exported.graph.nodes if node.op == "placeholder" and node.name == inputs[0]]
    return exported.module(), [int(side) for side in entry.meta["val"].shape]


def onnx_network(path: str, name: str) -> tuple[object, list[int]]:
    """Return an ONNX file as a PyTorch module, and the shape of its input; a batch left open is one film."""
    import onnx.version_converter

    model = onnx.load(path, load_external_data=False)
    stored = [
        *model.graph.initializer,
        *(a.t for n in model.graph.node for a in n.attribute if a.HasField("t")),
    ]
    if any(tensor.data_location == onnx.TensorProto.EXTERNAL for tensor in stored):
        raise Refusal(
            f"{name} keeps weights in other files; save it into one file with save_as_external_data=False."
        )
    domains = {node.domain for node in model.graph.node} - {"", "ai.onnx"}
    if domains or model.functions:
        raise Refusal(f"{name} uses operators of its own; export it with ONNX's standard operators.")
    onnx.checker.check_model(model)
    without_torchvision()
    from onnx2torch import convert

    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [entry for entry in model.graph.input if entry.name not in weights]
    if len(inputs) != 1 or len(model.graph.output) != 1:
        raise Refusal(f"{name} has {len(inputs)} inputs; export a network of one film and one answer.")
    batch, *sides = [side.dim_value for side in inputs[0].type.tensor_type.shape.dim]
    try:
        network = convert(model)
    except NotImplementedError:
        network = convert(onnx.version_converter.convert_version(model, NEWEST_OPERATORS))
    return network.eval(), [batch or 1, *sides]


def without_torchvision() -> None:
    """Let onnx2torch do without torchvision, of which it uses two operators for detection."""
    try:
        import torchvision  # noqa: F401
    except ImportError:
        stand_in: Any = types.ModuleType("torchvision")
        operators: Any = types.ModuleType("torchvision.ops")
        stand_in.ops, operators.roi_align = operators, None
        sys.modules |= {"torchvision": stand_in, "torchvision.ops": operators}


def answers(network: Any, film: object, name: str) -> object:
    """Return what a network answers to one film, (1, outputs)."""
    import numpy as np
    import torch

    found = network(film)
    found = found[0] if isinstance(found, tuple | list) and len(found) == 1 else found
    if not isinstance(found, torch.Tensor):
        raise Refusal(f"{name} answers with several tensors; export a network of one film and one answer.")
    return np.asarray(found.detach(), np.float32).reshape(1, -1)


def litert(network: object, film: object) -> bytes:
    """Return the LiteRT file of a module."""
    import litert_torch

    converted = litert_torch.convert(network, (film,))
    path = Path(os.environ["RADLIB_WORKER_FOLDER"]) / "converted.tflite"
    converted.export(str(path))
    return path.read_bytes()


if __name__ == "__main__":
    main()
