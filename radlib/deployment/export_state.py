"""What a run has to say of a variant before it leaves: its thresholds, its verdict, and what is still missing.

A network whose threshold was never chosen, or that no test film has been through, looks like any other file. So an
export says first whether the run was finished.
"""

import contextlib
import csv
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from radlib.evaluation.choices import FILE as SELECTION
from radlib.evaluation.conclusions import conclusion
from radlib.foundation.errors import RadlibError
from radlib.foundation.record_files import read_arrays
from radlib.runs.counted import counted_in, counted_named, told
from radlib.runs.run_records import margins_in
from radlib.runs.tasks import task_of
from radlib.runs.variants import Variant

RESULTS = "results.csv"
FINISHED, UNFINISHED = "finished", "unfinished"
NO_CHOICE = "no threshold was chosen for it on validation films"
NO_TEST = "no test film has been scored by it"
NO_VERDICT = "it has no verdict on test films, since no report has been written"
COUNTS = ("films", "patients", "positives")
JUDGED = ("conclusion", "patients_asked", "patients_needed", "chance_if_lossless", "seeds_pooled")
EARLIER = "Beside its original nothing is said by this export, which an earlier version wrote; export the variant again."
TAKEN: Mapping[str, Sequence[str]] = {  # by how a task's answers are kept, `Task.record`
    "probabilities": (
        *COUNTS, "auroc", "auroc_low", "auroc_high", "sensitivity", "sensitivity_low", "sensitivity_high", "specificity",
        "specificity_low", "specificity_high", "difference", "difference_low", "difference_high", "verdict", "verdict_reason",
        *(f"{start}_{rate}{end}" for rate in ("sensitivity", "specificity")
          for start, end in (("difference", ""), ("difference", "_low"), ("difference", "_high"), ("verdict", ""), ("reason", ""))),
        "threshold", *JUDGED,
    ),
    "boxes": (
        "films", "patients", "box_score", "box_score_low", "box_score_high", "boxes_found", "boxes_found_low", "boxes_found_high",
        "false_boxes", "false_boxes_low", "false_boxes_high", "difference", "difference_low", "difference_high", "verdict",
        "verdict_reason", *JUDGED,
    ),
    "masks": (
        "films", "patients", "dice", "dice_low", "dice_high", "failing_dice", "failing_dice_low", "failing_dice_high",
        "difference", "difference_low", "difference_high", "difference_failing", "difference_failing_low",
        "difference_failing_high", "verdict", "verdict_failing", "verdict_reason", *JUDGED,
    ),
}  # fmt: skip
WORDS = ("verdict", "reason", "conclusion")  # how columns of text begin


def state_of(run_folder: Path, variant: Variant) -> dict[str, Any]:
    """Return what a run says of a variant.

    Returns:
        `state`: `finished` or `unfinished`; `missing`: why unfinished, half a sentence each; `verdict`: the row of the
        table of results, as far as it is about test films and the verdict, None where there is none; `margin` and
        `rate_margin`, the largest losses that count as none; and
        `counted`: what its patients are, `films` or `groups of like films` where nobody knows the patients.
    """
    selection = _selection(run_folder)
    margin, rate_margin = margins_in(run_folder)
    chosen = selection.get("variants", {}).get(variant.name, {})
    row = _row(run_folder, variant)
    missing = [
        *([] if chosen.get("model_sha256") == variant.sha256 else [NO_CHOICE]),
        *([] if _tested(run_folder, variant) else [NO_TEST]),
    ]
    if not missing and (row is None or row["films"] is None):
        missing = [NO_VERDICT]
    return {
        "state": UNFINISHED if missing else FINISHED,
        "missing": missing,
        "verdict": None if missing else row,
        "margin": margin,
        "rate_margin": rate_margin,
        "counted": counted_in(run_folder).several,
    }


def _selection(run_folder: Path) -> dict[str, Any]:
    path = run_folder / SELECTION
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _tested(run_folder: Path, variant: Variant) -> bool:
    path = run_folder / "predictions" / f"{variant.key}.test.npz"
    try:
        found = read_arrays(path, ("model_sha256", "image_id"))
    except RadlibError:
        return False
    return str(found["model_sha256"]) == variant.sha256 and found["image_id"].size > 0


def _row(run_folder: Path, variant: Variant) -> dict[str, Any] | None:
    with (
        contextlib.suppress(OSError, ValueError, csv.Error),
        (run_folder / RESULTS).open(encoding="utf-8", newline="") as stream,
    ):
        for row in csv.DictReader(stream):
            if row.get("variant") == variant.name and row.get("size_bytes") == str(variant.size_bytes):
                taken = TAKEN[task_of(variant).record]
                return {name: _value(name, row.get(name) or "") for name in taken}
    return None


def _value(name: str, text: str) -> Any:
    if name.startswith(WORDS):
        return text
    number = float(text) if text else math.nan
    return None if math.isnan(number) else (int(number) if number.is_integer() and name in COUNTS else number)


def sentences(state: dict[str, Any]) -> list[str]:
    """Return what a reader must know first, a line each; that the original has not learnt before all else."""
    if state["state"] == UNFINISHED:
        return [
            *([state["alarm"]] if "alarm" in state else []),
            "UNFINISHED. Do not use this model, and do not pass it on as if it were tested:",
            *(f"- {reason}." for reason in state["missing"]),
        ]
    row = state["verdict"]
    tell = next((told_by for measure, told_by in TELLING.items() if measure in row), _of_probabilities)
    lines = [*([state["alarm"]] if "alarm" in state else []), tell(row), *_beside(row, state)]
    return [told(line, counted_named(state.get("counted", ""))) for line in lines]


def _of_probabilities(row: dict[str, Any]) -> str:
    """Return how well films were told apart, and how many were missed or called for nothing."""
    rates = "".join(
        f", {name} {_interval(row, name)}" for name in ("sensitivity", "specificity") if row[name] is not None
    )
    return f"Tested on {_films(row)}: AUROC {_interval(row, 'auroc')}{rates}."


def _of_outlines(row: dict[str, Any]) -> str:
    """Return the Dice of outlines, its mean over films and the 5th percentile, below which the films that fail lie."""
    failing = _interval(row, "failing_dice")
    return (
        f"Tested on {_films(row)}: mean Dice {_interval(row, 'dice')}, 5th percentile of the films {failing}."
    )


def _of_boxes(row: dict[str, Any]) -> str:
    """Return the mean box score, and how many boxes are found for how many false ones."""
    found, false = _interval(row, "boxes_found"), _interval(row, "false_boxes")
    return (
        f"Tested on {_films(row)}: mean box score {_interval(row, 'box_score')}; of the boxes by hand on a film {found} are found, "
        f"beside {false} false ones a film."
    )


TELLING: Mapping[str, Callable[[dict[str, Any]], str]] = {"dice": _of_outlines, "box_score": _of_boxes}


def _beside(row: dict[str, Any], state: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the verdicts come to, in the words of the report; nothing of what was not compared."""
    if "conclusion" not in row:
        yield EARLIER
    elif said := conclusion(row, state.get("margin"), state.get("rate_margin")):
        yield f"It {said}."


def _films(row: dict[str, Any]) -> str:
    return f"{row['films']:,} test films of {row['patients']:,} patients"


def _interval(row: dict[str, Any], name: str, digits: int = 3) -> str:
    low, value, high = (row[key] for key in (f"{name}_low", name, f"{name}_high"))
    if value is None:
        return "undefined"
    span = f" [{low:.{digits}f} to {high:.{digits}f}]" if low is not None and high is not None else ""
    return f"{value:.{digits}f}{span}"
