"""What a technique may see of the films, and what it gives back.

A technique never sees the test films and never assumes what the network's outputs mean: it asks `TechniqueData`
to fine-tune, to score, and for representative images. So the same technique serves other tasks later.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from radlib.datasets.films import FilmSplits
from radlib.datasets.perturbed_films import choice_films
from radlib.foundation.extras import pandas as pd
from radlib.foundation.places import discard
from radlib.foundation.registry import TECHNIQUES
from radlib.runs.settings import Settings

if TYPE_CHECKING:
    from radlib.training.recipe import Recipe


# Over a technique that trains: what it says beside its label and kind, unless it says otherwise.
trained_technique = partial(TECHNIQUES.register, consumes="keras", produces="keras", trains=True, revision=1)


@dataclass(frozen=True)
class Product:
    """What a technique made.

    Attributes:
        payload: A Keras model, or the bytes of a file.
        details: What was measured while making it, JSON-able; stored in the variant.
        history: Learning curves; no row where nothing was trained.
        architecture: Registered name of the network, where it is another than the parent's.
    """

    payload: Any
    details: Mapping[str, Any] = field(default_factory=dict)
    history: "pd.DataFrame" = field(default_factory=lambda: pd.DataFrame())
    architecture: str = ""


@dataclass(frozen=True)
class TechniqueData:
    """The films and the recipe of a run, as far as a technique may use them.

    Attributes:
        films: Training and validation films.
        settings: Those of the network.
        checkpoints: Folder for the checkpoints of a fine-tuning; continued from after a kill.
        label: What progress bars call the work.
    """

    films: FilmSplits
    settings: Settings
    checkpoints: Path
    label: str = ""

    def steps(self, epochs: int) -> int:
        """Return the number of gradient steps in so many epochs."""
        return epochs * -(-len(self.films.training) // self.settings.batch_size)

    def fine_tune(
        self, model: Any, *, epochs: int, learning_rate_share: float, callbacks: Sequence = ()
    ) -> "pd.DataFrame":
        """Fine-tune a Keras model in place on the training films, with the baseline's augmentation.

        The weights of the last epoch are kept, since the best epoch of a compression is the one that is
        compressed as far as asked.

        Args:
            model: A Keras model.
            epochs: Passes over the training films; with 0 the model stays as it is.
            learning_rate_share: Learning rate, as a share of the baseline's.
            callbacks: Of Keras.

        Returns:
            The learning curves, a row per epoch.
        """
        from radlib.training.recipe import fine_tuning, recipe_from

        rate = self.settings.learning_rate * learning_rate_share
        recipe = fine_tuning(recipe_from(self.settings), epochs=epochs, learning_rate=rate)
        return self._fit(model, recipe, self.settings.seed, callbacks=callbacks, keep="last")

    def train(self, model: Any, *, epochs: int, learning_rate: float, seed: int) -> "pd.DataFrame":
        """Train a Keras model in place as a baseline is trained: warm-up, early stopping, best epoch kept.

        For a network that a technique builds anew, such as a student.
        """
        from radlib.training.recipe import recipe_from

        recipe = replace(recipe_from(self.settings), epochs=epochs, learning_rate=learning_rate)
        return self._fit(model, recipe, seed)

    def _fit(self, model: Any, recipe: "Recipe", seed: int, **further: Any) -> "pd.DataFrame":
        from radlib.training.training import fit

        if not recipe.epochs:
            return pd.DataFrame()
        judged = replace(self.films, validation=choice_films(self.films, self.settings))
        return fit(model, judged, recipe, seed=seed, folder=self.checkpoints, name=self.label, **further)

    def score(self, model: Any) -> float:
        """Return what the task measures of a Keras model on the validation films, such as the AUROC, the mean over labels."""
        return self.validation(model)[f"val_{self.films.validation.task.measure}"]

    def validation(self, model: Any) -> dict[str, float]:
        """Return `val_loss` (nats) and `val_auroc` (mean over labels) of a Keras model on the validation films."""
        from radlib.training.training import validate

        return validate(model, self.films.validation)

    def moved_by(self, change: Callable[[Any], None], model: Any) -> float:
        """Change a Keras model in place; return by how much any probability of 64 representative films moved."""
        images, _ = self.representative(64, seed=self.settings.seed)
        before = model.predict_on_batch(images)
        change(model)
        return float(np.abs(model.predict_on_batch(images) - before).max())

    def described(self) -> dict[str, Any]:
        """Return what a coded file carries beside its network: names of the answers, and how films are prepared."""
        return {
            "labels": list(self.films.training.task.outputs),
            "preparation": self.films.preprocessing.to_dict(),
        }

    def part(self, name: str) -> "TechniqueData":
        """Return the same films and recipe for one of several trainings, which must not share checkpoints."""
        return replace(self, checkpoints=self.checkpoints / name, label=f"{self.label}: {name}")

    def representative(self, count: int, *, seed: int) -> tuple[np.ndarray, list[str]]:
        """Return training films that stand for all: images float32 (count, h, w, 1) and their image ids.

        Drawn without replacement, each answer about as often as among all training films (stratified by
        combination of labels); fewer than `count` only where there are fewer.
        """
        training = self.films.training
        generator = np.random.default_rng([seed, 0x5EED])
        strata = pd.Series(["".join(str(v) for v in row) for row in training.labels])
        drawn = [
            generator.permutation(positions.to_numpy())
            for _, positions in strata.groupby(strata).groups.items()
        ]
        shares = _shares(np.array([len(films) for films in drawn]), count)
        chosen = np.concatenate([films[:share] for films, share in zip(drawn, shares, strict=True)])
        chosen = np.sort(chosen)
        return training.images(chosen), [str(i) for i in training.image_ids[chosen]]

    def labelled_batches(self, count: int, *, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield some training films as they are, drawn without replacement, with what the loss compares to.

        Args:
            count: How many films in all; fewer where there are fewer.
            seed: Of the draw.

        Yields:
            (films float32 (b, h, w, 1), targets float32 (b, outputs), or masks), `batch_size` of the settings at a time.
        """
        training = self.films.training
        chosen = np.random.default_rng([seed, 0xBA7C]).permutation(len(training))[:count]
        for start in range(0, len(chosen), self.settings.batch_size):
            batch = chosen[start : start + self.settings.batch_size]
            yield training.images(batch), training.answers(batch)

    def loss(self) -> Any:
        """Return the task's loss: (targets, outputs) to one value per film."""
        from radlib.training.losses import loss_function

        return loss_function(self.films.training.task)

    def forget(self) -> None:
        """Remove the checkpoints; called once the variant is stored."""
        discard(self.checkpoints, self.checkpoints.parent)


def _shares(sizes: np.ndarray, count: int) -> np.ndarray:
    """Return how many films to take of strata of these sizes: `min(count, all)` in sum, near to proportional.

    Each stratum has its share, rounded, and at least one film. Where that is not the number asked for, as with
    several findings whose combinations are mostly rare, the shares are summed before they are rounded: neighbours,
    which differ in few findings, then stand for each other.
    """
    total = int(sizes.sum())
    count = min(count, total)
    rounded = np.array([max(1, round(count / total * size)) for size in sizes.tolist()])
    if rounded.sum() == count:
        return rounded
    return np.diff((2 * count * np.cumsum(sizes) + total) // (2 * total), prepend=0)
