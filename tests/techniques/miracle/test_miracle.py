"""MIRACLE: the file to the last bit, the budget of every block, and what training does."""

import base64
import hashlib
import subprocess
import sys

import numpy as np
import pytest
from scipy.special import lambertw

from drawn import drawn_settings, drawn_splits, small_network
from radlib.formats.container import pack, unpack
from radlib.foundation import backend
from radlib.foundation.errors import SetupError, UsageError
from radlib.techniques.data import TechniqueData
from radlib.techniques.miracle.block_coding import Schedule, code_of, coding_rounds, network_of
from radlib.techniques.miracle.file_format import (
    CODEC,
    VERSION,
    Code,
    decode_model,
    encode_model,
    itemise,
)
from radlib.techniques.miracle.miracle import file_bytes, fit_blocks, halve, miracle, plan_blocks
from radlib.techniques.miracle.random_codes import UNITS, candidate, kl_divergence
from radlib.techniques.miracle.weight_posteriors import deviation_of, learner_of

ABOUT = {"labels": ["normal", "opacity"]}
FEW = {"posterior_epochs": 2, "rounds": 3, "steps_per_round": 4, "block_weights": 8}

STORED = (
    "iVJMQw0KGgptaXJhY2xlAAAAAAAAAAAAAQAGAHS3kI9uZXR3b3JrAAAAAAAAAAAACwEAADd7YBRsYXlvdXQAAAAAAAAAAAAABwAA"
    "AF/0gV90ZW5zb3JzAAAAAAAAAAAABwAAALj5CjVzY2FsZXMAAAAAAAAAAAAACAAAAAOeGTZpbmRpY2VzAAAAAAAAAAAABQAAAJoE"
    "vF5wbGFpbgAAAAAAAAAAAAAAFgAAANFdOd4k9ggoeNpFkE1vgzAMhv+Lzzm0sBO3bZWmSVO1exQhQw1ECwlKAmqL+O+zYdKUiz/y"
    "Pn7tFfqI0wDVCh5Hggqy9Q9Q4PBBMUGlNXz6ac5fknO9s24EtUKDuR1qK606DTixVPvZOfXC72wUpAlj4mqHLpGCiH1Pt790U9oY"
    "peE9+KW4MLXlQKhMz/vYQsEPRU+uTvYp7FKVDJ0T1Y3F9M/RJ7Oj3sTPNcQRnX1itsEz1nMuWLxbWaU0Ijgfgg8XGnSvC7Ez+g7B"
    "Wd/vXiaOWSRfi+PrhTxvomAgvAlu9jYzr1SAbbbLMa2CFLo84h1EWRqRQpgzH+g446E+KTa8yX0bctIAZHIjNwCz/QKigIP96gcA"
    "AAcFAAQBAQEBBAHNzMw9MzMzPwf8BAxgZjpiOzo4/zivPJc8djwSOxU54zwaPA=="
)
STORED_DIGEST = "a1f0886fa0e3e3622e8fb76273ff4fa71fa9d35925771e6f5a74396ea8a40ef6"
STORED_HEAD = [
    1.195776343345642,
    -0.579345703125,
    -0.04580077901482582,
    -0.2560058534145355,
    -0.832958996295929,
    0.4183593690395355,
]
STORED_CONV = [-0.1280517578125, 0.2530273497104645, -0.02731933631002903]


def tiny_network():
    """One convolution, batch norm and a dense layer: 18 + 6 weights in kernels."""
    keras = backend.keras()
    image = x = keras.Input((4, 4, 1), name="film")
    x = keras.layers.Conv2D(2, 3, use_bias=False, name="conv")(x)
    x = keras.layers.BatchNormalization(name="norm")(x)
    x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(image, keras.layers.Dense(3, activation="softmax", name="head")(x), name="tiny")


@pytest.fixture(scope="module")
def network():
    return small_network()


@pytest.fixture(scope="module")
def code(network):
    blocks = plan_blocks(network, 9, 20, seed=3)
    indices = np.random.default_rng(0).integers(0, 2**9, blocks.count)
    return Code(blocks, indices, np.array([0.3, 0.1, 0.05, 0.2], np.float32))


@pytest.fixture(scope="module")
def content(network, code):
    return encode_model(network, code, ABOUT)


def weights_digest(model):
    return hashlib.sha256(b"".join(w.astype("<f4").tobytes() for w in model.get_weights())).hexdigest()


def test_a_stored_file_decodes_to_the_known_weights():
    """Written once, by the first version of the format: a reader that gives other bits cannot read old files."""
    model = decode_model(base64.b64decode(STORED))
    assert weights_digest(model) == STORED_DIGEST
    assert model.get_layer("head").kernel.numpy().ravel().tolist() == STORED_HEAD
    assert model.get_layer("conv").kernel.numpy().ravel()[:3].tolist() == STORED_CONV


def test_decoding_gives_scaled_candidates_in_their_places(network, code, content):
    decoded = decode_model(content)
    sizes = [
        k.kernel.numpy().size for k in map(decoded.get_layer, ("first", "middle", "deep", "predictions"))
    ]
    assert sum(sizes) == code.blocks.weights
    place = code.blocks.order.tolist().index(0)  # of the first weight of the first kernel
    number = candidate(code.blocks, place // 20, int(code.indices[place // 20]))[place % 20]
    expected = np.float32(number) / np.float32(UNITS) * np.float32(0.3)
    assert decoded.get_layer("first").kernel.numpy().ravel()[0] == expected
    for layer in network.layers:  # the rest is as it was
        for name in ("bias", "gamma", "beta", "moving_mean", "moving_variance"):
            if (values := getattr(layer, name, None)) is not None:
                assert np.array_equal(values.numpy(), getattr(decoded.get_layer(layer.name), name).numpy())
    deviations = [decoded.get_layer(name).kernel.numpy().std() for name in ("first", "middle", "deep")]
    assert np.allclose(deviations, code.scales[:3], rtol=0.15)


def test_another_process_decodes_the_same_bits(content, tmp_path):
    path = tmp_path / "model.rdm"
    path.write_bytes(content)
    source = (
        "import hashlib, sys, pathlib\n"
        "from radlib.techniques.miracle.file_format import decode_model\n"
        "model = decode_model(pathlib.Path(sys.argv[1]).read_bytes())\n"
        "parts = b''.join(w.astype('<f4').tobytes() for w in model.get_weights())\n"
        "print(hashlib.sha256(parts).hexdigest())"
    )
    done = subprocess.run(
        [sys.executable, "-c", source, str(path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == weights_digest(decode_model(content))


def test_every_byte_is_accounted_for(network, code, content):
    parts = itemise(content)
    assert parts.sum() == len(content)
    assert parts["indices"] == -(-code.blocks.count * 9 // 8)
    assert parts["scales"] == 16
    assert parts["tensors"] == len(network.get_weights())


@pytest.mark.parametrize("layout", [bytes(7), b"\0\0\0\0\x15\1\0", b"\0\0\0\0\x09\0\0", b"\0\0\0\0\x09\1\0"])
def test_an_impossible_layout_is_refused(content, layout):
    sections = unpack(content, CODEC, VERSION, name="it")
    with pytest.raises(SetupError, match="cannot be decoded"):
        decode_model(pack(CODEC, VERSION, {**sections, "layout": layout}), name="it")


def test_the_deviation_solves_its_equation():
    """s² − ln s² = 1 + d has the solution s² = −W(−exp(−1 − d)) with Lambert's W."""
    tf = backend.tensorflow()
    excess = np.logspace(-5, 1.8, 60)
    logs = tf.constant(np.log(excess), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(logs)
        found = deviation_of(logs)
    expected = np.sqrt(-lambertw(-np.exp(-1 - excess)).real)
    assert np.allclose(found.numpy()[excess < 30], expected[excess < 30], rtol=2e-3)
    assert np.allclose(np.log(found.numpy()), -(1 + excess) / 2, atol=1e-3) or found.numpy()[0] > 0.99
    step = 1e-4
    shifted = np.sqrt(-lambertw(-np.exp(-1 - excess * np.exp(step))).real)
    slope = (shifted - expected) / step
    inner = (excess > 1e-2) & (excess < 20)
    assert np.allclose(tape.gradient(found, logs).numpy()[inner], slope[inner], rtol=2e-2, atol=1e-5)


def kl_of(learner):
    mean, deviation = (values.numpy().astype(np.float64) for values in learner.distribution())
    return (kl_divergence(mean, deviation) * learner.inside).sum(axis=1)


def started(network, *, bits=10, block_weights=12, first_round=20, **given):
    blocks = plan_blocks(network, bits, block_weights, seed=0)
    loss = backend.keras().losses.CategoricalCrossentropy(reduction="none")
    return learner_of(network, blocks, Schedule(first_round, 4, 5), loss=loss, seed=0, **given)


def batch(count=8):
    films, task = drawn_splits().training, drawn_splits().training.task
    targets = task.targets(films.labels)[:count].astype(np.float32)
    return tuple(
        map(
            backend.tensorflow().constant,
            (films.images(np.arange(count)), targets, np.ones(count, np.float32)),
        )
    )


def test_it_starts_as_the_trained_network_with_a_little_noise(network):
    learner = started(network)
    mean, deviation = (values.numpy() for values in learner.distribution())
    found = learner.blocks.gathered(mean) * learner.scales().numpy()[learner.tensor_of]
    weights = np.concatenate([kernel.numpy().ravel() for kernel in learner.kernels])
    assert np.allclose(found, weights, atol=2e-3)
    assert np.allclose(deviation[learner.inside > 0], 0.1, rtol=0.02)
    assert (deviation[learner.inside == 0] > 0.99).all()  # where the last block has no weight


def test_every_block_costs_its_budget_at_every_step(network):
    learner = started(network)
    learner.compile(backend.keras().optimizers.Adam(0.01))
    costs = []
    for step in range(18):
        assert np.allclose(kl_of(learner), learner.budget_at(step)[:, 0], rtol=5e-3)
        costs.append(kl_of(learner).mean())
        learner.train_on_batch(*batch())
    assert (np.diff(costs[:12]) < 0).all()  # it falls for six tenths of the 20 steps before the first round
    assert np.allclose(kl_of(learner)[:-1], 10 * np.log(2), rtol=5e-3)
    assert kl_of(learner)[-1] < 10 * np.log(2)  # a block with fewer weights


def test_gradients_are_those_of_the_drawn_network(network):
    """A step along the gradient, against the change of the loss for each of some parameters."""
    tf = backend.tensorflow()
    learner = started(network, first_round=1)
    learner.step.assign(5)  # the budget at its end: noise and mean are of the same order
    rate = 1e-3
    learner.compile(backend.keras().optimizers.SGD(rate))
    noise = tf.random.stateless_normal(learner.tau.shape, tf.constant([0, 5], tf.int64))

    def loss():
        mean, deviation = learner.distribution()
        drawn = tf.gather(tf.reshape(mean + deviation * noise, [-1]), learner.places)
        flat = drawn * tf.gather(learner.scales(), learner.tensor_of)
        for kernel, values in zip(learner.kernels, tf.split(flat, learner.sizes), strict=True):
            kernel.assign(tf.reshape(values, kernel.shape))
        return float(tf.reduce_mean(learner.task_loss(batch()[1], learner(batch()[0], training=True))))

    before = {name: getattr(learner, name).numpy() for name in ("tau", "rho", "log_scales")}
    expected = {}
    for name, values in before.items():
        for place in [(0,), (2,)] if values.ndim == 1 else [(0, 1), (7, 3)]:
            ends = []
            for side in (1, -1):
                changed = values.copy()
                changed[place] += side * 3e-3
                getattr(learner, name).assign(changed)
                ends.append(loss())
            getattr(learner, name).assign(values)
            expected[name, place] = (ends[0] - ends[1]) / 6e-3
    learner.train_step(batch())
    for (name, place), slope in expected.items():
        found = (before[name][place] - getattr(learner, name).numpy()[place]) / rate
        assert found == pytest.approx(slope, rel=0.1, abs=2e-3), (name, place)


def test_coded_blocks_stay_and_become_the_file(network):
    learner = started(network, first_round=2)
    learner.compile(backend.keras().optimizers.Adam(0.01))
    rounds = coding_rounds(learner)
    shares, kept = [], None
    for _ in range(24):
        learner.train_on_batch(*batch())
        rounds.on_batch_end(0, {})
        shares.append((learner.indices.numpy() >= 0).mean())
        if len(shares) == 3:
            kept = learner.coded.numpy()[learner.indices.numpy() >= 0].copy()
            scales = learner.scales().numpy()
    assert np.allclose(shares[:7], [0, 0.25, 0.25, 0.25, 0.25, 0.25, 0.5], atol=0.01)
    assert shares[-1] == 1
    assert np.array_equal(learner.coded.numpy()[: len(kept)], kept)
    assert np.array_equal(learner.scales().numpy(), scales)
    plain = network_of(learner, network)
    decoded = decode_model(encode_model(plain, code_of(learner)))
    for name in ("first", "middle", "deep", "predictions"):
        assert np.array_equal(plain.get_layer(name).kernel.numpy(), decoded.get_layer(name).kernel.numpy())
    assert all(np.array_equal(a, b) for a, b in zip(plain.get_weights(), decoded.get_weights(), strict=True))


def test_the_length_of_the_file_is_known_before_training(network, tmp_path):
    data = TechniqueData(drawn_splits(), drawn_settings(), tmp_path)
    before = [values.copy() for values in network.get_weights()]
    product = miracle(network, data, size_kb=1.8, **{**FEW, "bits_per_block": 10})
    assert all(np.array_equal(a, b) for a, b in zip(before, network.get_weights(), strict=True))
    assert 1700 < len(product.payload) <= 1800
    assert sum(product.details["bytes"].values()) == len(product.payload)
    assert product.details["bytes"]["indices"] == -(-product.details["blocks"] * 10 // 8)
    assert product.details["fp32_bytes"] == 4 * network.count_params()
    assert product.details["kl_bits"] == pytest.approx(10, rel=0.02)
    assert list(product.history["coded"])[-1] == 1
    assert product.history["budget_bits"].iloc[-1] == pytest.approx(10, rel=0.02)
    about = {"labels": ["normal", "opacity"], "preparation": data.films.preprocessing.to_dict()}
    planned = plan_blocks(network, 10, product.details["block_weights"], 0)
    assert file_bytes(network, planned, about) == len(product.payload)


def test_a_budget_that_cannot_be_met_says_what_can(network):
    blocks = plan_blocks(network, 10, 12, 0)
    with pytest.raises(UsageError, match=r"cannot be coded in 0\.5 KB: .* the smallest file 0\.\d\d KB"):
        fit_blocks(network, blocks, 500, ABOUT)
    assert fit_blocks(network, blocks, 10**6, ABOUT).block_weights == 1


def test_a_killed_training_ends_with_the_same_bytes(network, tmp_path, monkeypatch):
    films, settings = drawn_splits(), drawn_settings()
    whole = miracle(network, TechniqueData(films, settings, tmp_path / "whole"), **FEW).payload
    original = TechniqueData.fine_tune

    def mortal(self, model, *, callbacks=(), **arguments):
        def die(batch, logs):
            if int(model.step.numpy()) == 15:  # in the third of four epochs, after the first round
                raise KeyboardInterrupt

        death = backend.keras().callbacks.LambdaCallback(on_batch_end=die)
        return original(self, model, callbacks=[*callbacks, death], **arguments)

    data = TechniqueData(films, settings, tmp_path / "killed")
    with monkeypatch.context() as patch:
        patch.setattr(TechniqueData, "fine_tune", mortal)
        with pytest.raises(KeyboardInterrupt):
            miracle(network, data, **FEW)
    assert (tmp_path / "killed" / "epoch-2.json").is_file()
    assert miracle(network, data, **FEW).payload == whole


def test_what_is_stored_as_float16_is_all_but_kernels(network):
    copy = backend.keras().models.clone_model(network)
    generator = np.random.default_rng(0)
    copy.set_weights([generator.uniform(0.5, 2, w.shape) for w in network.get_weights()])
    kernel = copy.get_layer("deep").kernel.numpy()
    halve(copy)
    assert np.array_equal(copy.get_layer("deep").kernel.numpy(), kernel)
    bias = copy.get_layer("predictions").bias.numpy()
    assert np.array_equal(bias.astype(np.float16).astype(np.float32), bias)


def test_a_size_that_cannot_be_is_refused_before_training(network, tmp_path):
    with pytest.raises(UsageError, match="raise size_kb"):
        miracle(network, TechniqueData(drawn_splits(), drawn_settings(), tmp_path), size_kb=0.1)


def test_a_network_without_kernels_is_refused():
    keras = backend.keras()
    image = keras.Input((4, 4, 1))
    with pytest.raises(UsageError, match="no dense or convolutional layer"):
        plan_blocks(keras.Model(image, keras.layers.Flatten()(image)), 10, 10, 0)
