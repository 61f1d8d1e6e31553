"""What every variant costs: bytes, parameters, arithmetic, time and memory, each by one definition.

*Deflated* is zlib at level 9. *Latency* is that of single films after warm-up, one thread, variants in turns.
*Peak memory* is that of a fresh process that loads the runtime and the model and predicts once, less that of the
same process before it met the model; *opening* is the time from the file to a network that can be asked, in that
process: of a coded file its decoder's time. Ratios rest on the bytes of the original's weights as float32, not on a file that
also holds its graph.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from tqdm import tqdm

from radlib.evaluation.probes import describe_host, in_fresh_process
from radlib.foundation.extras import pandas as pd
from radlib.foundation.plain_text import table_text
from radlib.foundation.record_files import remembered
from radlib.foundation.storage import deflated_bytes, spec_digest, write_json, write_text
from radlib.runs.runs import Run
from radlib.runs.variants import Variant

COLUMNS = (
    "variant", "device", "runtime", "delegate", "threads", "metric", "value", "unit", "kind",
)  # fmt: skip
UNITS = {
    "size_bytes": "byte",
    "deflated_bytes": "byte",
    "parameters": "count",
    "nonzero_parameters": "count",
    "macs": "count",
    "fp32_weight_bytes": "byte",
    "latency_p50_ms": "ms",
    "latency_p95_ms": "ms",
    "peak_memory_bytes": "byte",
    "open_ms": "ms",
}
DEVICE_UNITS = {  # of what a device is asked besides, see `radlib bench`
    "latency_p99_ms": "ms", "latency_mean_ms": "ms", "first_ms": "ms", "deployed_bytes": "byte", "energy_mj": "mJ", "energy_above_rest_mj": "mJ",
}  # fmt: skip
REVISION = 1  # raised when the same file would measure otherwise
FEWEST_CALLS = 50
PROCESSES = 2  # that measure memory side by side; time is measured by one alone
MEMORY_REPEATS = {"tflite": 3}  # small models need the median; TensorFlow's start is long


def measure(run: Run, variants: Sequence[Variant]) -> "pd.DataFrame":
    """Measure what has not been measured on this machine, and write `measurements.csv`.

    Latencies are comparable within one table only: when one variant of a network is new, those of all its
    variants given here are timed again, in turns. The rest is kept per model file and machine.

    Args:
        run: The run.
        variants: Those to measure; the Keras models that they come from are counted with them.

    Returns:
        The table of `measurements.csv`: one row per variant, machine and metric.
    """
    device = describe_host()
    records = {v.name: _stored(run, v, device) for v in variants}
    missing = [v for v in variants if records[v.name] is None]
    parents = [keras_parent(run, v) for v in missing]
    probed = _probe_memory(run, {v.name: v for v in (*missing, *parents)})
    for variant, parent in zip(missing, parents, strict=True):
        facts = _file_facts(run, variant) | _counts(run, variant, probed[parent.name])
        found = probed[variant.name]
        records[variant.name] = {
            "facts": facts, "peak_memory_bytes": found["peak_bytes"], "open_ms": round(found["open_ms"], 3),
        }  # fmt: skip
    for group in _groups(variants):
        if any(v in missing for v in group):
            _time(run, group, records)
            for variant in group:
                record = {"sha256": variant.sha256, "device": device, "revision": REVISION}
                write_json(_record_path(run, variant, device), {**records[variant.name], **record})
    return _write_table(run)


def work_of(run: Run, variant: Variant) -> int:
    """Return the multiply-accumulates of one film through a variant: those of the Keras network it is or was made from."""
    from radlib.architectures import counting
    from radlib.training.baselines import load_network

    return counting.macs(load_network(run, keras_parent(run, variant)))


def work_table(run: Run, variants: Sequence[Variant]) -> "pd.DataFrame":
    """Return what each variant computes per film and how long it takes; timed anew, and not stored.

    Args:
        run: The run.
        variants: Of one network, timed in turns; the first is what the others are compared with.

    Returns:
        One row per variant: label, network, seed, chain, format, macs (of its Keras parent), latency_p50_ms,
        latency_p95_ms, and macs_share and time_share (of the median), of the first one's.
    """
    records: dict[str, dict] = {variant.name: {} for variant in variants}
    _time(run, variants, records)
    rows = []
    for variant in variants:
        names = {"label": variant.label, "network": variant.network, "seed": variant.seed}
        macs = work_of(run, variant)
        times = {name: records[variant.name][name] for name in ("latency_p50_ms", "latency_p95_ms")}
        rows.append({**names, "chain": variant.chain_text, "format": variant.format, "macs": macs, **times})
    table = pd.DataFrame(rows)
    table["macs_share"] = table["macs"] / table["macs"].iloc[0]
    return table.assign(time_share=table["latency_p50_ms"] / table["latency_p50_ms"].iloc[0])


def _groups(variants: Sequence[Variant]) -> list[list[Variant]]:
    """Return the variants by network and seed: those that are timed in turns."""
    groups: dict[tuple[str, int], list[Variant]] = {}
    for variant in variants:
        groups.setdefault((variant.network, variant.seed), []).append(variant)
    return list(groups.values())


def _record_path(run: Run, variant: Variant, device: str) -> Path:
    return run.path("measurements", f"{variant.key}.{spec_digest({'device': device})[:8]}.json")


def _stored(run: Run, variant: Variant, device: str) -> dict[str, Any] | None:
    """Return what was measured for this very file on this machine, or None."""
    path = _record_path(run, variant, device)
    record = remembered(path)
    same = (record.get("sha256"), record.get("revision")) == (variant.sha256, REVISION)
    return record if same else None


def _file_facts(run: Run, variant: Variant) -> dict[str, int]:
    content = run.model_path(variant).read_bytes()
    return {"size_bytes": len(content), "deflated_bytes": deflated_bytes(content)}


def keras_parent(run: Run, variant: Variant) -> Variant:
    """Return the variant itself if it is a Keras model, else the one it was converted from.

    What goes back to an imported LiteRT file has no Keras parent; that file is counted in its place.

    Raises:
        UsageError: When that one is not in the run.
    """
    while variant.format != "keras" and variant.parent is not None:
        variant = run.variant(variant.parent)
    return variant


def _counts(run: Run, variant: Variant, parent: Mapping[str, float]) -> dict[str, float]:
    """Return parameters, non-zeros, multiply-accumulates, and the float32 bytes of the Keras parent's weights.

    A LiteRT file that came from a Keras network has other weights than its parent (batch norm is folded into the layer before it), so its
    own are counted; what it computes per film is what its parent computes.
    """
    counts = {name: parent[name] for name in ("parameters", "nonzero_parameters", "macs")}
    fp32 = {"fp32_weight_bytes": 4 * counts["parameters"]}
    if variant.format == "tflite":
        from radlib.architectures import counting

        weights = counting.tflite_weights(run.model_path(variant))
        own = {"parameters": weights["values"].sum(), "nonzero_parameters": weights["nonzeros"].sum()}
        counts |= {name: int(value) for name, value in own.items()}
    return counts | fp32


def _probe_memory(run: Run, variants: Mapping[str, Variant]) -> dict[str, dict[str, float]]:
    """Return what `probes.peak_memory` found per variant; `peak_bytes` and `open_ms` are medians."""
    jobs = [v for v in variants.values() for _ in range(MEMORY_REPEATS.get(v.format, 1))]
    found: dict[str, list[dict[str, int]]] = {name: [] for name in variants}

    def probe(variant: Variant) -> dict[str, int]:
        return in_fresh_process(
            "peak_memory", path=str(run.model_path(variant).resolve()), format=variant.format
        )

    with ThreadPoolExecutor(PROCESSES) as pool:
        done = tqdm(
            pool.map(probe, jobs), total=len(jobs), desc="memory", unit="run", leave=False, disable=None
        )
        for variant, facts in zip(jobs, done, strict=True):
            found[variant.name].append(facts)
    rises = {
        name: median(f["with_model_bytes"] - f["without_model_bytes"] for f in facts)
        for name, facts in found.items()
    }
    opened = {name: median(f["open_ms"] for f in facts) for name, facts in found.items()}
    return {
        name: {**facts[0], "peak_bytes": rises[name], "open_ms": opened[name]}
        for name, facts in found.items()
    }


def _time(run: Run, group: Sequence[Variant], records: dict[str, dict]) -> None:
    """Time a network's variants in turns and put the figures into their records."""
    calls = max(FEWEST_CALLS, run.settings.latency_calls)
    models = [(str(run.model_path(v).resolve()), v.format) for v in group]
    timed = in_fresh_process("latencies", models=models, calls=calls)
    for variant, times in zip(group, timed, strict=True):
        p50, p95 = np.percentile(np.array(times["seconds"]) * 1000, [50, 95])
        records[variant.name] |= {
            "latency_p50_ms": round(float(p50), 4),
            "latency_p95_ms": round(float(p95), 4),
            **{name: times[name] for name in ("runtime", "delegate", "threads")},
        }


def _write_table(run: Run) -> "pd.DataFrame":
    """Write `measurements.csv` from all records that belong to a stored model file."""
    rows = []
    for variant in run.variants():
        for path in sorted(run.path("measurements").glob(f"{variant.key}.*.json")):
            record = remembered(path)
            if record.get("sha256") == variant.sha256 and "device" in record:
                rows += _rows(variant, record)
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    write_text(run.path("measurements.csv"), table_text(table))
    return table


def _rows(variant: Variant, record: dict[str, Any]) -> list[tuple]:
    where = [record[name] for name in ("device", "runtime", "delegate", "threads")]
    values = {**record["facts"], **{name: record[name] for name in UNITS if name in record}}
    return [
        (variant.name, *where, name, values[name], UNITS[name], "measured")
        for name in UNITS
        if name in values
    ]
