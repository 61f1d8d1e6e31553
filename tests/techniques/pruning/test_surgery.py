"""Channels followed through graphs: what is removed, what remains, and what it costs."""

import numpy as np
import pytest

from radlib.architectures import counting
from radlib.architectures.networks import build_network
from radlib.foundation import backend
from radlib.foundation.errors import SetupError, UsageError
from radlib.foundation.registry import ARCHITECTURES
from radlib.runs.tasks import binary
from radlib.techniques.pruning.surgery.budget import MEASURES, choose, chunk_size, cost, read_costs
from radlib.techniques.pruning.surgery.importance import importance
from radlib.techniques.pruning.surgery.rebuild import remove_channels, silence
from radlib.techniques.pruning.surgery.sensitivity import sensitivity
from radlib.techniques.pruning.surgery.structure import group_table, read_structure

TASK = binary("opacity")
SIDE = 8


def convolve(x, name, filters, kernel_size=3, *, norm=True, kind="Conv2D", **options):
    """A convolution named `<name>_conv`, batch norm `<name>_norm`, ReLU."""
    layers = backend.keras().layers
    options = {"padding": "same", "name": f"{name}_conv", **options}
    sizes = (kernel_size,) if kind == "DepthwiseConv2D" else (filters, kernel_size)
    x = getattr(layers, kind)(*sizes, **options)(x)
    return layers.ReLU()(layers.BatchNormalization(name=f"{name}_norm")(x) if norm else x)


def plain(layers, x):
    x = convolve(x, "a", 16)
    return layers.GlobalAveragePooling2D()(convolve(layers.MaxPooling2D()(x), "b", 16, norm=False))


def flattened(layers, x):
    x = convolve(x, "a", 6, strides=2)
    return layers.Dense(10, activation="relu", name="hidden")(layers.Flatten()(x))


def residual(layers, x):
    x = convolve(x, "a", 16)
    y = convolve(x, "inside", 16)
    y = layers.BatchNormalization(name="b_norm")(layers.Conv2D(16, 3, padding="same", name="b_conv")(y))
    return layers.GlobalMaxPooling2D()(convolve(layers.Add()([x, y]), "c", 16))


def concatenated(layers, x):
    x = convolve(x, "a", 8)
    x = layers.Concatenate()([convolve(x, "left", 8), convolve(x, "right", 16, 1), x])
    return layers.GlobalAveragePooling2D()(convolve(x, "c", 8))


def dense_block(layers, x):
    x = convolve(x, "stem", 16)
    for number in (1, 2, 3):
        y = layers.ReLU()(layers.BatchNormalization(name=f"before{number}_norm")(x))
        y = convolve(y, f"bottleneck{number}", 32, 1)
        x = layers.Concatenate()(
            [x, layers.Conv2D(8, 3, padding="same", use_bias=False, name=f"growth{number}")(y)]
        )
    return layers.GlobalAveragePooling2D()(layers.ReLU()(layers.BatchNormalization(name="last_norm")(x)))


def depthwise(layers, x):
    x = convolve(x, "a", 8)
    x = convolve(layers.ZeroPadding2D()(x), "deep", None, kind="DepthwiseConv2D", depth_multiplier=2)
    return layers.GlobalAveragePooling2D()(convolve(x, "b", 16, 1))


def separable(layers, x):
    x = convolve(x, "a", 8, kind="SeparableConv2D", depth_multiplier=2)
    x = convolve(layers.Cropping2D(1)(x), "b", 16, kind="SeparableConv2D")
    return layers.GlobalAveragePooling2D()(x)


def excited(layers, x):
    x = convolve(x, "a", 16)
    gate = layers.Reshape((1, 1, 16))(layers.GlobalAveragePooling2D()(x))
    gate = layers.Conv2D(4, 1, activation="relu", name="squeeze")(gate)
    gate = layers.Conv2D(16, 1, activation="sigmoid", name="excite")(gate)
    return layers.GlobalAveragePooling2D()(convolve(layers.Multiply()([x, gate]), "b", 8, 1))


def wrapped(layers, x):
    tf = backend.tensorflow()
    x = convolve(x, "a", 16)
    x = x * (tf.nn.relu6(x + 3.0) * (1 / 6)) + (1.0 - tf.nn.sigmoid(x))
    low, high = x[..., :6], x[:, :, :, 6:]
    one, other = tf.split(convolve(x, "b", 8), 2, axis=-1)
    x = tf.concat([low, one, tf.reshape(high, (-1, SIDE, SIDE, 10)), other], axis=-1)
    return tf.reduce_mean(convolve(x, "c", 8), axis=[1, 2])


def grouped(layers, x):
    x = convolve(x, "a", 16)
    x = convolve(x, "b", 16, groups=4)
    x = layers.Permute((1, 2, 4, 3))(layers.Reshape((SIDE, SIDE, 4, 4))(x))  # a channel shuffle
    x = convolve(layers.Reshape((SIDE, SIDE, 16))(x), "c", 32, groups=16)
    return layers.GlobalAveragePooling2D()(x)


def shared(layers, x):
    x = convolve(x, "a", 8)
    twice = layers.Conv2D(8, 3, padding="same", activation="relu", name="twice")
    return layers.GlobalAveragePooling2D()(twice(layers.UpSampling2D()(twice(x))))


def upsampled(layers, x):
    x = layers.PReLU(shared_axes=[1, 2], name="slope")(layers.Conv2D(8, 3, strides=2, name="a_conv")(x))
    x = layers.Rescaling([1.0, 2.0] * 4, offset=0.5)(x)
    x = layers.Normalization(mean=[0.1] * 8, variance=[2.0] * 8)(x)
    return layers.GlobalMaxPooling2D()(
        layers.Conv2DTranspose(8, 2, strides=2, activation="relu", name="b_conv")(x)
    )


KINDS = (
    plain, flattened, residual, concatenated, dense_block, depthwise, separable, excited, wrapped, grouped,
    shared, upsampled,
)  # fmt: skip
kinds = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)


def network(kind, seed=0):
    """A network of one kind with random weights everywhere, batch norm included."""
    keras = backend.keras()
    keras.backend.clear_session()
    film = keras.Input((SIDE, SIDE, 1))
    model = keras.Model(film, keras.layers.Dense(2, name="predictions")(kind(keras.layers, film)))
    generator = np.random.default_rng(seed)
    for weight in model.weights:
        values = generator.normal(0.1, 0.3, weight.shape)
        weight.assign(np.abs(values) + 0.5 if "variance" in weight.name else values)
    return model


def films(count=3, side=SIDE):
    return np.random.default_rng(1).random((count, side, side, 1)).astype(np.float32)


def answers(model, images=None):
    return model(films() if images is None else images, training=False).numpy()


def units_of(structure, layer, role="filter"):
    """The units along a layer's filters, in order."""
    return next(s.units for s in structure.slots if s.layer == layer and s.role == role)


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


# Refusals


def unknown(layers, x):
    return layers.GlobalAveragePooling2D()(layers.LocallyConnected2D(4, 3, name="local")(convolve(x, "a", 8)))


def test_an_unknown_layer_is_named_with_what_to_do():
    model = network(unknown)
    with pytest.raises(UsageError, match=r"'local' \(LocallyConnected2D\).*keep_layers.*register a rule"):
        read_structure(model)
    kept = read_structure(model, keep_layers=["local"])
    assert kept.groups == ()  # what goes in and what comes out both stay


def test_an_unknown_wrapped_operation_is_named():
    tf = backend.tensorflow()
    model = network(lambda layers, x: tf.reduce_mean(tf.cumsum(convolve(x, "a", 8), axis=-1), axis=[1, 2]))
    with pytest.raises(UsageError, match=r"'tf\.math\.cumsum' \(math\.cumsum\)"):
        read_structure(model)


def test_kept_layers_keep_their_channels_and_their_cost():
    model = network(residual)
    structure = read_structure(model, keep_layers=["b_norm"])
    assert [g.name for g in structure.groups] == ["inside_conv", "c_conv"]
    assert cost(read_costs(structure), np.ones(structure.count, bool), "macs") == counting.macs(model)
    with pytest.raises(UsageError, match="'nowhere'"):
        read_structure(model, keep_layers=["nowhere"])


def test_a_network_inside_a_network_is_refused():
    keras = backend.keras()
    film = keras.Input((SIDE, SIDE, 1))
    outer = keras.Model(film, keras.layers.Dense(1)(network(plain)(film)))
    with pytest.raises(UsageError, match="is not known what the layer 'model'"):
        read_structure(outer)


def test_constants_with_one_value_per_channel_fix_them():
    tf = backend.tensorflow()
    model = network(lambda layers, x: tf.reduce_mean(convolve(x, "a", 4) * [1.0, 2, 3, 4], axis=[1, 2]))
    assert read_structure(model).groups == ()


def test_softmax_fixes_the_channels_it_mixes():
    model = network(lambda layers, x: layers.GlobalMaxPooling2D()(layers.Softmax()(convolve(x, "a", 4))))
    assert read_structure(model).groups == ()


def test_softmax_of_tensorflow_fixes_the_channels_it_mixes():
    softmax = backend.tensorflow().nn.softmax
    model = network(lambda layers, x: layers.GlobalMaxPooling2D()(layers.Conv2D(4, 3, activation=softmax)(x)))
    assert read_structure(model).groups == ()


def test_channels_in_reverse_order_stay():
    model = network(lambda layers, x: layers.GlobalMaxPooling2D()(convolve(x, "a", 4)[..., ::-1]))
    assert read_structure(model).groups == ()


# Budgets


def test_the_work_of_a_hand_worked_graph():
    # stem 3 × 3 × 1 → 16 at 64 pixels; inside and b 3 × 3 × 16 → 16; c the same; 2 answers
    model = network(residual)
    structure = read_structure(model)
    full = 64 * 9 * (1 * 16 + 3 * 16 * 16) + 16 * 2
    costs, stays = read_costs(structure), np.ones(structure.count, bool)
    assert cost(costs, stays, "macs") == full == counting.macs(model)
    stays[units_of(structure, "inside_conv")[:10]] = False  # 6 of 16 stay between the two
    assert cost(costs, stays, "macs") == 64 * 9 * (16 + 2 * 16 * 6 + 16 * 16) + 32
    stays[units_of(structure, "b_conv")[:4]] = False  # 12 of 16 along the shortcut
    assert cost(costs, stays, "macs") == 64 * 9 * (12 + 2 * 12 * 6 + 12 * 16) + 32


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("scope", ["global", "layer"])
def test_a_budget_is_met_as_nearly_as_chunks_allow(measure, scope):
    model = build_network("student_separable", {}, TASK, (32, 32, 1))
    structure = read_structure(model)
    scores, costs = importance(model, structure, "l1"), read_costs(structure)
    whole = cost(costs, np.ones(structure.count, bool), measure)
    for share in (0.3, 0.5, 0.8):
        stays = choose(structure, scores, measure=measure, budget=share, scope=scope)
        assert share - 0.05 < cost(costs, stays, measure) / whole <= share
        same = choose(structure, scores, measure=measure, budget=share * whole, scope=scope)
        np.testing.assert_array_equal(same, stays)
        for group in structure.groups:
            kept = stays[group.units].sum()
            assert kept > 0
            assert kept % chunk_size(len(group.units), 8) == 0
            left, gone = scores[group.units[stays[group.units]]], scores[group.units[~stays[group.units]]]
            assert not len(gone) or left.min() >= gone.max()


def test_layers_shrink_alike_when_told_to():
    model = build_network("student_separable", {}, TASK, (32, 32, 1))
    structure = read_structure(model)
    stays = choose(structure, importance(model, structure, "l1"), budget=0.4, scope="layer")
    shares = [stays[g.units].mean() for g in structure.groups if len(g.units) >= 32]
    assert max(shares) - min(shares) <= 8 / 32


@pytest.mark.parametrize(
    ("channels", "size"),
    [(3, 1), (8, 2), (16, 4), (24, 4), (31, 4), (32, 8), (100, 8), (2048, 8)],
)
def test_small_layers_shrink_in_smaller_steps(channels, size):
    assert chunk_size(channels, 8) == size


def test_a_budget_out_of_reach_says_the_nearest():
    model = network(residual)
    structure = read_structure(model)
    scores = importance(model, structure, "l1")
    with pytest.raises(UsageError, match=r"cannot be met: the nearest that can is ([\d,]+)") as refusal:
        choose(structure, scores, budget=0.001)
    nearest = int(str(refusal.value).split("nearest that can is ")[1].split(" ")[0].replace(",", ""))
    stays = choose(structure, scores, budget=nearest)
    assert cost(read_costs(structure), stays, "macs") == nearest
    assert all(stays[g.units].sum() == 4 for g in structure.groups)  # one chunk of 16 channels
    for budget in (1.0, 1e12, 0, -3):
        with pytest.raises(UsageError, match=f"below the {counting.macs(model):,} multiply-accumulates"):
            choose(structure, scores, budget=budget)


def test_growth_stays_unless_it_may_go():
    model = network(dense_block)
    structure = read_structure(model)
    scores = importance(model, structure, "l1")
    stays = choose(structure, scores, budget=0.6)
    shares = {g.name: stays[g.units].mean() for g in structure.groups}
    assert all(shares[f"growth{n}"] == 1 for n in (1, 2, 3))
    assert min(shares[f"bottleneck{n}_conv"] for n in (1, 2, 3)) < 0.6
    with pytest.raises(UsageError, match="set keep_growth to false"):
        choose(structure, scores, budget=0.1)
    assert not choose(structure, scores, budget=0.1, keep_growth=False).all()


# Importance


def test_kernel_norms_are_relative_sums_of_weights():
    model = network(plain)
    structure = read_structure(model)
    scores = importance(model, structure, "l1")
    expected = np.abs(model.get_layer("a_conv").kernel.numpy()).sum(axis=(0, 1, 2))
    np.testing.assert_allclose(scores[units_of(structure, "a_conv")], expected / expected.mean(), rtol=1e-6)


def test_batch_norm_scales_rank_and_kernels_stand_in_where_there_are_none():
    model = network(plain)
    structure = read_structure(model)
    scores = importance(model, structure, "bn_gamma")
    expected = np.abs(model.get_layer("a_norm").gamma.numpy())
    np.testing.assert_allclose(scores[units_of(structure, "a_conv")], expected / expected.mean(), rtol=1e-6)
    kernels = importance(model, structure, "l1")
    bare = units_of(structure, "b_conv")
    np.testing.assert_array_equal(scores[bare], kernels[bare])
    with pytest.raises(UsageError, match="use l1 or taylor"):
        without = network(lambda layers, x: layers.Flatten()(convolve(x, "a", 4, norm=False)))
        importance(without, read_structure(without), "bn_gamma")
    with pytest.raises(UsageError, match="l1, bn_gamma, taylor"):
        importance(model, structure, "size")


@pytest.mark.parametrize("kind", [plain, residual, dense_block, excited, depthwise, grouped])
def test_taylor_is_the_slope_of_the_loss_as_a_channel_fades(kind):
    tf = backend.tensorflow()
    model = network(kind)
    structure = read_structure(model)
    truth = np.array([[1.0, 0.0], [0.0, 1.0], [0.3, 0.7]], np.float32)

    def squared(targets, outputs):
        return tf.reduce_mean((targets - outputs) ** 2, axis=-1)

    scores = importance(model, structure, "taylor", batches=lambda: [(films(), truth)], loss=squared)
    before, slopes, step = model.get_weights(), [], 3e-3
    units = structure.groups[0].units[:4]
    for unit in units:  # faded and strengthened by a step, wherever it is read
        values = []
        for factor in (1 + step, 1 - step):
            for slot in structure.slots:
                if slot.role == "input":
                    kernel = getattr(model.get_layer(slot.layer), slot.weight)
                    factors = np.where(slot.units == unit, factor, 1.0).astype(np.float32)
                    kernel.assign(
                        kernel
                        * factors.reshape([-1 if a == slot.axis else 1 for a in range(len(kernel.shape))])
                    )
            values.append(float(np.mean(squared(truth, answers(model)))))
            model.set_weights(before)
        slopes.append((values[0] - values[1]) / (2 * step))
    np.testing.assert_allclose(scores[units], np.square(slopes), rtol=0.03, atol=1e-6)


def test_sensitivity_prunes_one_group_at_a_time_and_puts_it_back():
    model = network(residual)
    structure = read_structure(model)
    before = answers(model)
    table = sensitivity(
        model,
        structure,
        importance(model, structure, "l1"),
        lambda m: float(np.abs(answers(m) - before).max()),
        ratios=(0.5, 0.99),
    )
    np.testing.assert_array_equal(answers(model), before)
    assert table["group"].tolist() == [g.name for g in structure.groups for _ in range(3)]
    assert table["kept"].tolist() == [16, 8, 1] * 3  # never to nothing
    assert (table.loc[table["ratio"] == 0, "score"] == 0).all()
    assert (table.loc[table["ratio"] > 0, "score"] > 0).all()


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
