"""How large a network may become while it is built from a description that is not trusted.

Two numbers in a description can ask for all the memory there is, long before a weight is compared. So the variables
of a network are counted as they are made, before memory is taken for them, and what its layers hand on for one film is
looked at before a film comes.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from radlib import backend
from radlib.errors import UsageError

MOST_WEIGHTS = 500_000_000  # 2 GB as float32
MOST_LAYERS = 5000  # the deepest network of the series has 1,300
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
        shape = given.get("shape")
        known = shape is not None and shape.rank is not None
        made += int(np.prod(shape.as_list(), dtype=object)) if known else np.size(given.get("initial_value"))
        if made > allowed + COUNTERS:
            raise UsageError(
                f"The description asks for more than the {allowed:,} weights that the file can hold."
            )
        return make(**given)

    with backend.tensorflow().variable_creator_scope(counted):
        yield


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
