"""What `radlib bench` measures and writes: whole results, of the file that a device opens, in an install without extras."""

import json
import os
import platform
import shutil
import subprocess
import sys

import numpy as np
import pytest

from radlib.cli import device_commands
from radlib.cli.app import main
from radlib.deployment.bench import bench
from radlib.deployment.bench.bench import bench_bundle, percentiles, thread_counts
from radlib.deployment.bench.result_files import read_result, result_lines, result_name, write_result
from radlib.deployment.export import export_variant
from radlib.evaluation.energy_estimate import estimated_energy
from radlib.formats.keras import load_model
from radlib.foundation.errors import DataError, SetupError, UsageError
from radlib.techniques.deep_compression.file_format import encode_model
from stored import add_variant, stored_run

CODED = "deep_compression"
QUICK = {"calls": 20, "seconds": (0.05, 0.05)}
EXTRAS = ("pandas", "scipy", "sklearn", "tensorflow", "tf_keras", "matplotlib", "jinja2")


@pytest.fixture(scope="module")
def bundles(tmp_path_factory):
    """A run, and a bundle of each of its variants."""
    folder = tmp_path_factory.mktemp("bundles")
    run, films = stored_run(folder, chains=("", "float32", "int8"))
    network = load_model(run.model_path(run.variant("student_small/original#0")))
    add_variant(run, films, CODED, content=encode_model(network)[0], format=CODED)
    for chain in ("float32", "int8", CODED):
        export_variant(run.folder, f"student_small--{chain}--seed0", folder / chain, unfinished=True)
    return run, folder


@pytest.fixture
def metered(tmp_path):
    """A drawn system of a board: 2.35 watts whatever it does, 52 degrees, 1,500 MHz of 1,800."""
    for place, text in {
        "class/hwmon/hwmon0/name": "ina219", "class/hwmon/hwmon0/power1_input": "2350000",
        "class/thermal/thermal_zone0/temp": "52000", "devices/system/cpu/cpu0/cpufreq/scaling_cur_freq": "1500000",
        "devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq": "1800000",
    }.items():  # fmt: skip
        (tmp_path / "sys" / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "sys" / place).write_text(text)
    return tmp_path / "sys"


def test_a_bench_on_a_board_with_a_meter(bundles, metered, tmp_path, monkeypatch):
    run, folder = bundles
    monkeypatch.setattr(bench, "processors", lambda: 2)
    said = []
    record = bench_bundle(
        folder / "int8", against=folder / "float32", system=metered, device_name=" a  board ", say=said.append, **QUICK
    )  # fmt: skip
    variant = run.variant("student_small/int8#0")
    assert (
        record["variant"]["sha256"] == variant.sha256
        and record["variant"]["deployed_bytes"] == variant.size_bytes
    )
    assert record["device"]["name"] == "a board" and len(said) >= 5
    assert [(row["threads"], row["delegate"]) for row in record["steady"]] == [
        (1, "XNNPACK"), (2, "XNNPACK"), (1, "none"), (2, "none"),
    ]  # fmt: skip
    for row in (
        record["open"],
        record["first"],
        *record["steady"],
        *(r["against"] for r in record["steady"]),
    ):
        assert 0 < row["p50_ms"] <= row["p95_ms"] <= row["p99_ms"] and row["calls"] == 20
    assert record["steady"][0]["time_share"] == pytest.approx(
        record["steady"][0]["p50_ms"] / record["steady"][0]["against"]["p50_ms"], abs=1e-4
    )
    assert 0 < record["memory"]["peak_bytes"] < record["memory"]["process_bytes"]
    assert record["temperature_c"] == {"first": 52, "highest": 52}
    assert record["clock_mhz"] == {"lowest": 1500, "highest": 1500, "allowed": 1800, "governor": ""}
    work, energy = record["windows"]["work"], record["energy"]
    assert energy["kind"] == record["against"]["energy"]["kind"] == "measured"
    assert energy["joules_per_call"] * work["calls"] == pytest.approx(2.35 * (work["ended"] - work["begun"]))
    assert energy["joules_per_call_above_rest"] == pytest.approx(0, abs=1e-9)
    write_result(tmp_path / "found.json", record)
    assert read_result(tmp_path / "found.json") == json.loads(json.dumps(record))
    text = (tmp_path / "found.json").read_text() + "\n".join(result_lines(record))
    assert str(tmp_path) not in text and str(folder) not in text and platform.node() not in text.split()


def test_without_a_meter_the_joules_are_an_estimate_that_says_so(bundles, tmp_path):
    _, folder = bundles
    record = bench_bundle(folder / "int8", system=tmp_path, **QUICK)
    assert "against" not in record and "against" not in record["steady"][0]
    assert record["temperature_c"] is None and record["clock_mhz"] is None
    estimate = estimated_energy(folder / "int8" / "model.tflite")
    assert {name: record["energy"][name] for name in estimate} == estimate
    assert record["energy"]["kind"] == "estimate" and "no meter" in record["energy"]["why"]
    assert any("ESTIMATE" in line for line in result_lines(record))


def test_of_a_coded_file_what_runs_is_measured_and_the_coded_file_named(bundles, tmp_path):
    run, folder = bundles
    record = bench_bundle(folder / CODED, system=tmp_path, **QUICK)
    coded = run.variant(f"student_small/{CODED}#0")
    assert record["variant"]["sha256"] == coded.sha256 and record["variant"]["size_bytes"] == coded.size_bytes
    runs = folder / CODED / record["variant"]["file"]
    sent = sum((folder / CODED / name).stat().st_size for name in ("model.rdc", "model.skeleton"))
    assert runs.suffix == ".tflite" and record["variant"]["deployed_bytes"] == min(sent, runs.stat().st_size)
    runs.unlink()  # it need not be sent: the device makes it of the two
    assert (
        bench_bundle(folder / CODED, system=tmp_path, **QUICK)["variant"] == record["variant"]
        and runs.is_file()
    )


def test_an_original_in_the_bundle_is_timed_in_turns(bundles, tmp_path):
    run, _ = bundles
    export_variant(
        run.folder, "student_small--int8--seed0", tmp_path / "both", unfinished=True, original=True
    )
    assert os.access(tmp_path / "both" / "bench", os.X_OK)
    record = bench_bundle(tmp_path / "both", system=tmp_path, **QUICK)
    laid = tmp_path / "both" / "original.tflite"
    assert (
        record["against"]["name"] == "student_small/original#0" and record["against"]["label"] == "original"
    )
    assert record["against"]["deployed_bytes"] == laid.stat().st_size > record["variant"]["deployed_bytes"]
    assert all(row["time_share"] > 0 for row in record["steady"])
    laid.write_bytes(laid.read_bytes()[:-4])
    with pytest.raises(SetupError, match="original.tflite of student_small/original#0 is missing or damaged"):
        bench_bundle(tmp_path / "both", **QUICK)


def test_what_no_device_runs_is_refused_and_a_damaged_file_told(bundles, tmp_path):
    run, folder = bundles
    with pytest.raises(UsageError, match="give the folder that radlib export wrote of it"):
        bench_bundle(run.folder / "variants" / "student_small--original--seed0")
    damaged = shutil.copytree(folder / "int8", tmp_path / "damaged")
    (damaged / "model.tflite").write_bytes((damaged / "model.tflite").read_bytes()[:-9])
    with pytest.raises(SetupError, match="missing or damaged"):
        bench_bundle(damaged, **QUICK)


def test_an_install_without_extras_does_all_of_it(bundles, tmp_path):
    _, folder = bundles
    for name in EXTRAS:  # before the installed ones, in this process and in those that it starts
        (tmp_path / "without").mkdir(exist_ok=True)
        (tmp_path / "without" / f"{name}.py").write_text(
            f"raise ModuleNotFoundError('no {name}', name='{name}')\n"
        )
    code = (
        "from pathlib import Path; import radlib.cli.app; from radlib.deployment.bench.bench import bench_bundle\n"
        "from radlib.deployment.bench.result_files import result_lines, write_result\n"
        f"record = bench_bundle(Path({str(folder / 'int8')!r}), calls=20, seconds=(0.05, 0.05))\n"
        "print(*result_lines(record), sep='\\n'); write_result(Path('light.json'), record)\n"
    )
    path = os.pathsep.join([str(tmp_path / "without"), *filter(None, sys.path)])
    subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=tmp_path, check=True, capture_output=True,
                   env={**os.environ, "PYTHONPATH": path})  # fmt: skip
    assert read_result(tmp_path / "light.json")["variant"]["name"] == "student_small/int8#0"


def test_percentiles_are_of_milliseconds():
    found = percentiles(np.arange(1, 102) / 1000)
    assert found == {"p50_ms": 51, "p95_ms": 96, "p99_ms": 100, "calls": 101}


def test_threads_go_from_one_to_all():
    assert thread_counts(1) == [1] and thread_counts(4) == [1, 2, 3, 4]
    assert thread_counts(64) == [1, 2, 3, 4, 5, 6, 7, 8, 16, 32, 64]


ROW = {"threads": 1, "delegate": "XNNPACK", "runtime": "r", "p50_ms": 2, "calls": 200}
WHOLE = {
    "format": "radlib-bench", "version": 1, "device": {"name": "a board"}, "steady": [ROW],
    "variant": {"name": "n/int8#0", "sha256": "s", "deployed_bytes": 9}, "energy": {"kind": "estimate"},
}  # fmt: skip


@pytest.mark.parametrize("content, said", [
    ({**WHOLE, "format": "other"}, "holds no measurements"),
    ({**WHOLE, "version": 2}, "version 2"),
    ({name: value for name, value in WHOLE.items() if name != "steady"}, "lacks steady"),
    ({**WHOLE, "steady": []}, "lacks steady"),
    ({**WHOLE, "steady": [{**ROW, "p50_ms": "fast"}]}, "lacks steady"),
    ({**WHOLE, "variant": {"name": "n"}}, r"lacks variant\.sha256"),
], ids=["another format", "another version", "no calls", "empty", "no number", "no digest"])  # fmt: skip
def test_a_file_that_is_no_result_is_refused(tmp_path, content, said):
    (tmp_path / "found.json").write_text(json.dumps(content))
    with pytest.raises(DataError, match=said):
        read_result(tmp_path / "found.json")


def test_a_file_that_was_cut_short_is_refused(tmp_path):
    (tmp_path / "found.json").write_text(json.dumps(WHOLE)[:-20])
    with pytest.raises(DataError, match="no JSON"):
        read_result(tmp_path / "found.json")


def test_the_command_measures_and_adds_a_meter_read_elsewhere(bundles, tmp_path, monkeypatch, capsys):
    _, folder = bundles
    monkeypatch.chdir(tmp_path)
    whole = bench._windows
    monkeypatch.setattr(bench, "_windows", lambda subjects, calls, *_: whole(subjects, calls, 0.05, 0.05))
    with pytest.raises(SystemExit) as left:
        main(["bench", str(folder / "int8"), "--device-name", "Board 7"])
    assert left.value.code == 0
    place = tmp_path / "student_small--int8--seed0.board-7.bench.json"
    record = read_result(place)
    assert record["calls"] == 200 and place.name in capsys.readouterr().out
    rest, work = record["windows"]["rest"], record["windows"]["work"]
    (tmp_path / "usb.csv").write_text(f"time,watts\n{rest['begun'] - 1},4\n{work['ended'] + 1},4\n")
    with pytest.raises(SystemExit) as left:
        main(["bench", str(place), "--meter", "usb.csv"])
    assert left.value.code == 0
    again = read_result(place)
    assert again["energy"]["watts"] == pytest.approx(4) and again["steady"] == record["steady"]
    with pytest.raises(SystemExit) as left:
        main(["bench", str(place)])
    assert left.value.code == 2


def test_the_name_of_a_file_of_results_is_plain():
    assert (
        result_name({"variant": {"name": "n/int8#0"}, "device": {"name": "///"}})
        == "n--int8--seed0.device.bench.json"
    )
    assert "bench" in {command.name for command in device_commands.COMMANDS}
