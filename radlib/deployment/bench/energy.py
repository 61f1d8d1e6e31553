"""Joules for a film, from a meter where there is one, else an estimate that says so."""

from pathlib import Path
from typing import Any

from radlib.deployment.bench.meter_tables import check_covered, read_meter_table
from radlib.deployment.bench.power_meters import WATTS, why_no_meter
from radlib.deployment.bench.subjects import Subject
from radlib.deployment.bench.watching import Watched, joules_between
from radlib.evaluation.energy_estimate import estimated_energy

MEASURED, ESTIMATE = "measured", "estimate"
Readings = list[tuple[float, float]]


def energy_of(
    subject: Subject, rest: dict[str, float], work: dict[str, float], watched: Watched, system: Path
) -> dict[str, Any]:
    """Return what a film costs.

    Args:
        subject: What worked.
        rest: When the machine rested: `begun` and `ended`.
        work: When it worked, and `calls`.
        watched: What its own meter said in the meantime.
        system: Where the system shows its devices.

    Returns:
        `kind`, `measured` or `estimate`, and `joules_per_call`. Measured: of the whole machine or what the meter sees,
        `joules_per_call_above_rest`, `rest_watts`, `watts`, `meter`. Estimated: see `estimated_energy`, and `why`.
    """
    meter = watched.meter
    if meter is not None:
        how = (meter.gives, meter.wraps_at)
        if found := measured_energy(watched.power, rest, work, meter.name, *how):
            return found
    estimate = estimated_energy(subject.path)
    return {**estimate, "why": "the meter gave no readings" if meter is not None else why_no_meter(system)}


def measured_energy(
    readings: Readings,
    rest: dict[str, float],
    work: dict[str, float],
    meter: str,
    gives: str = WATTS,
    wraps_at: float = 0.0,
) -> dict[str, Any] | None:
    """Return the energy of a call from readings of a meter; None where they do not reach over both windows."""
    at_rest = joules_between(readings, rest["begun"], rest["ended"], gives, wraps_at)
    at_work = joules_between(readings, work["begun"], work["ended"], gives, wraps_at)
    if at_rest is None or at_work is None:
        return None
    seconds, calls = work["ended"] - work["begun"], work["calls"]
    rest_watts = at_rest / (rest["ended"] - rest["begun"])
    return {
        "kind": MEASURED, "joules_per_call": at_work / calls,
        "joules_per_call_above_rest": (at_work - rest_watts * seconds) / calls,
        "rest_watts": rest_watts, "watts": at_work / seconds, "calls": int(calls), "threads": 1, "meter": meter,
    }  # fmt: skip


def with_meter_table(record: dict[str, Any], table: Path) -> dict[str, Any]:
    """Return results with the energy that a meter's table gives, in place of what they said before.

    Args:
        record: Results of a bench; they say when the machine rested and worked.
        table: See `meter_tables`.

    Raises:
        DataError: When the table does not tell of these calls.
    """
    readings, windows = read_meter_table(table), record["windows"]
    name = f"table of a meter ({table.name})"
    for window in windows.values():
        check_covered(readings, window["begun"], window["ended"], table.name)
    new = {**record, "energy": measured_energy(readings, windows["rest"], windows["work"], name)}
    if "against" in record and "against" in windows:
        energy = measured_energy(readings, windows["rest"], windows["against"], name)
        new["against"] = {**record["against"], "energy": energy}
    return new
