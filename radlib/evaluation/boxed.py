"""What one variant marked on the films of one split: its boxes with their scores, and those by hand beside them.

Boxes are a few numbers a film and show nobody, so that they lie where probabilities of other tasks lie, and everything that is measured
follows from them. Choices and verdicts rest on the **box score** of each film (`metrics.box_measures`) with boxes drawn from the fixed
threshold on; the free-response curve takes all of them in the order of their scores.

An answer that is the same for every film is to mark nothing: it has the score 1 on films without a box, and 0 on the others.
"""

import dataclasses
import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from radlib import metrics
from radlib.imaging.centre_maps import MOST, boxes_of, by_label
from radlib.runs.tasks import task_of

if TYPE_CHECKING:
    from radlib.datasets.films import Films
    from radlib.foundation.extras import pandas as pd
    from radlib.runs.variants import Variant


@dataclass(frozen=True)
class Boxed:
    """What one variant marked on the films of one split.

    Attributes:
        image_id: (n,) text.
        patient_id: (n,) text.
        found: float64 (n, labels, MOST, 5): score, left, top, width, height in pixels of the film as the network sees it, by falling
            score; NaN where there are fewer.
        marked: float64 (n, labels, MOST, 4), the boxes by hand, likewise.
        least: float64 (n, 1), the score from which a box is drawn, the same for every film.
        model_sha256: Of the model file that answered.
        fingerprint: Of the films that were asked about.
    """

    image_id: np.ndarray
    patient_id: np.ndarray
    found: np.ndarray
    marked: np.ndarray
    least: np.ndarray
    model_sha256: str
    fingerprint: str

    @classmethod
    def of(cls, variant: "Variant", films: "Films", outputs: np.ndarray, fingerprint: str) -> Self:
        """Return the record of what a variant answered to films, outputs (n, cells, cells, outputs)."""
        task = task_of(variant)
        return cls(
            image_id=np.asarray(films.image_ids, dtype=np.str_),
            patient_id=np.asarray(films.patient_ids, dtype=np.str_),
            found=found_boxes(variant, outputs),
            marked=by_label(films.truth, len(task.labels)),
            least=np.full((len(films), 1), float(task.fixed_threshold or 0)),
            model_sha256=variant.sha256,
            fingerprint=fingerprint,
        )

    @staticmethod
    def shapes(variant: "Variant", films: int) -> dict[str, tuple[int, ...]]:
        """Return the shape that each array must have; those of several dimensions are floats."""
        places = (films, len(task_of(variant).labels), MOST)
        return {"image_id": (films,), "patient_id": (films,), "found": (*places, 5), "marked": (*places, 4),
                "least": (films, 1)}  # fmt: skip

    @functools.cached_property
    def patients(self) -> np.ndarray:
        """Whose film it is, as numbers in the order of the ids, (n,)."""
        return np.unique(self.patient_id, return_inverse=True)[1].ravel()

    @functools.cached_property
    def scores(self) -> np.ndarray:
        """The box score of each film and label, float64 (n, labels)."""
        each = [self.table(label)["box_score"] for label in range(self.found.shape[1])]
        return np.stack([column.to_numpy(np.float64) for column in each], axis=1)

    @property
    def values(self) -> np.ndarray:
        """The number of each film that verdicts rest on: its box score, mean over labels, (n,)."""
        return self.scores.mean(axis=1)

    @property
    def merit(self) -> float | None:
        """What variants are compared by: the mean box score; None without a film."""
        return float(self.values.mean()) if len(self.values) else None

    def table(self, label: int) -> "pd.DataFrame":
        """Return what is measured of the boxes of one label, a row per film, see `metrics.box_table`."""
        least = float(self.least[0, 0]) if len(self.least) else 0.0
        return metrics.box_table(self.found[:, label], self.marked[:, label], least)

    def changed(self, after: "Boxed") -> metrics.Difference:
        """Return how another's mean box score differs from this one's, on the same films."""
        return metrics.mean_value_difference(self.values, after.values, self.patients)

    def seen_loss(self, after: "Boxed") -> float:
        """Return what another lost beside its mean, as it was seen on these films; of boxes nothing is asked."""
        return -np.inf

    def tested(self, after: "Boxed", margin: float) -> metrics.PairedTest:
        """Return the test of another's mean box score beside this one's, on the same films."""
        return metrics.mean_test(self.values, after.values, self.patients, margin)

    def asked(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return box scores, those of who marks nothing, and patients: what `learnt` asks."""
        nothing = np.isnan(self.marked[..., 0]).all(axis=2).astype(np.float64)
        return self.scores, nothing, self.patients

    @property
    def known(self) -> np.ndarray:
        """What is known of each film, (n, numbers): its boxes by hand, the same for all variants."""
        return self.marked.reshape(len(self.marked), -1)

    @staticmethod
    def known_of(films: "Films") -> np.ndarray:
        """Return what is known of films, as a record of them would hold it."""
        return by_label(films.truth, len(films.task.labels)).reshape(len(films), -1)

    def follows(self, variant: "Variant") -> bool:
        """Tell whether boxes are boxes, by falling score, and are drawn from the task's threshold on."""
        there = ~np.isnan(self.found[..., 0])
        whole = (np.isfinite(self.found).all(axis=3) == there).all()
        known = self.found[there]
        order = np.nan_to_num(self.found[..., 0], nan=-1.0)
        falling = (np.diff(order, axis=2) <= 0).all()
        shares = ((known >= 0) & (known[:, :1] <= 1 + 1e-6)).all()
        return bool(
            whole and falling and shares and (self.least == (task_of(variant).fixed_threshold or 0)).all()
        )

    def moved(self, variant: "Variant", rows: np.ndarray, films: "Films", outputs: np.ndarray) -> np.ndarray:
        """Return how far the scores of boxes found again lie from the stored ones, (k,); arguments as of `Predictions.moved`."""
        again = np.nan_to_num(found_boxes(variant, outputs)[..., 0])
        return np.abs(again - np.nan_to_num(self.found[rows][..., 0])).max(axis=(1, 2))

    def take(self, chosen: np.ndarray) -> Self:
        """Return the films chosen by a mask or by positions."""
        names = ("image_id", "patient_id", "found", "marked", "least")
        return dataclasses.replace(self, **{name: getattr(self, name)[chosen] for name in names})

    def arrays(self) -> dict[str, Any]:
        """Return all fields by name, as they are stored."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}


def found_boxes(variant: "Variant", outputs: np.ndarray) -> np.ndarray:
    """Return the boxes that a variant's outputs speak of, float64 (n, labels, MOST, 5), see `centre_maps.boxes_of`."""
    task = task_of(variant)
    return boxes_of(task.probabilities(outputs), len(task.labels))
