"""How many times slower a device is than this machine: one bundle, measured there and here."""

from pathlib import Path

import numpy as np

from radlib.deployment.bench.result_files import middle_ms, read_result
from radlib.evaluation.probes import in_fresh_process
from radlib.foundation.errors import UsageError
from radlib.foundation.record_files import read_object

CALLS = 100
REMEDY = "give what radlib bench wrote on the device, and the bundle that it measured"


def times_slower(result: Path, bundle: Path) -> float:
    """Return how many times longer one film takes on a device than here, one thread each.

    Args:
        result: What `radlib bench` wrote there.
        bundle: The bundle that it measured, as it lies here.

    Raises:
        UsageError: When they are of different model files.
        DataError: When either is damaged.
    """
    record = read_object(bundle / "variant.json", REMEDY, needs={"sha256": str, "runs": str})
    measured = read_result(result)
    if measured["variant"]["sha256"] != record["sha256"]:
        raise UsageError(
            f"{result.name} was measured with another model file than that in {bundle.name}; {REMEDY}."
        )
    there = min(
        middle_ms(row)
        for row in measured["steady"]
        if row["threads"] == min(r["threads"] for r in measured["steady"])
    )
    model = str((bundle / Path(record["runs"]).name).resolve())
    (timed,) = in_fresh_process("latencies", models=[(model, "tflite")], calls=CALLS)
    return there / (1000 * float(np.median(timed["seconds"])))
