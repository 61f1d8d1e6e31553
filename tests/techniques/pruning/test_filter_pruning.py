"""Structured pruning as techniques: budgets met on trained networks, chains, and channels that can be rebuilt."""

import numpy as np
import pandas as pd
import pytest

from drawn import SIDE, drawn_settings, drawn_splits, small_network
from radlib.architectures import counting
from radlib.foundation import backend
from radlib.foundation.errors import UsageError
from radlib.techniques.building import chain_label, check_chain
from radlib.techniques.data import TechniqueData
from radlib.techniques.pruning.channel_pruning import channel_pruning, lost_table
from radlib.techniques.pruning.filter_pruning import channel_table, filter_pruning, sensitivity_table
from radlib.techniques.pruning.magnitude_pruning import magnitude_pruning
from radlib.techniques.pruning.structure_views import largest_joint
from radlib.techniques.pruning.surgery.rebuild import remove_channels
from radlib.techniques.pruning.surgery.reconstruction import readers_of, reconstruct
from radlib.techniques.pruning.surgery.structure import read_structure
from radlib.techniques.quantization.converter import float32, int8
from radlib.training.recipe import recipe_from
from radlib.training.training import fit


@pytest.fixture(scope="module")
def films():
    return drawn_splits()


@pytest.fixture(scope="module")
def trained(films, tmp_path_factory):
    model = small_network()
    recipe = recipe_from(drawn_settings(epochs=6))
    fit(model, films, recipe, seed=0, folder=tmp_path_factory.mktemp("trained"))
    return model


@pytest.fixture
def data(films, tmp_path):
    return TechniqueData(films, drawn_settings(), tmp_path / "checkpoints")


@pytest.mark.parametrize("importance_by", ["taylor", "l1", "bn_gamma"])
@pytest.mark.parametrize(("measure", "budget"), [("macs", 0.5), ("parameters", 1500), ("bytes", 0.4)])
def test_filter_pruning_meets_its_budget(trained, data, importance_by, measure, budget):
    before = trained.get_weights()
    product = filter_pruning(
        trained,
        data,
        measure=measure,
        budget=budget,
        importance_by=importance_by,
        pruning_epochs=1,
        scoring_films=32,
    )
    found = {
        "macs": counting.macs(product.payload) / counting.macs(trained),
        "parameters": counting.parameters(product.payload),
        "bytes": counting.parameters(product.payload) / counting.parameters(trained),
    }
    assert 0.75 * budget <= found[measure] <= budget
    assert product.details["macs"] == [counting.macs(trained), counting.macs(product.payload)]
    assert product.details["parameters"][1] == counting.parameters(product.payload)
    for old, new in zip(before, trained.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)  # the parent is another variant
    table = channel_table(product.details).set_index("group")
    assert table["before"].to_dict() == {"first": 8, "middle": 16, "deep": 16}
    for name in table.index:
        assert product.payload.get_layer(name).filters == table.loc[name, "after"]


def test_the_same_seed_prunes_the_same(trained, films, tmp_path):
    first, again = (
        filter_pruning(
            trained, TechniqueData(films, drawn_settings(), tmp_path / n), pruning_epochs=1
        ).payload
        for n in ("a", "b")
    )
    for one, other in zip(first.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_budget_out_of_reach_is_refused_before_training(trained, data):
    with pytest.raises(UsageError, match="the nearest that can is"):
        filter_pruning(trained, data, budget=0.01)
    with pytest.raises(UsageError, match="the nearest that can is"):
        channel_pruning(trained, data, budget=0.01)
    assert not data.checkpoints.exists()


def test_structured_pruning_stands_before_what_follows_in_a_chain():
    entries = check_chain("filter_pruning+magnitude_pruning+int8")
    assert [entry.name for entry in entries] == ["filter_pruning", "magnitude_pruning", "int8"]
    assert chain_label("filter_pruning+int8") == "filters pruned + int8"
    with pytest.raises(UsageError, match="cannot follow 'int8'"):
        check_chain("int8+filter_pruning")


def test_files_of_a_chain_shrink_link_by_link(trained, films, tmp_path):
    def link(number):
        return TechniqueData(films, drawn_settings(), tmp_path / str(number))

    pruned = filter_pruning(trained, link(1)).payload
    sparse = magnitude_pruning(pruned, link(2))
    assert sparse.details["sparsity"] == pytest.approx(0.8, abs=0.02)
    sizes = [len(float32(trained, link(3)).payload), len(float32(pruned, link(3)).payload)]
    sizes.append(len(int8(sparse.payload, link(3)).payload))
    assert sizes == sorted(sizes, reverse=True)
    assert counting.macs(sparse.payload) == counting.macs(pruned) <= 0.5 * counting.macs(trained)


def test_sensitivity_is_told_in_validation_auroc(trained, data):
    table = sensitivity_table(trained, data, ratios=(0.5, 0.9))
    assert set(table["group"]) == {"first", "middle", "deep"}
    assert (table.loc[table["ratio"] == 0, "score"] == data.score(trained)).all()
    assert table["score"].between(0, 1).all()
    largest = sensitivity_table(trained, data, ratios=(0.5, 0.9), most_groups=2)
    pd.testing.assert_frame_equal(largest, table[table["group"] != "first"].reset_index(drop=True))


# Channel pruning


def twins(seed=0, bias=True):
    """A network that makes every channel twice, the second time doubled, and reads both with the same weights."""
    keras = backend.keras()
    keras.utils.set_random_seed(seed)
    layers = keras.layers
    film = keras.Input((SIDE, SIDE, 1))
    x = layers.Conv2D(16, 3, activation="relu", use_bias=False, name="makes")(film)
    x = layers.Conv2D(8, 3, strides=2, padding="same", use_bias=bias, name="reads")(x)
    x = layers.Dense(2, activation="softmax", name="predictions")(
        layers.GlobalMaxPooling2D()(layers.ReLU()(x))
    )
    model = keras.Model(film, x)
    kernel = model.get_layer("makes").kernel.numpy()
    kernel[..., 8:] = 2 * kernel[..., :8]
    model.get_layer("makes").kernel.assign(kernel)
    kernel = model.get_layer("reads").kernel.numpy()
    kernel[:, :, 8:] = kernel[:, :, :8]
    model.get_layer("reads").kernel.assign(kernel)
    return model


@pytest.mark.parametrize("bias", [True, False])
def test_of_channels_that_say_the_same_one_is_enough(bias):
    model = twins(bias=bias)
    structure = read_structure(model)
    # around zero, so that no channel is silent
    images = np.random.default_rng(0).normal(size=(20, SIDE, SIDE, 1)).astype(np.float32)
    smaller, stays, lost = reconstruct(model, structure, {"makes": 8}, images, positions=1000)
    made = next(s.units for s in structure.slots if s.layer == "makes" and s.role == "filter")
    np.testing.assert_array_equal(np.flatnonzero(stays[made]), np.arange(8, 16))  # the louder of each pair
    assert smaller.get_layer("makes").filters == 8
    assert lost["reads"] < 1e-6
    np.testing.assert_allclose(smaller(images), model(images), atol=1e-3)
    silenced = remove_channels(model, structure, stays)  # the same channels without a rebuilt kernel
    assert np.abs(silenced(images) - model(images)).max() > 0.01


def test_what_is_lost_is_what_the_smaller_network_lacks(trained, films):
    structure = read_structure(trained)
    images = films.training.images(np.arange(20))
    smaller, _, lost = reconstruct(trained, structure, {"middle": 8}, images, positions=100_000)
    keras = backend.keras()
    before, after = (
        keras.Model(m.input, m.get_layer("deep").output)(images).numpy() for m in (trained, smaller)
    )
    assert lost["deep"] == pytest.approx(((before - after) ** 2).sum() / (before**2).sum(), rel=1e-3)
    assert 0 < lost["deep"] < 0.5


def test_two_groups_of_one_network_shrink_one_after_the_other(trained, films):
    structure = read_structure(trained)
    images = films.training.images(np.arange(20))
    smaller, stays, lost = reconstruct(trained, structure, {"first": 4, "middle": 8}, images)
    assert [smaller.get_layer(name).filters for name in ("first", "middle", "deep")] == [4, 8, 16]
    assert stays.sum() == 4 + 8 + 16
    assert set(lost) == {"middle", "deep"}


def test_channels_of_a_shortcut_have_no_reader_that_makes_up_for_them():
    layers = backend.keras().layers
    film = backend.keras().Input((SIDE, SIDE, 1))
    x = layers.Conv2D(8, 3, padding="same", name="stem")(film)
    for n in (1, 2):
        y = layers.Conv2D(8, 3, padding="same", activation="relu", name=f"in{n}")(x)
        x = layers.Add()([x, layers.Conv2D(8, 3, padding="same", name=f"out{n}")(y)])
    x = layers.Conv2D(2, 1, name="last")(x)
    model = backend.keras().Model(film, layers.GlobalMaxPooling2D()(x))
    structure = read_structure(model)
    readers = {g.name: [s.layer for s in readers_of(structure, model, g)] for g in structure.groups}
    assert readers == {"stem": [], "in1": ["out1"], "in2": ["out2"]}


def test_channel_pruning_meets_its_budget_and_says_what_was_lost(trained, data):
    product = channel_pruning(trained, data, budget=0.6, pruning_epochs=1)
    assert 0.4 <= counting.macs(product.payload) / counting.macs(trained) <= 0.6
    assert product.details["macs"] == [counting.macs(trained), counting.macs(product.payload)]
    assert all(0 <= share < 1 for share in product.details["lost"].values())
    assert dict(lost_table(product.details).to_numpy()) == product.details["lost"]


def test_a_network_of_shortcuts_alone_is_sent_to_filter_pruning(data):
    layers = backend.keras().layers
    film = backend.keras().Input((SIDE, SIDE, 1))
    x = layers.Flatten()(layers.Conv2D(4, 3, activation="relu", name="only")(film))
    model = backend.keras().Model(film, layers.Dense(2, activation="softmax")(x))
    with pytest.raises(UsageError, match="use filter_pruning"):
        channel_pruning(model, data)


def test_a_joint_has_the_kernels_and_gradients_that_its_channels_are_ranked_by(trained, data):
    structure = read_structure(trained)
    joint = largest_joint(trained, structure, data)
    assert joint.made.shape[3] == joint.read.shape[2] == len(joint.units) == len(joint.missed)
    assert (joint.made == trained.get_layer(joint.maker).get_weights()[0]).all()
    by_batch = [(joint.read * gradient).sum(axis=(0, 1, 3)) ** 2 for gradient in joint.gradients]
    np.testing.assert_allclose(np.mean(by_batch, axis=0), joint.missed, rtol=1e-3, atol=1e-12)
