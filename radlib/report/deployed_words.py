"""What the chosen file costs where it is used, as it is deployed: a Keras or a coded file does not run there as it is."""

import pandas as pd

from radlib.report import wording as w
from radlib.report.devices import device_facts
from radlib.report.readings import Readings
from radlib.runs.variants import Variant

NO_DEVICE = "No device has measured it yet: ./bench in the export does, and radlib compare RUN --measurements FILE brings the figures here."
FLOAT32_BYTES = 4


def deployed_lines(readings: Readings, variant: Variant, row: pd.Series) -> tuple[str, ...]:
    """Return what a device is sent of a variant, what runs there, and how long a film takes, a sentence each.

    Args:
        readings: The files of the run.
        variant: Usually the winner.
        row: Its row of `tables.results`.
    """
    size, float32 = (
        w.human_bytes(row["size_bytes"]),
        w.human_bytes(row["parameters"] * FLOAT32_BYTES if w.known(row["parameters"]) else float("nan")),
    )
    if variant.format == "tflite":
        sent = f"The file runs as it is: {size} are sent."
    elif variant.format == "keras":
        sent = (
            f"A Keras file does not run on a device: radlib export sends a LiteRT file of float32 weights in its place, {float32} "
            "and some, and a quantized variant of it would be smaller."
        )
    else:
        sent = (
            f"What is sent is the coded file, {size}, and a skeleton; the device decodes them once, into a LiteRT file of float32 "
            f"weights, {float32} and some, which is what runs."
        )
    facts = device_facts(readings, variant)
    return tuple(
        line for line in (sent, _here(row), *(f"{name[0].upper()}{name[1:]}: {said}." for name, said in facts.items()),
                          "" if facts else NO_DEVICE) if line
    )  # fmt: skip


def _here(row: pd.Series) -> str:
    if not w.known(row["latency_p50_ms"]):
        return ""
    where = ", ".join(str(row[name]) for name in ("runtime", "device") if row[name])
    opening = f", after {w.milliseconds(row['open_ms'])} ms of opening" if w.known(row["open_ms"]) else ""
    memory = (
        f", {w.human_bytes(row['peak_memory_bytes'])} memory" if w.known(row["peak_memory_bytes"]) else ""
    )
    return (
        f"On the machine of this run a film took {w.milliseconds(row['latency_p50_ms'])} ms{memory}{opening} ({where}); that says "
        "nothing about another machine."
    )
