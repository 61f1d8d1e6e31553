"""AI Edge recipes, clustering and quantization-aware training: what each claims, read from the files they write."""

from dataclasses import replace

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from drawn import SIDE, drawn_settings, drawn_splits, small_network
from made_once import trained_network
from radlib.architectures.networks import build_network
from radlib.formats.predictors import open_model
from radlib.foundation import backend
from radlib.foundation.errors import UsageError
from radlib.foundation.registry import TECHNIQUES
from radlib.runs import tasks
from radlib.techniques.building import check_chain, kinds_taken
from radlib.techniques.data import TechniqueData
from radlib.techniques.deep_compression.clustering import clustering
from radlib.techniques.kernels import clusterable_layers, clustered_layers, sparse_layers, unique_values
from radlib.techniques.quantization.aeq import aeq_int4
from radlib.techniques.quantization.aeq_recipes import operations, quantize, rule
from radlib.techniques.quantization.converter import convert
from radlib.techniques.quantization.fake_quantization import fake_quantized, split_front, start_ranges
from radlib.techniques.quantization.qat import qat
from radlib.techniques.quantization.rounding import code_table, octav_clip

RECIPES = [entry.name for entry in TECHNIQUES if "tflite" in kinds_taken(entry)]
CODED = [name for name in RECIPES if name != "float16"]  # weights become codes of 8 or 4 bits


@pytest.fixture(scope="module")
def films():
    return drawn_splits(training=288)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    return trained_network(tmp_path_factory.mktemp("trained"), pointwise=48)


@pytest.fixture(scope="module")
def pruned(trained):
    """A copy of the trained network whose smallest weights are zero, 70 % of each inner kernel."""
    copy = backend.keras().models.clone_model(trained)
    copy.set_weights(trained.get_weights())
    for name in ("middle", "mix", "deep"):
        kernel = copy.get_layer(name).kernel
        values = kernel.numpy()
        kernel.assign(np.where(abs(values) > np.quantile(abs(values), 0.7), values, 0))
    return copy


@pytest.fixture
def data(films, tmp_path):
    return TechniqueData(films, drawn_settings(), tmp_path / "checkpoints")


@pytest.fixture(scope="module")
def float_file(trained):
    return convert(trained)


@pytest.fixture(scope="module")
def recipe_files(films, float_file):
    """What every recipe makes of the same float32 file."""
    data = TechniqueData(films, drawn_settings(), None)
    return {
        name: TECHNIQUES[name].function(float_file, data, **TECHNIQUES[name].complete({})) for name in RECIPES
    }


def outputs(content, films, tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes(content)
    with open_model(path) as predictor:
        return predictor.predict(films.images(np.arange(len(films))))


def kernels(content):
    """The kernels of a LiteRT file by the name of their layer, integer codes (out, h, w, in)."""
    interpreter = Interpreter(model_content=content)
    interpreter.allocate_tensors()
    return {
        name: interpreter.get_tensor(tensor["index"])
        for tensor in interpreter.get_tensor_details()
        for name in ("first", "middle", "mix", "deep")
        if len(tensor["shape"]) == 4 and tensor["shape"][0] > 1 and name in tensor["name"].split("/FusedB")[0]
    }


# --- AI Edge recipes


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_answers_nearly_as_float32_does(name, films, float_file, recipe_files, tmp_path):
    reference = outputs(float_file, films.validation, tmp_path)
    found = outputs(recipe_files[name].payload, films.validation, tmp_path)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=0.02)
    assert 0 < abs(found - reference).max() < (0.2 if name == "aeq_int4" else 0.05)
    ends = Interpreter(model_content=recipe_files[name].payload)
    assert ends.get_input_details()[0]["dtype"] == np.float32 == ends.get_output_details()[0]["dtype"]


def test_recipes_store_what_they_say(float_file, recipe_files):
    size = {name: len(product.payload) for name, product in recipe_files.items()}
    assert max(size[name] for name in CODED) < 0.45 * len(float_file)
    assert size["float16"] < 0.6 * len(float_file)
    assert size["aeq_int4"] <= min(size.values())
    assert size["mixed_precision"] < min(size[name] for name in ("int8", "dynamic", "aeq_weight_only"))
    for name in ("int8", "int16x8"):
        assert recipe_files[name].details["representative_films"]
    activations = {tensor["dtype"] for tensor in details(recipe_files["int16x8"].payload)}
    assert np.int16 in activations
    for product in map(recipe_files.get, CODED):
        assert product.details["recipe"][0]["op_config"]["weight_tensor_config"]["num_bits"] == 8


def details(content):
    return Interpreter(model_content=content).get_tensor_details()


def test_four_bits_are_half_of_eight():
    """Of a network that is nearly all kernels: 64 × 64 × 9 weights in the middle."""
    wide = convert(small_network(filters=(64, 64, 64)))
    data = TechniqueData(drawn_splits(), drawn_settings(), None)
    eight = TECHNIQUES["dynamic"].function(wide, data)
    four, unspared = aeq_int4(wide, data), aeq_int4(wide, data, spared_bits=4)
    assert len(four.payload) / len(eight.payload) == pytest.approx(0.5, abs=0.06)
    assert len(unspared.payload) <= len(four.payload)


def test_ranges_of_int4_are_those_that_octav_finds(float_file, recipe_files):
    """The quantizer's ranges against our own Newton iteration; the kernel in the file has its batch norm folded in."""
    kernel = kernels(float_file)["deep"]
    (scales,) = (
        tensor["quantization_parameters"]["scales"]
        for tensor in details(recipe_files["aeq_int4"].payload)
        if tuple(tensor["shape"]) == kernel.shape
    )
    np.testing.assert_allclose(scales * 7, octav_clip(kernel.reshape(len(kernel), -1), bits=4), rtol=0.02)


def test_codes_of_four_bits_are_read_from_the_file(recipe_files):
    table = code_table({name: recipe_files[name].payload for name in CODED}).set_index("label")
    assert table.loc["aeq_int4", "codes_per_channel"] <= 15 < table.loc["int8", "codes_per_channel"]
    assert table.loc["aeq_int4", "entropy_bits"] < 5 < table.loc["int8", "entropy_bits"] < 8


@pytest.fixture(scope="module")
def scaling_file():
    """A network that scales its film to [-1, 1] and pads it with zeros, so that the scaling cannot be folded in."""
    keras = backend.keras()
    film = keras.Input((32, 32, 1))
    x = keras.layers.Rescaling(2.0, offset=-1.0)(keras.layers.Concatenate()([film, film, film]))
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(8, 3, padding="same")(x))
    return convert(keras.Model(film, keras.layers.Dense(2, activation="softmax")(x)))


def test_the_film_is_scaled_in_float_before_a_calibrated_file_rounds_it(scaling_file, tmp_path):
    """LiteRT does not run the int16 additions that this scaling would become."""
    content = scaling_file
    assert [name for name, _ in operations(content)][:4] == ["CONCATENATION", "MUL", "ADD", "CONV_2D"]
    films = drawn_splits()
    images = np.random.default_rng(0).random((8, 32, 32, 1)).astype(np.float32)

    class Drawn(TechniqueData):
        def representative(self, count, *, seed):
            return images, ["0"]

    product = TECHNIQUES["int16x8"].function(content, Drawn(films, drawn_settings(), None))
    steps = [name for name, _ in operations(product.payload)]
    assert steps.index("MUL") < steps.index("QUANTIZE") < steps.index("CONV_2D")
    path = tmp_path / "model.tflite"
    path.write_bytes(product.payload)
    with open_model(path) as predictor:
        assert np.isfinite(predictor.predict(images)).all()


def test_what_a_recipe_refuses_is_said_with_what_to_do(scaling_file):
    """OCTAV has symmetric ranges only; the constants of an int8 addition have others."""
    images = np.zeros((2, 32, 32, 1), np.float32)
    with pytest.raises(UsageError, match=r"cannot apply this recipe.*symmetr.*Take `dynamic`"):
        quantize(scaling_file, [rule(weight_bits=8, activation_bits=8, algorithm="OCTAV")], images)


def test_calibration_keeps_the_extremes_of_all_films(films, float_file, tmp_path):
    """The last of many films is the only bright one: a moving average would clip it."""
    images = films.training.images(np.arange(40)) * 0.05
    images[-1] = 1.0
    content = quantize(float_file, [rule(weight_bits=8, activation_bits=8)], images)
    first = Interpreter(model_content=content).get_input_details()[0]
    scale, zero = first["quantization"]
    assert (127 - zero) * scale == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize(
    ("chain", "reason"),
    [
        (
            "int8+int8",
            "'int8' cannot follow 'int8'.*takes a keras or tflite model and would get a quantized tflite one",
        ),
        ("float32+int8+aeq_int4", "'aeq_int4' cannot follow 'int8'.*quantized tflite"),
        ("qat+dynamic", "'dynamic' cannot follow 'qat'.*quantized tflite"),
        ("float16+int8", "cannot follow 'float16'"),
        (
            "float32+int8_io",
            "'int8_io' cannot follow 'float32'.*takes a keras model and would get a tflite one",
        ),
        ("aeq_int4", "takes a tflite model and would get a keras one"),
    ],
)
def test_nothing_is_quantized_twice(chain, reason):
    with pytest.raises(UsageError, match=reason):
        check_chain(chain)


@pytest.mark.parametrize(
    "chain",
    [
        "float32+dynamic",
        "magnitude_pruning+float32+aeq_int4",
        "magnitude_pruning+clustering+qat",
        "clustering+int8",
    ],
)
def test_sensible_products_are_legal(chain):
    assert len(check_chain(chain)) == chain.count("+") + 1


@pytest.mark.parametrize("name", ["dynamic", "float16", "int8", "int16x8"])
def test_one_name_quantizes_networks_and_files(name):
    assert len(check_chain(name)) == len(check_chain(name, original="tflite")) == 1
    with pytest.raises(UsageError, match=f"'aeq_{name}' is called '{name}' now; write that instead"):
        check_chain(f"float32+aeq_{name}")


# --- clustering


@pytest.mark.parametrize("initialisation", ["k-means++", "linear", "density"])
def test_every_start_gives_as_few_values_as_asked(initialisation, trained, data):
    data = replace(data, films=drawn_splits(training=32, validation=16, test=8))
    product = clustering(trained, data, clusters=8, initialisation=initialisation, clustering_epochs=1)
    counts = unique_values(product.payload, ["middle", "mix", "deep"])
    assert product.details["unique_values"] == counts
    assert max(counts.values()) <= 8
    assert unique_values(product.payload, ["first"])["first"] > 8
    assert clustered_layers(product.payload) == ["middle", "mix", "deep"]
    assert clustered_layers(trained) == []


def test_clustering_keeps_zeros_where_they_are(pruned, data):
    product = clustering(pruned, data, clusters=8, clustering_epochs=1)
    for name in ("middle", "mix", "deep"):
        before, after = (model.get_layer(name).kernel.numpy() for model in (pruned, product.payload))
        assert (after[before == 0] == 0).all()
    assert product.details["sparsity"] >= 0.69
    assert clustered_layers(pruned) == []  # pruned is not clustered
    assert sparse_layers(product.payload, ["middle", "mix", "deep"]) == ["middle", "mix", "deep"]


def test_kernels_too_small_for_so_many_values_are_left_alone(trained, data):
    assert clusterable_layers(trained, 16) == ["middle", "mix", "deep"]
    assert clusterable_layers(trained, 200) == ["middle", "deep"]
    tiny = small_network(filters=(4, 4, 4))
    with pytest.raises(UsageError, match="No layer of this network has kernels worth 256 values"):
        clustering(tiny, data, clusters=256)


# --- quantization-aware training


@pytest.fixture(scope="module")
def trained_so(films, trained, pruned, tmp_path_factory):
    """QAT of the same network as it is, pruned, clustered, and both; the parents beside."""
    some = drawn_splits(training=64, validation=16, test=8)

    def data(name):
        return TechniqueData(some, drawn_settings(), tmp_path_factory.mktemp(name))

    parents = {
        "nothing": trained,
        "sparsity": pruned,
        "clusters": clustering(trained, data("c"), clusters=8, clustering_epochs=1).payload,
        "sparsity and clusters": clustering(pruned, data("pc"), clusters=8, clustering_epochs=1).payload,
    }
    return {name: (parent, qat(parent, data(name), qat_epochs=1)) for name, parent in parents.items()}


@pytest.mark.parametrize("kept", ["nothing", "sparsity", "clusters", "sparsity and clusters"])
def test_qat_keeps_what_its_parent_was(kept, trained_so):
    parent, product = trained_so[kept]
    assert product.details["preserves"] == kept
    codes = kernels(product.payload)
    assert {values.dtype for values in codes.values()} == {np.dtype(np.int8)}
    for name in ("middle", "mix", "deep"):
        before = (
            parent.get_layer(name).kernel.numpy().transpose(3, 0, 1, 2)
        )  # (out, h, w, in), as LiteRT has it
        if "sparsity" in kept:
            assert (codes[name][before == 0] == 0).all(), "a zero was given another value"
            assert (codes[name] == 0).mean() == pytest.approx((before == 0).mean(), abs=0.03)
        else:
            assert (codes[name] == 0).mean() < 0.1
        most = max(len(np.unique(channel)) for channel in codes[name])
        assert most <= 8 if "clusters" in kept else most > 8
        if "clusters" in kept:  # one list for all channels, at the scale of its largest value in each
            assert len(np.unique(codes[name])) <= 8 * 8


@pytest.mark.parametrize("kept", ["nothing", "sparsity", "clusters", "sparsity and clusters"])
def test_qat_gives_a_file_that_reads_films(kept, trained_so, films, tmp_path):
    found = outputs(trained_so[kept][1].payload, films.validation, tmp_path)
    assert ((found[:, 1] > 0.5) == films.validation.labels[:, 0]).mean() > 0.9
    assert not trained_so[kept][1].history.empty


def test_ranges_start_from_films_and_not_from_plus_minus_six(films, trained):
    """With the right ranges the network that rounds answers as the one that does not, untrained."""
    images = films.training.images(np.arange(64))
    rounding = fake_quantized(trained)
    reference = trained.predict(images, verbose=0)
    start_ranges(rounding, images)
    rounding.compile(backend.keras().optimizers.SGD(0.0), "categorical_crossentropy")
    rounding.train_on_batch(images[:1], reference[:1])  # sets the ranges of the weights
    np.testing.assert_allclose(rounding.predict(images, verbose=0), reference, atol=0.06)
    film = next(layer for layer in rounding.layers if layer.name.startswith("quantize_layer"))
    low, high = (
        next(float(v) for v in film.variables if v.name.endswith(f"_{end}:0")) for end in ("min", "max")
    )
    assert low == pytest.approx(0.0, abs=1e-6)
    assert high == pytest.approx(images.max(), abs=1e-6)


def test_the_scaling_of_the_film_is_cut_off_and_put_back():
    keras = backend.keras()
    film = keras.Input((SIDE, SIDE, 1))
    scaled = keras.layers.Rescaling(2.0, offset=-1.0, name="input_range")(film)
    x = keras.layers.ReLU()(keras.layers.Conv2D(8, 3, name="first")(scaled))
    model = keras.Model(film, keras.layers.Dense(2, activation="softmax")(keras.layers.Flatten()(x)))
    images = np.random.default_rng(0).random((4, SIDE, SIDE, 1)).astype(np.float32)
    front, body = split_front(model)
    np.testing.assert_allclose(
        body.predict(front.predict(images, verbose=0), verbose=0), model.predict(images, verbose=0), atol=1e-6
    )
    rounding = fake_quantized(model)
    assert rounding.input_shape == model.input_shape
    assert split_front(small_network())[0] is None


def test_batch_norm_after_no_convolution_and_average_pooling_are_trained_too(tmp_path):
    """As DenseNet has them: a concatenation, its own batch norm, and pooling that must keep its input's range."""
    keras, layers = backend.keras(), backend.keras().layers
    film = x = keras.Input((SIDE, SIDE, 1))
    x = layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(8, 3, padding="same", use_bias=False)(x)))
    x = layers.Concatenate()([x, layers.Conv2D(4, 3, padding="same")(x)])
    x = layers.AveragePooling2D()(layers.ReLU()(layers.BatchNormalization(name="free")(x)))
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(8, 1)(x))
    model = keras.Model(film, layers.Dense(2, activation="softmax")(x))
    images = np.random.default_rng(0).random((8, SIDE, SIDE, 1)).astype(np.float32)
    answers_as_its_file(model, images, tmp_path)


def test_a_separable_layer_leaves_a_layer_that_keras_named_itself_its_weights():
    """As Keras's Xception has them: a shortcut `conv2d`, loaded by a process that has named no layer yet."""
    keras, layers = backend.keras(), backend.keras().layers
    keras.utils.set_random_seed(1)
    film = keras.Input((SIDE, SIDE, 1))
    x = layers.ReLU()(layers.Conv2D(8, 3, padding="same", name="stem")(film))
    shortcut = layers.Conv2D(16, 1, name="conv2d")(x)
    separable = layers.SeparableConv2D(16, 3, padding="same", name="apart")(x)
    x = layers.GlobalAveragePooling2D()(layers.ReLU()(layers.Add()([shortcut, separable])))
    model = keras.Model(film, layers.Dense(3, activation="softmax", name="predictions")(x))
    head = model.get_layer("predictions")
    head.set_weights([weights * 5 for weights in head.get_weights()])
    images = np.random.default_rng(0).random((4, SIDE, SIDE, 1)).astype(np.float32)
    keras.backend.reset_uids()  # the names of a fresh process
    rounding = fake_quantized(model)
    start_ranges(rounding, images)
    kernels = {
        layer.layer.name: layer.layer.kernel
        for layer in rounding.layers
        if hasattr(layer, "layer") and hasattr(layer.layer, "kernel")
    }
    np.testing.assert_array_equal(kernels["conv2d"], model.get_layer("conv2d").kernel)
    np.testing.assert_array_equal(kernels["apart"], model.get_layer("apart").pointwise_kernel)
    np.testing.assert_allclose(rounding(images), model(images), atol=0.05)


def answers_as_its_file(network, images, folder):
    """One step without learning: the int8 file answers as the network that rounds."""
    rounding = fake_quantized(network)
    start_ranges(rounding, images)
    rounding.compile(backend.keras().optimizers.SGD(0.0), "categorical_crossentropy")
    rounding.train_on_batch(images, network.predict(images, verbose=0))

    def options(tf, converter):
        converter.optimizations = [tf.lite.Optimize.DEFAULT]

    simulated = rounding.predict(images, verbose=0)
    path = folder / "model.tflite"
    path.write_bytes(convert(rounding, options))
    with open_model(path) as predictor:
        np.testing.assert_allclose(predictor.predict(images), simulated, atol=0.05)


def test_a_layer_that_qat_does_not_know_is_named(data):
    keras = backend.keras()
    film = keras.Input((SIDE, SIDE, 1))
    x = keras.layers.Conv2D(8, 3)(film)
    x = keras.layers.Multiply(name="gate")([x, x])
    model = keras.Model(film, keras.layers.Dense(2)(keras.layers.Flatten()(x)))
    with pytest.raises(UsageError, match=r"'gate' \(Multiply\).*use 'int8'"):
        qat(model, data)


FAMILIES = {
    "student_separable": {},
    "vgg16": {},
    "mobilenet_v2": {"alpha": 0.35},
    "resnet50": {},
    "densenet121": {},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_trains_with_rounding_and_takes_every_recipe(name, tmp_path):
    """One step without learning: the int8 file answers as the network that rounds, and as the float32 one."""
    network = build_network(name, FAMILIES[name], tasks.binary("opacity"), (32, 32, 1), seed=0)
    images = np.random.default_rng(0).random((8, 32, 32, 1)).astype(np.float32)
    answers_as_its_file(network, images, tmp_path)
    reference, path = network.predict(images, verbose=0), tmp_path / "model.tflite"
    content = convert(network)

    class Drawn(TechniqueData):
        def representative(self, count, *, seed):
            return images, ["0"]

    data = Drawn(drawn_splits(), drawn_settings(), None)
    for recipe in RECIPES:
        try:
            path.write_bytes(TECHNIQUES[recipe].function(content, data).payload)
        except (
            UsageError
        ) as refusal:  # without training activations fade, and LiteRT's int16 kernels cannot scale them
            assert recipe == "int16x8" and "LiteRT cannot run" in str(refusal)
            continue
        with open_model(path) as predictor:
            np.testing.assert_allclose(predictor.predict(images), reference, atol=0.1)
    assert path.stat().st_size < len(content)


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_is_clustered(name, data):
    films = drawn_splits(training=8, validation=8, test=8, enlarged=2)
    network = build_network(name, FAMILIES[name], tasks.binary("opacity"), (32, 32, 1), seed=0)
    product = clustering(network, replace(data, films=films), clusters=4, clustering_epochs=1)
    layers = clustered_layers(product.payload)
    assert len(layers) >= 5 and layers == clusterable_layers(network, 4)
    assert max(unique_values(product.payload, layers).values()) <= 4
