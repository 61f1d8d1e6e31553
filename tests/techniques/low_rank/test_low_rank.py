"""Low rank: full rank is exact for every kind of layer, ranks are met, plain layers come out."""

import numpy as np
import pytest

from drawn import SIDE, drawn_settings, drawn_splits, small_network
from radlib.architectures import counting
from radlib.foundation import backend
from radlib.foundation.errors import UsageError
from radlib.techniques.data import TechniqueData
from radlib.techniques.low_rank.decomposition import Sketch, truncated_svd
from radlib.techniques.low_rank.factored_layers import (
    factored_weights,
    is_kernel,
    is_matrix,
    kernel_of,
    matrix_layers,
    tucker_layers,
)
from radlib.techniques.low_rank.low_rank import fitting, layers_for, svd, tucker
from radlib.techniques.low_rank.ranks import factorable_layers, rank_table, spectra_table
from radlib.techniques.replacement import replace_layers

IMAGES = np.random.default_rng(0).random((3, SIDE, SIDE, 1), np.float32)


def network_with(layer, channels=12):
    """A network around one layer, with weights drawn at random, biases too."""
    keras = backend.keras()
    image = keras.Input((SIDE, SIDE, 1))
    x = keras.layers.Conv2D(channels, 3, activation="relu", name="first")(image)
    if isinstance(layer, keras.layers.Dense):
        x = keras.layers.GlobalAveragePooling2D()(x)
    x = layer(x)
    if len(x.shape) == 4:
        x = keras.layers.GlobalAveragePooling2D()(x)
    model = keras.Model(image, keras.layers.Dense(2, activation="softmax", name="predictions")(x))
    generator = np.random.default_rng(1)
    model.set_weights([generator.normal(0, 0.3, w.shape).astype(np.float32) for w in model.get_weights()])
    return model


def layer_of(kind, **given):
    return getattr(backend.keras().layers, kind)(name="middle", **given)


MATRICES = [
    ("Dense", {"units": 20, "activation": "relu"}, 12),
    ("Dense", {"units": 7, "use_bias": False}, 7),
    ("Conv2D", {"filters": 20, "kernel_size": 1, "strides": 2, "activation": "relu"}, 12),
    (
        "SeparableConv2D",
        {"filters": 9, "kernel_size": 3, "strides": 2, "padding": "same", "depth_multiplier": 2},
        9,
    ),
]
KERNELS = [
    ({"filters": 20, "kernel_size": 3, "padding": "same", "activation": "relu"}, (12, 20)),
    ({"filters": 6, "kernel_size": 3, "strides": 2, "padding": "same", "use_bias": False}, (12, 6)),
    ({"filters": 8, "kernel_size": (1, 5), "dilation_rate": (1, 2)}, (12, 8)),
]


@pytest.mark.parametrize(("kind", "given", "full"), MATRICES)
def test_matrix_layers_of_full_rank_compute_the_same(kind, given, full):
    model = network_with(layer_of(kind, **given))
    layer = model.get_layer("middle")
    assert is_matrix(layer) and not is_kernel(layer)
    factored = replace_layers(model, {"middle": matrix_layers(layer, full)})
    assert np.allclose(factored.predict_on_batch(IMAGES), model.predict_on_batch(IMAGES), atol=1e-5)
    assert factored.get_layer("middle").output_shape == layer.output_shape


@pytest.mark.parametrize(("given", "full"), KERNELS)
@pytest.mark.parametrize("sketch", [None, Sketch()])
def test_tucker_layers_of_full_rank_compute_the_same(given, full, sketch):
    model = network_with(layer_of("Conv2D", **given))
    layer = model.get_layer("middle")
    assert is_kernel(layer) and not is_matrix(layer)
    factored = replace_layers(model, {"middle": tucker_layers(layer, full, sketch=sketch)})
    assert np.allclose(factored.predict_on_batch(IMAGES), model.predict_on_batch(IMAGES), atol=1e-5)
    assert counting.parameters(factored) == counting.parameters(model)  # full rank needs no layer beside


@pytest.mark.parametrize(("ranks", "layers"), [((5, 4), 3), ((5, 20), 2), ((12, 4), 2), ((12, 20), 1)])
def test_tucker_layers_equal_the_layer_with_its_kernel_approximated(ranks, layers):
    model = network_with(layer_of("Conv2D", filters=20, kernel_size=3, padding="same", activation="relu"))
    layer = model.get_layer("middle")
    new = tucker_layers(layer, ranks)
    assert len(new) == layers
    assert sum(w.size for _, weights in new for w in weights) - 20 == factored_weights((3, 3, 12, 20), ranks)
    factored = replace_layers(model, {"middle": new})
    kernel = new[0][1][0]
    for _, (part, *_) in new[1:]:  # the product of all kernels is the kernel that one layer would need
        kernel = np.einsum("yxst,vwtu->yvxwsu", kernel, part)  # one of both is 1 × 1
        kernel = kernel.reshape(kernel.shape[0] * kernel.shape[1], -1, *kernel.shape[4:])
    layer.set_weights([kernel, layer.bias.numpy()])
    assert np.allclose(factored.predict_on_batch(IMAGES), model.predict_on_batch(IMAGES), atol=1e-5)


def test_depthwise_and_grouped_kernels_are_left_alone():
    for layer in (
        layer_of("DepthwiseConv2D", kernel_size=3),
        layer_of("Conv2D", filters=12, kernel_size=3, groups=2),
        layer_of("Conv2D", filters=12, kernel_size=1, groups=2),
    ):
        built = network_with(layer).get_layer("middle")
        assert not is_kernel(built) and not is_matrix(built)


@pytest.fixture
def data(tmp_path):
    return TechniqueData(drawn_splits(), drawn_settings(), tmp_path)


@pytest.fixture(scope="module")
def network():
    return small_network(filters=(8, 16, 32), pointwise=32)


def test_energy_decides_the_ranks_and_details_tell_them(network, data):
    product = svd(network, data, ranks="energy", energy=0.5, low_rank_epochs=0)
    (facts,) = product.details["layers"]
    spectrum = np.linalg.svd(kernel_of(network.get_layer("mix")), compute_uv=False) ** 2
    expected = int(np.searchsorted(np.cumsum(spectrum) / spectrum.sum(), 0.5)) + 1
    assert (facts["layer"], facts["shape"], facts["ranks"]) == ("mix", [16, 32], [expected])
    assert (facts["weights_before"], facts["weights_after"]) == (512, expected * 48)
    saved = 512 - expected * 48
    assert product.details["parameters"]["before"] - saved == product.details["parameters"]["after"]
    assert counting.parameters(product.payload) == product.details["parameters"]["after"]
    first, second = truncated_svd(kernel_of(network.get_layer("mix")), expected)
    made = kernel_of(product.payload.get_layer("mix_in")) @ kernel_of(product.payload.get_layer("mix"))
    assert np.allclose(made, first @ second, atol=1e-5)


def test_tucker_spares_ends_and_pointwise_layers(network, data):
    product = tucker(network, data, ranks="energy", energy=0.5, low_rank_epochs=0)
    assert [facts["layer"] for facts in product.details["layers"]] == ["middle", "deep"]
    kinds = {type(layer).__name__ for layer in product.payload.layers}
    assert kinds == {type(layer).__name__ for layer in network.layers}
    for name in ("first", "mix", "predictions"):
        before, after = (model.get_layer(name).get_weights()[0] for model in (network, product.payload))
        assert np.array_equal(before, after)


@pytest.mark.parametrize("budget", [0.7, 0.5, 0.4])
def test_budgets_are_met_and_nearly_used(network, data, budget):
    product = tucker(network, data, ranks="budget", budget=budget, low_rank_epochs=0)
    after, before = (product.details["parameters"][when] for when in ("after", "before"))
    assert 0.85 * budget < after / before <= budget


def test_a_budget_that_cannot_be_met_says_the_nearest(network, data):
    with pytest.raises(UsageError, match=r"budget of 1.0% .* even at rank 1 .* keeps \d+\.\d%"):
        tucker(network, data, ranks="budget", budget=0.01)


def test_what_cannot_be_done_is_one_sentence(network, data):
    with pytest.raises(UsageError, match="no layer for 'svd'.*try 'tucker'"):
        svd(small_network(), data)
    with pytest.raises(UsageError, match="No layer of .* gets smaller by 'svd'"):
        svd(network, data, ranks="energy", energy=1.0)


def test_planted_ranks_are_the_ranks_of_the_layers(network, data):
    planted = backend.keras().models.clone_model(network)
    planted.set_weights(network.get_weights())
    generator = np.random.default_rng(0)
    matrix = generator.normal(size=(16, 3)) @ generator.normal(size=(3, 32)) / 4
    planted.get_layer("mix").kernel.assign((matrix + generator.normal(0, 0.03, (16, 32)))[None, None])
    core = generator.normal(size=(3, 3, 4, 5))
    kernel = np.einsum(
        "yxab,as,bt->yxst", core, generator.normal(size=(4, 32)), generator.normal(size=(5, 32))
    )
    kernel = kernel / kernel.std() + generator.normal(0, 0.1, kernel.shape)
    planted.get_layer("deep").kernel.assign(kernel / 10)
    (mix,) = factorable_layers(planted, is_matrix)
    deep = factorable_layers(planted, is_kernel)[-1]
    assert (mix.ranks(None), deep.ranks(None)) == ((3,), (4, 5))


def test_fine_tuning_lowers_the_loss(data):
    from radlib.training.recipe import recipe_from
    from radlib.training.training import fit

    model = small_network(filters=(8, 16, 32), pointwise=32)
    fit(
        model, data.films, recipe_from(drawn_settings(epochs=4)), seed=0, folder=data.checkpoints / "baseline"
    )
    product = tucker(model, data, ranks="energy", energy=0.4, low_rank_epochs=3, learning_rate_share=1.0)
    assert len(product.history) == 3
    assert product.history["loss"].iloc[-1] < product.history["loss"].iloc[0]
    assert data.score(product.payload) > 0.9


def test_the_tables_show_each_spectrum_with_what_is_kept_of_it(network):
    found = layers_for(network, "tucker")
    assert [layer.name for layer in found] == ["middle", "deep"]
    assert fitting(network) == "tucker"
    chosen = {layer.name: layer.ranks(0.8) for layer in found}
    table = spectra_table(found, chosen)
    deep = table[(table["layer"] == "deep") & (table["channels"] == "outputs")]
    kernel = network.get_layer("deep").kernel.numpy()
    spectrum = np.linalg.svd(kernel.reshape(-1, kernel.shape[-1]), compute_uv=False)
    assert np.allclose(deep["value"], spectrum, rtol=1e-5)
    assert (deep["rank"] == chosen["deep"][1]).all()
    kept = (spectrum[: chosen["deep"][1]] ** 2).sum() / (spectrum**2).sum()
    assert kept >= 0.8
    shares = rank_table(found, (0.5, 1.0)).set_index("layer")
    assert (shares["energy_100_share"] == 1).all()
    assert (shares["energy_50_share"] < 1).all()
    with pytest.raises(UsageError, match="svd or tucker"):
        layers_for(network, "qr")
