"""A few hundred damaged model files: none runs code, ends the process, or ends in anything but a sentence."""

import numpy as np

from benchmarks import fuzzing_models
from benchmarks.model_samples import changed_json, mutant


def test_damaged_model_files_are_opened_or_refused_with_a_sentence():
    result = fuzzing_models.measure(120, seed=7)
    assert len(result["formats"]) == 12
    for name, most in fuzzing_models.TARGETS.items():
        assert result[name] <= most, result["findings"]
    refused = sum(found["refused"] for found in result["formats"].values())
    assert refused > 60 and sum(found["opened"] for found in result["formats"].values()) > 5
    assert "target 0" in fuzzing_models.table(result)


def test_a_file_is_damaged_by_its_number_alone(tmp_path):
    text = b'{"a": [1, 2, {"b": "c"}], "d": null}'
    first, second = (changed_json(text, np.random.default_rng([3, 5]), tmp_path) for _ in range(2))
    assert first == second != text
    made = {mutant("graph.onnx", bytes(200), np.random.default_rng([0, n]), tmp_path) for n in range(8)}
    assert len(made) > 4
