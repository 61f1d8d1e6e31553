"""Rules of layers: what no rule knows is named, what mixes channels fixes them."""

import numpy as np
import pytest

from radlib.architectures import counting
from radlib.foundation import backend
from radlib.foundation.errors import UsageError
from radlib.techniques.pruning.surgery.budget import cost, read_costs
from radlib.techniques.pruning.surgery.structure import read_structure
from surgery_networks import (
    SIDE,
    convolve,
    network,
    plain,
    residual,
)


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
