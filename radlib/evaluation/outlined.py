"""What one variant outlined on the films of one split: what was measured of every film, and the masks themselves.

Measures are a few numbers a film and lie where probabilities of other tasks lie; every choice and verdict rests on them. The masks,
a bit a pixel, show patients: they lie in the run's private folder, one file a variant and split, and only this machine reads them.

Beside a film's own measures stands the Dice of one outline that is the same for all films, drawn where so many of them have one
that the mean Dice is highest: lungs lie in the same place on every film, and a network that only knows that has learnt nothing.
"""

import dataclasses
import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from radlib import metrics
from radlib.foundation.record_files import read_arrays
from radlib.foundation.storage import atomic_path
from radlib.runs import private
from radlib.runs.tasks import task_of

if TYPE_CHECKING:
    from pathlib import Path

    from radlib.datasets.films import Films
    from radlib.runs.runs import Run
    from radlib.runs.variants import Variant

FOLDER = "outlines"
SHARES_OUTLINED = np.arange(0.1, 1.0, 0.1)  # of films, from which the one outline for all is tried


@dataclass(frozen=True)
class Outlined:
    """What was measured of one variant's outlines on the films of one split.

    Attributes:
        image_id: (n,) text.
        patient_id: (n,) text.
        measures: float64 (n, labels, measures), see `metrics.OUTLINE_MEASURES`; distances in pixels of the film as the network
            sees it; NaN where undefined.
        constant: float64 (n, labels), the Dice of the one outline that is the same for all films.
        model_sha256: Of the model file that answered.
        fingerprint: Of the films that were asked about.
    """

    image_id: np.ndarray
    patient_id: np.ndarray
    measures: np.ndarray
    constant: np.ndarray
    model_sha256: str
    fingerprint: str

    @classmethod
    def of(cls, variant: "Variant", films: "Films", outputs: np.ndarray, fingerprint: str) -> Self:
        """Return the record of what a variant answered to films, outputs (n, rows, columns, outputs)."""
        return cls(
            image_id=np.asarray(films.image_ids, dtype=np.str_),
            patient_id=np.asarray(films.patient_ids, dtype=np.str_),
            measures=measured(films.truth, drawn_masks(variant, outputs)),
            constant=cls.known_of(films),
            model_sha256=variant.sha256,
            fingerprint=fingerprint,
        )

    @staticmethod
    def shapes(variant: "Variant", films: int) -> dict[str, tuple[int, ...]]:
        """Return the shape that each array must have; those of several dimensions are floats."""
        labels = (films, len(task_of(variant).labels))
        return {"image_id": (films,), "patient_id": (films,), "constant": labels,
                "measures": (*labels, len(metrics.OUTLINE_MEASURES))}  # fmt: skip

    @functools.cached_property
    def patients(self) -> np.ndarray:
        """Whose film it is, as numbers in the order of the ids, (n,)."""
        return np.unique(self.patient_id, return_inverse=True)[1].ravel()

    @property
    def dice(self) -> np.ndarray:
        """The Dice of each film, mean over its labels, (n,)."""
        return self.of_measure("dice")

    @property
    def values(self) -> np.ndarray:
        """The number of each film that verdicts rest on: its Dice, (n,)."""
        return self.dice

    @property
    def merit(self) -> float | None:
        """What variants are compared by: the mean Dice; None without a film."""
        return float(self.dice.mean()) if len(self.dice) else None

    def of_measure(self, name: str) -> np.ndarray:
        """Return a measure of each film, mean over its labels, (n,); NaN where one is undefined."""
        return self.measures[..., metrics.OUTLINE_MEASURES.index(name)].mean(axis=1)

    def changed(self, after: "Outlined") -> metrics.Difference:
        """Return how another's mean Dice differs from this one's, on the same films."""
        return metrics.mean_value_difference(self.dice, after.dice, self.patients)

    def seen_loss(self, after: "Outlined") -> float:
        """Return how much lower another's 5th percentile of Dice is than this one's, as it was seen on these films."""
        all_alike = np.ones((1, len(self.dice)))
        lowest = (metrics.lowest_share(dice, all_alike)[0] for dice in (self.dice, after.dice))
        return float(next(lowest) - next(lowest))

    def tested(self, after: "Outlined", margin: float) -> metrics.PairedTest:
        """Return the test of another's mean Dice beside this one's, on the same films."""
        return metrics.mean_test(self.dice, after.dice, self.patients, margin)

    def asked(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return Dice, Dice of the one outline for all, and patients: what `learnt` asks."""
        return self.measures[..., metrics.OUTLINE_MEASURES.index("dice")], self.constant, self.patients

    @property
    def known(self) -> np.ndarray:
        """What is known of each film, (n, labels), the same for all variants: it follows from the masks by hand."""
        return self.constant

    @staticmethod
    def known_of(films: "Films") -> np.ndarray:
        """Return what is known of films, as a record of them would hold it."""
        truth = films.truth
        return np.stack([constant_dice(truth[..., n]) for n in range(truth.shape[-1])], axis=1)

    def follows(self, variant: "Variant") -> bool:
        """Tell whether shares are shares, and intersection over union is that of the Dice."""
        dice, union = (
            self.measures[..., metrics.OUTLINE_MEASURES.index(name)]
            for name in ("dice", "intersection_over_union")
        )
        shares = np.isfinite(dice).all() and ((dice >= 0) & (dice <= 1)).all()
        return bool(shares and np.allclose(union, dice / (2 - dice), atol=1e-9))

    def moved(self, variant: "Variant", rows: np.ndarray, films: "Films", outputs: np.ndarray) -> np.ndarray:
        """Return how far the Dice of outlines drawn again lies from the stored one, (k,); arguments as of `Predictions.moved`."""
        again = measured(films.truth, drawn_masks(variant, outputs))
        place = metrics.OUTLINE_MEASURES.index("dice")
        return np.abs(again[..., place] - self.measures[rows, :, place]).max(axis=1)

    def take(self, chosen: np.ndarray) -> Self:
        """Return the films chosen by a mask or by positions."""
        rows = {
            name: getattr(self, name)[chosen] for name in ("image_id", "patient_id", "measures", "constant")
        }
        return dataclasses.replace(self, **rows)

    def arrays(self) -> dict[str, Any]:
        """Return all fields by name, as they are stored."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}


def drawn_masks(variant: "Variant", outputs: np.ndarray) -> np.ndarray:
    """Return what a variant outlines, bool (n, rows, columns, labels), from its outputs."""
    task = task_of(variant)
    return task.probabilities(outputs) >= task.fixed_threshold


def measured(truth: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Return what is measured of masks (n, rows, columns, labels), float64 (n, labels, measures)."""
    each = [metrics.outline_table(truth[..., n], drawn[..., n]) for n in range(truth.shape[-1])]
    columns = [table[list(metrics.OUTLINE_MEASURES)].to_numpy(np.float64) for table in each]
    return np.stack(columns, axis=1)


def constant_dice(truth: np.ndarray) -> np.ndarray:
    """Return the Dice of each film, (n,), with the best outline that is the same for all.

    Args:
        truth: Masks, 1 or 0, (n, rows, columns).

    Example:
        >>> constant_dice(np.array([[[1, 1, 0]], [[1, 1, 0]], [[0, 1, 1]]])).round(2).tolist()
        [1.0, 1.0, 0.5]
    """
    share = truth.mean(axis=0)
    tried = [metrics.dice(truth, np.broadcast_to(share >= least, truth.shape)) for least in SHARES_OUTLINED]
    return max(tried, key=lambda found: found.mean()) if len(truth) else np.zeros(0)


def masks_path(run: "Run", variant: "Variant", split: str) -> "Path":
    """Return where the masks that a variant drew on the films of a split lie."""
    return run.path(private.FOLDER, FOLDER, f"{variant.key}.{split}.npz")


def keep_masks(run: "Run", variant: "Variant", split: str, films: "Films", outputs: np.ndarray) -> None:
    """Write the masks of a variant, a bit a pixel."""
    drawn = drawn_masks(variant, outputs)
    path = masks_path(run, variant, split)
    private.private_folder(run.folder)
    with atomic_path(path) as partial, partial.open("wb") as stream:
        np.savez_compressed(
            stream,
            image_id=np.asarray(films.image_ids, dtype=np.str_),
            bits=np.packbits(drawn.reshape(len(drawn), -1), axis=1),
            shape=np.array(drawn.shape[1:], np.int64),
            model_sha256=variant.sha256,
        )


def read_masks(run: "Run", variant: "Variant", split: str) -> tuple[np.ndarray, np.ndarray] | None:
    """Return image ids (n,) and masks, bool (n, rows, columns, labels); None where this model file drew none.

    Raises:
        DataError: When the file is damaged.
    """
    path = masks_path(run, variant, split)
    if not path.is_file():
        return None
    found = read_arrays(path, ("image_id", "bits", "shape", "model_sha256"))
    if str(found["model_sha256"]) != variant.sha256:
        return None
    shape = tuple(int(side) for side in found["shape"])
    bits = np.unpackbits(found["bits"], axis=1, count=int(np.prod(shape)))
    return found["image_id"], bits.reshape(-1, *shape).astype(bool)
