"""What a notebook shows of a bundle: its files, what its conformance vectors say, and what it costs, as tables and pictures.

Nothing is measured or decided here; the tables hold what `export`, `bundle.conformance`, `bench` and `micro` found.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from radlib.deployment.bundle.conformance import FOLDER, VECTORS
from radlib.deployment.bundle.specification import FILE as SPECIFICATION
from radlib.foundation.extras import pandas as pd
from radlib.foundation.record_files import read_object


def bundle_table(bundle: Path) -> "pd.DataFrame":
    """Return one row per file or folder of a bundle: `name`, `files` and `size_bytes`, the largest first."""
    rows = []
    for path in bundle.iterdir():
        files = [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
        rows.append(
            {"name": path.name, "files": len(files), "size_bytes": sum(f.stat().st_size for f in files)}
        )
    return pd.DataFrame(rows).sort_values(["size_bytes", "name"], ascending=[False, True], ignore_index=True)


def step_table(bundle: Path) -> "pd.DataFrame":
    """Return the steps from a file to a decision as the bundle's specification says them: `step`, `for`, `what`."""
    steps = read_object(bundle / SPECIFICATION)["steps"]
    rows = [
        {"step": s["step"], "for": ", ".join(s.get("films", ())) or "all", "what": s["words"]} for s in steps
    ]
    return pd.DataFrame(rows, columns=["step", "for", "what"])


def vectors(bundle: Path) -> list[dict[str, Any]]:
    """Return the films of a bundle's conformance vectors, as `vectors.json` lists them."""
    found: list[dict[str, Any]] = json.loads((bundle / FOLDER / VECTORS).read_text(encoding="utf-8"))["films"]
    return found


def after_step(bundle: Path, film: Mapping[str, Any], step: str) -> np.ndarray:
    """Return the array that a film of the vectors is after one step, from its raw bytes alone."""
    said = next(each for each in film["steps"] if each["step"] == step)
    raw = (bundle / FOLDER / said["file"]).read_bytes()
    return np.frombuffer(raw, np.dtype(said["dtype"]).newbyteorder("<")).reshape(said["shape"])


def cost_table(record: Mapping[str, Any]) -> "pd.DataFrame":
    """Return what `bench_bundle` measured of steady calls: `threads`, `delegate`, and p50, p95 and p99 in milliseconds."""
    columns = ["threads", "delegate", "p50_ms", "p95_ms", "p99_ms"]
    return pd.DataFrame(record["steady"]).reindex(columns=columns)


def micro_table(trials: Mapping[str, Any]) -> "pd.DataFrame":
    """Return what became of files in the micro runtime.

    Args:
        trials: `MicroTrial` by label.

    Returns:
        One row each: `label`, `flash_bytes`, `arena_bytes` (NaN where it did not run), `operators`, and `why_not`.
    """
    rows = [
        {
            "label": label, "flash_bytes": t.flash_bytes,
            "arena_bytes": np.nan if t.arena_bytes is None else float(t.arena_bytes),
            "operators": ", ".join(t.operators), "why_not": t.why_not,
        }
        for label, t in trials.items()
    ]  # fmt: skip
    return pd.DataFrame(rows)


def scaled(array: np.ndarray) -> np.ndarray:
    """Return an array of any numbers as a picture, float32 in [0, 1], darkest to brightest."""
    values = np.asarray(array, np.float64)
    low, high = float(values.min()), float(values.max())
    return ((values - low) / max(high - low, 1e-12)).astype(np.float32)


def named_films(films: Sequence[Mapping[str, Any]], kind: str) -> list[str]:
    """Return the names of the vectors' films of one kind, such as `dicom`."""
    return [film["name"] for film in films if film["kind"] == kind]
