"""A network from elsewhere becomes an original: it answers as it did where it came from, and chains go on from it."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
import yaml

from drawn import SIDE, drawn_splits
from radlib.cli.series.plan import check_settings, tells_of
from radlib.datasets.dataset import Dataset
from radlib.foundation import backend
from radlib.foundation.errors import SetupError, UsageError
from radlib.imaging.images import Preprocessing
from radlib.importing import originals
from radlib.importing.answers import answers_for
from radlib.importing.guard import inspect
from radlib.importing.layout import InputLayout
from radlib.importing.originals import import_network
from radlib.importing.reading import read_network
from radlib.report import notebook_tables as tables
from radlib.runs import tasks
from radlib.runs.imported_networks import note_import, with_imports
from radlib.runs.runs import open_run
from radlib.runs.settings import Settings
from radlib.runs.studies import load_study
from radlib.techniques.building import build_variants, check_chain, compress
from radlib.training.baselines import original_format, train_baseline

# Keras 3 asks NumPy 2 in an outdated way when it saves; nothing of ours does
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
TASK = tasks.binary("opacity")
SETTINGS = Settings(image_size=SIDE)
IMAGENET = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}


def keras3():
    backend.tensorflow()
    import keras

    return keras


def outputs_of(model, films: np.ndarray) -> np.ndarray:
    return np.asarray(model(films, training=False))


def transfer_network(outputs: int = 1, activation: str | None = "sigmoid"):
    """A Keras 3 network as transfer learning makes it: films varied, a trunk inside, one sigmoid."""
    keras = keras3()
    layers = keras.layers
    keras.utils.set_random_seed(3)
    inside = keras.Input((8, 8, 6))
    x = layers.SeparableConv2D(8, 3, padding="same", activation="silu")(inside)
    x = layers.LeakyReLU(negative_slope=0.1)(layers.BatchNormalization()(x))
    trunk = keras.Model(inside, layers.Add()([x, layers.Conv2D(8, 1)(inside)]), name="trunk")
    film = keras.Input((SIDE, SIDE, 3))
    x = layers.RandomFlip()(layers.Rescaling(1.5, offset=-0.25)(film))
    x = layers.MaxPooling2D()(layers.Conv2D(6, 3, padding="same", activation="relu")(x))
    x = layers.Dropout(0.2)(layers.GlobalAveragePooling2D()(trunk(x)))
    model = keras.Model(film, layers.Dense(outputs, activation=activation)(x))
    generator = np.random.default_rng(0)
    for weight in model.weights:
        if "seed" not in weight.path:
            weight.assign(np.abs(generator.normal(0.2, 0.2, weight.shape)) if "variance" in weight.path
                          else generator.normal(0, 0.4, weight.shape))  # fmt: skip
    return model


def plain_litert(
    shape: tuple[int, int, int] = (SIDE, SIDE, 3), outputs: int = 2, activation=None, order=(1, 2, 3)
) -> tuple:
    """A LiteRT file of TensorFlow's own converter, and the function that it computes; the batch is left open."""
    tf, keras = backend.tensorflow(), backend.keras()
    keras.utils.set_random_seed(1)
    layers = keras.layers
    film = keras.Input(shape)
    x = film if order == (1, 2, 3) else layers.Permute(order)(film)
    x = layers.Conv2D(64, 3, strides=2, activation="relu")(x)
    x = layers.DepthwiseConv2D(3, activation="relu")(x)
    model = keras.Model(
        film, layers.Dense(outputs, activation=activation)(layers.GlobalAveragePooling2D()(x))
    )
    with backend.quiet_stderr():
        return tf.lite.TFLiteConverter.from_keras_model(model).convert(), model


def imported(path, layout: InputLayout, labels, answers: str = "probabilities", task=TASK):
    return read_network(inspect(path), layout, answers_for(task, labels, answers), task, SETTINGS)


def predictions(content, folder, films: np.ndarray) -> np.ndarray:
    from radlib.formats.predictors import open_model, save_model

    path = folder / f"stored.{content.format}"
    save_model(content.model, path)
    with open_model(path) as predictor:
        return predictor.predict(films)


@pytest.fixture(scope="module")
def films() -> np.ndarray:
    return np.random.default_rng(5).random((4, SIDE, SIDE, 1), dtype=np.float32)


def test_a_keras_3_file_with_a_model_inside_answers_as_keras_3_does(tmp_path, films):
    model = transfer_network()
    model.save(tmp_path / "own.keras")
    layout = InputLayout(channels=3, range=(-1, 1))
    content = imported(tmp_path / "own.keras", layout, ["opacity"])
    expected = outputs_of(model, layout.apply(films))
    assert np.ptp(expected) > 1e-3  # it tells films apart
    answers = predictions(content, tmp_path, films)
    np.testing.assert_allclose(answers, np.concatenate([1 - expected, expected], axis=1), atol=1e-6)
    names = [type(layer).__name__ for layer in content.model.layers]
    assert "Functional" not in names and "RandomFlip" not in names and names[-1] == "Dense"


def test_a_sequential_keras_3_file_of_logits_in_another_order(tmp_path, films):
    keras = keras3()
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((None, None, 1)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalMaxPooling2D(),
            layers.Dense(3),
        ]
    )
    model.save(tmp_path / "own.keras")
    task, labels = tasks.classes(["a", "b", "c"]), ["c", "a", "b"]
    content = imported(tmp_path / "own.keras", InputLayout(range=(0, 255)), labels, "logits", task)
    logits = outputs_of(model, films * 255)[:, [1, 2, 0]]
    expected = np.exp(logits - logits.max(axis=1, keepdims=True))
    np.testing.assert_allclose(
        predictions(content, tmp_path, films), expected / expected.sum(axis=1, keepdims=True), atol=1e-5
    )


def test_a_keras_2_file_of_ours_comes_back_bit_for_bit(tmp_path, films):
    from drawn import small_network
    from radlib.formats.predictors import save_model

    model = small_network(dropout=0.1)
    save_model(model, tmp_path / "own.keras")
    content = imported(tmp_path / "own.keras", InputLayout(), TASK.outputs)
    for before, after in zip(model.get_weights(), content.model.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)
    np.testing.assert_array_equal(outputs_of(model, films), outputs_of(content.model, films))


@pytest.mark.parametrize(
    "shape, order", [((SIDE, SIDE, 3), (1, 2, 3)), ((3, SIDE, SIDE), (2, 3, 1))], ids=["NHWC", "NCHW"]
)
def test_a_litert_file_takes_grey_films_and_answers_in_probabilities(tmp_path, films, shape, order):
    path = tmp_path / "own.tflite"
    content, model = plain_litert(shape, order=order)
    path.write_bytes(content)
    layout = InputLayout("NHWC" if order == (1, 2, 3) else "NCHW", 3, **IMAGENET)
    found = imported(path, layout, ["opacity", "normal"], "logits", tasks.binary("opacity"))
    logits = outputs_of(model, layout.apply(films))[:, ::-1]
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(predictions(found, tmp_path, films), expected, atol=1e-6)
    assert found.input_shape == (SIDE, SIDE, 1) and found.facts["difference"] < 1e-6


def test_one_sigmoid_becomes_two_probabilities_and_findings_keep_theirs(tmp_path, films):
    path = tmp_path / "own.tflite"
    content, model = plain_litert(outputs=1, activation="sigmoid")
    path.write_bytes(content)
    layout = InputLayout(channels=3)
    expected = outputs_of(model, layout.apply(films))
    answers = predictions(imported(path, layout, ["opacity"]), tmp_path, films)
    np.testing.assert_allclose(answers, np.concatenate([1 - expected, expected], axis=1), atol=1e-6)
    content, model = plain_litert(outputs=3)
    path.write_bytes(content)
    found = imported(path, layout, ["c", "a", "b"], "logits", tasks.findings(["a", "b", "c"]))
    logits = outputs_of(model, layout.apply(films))[:, [1, 2, 0]]
    np.testing.assert_allclose(predictions(found, tmp_path, films), 1 / (1 + np.exp(-logits)), atol=1e-6)


def test_a_file_that_keeps_the_contract_gets_no_tensor_more_and_can_be_calibrated(tmp_path, films):
    from ai_edge_litert import schema_py_generated as schema

    from radlib.techniques.quantization.aeq_recipes import quantize, rule

    path = tmp_path / "own.tflite"
    content, model = plain_litert((SIDE, SIDE, 1), activation="softmax")
    path.write_bytes(content)
    found = imported(path, InputLayout(), TASK.outputs)
    before, after = (schema.ModelT.InitFromPackedBuf(each, 0).subgraphs[0] for each in (content, found.model))
    assert len(after.tensors) == len(before.tensors) and len(after.operators) == len(before.operators)
    assert len(quantize(found.model, [rule(weight_bits=8, activation_bits=8)], films)) > 0
    np.testing.assert_allclose(predictions(found, tmp_path, films), outputs_of(model, films), atol=1e-6)


@pytest.mark.parametrize(
    "layout, labels, answers, said",
    [
        (InputLayout(), ["normal", "opacity"], "logits", "16 × 16 × 3, which is not NHWC with 1 channel,"),
        (InputLayout("NCHW", 3), ["normal", "opacity"], "logits", "not NCHW with 3 channels"),
        (InputLayout(channels=3), ["normal", "opacity"], "probabilities", "say --answers logits"),
        (InputLayout(channels=3), ["opacity"], "logits", "has 2 outputs, but the labels name 1"),
        (InputLayout(channels=3), ["normal", "tumour"], "logits", "it asks for normal, opacity"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_remedy(tmp_path, layout, labels, answers, said):
    path = tmp_path / "own.tflite"
    path.write_bytes(plain_litert()[0])
    with pytest.raises(UsageError, match=said):
        imported(path, layout, labels, answers)


@pytest.mark.parametrize(
    "wrong",
    [
        {"layout": "HWCN"},
        {"channels": 2},
        {"range": (1, 0)},
        {"std": (0,)},
        {"mean": (1, 2, 3)},
        {"mean": (float("nan"),)},
    ],
)
def test_a_layout_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(UsageError):
        InputLayout(**wrong)


def test_the_layout_does_to_a_film_what_its_formula_says():
    layout = InputLayout("NCHW", 3, (0, 255), mean=(10, 20, 30), std=(2, 4, 5))
    given = layout.apply(np.full((1, 2, 2, 1), 0.5, np.float32))
    assert given.shape == (1, 3, 2, 2)
    np.testing.assert_allclose(
        given[0, :, 0, 0], [(127.5 - 10) / 2, (127.5 - 20) / 4, (127.5 - 30) / 5], rtol=1e-6
    )
    assert InputLayout.from_dict(json.loads(json.dumps(layout.to_dict()))) == layout


def test_the_record_says_what_happens_inside_and_keeps_its_digest():
    plain = Preprocessing(64)
    told = dataclasses.replace(plain, inside_network=InputLayout(channels=3).to_dict())
    assert told.digest() == plain.digest() and told == plain
    assert Preprocessing.from_dict(told.to_dict()).inside_network["channels"] == 3
    assert "inside_network" not in plain.to_dict()


# --- in a run


@pytest.fixture
def study(tmp_path, monkeypatch):
    """A study of the drawn squares, as a file; its data set asks the drawn task."""
    path = tmp_path / "squares.yaml"
    settings = {"image_size": SIDE, "chains": ["int8"], "representative_films": 16, "batch_size": 16}
    path.write_text(yaml.safe_dump({"test_is_public": False, "parameters": settings}))
    index = pd.DataFrame(
        {"image_id": ["a"], "patient_id": ["p"], "opacity": [1], "split": ["training"], "path": [""]}
    )
    dataset = Dataset(index, TASK, None, name="squares", title="Drawn squares")
    monkeypatch.setattr(originals, "load_dataset", lambda settings: dataset)
    return path


def test_a_litert_file_becomes_an_original_with_the_four_options(tmp_path, study):
    path = tmp_path / "own network-1.tflite"
    path.write_bytes(plain_litert()[0])
    layout = InputLayout(channels=3, **IMAGENET)
    how = {
        "labels": TASK.outputs,
        "layout": layout,
        "answers": "logits",
        "study": str(study),
        "output": str(tmp_path / "run"),
    }
    run, original = import_network(path, **how)
    assert (
        original.name == "imported@own_network_1/original#0"
        and original.format == original_format(run) == "tflite"
    )
    films = drawn_splits()
    variants = build_variants(run, films)
    assert [v.chain_text for v in variants] == ["original", "dynamic", "float16", "int8"]
    assert variants[1].size_bytes < variants[0].size_bytes and variants[3].parent == original.name
    for variant in variants:  # every variant, and so every export, says what its file does with a film
        record = json.loads(run.model_path(variant).with_name("preprocessing.json").read_text())
        assert InputLayout.from_dict(record["inside_network"]) == layout
        assert variant.preprocessing == films.preprocessing.digest()
    sizes = tables.size_table(run, variants)
    weight_bytes = sizes["compression"] * sizes["size_bytes"]  # of the original, whatever the variant
    assert weight_bytes.min() > 4 * 300 and np.ptp(weight_bytes) < 1e-6
    assert set(variants[3].details["representative_films"]) <= set(films.training.image_ids)
    with pytest.raises(UsageError, match="cannot follow 'an imported LiteRT file'"):
        check_chain("magnitude_pruning", original="tflite")
    assert (
        not tells_of("04_quantize", run)
        and not tells_of("02_train", run)
        and tells_of("05_infer", run) is False
    )
    assert import_network(path, **how)[1] == original  # a second time: found again
    with pytest.raises(UsageError, match="was made otherwise"):
        import_network(path, **{**how, "layout": InputLayout(channels=3)})


def test_a_keras_file_takes_keras_techniques(tmp_path, study):
    transfer_network(2, "softmax").save(tmp_path / "own.keras")
    run, original = import_network(
        tmp_path / "own.keras",
        labels=TASK.outputs,
        layout=InputLayout(channels=3),
        study=str(study),
        output=str(tmp_path / "run"),
    )
    assert run.settings.chains == ["int8"] and run.settings.architecture == "imported"
    check_settings([run])
    films = drawn_splits()
    assert train_baseline(run, films) == original and original_format(run) == "keras"
    pruned = compress(run, films, "magnitude_pruning(pruning_epochs=1)")
    assert pruned.parent == original.name and pruned.format == "keras"
    assert tells_of("04_quantize", run) and not tells_of("02_train", run)


def test_an_imported_network_takes_the_place_of_the_studys_or_stands_beside(tmp_path, study):
    definition = load_study(str(study))
    folder = tmp_path / "run"
    folder.mkdir()
    assert with_imports(definition, folder) is definition
    own = {"architecture": "imported", "tag": "mine", "image_size": SIDE}
    note_import(folder, own, beside=False)
    assert [s.tag for s in with_imports(definition, folder).network_settings()] == ["mine"]
    note_import(folder, {**own, "tag": "second"}, beside=True)
    found = with_imports(definition, folder).network_settings()
    assert [s.architecture for s in found] == ["student_small", "imported", "imported"]
    assert [s.tag for s in found] == ["", "mine", "second"]


def test_what_is_missing_damaged_or_asked_otherwise_is_said(tmp_path, study):
    path = tmp_path / "own.tflite"
    path.write_bytes(plain_litert()[0])
    how = {
        "labels": TASK.outputs,
        "layout": InputLayout(channels=3),
        "answers": "logits",
        "study": str(study),
    }
    run, original = import_network(path, output=str(tmp_path / "run"), **how)
    films = drawn_splits()
    other = dataclasses.replace(films, preprocessing=Preprocessing(SIDE, "pad"))
    with pytest.raises(UsageError, match="prepared otherwise"):
        train_baseline(run, other)
    run.model_path(original).write_bytes(b"x" * 100)
    with pytest.raises(SetupError, match="missing or damaged"):
        train_baseline(run, films)
    empty = open_run(str(tmp_path / "other"), study=str(study), architecture="imported", tag="nothing")
    with pytest.raises(UsageError, match="radlib import FILE --name nothing"):
        train_baseline(empty, films)
    with pytest.raises(UsageError, match="--architecture"):
        weights = tmp_path / "weights.npz"
        np.savez(weights, kernel=np.zeros(30))
        import_network(weights, output=str(tmp_path / "third"), **how)
