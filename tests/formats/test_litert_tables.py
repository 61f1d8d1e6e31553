"""LiteRT files of any age and any writer: the same counts, weights and recipes, whichever way they say it."""

import numpy as np
import pandas as pd
import pytest
from ai_edge_litert import schema_py_generated as schema

from drawn import drawn_settings, drawn_splits
from litert_variants import before_tf_2_4, weights_behind
from radlib.architectures import counting
from radlib.formats.litert_tables import read_tables, said_anew
from radlib.formats.predictors import open_model
from radlib.foundation.errors import DataError, NotApplicable
from radlib.foundation.registry import TECHNIQUES
from radlib.importing.answers import answers_for
from radlib.importing.litert_graph import rewritten
from radlib.techniques.data import TechniqueData
from radlib.techniques.quantization.aeq_fitness import stored_kernels
from radlib.techniques.quantization.rounding import weight_codes

RECIPES = ("dynamic", "aeq_weight_only", "int8", "aeq_int4", "float16")
WAYS = {
    "old": before_tf_2_4,
    "outside": weights_behind,
    "both": lambda content: weights_behind(before_tf_2_4(content)),
}


@pytest.fixture(scope="module")
def films():
    return drawn_splits()


@pytest.fixture(scope="module")
def data(films):
    return TechniqueData(films, drawn_settings(), None)


def apply(name, content, data, **given):
    return TECHNIQUES[name].function(content, data, **TECHNIQUES[name].complete(given)).payload


@pytest.fixture(scope="module")
def fresh_results(litert_network, data):
    return {name: apply(name, litert_network[0], data) for name in RECIPES}


def answers(content, path, images):
    path.write_bytes(content)
    with open_model(path) as predictor:
        return predictor.predict(images)


@pytest.mark.parametrize("way", WAYS)
def test_counts_are_those_of_the_fresh_file(litert_network, tmp_path, way):
    content, model = litert_network
    fresh, other = tmp_path / "fresh.tflite", tmp_path / "other.tflite"
    fresh.write_bytes(content)
    other.write_bytes(WAYS[way](content))
    pd.testing.assert_frame_equal(counting.tflite_weights(fresh), counting.tflite_weights(other))
    assert counting.tflite_macs(other) == counting.tflite_macs(fresh) == counting.macs(model)
    assert counting.tflite_weights(other)["values"].sum() > 8000


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("way", WAYS)
def test_recipes_make_the_same_of_it(litert_network, fresh_results, data, films, tmp_path, name, way):
    content = WAYS[way](litert_network[0])
    made = apply(name, content, data)
    images = films.validation.images([0, 1, 2])
    expected = answers(fresh_results[name], tmp_path / "fresh.tflite", images)
    assert len(made) < 0.62 * len(content)
    np.testing.assert_array_equal(answers(made, tmp_path / "made.tflite", images), expected)
    assert stored_kernels(made) == stored_kernels(fresh_results[name]) != stored_kernels(content)


@pytest.mark.parametrize("way", WAYS)
def test_codes_are_read_wherever_they_lie(fresh_results, way):
    for name in ("dynamic", "aeq_int4"):
        fresh, other = (weight_codes(each) for each in (fresh_results[name], WAYS[way](fresh_results[name])))
        assert list(fresh) == list(other)
        for tensor in fresh:
            np.testing.assert_array_equal(fresh[tensor], other[tensor])


@pytest.mark.parametrize("way", WAYS)
def test_an_imported_file_is_said_anew(litert_network, films, tmp_path, way):
    from radlib.importing.layout import InputLayout

    content = WAYS[way](litert_network[0])
    finish = answers_for(films.training.task, films.training.task.outputs)
    brought = rewritten(content, InputLayout(range=(-1, 1)), finish, name="own.tflite")
    model = schema.ModelT.InitFromPackedBuf(bytearray(brought), 0)
    assert not any(buffer.offset for buffer in model.buffers)
    assert any(code.builtinCode == schema.BuiltinOperator.CONV_2D for code in model.operatorCodes)
    images = films.validation.images([0, 3])
    expected = answers(litert_network[0], tmp_path / "fresh.tflite", 2 * images - 1)
    np.testing.assert_allclose(answers(brought, tmp_path / "own.tflite", images), expected, atol=1e-6)


def test_tensors_of_one_name_are_told_apart(litert_network, data, films):
    from radlib.formats.litert_tables import packed
    from radlib.importing.layout import InputLayout

    model = read_tables(litert_network[0])
    for tensor in model.subgraphs[0].tensors:
        tensor.name = b"Identity"
    finish = answers_for(films.training.task, films.training.task.outputs)
    brought = rewritten(packed(model), InputLayout(range=(-1, 1)), finish, name="own.tflite")
    assert stored_kernels(apply("int8", brought, data)) != stored_kernels(brought)


def test_a_fresh_file_is_left_byte_for_byte(litert_network):
    assert said_anew(litert_network[0]) == litert_network[0]
    assert said_anew(before_tf_2_4(litert_network[0])) != before_tf_2_4(litert_network[0])


def test_what_is_cut_damaged_or_elsewhere_is_said(litert_network):
    content = litert_network[0]
    with pytest.raises(DataError, match="own.tflite ends before its weights do"):
        read_tables(weights_behind(content)[:-200], name="own.tflite")
    with pytest.raises(DataError, match="is not a LiteRT file"):
        read_tables(b"PK" + content[2:4] + b"----" + content[8:])
    with pytest.raises(DataError, match="is damaged"):
        read_tables(b"\xff\xff\xff\x7f" + content[4:])
    model = read_tables(content)
    model.subgraphs[0].tensors[3].externalBuffer = 1
    from radlib.formats.litert_tables import packed

    with pytest.raises(DataError, match="keeps weights in another file"):
        read_tables(packed(model))


# --- recipes that have nothing to do


@pytest.mark.parametrize("first", ["dynamic", "int8", "aeq_int4", "float16"])
@pytest.mark.parametrize("second", RECIPES)
def test_a_quantized_file_is_told_so(fresh_results, data, first, second):
    word = "half precision" if first == "float16" else "integer"
    with pytest.raises(NotApplicable, match=f"already {word}: .* weights of its layers are stored as"):
        apply(second, fresh_results[first], data)


@pytest.mark.parametrize("name", ["aeq_weight_only", "aeq_int4"])
def test_a_recipe_that_changes_no_weight_is_refused(litert_network, data, name):
    with pytest.raises(NotApplicable, match="changed no weight of the network: its largest layer has 18,432"):
        apply(name, litert_network[0], data, smallest_kernel=20_000)


@pytest.mark.parametrize("name", RECIPES)
def test_a_network_without_weights_is_refused(data, name):
    from radlib.foundation import backend
    from radlib.techniques.quantization.converter import convert

    layers = backend.keras().layers
    film = backend.keras().Input((16, 16, 1))
    pooled = layers.GlobalAveragePooling2D()(film)
    model = backend.keras().Model(film, layers.Softmax()(layers.Concatenate()([pooled, pooled])))
    with pytest.raises(NotApplicable, match="no convolution or dense layer"):
        apply(name, convert(model), data)
