"""A variant read from its folder, in a run or exported: what it is, how films are prepared, and where it decides."""

import contextlib
import dataclasses
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from radlib.evaluation.choices import FILE as SELECTION, read_choices, thresholds
from radlib.foundation.errors import SetupError, UsageError
from radlib.foundation.record_files import read_object
from radlib.foundation.storage import file_sha256
from radlib.runs.tasks import Task, task_of
from radlib.runs.variants import REBUILT, Variant, library_versions, read_variant


def read_described(place: Path) -> tuple[Variant, dict[str, Any]]:
    """Read a variant's folder, in a run or exported.

    Args:
        place: The folder, or the `variant.json` in it.

    Returns:
        The variant, and its record with `preparation`, `thresholds` (one per label, None where none was
        chosen on validation films) and, where they are not Youden's, `threshold_rule`; where the variant's original has not
        learnt, `alarm`: the sentence that says so; and where its test answers are kept, `confidence`, see `mean_confidence`.

    Raises:
        UsageError: When there is no variant.
        SetupError: When its record is damaged.
    """
    folder = folder_of(place)
    path = folder / "variant.json"
    if not path.is_file():
        raise UsageError(
            f"{folder.name} holds no variant.json; give the folder of a variant, or of an export."
        )
    with _damage_told(folder):
        variant = read_variant(path)
        exported = read_object(path, REBUILT)
        if "preparation" in exported:
            numbers = _as_numbers(exported["thresholds"], variant)
            return variant, {**exported, "thresholds": numbers, **_rule(exported)}
        run_folder = folder.resolve().parent.parent
        return variant, {
            **json.loads(json.dumps(dataclasses.asdict(variant))),
            "study": _study(run_folder),
            "thresholds": _as_numbers(_chosen(run_folder, variant), variant),
            **_rule(read_choices(run_folder / SELECTION) if (run_folder / SELECTION).is_file() else {}),
            "preparation": read_object(folder / "preprocessing.json", REBUILT),
            **_alarm(run_folder, variant),
            **_confidence(run_folder, variant),
            "libraries": library_versions(),
        }


@contextlib.contextmanager
def _damage_told(folder: Path) -> Iterator[None]:
    """Turn whatever a record that was cut short or edited by hand raises into one sentence."""
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        raise SetupError(
            f"The record of {folder.name} is damaged ({type(error).__name__}); export or build the variant again."
        ) from error


def folder_of(place: Path) -> Path:
    """Return the folder of a variant that was named by its folder or by the `variant.json` in it."""
    return Path(place).parent if Path(place).is_file() else Path(place)


DOES: Mapping[str, str] = {
    "masks": "outlines",
    "boxes": "finds boxes",
}  # by the word of a task, `Task.record`


def refuse_places(variant: Variant, option: str, instead: Mapping[str, str]) -> None:
    """Refuse what only an answer for whole films can have.

    Args:
        variant: Who is asked.
        option: Of the command line.
        instead: What to do, after a semicolon, by the word of its task.

    Raises:
        UsageError: For a network that outlines or finds boxes.
    """
    if (record := task_of(variant).record) != Task.record:
        raise UsageError(
            f"{variant.name} {DOES[record]}, and {option} is for answers to whole films; {instead[record]}."
        )


def _study(run_folder: Path) -> str:
    run = run_folder / "run.json"
    return read_object(run, needs={"study": str})["study"] if run.is_file() else ""


def _alarm(run_folder: Path, variant: Variant) -> dict[str, str]:
    selection, original = run_folder / SELECTION, variant.original
    reason = read_choices(selection).get("not_learnt", {}).get(original) if selection.is_file() else None
    if not reason:
        return {}
    from radlib.evaluation.learnt import alarm  # here: it brings the statistics, which an answer does without

    return {"alarm": alarm({original: reason})}


def _confidence(run_folder: Path, variant: Variant) -> dict[str, Any]:
    """Return how sure the variant was of its test films, to be compared with a site's; {} before it saw any."""
    from radlib.evaluation.mean_confidence import confidence_at_test  # here: it brings the statistics

    found = confidence_at_test(run_folder, variant, task_of(variant))
    return {"confidence": found} if found else {}


def _rule(record: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the rule by which thresholds were chosen, where it is not Youden's.

    Raises:
        TypeError: For numbers that no rule has.
    """
    from radlib.metrics.operating_points import (
        ThresholdRule,  # here: it brings statistics, which few answers need
    )

    stated = record.get("threshold_rule")
    return {} if not stated else {"threshold_rule": dataclasses.asdict(ThresholdRule(**stated))}


def _as_numbers(chosen: list[Any], variant: Variant) -> list[float | None]:
    """Return thresholds as float64, None where there is none.

    Raises:
        ValueError: For what is no probability, or another number of them than of labels.
    """
    values = [None if value is None or value != value else float(value) for value in chosen]
    if len(values) != len(task_of(variant).labels) or any(v is not None and not 0 <= v <= 1 for v in values):
        raise ValueError("thresholds are one probability per label")
    return values


def _chosen(run_folder: Path, variant: Variant) -> list[float | None]:
    """Return a run's thresholds for a variant, None where none was chosen for this very model file."""
    nothing: list[float | None] = [None] * len(task_of(variant).labels)
    selection = run_folder / SELECTION
    if not selection.is_file():
        return nothing
    entry = read_choices(selection)["variants"].get(variant.name, {})
    if entry.get("model_sha256") != variant.sha256:
        return nothing
    return thresholds(entry).tolist()


def intact_model(model: Path, variant: Variant) -> Path:
    """Return the path of a model file after checking that it is the one described."""
    if not model.is_file() or file_sha256(model) != variant.sha256:
        raise SetupError(f"{model.name} of {variant.name} is missing or damaged; export or build it again.")
    return model
