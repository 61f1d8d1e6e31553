"""The table of techniques by device is made from what the files do, and from what the arm64 board was found to do."""

import json

import pytest

from benchmarks import device_table
from radlib.deployment.micro.trial import MicroTrial
from radlib.formats.keras import load_model
from radlib.techniques.deep_compression.file_format import encode_model
from stored import add_variant, stored_run

CODED = "deep_compression"
TRIAL = MicroTrial(("CONV_2D", "SOFTMAX"), 9, True, "", 5504, 0.0, 0.0, 1 / 256)
BOARD = {"identical": True, "correct": True, "largest_difference": 0.0, "instructions_per_call": 123_456}


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    run, films = stored_run(folder, chains=("", "int8"))
    network = load_model(run.model_path(run.variant("student_small/original#0")))
    add_variant(run, films, CODED, content=encode_model(network)[0], format=CODED)
    (folder / "arm.json").write_text(json.dumps({"variants": {"student_small--int8": BOARD}}))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(device_table, "micro_trial", lambda *_: TRIAL)
        return device_table.measure(run.folder, folder / "arm.json")


def test_bytes_as_deployed_are_those_of_what_runs(result):
    rows = {row["chain"]: row for row in result["rows"]}
    original, int8, coded = rows["original"], rows["int8"], rows[CODED]
    assert int8["deployed_bytes"] == int8["size_bytes"] and int8["decodes"] is None and int8["litert"]
    assert original["deployed_bytes"] >= coded["deployed_bytes"] > 0  # sent the lightest way
    assert coded["decodes"] is True and coded["share_deployed"] >= 1
    assert original["share_deployed"] == original["share_energy"] == coded["share_energy"] == 1
    assert int8["share_deployed"] == original["deployed_bytes"] / int8["deployed_bytes"]
    assert int8["share_energy"] < 0.5


def test_the_page_says_what_was_found_and_what_was_not(result):
    page = device_table.page(result, with_arm=True)
    lines = {line.split(" | ")[0].lstrip("| "): line for line in page.splitlines() if line.startswith("| ")}
    assert "| yes, arena 5,504 bytes, 0 steps from LiteRT |" in lines["int8"]
    assert lines["int8"].endswith("| identical | 123,456 |") and lines["original"].endswith("| – | – |")
    assert "| decodes |" in lines[CODED]
    with_skeleton = {**result["rows"][-1], "deployed_files": ["model.rdc", "model.skeleton"]}
    assert "(with its skeleton)" in device_table.table({"rows": [with_skeleton]})
    refused = {
        **result["rows"][0],
        "micro": False,
        "micro_reason": "hybrid kernels",
        "arm": {**BOARD, "correct": False, "identical": False},
    }
    row = device_table.table({"rows": [refused]}).splitlines()[-1]
    assert "no: hybrid kernels" in row and "no: off by" in row
    assert "had not run" in device_table.page(result, with_arm=False)
