"""What the report says of devices: the fastest way with the fewest threads, a mean only where there is no median."""

import pandas as pd

from radlib.report.devices import device_costs
from radlib.report.readings import MEASUREMENT_COLUMNS


def table(*rows):
    return pd.DataFrame(
        [("n/int8#0", device, "r", delegate, threads, metric, value, "", kind)
         for device, delegate, threads, metric, value, kind in rows],
        columns=list(MEASUREMENT_COLUMNS),
    )  # fmt: skip


def test_one_row_a_device_with_what_speeds_one_thread_up_most():
    costs = device_costs(table(
        ("board", "XNNPACK", 1, "latency_p50_ms", 9.0, "measured"), ("board", "none", 1, "latency_p50_ms", 7.0, "measured"),
        ("board", "none", 1, "latency_p99_ms", 8.0, "measured"), ("board", "XNNPACK", 1, "latency_p99_ms", 99.0, "measured"),
        ("board", "XNNPACK", 4, "latency_p50_ms", 3.0, "measured"), ("board", "XNNPACK", 1, "energy_mj", 2.5, "measured"),
        ("phone", "none", 4, "latency_mean_ms", 5.0, "measured"), ("phone", "none", 4, "energy_mj", 0.1, "estimate"),
    )).set_index("device")  # fmt: skip
    board, phone = costs.loc["board"], costs.loc["phone"]
    assert (board["delegate"], board["device_ms"], board["middle"], board["latency_p99_ms"]) == (
        "none",
        7,
        "median",
        8,
    )
    assert (board["fastest_ms"], board["fastest_threads"], board["energy_mj"], board["energy_kind"]) == (
        3,
        4,
        2.5,
        "measured",
    )
    assert (phone["device_ms"], phone["middle"], phone["energy_kind"]) == (5, "mean", "estimate")
    assert pd.isna(phone["latency_p99_ms"]) and pd.isna(phone["peak_memory_bytes"])


def test_a_device_without_times_has_no_row():
    assert device_costs(table(("board", "none", 1, "open_ms", 1.0, "measured"))).empty
    assert device_costs(table()).empty
