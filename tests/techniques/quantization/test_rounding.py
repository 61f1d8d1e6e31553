"""Ranges, errors and codes of rounded weights: against brute force, and against files written by hand and by others."""

import numpy as np
import pytest

from radlib.techniques.quantization.quantization_views import weights_and_codes
from radlib.techniques.quantization.rounding import (
    clip_curve,
    code_table,
    octav_clip,
    round_to_grid,
    rounding_error,
    weight_codes,
)
from stored import stored_run

HEAVY_TAILED = np.random.default_rng(0).laplace(size=(6, 4000))


def test_a_grid_of_three_bits_has_seven_values():
    weights = np.linspace(-2, 2, 4001)
    rounded = round_to_grid(weights, 1.0, 3)
    np.testing.assert_allclose(np.unique(rounded + 0.0), np.arange(-3, 4) / 3, atol=1e-12)
    inside = abs(weights) <= 1
    assert abs(rounded - weights)[inside].max() <= 1 / 6 + 1e-9


def test_octav_finds_the_range_that_brute_force_finds():
    for bits in (3, 4, 8):
        found = octav_clip(HEAVY_TAILED, bits)
        tried = np.linspace(0.05, 1.2, 400)
        errors = [rounding_error(HEAVY_TAILED, found * share, bits) for share in tried]
        # the model of uniform rounding noise is rough for so few steps, the error at its optimum hardly is
        assert rounding_error(HEAVY_TAILED, found, bits) <= 1.1 * min(errors)


def test_few_bits_want_a_narrower_range():
    share = {bits: octav_clip(HEAVY_TAILED, bits) / abs(HEAVY_TAILED).max(axis=1) for bits in (3, 4, 8)}
    assert (share[3] < share[4]).all()
    assert (share[4] < 0.7).all()
    assert (share[8] > share[4]).all()


def test_the_curve_adds_up_and_ends_with_nothing_cut_off():
    curve = clip_curve(HEAVY_TAILED, 4)
    np.testing.assert_allclose(curve["rounding"] + curve["clipping"], curve["both"])
    assert curve["clipping"].iloc[-1] == 0
    assert curve["clipping"].is_monotonic_decreasing
    whole = rounding_error(HEAVY_TAILED, abs(HEAVY_TAILED).max(axis=1), 4)
    assert curve["both"].iloc[-1] == pytest.approx(whole)


def litert_file(codes, dtype, axis):
    """A LiteRT file that holds one quantized tensor."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    quantization = schema.QuantizationParametersT()
    quantization.scale, quantization.zeroPoint = np.ones(codes.shape[axis]), np.zeros(codes.shape[axis], int)
    quantization.quantizedDimension = axis
    stored = codes.astype(np.int8).ravel()
    if dtype == "INT4":
        stored = np.append(stored, [0] * (len(stored) % 2)).reshape(-1, 2)
        stored = (stored[:, 0] & 15 | (stored[:, 1] & 15) << 4).astype(np.uint8)
    tensor, buffer = schema.TensorT(), schema.BufferT()
    tensor.name, tensor.shape = b"kernel", list(codes.shape)
    tensor.type, tensor.buffer = getattr(schema.TensorType, dtype), 1
    tensor.quantization, buffer.data = quantization, stored.view(np.uint8)
    graph, model = schema.SubGraphT(), schema.ModelT()
    graph.tensors, model.subgraphs, model.buffers = [tensor], [graph], [schema.BufferT(), buffer]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


@pytest.mark.parametrize(("dtype", "edge"), [("INT8", 127), ("INT4", 7)])
@pytest.mark.parametrize("axis", [0, 3])
def test_codes_come_back_by_channel(dtype, edge, axis):
    codes = np.random.default_rng(1).integers(-edge, edge + 1, (3, 3, 1, 5))
    found = weight_codes(litert_file(codes, dtype, axis))["kernel"]
    expected = codes.reshape(3, -1) if axis == 0 else codes.reshape(-1, 5).T
    np.testing.assert_array_equal(found, expected)


def test_the_table_of_codes_counts_what_is_there():
    codes = np.tile(np.array([0, 0, 1, -1]), (2, 1, 1, 64)).reshape(2, 1, 1, 256)
    row = code_table({"four": litert_file(codes, "INT8", 0)}).iloc[0]
    assert (row["weights"], row["zeros"], row["codes_per_channel"]) == (512, 0.5, 3)
    assert row["entropy_bits"] == pytest.approx(1.5)
    assert row["deflated_bits"] < 1.5  # their order is known to a packer, not to the entropy


def test_the_codes_of_a_file_are_the_weights_of_its_float32_file_over_a_scale_for_each_channel(tmp_path):
    run, _ = stored_run(tmp_path, chains=("", "float32", "int8"))
    _, plain, quantized = run.variants()
    found = weights_and_codes(run, plain, quantized)
    assert len(found) >= 2
    for weights, codes in found.values():
        scale = np.abs(weights).max(axis=1, keepdims=True) / 127
        assert np.abs(np.round(weights / scale) - codes).max() <= 1 and np.abs(codes).max() == 127
