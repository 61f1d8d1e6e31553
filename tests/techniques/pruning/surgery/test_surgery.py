"""Channels followed through graphs: what is removed, what remains, and what must leave together."""

import numpy as np
import pytest

from radlib.architectures import counting
from radlib.architectures.networks import build_network
from radlib.foundation import backend
from radlib.foundation.errors import SetupError
from radlib.foundation.registry import ARCHITECTURES
from radlib.runs.tasks import binary
from radlib.techniques.pruning.surgery.budget import choose, cost, read_costs
from radlib.techniques.pruning.surgery.importance import importance
from radlib.techniques.pruning.surgery.rebuild import remove_channels, silence
from radlib.techniques.pruning.surgery.structure import group_table, read_structure
from surgery_networks import (
    SIDE,
    answers,
    concatenated,
    dense_block,
    depthwise,
    excited,
    films,
    flattened,
    grouped,
    kinds,
    network,
    plain,
    residual,
    separable,
    units_of,
    wrapped,
)

TASK = binary("opacity")


# Removing channels, checked by hand-zeroed filters and by silencing


def zero(model, layers, channels):
    """Set filters, biases, scales and shifts of some channels to zero, by layer name."""
    for name in layers:
        layer = model.get_layer(name)
        for weight in layer.weights:
            part = weight.name.split("/")[-1].split(":")[0]
            values = weight.numpy()
            if part in ("depthwise_kernel",):
                values[:, :, channels] = 0
            elif part in ("kernel", "pointwise_kernel", "bias", "gamma", "beta", "alpha"):
                values[..., channels] = 0
            weight.assign(values)


@pytest.mark.parametrize(
    ("kind", "maker", "layers"),
    [
        (plain, "a_conv", ["a_conv", "a_norm"]),
        (plain, "b_conv", ["b_conv"]),
        (residual, "inside_conv", ["inside_conv", "inside_norm"]),
        (residual, "b_conv", ["a_conv", "a_norm", "b_conv", "b_norm"]),  # the shortcut joins both
        (concatenated, "left_conv", ["left_conv", "left_norm"]),
        (concatenated, "right_conv", ["right_conv", "right_norm"]),
        (dense_block, "bottleneck2_conv", ["bottleneck2_conv", "bottleneck2_norm"]),
        (excited, "a_conv", ["a_conv", "a_norm", "excite"]),
        (excited, "squeeze", ["squeeze"]),
        (separable, "b_conv", ["b_conv", "b_norm"]),
        (flattened, "a_conv", ["a_conv", "a_norm"]),
        (flattened, "hidden", ["hidden"]),
    ],
    ids=lambda value: value if isinstance(value, str) else getattr(value, "__name__", None),
)
def test_removing_filters_of_zeros_changes_no_answer(kind, maker, layers):
    model = network(kind)
    channels = [0, 3, 4] if kind is not excited or maker != "squeeze" else [1, 2]
    zero(model, layers, channels)
    structure = read_structure(model)
    axis = [s.units for s in structure.slots if s.layer == maker and s.role == "filter"][-1]
    stays = np.ones(structure.count, bool)
    stays[axis[channels]] = False
    smaller = remove_channels(model, structure, stays)
    np.testing.assert_allclose(answers(smaller), answers(model), atol=1e-5)
    for name in layers:
        before, after = (m.get_layer(name).weights[-1].shape[-1] for m in (model, smaller))
        assert before - after == len(channels), name


def test_removing_zeros_through_a_depthwise_convolution_changes_no_answer():
    model, channels = network(depthwise), [2, 5]
    zero(model, ["a_conv", "a_norm"], channels)
    copies = [4, 5, 10, 11]  # each channel is filtered twice
    for part in ("bias", "gamma", "beta"):
        layer = model.get_layer("deep_conv" if part == "bias" else "deep_norm")
        values = getattr(layer, part).numpy()
        values[copies] = 0
        getattr(layer, part).assign(values)
    structure = read_structure(model)
    stays = np.ones(structure.count, bool)
    stays[units_of(structure, "a_conv")[channels]] = False
    smaller = remove_channels(model, structure, stays)
    np.testing.assert_allclose(answers(smaller), answers(model), atol=1e-5)
    assert smaller.get_layer("deep_conv").depthwise_kernel.shape == (3, 3, 6, 2)
    assert smaller.get_layer("b_conv").kernel.shape == (1, 1, 12, 16)


def test_removing_the_growth_of_a_dense_block_cuts_every_later_reader():
    model = network(dense_block)
    zero(model, ["growth1"], [0, 7])
    for name in (
        "before2_norm",
        "before3_norm",
        "last_norm",
    ):  # the growth lies behind the stem's 16 channels
        zero(model, [name], [16, 23])
    structure = read_structure(model)
    stays = np.ones(structure.count, bool)
    stays[units_of(structure, "growth1")[[0, 7]]] = False
    smaller = remove_channels(model, structure, stays)
    np.testing.assert_allclose(answers(smaller), answers(model), atol=1e-5)
    inputs = {n: smaller.get_layer(f"bottleneck{n}_conv").kernel.shape[2] for n in (1, 2, 3)}
    assert inputs == {1: 16, 2: 22, 3: 30}


@kinds
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_smaller_network_answers_as_the_silenced_one(kind, seed):
    model = network(kind, seed)
    structure = read_structure(model)
    assert len(structure.groups) >= 1
    stays = np.random.default_rng(seed).random(structure.count) < 0.6
    for group in structure.groups:
        stays[group.units[0]] = True
    before = answers(model)
    smaller = remove_channels(model, structure, stays)
    silence(model, structure, stays)
    silenced = answers(model)
    assert np.abs(silenced - before).max() > 1e-3
    np.testing.assert_allclose(answers(smaller), silenced, atol=1e-5, rtol=1e-5)
    assert [layer.name for layer in smaller.layers] == [layer.name for layer in model.layers]
    assert (smaller.input_shape, smaller.output_shape) == (model.input_shape, model.output_shape)


@kinds
def test_costs_from_shapes_are_those_of_the_network_that_is_built(kind):
    model = network(kind)
    structure = read_structure(model)
    costs, whole = read_costs(structure), np.ones(structure.count, bool)
    assert cost(costs, whole, "macs") == counting.macs(model)
    stays = np.arange(structure.count) % 3 > 0
    smaller = remove_channels(model, structure, stays)
    assert cost(costs, stays, "macs") == counting.macs(smaller)
    assert cost(costs, stays, "parameters") == counting.parameters(smaller)
    assert cost(costs, stays, "bytes") == 4 * counting.parameters(smaller)


@kinds
def test_what_was_built_can_be_stored_and_opened(kind, tmp_path):
    from radlib.formats.keras import load_model, save_model

    model = network(kind)
    structure = read_structure(model)
    smaller = remove_channels(model, structure, np.arange(structure.count) % 3 > 0)
    save_model(smaller, tmp_path / "model.keras")
    if kind is wrapped:  # it slices by a hidden operation, which no network that comes into a run has
        with pytest.raises(SetupError, match="is not one that a file may hold"):
            load_model(tmp_path / "model.keras")
        return
    np.testing.assert_array_equal(answers(load_model(tmp_path / "model.keras")), answers(smaller))


def test_a_sequential_network_stays_one():
    layers = backend.keras().layers
    model = backend.keras().Sequential(
        [
            layers.Conv2D(8, 3, activation="relu", name="a", input_shape=(SIDE, SIDE, 1)),
            layers.Flatten(),
            layers.Dense(2),
        ]
    )
    structure = read_structure(model)
    stays = np.arange(8) % 2 == 0
    smaller = remove_channels(model, structure, stays)
    silence(model, structure, stays)
    np.testing.assert_allclose(answers(smaller), answers(model), atol=1e-5)
    assert smaller.get_layer("a").kernel.shape == (3, 3, 1, 4)


# Groups


def test_groups_are_what_must_shrink_together():
    groups = {g.name: g for g in read_structure(network(residual)).groups}
    assert {name: (g.layers, len(g.units)) for name, g in groups.items()} == {
        "a_conv": (("a_conv", "b_conv"), 16),
        "inside_conv": (("inside_conv",), 16),
        "c_conv": (("c_conv",), 16),
    }


def test_the_growth_of_a_dense_block_is_known_from_its_bottlenecks():
    groups = read_structure(network(dense_block)).groups
    assert [g.name for g in groups if g.growth] == ["stem_conv", "growth1", "growth2", "growth3"]
    assert not any(g.growth for g in read_structure(network(concatenated)).groups)


def test_a_shuffle_lets_channels_leave_in_step_with_all_groups():
    # 4 groups of 4: the first of each group is one unit, so are the second, the third and the fourth
    model = network(grouped)
    structure = read_structure(model)
    assert {g.name: (g.layers, len(g.units)) for g in structure.groups} == {
        "a_conv": (("a_conv",), 4),
        "b_conv": (("b_conv", "c_conv"), 4),  # as many groups as channels: the last is a depthwise one
    }
    np.testing.assert_array_equal(units_of(structure, "b_conv").reshape(4, 4) % 4, [[0, 1, 2, 3]] * 4)
    stays = np.ones(structure.count, bool)
    stays[units_of(structure, "b_conv")[1]] = False
    smaller = remove_channels(model, structure, stays)
    assert [tuple(smaller.get_layer(name).kernel.shape) for name in ("b_conv", "c_conv")] == [
        (3, 3, 4, 12),
        (3, 3, 1, 24),
    ]


# Every network of the registry


def networks():
    marks = {True: [pytest.mark.slow], False: []}
    return [pytest.param(e.name, marks=marks[bool(e.facts.get("slow"))]) for e in ARCHITECTURES]


@pytest.mark.parametrize("name", networks())
def test_every_network_can_be_pruned_to_half_its_work(name):
    side = ARCHITECTURES[name].facts["minimum_size"]
    model = build_network(name, {}, TASK, (side, side, 1))
    structure = read_structure(model)
    smaller = remove_channels(model, structure, choose(structure, importance(model, structure, "l1")))
    assert 0.4 < counting.macs(smaller) / counting.macs(model) <= 0.5
    outputs = answers(smaller, films(2, side))
    assert outputs.shape == (2, 2)
    assert np.isfinite(outputs).all()
    silence(model, structure, choose(structure, importance(model, structure, "l1")))
    np.testing.assert_allclose(outputs, answers(model, films(2, side)), atol=1e-5)
    backend.keras().backend.clear_session()


def test_the_table_of_groups_says_who_makes_and_who_reads():
    keras = backend.keras()
    film = keras.Input((SIDE, SIDE, 1))
    model = keras.Model(film, keras.layers.Dense(2)(residual(keras.layers, film)))
    table = group_table(read_structure(model)).set_index("group")
    assert table.loc["inside_conv", "read_by"] == "b_conv"
    assert table.loc["a_conv", "made_by"] == "a_conv, b_conv"
    assert table.loc["a_conv", "read_by"] == "inside_conv, c_conv"
    assert not table["growth"].any()
