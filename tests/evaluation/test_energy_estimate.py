"""The estimate of energy against operations and bytes counted by hand, and that it orders what it must order."""

import pytest

from radlib.evaluation import energy_estimate as energy
from radlib.evaluation.energy_estimate import estimated_energy, moved_value_bytes
from radlib.formats.tflite import write_bytes
from radlib.foundation.errors import DataError
from stored import model_bytes

# 3 × 3 kernels: 1 → 8 at 16 × 16, 8 → 16 at 8 × 8, 16 → 16 at 4 × 4, and the dense layer
MACS = 16 * 16 * 9 * 8 + 8 * 8 * 9 * 8 * 16 + 4 * 4 * 9 * 16 * 16 + 16 * 2
WEIGHTS = 9 * 8 + 9 * 8 * 16 + 9 * 16 * 16 + 16 * 2


@pytest.fixture
def files(tmp_path):
    made = {}
    for chain in ("float32", "int8"):
        made[chain] = tmp_path / f"{chain}.tflite"
        write_bytes(model_bytes()[chain], made[chain])
    return made


def test_operations_and_bytes_are_those_of_the_file(files):
    single, eight = estimated_energy(files["float32"]), estimated_energy(files["int8"])
    assert single["macs"] == eight["macs"] == MACS
    biases = 8 + 16 + 16 + 2
    assert single["weight_bytes"] == 4 * (WEIGHTS + biases)
    assert eight["weight_bytes"] == WEIGHTS + 4 * biases
    assert single["kind"] == eight["kind"] == "estimate" and "Horowitz" in single["source"]


def test_joules_are_counts_times_published_energies(files):
    for name, each in (("float32", 3.7 + 0.9), ("int8", 0.2 + 0.1)):
        found = estimated_energy(files[name])
        picojoules = each * MACS + 160 * found["weight_bytes"] + 12.5 * found["value_bytes"]
        assert found["joules_per_call"] == pytest.approx(picojoules * 1e-12)
    assert (
        estimated_energy(files["int8"])["joules_per_call"]
        < estimated_energy(files["float32"])["joules_per_call"] / 3
    )


def test_values_are_counted_once_written_and_once_read(files):
    from radlib.formats.litert_tables import read_file

    graph = read_file(files["float32"]).subgraphs[0]
    written = sum(4 * _count(graph.tensors[place]) for op in graph.operators for place in op.outputs)
    last = 4 * _count(graph.tensors[graph.outputs[0]])
    film = 4 * _count(graph.tensors[graph.inputs[0]])
    assert (
        moved_value_bytes(files["float32"]) >= written + (written - last) + film
    )  # a value may be read twice
    assert moved_value_bytes(files["int8"]) < moved_value_bytes(files["float32"])


def _count(tensor):
    total = 1
    for side in tensor.shape:
        total *= int(side)
    return total


def test_what_is_no_file_of_that_kind_is_refused(tmp_path):
    (tmp_path / "model.tflite").write_bytes(b"nothing")
    with pytest.raises(DataError, match="not a LiteRT file"):
        energy.estimated_energy(tmp_path / "model.tflite")
