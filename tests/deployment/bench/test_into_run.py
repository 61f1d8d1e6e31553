"""A device's figures brought home: into the run that holds the very file, its table, its report and its cards, or refused."""

import copy
import json

import pandas as pd
import pytest

from radlib import report
from radlib.cli.app import main
from radlib.deployment.bench.into_run import TABLE, take_measurements
from radlib.deployment.bench.result_files import write_result
from radlib.foundation.errors import DataError
from written_runs import write_run

BOARD, OTHER = "Raspberry Pi 4 Model B", "a phone"


def results(variant, device=BOARD, factor=1.0, kind="measured"):
    """Results of a variant as a bench writes them: XNNPACK twice as fast as none, four threads thrice as fast as one."""
    steady = [
        {"threads": threads, "delegate": delegate, "runtime": "ai-edge-litert 2.3.0", "calls": 200,
         "p50_ms": factor * ms, "p95_ms": factor * ms * 1.1, "p99_ms": factor * ms * 1.5}
        for threads, delegate, ms in ((1, "XNNPACK", 12.0), (4, "XNNPACK", 4.0), (1, "none", 24.0))
    ]  # fmt: skip
    energy = {"kind": kind, "joules_per_call": 0.036 * factor}
    if kind == "measured":
        energy |= {"joules_per_call_above_rest": 0.02 * factor, "meter": "ina219 (hwmon)"}
    return {
        "format": "radlib-bench", "version": 1, "device": {"name": device},
        "variant": {"name": variant.name, "label": variant.label, "sha256": variant.sha256, "deployed_bytes": 4321},
        "open": {"p50_ms": 1.5, "calls": 200}, "first": {"p50_ms": 13.0, "calls": 200}, "steady": steady,
        "memory": {"peak_bytes": 5_000_000, "process_bytes": 60_000_000}, "energy": energy,
    }  # fmt: skip


@pytest.fixture
def run(tmp_path):
    return write_run(tmp_path, chains=("", "float32", "int8"))


def written(folder, record, name="found.json"):
    write_result(folder / name, record)
    return folder / name


def of_chain(run, chain):
    return next(v for v in run.variants() if v.chain_text == chain)


def test_figures_of_two_devices_stand_in_one_table_apart_from_the_desks(run, tmp_path):
    before = run.path("measurements.csv").read_bytes()
    int8 = of_chain(run, "int8")
    files = [
        written(tmp_path, results(int8), "a.json"),
        written(tmp_path, results(int8, OTHER, 0.5, "estimate"), "b.json"),
    ]
    assert take_measurements(run, files) == [f"{int8.name} on {BOARD}", f"{int8.name} on {OTHER}"]
    table = pd.read_csv(run.path(TABLE))
    assert set(table["device"]) == {BOARD, OTHER} and set(table["variant"]) == {int8.name}
    board = table[table["device"] == BOARD]
    times = board[board["metric"] == "latency_p50_ms"].set_index(["threads", "delegate"])["value"]
    assert times.to_dict() == {(1, "XNNPACK"): 12, (4, "XNNPACK"): 4, (1, "none"): 24}
    single = board[~board["metric"].str.startswith("latency")].set_index("metric")
    assert single["value"].to_dict() == {
        "deployed_bytes": 4321, "open_ms": 1.5, "first_ms": 13, "peak_memory_bytes": 5_000_000, "energy_mj": 36,
        "energy_above_rest_mj": 20,
    }  # fmt: skip
    kinds = table[table["metric"] == "energy_mj"].set_index("device")["kind"]
    assert kinds.to_dict() == {BOARD: "measured", OTHER: "estimate"}
    assert run.path("measurements.csv").read_bytes() == before
    take_measurements(run, [written(tmp_path, results(int8, factor=2), "c.json")])  # measured again: replaced
    again = pd.read_csv(run.path(TABLE))
    assert (
        len(again) == len(table)
        and again.query("device == @BOARD and metric == 'energy_mj'")["value"].item() == 72
    )


def test_results_of_another_model_file_are_refused_and_nothing_is_taken(run, tmp_path):
    int8 = of_chain(run, "int8")
    good, other = results(of_chain(run, "float32")), copy.deepcopy(results(int8))
    other["variant"]["sha256"] = "0" * 64
    with pytest.raises(
        DataError, match=r"bad\.json was measured with another file of .*int8#0 \(sha256 00000000\)"
    ) as refused:
        take_measurements(run, [written(tmp_path, good), written(tmp_path, other, "bad.json")])
    assert str(refused.value).count(". ") == 0 and str(tmp_path) not in str(refused.value)
    assert not run.path(TABLE).exists() and not run.path("measurements", "devices").exists()
    other["variant"]["name"] = "student_large/int8#0"
    with pytest.raises(DataError, match="does not hold; give the run that it was exported from"):
        take_measurements(run, [written(tmp_path, other)])


def test_figures_of_a_variant_that_was_built_anew_are_left_out(run, tmp_path):
    int8 = of_chain(run, "int8")
    take_measurements(run, [written(tmp_path, results(int8))])
    path = run.path("variants", int8.key, "variant.json")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"sha256": "1" * 64}))
    take_measurements(run, [written(tmp_path, results(of_chain(run, "float32")))])
    assert set(pd.read_csv(run.path(TABLE))["variant"]) == {of_chain(run, "float32").name}


def test_the_command_writes_the_report_with_the_devices_own_pictures(run, tmp_path, capsys):
    report.write_report(run)
    assert "On the devices" not in run.path("report.md").read_text()
    files = [
        written(tmp_path, results(of_chain(run, chain), factor=factor, kind=kind), f"{chain}.json")
        for chain, factor, kind in (("float32", 2.0, "measured"), ("int8", 1.0, "estimate"))
    ]
    with pytest.raises(SystemExit) as left:
        main(
            ["compare", str(run.folder), *(word for path in files for word in ("--measurements", str(path)))]
        )
    assert left.value.code == 0 and f"on {BOARD}" in capsys.readouterr().err
    page = run.path("report.md").read_text()
    assert "On the devices" in page and BOARD in page and "estimate" in page
    for name in ("device_1_time", "device_1_energy"):
        assert run.path("figures", f"{name}.png").is_file() and f"{name}.png" in page
    card = run.path("cards", f"{of_chain(run, 'float32').key}.md").read_text()
    assert f"on {BOARD}" in card and "24.0 ms a film" in card and "72.0 mJ, measured" in card
    assert "36.0 mJ, estimate" in run.path("cards", f"{of_chain(run, 'int8').key}.md").read_text()
    with pytest.raises(SystemExit) as left:
        main(["compare", str(run.folder), str(run.folder), "--measurements", str(files[0])])
    assert left.value.code == 2 and "name one folder" in capsys.readouterr().err
