"""Train a small network on drawn squares, prune it, print a digest of all weights; die at a given step.

Called by test_resume.py, and run in processes of their own: `train_and_prune.py FOLDER DIE_AT_STEP`.
"""

import hashlib
import os
import signal
import sys
from pathlib import Path
from unittest import mock

from radlib.foundation import backend
from radlib.techniques.data import TechniqueData
from radlib.techniques.pruning.magnitude_pruning import magnitude_pruning
from radlib.training.recipe import recipe_from
from radlib.training.training import fit

sys.path.insert(0, str(Path(__file__).parents[2]))
from drawn import drawn_settings, drawn_splits, small_network


def train_and_prune(folder: Path, die_at_step: int = 0) -> tuple[int, str]:
    """Return how many steps were made and the digest."""
    keras = backend.keras()
    steps = 0

    class Death(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            nonlocal steps
            steps += 1
            if steps == die_at_step:
                os.kill(os.getpid(), signal.SIGKILL)

    films, settings = drawn_splits(), drawn_settings(epochs=3, pruning_epochs=3)
    backend.make_deterministic(0)
    model = small_network(dropout=0.3)
    fit(model, films, recipe_from(settings), seed=0, folder=folder / "baseline", callbacks=[Death()])
    data = TechniqueData(films, settings, folder / "pruning")
    original_fit = TechniqueData.fine_tune

    def mortal_fit(self, model, *, callbacks=(), **arguments):
        return original_fit(self, model, callbacks=[*callbacks, Death()], **arguments)

    with mock.patch.object(TechniqueData, "fine_tune", mortal_fit):
        pruned = magnitude_pruning(model, data, pruning_epochs=3).payload
    digest = hashlib.sha256()
    for weights in (*model.get_weights(), *pruned.get_weights()):
        digest.update(weights.tobytes())
    return steps, digest.hexdigest()


if __name__ == "__main__":
    print(*train_and_prune(Path(sys.argv[1]), int(sys.argv[2])))
