"""Parameters, zeros and multiply-accumulates against hand-worked sums and TensorFlow's own profiler."""

import math

import numpy as np
import pytest

from radlib.architectures import counting
from radlib.architectures.networks import build_network
from radlib.foundation import backend
from radlib.foundation.errors import DataError
from radlib.foundation.registry import ARCHITECTURES
from radlib.runs.tasks import binary

TASK = binary("pneumonia")


@pytest.fixture(scope="module")
def keras():
    return backend.keras()


def model_of(keras, layer, shape):
    inputs = keras.Input(shape)
    return keras.Model(inputs, layer(inputs))


# Hand-worked: one layer each


@pytest.mark.parametrize(
    ("kind", "arguments", "shape", "expected_macs", "expected_parameters"),
    [
        # 5 × 5 positions, 3 × 3 kernel, 2 channels in, 4 out
        ("Conv2D", {"filters": 4, "kernel_size": 3}, (7, 7, 2), 25 * 9 * 2 * 4, 9 * 2 * 4 + 4),
        # stride 2, "same": 4 × 4 positions
        ("Conv2D", {"filters": 4, "kernel_size": 3, "strides": 2, "padding": "same"}, (7, 7, 2), 16 * 72, 76),
        # 2 groups: each output sees half of the input channels
        ("Conv2D", {"filters": 4, "kernel_size": 1, "groups": 2}, (5, 5, 6), 25 * 3 * 4, 3 * 4 + 4),
        # each of 3 channels filtered by 2 kernels
        ("DepthwiseConv2D", {"kernel_size": 3, "depth_multiplier": 2}, (6, 6, 3), 16 * 9 * 6, 9 * 6 + 6),
        # depthwise 3 × 3 on 3 channels, then 3 to 5
        (
            "SeparableConv2D",
            {"filters": 5, "kernel_size": 3},
            (6, 6, 3),
            16 * (9 * 3 + 3 * 5),
            9 * 3 + 15 + 5,
        ),
        # the kernel laid at each of 4 × 4 input positions
        ("Conv2DTranspose", {"filters": 5, "kernel_size": 2, "strides": 2}, (4, 4, 3), 16 * 4 * 3 * 5, 65),
        ("Dense", {"units": 7}, (10,), 70, 77),
        # a dense layer on a map works at each of 3 × 3 positions
        ("Dense", {"units": 7, "use_bias": False}, (3, 3, 10), 9 * 70, 70),
        # gamma, beta, moving mean, moving variance
        ("BatchNormalization", {}, (4, 4, 6), 0, 24),
        ("MaxPooling2D", {}, (4, 4, 6), 0, 0),
    ],
)
def test_one_layer(keras, kind, arguments, shape, expected_macs, expected_parameters):
    model = model_of(keras, getattr(keras.layers, kind)(**arguments), shape)
    assert counting.macs(model) == expected_macs
    assert counting.parameters(model) == expected_parameters
    assert counting.layer_table(model)["macs"].sum() == expected_macs


def test_a_shared_layer_works_twice_and_is_stored_once(keras):
    shared = keras.layers.Conv2D(2, 3, padding="same", use_bias=False)
    inputs = keras.Input((8, 8, 2))
    model = keras.Model(inputs, shared(shared(inputs)))
    assert counting.macs(model) == 2 * 64 * 9 * 4
    assert counting.parameters(model) == 9 * 4
    table = counting.layer_table(model)
    assert list(table["macs"]) == [0, 2 * 64 * 9 * 4]
    assert table["parameters"].sum() == 36


def test_a_nested_model_is_looked_into(keras):
    inner = model_of(keras, keras.layers.Dense(3, name="inner_dense"), (4,))
    model = model_of(keras, inner, (4,))
    assert counting.macs(model) == 12
    assert "inner_dense" in set(counting.layer_table(model)["layer"])


def test_pruning_wrappers_are_looked_into_and_their_masks_are_no_weights(keras):
    model = build_network("student_tiny", {}, TASK, (32, 32, 1))
    wrapped = backend.tfmot().sparsity.keras.prune_low_magnitude(model)
    assert counting.macs(wrapped) == counting.macs(model)
    assert counting.layer_table(wrapped)["weights"].sum() == counting.layer_table(model)["weights"].sum()


# Zeros


def test_zeros_are_counted_layer_by_layer(keras):
    model = model_of(keras, keras.layers.Conv2D(4, 3, name="half"), (5, 5, 2))
    kernel = np.ones((3, 3, 2, 4), np.float32)
    kernel[:, :, 0] = 0
    model.layers[-1].set_weights([kernel, np.array([0, 1, 2, 3], np.float32)])
    assert counting.nonzero_parameters(model) == 36 + 3
    row = counting.layer_table(model).set_index("layer").loc["half"]
    assert row["sparsity"] == 0.5
    assert (row["weights"], row["parameters"]) == (72, 76)
    assert row["output"] == "3 × 3 × 4"


def test_a_layer_without_kernel_has_no_sparsity(keras):
    table = counting.layer_table(model_of(keras, keras.layers.BatchNormalization(), (4, 4, 6)))
    assert table["sparsity"].isna().all()
    assert list(table.columns) == list(counting.LAYER_COLUMNS)


def test_the_summary_adds_up():
    table = counting.layer_table(build_network("student_tiny", {}, TASK, (64, 64, 1)))
    # 32² · 9 · 8, 32² · 9 · 8 · 16, 16² · 9 · 16 · 24, 24 · 2
    assert int(table["macs"].sum()) == 73_728 + 1_179_648 + 884_736 + 48
    assert counting.summary(table) == (
        "4,922 parameters · 2.1 million multiply-accumulates per image · 20 KB as float32"
    )


# Whole networks: published counts, and TensorFlow's profiler


def test_mobilenet_v2_has_its_published_counts():
    model = ARCHITECTURES["mobilenet_v2"].function((224, 224, 1))
    assert counting.parameters(model) == 2_257_984  # Keras applications, without top
    assert counting.macs(model) == pytest.approx(300e6, rel=0.01)  # Sandler et al., 2018, table 4


def profiled_macs(model):
    """Return half the floating-point operations that TensorFlow's profiler finds in convolutions and products."""
    tf = backend.tensorflow()
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    call = tf.function(lambda x: model(x, training=False))
    graph = call.get_concrete_function(tf.TensorSpec([1, *model.input_shape[1:]]))
    profiler = tf.compat.v1.profiler
    options = profiler.ProfileOptionBuilder(profiler.ProfileOptionBuilder.float_operation())
    kinds = ["Conv2D", "DepthwiseConv2dNative", "MatMul"]
    options = options.with_empty_output().with_accounted_types(kinds).order_by("float_ops").build()
    options["output"] = "none"
    with backend.quiet_stderr():
        profile = profiler.profile(convert_variables_to_constants_v2(graph).graph, options=options, cmd="op")
    return sum(node.total_float_ops for node in profile.children if node.name in kinds) / 2


@pytest.mark.parametrize("name", ["student_tiny", "student_small", "student_separable", "mobilenet", "vgg16"])
def test_the_profiler_counts_the_same(name):
    model = build_network(name, {}, TASK, (64, 64, 1))
    assert counting.macs(model) == profiled_macs(model)


# LiteRT files


@pytest.fixture(scope="module")
def convert(keras, tmp_path_factory):
    """Return a function that converts a network with a half-empty kernel: 3 × 3 × 2 × 8, then dense 8 to 2."""
    tf = backend.tensorflow()
    inputs = keras.Input((8, 8, 2))
    x = keras.layers.Conv2D(8, 3, name="convolution")(inputs)
    model = keras.Model(inputs, keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(x)))
    kernel = np.linspace(0.5, 1, 144, dtype=np.float32).reshape(3, 3, 2, 8)
    kernel[:, :, 0] = 0
    model.get_layer("convolution").set_weights([kernel, np.ones(8, np.float32)])
    images = np.random.default_rng(0).random((16, 8, 8, 2), dtype=np.float32)

    def run(mode):
        converter = tf.lite.TFLiteConverter.from_keras_model(model)
        if mode != "float32":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if mode == "float16":
            converter.target_spec.supported_types = [tf.float16]
        if mode == "int8":
            converter.representative_dataset = lambda: ([image[None]] for image in images)
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        path = tmp_path_factory.mktemp("litert") / f"{mode}.tflite"
        with backend.quiet_stderr():
            path.write_bytes(converter.convert())
        return path

    return run


@pytest.mark.filterwarnings("ignore:Statistics for quantized inputs")  # the converter, of any integer file
@pytest.mark.parametrize(
    ("mode", "dtype", "bytes_per_weight"),
    [("float32", "float32", 4), ("float16", "float16", 2), ("int8", "int8", 1)],
)
def test_stored_weights_of_a_litert_file(convert, mode, dtype, bytes_per_weight):
    table = counting.tflite_weights(convert(mode))
    kernel = table[table["shape"] == "8 × 3 × 3 × 2"].iloc[0]  # LiteRT keeps output channels first
    assert kernel["dtype"] == dtype
    assert (kernel["values"], kernel["nonzeros"]) == (144, 72)
    assert kernel["bytes"] == 144 * bytes_per_weight
    assert set(table["values"]) <= {144, 8, 16, 2}
    assert table["values"].sum() in (144 + 8 + 16 + 2, 144 + 8 + 16)  # a bias of zeros may be dropped


def packed_file(path, tensors):
    """Write a LiteRT file that holds nothing but tensors: (name, type, shape, bytes, scale, zero point)."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    graph, model = schema.SubGraphT(), schema.ModelT()
    graph.tensors, model.buffers = [], [schema.BufferT()]
    for name, kind, shape, content, scale, zero_point in tensors:
        tensor, buffer = schema.TensorT(), schema.BufferT()
        buffer.data = np.frombuffer(content, np.uint8)
        tensor.name, tensor.type, tensor.shape, tensor.buffer = name.encode(), kind, shape, len(model.buffers)
        if scale:
            tensor.quantization = schema.QuantizationParametersT()
            tensor.quantization.scale, tensor.quantization.zeroPoint = scale, zero_point
        model.buffers.append(buffer)
        graph.tensors.append(tensor)
    shared = schema.TensorT()
    shared.name, shared.type, shared.shape, shared.buffer = b"shared", graph.tensors[0].type, [2], 1
    graph.tensors.append(shared)
    model.version, model.subgraphs = 3, [graph]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(bytes(builder.Output()))
    return path


def test_zero_points_half_bytes_and_index_constants(tmp_path):
    from ai_edge_litert.schema_py_generated import TensorType

    path = packed_file(
        tmp_path / "packed.tflite",
        [
            ("asymmetric", TensorType.UINT8, [4], bytes([128, 127, 128, 0]), [0.1], [128]),  # two zeros
            (
                "channels",
                TensorType.INT8,
                [2, 2],
                bytes([0, 5, 5, 0]),
                [0.1, 0.2],
                [0, 5],
            ),  # one zero a channel
            # low half first: 0x70 is 0, 7; 0x0f is -1, 0; the last half of the fifth value's byte is filler
            ("half bytes", TensorType.INT4, [5], bytes([0x70, 0x0F, 0x03]), [0.1], [0]),
            ("axes", TensorType.INT32, [2], bytes(8), None, None),
        ],
    )
    table = counting.tflite_weights(path).set_index("tensor")
    assert list(table.index) == ["asymmetric", "channels", "half bytes"]
    assert list(table["values"]) == [4, 4, 5]
    assert list(table["nonzeros"]) == [2, 2, 3]
    assert list(table["bytes"]) == [4, 4, 3]


def test_another_file_is_refused(tmp_path):
    (tmp_path / "model.tflite").write_bytes(b"not a model at all")
    with pytest.raises(DataError, match=r"model\.tflite is not a LiteRT file"):
        counting.tflite_weights(tmp_path / "model.tflite")


@pytest.mark.real_data
def test_the_published_mobilenet_file_has_its_published_size(shared_data):
    path = shared_data / "weights" / "tflite_reference" / "mobilenet_v1_0.25_128_quant.tflite"
    table = counting.tflite_weights(path)
    kernels = table[table["dtype"] == "uint8"]
    # Howard et al., 2017, table 6: 0.5 million parameters; hand sum of kernels without batch normalisation
    assert kernels["values"].sum() == pytest.approx(0.47e6, rel=0.03)
    assert not math.isclose(kernels["nonzeros"].sum(), kernels["values"].sum())


def test_a_quantized_scalar_has_one_value(tmp_path):
    from ai_edge_litert.schema_py_generated import TensorType

    path = packed_file(
        tmp_path / "scalar.tflite", [("half", TensorType.INT8, None, bytes([127]), [0.004], [0])]
    )
    row = counting.tflite_weights(path).set_index("tensor").loc["half"]
    assert (row["shape"], row["values"], row["nonzeros"], row["bytes"]) == ("", 1, 1, 1)
