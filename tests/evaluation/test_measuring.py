"""Every measurement by its definition, against an independent one."""

import gzip
import json

import numpy as np
import pandas as pd
import pytest

from drawn import small_network
from radlib.evaluation import measuring, probes
from radlib.evaluation.measuring import measure
from radlib.evaluation.probes import in_fresh_process
from radlib.foundation.errors import SetupError
from stored import add_variant, stored_run


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    run, films = stored_run(tmp_path_factory.mktemp("run"), chains=("", "int8", "int8_io"))
    return run, films, measure(run, run.variants())


def values(table, variant):
    return table[table["variant"] == variant.name].set_index("metric")["value"]


def test_the_table_is_the_file(measured):
    run, _, table = measured
    assert list(table.columns) == [
        "variant", "device", "runtime", "delegate", "threads", "metric", "value", "unit", "kind",
    ]  # fmt: skip
    assert len(table) == 3 * 10
    assert set(table["kind"]) == {"measured"}
    pd.testing.assert_frame_equal(table, pd.read_csv(run.path("measurements.csv")), check_dtype=False)


def test_bytes_and_counts(measured):
    run, _, table = measured
    keras, int8, _ = run.variants()
    for variant in run.variants():
        content, row = run.model_path(variant).read_bytes(), values(table, variant)
        assert row["size_bytes"] == variant.size_bytes == len(content)
        # gzip wraps the same deflate stream in 18 bytes, zlib in 6
        assert row["deflated_bytes"] == len(gzip.compress(content, 9, mtime=0)) - 12
    weights = sum(weight.size for weight in small_network().get_weights())
    assert values(table, keras)["parameters"] == weights
    # 3 × 3 kernels: 1 → 8 at 16 × 16, 8 → 16 at 8 × 8, 16 → 16 at 4 × 4, and the dense layer
    by_hand = 16 * 16 * 9 * 8 + 8 * 8 * 9 * 8 * 16 + 4 * 4 * 9 * 16 * 16 + 16 * 2
    assert values(table, keras)["macs"] == by_hand
    assert values(table, int8)["macs"] == by_hand
    assert (
        values(table, int8)["fp32_weight_bytes"] == values(table, keras)["fp32_weight_bytes"] == 4 * weights
    )
    # batch norm is folded: kernels and one bias per channel are left
    kernels = 9 * 8 + 9 * 8 * 16 + 9 * 16 * 16 + 16 * 2
    assert values(table, int8)["parameters"] == kernels + 8 + 16 + 16 + 2


def test_time_and_memory_are_plausible_and_say_under_which_circumstances(measured):
    run, _, table = measured
    for variant in run.variants():
        row = values(table, variant)
        assert 0 < row["latency_p50_ms"] <= row["latency_p95_ms"] < 1000
        assert 100_000 < row["peak_memory_bytes"] < 500_000_000
        assert 0 < row["open_ms"] < 60_000
    circumstances = table.drop_duplicates("variant").set_index("variant")
    keras, int8, _ = (v.name for v in run.variants())
    assert circumstances["runtime"][keras].startswith("tensorflow ")
    assert circumstances["runtime"][int8].startswith("ai-edge-litert ")
    assert circumstances["delegate"].tolist() == ["none", "XNNPACK", "XNNPACK"]
    assert set(circumstances["threads"]) == {1}
    assert circumstances["device"].nunique() == 1


def test_nothing_is_measured_twice(measured, monkeypatch):
    run, _, table = measured
    monkeypatch.setattr(measuring, "in_fresh_process", lambda *_, **__: pytest.fail("measured again"))
    pd.testing.assert_frame_equal(measure(run, run.variants()), table)


def test_a_new_variant_is_timed_in_turns_with_the_others(tmp_path, monkeypatch):
    run, films = stored_run(tmp_path, chains=("", "int8"))
    started = []

    def pretended(function, **arguments):
        started.append((function, arguments))
        if function == "latencies":
            one = {"seconds": [0.001] * 9 + [0.003], "runtime": "r", "delegate": "d", "threads": 1}
            return [one] * len(arguments["models"])
        counts = {"parameters": 10, "nonzero_parameters": 8, "macs": 20, "open_ms": 1.25}
        return {"with_model_bytes": 5000, "without_model_bytes": 3000, **counts}

    monkeypatch.setattr(measuring, "in_fresh_process", pretended)
    row = values(measure(run, run.variants()), run.variants()[0])
    assert row["latency_p50_ms"] == 1.0
    assert row["latency_p95_ms"] == pytest.approx(1 + 2 * 0.55)  # between the 9th and the 10th of ten values
    assert row["peak_memory_bytes"] == 2000 and row["open_ms"] == 1.25
    assert sum(name == "latencies" for name, _ in started) == 1
    started.clear()
    add_variant(run, films, "int8_io")
    measure(run, run.variants())
    (timed,) = [arguments for name, arguments in started if name == "latencies"]
    assert len(timed["models"]) == 3
    assert timed["calls"] == 50
    probed = {arguments["path"].split("/")[-2] for name, arguments in started if name == "peak_memory"}
    assert probed == {"student_small--original--seed0", "student_small--int8_io--seed0"}


def test_work_and_time_stand_beside_each_other(tmp_path, monkeypatch):
    run, _ = stored_run(tmp_path, chains=("", "float32"))
    ends = [1.0, 4.0]

    def pretended(function, **arguments):
        return [{"seconds": [each], "runtime": "r", "delegate": "d", "threads": 1} for each in ends]

    monkeypatch.setattr(measuring, "in_fresh_process", pretended)
    table = measuring.work_table(run, run.variants())
    assert table["latency_p50_ms"].tolist() == [1000, 4000]
    assert table["time_share"].tolist() == [1, 4]
    assert table["macs_share"].tolist() == [1, 1]
    assert not run.path("measurements.csv").exists()


def test_another_machine_s_figures_stay_in_the_table(measured):
    run, _, table = measured
    variant = run.variants()[1]
    path = measuring._record_path(run, variant, probes.describe_host())
    record = json.loads(path.read_text()) | {"device": "aarch64, small board"}
    other = measuring._record_path(run, variant, "aarch64, small board")
    other.write_text(json.dumps(record))
    assert len(measure(run, run.variants())) == len(table) + 10
    other.unlink()
    assert len(measure(run, run.variants())) == len(table)


def test_calls_are_timed_one_by_one(measured):
    run, _, _ = measured
    model = (str(run.model_path(run.variants()[1])), "tflite")
    first, second = in_fresh_process("latencies", models=[model, model], calls=53)
    assert len(first["seconds"]) == len(second["seconds"]) == 53
    assert min(first["seconds"]) > 0


def test_the_peak_of_a_process_counts_what_it_holds_for_a_moment():
    before = probes._peak_bytes()
    held = np.ones(60_000_000, np.uint8)
    del held
    assert probes._peak_bytes() - before < 200_000_000
    assert probes._peak_bytes() >= 60_000_000


def test_the_host_is_described_without_its_name():
    import platform

    described = probes.describe_host()
    assert platform.machine() in described
    assert not platform.node() or platform.node() not in described


def test_a_probe_that_fails_says_so():
    with pytest.raises(SetupError, match="peak_memory failed"):
        in_fresh_process("peak_memory", path="no such file", format="tflite")
