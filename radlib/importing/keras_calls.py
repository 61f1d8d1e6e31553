"""Who reads whom in a Keras configuration: the calls of layers, as Keras 1, 2 and 3 write them down."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from radlib.foundation.errors import UsageError
from radlib.importing.keras_config import MODELS

Tensor = tuple[str, int, int]  # layer, which of its calls, which output
Call = tuple[Mapping[str, Any], int, list[Tensor]]  # a layer, which of its calls, what it reads


def tensors_read(node: Any, layer: str, name: str) -> list[Tensor]:
    """Return the tensors that one call of a layer reads, written by Keras 3 or by Keras 2.

    Raises:
        UsageError: When it is called with anything beside tensors.
    """
    if isinstance(node, dict):
        read = [
            tuple(each["config"]["keras_history"])
            for each in _in_order(node.get("args", []))
            if each.get("class_name") == "__keras_tensor__"
        ]
        arguments = dict(node.get("kwargs", {}))
    else:
        calls = [node] if node and isinstance(node[0], str) else list(node)
        read = [tuple(call[:3]) for call in calls]
        arguments = {
            key: value for call in calls for key, value in (call[3] if len(call) > 3 else {}).items()
        }
    surplus = [
        key for key, value in arguments.items() if key not in ("training", "mask") and value is not None
    ]
    if surplus or not read:
        raise UsageError(
            f"{name} calls the layer {layer!r} in a way that cannot be imported; build the network from plain layers."
        )
    return read


def _in_order(content: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the tensors among a call's arguments from first to last."""
    if isinstance(content, dict):
        yield content
    elif isinstance(content, list):
        for each in content:
            yield from _in_order(each)


def numbered_as_read(calls: Sequence[Call], read: Sequence[Tensor]) -> list[Call]:
    """Return calls by the numbers under which others read them: those of a model inside often begin at 1.

    A model's own ends are its call 0; Keras counts it or not, by version and kind of model, but always writes down
    calls that something reads and no others.
    """
    lowest: dict[str, int] = {}
    for title, number, _ in read:
        lowest[title] = min(number, lowest.get(title, number))
    return [
        (layer, number + (layer["class_name"] in MODELS and lowest.get(title_of(layer), 0) > 0), tensors)
        for layer, number, tensors in calls
    ]


def ends_of(content: Any) -> list[list[Any]]:
    """Return the ends of a model as [layer, node, tensor], however many there are."""
    return [content] if content and isinstance(content[0], str) else list(content)


def title_of(layer: Mapping[str, Any]) -> str:
    """Return a layer's name within its model."""
    return layer["config"]["name"]
