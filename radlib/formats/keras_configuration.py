"""The configuration in a `.keras` file, rewritten from a closed list before Keras sees any of it.

A configuration names classes, modules and functions; Keras imports and calls what it names, and asks afterwards. So
none of it is handed on as it is. Every layer must be one of `graphs.LAYERS` and gets its module from here; its
settings must be plain values, activations and functions that are named here, and initial values, penalties and
constraints of Keras's own. How a layer was built or compiled is left out, for the same configuration says it. What is
not on the list is refused, never skipped: a network that was opened is the one that was stored.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from radlib.formats.graph_limits import MOST_LAYERS, refuse_circles
from radlib.formats.graphs import ACTIVATIONS, ELSEWHERE, FUNCTIONS, LAYER_NAME, LAYERS, PUBLIC
from radlib.foundation.errors import UsageError

LARGEST = 10_000_000  # of a whole number among the settings
CLASSES = {
    "initializer": ("keras.initializers", frozenset(
        ["Constant", "GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "LecunNormal", "LecunUniform", "Ones",
         "Orthogonal", "RandomNormal", "RandomUniform", "TruncatedNormal", "VarianceScaling", "Zeros"])),
    "regularizer": ("keras.regularizers", frozenset(["L1", "L1L2", "L2"])),
    "constraint": ("keras.constraints", frozenset(["MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm"])),
}  # fmt: skip


def checked_configuration(stored: Any) -> tuple[str, dict[str, Any]]:
    """Return the class of a stored model, and a configuration for its `from_config`.

    Args:
        stored: Content of `config.json`, which is not trusted.

    Returns:
        `Functional` or `Sequential`; and a configuration in which nothing but names, numbers and truth values comes
        from the file.

    Raises:
        UsageError: For anything that is not on the closed list, in one sentence that names it.
    """
    kind = stored.get("class_name") if isinstance(stored, Mapping) else None
    config = stored.get("config") if isinstance(stored, Mapping) else None
    if kind not in ("Functional", "Model", "Sequential") or not isinstance(config, Mapping):
        raise UsageError(f"It holds {_short(kind)} where a network of layers belongs.")
    layers = config.get("layers")
    if not isinstance(layers, list) or not 0 < len(layers) <= MOST_LAYERS:
        raise UsageError(f"It does not list between 1 and {MOST_LAYERS:,} layers.")
    made: dict[str, Any] = {
        "name": _name(config.get("name")),
        "layers": [_layer(layer, kind == "Sequential") for layer in layers],
    }
    if kind == "Sequential":
        return kind, made
    refuse_circles(made["layers"])
    made["trainable"] = config.get("trainable", True) is True
    for ends in ("input_layers", "output_layers"):
        made[ends] = _plain_value(ends, config.get(ends))
    return "Functional", made


def _layer(layer: Any, alone: bool) -> dict[str, Any]:
    """Return one layer, of class and module from the closed list."""
    if not isinstance(layer, Mapping) or not isinstance(layer.get("config"), Mapping):
        raise UsageError(f"It holds {_short(layer)} where a layer belongs.")
    kind, config = layer.get("class_name"), layer["config"]
    name = _name(config.get("name"))
    if not isinstance(kind, str) or kind not in LAYERS:
        raise UsageError(f"The layer {name!r} is a {_short(kind)}, which is not one that a file may hold.")
    module, registered = ELSEWHERE.get(kind, PUBLIC)
    if layer.get("module") != module or layer.get("registered_name") != registered:
        raise UsageError(
            f"The layer {name!r} names the module {_short(layer.get('module'))}, which is not that of a {kind}."
        )
    made: dict[str, Any] = {
        "module": module,
        "class_name": kind,
        "registered_name": registered,
        "config": {key: _setting(kind, name, key, value) for key, value in config.items()},
    }
    if kind == "InputLayer":
        _check_film(config.get("batch_input_shape"), name)
    if kind == "TFOpLambda" and "function" not in made["config"]:
        raise UsageError(f"The layer {name!r} calls a function that it does not name.")
    if alone:
        return made
    nodes = layer.get("inbound_nodes")
    if not isinstance(nodes, list):
        raise UsageError(f"The layer {name!r} does not say what it reads.")
    return {**made, "name": name, "inbound_nodes": [_node(node, name) for node in nodes]}


def _setting(kind: str, layer: str, key: Any, value: Any) -> Any:
    """Return one setting of a layer, or refuse it."""
    if not isinstance(key, str) or not key.isidentifier():
        raise UsageError(f"The layer {layer!r} has a setting {_short(key)} that no layer has.")
    for ending, (module, classes) in CLASSES.items():
        if key.endswith(f"_{ending}"):
            return _object(value, module, classes, f"{key} of the layer {layer!r}")
    if key == "name":
        return _name(value)
    if key == "function" and (kind != "TFOpLambda" or not _one_of(FUNCTIONS, value)):
        raise UsageError(f"The layer {layer!r} calls {_short(value)}, which no file may do.")
    if key.endswith("activation") and value is not None and not _one_of(ACTIVATIONS, value):
        raise UsageError(
            f"The activation {_short(value)} of the layer {layer!r} is not one of Keras's own, by name."
        )
    if key == "dtype" and value != "float32":
        raise UsageError(f"The layer {layer!r} computes in {_short(value)}, not in float32.")
    return _plain_value(f"{key} of the layer {layer!r}", value)


def _object(value: Any, module: str, classes: frozenset[str], what: str) -> dict[str, Any] | None:
    """Return an initial value, a penalty or a constraint, of Keras's own classes and with numbers alone."""
    if value is None:
        return None
    settings = value.get("config") if isinstance(value, Mapping) else None
    named = value.get("class_name") if isinstance(value, Mapping) else value
    if not isinstance(named, str) or named not in classes or not isinstance(settings, Mapping):
        raise UsageError(f"The {what} is {_short(named)}, which is not one of Keras's own.")
    config = {str(key): _plain_value(f"{key} of the {what}", each) for key, each in settings.items()}
    return {"module": module, "class_name": named, "config": config, "registered_name": None}


def _node(node: Any, layer: str) -> Any:
    """Return what one call of a layer reads: [layer, node, tensor, arguments], of plain arguments."""
    if not isinstance(node, Sequence) or isinstance(node, str):
        raise UsageError(f"The layer {layer!r} does not say what it reads.")
    calls = [node] if node and isinstance(node[0], str) else node
    made = []
    for call in calls:
        if not isinstance(call, list) or len(call) not in (3, 4) or not isinstance(call[0], str):
            raise UsageError(f"The layer {layer!r} does not say what it reads.")
        arguments = call[3] if len(call) == 4 else {}
        if not isinstance(arguments, Mapping) or not all(str(key).isidentifier() for key in arguments):
            raise UsageError(f"The layer {layer!r} is called with {_short(arguments)}, which no layer is.")
        plain = {key: _plain_value(f"argument {key} of {layer!r}", each) for key, each in arguments.items()}
        made.append([*(_plain_value(f"input of {layer!r}", each) for each in call[:3]), plain])
    return made[0] if calls is not node else made


def _plain_value(what: str, value: Any, depth: int = 0) -> Any:
    """Return a value that is a number, a truth value, a text, or a list of them."""
    if isinstance(value, list) and depth < 6:
        return [_plain_value(what, each, depth + 1) for each in value]
    if isinstance(value, int) and abs(value) > LARGEST and not what.startswith("seed"):
        raise UsageError(f"The {what} is larger than any network has it.")
    if value is not None and not isinstance(value, bool | int | float | str):
        raise UsageError(f"The {what} is {_short(value)}, which is no plain value.")
    return value


def _check_film(shape: Any, layer: str) -> None:
    sides = shape[1:] if isinstance(shape, list) else ()
    if len(sides) != 3 or not all(type(side) is int and 0 < side <= 16_384 for side in sides):
        raise UsageError(f"The input {layer!r} takes {_short(shape)}, which is no film of a fixed size.")


def _one_of(names: frozenset[str], value: Any) -> bool:
    return isinstance(value, str) and value in names


def _name(value: Any) -> str:
    if not isinstance(value, str) or not LAYER_NAME.fullmatch(value):
        raise UsageError(f"It calls a layer {_short(value)}, which is no name.")
    return value


def _short(value: Any) -> str:
    """Return what stands in a file, short and printable."""
    named = value.get("class_name", "a mapping") if isinstance(value, Mapping) else value
    text = ascii(named)
    return text if len(text) <= 60 else f"{text[:57]}..."
