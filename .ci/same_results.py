"""Hold two runs of one study against each other, bit for bit: `python .ci/same_results.py BEFORE AFTER`.

For whoever changes the code and not its results: models, answers, choices and tables must be the same files, but for
what is measured with a clock (latency, memory, the moment of opening) and what names the folder itself.
"""

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

CLOCKED = ("latency_p50_ms", "latency_p95_ms", "peak_memory_bytes", "open_ms", "device")
TABLES = (
    "results.csv", "comparisons.csv", "per_label.csv", "verdicts.csv", "decisions.csv", "harm.csv", "calibration.csv",
    "agreement.csv", "changed_decisions.csv", "groups.csv", "pairs.csv", "layers.csv", "weights.csv", "heat_maps.csv",
)  # fmt: skip


def compared(before: Path, after: Path) -> Iterator[tuple[str, bool]]:
    """Yield what was compared, and whether it is the same."""
    for model in sorted(before.glob("variants/*/model.*")):
        yield f"model {model.parent.name}", _digest(model) == _digest(after / model.relative_to(before))
    for answers in sorted(before.glob("predictions/*.npz")):
        yield f"answers {answers.stem}", _same_arrays(answers, after / answers.relative_to(before))
    chosen = [json.loads((run / "selection.json").read_text(encoding="utf-8")) for run in (before, after)]
    yield "selection.json", chosen[0] == chosen[1]
    for name in TABLES:
        if (before / name).is_file():
            yield name, _same_tables(before / name, after / name)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _same_arrays(before: Path, after: Path) -> bool:
    if not after.is_file():
        return False
    with np.load(before) as one, np.load(after) as other:
        return sorted(one) == sorted(other) and all(one[k].tobytes() == other[k].tobytes() for k in one)


def _same_tables(before: Path, after: Path) -> bool:
    if not after.is_file():
        return False
    one, other = (
        pd.read_csv(path, dtype=str).drop(columns=list(CLOCKED), errors="ignore") for path in (before, after)
    )
    return one.equals(other)


if __name__ == "__main__":
    found = list(compared(*map(Path, sys.argv[1:3])))
    differing = [what for what, same in found if not same]
    print("\n".join(f"differs: {what}" for what in differing))
    print(f"{len(found) - len(differing)} of {len(found)} are the same, bit for bit.")
    sys.exit(bool(differing) or not found)
