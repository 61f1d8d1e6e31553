"""Times of several machines do not stand in one column."""

from types import SimpleNamespace

import pandas as pd

from radlib.evaluation.measuring import COLUMNS
from radlib.report.draws import main_device, measured

ROWS = [
    ("a", "old laptop", "tensorflow", "none", 1, "size_bytes", 10.0, "byte", "measured"),
    ("a", "old laptop", "tensorflow", "none", 1, "latency_p50_ms", 9.0, "ms", "measured"),
    ("a", "desk", "tensorflow", "none", 2, "latency_p50_ms", 2.0, "ms", "measured"),
    ("a", "desk", "tensorflow", "none", 1, "latency_p50_ms", 3.0, "ms", "measured"),
    ("b", "desk", "litert", "xnnpack", 1, "latency_p50_ms", 1.0, "ms", "measured"),
    ("c", "old laptop", "litert", "xnnpack", 1, "size_bytes", 5.0, "byte", "measured"),
    ("c", "old laptop", "litert", "xnnpack", 1, "latency_p50_ms", 4.0, "ms", "measured"),
    ("c", "old laptop", "litert", "xnnpack", 1, "joules_per_call", 4.0, "J", "estimated"),
    ("d", "desk", "litert", "xnnpack", 1, "latency_p50_ms", 1.5, "ms", "measured"),
]


def found(variant):
    readings = SimpleNamespace(measurements=pd.DataFrame(ROWS, columns=list(COLUMNS)))
    return measured(readings, SimpleNamespace(name=variant, key=variant))


def test_times_are_those_of_the_machine_that_timed_most_and_sizes_are_anywhere():
    assert main_device(pd.DataFrame(ROWS, columns=list(COLUMNS))) == "desk"
    assert main_device(pd.DataFrame([], columns=list(COLUMNS))) == ""
    assert (found("a")["latency_p50_ms"], found("a")["device"], found("a")["threads"]) == (3.0, "desk", 1)
    assert found("a")["size_bytes"] == 10.0
    assert found("c") == {"size_bytes": 5.0}
