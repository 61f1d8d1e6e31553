"""How large a network may become, and whether it has an end, while it is built from a description that is not trusted.

Two numbers in a description can ask for all the memory there is, long before a weight is compared, and one wrong name
keeps Keras waiting for ever. So who reads whom is followed before a layer is made, the variables of a network are counted
as they are made, before memory is taken for them, and what its layers hand on for one film is looked at before a film
comes.
"""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from radlib.foundation import backend
from radlib.foundation.errors import UsageError

MOST_WEIGHTS = 500_000_000  # 2 GB as float32
MOST_LAYERS = 5000  # the deepest network of the series has 1,300
MOST_ROUNDS = 100  # through all layers until each has what it reads; Keras lists them in that order
COUNTERS = 64  # single numbers that Keras keeps beside the weights, such as that of training steps
MOST_VALUES_A_FILM = 300_000_000  # that one layer hands on, 1.2 GB as float32


@contextlib.contextmanager
def at_most(weights: int = MOST_WEIGHTS) -> Iterator[None]:
    """Refuse the variable that would bring the weights made in the block above a number, before memory is taken.

    Args:
        weights: How many there may be; never more than `MOST_WEIGHTS`.

    Raises:
        UsageError: In the block.
    """
    allowed = min(weights, MOST_WEIGHTS)
    made = 0

    def counted(make: Any, **given: Any) -> Any:
        nonlocal made
        shape: Any = given.get("shape")
        value: Any = given.get("initial_value")
        known = shape is not None and shape.rank is not None
        made += int(np.prod(shape.as_list(), dtype=object)) if known else np.size(value)
        if made > allowed + COUNTERS:
            raise UsageError(
                f"The description asks for more than the {allowed:,} weights that the file can hold."
            )
        return make(**given)

    with backend.tensorflow().variable_creator_scope(counted):
        yield


def refuse_circles(layers: Sequence[Mapping[str, Any]]) -> None:
    """Refuse layers that read what never comes: Keras goes round and round among them until they are ready.

    Args:
        layers: Each with `class_name`, `name` and `inbound_nodes` as Keras writes them: of every call, lists of
            [layer, call, tensor, arguments].

    Raises:
        UsageError: Naming a layer that waits, or that is there twice.
    """
    waiting: dict[str, list[list[tuple[str, int]]]] = {}
    answered: dict[str, int] = {}
    for layer in layers:
        name = layer["name"]
        if name in waiting or name in answered:
            raise UsageError(f"Two layers are called {name!r}.")
        if layer["class_name"] == "InputLayer":
            answered[name] = 1
        else:
            waiting[name] = [_reads(node, name) for node in layer["inbound_nodes"]]
    for _ in range(MOST_ROUNDS):
        before = sum(answered.values())
        for name, calls in waiting.items():
            done = answered.get(name, 0)
            while done < len(calls) and all(call < answered.get(other, 0) for other, call in calls[done]):
                done += 1
            answered[name] = done
        if sum(answered.values()) == before:
            break
    for name, calls in waiting.items():
        if not calls or answered.get(name, 0) < len(calls):
            raise UsageError(f"The layer {name!r} waits for something that no layer gives.")


def _reads(node: Any, layer: str) -> list[tuple[str, int]]:
    """Return the calls that one call reads."""
    calls = [node] if isinstance(node, list) and node and isinstance(node[0], str) else node
    found = []
    for call in calls if isinstance(calls, list) else ():
        plain = isinstance(call, list) and len(call) in (3, 4) and isinstance(call[0], str)
        if not plain or type(call[1]) is not int or type(call[2]) is not int or min(call[1:3]) < 0:
            break
        arguments = call[3].values() if len(call) == 4 and isinstance(call[3], Mapping) else ()
        if any(isinstance(each, list) and any(isinstance(v, str | list) for v in each) for each in arguments):
            break  # Keras would take it for another thing to read
        found.append((call[0], call[1]))
    if not found or len(found) < len(calls):
        raise UsageError(f"The layer {layer!r} does not say what it reads.")
    return found


def refuse_large_films(model: Any) -> None:
    """Refuse a network whose layers hand on more for one film than memory holds.

    Raises:
        UsageError: Naming the layer.
    """
    for layer in model.layers:
        for node in layer._inbound_nodes:
            shapes = node.output_shapes
            for shape in shapes if isinstance(shapes, list) else [shapes]:
                if np.prod([float(side) for side in tuple(shape)[1:] if side]) > MOST_VALUES_A_FILM:
                    raise UsageError(
                        f"The layer {layer.name!r} hands on more numbers for one film than memory holds."
                    )
