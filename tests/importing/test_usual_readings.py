"""A network that was told a wrong range or filter is seen on validation films, and nothing is chosen for anybody."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image

from radlib.formats.predictors import open_model
from radlib.foundation import backend
from radlib.imaging.resampling import FILTERS
from radlib.importing.answers import Answers
from radlib.importing.layout import InputLayout
from radlib.importing.litert_graph import rewritten, with_layout
from radlib.importing.originals import import_network
from radlib.importing.usual_readings import COLUMNS, sentences, try_readings, usual_ranges
from radlib.techniques.quantization.converter import convert

SIDE = 16
IMAGENET = InputLayout(channels=3, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))


def counts_bright_points(channels: int = 1):
    """A network that asks for points above 0.6, and is blind to anything else."""
    keras = backend.keras()
    layers = keras.layers
    film = keras.Input((SIDE, SIDE, channels))
    bright = layers.Conv2D(1, 1, activation="relu", name="bright")(film)
    model = keras.Model(film, layers.Dense(2, activation="softmax")(layers.GlobalAveragePooling2D()(bright)))
    model.get_layer("bright").set_weights([np.full((1, 1, channels, 1), 1 / channels), np.array([-0.6])])
    model.layers[-1].set_weights([np.array([[-60.0, 60.0]]), np.array([1.0, -1.0])])
    return model


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A study of PNG films with and without a bright square, twice as large as the network takes them."""
    root = tmp_path_factory.mktemp("squares")
    generator = np.random.default_rng(0)
    for label in ("clear", "ill"):
        (root / "films" / label).mkdir(parents=True)
        for number in range(60):
            film = generator.integers(20, 110, (2 * SIDE, 2 * SIDE)).astype(np.uint8)
            if label == "ill":
                film[8:20, 10:22] += 120
            Image.fromarray(film).save(root / "films" / label / f"p{number:03}{label}.png")
    path = root / "squares.yaml"
    settings = {
        "dataset": "folders", "data": str(root / "films"), "image_size": SIDE, "validation_fraction": 0.4,
        "dataset_options": {"positive": "ill", "negative": "clear"},
    }  # fmt: skip
    path.write_text(yaml.safe_dump({"test_is_public": False, "parameters": settings}))
    return path


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("theirs") / "theirs.tflite"
    path.write_bytes(convert(counts_bright_points()))
    return path


def brought(file, study, output, **how):
    layout = InputLayout(**how)
    return import_network(file, labels=["clear", "ill"], layout=layout, study=str(study), output=str(output))


def test_a_wrong_range_is_said_with_the_right_one(file, study, tmp_path):
    run, original = brought(file, study, tmp_path / "run", range=(-1, 1), mean=(1,))  # everything is dark
    table = try_readings(run, original, file)
    assert list(table.columns) == list(COLUMNS) and table["given"].sum() == 2
    assert set(table[table["question"] == "resampling"]["answer"]) == {f"resampling {f}" for f in FILTERS}
    ranges = table[table["question"] == "range"].set_index("answer")
    assert ranges.loc["range 0,1", "auroc"] > 0.95
    assert ranges.loc["range -1,1 mean 1 std 1", "auroc"] == 0.5
    assert ranges.loc["range 0,1", "difference_low"] > 0
    (line,) = sentences(table)
    assert "range 0,1 than with range -1,1 mean 1 std 1" in line and "0.500" in line
    pd.testing.assert_frame_equal(pd.read_csv(run.path("imports", "theirs.csv")), table)
    assert original.details["imported"]["layout"]["range"] == [-1, 1]  # nothing was chosen


def test_the_right_range_says_nothing(file, study, tmp_path):
    run, original = brought(file, study, tmp_path / "run")
    table = try_readings(run, original, file)
    assert sentences(table) == []
    given = table[table["given"]]
    assert (given["changed_decisions"] == 0).all() and given["difference"].isna().all()
    assert (table["films"] == table["films"].iloc[0]).all() and table["films"].iloc[0] > 20


def test_a_keras_file_is_asked_likewise(study, tmp_path):
    from radlib.formats.predictors import save_model

    path = tmp_path / "theirs.keras"
    save_model(counts_bright_points(), path)
    run, original = brought(path, study, tmp_path / "run", range=(-1, 1), mean=(1,))
    (line,) = sentences(try_readings(run, original, path))
    assert "range 0,1" in line


def test_the_filter_is_stored_and_obeyed(file, study, tmp_path):
    from radlib.datasets.films import open_films
    from radlib.deployment.own_films import read_described
    from radlib.imaging.images import prepare, read_image
    from radlib.techniques.building import build_variants

    how = {"labels": ["clear", "ill"], "layout": InputLayout(), "study": str(study), "chains": []}
    run, original = import_network(file, output=str(tmp_path / "run"), resampling="nearest", **how)
    assert run.settings.resampling == "nearest"
    _, record = read_described(run.path("variants", original.key))
    assert record["preparation"]["resampling"] == "nearest"
    films = open_films(run)
    assert build_variants(run, films) == [original]
    source = study.parent / "films" / "ill" / "p000ill.png"
    from radlib.deployment.own_films import predict_folder

    table = predict_folder(run.path("variants", original.key), source, compared=False)
    pixels = prepare(read_image(source), dataclasses.replace(films.preprocessing))
    with open_model(run.model_path(original)) as predictor:
        expected = predictor.predict(pixels[None])[0, 1]
    assert table["ill_probability"].iloc[0] == pytest.approx(expected, abs=1e-6)


def test_a_second_network_inherits_nothing_of_the_first(file, study, tmp_path):
    how = {"labels": ["clear", "ill"], "layout": InputLayout(), "study": str(study)}
    how["output"] = str(tmp_path / "run")
    import_network(file, name="first", resampling="area", chains=["int8"], **how)
    run, _ = import_network(file, name="second", **how)
    settings = {each.settings.tag: each.settings for each in run.networks()}
    assert settings["first"].resampling == "area" and settings["second"].resampling == "bilinear"
    assert settings["first"].chains == ["int8"] != settings["second"].chains


@pytest.mark.parametrize(
    "before", [InputLayout(), IMAGENET, InputLayout("NCHW", 3, (-1, 1)), InputLayout(range=(0, 255))]
)
@pytest.mark.parametrize("after", [{}, {"range": (0, 255)}, {"range": (-1, 1)}])
def test_another_layout_in_place_of_the_first(tmp_path, before, after):
    keras = backend.keras()
    shape = (SIDE, SIDE, before.channels) if before.layout == "NHWC" else (before.channels, SIDE, SIDE)
    film = keras.Input(shape)
    x = film if before.layout == "NHWC" else keras.layers.Permute((2, 3, 1))(film)
    x = keras.layers.GlobalMaxPooling2D()(keras.layers.Conv2D(4, 3, activation="relu")(x))
    content = convert(keras.Model(film, keras.layers.Dense(2, activation="softmax")(x)))
    later = dataclasses.replace(before, **after)
    finish = Answers("", (1, 0))
    direct = rewritten(content, later, finish, name="own.tflite")
    changed = with_layout(
        rewritten(content, before, finish, name="own.tflite"), before, later, name="own.tflite"
    )
    films = np.random.default_rng(0).random((3, SIDE, SIDE, 1), dtype=np.float32)
    answers = []
    for number, each in enumerate((direct, changed)):
        path = tmp_path / f"{number}.tflite"
        path.write_bytes(each)
        with open_model(path) as predictor:
            answers.append(predictor.predict(films))
    np.testing.assert_allclose(*answers, atol=1e-6)


def test_the_usual_ranges_hold_the_one_given():
    assert IMAGENET in usual_ranges(IMAGENET).values() and len(usual_ranges(IMAGENET)) == 5
    own = InputLayout(channels=3, range=(0, 2))
    assert len(usual_ranges(own)) == 6 and usual_ranges(own)["range 0,2 mean 0 std 1"] == own
    assert all(len(each.mean) == 1 for each in usual_ranges(InputLayout()).values())
