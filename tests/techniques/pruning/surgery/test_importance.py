"""What a channel is worth: by its weights, by the slope of the loss, and by its group taken out."""

import numpy as np
import pytest

from radlib.foundation import backend
from radlib.foundation.errors import UsageError
from radlib.techniques.pruning.surgery.importance import importance
from radlib.techniques.pruning.surgery.sensitivity import sensitivity
from radlib.techniques.pruning.surgery.structure import read_structure
from surgery_networks import (
    answers,
    convolve,
    dense_block,
    depthwise,
    excited,
    films,
    grouped,
    network,
    plain,
    residual,
    units_of,
)


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
