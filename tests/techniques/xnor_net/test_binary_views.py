"""Tables and maps of binary layers: what is lost by definition, what is shown, and what is timed."""

import numpy as np
import pytest

from drawn import SIDE, small_network
from radlib.foundation import backend
from radlib.foundation.errors import UsageError
from radlib.techniques.xnor_net import binary_views
from radlib.techniques.xnor_net.binary_networks import binary_candidates, stored_model, trainer_of
from radlib.techniques.xnor_net.file_format import encode_model
from radlib.techniques.xnor_net.sign_products import best_counter


def films(count=4):
    return np.random.default_rng(0).random((count, SIDE, SIDE, 1), np.float32)


def test_nothing_is_lost_of_what_is_binary_already():
    model = small_network()
    layer = model.get_layer("middle")
    signs = np.where(np.random.default_rng(0).normal(size=layer.kernel.shape) >= 0, 1.0, -1.0)
    layer.kernel.assign(signs * np.linspace(0.1, 0.9, signs.shape[-1]))  # a scale per filter
    table = binary_views.approximations(model, "middle", films()).set_index("form")["lost_share"]
    assert table["signs of the weights, α"] == pytest.approx(0, abs=1e-6)
    assert table["signs of both"] > table["signs of both, α"] > 0.01
    assert (table <= 1).all()


def test_what_is_lost_is_its_definition():
    model, some = small_network(), films()
    keras = backend.keras()
    inputs = keras.Model(model.inputs, model.get_layer("middle").input).predict_on_batch(some)
    inputs = (inputs - inputs.mean(axis=(0, 1, 2))) / (inputs.std(axis=(0, 1, 2)) + 1e-6)
    kernel = model.get_layer("middle").kernel.numpy()
    tf = backend.tensorflow()
    strides = model.get_layer("middle").strides
    padding = model.get_layer("middle").padding.upper()
    real = tf.nn.conv2d(inputs, kernel, strides, padding).numpy().ravel()
    found = tf.nn.conv2d(np.where(inputs >= 0, 1.0, -1.0), np.where(kernel >= 0, 1.0, -1.0), strides, padding)
    correlation = (
        float(real @ found.numpy().ravel()) ** 2 / (real @ real) / (found.numpy().ravel() ** 2).sum()
    )
    table = binary_views.approximations(model, "middle", some).set_index("form")["lost_share"]
    assert table["signs of both"] == pytest.approx(1 - correlation, abs=1e-4)


def test_a_weight_is_rounded_no_farther_than_half_a_step_and_one_bit_is_the_nearest_sign_and_scale():
    kernel = np.random.default_rng(1).normal(size=(3, 3, 4, 5))
    for bits in (2, 4, 8):
        step = np.abs(kernel).max(axis=(0, 1, 2)) / (2 ** (bits - 1) - 1)
        assert (np.abs(binary_views.rounded_to(kernel, bits) - kernel) <= step / 2 + 1e-12).all()
    one = binary_views.rounded_to(kernel, 1)
    assert ((one > 0) == (kernel >= 0)).all()
    for other in (0.9, 1.1):
        assert ((kernel - one) ** 2).sum() < ((kernel - other * one) ** 2).sum()


def test_fewer_bits_move_the_answers_farther_and_the_network_is_as_before():
    model, some = small_network(), films()
    names, before, answers = binary_candidates(model), model.get_weights(), model.predict_on_batch(films())
    moved = binary_views.bits_sweep(
        model, names, lambda changed: float(np.abs(changed.predict_on_batch(some) - answers).max()), (8, 3, 1)
    )
    assert moved["bits"].tolist() == [8, 3, 1]
    assert moved["score"].is_monotonic_increasing and moved["score"].iloc[0] > 0
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_maps_and_tables_are_those_of_the_layer():
    model = stored_model(trainer_of(small_network(), ["middle", "deep"]))
    maps = binary_views.layer_maps(model, "middle", films(1)[0])
    assert list(maps) == ["film", "one input", "its signs", "K", "one output"]
    assert np.array_equal(maps["its signs"] > 0, maps["one input"] >= 0)
    assert (maps["K"] > 0).all()
    assert maps["film"].shape == (SIDE, SIDE)
    parts = binary_views.bytes_table({"bytes": {"frame": 10, "signs": 30}})
    assert parts["part"].tolist() == ["signs", "frame"]
    assert parts["share"].tolist() == [0.75, 0.25]


def test_answers_of_counted_bits_are_compared():
    model = small_network()
    content = encode_model(stored_model(trainer_of(model, binary_candidates(model))))
    assert binary_views.same_answers(content, films())
    assert binary_views.shown_layer(model) == "middle"
    keras = backend.keras()
    image = keras.Input((SIDE, SIDE, 1))
    x = keras.layers.SeparableConv2D(4, 3)(keras.layers.Conv2D(4, 3)(image))
    separable = keras.Model(image, keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(x)))
    with pytest.raises(UsageError, match="separable layers alone"):
        binary_views.shown_layer(separable)


def test_times_are_those_of_two_ways_in_turns():
    table = binary_views.kernel_times(side=6, channels=64, rounds=2)
    assert table["way"].tolist() == [f"bits counted by {best_counter()}", "NumPy matrix product"]
    assert (table["median_ms"] > 0).all()
    assert table["times_as_long"].iloc[0] == 1
