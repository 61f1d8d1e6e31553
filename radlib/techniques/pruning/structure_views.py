"""Two kernels and the channels between them, for reading: what removing channels does to weights, and whom the loss misses."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from radlib.foundation import backend
from radlib.foundation.errors import NotApplicable
from radlib.techniques.data import TechniqueData
from radlib.techniques.pruning.surgery.importance import loss_changes
from radlib.techniques.pruning.surgery.rebuild import weight_of
from radlib.techniques.pruning.surgery.structure import Structure


@dataclass(frozen=True)
class Joint:
    """Two convolutions with channels between them that nobody else makes or reads.

    Attributes:
        maker: Name of the layer that makes the channels.
        reader: Name of the layer that reads them.
        made: Its kernel, float32 (rows, columns, inputs, channels).
        read: The kernel of the reader, float32 (rows, columns, channels, outputs).
        gradients: Of the loss by `read`, one for each batch of training films.
        missed: What the library says of each channel: the squared change of the loss, (channels,).
        units: Numbers of the channels in the structure of the network, int (channels,).
    """

    maker: str
    reader: str
    made: np.ndarray
    read: np.ndarray
    gradients: list[np.ndarray]
    missed: np.ndarray
    units: np.ndarray


def largest_joint(model: Any, structure: Structure, data: TechniqueData, scoring_films: int = 64) -> Joint:
    """Return the joint with most channels of a network.

    Args:
        model: A Keras network.
        structure: What `read_structure` found in it.
        data: Its films.
        scoring_films: Training films on which the loss is measured.

    Raises:
        NotApplicable: When no channels lie between just two convolutions.
    """
    found = _joints(model, structure)
    if not found:
        raise NotApplicable("No channels of this network lie between just two convolutions.")
    units, maker, reader = max(found, key=lambda joint: len(joint[0]))
    tf, loss = backend.tensorflow(), data.loss()
    kernel, gradients = weight_of(model.get_layer(reader), "kernel"), []
    batches = list(data.labelled_batches(scoring_films, seed=data.settings.seed))
    for films, targets in batches:
        with tf.GradientTape() as tape:
            tape.watch(kernel)
            value = tf.reduce_mean(loss(targets, model(films, training=False)))
        gradients.append(tape.gradient(value, kernel).numpy())
    missed = loss_changes(model, structure, batches, loss)[units]
    made = weight_of(model.get_layer(maker), "kernel").numpy()
    return Joint(maker, reader, made, kernel.numpy(), gradients, missed, units)


def _joints(model: Any, structure: Structure) -> list[tuple[np.ndarray, str, str]]:
    """Return channels, maker and reader wherever one kernel of four axes makes them and one reads them, in order."""
    found = []
    for group in structure.groups:
        slots = [slot for slot in structure.slots if np.isin(slot.units, group.units).any()]
        read = [slot for slot in slots if slot.role == "input"]
        made = [slot for slot in slots if slot.layer == group.name and slot.weight == "kernel"]
        if len(group.layers) != 1 or len(read) != 1 or not made or read[0].weight != "kernel":
            continue
        both = made[0], read[0]
        shapes = [weight_of(model.get_layer(slot.layer), "kernel").shape for slot in both]
        orders = [np.array_equal(slot.units, group.units) for slot in both]
        if (
            all(len(shape) == 4 for shape in shapes)
            and [slot.axis for slot in both] == [3, 2]
            and all(orders)
        ):
            found.append((group.units, group.name, read[0].layer))
    return found
