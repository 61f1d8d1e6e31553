"""What one variant answered to the films of one split: the one record that evaluation writes and the report reads."""

import dataclasses
import functools
from dataclasses import dataclass
from typing import Any, Self

import numpy as np


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

    @functools.cached_property
    def patients(self) -> np.ndarray:
        """Whose film it is, as numbers in the order of the ids, (n,): hundreds of tests ask, and text is slow."""
        return np.unique(self.patient_id, return_inverse=True)[1].ravel()

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
