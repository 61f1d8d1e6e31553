"""What one variant answered to the films of one split: the one record that evaluation writes and the report reads.

This is the record of probabilities, a row a film. Of networks that outline `outlined` has another, of those that find boxes `boxed`, with the same
names for what every record must be able to say: how well it reads (`merit`), how much worse another reads beside it (`changed`,
`tested`), and what speaks for it having learnt (`asked`). `records` knows which belongs to which task.
"""

import dataclasses
import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from radlib import metrics
from radlib.runs.tasks import task_of

if TYPE_CHECKING:  # who reads answers opens no film
    from radlib.datasets.films import Films
    from radlib.runs.variants import Variant


@dataclass(frozen=True)
class Predictions:
    """What one variant answered to the films of one split.

    Attributes:
        image_id: (n,) text.
        patient_id: (n,) text.
        y_true: (n, labels) 1 and 0, NaN where unknown: float32 as stored, float64 where statistics rest on it.
        y_prob: (n, labels), likewise.
        outputs: float32 (n, outputs), what the network itself gave.
        model_sha256: Of the model file that answered.
        fingerprint: Of the films that were asked about.
    """

    image_id: np.ndarray
    patient_id: np.ndarray
    y_true: np.ndarray
    y_prob: np.ndarray
    outputs: np.ndarray
    model_sha256: str
    fingerprint: str

    @classmethod
    def of(cls, variant: "Variant", films: "Films", outputs: np.ndarray, fingerprint: str) -> Self:
        """Return the record of what a variant answered to films, outputs (n, outputs)."""
        return cls(
            image_id=np.asarray(films.image_ids, dtype=np.str_),
            patient_id=np.asarray(films.patient_ids, dtype=np.str_),
            y_true=np.asarray(films.labels, np.float32),
            y_prob=task_of(variant).probabilities(outputs),
            outputs=outputs,
            model_sha256=variant.sha256,
            fingerprint=fingerprint,
        )

    @staticmethod
    def shapes(variant: "Variant", films: int) -> dict[str, tuple[int, ...]]:
        """Return the shape that each array must have; those of several dimensions are floats."""
        labels = (films, len(task_of(variant).labels))
        return {"image_id": (films,), "patient_id": (films,), "y_true": labels, "y_prob": labels,
                "outputs": (films, len(variant.labels))}  # fmt: skip

    @functools.cached_property
    def patients(self) -> np.ndarray:
        """Whose film it is, as numbers in the order of the ids, (n,): hundreds of tests ask, and text is slow."""
        return np.unique(self.patient_id, return_inverse=True)[1].ravel()

    @property
    def merit(self) -> float | None:
        """What variants are compared by: the mean AUROC; None where no label has one."""
        return mean_auroc(self)

    def changed(self, after: "Predictions") -> metrics.Difference:
        """Return how another's probit of the AUROC differs from this one's, on the same films."""
        return metrics.probit_difference(self.y_true, self.y_prob, after.y_prob, self.patients)

    def seen_loss(self, after: "Predictions") -> float:
        """Return what another lost beside its mean, as it was seen on these films; of probabilities nothing is asked."""
        return -math.inf

    def tested(self, after: "Predictions", margin: float) -> metrics.PairedTest:
        """Return the test of another's AUROC beside this one's, on the same films."""
        return metrics.paired_test(self.y_true, self.y_prob, after.y_prob, self.patients, margin)

    def asked(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return true answers, probabilities and patients: what `learnt` asks."""
        return self.y_true, self.y_prob, self.patients

    @property
    def known(self) -> np.ndarray:
        """What is known of each film, (n, labels): the same for all variants."""
        return self.y_true

    @staticmethod
    def known_of(films: "Films") -> np.ndarray:
        """Return what is known of films, as a record of them would hold it."""
        return np.asarray(films.labels, np.float32)

    def follows(self, variant: "Variant") -> bool:
        """Tell whether probabilities are those of the outputs, and all numbers are what they can be."""
        with np.errstate(all="ignore"):
            again = task_of(variant).probabilities(self.outputs)
        labels = self.y_true[~np.isnan(self.y_true)]
        return bool(np.allclose(again, self.y_prob, atol=1e-6) and np.isin(labels, (0, 1)).all())

    def moved(self, variant: "Variant", rows: np.ndarray, films: "Films", outputs: np.ndarray) -> np.ndarray:
        """Return how far answers given again lie from the stored ones, (k,).

        Args:
            variant: Who answered.
            rows: Which of the record's films, (k,).
            films: Those films.
            outputs: What was answered to them now.
        """
        return np.abs(outputs - self.outputs[rows]).max(axis=1)

    def take(self, chosen: np.ndarray) -> Self:
        """Return the films chosen by a mask or by positions."""
        rows = {
            name: getattr(self, name)[chosen]
            for name in ("image_id", "patient_id", "y_true", "y_prob", "outputs")
        }
        return dataclasses.replace(self, **rows)

    def arrays(self) -> dict[str, Any]:
        """Return all fields by name, as they are stored."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}


def per_label(predictions: Predictions) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return (answers, probabilities) of each label, without the films whose answer is unknown."""
    columns = zip(predictions.y_true.T, predictions.y_prob.T, strict=True)
    return [(y_true[~np.isnan(y_true)], y_prob[~np.isnan(y_true)]) for y_true, y_prob in columns]


def mean_auroc(predictions: Predictions) -> float | None:
    """Return the AUROC, averaged over the labels that have one; None when none has."""
    values = [metrics.auroc(*known) for known in per_label(predictions)]
    defined = [value for value in values if not math.isnan(value)]
    return float(np.mean(defined)) if defined else None
