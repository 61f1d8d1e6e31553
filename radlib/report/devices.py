"""What variants cost on the devices that they were measured on: a table and pictures a device, and a line for each card.

The figures come from `radlib bench` on the device itself and stand apart from those of the desk: milliseconds of two
machines are never compared. Joules that no meter measured are an estimate, and say so wherever they stand.
"""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from radlib.report import figures, wording as w
from radlib.report.blocks import Cell, Figure, Section, Table, Text, drawn
from radlib.report.cells import row_titles
from radlib.report.readings import Readings
from radlib.runs.variants import Variant

TITLE = "On the devices"
SINGLE = ("open_ms", "first_ms", "peak_memory_bytes", "deployed_bytes", "energy_mj", "energy_above_rest_mj")
MIDDLES = {"latency_p50_ms": "median", "latency_mean_ms": "mean"}
METHOD = (
    "Measured by radlib bench on the device itself: opening, the first and steady answers of one film at a time, with what speeds up "
    "the fewest threads most; “Fastest” is over all numbers of threads."
)
ESTIMATED = (
    "An energy with the mark “estimate” comes from counted operations and bytes, not from a meter: it orders variants, and is no joule "
    "of this device."
)


def device_costs(devices: pd.DataFrame) -> pd.DataFrame:
    """Return one row per variant and device from `device_measurements.csv`.

    Args:
        devices: That table.

    Returns:
        variant, device, runtime, delegate and threads (of the fastest calls with the fewest threads), device_ms and which `middle` that
        is (`median`, or `mean` where a tool says no more), latency_p95_ms, latency_p99_ms, fastest_ms and fastest_threads (over all threads), the `SINGLE` ones, and energy_kind.
    """
    rows = []
    for _, table in devices.groupby(["variant", "device"], sort=False):
        middle = next((name for name in MIDDLES if (table["metric"] == name).any()), "")
        if not middle:
            continue
        medians = table[table["metric"] == middle].astype({"value": float, "threads": int})
        fewest = medians[medians["threads"] == medians["threads"].min()]
        best, fastest = fewest.loc[fewest["value"].idxmin()], medians.loc[medians["value"].idxmin()]
        same = table[
            (table["delegate"] == best["delegate"]) & (table["threads"].astype(int) == best["threads"])
        ]
        row: dict[str, Any] = {name: best[name] for name in ("variant", "device", "runtime", "delegate")}
        for share in ("p95", "p99"):
            row[f"latency_{share}_ms"] = _one(same, f"latency_{share}_ms")
        row |= {
            "device_ms": best["value"],
            "threads": best["threads"],
            "middle": MIDDLES[middle],
            "fastest_ms": fastest["value"],
            "fastest_threads": fastest["threads"],
        }
        row |= {name: _one(table, name) for name in SINGLE}
        energy = table[table["metric"] == "energy_mj"]
        rows.append({**row, "energy_kind": energy["kind"].iloc[0] if len(energy) else ""})
    return pd.DataFrame(rows)


def device_section(readings: Readings, results: pd.DataFrame, pictures: Mapping[str, Figure]) -> Section:
    """Return a table and the pictures of each device; nothing where no device was measured."""
    blocks: list[Any] = []
    for number, (device, table) in enumerate(_by_device(readings, results), start=1):
        blocks += drawn(pictures, f"device_{number}_time", f"device_{number}_energy")
        blocks.append(_table(device, table))
    said = (METHOD, ESTIMATED) if (readings.devices["kind"] == "estimate").any() else (METHOD,)
    return Section(TITLE, (Text(said), *blocks) if blocks else ())


def draw_devices(readings: Readings, results: pd.DataFrame, add: Callable) -> None:
    """Draw AUROC against each device's own milliseconds and millijoules."""
    for number, (device, table) in enumerate(_by_device(readings, results), start=1):
        scored = table.dropna(subset=["auroc"]) if "auroc" in table else table.iloc[:0]
        for name, column, title in (
            ("time", "device_ms", f"latency of one film on {device}, ms"),
            ("energy", "energy_mj", f"energy of one film on {device}, mJ{_kind_words(scored)}"),
        ):
            if not scored.empty and scored[column].notna().any():
                alt = f"{title[0].upper()}{title[1:]}, against AUROC. " + "; ".join(
                    f"{row['label']}: {w.milliseconds(row[column])}" for _, row in scored.iterrows()
                )
                add(f"device_{number}_{name}", _drawing(scored, column, title), alt)


def device_facts(readings: Readings, variant: Variant) -> dict[str, str]:
    """Return what each device said of a variant, for its card."""
    costs = device_costs(readings.devices)
    if costs.empty:
        return {}
    return {
        f"on {row['device']}": f"{w.milliseconds(row['device_ms'])} ms a film ({row['middle']}{_slow(row)}), "
        f"{w.human_bytes(row['peak_memory_bytes'])} of memory, {_energy(row)}"
        for _, row in costs[costs["variant"] == variant.name].iterrows()
    }


def _by_device(readings: Readings, results: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Return the results of the variants that each device measured, with its figures beside them."""
    costs = device_costs(readings.devices)
    if costs.empty or results.empty:
        return []
    kept = results[[c for c in results if c == "variant" or c not in costs]]
    return [
        (str(device), kept.merge(table, on="variant")) for device, table in costs.groupby("device", sort=True)
    ]


def _table(device: str, table: pd.DataFrame) -> Table:
    columns = ("Variant", "As deployed", "Opening, ms", "First answer, ms", "Then, ms", "p95, ms", "p99, ms", "Fastest, ms",
               "Peak memory", "Energy a film")  # fmt: skip
    rows = tuple(
        (
            Cell(title),
            Cell(w.human_bytes(row["deployed_bytes"])),
            *(Cell(w.milliseconds(row[name])) for name in ("open_ms", "first_ms")),
            Cell(
                w.milliseconds(row["device_ms"]),
                f"{row['middle']}, {w.plural(row['threads'], 'thread')}; {row['runtime']}, {row['delegate']}",
            ),
            *(Cell(w.milliseconds(row[name])) for name in ("latency_p95_ms", "latency_p99_ms")),
            Cell(w.milliseconds(row["fastest_ms"]), w.plural(row["fastest_threads"], "thread")),
            Cell(w.human_bytes(row["peak_memory_bytes"])),
            Cell(*_energy(row).partition(", ")[::2]),
        )
        for title, (_, row) in zip(row_titles(table), table.iterrows(), strict=True)
    )
    return Table(columns, rows, device)


def _slow(row: pd.Series) -> str:
    slow = w.milliseconds(row["latency_p99_ms"])
    return f"; one in a hundred takes more than {slow}" if slow != w.MISSING else ""


def _energy(row: pd.Series) -> str:
    if not w.known(row["energy_mj"]):
        return w.MISSING
    above = row["energy_above_rest_mj"]
    note = "estimate" if row["energy_kind"] != "measured" else "measured"
    if w.known(above):
        note += f", {w.milliseconds(above)} mJ above rest"
    return f"{w.milliseconds(row['energy_mj'])} mJ, {note}"


def _kind_words(table: pd.DataFrame) -> str:
    kinds = set(table["energy_kind"]) - {""}
    return "" if kinds == {"measured"} else " (estimate)" if kinds == {"estimate"} else " (some an estimate)"


def _drawing(table: pd.DataFrame, column: str, title: str) -> Callable[[], Any]:
    return lambda: figures.cost_against_auroc(table, column, title)


def _one(table: pd.DataFrame, metric: str) -> float:
    values = table.loc[table["metric"] == metric, "value"].astype(float)
    return float(values.iloc[0]) if len(values) else float("nan")
