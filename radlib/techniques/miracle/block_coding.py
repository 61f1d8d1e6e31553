"""Coding blocks of weights in rounds, while the rest of a network goes on learning: when, and what comes of it.

The rounds are Havasi et al.'s (2019): what a code missed of one block, the blocks that still wait make good. One
round per block would take as many trainings as there are blocks; ten to twenty rounds do nearly as well.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from radlib.formats.graphs import weight_name
from radlib.foundation import backend
from radlib.techniques.miracle.file_format import KERNELS, Code

ANNEALED = 0.6  # share of the steps before the first round in which the budget falls to its end


@dataclass(frozen=True)
class Schedule:
    """When a training does what, in gradient steps.

    Attributes:
        first_round: Steps before the first blocks are coded.
        rounds: Parts that the blocks are coded in.
        steps_per_round: Steps after each.
    """

    first_round: int
    rounds: int
    steps_per_round: int

    @property
    def steps(self) -> int:
        """All steps."""
        return self.first_round + self.rounds * self.steps_per_round

    @property
    def annealed(self) -> int:
        """Steps in which the budget falls."""
        return max(1, round(ANNEALED * self.first_round))

    def coded(self, step: int) -> float:
        """Return the share of blocks that are coded after so many steps."""
        due = 0 if step < self.first_round else 1 + (step - self.first_round) // self.steps_per_round
        return min(due, self.rounds) / self.rounds


def kernels_of(model: Any) -> list[Any]:
    """Return the kernel variables of a model, in the order of its layers."""
    found = [getattr(layer, name, None) for layer in model.layers for name in KERNELS]
    return [kernel for kernel in found if kernel is not None]


def coding_rounds(learner: Any) -> Any:
    """Return the Keras callback that codes blocks when their round has come, and notes what blocks cost."""

    def code(batch: int, logs: Any) -> None:
        due = round(learner.schedule.coded(int(learner.step.numpy())) * learner.blocks.count)
        waiting = np.flatnonzero(learner.indices.numpy()[:due] < 0)
        if len(waiting):
            learner.encode(waiting)

    return backend.keras().callbacks.LambdaCallback(
        on_batch_end=code, on_epoch_end=lambda epoch, logs: learner.measure(epoch)
    )


def code_of(learner: Any) -> Code:
    """Return what a learner's kernels are coded as, once all blocks are."""
    return Code(learner.blocks, learner.indices.numpy().astype(np.int64), learner.fixed_scales.numpy())


def network_of(learner: Any, model: Any) -> Any:
    """Return the model with the weights of its learner, as plain layers."""
    plain = backend.keras().models.clone_model(model)
    for layer in plain.layers:
        trained = {weight_name(v): v for v in learner.get_layer(layer.name).weights}
        for variable in layer.weights:  # a learner lists its kernels behind everything that trains
            variable.assign(trained[weight_name(variable)])
    return plain
