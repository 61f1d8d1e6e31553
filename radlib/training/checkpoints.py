"""What a training must remember between epochs, so that a kill costs one epoch and changes no bit.

Weights, optimizer and history are stored together after every epoch; the best weights so far lie apart. The
averaged weights (Polyak and Juditsky, 1992) live in the optimizer and are swapped in where they are judged.
"""

import contextlib
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from radlib.foundation import backend
from radlib.foundation.storage import atomic_path, write_text
from radlib.training import learning_curves

if TYPE_CHECKING:
    from radlib.training.recipe import Recipe


class Checkpoints:
    """What a training must remember between epochs, stored together: weights, optimizer, history, best.

    TensorFlow's checkpoint of epoch n and `epoch-n.json` belong together; the JSON is written first, so the
    newest checkpoint always has its history.
    """

    def __init__(self, model: Any, folder: Path, recipe: "Recipe"):
        tf = backend.tensorflow()
        folder.mkdir(parents=True, exist_ok=True)
        self.model, self.folder, self.recipe = model, folder, recipe
        self.rows: list[dict] = []
        checkpoint = tf.train.Checkpoint(model=model, optimizer=model.optimizer)
        self.manager = tf.train.CheckpointManager(
            checkpoint, str(folder), max_to_keep=2, checkpoint_name="epoch"
        )

    def restore(self) -> list[dict]:
        """Restore the newest epoch, if any, and return the history up to it."""
        if newest := self.manager.latest_checkpoint:
            self.manager.checkpoint.restore(newest).assert_existing_objects_matched()
            self.rows = json.loads((self.folder / f"{Path(newest).name}.json").read_text(encoding="utf-8"))
            if self.recipe.schedule == "plateau":
                self.model.optimizer.learning_rate.assign(self._plateau_rate())
        return list(self.rows)

    def save(self, rows: list[dict]) -> None:
        """Store the state after an epoch, and its weights apart when they are the best so far."""
        self.rows = list(rows)
        best = learning_curves.best_position(rows) == len(rows) - 1
        with self.averaged_weights():
            for kept in ("last", "best") if best else ("last",):
                self._write_weights(kept)
        if self.recipe.schedule == "plateau":
            self.model.optimizer.learning_rate.assign(self._plateau_rate())
        number = len(rows)
        write_text(self.folder / f"epoch-{number}.json", json.dumps(rows))
        self.manager.save(checkpoint_number=number)

    def stalled(self) -> bool:
        """Whether `patience` epochs have passed after the warm-up without a better one (see `learning_curves`)."""
        first = math.ceil(self.recipe.warmup_epochs)
        waited = learning_curves.epochs_waited(self.rows, first)
        return bool(self.recipe.patience) and waited >= self.recipe.patience

    def load(self, kept: str) -> None:
        """Give the model the weights of the `best` epoch or of the `last`."""
        with np.load(self.folder / f"{kept}.npz") as stored:
            self.model.set_weights([stored[str(i)] for i in range(len(stored.files))])

    def _write_weights(self, kept: str) -> None:
        with atomic_path(self.folder / f"{kept}.npz") as partial, partial.open("wb") as stream:
            np.savez(stream, **{str(i): value for i, value in enumerate(self.model.get_weights())})

    @contextlib.contextmanager
    def averaged_weights(self) -> Iterator[None]:
        """Give the model the moving average of its weights inside the block, if the recipe keeps one."""
        if not self.recipe.average_share:
            yield
            return
        pairs = list(
            zip(
                self.model.trainable_variables,
                self.model.optimizer._model_variables_moving_average,
                strict=True,
            )
        )
        visited = [variable.numpy() for variable, _ in pairs]
        for variable, average in pairs:
            variable.assign(average)
        try:
            yield
        finally:
            for (variable, _), value in zip(pairs, visited, strict=True):
                variable.assign(value)

    def _plateau_rate(self) -> float:
        """The learning rate halved for every three epochs in a row without a better validation loss."""
        losses = [row["val_loss"] for row in self.rows]
        rate, best, waited = self.recipe.learning_rate, math.inf, 0
        for loss in losses:
            best, waited = (loss, 0) if loss < best else (best, waited + 1)
            if waited == 3:
                rate, waited = rate / 2, 0
        return rate
