"""The reader of `benchmark_model` on figures that people reported, in the words that the tool had at the time."""

import copy

import pytest

from radlib.deployment.bench import benchmark_model
from radlib.deployment.bench.benchmark_model import bench_output, read_output
from radlib.deployment.bench.into_run import device_rows
from radlib.deployment.bench.result_files import read_result, result_lines, write_result
from radlib.foundation.errors import DataError, UsageError
from stored import model_bytes, stored_run

# What the tool said, in microseconds and MB, each with its source; the lines are the tool's own forms, filled with these.
BOARD = {  # a Raspberry Pi, 2021: github.com/google/XNNPACK/issues/999
    "threads": 4, "size": "3.67827", "delegate": "INFO: Created TensorFlow Lite XNNPACK delegate for CPU.",
    "warm": "count=9 first=64791 curr=56295 min=54873 max=65831 avg=57758.2 std=4065",
    "count": "count=50 first=58154 curr=53809 min=53077 max=60727 avg=55043.2 std=1562",
    "timings": ("18777", "64791", "57758.2", "55043.2"), "memory": "Memory footprint delta from the start of the tool",
    "init": "8.97656", "overall": "18.7227",
}  # fmt: skip
PHONE = {  # Android, 2020: github.com/tensorflow/tensorflow/issues/42507
    "threads": 4, "size": "0.004448", "delegate": "",
    "warm": "count=15 first=49060 curr=33682 min=32825 max=49060 avg=34825.1 std=3930",
    "count": "count=50 first=32891 curr=33978 min=32641 max=34005 avg=33209.4 std=450",
    "timings": ("855", "49060", "34825.1", "33209.4"), "memory": "Peak memory footprint", "init": "0", "overall": "12.8672",
}  # fmt: skip
SLOW = {  # an emulated RISC-V board, whose means are printed with an exponent
    **PHONE, "size": "16.9008", "warm": "count=1 curr=3512391",
    "count": "count=50 first=2990275 curr=2913402 min=2727568 max=3189954 avg=2.95034e+06 std=109798",
    "timings": ("17187", "3512391", "3.51239e+06", "2.95034e+06"),
    "memory": "Memory footprint delta from the start of the tool", "init": "4.21094", "overall": "46.0859",
}  # fmt: skip
LATER = {  # a phone's log of a later version, which prints percentiles
    **BOARD, "warm": "count=3 curr=200386 avg=211669 std=16613 p5=199462 median=200386 p95=235158",
    "count": "count=25 first=187533 curr=140990 min=140071 max=195121 avg=145528 std=13583 p5=140545 median=141253 p95=187533",
    "timings": ("92318", "187533", "211669", "145528"), "init": "54.2852", "overall": "73.4102",
}  # fmt: skip


def printed(said, before=""):
    """The output of the tool, with what a log puts before each line."""
    init, first, warm, mean = said["timings"]
    lines = [
        "STARTING!", f"Num threads: [{said['threads']}]", "Graph: [/data/local/tmp/model.tflite]",
        f"#threads used for CPU inference: [{said['threads']}]", "Loaded model /data/local/tmp/model.tflite", said["delegate"],
        f"The input model file size (MB): {said['size']}", f"Initialized session in {float(init) / 1000:g}ms.",
        said["warm"], "", said["count"], "",
        f"Inference timings in us: Init: {init}, First inference: {first}, Warmup (avg): {warm}, Inference (avg): {mean}",
        f"{said['memory']} (MB): init={said['init']} overall={said['overall']}",
    ]  # fmt: skip
    return "\n".join(before + line for line in lines) + "\n"


@pytest.mark.parametrize("before", ["", "I tflite  : ", "11-28 10:15:02.113  7812  7812 I tflite  : "])
@pytest.mark.parametrize("said, open_ms, first_ms, mean_ms, kilobytes, delegate", [
    (BOARD, 18.777, 64.791, 55.0432, 19172, "XNNPACK"),
    (PHONE, 0.855, 49.06, 33.2094, 13176, "none"),
    (SLOW, 17.187, 3512.391, 2950.34, 47192, "none"),
    (LATER, 92.318, 187.533, 145.528, 75172, "XNNPACK"),
], ids=["board", "phone", "slow", "later"])  # fmt: skip
def test_what_the_tool_printed_is_read(before, said, open_ms, first_ms, mean_ms, kilobytes, delegate):
    found = read_output(printed(said, before))
    assert (found["open_ms"], found["first_ms"], found["steady"]["mean_ms"]) == (open_ms, first_ms, mean_ms)
    assert found["memory"]["peak_bytes"] / 1024 == pytest.approx(
        kilobytes, abs=0.1
    )  # the tool counts whole kilobytes
    assert (found["threads"], found["delegate"]) == (4, delegate) and found["size_mb"] == float(said["size"])
    assert found["steady"]["calls"] == (25 if said is LATER else 50)
    percentiles = {name: found["steady"][name] for name in ("p50_ms", "p95_ms") if name in found["steady"]}
    assert percentiles == ({"p50_ms": 141.253, "p95_ms": 187.533} if said is LATER else {})


@pytest.mark.parametrize("text", ["", "STARTING!\nGraph: [model.tflite]\nERROR: Failed to initialize the interpreter\n",
                                  printed(BOARD).replace("Inference timings", "timings"),
                                  printed(BOARD).replace("count=", "n=")])  # fmt: skip
def test_what_is_no_whole_output_is_refused(text):
    with pytest.raises(DataError, match="lacks the lines of LiteRT's benchmark_model"):
        read_output(text)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    run, _ = stored_run(tmp_path_factory.mktemp("run"), chains=("int8",))
    return run.folder / "variants" / "student_small--int8--seed0"


def of_this_file(said):
    return {**copy.deepcopy(said), "size": f"{len(model_bytes()['int8']) / 1e6:g}"}


def test_an_output_becomes_results_of_a_device(place, tmp_path):
    (tmp_path / "phone.txt").write_text(printed(of_this_file(PHONE)))
    record = bench_output(place, tmp_path / "phone.txt", device_name="Pixel 8")
    write_result(tmp_path / "phone.json", record)
    assert read_result(tmp_path / "phone.json")["device"]["name"] == "Pixel 8"
    rows = {row[5]: row for row in device_rows("n/int8#0", record)}
    assert rows["latency_mean_ms"][1:7] == (
        "Pixel 8",
        "LiteRT benchmark_model",
        "none",
        4,
        "latency_mean_ms",
        33.2094,
    )
    assert "latency_p50_ms" not in rows and rows["energy_mj"][-1] == "estimate"
    assert any("mean 33.209" in line for line in result_lines(record))


def test_an_output_of_another_file_is_refused(place, tmp_path):
    (tmp_path / "phone.txt").write_text(printed(PHONE))
    with pytest.raises(DataError, match=r"measured with a file of 0\.004448 MB"):
        bench_output(place, tmp_path / "phone.txt", device_name="Pixel 8")
    (tmp_path / "phone.txt").write_text(printed(of_this_file(PHONE)))
    with pytest.raises(UsageError, match="--device-name"):
        bench_output(place, tmp_path / "phone.txt")
    assert benchmark_model.SIZE_DIGITS == 6
