"""A device's figures brought back into the run that the variant came from.

Each file of results is kept in the run, per variant and device, and all of them make one table, `device_measurements.csv`,
beside `measurements.csv` of the desk: figures of several machines must not stand in one column of a report. What was
measured with another model file than the run's is refused.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from radlib.deployment.bench.result_files import read_result, write_result
from radlib.evaluation.measuring import COLUMNS, DEVICE_UNITS, UNITS
from radlib.foundation.errors import DataError
from radlib.foundation.extras import pandas as pd
from radlib.foundation.plain_text import table_text
from radlib.foundation.storage import spec_digest, write_text
from radlib.runs.runs import Run
from radlib.runs.variants import Variant

TABLE = "device_measurements.csv"
FOLDER = ("measurements", "devices")
LATENCIES = ("p50_ms", "p95_ms", "p99_ms", "mean_ms")


def take_measurements(run: Run, files: Sequence[Path]) -> list[str]:
    """Put files of results into a run, all or none, and write its table of devices anew.

    Args:
        run: The run.
        files: What `radlib bench` wrote; earlier figures of the same variant and device are replaced.

    Returns:
        A line for each file: which variant, on what.

    Raises:
        DataError: When a file is damaged, or was measured with a model file that the run does not hold.
    """
    found = [(path, read_result(path)) for path in files]
    matched = [(_variant_of(run, record, path), record) for path, record in found]
    for variant, record in matched:
        device = record["device"]["name"]
        name = f"{variant.key}.{spec_digest({'device': device})[:8]}.json"
        write_result(run.path(*FOLDER, name), record)
    write_text(run.path(TABLE), table_text(device_table(run)))
    return [f"{variant.name} on {record['device']['name']}" for variant, record in matched]


def device_table(run: Run) -> "pd.DataFrame":
    """Return every figure of every device that belongs to a model file of the run, with the columns of `measurements.csv`."""
    rows = []
    for variant in run.variants():
        for path in sorted(run.path(*FOLDER).glob(f"{variant.key}.????????.json")):
            record = read_result(path)
            if record["variant"]["sha256"] == variant.sha256:
                rows += device_rows(variant.name, record)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def device_rows(name: str, record: Mapping[str, Any]) -> list[tuple]:
    """Return the rows of one file of results."""
    device, first = record["device"]["name"], record["steady"][0]

    def row(at: Mapping[str, Any], metric: str, value: float, kind: str = "measured") -> tuple:
        where = (device, at["runtime"], at["delegate"], at["threads"])
        return (name, *where, metric, value, {**UNITS, **DEVICE_UNITS}[metric], kind)

    rows = [
        row(at, f"latency_{share}", at[share])
        for at in record["steady"]
        for share in LATENCIES
        if share in at
    ]
    rows.append(row(first, "deployed_bytes", record["variant"]["deployed_bytes"]))
    for metric, part in (("open_ms", "open"), ("first_ms", "first")):
        if record.get(part):
            rows.append(row(first, metric, record[part]["p50_ms"]))
    if record.get("memory"):
        rows.append(row(first, "peak_memory_bytes", record["memory"]["peak_bytes"]))
    energy = record["energy"]
    for metric, part in (
        ("energy_mj", "joules_per_call"),
        ("energy_above_rest_mj", "joules_per_call_above_rest"),
    ):
        if part in energy:
            rows.append(row(first, metric, 1000 * energy[part], energy["kind"]))
    return rows


def _variant_of(run: Run, record: Mapping[str, Any], path: Path) -> Variant:
    """Return the variant of a run whose very file was measured."""
    told, stored = record["variant"], run.variants()
    for variant in stored:
        if variant.sha256 == told["sha256"]:
            return variant
    other = next((v for v in stored if v.name == told["name"]), None)
    if other is None:
        raise DataError(
            f"{path.name} was measured with {told['name']}, which the run {run.folder.name!r} does not hold; give the run that it "
            "was exported from."
        )
    raise DataError(
        f"{path.name} was measured with another file of {told['name']} (sha256 {told['sha256'][:8]}) than the run "
        f"{run.folder.name!r} holds ({other.sha256[:8]}); export the variant anew and measure again."
    )
