"""Contract of every registered architecture; the answers come from Keras applications and from hand-worked sums."""

import hashlib
import inspect
import re
import subprocess
import sys

import numpy as np
import pytest

from radlib.architectures.inputs import INPUT_RANGES, three_channels
from radlib.architectures.networks import build_network
from radlib.foundation import backend
from radlib.foundation.errors import UsageError
from radlib.foundation.registry import ARCHITECTURES
from radlib.runs.tasks import binary, findings

TASK = binary("pneumonia")
STUDENTS = ("student_tiny", "student_small", "student_separable")
NAMES = {
    "vgg16",
    "vgg19",
    "resnet50",
    "resnet101",
    "resnet152",
    "resnet50_v2",
    "resnet101_v2",
    "resnet152_v2",
    "inception_v3",
    "inception_resnet_v2",
    "xception",
    "densenet121",
    "densenet169",
    "densenet201",
    "nasnet_mobile",
    "nasnet_large",
    "mobilenet",
    "mobilenet_v2",
    "mobilenet_v3_small",
    "mobilenet_v3_large",
    "efficientnet_b0",
    "efficientnet_v2_b0",
    "resnet18",
    "resnet34",
    "resnet50_v1_5",
    "googlenet",
    "vgg16_dense",
    "student_tiny",
    "student_small",
    "student_separable",
}


def as_parameters(entries):
    """Parametrise over entries by name; the large ones are marked slow by a fact of the registry."""
    return [
        pytest.param(entry.name, marks=[pytest.mark.slow] if entry.facts.get("slow") else [])
        for entry in entries
    ]


def films(side, count=2):
    return np.random.default_rng(0).random((count, side, side, 1), dtype=np.float32)


def digest(model):
    return hashlib.sha256(b"".join(values.tobytes() for values in model.get_weights())).hexdigest()


# What is registered, without TensorFlow


def test_every_name_of_the_project_is_registered():
    assert set(ARCHITECTURES.names()) >= NAMES


def test_listing_architectures_imports_no_tensorflow():
    code = (
        "import sys, radlib.architectures.counting; from radlib.foundation.registry import ARCHITECTURES; ARCHITECTURES.names(); "
        "sys.exit(any(m in sys.modules for m in ('tensorflow', 'tf_keras', 'keras', 'h5py')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("entry", list(ARCHITECTURES), ids=lambda entry: entry.name)
def test_facts_and_documentation_are_complete(entry):
    assert entry.facts["family"]
    assert re.search(r"et al\.|and|Chollet", entry.facts["paper"])
    assert re.search(r"(19|20)\d\d, arXiv \d{4}\.\d{5}|\d\d, arXiv \d{4}\.\d{4}$", entry.facts["paper"])
    assert entry.facts["input_range"] in INPUT_RANGES
    assert entry.summary.endswith(".")
    signature = inspect.signature(entry.function)
    assert next(iter(signature.parameters)) == "input_shape"
    for parameter in entry.parameters:
        assert parameter.default is not inspect.Parameter.empty, parameter.name
        assert parameter.type and parameter.help, parameter.name


# Refusals, cheap for every architecture


@pytest.mark.parametrize("entry", list(ARCHITECTURES), ids=lambda entry: entry.name)
def test_too_small_a_film_is_refused_with_the_size_needed(entry):
    smallest = entry.facts["minimum_size"]
    with pytest.raises(
        UsageError, match=f"at least {smallest} × {smallest} px, not {smallest} × {smallest - 1}"
    ):
        build_network(entry.name, {}, TASK, (smallest, smallest - 1, 1))


def test_three_channels_are_refused():
    with pytest.raises(UsageError, match=r"\(height, width, 1\), not \(64, 64, 3\)"):
        build_network("student_tiny", {}, TASK, (64, 64, 3))


def test_an_unknown_option_names_the_known_ones():
    with pytest.raises(UsageError, match="alfa.*did you mean 'alpha'"):
        build_network("mobilenet_v2", {"alfa": 0.35}, TASK, (64, 64, 1))


@pytest.mark.parametrize(("name", "option"), [("mobilenet", "alpha"), ("student_tiny", "width")])
def test_a_multiplier_of_zero_is_refused(name, option):
    with pytest.raises(UsageError, match=f"{option}.*above 0 up to 64, not '0'"):
        build_network(name, {option: 0}, TASK, (64, 64, 1))


def test_a_dropout_of_one_is_refused():
    with pytest.raises(UsageError, match="dropout"):
        build_network("student_tiny", {}, TASK, (64, 64, 1), dropout=1.0)


# The contract, each network built once at its smallest size


@pytest.fixture(scope="module", params=as_parameters(ARCHITECTURES))
def built(request):
    side = ARCHITECTURES[request.param].facts["minimum_size"]
    return build_network(request.param, {}, TASK, (side, side, 1)), films(side)


def test_films_become_probabilities(built):
    model, images = built
    probabilities = model(images, training=False).numpy()
    assert probabilities.shape == (2, 2)
    assert np.isfinite(probabilities).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)


def test_one_grey_channel_in_and_the_shared_head_out(built):
    model, images = built
    assert model.input_shape == (None, *images.shape[1:])
    assert [layer.name for layer in model.layers[-2:]] == ["pooling", "predictions"]
    assert len(model.inputs) == len(model.outputs) == 1


def test_the_network_is_flat_and_without_lambda_layers(built):
    model, _ = built
    keras = backend.keras()
    assert not any(isinstance(layer, keras.layers.Lambda | keras.Model) for layer in model.layers)


def test_a_keras_file_answers_the_same(built, tmp_path):
    model, images = built
    model.save(tmp_path / "model.keras")
    again = backend.keras().models.load_model(tmp_path / "model.keras")
    # pooled features: untrained, some networks answer one half whatever they see
    before, after = (
        backend.keras().Model(m.input, m.get_layer("pooling").output)(images, training=False).numpy()
        for m in (model, again)
    )
    assert np.ptp(before) > 0
    np.testing.assert_array_equal(after, before)


# Input ranges, against the preprocessing that Keras publishes with each network


def published_application(entry):
    return getattr(backend.keras().applications, entry.facts["application"])


@pytest.mark.parametrize(
    "name",
    [e.name for e in ARCHITECTURES if "application" in e.facts and "application_options" not in e.facts],
)
def test_the_input_range_is_the_one_keras_publishes(name):
    entry = ARCHITECTURES[name]
    keras = backend.keras()
    grey = keras.Input((8, 8, 1))
    ours = keras.Model(grey, three_channels(grey, entry.facts["input_range"]))(films(8)).numpy()
    module = sys.modules[published_application(entry).__module__]
    published = module.preprocess_input(np.repeat(films(8) * 255, 3, axis=-1))
    np.testing.assert_allclose(ours, published, atol=1e-4)


@pytest.mark.parametrize("name", as_parameters(e for e in ARCHITECTURES if "application_options" in e.facts))
def test_networks_that_rescale_by_themselves_see_the_same(name):
    entry = ARCHITECTURES[name]
    ours = entry.function((32, 32, 1))
    published = published_application(entry)(include_top=False, weights=None, input_shape=(32, 32, 3))
    published.set_weights(ours.get_weights())
    colour = np.repeat(films(32) * 255, 3, axis=-1)
    np.testing.assert_allclose(ours(films(32)), published(colour), rtol=1e-3, atol=1e-4)


# Options, seeds, head


def test_alpha_makes_a_network_thinner():
    # 410,208 parameters without top are Keras' published count for alpha 0.35; head: 1280 * 2 + 2
    model = build_network("mobilenet_v2", {"alpha": 0.35}, TASK, (96, 96, 1))
    assert model.count_params() == 410_208 + 2_562


def test_findings_get_one_sigmoid_each():
    model = build_network("student_tiny", {}, findings(["effusion", "mass", "nodule"]), (32, 32, 1))
    assert model.output_shape == (None, 3)
    assert model.get_layer("predictions").activation.__name__ == "sigmoid"


def test_dropout_sits_before_the_head_and_acts_in_training_only():
    model = build_network("student_tiny", {}, TASK, (32, 32, 1), dropout=0.5)
    assert [layer.name for layer in model.layers[-3:]] == ["pooling", "dropout", "predictions"]
    assert model.get_layer("dropout").rate == 0.5
    images = films(32)
    np.testing.assert_array_equal(model(images, training=False), model(images, training=False))


@pytest.mark.parametrize("name", [*STUDENTS, "mobilenet"])
def test_a_seed_gives_its_own_initial_weights_and_names(name):
    first, again, other = (build_network(name, {}, TASK, (32, 32, 1), seed=seed) for seed in (3, 3, 4))
    assert digest(first) == digest(again) != digest(other)
    assert [layer.name for layer in first.layers] == [layer.name for layer in other.layers]


# The students: small, multiples of 8, friendly to pruning and to LiteRT


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        # kernels + four batch normalisation values a channel + the head's weights and biases
        ("student_tiny", 9 * (1 * 8 + 8 * 16 + 16 * 24) + 4 * 48 + 24 * 2 + 2),
        ("student_small", 9 * (1 * 16 + 16 * 24 + 24 * 32 + 32 * 64) + 4 * 136 + 64 * 2 + 2),
        (
            "student_separable",
            (9 * 16 + 16 * 32 + 32 * 64 + 64 * 64 + 64 * 128 + 128 * 128 + 128 * 128)
            + 9 * (16 + 32 + 64 + 64 + 128 + 128)
            + 4 * (16 + (16 + 32 + 64 + 64 + 128 + 128) + (32 + 64 + 64 + 128 + 128 + 128))
            + (128 * 2 + 2),
        ),
    ],
)
def test_students_have_the_parameters_of_their_drawing(name, parameters):
    assert build_network(name, {}, TASK, (64, 64, 1)).count_params() == parameters


@pytest.mark.parametrize("name", STUDENTS)
def test_student_channels_are_multiples_of_8_and_sit_in_convolutions(name):
    model = build_network(name, {"width": 1.3}, TASK, (64, 64, 1))
    convolutions = [layer for layer in model.layers if type(layer).__name__ == "Conv2D"]
    assert all(layer.filters % 8 == 0 for layer in convolutions)
    assert sum(layer.kernel.shape.num_elements() for layer in convolutions) > 0.85 * model.count_params()


@pytest.mark.parametrize("name", STUDENTS)
def test_students_can_be_wrapped_for_pruning_as_a_whole(name):
    model = build_network(name, {}, TASK, (32, 32, 1))
    wrapped = backend.tfmot().sparsity.keras.prune_low_magnitude(model)
    pruned = [layer for layer in wrapped.layers if any("mask" in w.name for w in layer.weights)]
    assert {layer.layer.name for layer in pruned} >= {
        layer.name for layer in model.layers if type(layer).__name__ == "Conv2D"
    }


@pytest.mark.filterwarnings("ignore:Statistics for quantized inputs")  # the converter, of any integer file
@pytest.mark.parametrize("name", STUDENTS)
def test_students_become_integer_only_litert_files(name, tmp_path):
    from ai_edge_litert.interpreter import Interpreter

    tf = backend.tensorflow()
    model, images = build_network(name, {}, TASK, (32, 32, 1)), films(32, 4)
    for layer in model.layers:
        if "norm" in layer.name:  # so that an untrained network answers more than one half
            layer.moving_variance.assign(layer.moving_variance * 0.05)
    assert abs(float(model(images[:1], training=False)[0, 0]) - 0.5) > 0.1
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_ops = [
        tf.lite.OpsSet.TFLITE_BUILTINS_INT8
    ]  # fails on any other operation
    converter.representative_dataset = lambda: ([image[None]] for image in images)
    with backend.quiet_stderr():
        content = converter.convert()
        interpreter = Interpreter(model_content=content, num_threads=1)
        interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], images[:1])
    interpreter.invoke()
    answer = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    np.testing.assert_allclose(answer, model(images[:1], training=False), atol=0.02)
    floats = [d["name"] for d in interpreter.get_tensor_details() if d["dtype"] == np.float32]
    assert len(floats) == 2, floats  # the film and the answer


@pytest.mark.slow
def test_a_resnet_of_half_the_width_has_a_quarter_of_the_weights():
    given = {"channels": 1, "input_range": "unit"}
    whole, half = (
        build_network("resnet18", {**given, **width}, binary("opacity"), (32, 32, 1)).count_params()
        for width in ({}, {"width": 0.5})
    )
    assert 0.24 < half / whole < 0.27


def test_student_small_learns_to_see_a_faint_disc():
    from sklearn.metrics import roc_auc_score

    generator = np.random.default_rng(0)
    ill = generator.random(600) < 0.5
    images = generator.normal(0.5, 0.1, (600, 64, 64)).astype(np.float32)
    rows, columns = np.ogrid[:64, :64]
    for k in np.flatnonzero(ill):
        y, x = generator.integers(12, 52, 2)
        images[k] += 0.12 * ((rows - y) ** 2 + (columns - x) ** 2 < 36)
    model = build_network("student_small", {}, TASK, (64, 64, 1), seed=0)
    model.compile("adam", "categorical_crossentropy")
    targets = np.stack([~ill, ill], axis=1).astype(np.float32)
    model.fit(images[:450, ..., None], targets[:450], batch_size=16, epochs=12, verbose=0)
    assert roc_auc_score(ill[450:], model.predict(images[450:, ..., None], verbose=0)[:, 1]) > 0.9
