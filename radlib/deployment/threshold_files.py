"""Thresholds as they travel: chosen at a site, stored in a file, typed at a prompt; exact, and for one model only.

A threshold is a number that belongs to one model file: another model's probabilities lie elsewhere. So a file of
thresholds names the model by its digest and is refused for any other. Numbers are written with all their digits; a
threshold of 0.99983186 that is typed as 0.9998 is another threshold.
"""

import json
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from radlib.foundation.errors import DataError, UsageError
from radlib.foundation.storage import write_json
from radlib.runs.tasks import task_of
from radlib.runs.variants import Variant

KIND, REVISION = "radlib thresholds", 1
LARGEST_BYTES = 1_000_000
NOTICE = "Research only, not a medical device."
MEANING = "A film has the finding at or above the threshold; compared in float64."


def exact(number: float) -> str:
    """Return a number so that reading it gives the very same float64.

    Example:
        >>> exact(0.9998318552970886), exact(4.41e-05), exact(1)
        ('0.9998318552970886', '4.41e-05', '1.0')
    """
    return repr(float(number))


def typed(label: str, threshold: float) -> str:
    """Return the option that states a threshold, as a shell takes it.

    Example:
        >>> typed("lung opacity", 0.1)
        "--threshold 'lung opacity' 0.1"
    """
    return f"--threshold {shlex.quote(label)} {exact(threshold)}"


def write_thresholds(path: Path, variant: Variant, chosen: Sequence[float | None], facts: Mapping) -> None:
    """Write thresholds of a variant.

    Args:
        path: Where to; another kind of file is not replaced.
        variant: Whose.
        chosen: One per label, None where there is none.
        facts: What they rest on; plain values.

    Raises:
        UsageError: When a file that holds no thresholds lies there.
    """
    if path.exists() and not is_threshold_file(path):
        raise UsageError(f"{path.name} is there and holds no thresholds; choose another name.")
    labels = task_of(variant).labels
    write_json(path, {
        "kind": KIND,
        "revision": REVISION,
        "notice": NOTICE,
        "variant": variant.name,
        "model_sha256": variant.sha256,
        "outputs": list(variant.labels),
        "meaning": MEANING,
        "thresholds": dict(zip(labels, chosen, strict=True)),
        **facts,
    })  # fmt: skip


def is_threshold_file(path: Path) -> bool:
    """Tell whether a file is one that `write_thresholds` wrote."""
    try:
        return _content(path)["kind"] == KIND
    except (DataError, KeyError, TypeError):
        return False


def read_thresholds(path: Path, variant: Variant) -> tuple[list[float | None], dict[str, Any]]:
    """Return the thresholds of a file, one per label of the variant, and all that the file holds.

    Raises:
        DataError: When it cannot be read, or holds no thresholds.
        UsageError: When they are another model's.
    """
    content = _content(path)
    if not isinstance(content, dict) or content.get("kind") != KIND:
        raise DataError(
            f"{path.name} holds no thresholds; give a file that radlib predict --recalibrate wrote."
        )
    if content.get("model_sha256") != variant.sha256:
        raise UsageError(
            f"The thresholds of {path.name} were chosen for another model file ({content.get('variant')}); choose them "
            f"for {variant.name} with radlib predict --recalibrate."
        )
    labels, given = task_of(variant).labels, content.get("thresholds")
    if not isinstance(given, dict) or set(given) != set(labels) or task_of(variant).fixed_rule:
        raise DataError(f"{path.name} lacks a threshold for each of {', '.join(labels)}; write it anew.")
    return [None if given[label] is None else _probability(given[label]) for label in labels], content


def _content(path: Path) -> Any:
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise ValueError("it is too large")
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(
            f"{path.name} cannot be read as a file of thresholds ({type(error).__name__}); give one that radlib predict "
            "--recalibrate wrote."
        ) from error


def stated(
    variant: Variant, before: Sequence[float | None], given: Sequence[tuple[str, Any]]
) -> list[float | None]:
    """Return thresholds after some were typed.

    Args:
        variant: Whose.
        before: One per label.
        given: Label and number of each that was typed.

    Raises:
        UsageError: For what is no number or no label of the variant, and a label that is named twice.
    """
    task = task_of(variant)
    chosen = dict(zip(task.labels, before, strict=True))
    known = () if task.fixed_rule else task.labels
    for place, (label, text) in enumerate(given):
        if label not in known:
            raise UsageError(
                f"There is no threshold for {label!r}; this variant has: {', '.join(known) or 'none'}."
            )
        if label in [name for name, _ in given[:place]]:
            raise UsageError(f"The threshold for {label!r} was given twice; give one.")
        chosen[label] = _probability(text)
    return list(chosen.values())


def _probability(value: Any) -> float:
    """Return a threshold that was typed or read as float64."""
    try:
        number = float(value) if not isinstance(value, bool) else float("nan")
    except (TypeError, ValueError, OverflowError):
        number = float("nan")
    if not 0 <= number <= 1:
        raise UsageError(f"A threshold is a probability between 0 and 1, not {value!r}.")
    return number
