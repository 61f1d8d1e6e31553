"""Files of integers are taken as they are, outputs are mapped to the study's labels, and refusals tell the truth."""

import dataclasses
import json

import numpy as np
import pytest

from drawn import SIDE, drawn_settings, drawn_splits, small_network
from radlib.formats.litert_tables import packed, read_tables
from radlib.formats.predictors import open_model
from radlib.foundation import backend
from radlib.foundation.errors import NotApplicable, UsageError
from radlib.foundation.registry import TECHNIQUES
from radlib.importing.answers import Answers, answers_for
from radlib.importing.guard import inspect
from radlib.importing.layout import InputLayout
from radlib.importing.reading import read_network
from radlib.importing.tasks import run_litert
from radlib.runs import tasks
from radlib.runs.settings import Settings
from radlib.techniques.data import TechniqueData
from radlib.techniques.quantization.converter import convert

pytestmark = pytest.mark.filterwarnings("ignore:Statistics for quantized inputs")
TASK = tasks.binary("opacity")
ASIS = InputLayout(range=None)


def network(channels: int = 1, low: float = 0, outputs: int = 2, activation: str = "softmax"):
    """A network whose films lie between `low` and 1."""
    keras = backend.keras()
    keras.utils.set_random_seed(4)
    layers = keras.layers
    film = keras.Input((SIDE, SIDE, channels))
    x = layers.Conv2D(8, 3, strides=2, activation="relu")(film)
    x = layers.GlobalMaxPooling2D()(layers.Conv2D(16, 3, activation="relu")(x))
    return keras.Model(film, layers.Dense(outputs, activation=activation)(x))


def integer_file(model, kind: str, low: float = 0) -> bytes:
    """A full-integer file of TensorFlow's converter with ends of that type, calibrated on noise."""
    generator = np.random.default_rng(0)
    shape = (1, *model.input_shape[1:])

    def options(tf, converter):
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        films = [generator.uniform(low, 1, shape).astype(np.float32) for _ in range(30)]
        films += [np.full(shape, end, np.float32) for end in (low, 1)]
        converter.representative_dataset = lambda: ([film] for film in films)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = getattr(tf, kind)

    return convert(model, options)


@pytest.fixture(scope="session")
def integer_files():
    """By name: a file with integer ends."""
    return {
        "int8": integer_file(network(), "int8"),
        "uint8 colour": integer_file(network(3, -1), "uint8", -1),
    }


@pytest.fixture
def images():
    return np.random.default_rng(5).random((4, SIDE, SIDE, 1), dtype=np.float32)


def imported(path, layout=ASIS, labels=TASK.outputs, task=TASK, answers="probabilities", mapped=None):
    finish = answers_for(task, labels, answers, mapped)
    return read_network(inspect(path), layout, finish, task, Settings(image_size=SIDE))


def predictions(content, folder, films):
    path = folder / "stored.tflite"
    path.write_bytes(content)
    with open_model(path) as predictor:
        return predictor.predict(films)


def test_a_grey_integer_file_stays_byte_for_byte(tmp_path, integer_files, images):
    path = tmp_path / "own.tflite"
    path.write_bytes(integer_files["int8"])
    found = imported(path)
    assert found.model == integer_files["int8"] and found.layout.range == (0, 1)
    from ai_edge_litert.interpreter import Interpreter

    own = Interpreter(model_content=found.model)
    own.allocate_tensors()
    source, target = own.get_input_details()[0], own.get_output_details()[0]
    assert source["dtype"] == target["dtype"] == np.int8
    levels = (images * 255).round().astype(np.uint8)[..., 0]
    answers = predictions(found.model, tmp_path, levels)
    for film, answer in zip(levels, answers, strict=True):
        own.set_tensor(source["index"], (film.astype(np.int16) - 128).astype(np.int8)[None, ..., None])
        own.invoke()
        scale, zero = target["quantization"]
        stored = own.get_tensor(target["index"])[0].astype(np.float32)
        np.testing.assert_allclose(answer, (stored - zero) * np.float32(scale), atol=1e-6)


def test_a_colour_integer_file_keeps_its_own_scaling(tmp_path, integer_files, images):
    path = tmp_path / "own.tflite"
    path.write_bytes(integer_files["uint8 colour"])
    found = imported(path, InputLayout(channels=3, range=None))
    assert found.layout.range[0] == pytest.approx(-1, abs=0.01) and found.layout.range[1] == pytest.approx(
        1, abs=0.01
    )
    expected = run_litert(path.read_bytes(), np.repeat(images, 3, axis=3) * 2 - 1, "own.tflite")
    answers = predictions(found.model, tmp_path, images)
    assert np.ptp(expected) > 0.05
    np.testing.assert_allclose(answers, expected, atol=0.01)
    told = imported(path, InputLayout(channels=3, range=(0, 1)))  # what the user says holds
    assert told.layout.range == (0, 1)
    other = run_litert(path.read_bytes(), np.repeat(images, 3, axis=3), "own.tflite")
    np.testing.assert_allclose(predictions(told.model, tmp_path, images), other, atol=0.01)


def test_an_integer_input_without_a_scale_takes_bytes(tmp_path, images):
    tf = backend.tensorflow()
    model = network()
    call = tf.function(lambda film: model(tf.cast(film, tf.float32) / 255.0))
    concrete = call.get_concrete_function(tf.TensorSpec((1, SIDE, SIDE, 1), tf.uint8, name="film"))
    with backend.quiet_stderr():
        content = tf.lite.TFLiteConverter.from_concrete_functions([concrete], model).convert()
    path = tmp_path / "own.tflite"
    path.write_bytes(content)
    found = imported(path)
    assert found.layout.range == (0, 255)
    levels = (images * 255).round() / np.float32(255)
    expected = np.asarray(model(levels.astype(np.float32)))
    np.testing.assert_allclose(
        predictions(found.model, tmp_path, levels.astype(np.float32)), expected, atol=1e-5
    )


@pytest.mark.parametrize("recipe", ["dynamic", "int8", "float16", "aeq_int4"])
@pytest.mark.parametrize("name", ["int8", "uint8 colour"])
def test_recipes_do_not_apply_to_integers(tmp_path, integer_files, name, recipe):
    path = tmp_path / "own.tflite"
    path.write_bytes(integer_files[name])
    model = imported(path, InputLayout(channels=3 if "colour" in name else 1, range=None)).model
    data = TechniqueData(drawn_splits(), drawn_settings(), None)
    with pytest.raises(NotApplicable, match="already integer"):
        TECHNIQUES[recipe].function(model, data, **TECHNIQUES[recipe].complete({}))


# --- labels that the study calls otherwise, or tells apart less


def softmax(logits):
    power = np.exp(logits - logits.max(axis=1, keepdims=True))
    return power / power.sum(axis=1, keepdims=True)


def test_outputs_that_exclude_each_other_are_summed(tmp_path, images):
    model = network(outputs=4, activation="linear")
    path = tmp_path / "own.tflite"
    path.write_bytes(convert(model))
    labels, mapped = ["covid", "normal", "viral", "bacterial"], {"covid": "opacity", "viral": "opacity"}
    found = imported(path, labels=labels, answers="logits", mapped=mapped | {"bacterial": "opacity"})
    p = softmax(np.asarray(model(images)))
    expected = np.stack([p[:, 1], p[:, 0] + p[:, 2] + p[:, 3]], axis=1)
    np.testing.assert_allclose(predictions(found.model, tmp_path, images), expected, atol=1e-6)
    np.testing.assert_allclose(found.outputs.sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("answers", ["probabilities", "logits"])
def test_findings_become_the_chance_that_one_of_them_holds(tmp_path, images, answers):
    model = network(outputs=4, activation="sigmoid" if answers == "probabilities" else "linear")
    path = tmp_path / "own.tflite"
    path.write_bytes(convert(model))
    task, mapped = tasks.findings(["lung", "heart"]), {"mass": "lung", "nodule": "lung", "edema": "lung"}
    found = imported(
        path, labels=["mass", "heart", "nodule", "edema"], task=task, answers=answers, mapped=mapped
    )
    p = np.asarray(model(images))
    p = p if answers == "probabilities" else 1 / (1 + np.exp(-p))
    expected = np.stack([1 - (1 - p[:, 0]) * (1 - p[:, 2]) * (1 - p[:, 3]), p[:, 1]], axis=1)
    np.testing.assert_allclose(predictions(found.model, tmp_path, images), expected, atol=1e-6)


def test_a_mapped_name_alone_only_renames():
    plain = answers_for(TASK, ["normal", "opacity"])
    assert answers_for(TASK, ["clear", "ill"], mapped={"clear": "normal", "ill": "opacity"}) == plain
    assert answers_for(TASK, ["ill"], mapped={"ill": "opacity"}).single
    assert set(plain.to_dict()) == {"activation", "order", "single"}  # earlier imports are found again
    grouped = answers_for(TASK, ["a", "b", "normal"], mapped={"a": "opacity", "b": "opacity"})
    assert Answers.from_dict(json.loads(json.dumps(grouped.to_dict()))) == grouped
    assert grouped.groups == ((2,), (0, 1)) and grouped.changes


@pytest.mark.parametrize(
    "labels, mapped, said",
    [
        (["a", "a"], {}, "names 'a' twice"),
        (["normal", "opacity"], {"covid": "opacity"}, "names 'covid', which is none of --labels"),
        (["normal", "a", "b"], {"a": "tumour", "b": "tumour"}, "but the study asks for normal, opacity"),
        (["a", "b", "c"], {"a": "opacity", "b": "opacity", "c": "opacity"}, "map every output"),
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused(labels, mapped, said):
    with pytest.raises(UsageError, match=said):
        answers_for(TASK, labels, mapped=mapped)


def test_mapped_files_can_be_calibrated(tmp_path):
    model = small_network(filters=(8, 16, 32), pointwise=64)
    path = tmp_path / "own.tflite"
    path.write_bytes(convert(model))
    found = imported(path, labels=["normal", "opacity"])
    films = drawn_splits()
    wide = network(outputs=3)
    path.write_bytes(convert(wide))
    found = imported(path, labels=["normal", "a", "b"], mapped={"a": "opacity", "b": "opacity"})
    data = TechniqueData(films, drawn_settings(), None)
    made = TECHNIQUES["int8"].function(found.model, data, representative_films=16).payload
    levels = films.validation.images([0, 1, 2])
    change = abs(predictions(made, tmp_path, levels) - predictions(found.model, tmp_path, levels))
    assert change.max() < 0.1


# --- files that are no classifier of films, and why


def test_two_inputs_and_two_outputs_are_named(tmp_path):
    keras = backend.keras()
    film, age = keras.Input((SIDE, SIDE, 1), name="film"), keras.Input((1,), name="age")
    pooled = keras.layers.GlobalMaxPooling2D()(film)
    answer = keras.layers.Dense(2, activation="softmax")(keras.layers.Concatenate()([pooled, age]))
    tf = backend.tensorflow()
    path = tmp_path / "own.tflite"
    for model, said in (
        (keras.Model([film, age], answer), "has 2 inputs .*age.*takes? a film alone"),
        (keras.Model(film, [pooled, keras.layers.Dense(2)(pooled)]), "has 2 outputs"),
    ):
        with backend.quiet_stderr():
            path.write_bytes(tf.lite.TFLiteConverter.from_keras_model(model).convert())
        with pytest.raises(UsageError, match=said):
            imported(path)


def test_two_signatures_are_named_and_no_loops_are_invented(tmp_path):
    tf = backend.tensorflow()

    class Two(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec((1, SIDE, SIDE, 1), tf.float32)])
        def classify(self, film):
            return {"p": tf.nn.softmax(tf.reduce_max(film, axis=(1, 2)) * tf.constant([[1.0, 2.0]]))}

        @tf.function(input_signature=[tf.TensorSpec((1, SIDE, SIDE, 1), tf.float32)])
        def embed(self, film):
            return {"e": tf.reduce_mean(film, axis=(1, 2))}

    module = Two()
    tf.saved_model.save(module, str(tmp_path / "saved"), {"classify": module.classify, "embed": module.embed})
    converter = tf.lite.TFLiteConverter.from_saved_model(
        str(tmp_path / "saved"), signature_keys=["classify", "embed"]
    )
    path = tmp_path / "own.tflite"
    with backend.quiet_stderr():
        path.write_bytes(converter.convert())
    with pytest.raises(UsageError, match=r"holds 2 networks under names of their own \(classify, embed\)"):
        imported(path)


def test_other_number_types_are_said(tmp_path, litert_network):
    from ai_edge_litert import schema_py_generated as schema

    model = read_tables(litert_network[0])
    graph = model.subgraphs[0]
    graph.tensors[int(graph.inputs[0])].type = schema.TensorType.INT64
    path = tmp_path / "own.tflite"
    path.write_bytes(packed(model))
    with pytest.raises(UsageError, match="takes int64; convert it with float32, uint8, int8 or int16 ends"):
        imported(path)


def test_the_range_stays_unsaid_only_until_a_file_was_read(tmp_path, litert_network):
    path = tmp_path / "own.tflite"
    path.write_bytes(litert_network[0])
    assert imported(path).layout == InputLayout()
    assert dataclasses.replace(ASIS, channels=3).factors[0].tolist() == [1, 1, 1]
