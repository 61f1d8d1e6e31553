"""How a network is trained, as one record: what training, its checkpoints and its batches all go by."""

from dataclasses import dataclass, replace

from radlib.imaging.augmentation import Augmentation
from radlib.runs.settings import Settings


@dataclass(frozen=True)
class Recipe:
    """How one network is trained; the names are those of `settings.Settings`."""

    epochs: int
    batch_size: int
    learning_rate: float
    schedule: str
    warmup_epochs: float
    weight_decay: float
    label_smoothing: float
    average_share: float
    patience: int
    class_weights: bool
    augmentation: Augmentation


def recipe_from(settings: Settings) -> Recipe:
    """Return the part of a run's settings that says how to train."""
    names = [name for name in Recipe.__dataclass_fields__ if name != "augmentation"]
    return Recipe(
        **{name: getattr(settings, name) for name in names},
        augmentation=Augmentation.from_dict(settings.augmentation),
    )


def fine_tuning(recipe: Recipe, *, epochs: int, learning_rate: float) -> Recipe:
    """Return the recipe for going on with a trained network: shorter, gentler, without early stopping."""
    return replace(
        recipe, epochs=epochs, learning_rate=learning_rate, warmup_epochs=0.0, patience=0, average_share=0.0
    )
