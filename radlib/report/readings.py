"""What evaluation left in the folder of a run, read into memory; a file that is not there yet reads as empty."""

import dataclasses
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from radlib.evaluation.answers import Predictions
from radlib.evaluation.learnt import answers_of, not_learnt
from radlib.evaluation.records import Record, predictions_in
from radlib.foundation.record_files import RUN_AGAIN, damaged, read_arrays, read_object, read_table
from radlib.report.pairing import in_order_of
from radlib.runs.counted import Counted, counted_of
from radlib.runs.runs import Run
from radlib.runs.tasks import Task, task_of
from radlib.runs.variants import Variant

MEASUREMENT_COLUMNS = (
    "variant",
    "device",
    "runtime",
    "delegate",
    "threads",
    "metric",
    "value",
    "unit",
    "kind",
)


COUNTED = "counted"  # in a table's attrs: what it counts where it says patients


@dataclass(frozen=True)
class Readings:
    """Everything a report rests on.

    Attributes:
        run: The run.
        variants: Its stored variants, in the study's order: those that the study names, and others that were scored.
        test: Predictions of the test films by variant name, where they exist.
        selection: `selection.json`, {} when nothing was chosen yet.
        measurements: `measurements.csv`.
        devices: `device_measurements.csv`: what other machines measured, see `radlib bench`.
        films: `films.json`: `dataset`, `splits`, `overlapping_test_films`; {} when there is none.
        quarantine: `quarantine.csv`: `image_id`, `reason`.
        record: `run.json`: host, libraries, overrides.
        validation: Predictions of the validation films by variant name, where they exist.
        reordered: Variants whose test films stood in another order than their original's and were paired by id.
        drawn: What `draws.draw` made of all films, by variant name: several tables rest on the same draws.
        groups: `groups.csv`: `image_id`, and per film what kind of patient and film it is, as far as known.
        shift: `shift.json`: how far test and validation films can be told apart; {} before the test was opened.
        looks: `earlier_looks.json`: how often the test films had been looked at before; {} where it was not counted.
    """

    run: Run
    variants: tuple[Variant, ...]
    test: Mapping[str, Any] = field(default_factory=dict)
    selection: Mapping[str, Any] = field(default_factory=dict)
    measurements: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=list(MEASUREMENT_COLUMNS))
    )
    films: Mapping[str, Any] = field(default_factory=dict)
    quarantine: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["image_id", "reason"]))
    record: Mapping[str, Any] = field(default_factory=dict)
    validation: Mapping[str, Any] = field(default_factory=dict)
    reordered: frozenset[str] = frozenset()
    groups: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["image_id"]))
    drawn: dict[str, dict] = field(default_factory=dict, repr=False)
    shift: Mapping[str, Any] = field(default_factory=dict)
    looks: Mapping[str, Any] = field(default_factory=dict)
    devices: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(MEASUREMENT_COLUMNS)))

    @property
    def counted(self) -> Counted:
        """What is counted where a sentence says patients, see `runs.counted`."""
        return counted_of(self.films)

    def original(self, variant: Variant) -> Variant | None:
        """Return the trained network that a variant goes back to."""
        same = (v for v in self.variants if (v.network, v.seed) == (variant.network, variant.seed))
        return next((v for v in same if not v.chain), None)

    @functools.cached_property
    def not_learnt(self) -> Mapping[str, str]:
        """Why originals have not learnt, by name, see `evaluation.learnt`; empty when all have."""
        answers = {name: answers_of(p) for name, p in self.validation.items()}
        return not_learnt(self.run, self.variants, answers)

    def why_not_learnt(self, variant: Variant) -> str:
        """Return why the original that a variant goes back to has not learnt; empty when it has."""
        original = self.original(variant)
        return self.not_learnt.get(original.name, "") if original is not None else ""

    def thresholds(self, variant: Variant) -> np.ndarray:
        """Return the variant's thresholds, (labels,), NaN where none was chosen."""
        value = self.selection.get("variants", {}).get(variant.name, {}).get("threshold")
        values = value if isinstance(value, list) else [value]
        return np.array([np.nan if v is None else v for v in values], dtype=np.float64)

    def disjoint(self, predictions: Record) -> np.ndarray:
        """Return which films carry a patient number that no training film carries, bool (n,)."""
        return ~np.isin(predictions.image_id, self.films.get("overlapping_test_films", []))


def read(run: Run) -> Readings:
    """Read the files of a run.

    Variants that the study does not name and that never read a test film are left out: a link on the way of a chain,
    or what a notebook built to show something.
    """
    stored, asked = run.variants(), {variant.name for variant in run.candidates()}
    test = {v.name: p for v in stored if (p := _predictions(run, v, "test")) is not None}
    variants = tuple(v for v in stored if v.name in asked or v.name in test)
    readings = Readings(
        run,
        variants,
        test,
        _json(run.path("selection.json")),
        _csv(run.path("measurements.csv"), MEASUREMENT_COLUMNS),
        _json(run.path("films.json")),
        _csv(run.path("quarantine.csv"), ("image_id", "reason")),
        _json(run.path("run.json")),
        {v.name: p for v in variants if (p := _predictions(run, v, "validation")) is not None},
        groups=_csv(run.path("groups.csv"), ("image_id",)),
        shift=_json(run.path("shift.json")),
        looks=_json(run.path("earlier_looks.json")),
        devices=_csv(run.path("device_measurements.csv"), MEASUREMENT_COLUMNS),
    )
    return _in_one_order(readings)


def _in_one_order(readings: Readings) -> Readings:
    """Return the readings with every variant's test films in the order of its original's."""
    ordered, moved = dict(readings.test), set()
    for variant in readings.variants:
        original = readings.original(variant)
        if original is not None and {original.name, variant.name} <= set(ordered):
            paired = in_order_of(readings.test[original.name], readings.test[variant.name])
            if paired is not readings.test[variant.name]:
                ordered[variant.name] = paired
                moved.add(variant.name)
    return dataclasses.replace(readings, test=ordered, reordered=frozenset(moved))


def of_run(table: pd.DataFrame, readings: Readings) -> pd.DataFrame:
    """Return a table that knows, in its `attrs`, what its patients are; what is written of it stays the same."""
    table.attrs[COUNTED] = readings.counted.several
    return table


def film_table(path: Path) -> pd.DataFrame:
    """Return a table with a row per film; empty when there is none."""
    return _csv(path, ("image_id",))


def label_names(variant: Variant) -> tuple[str, ...]:
    """Return the names of a variant's labels; of a binary task the positive answer."""
    return task_of(variant).labels


def record_of(readings: Readings) -> str:
    """Return what kind of answers a run has, see `runs.tasks.Task.record`; of one without variants the usual kind."""
    return next((task_of(variant).record for variant in readings.variants), Task.record)


def _predictions(run: Run, variant: Variant, split: str) -> Any:
    """Return stored predictions of a split; None without any, or when they were made by another model file."""
    path = run.path("predictions", f"{variant.key}.{split}.npz")
    return READERS[task_of(variant).record](path, variant) if path.is_file() else None


def _probabilities(path: Path, variant: Variant) -> Predictions | None:
    """Return stored probabilities as float64; files of before may lack what nothing in a report rests on."""
    arrays = read_arrays(path)
    if str(arrays.get("model_sha256", variant.sha256)) != variant.sha256:
        return None
    try:
        y_true, y_prob = (np.asarray(arrays[name], dtype=np.float64) for name in ("y_true", "y_prob"))
        return Predictions(
            arrays["image_id"],
            arrays["patient_id"],
            y_true,
            y_prob,
            arrays["outputs"],
            variant.sha256,
            str(arrays.get("fingerprint", "")),
        )
    except (KeyError, ValueError) as error:
        raise damaged(path, "it lacks answers", RUN_AGAIN) from error


READERS: Mapping[str, Callable[[Path, Variant], Record | None]] = {
    "probabilities": _probabilities,
    "masks": predictions_in,
    "boxes": predictions_in,
}


def _json(path: Path) -> dict[str, Any]:
    return read_object(path) if path.is_file() else {}


def _csv(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    if not path.is_file() or not path.stat().st_size:
        return pd.DataFrame(columns=list(columns))
    # An id such as 1e5 or a reason such as "null" must stay what it is.
    as_text = dict.fromkeys(("image_id", "reason", "variant"), str)
    return read_table(path, dtype=as_text, keep_default_na=False, na_values={"value": ["", "nan"]})
