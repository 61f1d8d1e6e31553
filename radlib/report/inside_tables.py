"""What evaluation stored about the insides of every variant, read for the report; see `evaluation.insides`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from radlib.evaluation.insides.layer_comparison import insides_path
from radlib.evaluation.insides.layers import COLUMNS as LAYER_COLUMNS
from radlib.evaluation.insides.stored_weights import COLUMNS as WEIGHT_COLUMNS
from radlib.foundation.record_files import read_arrays, read_object
from radlib.report.readings import Readings, read
from radlib.runs.runs import Run


@dataclass(frozen=True)
class Insides:
    """Layers, weights and pictures of the variants that were looked into.

    Attributes:
        layers: `variant` and `layers.COLUMNS`.
        weights: `variant` and `stored_weights.COLUMNS`.
        histograms: By variant name and layer: `edges`, `counts`.
        pictures: By variant name: maps and filters on a drawn film, see `evaluation.insides`.
        reasons: Why a variant could not be looked into, by name.
    """

    layers: pd.DataFrame
    weights: pd.DataFrame
    histograms: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    pictures: Mapping[str, Mapping[str, np.ndarray]] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)


def insides(run: Run) -> Insides:
    """Return what compression did inside the variants of a run, as far as they were examined."""
    return read_insides(read(run))


def read_insides(readings: Readings) -> Insides:
    """Return what was stored for the model files as they are now; older descriptions are left out."""
    layers, weights, histograms, pictures, reasons = [], [], {}, {}, {}
    for variant in readings.variants:
        path = insides_path(readings.run.folder, variant)
        record = read_object(path) if path.is_file() else {}
        if record.get("sha256") != variant.sha256:
            continue
        if record["reason"]:
            reasons[variant.name] = record["reason"]
            continue
        layers += [{"variant": variant.name, **row} for row in record["layers"]]
        weights += [{"variant": variant.name, **row} for row in record["weights"]]
        histograms[variant.name] = record["histograms"]
        if path.with_suffix(".npz").is_file():
            pictures[variant.name] = read_arrays(path.with_suffix(".npz"))
    return Insides(
        pd.DataFrame(layers, columns=["variant", *LAYER_COLUMNS]),
        pd.DataFrame(weights, columns=["variant", *WEIGHT_COLUMNS]),
        histograms, pictures, reasons,
    )  # fmt: skip
