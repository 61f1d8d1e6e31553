"""XNOR-Net: what becomes binary, what the file is made of, and the network that it decodes to."""

import importlib.util

import numpy as np
import pytest

from drawn import SIDE, drawn_settings, drawn_splits, same_bits, small_network
from radlib.architectures.networks import build_network
from radlib.formats.container import pack, unpack
from radlib.formats.keras import keras_predictor
from radlib.formats.predictors import open_model
from radlib.foundation import backend
from radlib.foundation.errors import SetupError, UsageError
from radlib.foundation.registry import ARCHITECTURES
from radlib.runs import tasks
from radlib.techniques.building import check_chain
from radlib.techniques.data import TechniqueData
from radlib.techniques.xnor_net.binary_layers import split_kernel, stored_layer
from radlib.techniques.xnor_net.binary_networks import binary_candidates, stored_model, trainer_of
from radlib.techniques.xnor_net.file_format import (
    CODEC,
    OVERHEAD,
    VERSION,
    count_bits,
    decode_model,
    encode_model,
    itemise,
)
from radlib.techniques.xnor_net.xnor_net import round_to_half, summarise, xnor_net

TASK = tasks.binary("opacity")


def randomise(model, seed=0):
    """Give a model weights and batch norm that differ everywhere."""
    generator = np.random.default_rng(seed)
    for layer in model.layers:
        norm = isinstance(layer, backend.keras().layers.BatchNormalization)
        draw = (lambda s: generator.uniform(0.5, 1.5, s)) if norm else (lambda s: generator.normal(0, 0.2, s))
        layer.set_weights([draw(v.shape).astype(np.float32) for v in layer.get_weights()])
    return model


def binary_network(name="student_small", side=32, **choices):
    parent = randomise(build_network(name, {}, TASK, (side, side, 1)))
    return parent, stored_model(trainer_of(parent, binary_candidates(parent), **choices))


@pytest.fixture(scope="module")
def network():
    return binary_network()


@pytest.fixture(scope="module")
def content(network):
    return encode_model(network[1], {"labels": ["normal", "opacity"]})


def test_each_binary_convolution_stands_behind_a_batch_norm_of_its_own(network):
    parent, model = network
    names = binary_candidates(parent)
    assert names == ["block2_conv", "block3_conv", "block4_conv"]  # neither the first nor the dense one
    for name in names:
        layer = model.get_layer(name)
        norm = layer.inbound_nodes[0].inbound_layers
        assert norm.name == f"{name}_threshold"
        before = parent.get_layer(name).inbound_nodes[0].inbound_layers.name
        assert norm.inbound_nodes[0].inbound_layers.name == before
        kernel, scales = split_kernel(np.clip(parent.get_layer(name).kernel.numpy(), -1, 1))
        assert np.array_equal(layer.kernel.numpy(), kernel)
        assert np.array_equal(layer.scales.numpy(), scales)
    order = [layer.name for layer in model.layers]
    assert order.index("block2_conv") < order.index("block2_relu") < order.index("block2_pool")
    assert order.index("block2_pool") < order.index("block3_conv_threshold")  # pooling takes real numbers


def branching_network():
    """Return a network with a shortcut, a concatenation, a depthwise kernel and a squeeze-and-excitation gate."""
    keras = backend.keras()
    layers = keras.layers
    image = keras.Input((16, 16, 1))
    stem = layers.Conv2D(8, 3, padding="same", name="stem")(image)
    x = layers.DepthwiseConv2D(3, padding="same", name="depthwise")(stem)
    x = layers.Conv2D(8, 1, name="mix")(x)
    gate = layers.GlobalAveragePooling2D(keepdims=True)(x)
    gate = layers.Conv2D(8, 1, activation="sigmoid", name="gate")(gate)
    x = layers.Add()([stem, layers.Multiply()([x, gate])])
    grouped = layers.Conv2D(8, 3, groups=2, padding="same", name="grouped")(x)
    x = layers.Concatenate()([layers.Conv2D(4, 3, padding="same", strides=1, name="wide")(x), grouped])
    x = layers.Dense(6, activation="relu", name="dense")(layers.GlobalAveragePooling2D()(x))
    return randomise(keras.Model(image, layers.Dense(2, activation="softmax", name="last")(x)))


def test_only_convolutions_between_first_and_last_that_see_many_values_become_binary():
    model = branching_network()
    assert binary_candidates(model) == ["mix", "wide"]
    binary = stored_model(trainer_of(model, ["mix", "wide"]))
    for layer in ("stem", "depthwise", "gate", "grouped", "dense", "last"):
        pairs = zip(binary.get_layer(layer).get_weights(), model.get_layer(layer).get_weights(), strict=True)
        assert all(np.array_equal(a, b) for a, b in pairs)
    assert same_bits(decode_model(encode_model(binary)), binary)


@pytest.mark.parametrize(
    ("name", "spared"),
    [
        ("student_separable", "depthwise"),
        pytest.param("mobilenet_v3_small", "squeeze_excite", marks=pytest.mark.slow),
        pytest.param("resnet50", "conv1_conv", marks=pytest.mark.slow),
        pytest.param("densenet121", "conv1/conv", marks=pytest.mark.slow),
        pytest.param("vgg16", "block1_conv1", marks=pytest.mark.slow),
        pytest.param("xception", "block1_conv1", marks=pytest.mark.slow),
    ],
)
def test_networks_of_the_registry_become_binary(name, spared):
    side = max(64, ARCHITECTURES[name].facts["minimum_size"])
    parent, model = binary_network(name, side=side)
    names = binary_candidates(parent)
    assert any(spared in layer.name for layer in parent.layers)
    assert not any(spared in each for each in names)
    content = encode_model(model)
    decoded = decode_model(content)
    assert same_bits(decoded, model)
    films = np.random.default_rng(0).random((2, side, side, 1), np.float32)
    assert np.isfinite(decoded.predict_on_batch(films)).all()
    binary = sum(np.prod(la.kernel.shape) for la in model.layers if isinstance(la, stored_layer()))
    stored = unpack(content, CODEC, VERSION, name="it")["signs"]
    assert binary / 8 <= len(stored) < binary / 8 + len(names)


def test_a_separable_layer_keeps_its_depthwise_half():
    keras = backend.keras()
    image = keras.Input((SIDE, SIDE, 1))
    x = keras.layers.Conv2D(6, 3)(image)
    x = keras.layers.SeparableConv2D(9, 3, strides=2, padding="same", activation="relu", name="both")(x)
    model = keras.Model(image, keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(x)))
    binary = stored_model(trainer_of(model, binary_candidates(model)))
    assert binary.get_layer("both").kernel.shape == (1, 1, 6, 9)
    half = binary.get_layer("both_depthwise")
    assert np.array_equal(half.depthwise_kernel, model.get_layer("both").depthwise_kernel)
    assert binary.get_layer("both").output_shape == model.get_layer("both").output_shape
    assert same_bits(decode_model(encode_model(binary)), binary)


def test_a_weight_takes_one_bit_and_all_bytes_are_itemised(network, content):
    parent, model = network
    facts = summarise(parent, model, content)
    assert sum(facts["bytes"].values()) == len(content) == itemise(content).sum()
    assert facts["binary_weights"] == 9 * (16 * 24 + 24 * 32 + 32 * 64)
    assert facts["bytes"]["signs"] == facts["binary_weights"] / 8
    assert facts["bytes"]["scales"] == 4 * (24 + 32 + 64)
    assert facts["binary_share"] == pytest.approx(28800 / (28800 + 9 * 16 + 2 * 64))
    assert facts["fp32_bytes"] == 4 * parent.count_params()
    assert set(OVERHEAD) < set(facts["bytes"])


def test_bits_stand_in_the_file_as_documented(network, content):
    stored = unpack(content, CODEC, VERSION, name="it")["signs"]
    first = network[1].get_layer("block2_conv").kernel.numpy().ravel()
    assert stored[0] == sum(1 << place for place in range(8) if first[place] > 0)


@pytest.mark.parametrize(
    "counter", sorted({"numpy", "numba" if importlib.util.find_spec("numba") else "numpy"})
)
def test_counting_bits_answers_as_the_decoded_network_to_the_bit(content, counter):
    films = np.random.default_rng(0).integers(0, 256, (5, 32, 32), dtype=np.uint8)
    plain = keras_predictor(decode_model(content)).predict(films)
    model = decode_model(content)
    assert count_bits(model, counter) == counter
    assert keras_predictor(model).predict(films).tobytes() == plain.tobytes()


def test_the_predictor_says_what_counts(content, tmp_path):
    path = tmp_path / "model.rdx"
    path.write_bytes(content)
    with open_model(path) as predictor:
        assert predictor.delegate.startswith("bits counted by num")
        assert predictor.runtime.startswith("tensorflow ")
        assert predictor.delegate.split()[-1] in predictor.runtime
    _, model = binary_network(binary_inputs=False)
    path.write_bytes(encode_model(model))
    with open_model(path) as predictor:
        assert predictor.delegate == "none"  # real numbers in, nothing to count


def test_kinds_out_of_place_are_refused(content):
    sections = unpack(content, CODEC, VERSION, name="it")
    forged = pack(CODEC, VERSION, {**sections, "tensors": sections["tensors"][::-1]})
    with pytest.raises(SetupError, match="binary kernel where none belongs"):
        decode_model(forged, name="it")


def test_a_kernel_of_other_values_is_not_stored(network):
    model = decode_model(encode_model(network[1]))
    layer = model.get_layer("block3_conv")
    layer.kernel.assign(layer.kernel * 0.5)
    with pytest.raises(UsageError, match="block3_conv is not of ±1"):
        encode_model(model)


def test_rounding_to_half_moves_little_and_keeps_signs(network):
    parent, model = network
    rounded = decode_model(encode_model(model))
    round_to_half(rounded)
    assert len(encode_model(rounded)) < len(encode_model(model)) - 500
    for before, after in zip(model.layers, rounded.layers, strict=True):
        if isinstance(before, stored_layer()):
            assert np.array_equal(before.kernel.numpy(), after.kernel.numpy())
            np.testing.assert_allclose(after.scales.numpy(), before.scales.numpy(), rtol=2**-11)
    kernel = model.get_layer("block1_conv").kernel.numpy()
    assert np.array_equal(rounded.get_layer("block1_conv").kernel.numpy(), kernel.astype(np.float16))
    huge = decode_model(encode_model(model))
    huge.get_layer("block1_conv").kernel.assign(1e6 * kernel)
    round_to_half(huge)
    assert np.array_equal(huge.get_layer("block1_conv").kernel.numpy(), np.float32(1e6) * kernel)


def test_the_technique_trains_and_leaves_its_parent_alone(tmp_path):
    films, model = drawn_splits(training=96), small_network()
    parent = [weights.copy() for weights in model.get_weights()]
    data = TechniqueData(films, drawn_settings(), tmp_path)
    product = xnor_net(model, data, binary_epochs=2, half_precision=False)
    assert all(np.array_equal(a, b) for a, b in zip(parent, model.get_weights(), strict=True))
    assert list(product.history["epoch"]) == [1, 2]
    assert [row["layer"] for row in product.details["layers"]] == ["middle", "deep"]
    assert sum(product.details["bytes"].values()) == len(product.payload)
    decoded = decode_model(product.payload)
    for name in ("middle", "deep"):
        before = np.where(model.get_layer(name).kernel.numpy() >= 0, 1, -1)
        turned = (decoded.get_layer(name).kernel.numpy() != before).mean()
        assert 0 < turned < 0.6  # it learned, and began from the parent's signs
    again = xnor_net(
        model,
        TechniqueData(films, drawn_settings(), tmp_path / "again"),
        binary_epochs=2,
        half_precision=False,
    )
    assert again.payload == product.payload


def test_spared_layers_stay_real(network):
    assert binary_candidates(network[0], ["block3_conv"]) == ["block2_conv", "block4_conv"]
    with pytest.raises(UsageError, match="no layer 'block9_conv' to spare"):
        binary_candidates(network[0], ["block9_conv"])
    with pytest.raises(UsageError, match="no convolution between its first and its last"):
        binary_candidates(network[0], ["block2_conv", "block3_conv", "block4_conv"])


def test_what_cannot_be_is_refused_before_any_training(tmp_path):
    data = TechniqueData(drawn_splits(), drawn_settings(), tmp_path)
    pruned = small_network()
    kernel = pruned.get_layer("middle").kernel.numpy()
    kernel[np.abs(kernel) < np.quantile(np.abs(kernel), 0.5)] = 0
    pruned.get_layer("middle").kernel.assign(kernel)
    with pytest.raises(UsageError, match="50% of the weights of 'middle' are zero"):
        xnor_net(pruned, data)


def test_nothing_follows_in_a_chain():
    assert [entry.name for entry in check_chain("distillation+xnor_net")] == ["distillation", "xnor_net"]
    with pytest.raises(UsageError, match="'int8' cannot follow 'xnor_net'"):
        check_chain("xnor_net+int8")
