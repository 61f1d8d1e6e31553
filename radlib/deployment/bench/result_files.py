"""The file that carries a device's figures home: JSON with a version, and nothing that tells whose machine it was.

It names the variant by the digest of its file, so that figures of another file cannot get into a run, and the device by
what its owner calls it or what the board calls itself; no folder, no host name, no film.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from radlib.deployment.bench.sensors import device_model
from radlib.evaluation.probes import processor_name
from radlib.foundation.errors import DataError
from radlib.foundation.plain_text import plain_line
from radlib.foundation.record_files import read_object
from radlib.foundation.storage import write_json
from radlib.runs.variants import variant_key

FORMAT, VERSION = "radlib-bench", 1
LONGEST_NAME = 80
NEEDS: dict[str, type] = {"device": dict, "variant": dict, "steady": list, "energy": dict}
FIELDS: dict[str, tuple[str, ...]] = {
    "device": ("name",),
    "variant": ("name", "sha256", "deployed_bytes"),
    "energy": ("kind",),
}
STEADY = {"threads": int, "delegate": str, "runtime": str, "calls": int}
MIDDLE = ("p50_ms", "mean_ms")  # one of them is there


def device_title(given: str = "", root: Path = Path("/")) -> str:
    """Return what a machine is called: as its owner says, else as the board, else its processor does."""
    found = given.strip() or device_model(root) or processor_name()
    return plain_line(" ".join(found.split()))[:LONGEST_NAME]


def result_name(record: Mapping[str, Any]) -> str:
    """Return a file name for results, of the variant and the device.

    Example:
        >>> result_name({"variant": {"name": "student_small/int8#0"}, "device": {"name": "Raspberry Pi 4 Model B"}})
        'student_small--int8--seed0.raspberry-pi-4-model-b.bench.json'
    """
    device = re.sub(r"[^a-z0-9]+", "-", record["device"]["name"].lower()).strip("-")
    return f"{variant_key(record['variant']['name'])}.{device[:40].rstrip('-') or 'device'}.bench.json"


def write_result(path: Path, record: Mapping[str, Any]) -> None:
    """Write results whole or not at all."""
    write_json(path, record)


def read_result(path: Path) -> dict[str, Any]:
    """Return the results that a file holds.

    Raises:
        DataError: When it is no such file, is of a later version, or was cut short; one sentence.
    """
    remedy = "give a file that radlib bench wrote"
    record = read_object(path, remedy, digest=False)
    if record.get("format") != FORMAT:
        raise DataError(f"{path.name} holds no measurements of radlib bench; {remedy}.")
    if record.get("version") != VERSION:
        raise DataError(
            f"{path.name} is of version {record.get('version')} of these files, and this radlib knows {VERSION}; use the radlib "
            "that the bundle came with, or measure again."
        )
    lacking = [name for name, kind in NEEDS.items() if not isinstance(record.get(name), kind)]
    lacking += [
        f"{part}.{name}"
        for part, names in FIELDS.items()
        if part not in lacking
        for name in names
        if name not in record[part]
    ]
    if "steady" not in lacking and not (record["steady"] and all(map(_is_row, record["steady"]))):
        lacking.append("steady")
    if lacking:
        raise DataError(f"{path.name} is damaged, it lacks {lacking[0]}; measure again with radlib bench.")
    return record


def middle_ms(row: Mapping[str, Any]) -> float:
    """Return the median of steady calls, or their mean where a tool says no more.

    Example:
        >>> middle_ms({"p50_ms": 2.0, "mean_ms": 2.5}), middle_ms({"mean_ms": 2.5})
        (2.0, 2.5)
    """
    return float(next(row[name] for name in MIDDLE if name in row))


def _is_row(row: Any) -> bool:
    if not isinstance(row, dict) or not all(isinstance(row.get(name), kind) for name, kind in STEADY.items()):
        return False
    times = [row[name] for name in MIDDLE if name in row]
    return bool(times) and all(isinstance(value, int | float) and value > 0 for value in times)


def result_lines(record: Mapping[str, Any]) -> list[str]:
    """Return what a terminal shows of results."""
    variant, energy = record["variant"], record["energy"]
    lines = [
        f"{variant['name']} on {record['device']['name']}: {variant['deployed_bytes']:,} bytes",
        *(f"{name:6} {_times(record[name])}" for name in ("open", "first") if record.get(name)),
    ]
    for row in record["steady"]:
        share = f", {row['time_share']:.2f} of {record['against']['label']}" if row.get("time_share") else ""
        lines.append(f"steady {_times(row)}, {row['threads']} thread(s), delegate {row['delegate']}{share}")
    if memory := record.get("memory"):
        lines.append(f"memory {memory['peak_bytes'] / 1e6:.1f} MB beyond the runtime's")
    if degrees := record.get("temperature_c"):
        lines.append(f"warmth {degrees['first']:.0f} °C, at most {degrees['highest']:.0f} °C")
    if clock := record.get("clock_mhz"):
        lines.append(f"clock  {clock['lowest']:.0f} to {clock['highest']:.0f} MHz")
    if "joules_per_call" in energy:
        how = energy["meter"] if energy["kind"] == "measured" else f"ESTIMATE: {energy['source']}"
        lines.append(f"energy {energy['joules_per_call'] * 1000:.4g} mJ a film ({how})")
    return lines


def _times(row: Mapping[str, Any]) -> str:
    return (
        " ".join(
            f"{share} {row[f'{share}_ms']:.3f}"
            for share in ("mean", "p50", "p95", "p99")
            if f"{share}_ms" in row
        )
        + " ms"
    )
