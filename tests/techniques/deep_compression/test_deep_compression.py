"""Deep Compression: the size of the file and what it is made of, and how codebooks train."""

import numpy as np
import pytest

from drawn import SIDE, drawn_settings, drawn_splits, same_bits, small_network
from radlib.architectures.networks import build_network
from radlib.formats.container import pack, unpack
from radlib.foundation import backend
from radlib.foundation.errors import SetupError
from radlib.runs import tasks
from radlib.techniques.batch_norm import reduce_batch_norm
from radlib.techniques.data import TechniqueData
from radlib.techniques.deep_compression.codebooks import cluster_weights
from radlib.techniques.deep_compression.deep_compression import (
    byte_table,
    deep_compression,
    summarise,
    tensor_table,
)
from radlib.techniques.deep_compression.file_format import (
    CODEC,
    OVERHEAD,
    VERSION,
    decode_model,
    encode_model,
    itemise,
)
from radlib.techniques.deep_compression.shared_weights import share_weights, shared_model, trainer_of
from radlib.training.recipe import recipe_from
from radlib.training.training import fit


def randomise(model, *, sparsity, clusters, seed=0):
    """Give a model Laplacian kernels with zeros and shared values, and batch norm that differs by channel."""
    generator = np.random.default_rng(seed)
    for layer in model.layers:
        values = [array.astype(np.float32) for array in layer.get_weights()]
        if isinstance(layer, backend.keras().layers.BatchNormalization):
            values = [generator.uniform(0.5, 1.5, v.shape).astype(np.float32) for v in values]
        for n, array in enumerate(values):
            if array.ndim < 2:
                continue
            kernel = generator.laplace(scale=0.05, size=array.size).astype(np.float32)
            kernel[np.abs(kernel) < np.quantile(np.abs(kernel), sparsity)] = 0
            alive = np.flatnonzero(kernel)
            codebook, ids = cluster_weights(kernel[alive], clusters)
            kernel[alive] = codebook[ids]
            values[n] = kernel.reshape(array.shape)
        layer.set_weights(values)
    return model


@pytest.fixture(scope="module")
def network():
    model = build_network("student_small", {"width": 2.0}, tasks.binary("opacity"), (32, 32, 1))
    return randomise(model, sparsity=0.8, clusters=32)


@pytest.fixture(scope="module")
def encoded(network):
    return encode_model(network, {"labels": ["normal", "opacity"]})


def test_the_file_is_near_its_entropy_and_itemised(network, encoded):
    content, tensors = encoded
    facts = summarise(network, content, tensors)
    assert sum(facts["bytes"].values()) == len(content) == itemise(content).sum()
    assert 0 < facts["over_entropy"]["file"] < 0.03
    assert 0 < facts["over_entropy"]["worst_tensor"] < 0.05
    assert facts["sparsity"] == pytest.approx(0.8, abs=0.005)
    assert len(tensors) == 5
    assert tensors["weights"].sum() == sum(w.size for w in network.get_weights() if w.ndim > 1)
    # ids of 2,000 to 37,000 weights each, then codebooks: what theory says of 80 % zeros in 32 values
    per_weight = 8 * (facts["bytes"]["ids"] + facts["bytes"]["gaps"]) / tensors["weights"].sum()
    assert 1.2 < per_weight < 1.7


def test_the_tables_add_up_to_what_the_file_holds(network, encoded):
    facts = summarise(network, *encoded)
    table = tensor_table(facts)
    symbols = ((table["id_bits"] + table["gap_bits"]) * table["nonzeros"]).sum()
    padding = 2 * len(table)  # each stream ends on a whole byte
    assert 0 <= 8 * (facts["bytes"]["ids"] + facts["bytes"]["gaps"]) - symbols <= 8 * padding
    assert (table["id_bits"] >= table["id_entropy"]).all() and (table["over_share"] >= 0).all()
    bytes_of = byte_table({"one": facts, "other": facts})
    assert bytes_of.sum(axis=1).tolist() == [len(encoded[0])] * 2
    assert bytes_of.loc["one"].is_monotonic_decreasing


def test_plain_tensors_take_their_shortest_lossless_kind():
    model = small_network()
    layer = next(la for la in model.layers if isinstance(la, backend.keras().layers.BatchNormalization))
    before = len(encode_model(model)[0])
    gamma, beta, mean, variance = layer.get_weights()  # fresh: four constants
    layer.set_weights([np.linspace(0, 1, 8, dtype=np.float32) / 3, beta, mean, variance])
    full = len(encode_model(model)[0])
    layer.set_weights(
        [(np.linspace(0, 1, 8) / 3).astype(np.float16).astype(np.float32), beta, mean, variance]
    )
    half = len(encode_model(model)[0])
    assert (full - before, half - before) == (8 * 4 - 4, 8 * 2 - 4)
    assert same_bits(model, decode_model(encode_model(model)[0]))


@pytest.mark.parametrize("section", ["network", "tensors", "codebooks", "tables", "ids", "gaps", "plain"])
def test_a_section_turned_round_is_refused_or_other_values(encoded, section):
    sections = unpack(encoded[0], CODEC, VERSION, name="it")
    forged = pack(CODEC, VERSION, {**sections, section: sections[section][::-1]})
    if section in ("codebooks", "plain"):
        assert not same_bits(decode_model(forged), decode_model(encoded[0]))  # as good as any
        return
    with pytest.raises(SetupError, match="cannot be decoded"):
        decode_model(forged, name="it")


def test_gradients_are_summed_per_value():
    tf, model = backend.tensorflow(), small_network()
    shared = share_weights(model, 4, 4)
    trainer = trainer_of(model, shared)
    images = np.random.default_rng(0).random((5, SIDE, SIDE, 1), np.float32)
    plain = shared_model(model, trainer, shared)  # the same function, with weights of its own
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(trainer(images)[:, 1])
    codebook = trainer.get_layer("deep").codebooks["kernel"]
    found = tape.gradient(loss, codebook).numpy()
    with tf.GradientTape() as tape:
        again = tf.reduce_sum(plain(images)[:, 1])
    each = tape.gradient(again, plain.get_layer("deep").kernel).numpy().ravel()
    assert float(loss) == pytest.approx(float(again), abs=1e-6)
    ids = shared["deep"]["kernel"][1]
    expected = [sum(float(g) for g in each[ids == k + 1]) for k in range(codebook.shape[0])]
    assert np.allclose(found, expected, rtol=1e-4, atol=1e-7)
    names = [v.name for v in trainer.trainable_variables]
    assert sum("codebook" in name for name in names) == 4
    assert not any(name.endswith("kernel:0") for name in names)


def test_training_keeps_zeros_and_clusters(tmp_path):
    films = drawn_splits()
    model = randomise(small_network(), sparsity=0.7, clusters=64)
    fit(model, films, recipe_from(drawn_settings(epochs=1)), seed=0, folder=tmp_path / "fit")
    for name in ("middle", "deep"):
        kernel = model.get_layer(name).kernel.numpy()
        kernel[np.abs(kernel) < np.quantile(np.abs(kernel), 0.7)] = -0.0
        model.get_layer(name).kernel.assign(kernel)
    parent = [weights.copy() for weights in model.get_weights()]
    data = TechniqueData(films, drawn_settings(), tmp_path / "centroids")
    product = deep_compression(model, data, clusters=8, centroid_epochs=2, learning_rate_share=1.0)
    decoded = decode_model(product.payload)
    assert all(np.array_equal(a, b) for a, b in zip(parent, model.get_weights(), strict=True))
    assert len(product.history) == 2
    for name in ("middle", "deep"):
        before, after = (m.get_layer(name).kernel.numpy() for m in (model, decoded))
        assert np.array_equal(before == 0, after == 0)
        values, ids = np.unique(after[after != 0], return_inverse=True)
        assert len(values) <= 8
        untrained = share_weights(model, 8, 256)[name]["kernel"]
        assert not np.isin(values, untrained[0]).any()  # every centroid moved
        assert np.array_equal(ids + 1, np.argsort(np.argsort(values))[ids] + 1)
        for k in range(1, len(untrained[0]) + 1):  # and its weights moved together
            assert len(np.unique(after.ravel()[untrained[1] == k])) == 1
    assert product.details["sparsity"] > 0.4
    assert product.details["fp32_bytes"] == 4 * model.count_params()


def test_without_training_the_file_holds_the_codebooks_of_k_means(tmp_path):
    model = small_network()
    data = TechniqueData(drawn_splits(), drawn_settings(), tmp_path)
    product = deep_compression(model, data, clusters=16, centroid_epochs=0)
    assert not len(product.history)
    kernel = model.get_layer("deep").kernel.numpy().ravel()
    codebook, ids = cluster_weights(kernel, 16)
    assert np.array_equal(
        decode_model(product.payload).get_layer("deep").kernel.numpy().ravel(), codebook[ids]
    )


def test_batch_norm_reduced_to_scale_and_shift_computes_nearly_the_same(network):
    reduced = backend.keras().models.clone_model(network)
    reduced.set_weights(network.get_weights())
    reduce_batch_norm(reduced)
    films = np.random.default_rng(0).random((8, 32, 32, 1), np.float32)
    change = np.abs(reduced.predict_on_batch(films) - network.predict_on_batch(films)).max()
    assert 0 < change < 2e-3  # float16 has 11 bits: 5e-4 of a value
    channels = sum(
        la.get_weights()[0].size
        for la in network.layers
        if isinstance(la, backend.keras().layers.BatchNormalization)
    )
    saved = len(encode_model(network)[0]) - len(encode_model(reduced)[0])
    constants = (
        2 * 4 * sum(isinstance(la, backend.keras().layers.BatchNormalization) for la in network.layers)
    )
    assert saved == pytest.approx(12 * channels - constants, abs=20)
    assert same_bits(reduced, decode_model(encode_model(reduced)[0]))


@pytest.mark.parametrize("scale", [True, False])
def test_a_reduced_batch_norm_is_a_scale_and_a_shift_in_half_precision(scale):
    keras = backend.keras()
    image = keras.Input((2, 2, 5))
    model = keras.Model(image, keras.layers.BatchNormalization(scale=scale)(image))
    generator = np.random.default_rng(0)
    drawn = [generator.uniform(0.2, 2, 5).astype(np.float32) for _ in model.get_weights()]
    model.set_weights(drawn)
    *gamma, beta, mean, variance = (values.astype(np.float64) for values in drawn)
    x = generator.normal(size=(3, 2, 2, 5)).astype(np.float32)
    expected = (gamma[0] if scale else 1.0) * (x - mean) / np.sqrt(variance + 1e-3) + beta
    reduce_batch_norm(model)
    found = model.predict_on_batch(x)
    assert 0 < np.abs(found - expected).max() < 5e-3
    for values in model.get_weights():
        half = np.array_equal(values.astype(np.float16).astype(np.float32), values)
        assert half or len(set(values.tolist())) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "reduced", "ratio"),
    [("vgg16", False, 20), ("densenet121", False, 14), ("densenet121", True, 18)],
)
def test_ratio_of_the_large_networks(name, reduced, ratio):
    """At 80 % zeros and 32 values in every kernel (Laplacian weights)."""
    model = build_network(name, {}, tasks.binary("opacity"), (64, 64, 1))
    randomise(model, sparsity=0.8, clusters=32)
    if reduced:
        reduce_batch_norm(model)
    content, tensors = encode_model(model)
    facts = summarise(model, content, tensors)
    assert facts["fp32_bytes"] / len(content) >= ratio
    assert facts["overhead"] < 0.05
    assert facts["over_entropy"]["file"] < 0.03
    assert facts["over_entropy"]["worst_tensor"] < 0.05
    assert same_bits(model, decode_model(content))
    assert set(OVERHEAD) < set(facts["bytes"])
