"""What every variant is and costs, the same for all kinds of questions: the beginning of a row of results."""

from typing import Any

import numpy as np

from radlib.report.draws import CIRCUMSTANCES, measured
from radlib.report.readings import Readings
from radlib.runs.variants import Variant

MEASURED = (
    "deflated_bytes",
    "parameters",
    "nonzero_parameters",
    "macs",
    "latency_p50_ms",
    "latency_p95_ms",
    "peak_memory_bytes",
    "open_ms",
)


def cost_row(readings: Readings, variant: Variant) -> dict[str, Any]:
    """Return name, chain and file of a variant, and what was measured of it; NaN is what was not."""
    row: dict[str, Any] = {
        "variant": variant.name,
        "label": variant.label,
        "network": variant.network,
        "seed": variant.seed,
        "chain": variant.chain_text,
        "format": variant.format,
        "size_bytes": variant.size_bytes,
    }
    found = measured(readings, variant)
    original = readings.original(variant)
    full_size = measured(readings, original).get("fp32_weight_bytes", np.nan) if original else np.nan
    row["compression"] = full_size / variant.size_bytes
    row |= {name: found.get(name, np.nan) for name in MEASURED}
    row |= {name: found.get(name, "") for name in CIRCUMSTANCES}
    return row | {"fp32_weight_bytes": full_size}


def on_validation(readings: Readings, variant: Variant, measure: str) -> float:
    """Return what a variant was chosen by, NaN where nothing was chosen yet."""
    found = readings.selection.get("variants", {}).get(variant.name, {}).get(f"validation_{measure}")
    return np.nan if found is None else float(found)
