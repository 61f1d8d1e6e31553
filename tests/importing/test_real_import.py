"""LiteRT files that others published, with real films: counted, taken as they are, and fed rightly or wrongly."""

import numpy as np
import pytest

from litert_variants import before_tf_2_4
from radlib import metrics
from radlib.architectures import counting
from radlib.formats.predictors import open_model
from radlib.foundation.errors import NotApplicable
from radlib.imaging.images import Preprocessing, prepare, read_image
from radlib.importing.answers import answers_for
from radlib.importing.guard import inspect
from radlib.importing.layout import InputLayout
from radlib.importing.reading import read_network
from radlib.runs import tasks
from radlib.runs.settings import Settings
from radlib.techniques.quantization.aeq_recipes import quantize, rule

pytestmark = pytest.mark.real_data


def films(shared_data, count: int, side: int, name: str = "bilinear"):
    """Prepared films of normal and of ill patients, uint8 (2 count, side, side)."""
    folders = (shared_data / "data" / "kermany224" / "test" / each for each in ("NORMAL", "PNEUMONIA"))
    paths = [path for folder in folders for path in sorted(folder.iterdir())[:count]]
    preparation = Preprocessing(side, resampling=name)
    return np.stack([prepare(read_image(path), preparation) for path in paths])


def predictions(content, folder, given):
    path = folder / "stored.tflite"
    path.write_bytes(content)
    with open_model(path) as predictor:
        return predictor.predict(given)


@pytest.fixture
def chest(shared_data):
    return shared_data / "weights" / "tflite_chest" / "pneumonia_model.tflite"


def read(path, layout, task=tasks.binary("pneumonia"), labels=("pneumonia",)):  # noqa: B008 (never changed)
    return read_network(inspect(path), layout, answers_for(task, labels), task, Settings())


def test_a_published_classifier_reads_films_when_it_is_fed_rightly(shared_data, chest, tmp_path):
    given, truth = films(shared_data, 40, 150), np.repeat([0, 1], 40)
    score = {}
    for ends in ((0, 1), (-1, 1)):
        content = read(chest, InputLayout(channels=3, range=ends)).model
        score[ends] = metrics.auroc(truth, predictions(content, tmp_path, given)[:, 1])
    assert score[0, 1] > 0.85 > score[-1, 1] + 0.1
    with pytest.raises(NotApplicable, match="already integer"):
        quantize(content, [rule(weight_bits=8)])


def test_the_filter_changes_answers(shared_data, chest, tmp_path):
    content = read(chest, InputLayout(channels=3)).model
    answers = {
        name: predictions(content, tmp_path, films(shared_data, 12, 150, name))
        for name in ("bilinear", "nearest", "bilinear_points")
    }
    assert abs(answers["nearest"] - answers["bilinear"]).max() > 0.01
    assert abs(answers["bilinear_points"] - answers["bilinear"]).max() > 1e-3


def test_the_age_of_a_published_file_changes_no_count(chest, tmp_path):
    old = tmp_path / "old.tflite"
    old.write_bytes(before_tf_2_4(chest.read_bytes()))
    assert counting.tflite_macs(old) == counting.tflite_macs(chest) > 200e6
    assert counting.tflite_weights(old)["values"].sum() == 109_889


@pytest.mark.parametrize(
    "name, side", [("mobilenet_v1_0.25_128_quant", 128), ("tf2_mobilenet_v2_1.0_224_ptq", 224)]
)
def test_published_files_of_integers_answer_as_by_themselves(shared_data, tmp_path, name, side):
    from ai_edge_litert.interpreter import Interpreter

    folder = shared_data / "weights" / "tflite_reference"
    labels = [
        f"{number} {line}"
        for number, line in enumerate((folder / "imagenet_labels_1001.txt").read_text().splitlines())
    ]
    path = folder / f"{name}.tflite"
    found = read(path, InputLayout(channels=3, range=None), tasks.classes(labels), labels)
    assert found.layout.range == pytest.approx((-1, 1), abs=0.02)
    given = films(shared_data, 3, side)
    answers = predictions(found.model, tmp_path, given)
    own = Interpreter(str(path))
    own.allocate_tensors()
    source, target = own.get_input_details()[0], own.get_output_details()[0]
    for film, answer in zip(given, answers, strict=True):
        own.set_tensor(
            source["index"], np.repeat(film[None, ..., None], 3, axis=3)
        )  # its bytes are the film's
        own.invoke()
        expected = own.get_tensor(target["index"])[0] * np.float32(target["quantization"][0])
        assert abs(answer - expected).max() <= 3.1 / 256 and answer.argmax() == expected.argmax()
