"""PyTorch's networks in Keras: the same answers, from any spelling of the names; what does not fit is named."""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from radlib.architectures.networks import build_network
from radlib.architectures.state_dicts import _averaging, dense_as_kernel, named_as_here
from radlib.architectures.weights import load_weights
from radlib.formats.tensor_files.reading import read_tensors
from radlib.foundation import backend
from radlib.foundation.errors import UsageError
from radlib.foundation.registry import ARCHITECTURES
from radlib.runs.tasks import binary, findings
from torch_checkpoints import write_stream, write_zip
from torchvision_layouts import NETWORKS, chexnet_names, drawn, layout

SIDE, OUTPUTS = 64, 14
TASK = findings([f"finding {number}" for number in range(OUTPUTS)])
GOLDEN = Path(__file__).parents[1] / "golden" / "torchvision_logits.json"
networks = pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=[] if n == "resnet18" else pytest.mark.slow) for n in NETWORKS],
)


def films(side=SIDE, count=2):
    return np.random.default_rng(1).random((count, side, side, 1), dtype=np.float32)


def saved(path, tensors):
    np.savez(path, **tensors)
    return str(path)


def built(name, weights, *, task=TASK, side=SIDE, options=None, need_head=True):
    return build_network(
        name, options or {}, task, (side, side, 1), weights=str(weights), need_head=need_head
    )


def answers(network, images):
    return network(images, training=False).numpy()


def sigmoid(logits):
    return 1 / (1 + np.exp(-np.asarray(logits, np.float64)))


# The same answers as PyTorch


@networks
def test_answers_are_those_that_pytorch_gave(name, tmp_path):
    """The numbers were recorded by `python tests/torch_oracle.py`, on 2 films of 64 pixels."""
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))["logits"][name]
    network = built(name, saved(tmp_path / "w.npz", drawn(layout(name, OUTPUTS))))
    np.testing.assert_allclose(answers(network, films()), sigmoid(golden), atol=1e-4)
    assert np.ptp(golden) > 0.1


@networks
@pytest.mark.parametrize("side", [SIDE, 77, pytest.param(224, marks=pytest.mark.slow)])
def test_answers_are_those_that_pytorch_gives(name, side, tmp_path):
    pytest.importorskip("torch")
    import torch_oracle

    tensors = drawn(layout(name, OUTPUTS), seed=side)
    network = built(name, saved(tmp_path / "w.npz", tensors), side=side)
    expected = torch_oracle.logits(name, tensors, films(side))
    np.testing.assert_allclose(answers(network, films(side)), sigmoid(expected), atol=1e-4)


def test_one_channel_and_plain_grey_are_options(tmp_path):
    """A network trained on grey films: summing the kernel over colours does what three equal channels do."""
    tensors = drawn(layout("resnet18", 2))
    three = built(
        "resnet18", saved(tmp_path / "3.npz", tensors), task=binary("ill"), options={"input_range": "unit"}
    )
    tensors["conv1.weight"] = tensors["conv1.weight"].sum(axis=1, keepdims=True)
    options = {"input_range": "unit", "channels": 1}
    one = built("resnet18", saved(tmp_path / "1.npz", tensors), task=binary("ill"), options=options)
    np.testing.assert_allclose(answers(one, films()), answers(three, films()), atol=1e-4)
    with pytest.raises(
        UsageError, match="a value per colour and the network one channel; use unit, symmetric"
    ):
        built("resnet18", tmp_path / "1.npz", options={"channels": 1})


@pytest.mark.parametrize("length", [1, 2, 7, 8, 10])
def test_adaptive_pooling_as_a_matrix(length):
    """Bin i averages positions ⌊i·n/7⌋ up to ⌈(i+1)·n/7⌉, as PyTorch documents."""
    values = np.random.default_rng(0).random(length).astype(np.float32)
    expected = [
        values[int(np.floor(i * length / 7)) : int(np.ceil((i + 1) * length / 7))].mean() for i in range(7)
    ]
    np.testing.assert_allclose(_averaging(length, 7) @ values, expected, rtol=1e-6)


def test_a_dense_layer_behind_the_pool_is_a_kernel_of_the_maps_size():
    generator = np.random.default_rng(0)
    weights, x = (
        generator.random((5, 3 * 49), dtype=np.float32),
        generator.random((4, 2, 3), dtype=np.float32),
    )
    pooled = np.einsum("iy,yxc,jx->cij", _averaging(4, 7), x, _averaging(2, 7))
    kernel = dense_as_kernel(weights, (4, 2, 3))
    np.testing.assert_allclose(np.tensordot(x, kernel, 3), weights @ pooled.ravel(), rtol=1e-5)


# Spellings


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A ResNet18's state dict and the network it makes."""
    tensors = drawn(layout("resnet18", 2))
    path = tmp_path_factory.mktemp("small") / "w.npz"
    return tensors, built("resnet18", saved(path, tensors), task=binary("ill"))


@pytest.mark.parametrize("write", [write_zip, write_stream])
@pytest.mark.parametrize("wrapper", ["", "module.", "module.model.", "model.resnet18."])
def test_a_checkpoint_of_a_training_is_read_whatever_wraps_it(tmp_path, write, wrapper):
    tensors = {name: np.ones(2, np.float32) for name in layout("resnet18", 2)}
    named = {f"{wrapper}{name.replace('fc.', 'fc.1.')}": values for name, values in tensors.items()}
    named[f"{wrapper}bn1.num_batches_tracked"] = np.array(9, np.int64)
    path = write(tmp_path / "model.pth.tar", {"epoch": 3, "state_dict": named, "lr": 0.1})
    read = named_as_here(read_tensors(path), ARCHITECTURES["resnet18"].facts)
    assert set(read) == {name.replace("fc.", "predictions.") for name in tensors}


def test_a_checkpoint_fills_a_network(small, tmp_path):
    tensors, network = small
    before = network.get_weights()
    network.set_weights([np.zeros_like(values) for values in before])
    path = write_stream(
        tmp_path / "model.pth.tar", {"state_dict": {f"module.{n}": v for n, v in tensors.items()}}
    )
    assert load_weights([network, network], path, ARCHITECTURES["resnet18"]) is network
    for values, wanted in zip(network.get_weights(), before, strict=True):
        np.testing.assert_array_equal(values, wanted)


def test_two_last_layers_are_left_for_the_user_to_settle():
    tensors = {
        "fc.0.weight": np.ones(1),
        "fc.0.bias": np.ones(1),
        "fc.3.weight": np.ones(1),
        "fc.3.bias": np.ones(1),
    }
    assert named_as_here(tensors, ARCHITECTURES["resnet18"].facts) == tensors


@pytest.mark.parametrize("old", [True, False])
def test_names_of_the_chexnet_reproductions_become_torchvisions(old):
    tensors = {name: np.zeros(1) for name in layout("densenet121", OUTPUTS)}
    named = named_as_here(chexnet_names(tensors, old_spelling=old), ARCHITECTURES["densenet121"].facts)
    assert "module.densenet121.features.denseblock1.denselayer1.norm.1.weight" in chexnet_names(tensors)
    assert set(named) == {name.replace("classifier.", "predictions.") for name in tensors}


@pytest.mark.slow
def test_a_chexnet_of_2017_answers_as_its_state_dict_says(tmp_path):
    tensors = drawn(layout("densenet121", OUTPUTS))
    plain = built("densenet121", saved(tmp_path / "w.npz", tensors))
    path = write_stream(tmp_path / "model.pth.tar", {"epoch": 1, "state_dict": chexnet_names(tensors)})
    np.testing.assert_array_equal(answers(built("densenet121", path), films()), answers(plain, films()))
    epsilons = {layer.epsilon for layer in plain.layers if hasattr(layer, "epsilon")}
    assert epsilons == {1e-5}


def test_auxiliary_classifiers_of_googlenet_are_passed_over():
    tensors = {name: np.zeros(1) for name in layout("googlenet", 2)}
    named = named_as_here(tensors, ARCHITECTURES["googlenet"].facts)
    assert "aux1.fc1.weight" in tensors and not any(name.startswith("aux") for name in named)


# What does not fit


def faulty(tensors, **changes):
    return {**{name: values for name, values in tensors.items() if name not in changes}, **{
        name: values for name, values in changes.items() if values is not None}}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"layer2.0.bn1.running_var": None}, "it lacks layer2.0.bn1.running_var; check"),
        ({"layer9.weight": np.ones(2)}, "it has beside layer9.weight; check"),
        ({"bn1.weight": np.ones(32)}, r"it has bn1.weight as \(32,\) instead of \(64,\); check"),
        ({"bn1.weight": np.full(64, np.nan)}, "it has values that are no numbers in bn1.weight; check"),
        ({f"layer1.0.bn1.{k}": None for k in ("weight", "bias", "running_mean", "running_var")}
         | {"conv1.weight": None}, r"lacks conv1.weight, .* and 1 more; check"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named_and_nothing_changes(small, tmp_path, changes, message):
    tensors, network = small
    before = network.get_weights()
    path = tmp_path / "w.npz"
    saved(path, faulty(tensors, **changes))
    with pytest.raises(UsageError, match=f"w.npz does not fit resnet18: .*{message}") as caught:
        load_weights([network, network], path, ARCHITECTURES["resnet18"])
    assert "\n" not in str(caught.value)
    for values, wanted in zip(network.get_weights(), before, strict=True):
        np.testing.assert_array_equal(values, wanted)


def test_a_state_dict_of_another_network_is_refused(small, tmp_path):
    path = saved(tmp_path / "w.npz", small[0])
    with pytest.raises(
        UsageError, match=r"does not fit resnet50_v1_5: it lacks .* more, has layer1.*instead of"
    ):
        built("resnet50_v1_5", path, task=binary("ill"))
    with pytest.raises(
        UsageError, match="resnet50 is built otherwise there; those that fit are: .*resnet50_v1_5"
    ):
        built("resnet50", path, task=binary("ill"))


def test_weights_of_another_task_bring_the_extractor_alone_and_only_for_training(small, tmp_path):
    tensors, network = small
    path = saved(tmp_path / "w.npz", tensors)
    with pytest.raises(
        UsageError, match=r"w\.npz holds no last layer of 14 outputs .*set epochs to 1 or more"
    ):
        built("resnet18", path)
    other = built("resnet18", path, need_head=False)
    for values, wanted in zip(other.get_weights()[:-2], network.get_weights()[:-2], strict=True):
        np.testing.assert_array_equal(values, wanted)
    with pytest.raises(UsageError, match="needs its weights; set weights to a file"):
        built("student_tiny", "none")


# Keras's own CheXNet


@pytest.mark.slow
def test_weights_of_chexnet_keras_are_loaded_by_name_whatever_their_order(tmp_path):
    """DenseNet121 of Keras with a dense layer `predictions` of 14 sigmoids: the published file's layout."""
    keras = backend.keras()
    base = keras.applications.DenseNet121(
        include_top=False, weights=None, input_shape=(SIDE, SIDE, 3), pooling="avg"
    )
    head = keras.layers.Dense(OUTPUTS, activation="sigmoid", name="predictions")(base.output)
    published = keras.Model(base.input, head)
    generator = np.random.default_rng(0)
    for variable in published.weights:  # kernels as they are drawn; norms that shift and scale
        if variable.shape.rank == 1:
            scales = "gamma" in variable.name or "variance" in variable.name
            drawn_values = (
                generator.uniform(0.5, 1.5, variable.shape)
                if scales
                else generator.normal(0, 0.1, variable.shape)
            )
            variable.assign(drawn_values)
    published.save_weights(tmp_path / "chexnet.h5")
    with h5py.File(tmp_path / "chexnet.h5", "r+") as file:
        file.attrs["layer_names"] = file.attrs["layer_names"][::-1]
        group = file["conv1/bn"]
        group.attrs["weight_names"] = group.attrs["weight_names"][::-1]
    network = built("densenet121", tmp_path / "chexnet.h5")
    mean, deviation = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])
    expected = published((np.repeat(films(), 3, axis=-1) - mean) / deviation).numpy()
    assert np.ptp(expected) > 0.05
    np.testing.assert_allclose(answers(network, films()), expected, atol=1e-5)
