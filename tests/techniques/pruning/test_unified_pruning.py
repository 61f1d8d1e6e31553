"""Unified pruning: both budgets met, by either rule; the cut itself against numbers worked out by hand."""

import zlib

import numpy as np
import pytest

from drawn import drawn_settings, drawn_splits, small_network
from made_once import trained_network
from radlib.architectures import counting
from radlib.formats.keras import load_model, save_model
from radlib.foundation.errors import UsageError
from radlib.techniques.building import chain_label, check_chain
from radlib.techniques.data import TechniqueData
from radlib.techniques.kernels import prunable_layers
from radlib.techniques.pruning.filter_pruning import channel_table
from radlib.techniques.pruning.unified_pruning import (
    STAGES,
    sparsity_table,
    stage_table,
    unified_pruning,
)
from radlib.techniques.pruning.weight_budget import (
    cut_at,
    find_cut,
    packed_bytes,
    shares_below,
    zero_smallest,
)


@pytest.fixture(scope="module")
def films():
    return drawn_splits(training=288)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    return trained_network(tmp_path_factory.mktemp("trained"))


@pytest.fixture
def data(films, tmp_path):
    return TechniqueData(films, drawn_settings(), tmp_path / "checkpoints")


def ladder():
    """A network whose prunable kernels hold 1, 2, 3, … (middle) and 10 times that (deep), half of them negative."""
    model = small_network()
    for name, factor in (("middle", 1.0), ("deep", 10.0)):
        kernel = model.get_layer(name).kernel
        values = np.arange(1, kernel.numpy().size + 1, dtype=np.float32) * factor
        values[::2] *= -1
        kernel.assign(values.reshape(kernel.shape))
    return model


def kernel_of(model, name):
    return model.get_layer(name).kernel.numpy()


def file_bytes(model, folder):
    """What the promise is about: the length of a stored file after zlib at level 9, by other means."""
    save_model(model, folder / "m.keras")
    return len(zlib.compress((folder / "m.keras").read_bytes(), 9))


# The cut


def test_the_smallest_weights_go_whatever_their_sign():
    model = ladder()
    zero_smallest(model, {"middle": 0.25})
    values = np.abs(kernel_of(model, "middle")).ravel()
    gone = round(0.25 * values.size)
    assert (values[:gone] == 0).all()
    np.testing.assert_array_equal(values[gone:], np.arange(gone + 1, values.size + 1))
    np.testing.assert_array_equal(kernel_of(model, "deep"), kernel_of(ladder(), "deep"))


def test_by_sparsity_layers_lose_alike_and_by_threshold_one_bound_holds():
    model = ladder()
    sizes = {name: kernel_of(model, name).size for name in prunable_layers(model)}
    assert sizes == {"middle": 8 * 9 * 16, "deep": 16 * 9 * 16}
    assert cut_at(model, 0.4, "sparsity", 0.95).sparsities == {"middle": 0.4, "deep": 0.4}
    assert shares_below(model, 101.0, 0.95) == pytest.approx({"middle": 100 / 1152, "deep": 10 / 2304})
    assert shares_below(model, 10_000.0, 0.95) == pytest.approx({"middle": 0.95, "deep": 999 / 2304})
    cut = cut_at(model, 0.4, "threshold", 0.95)
    below = sum(int((np.abs(kernel_of(model, n)) < cut.threshold).sum()) for n in sizes)
    assert below == pytest.approx(0.4 * sum(sizes.values()), abs=1)


def test_looking_for_a_cut_leaves_the_network_as_it_was():
    model, before = ladder(), ladder().get_weights()
    find_cut(model, packed_bytes(model) // 2, "threshold", 0.95)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("rule", ["sparsity", "threshold"])
def test_the_cut_found_is_the_smallest_that_meets_the_limit(trained, rule):
    limit = packed_bytes(trained) // 2
    cut = find_cut(trained, limit, rule, 0.95)
    assert 0.95 * limit < cut.packed_bytes <= limit
    kernels = {name: kernel_of(trained, name).size for name in cut.sparsities}
    share = sum(kernels[n] * cut.sparsities[n] for n in kernels) / sum(kernels.values())
    assert cut_at(trained, share - 0.01, rule, 0.95).packed_bytes > limit


# The technique


@pytest.fixture(scope="module")
def products(films, trained, tmp_path_factory):
    """Both rules, and a second run of the first."""
    made = {}
    for name, rule in (("sparsity", "sparsity"), ("threshold", "threshold"), ("again", "sparsity")):
        data = TechniqueData(films, drawn_settings(), tmp_path_factory.mktemp(name) / "checkpoints")
        made[name] = unified_pruning(
            trained, data, mac_budget=0.6, byte_budget=0.25, cut_by=rule, pruning_epochs=2, scoring_films=64
        )
    return made


@pytest.mark.parametrize("rule", ["sparsity", "threshold"])
def test_both_budgets_are_met_by_the_stored_file(trained, products, rule, tmp_path):
    product = products[rule]
    budgets = product.details["budgets"]
    assert budgets == {
        "macs": int(0.6 * counting.macs(trained)),
        "bytes": int(0.25 * file_bytes(trained, tmp_path)),
    }
    assert 0.75 * budgets["macs"] < counting.macs(product.payload) <= budgets["macs"]
    assert 0.95 * budgets["bytes"] < file_bytes(product.payload, tmp_path) <= budgets["bytes"]
    films = np.random.default_rng(0).random((5, 16, 16, 1), np.float32)
    runs = load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(runs.predict_on_batch(films), product.payload.predict_on_batch(films))


@pytest.mark.parametrize("rule", ["sparsity", "threshold"])
def test_first_and_last_layer_lose_no_weights(products, rule):
    model, details = products[rule].payload, products[rule].details
    assert set(details["layers"]) == {"middle", "mix", "deep"}
    for name in ("first", "predictions"):
        assert (kernel_of(model, name) != 0).all()
    zeros = {name: float((kernel_of(model, name) == 0).mean()) for name in details["layers"]}
    assert details["layers"] == pytest.approx(zeros)
    sizes = {name: kernel_of(model, name).size for name in zeros}
    whole = sum(sizes[n] * zeros[n] for n in sizes) / sum(sizes.values())
    assert details["sparsity"] == pytest.approx(whole)


def test_by_sparsity_all_layers_lose_the_same_share(products):
    layers = products["sparsity"].details["layers"]
    assert max(layers.values()) - min(layers.values()) < 0.02
    assert products["sparsity"].details["threshold"] is None


def test_by_threshold_every_weight_that_stays_is_above_it(products):
    product = products["threshold"]
    threshold = product.details["threshold"]
    assert threshold > 0
    capped = {name for name, share in product.details["layers"].items() if share >= 0.949}
    for name in set(product.details["layers"]) - capped:
        values = np.abs(kernel_of(product.payload, name))
        assert values[values > 0].min() >= threshold
    table = sparsity_table(products["sparsity"].details, product.details)
    assert dict(zip(table["layer"], table["by_threshold_share"], strict=True)) == product.details["layers"]
    assert max(product.details["layers"].values()) - min(product.details["layers"].values()) > 0.02


def test_the_stages_tell_what_each_part_gave(trained, products, data):
    product = products["sparsity"]
    table = stage_table(product.details).set_index("stage")
    assert tuple(table.index) == STAGES
    assert table.loc["original", "macs"] == counting.macs(trained)
    assert table["macs"].iloc[1:].nunique() == 1  # zeros are multiplied, too
    assert table.loc["weights removed", "parameters"] == table.loc["fine-tuned", "parameters"]
    assert table.loc["weights removed", "nonzeros"] == counting.nonzero_parameters(product.payload)
    assert table["deflated_bytes"].is_monotonic_decreasing or table["deflated_bytes"].diff().iloc[2] < 100
    assert table.loc["weights removed", "val_loss"] == pytest.approx(
        data.validation(product.payload)["val_loss"], abs=1e-6
    )
    assert list(product.history["epoch"]) == [1, 2, 3, 4]
    channels = channel_table(product.details).set_index("group")
    assert product.payload.get_layer("deep").filters == channels.loc["deep", "after"]


def test_the_same_seed_gives_the_same_network(products):
    pairs = zip(
        products["sparsity"].payload.get_weights(), products["again"].payload.get_weights(), strict=True
    )
    assert all(np.array_equal(one, other) for one, other in pairs)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"mac_budget": 0.01}, "multiply-accumulates cannot be met: the nearest that can is"),
        ({"byte_budget": 500}, "500 bytes cannot be met: the nearest that can is"),
        ({"byte_budget": 0.99}, "use filter_pruning"),
        ({"byte_budget": 0.0}, "byte_budget a value above 0"),
    ],
)
def test_what_cannot_be_met_is_refused_before_training(trained, data, given, message):
    with pytest.raises(UsageError, match=message):
        unified_pruning(trained, data, importance_by="l1", **given)
    assert not data.checkpoints.exists()


def test_the_nearest_byte_budget_can_be_met(trained, data):
    with pytest.raises(UsageError, match="nearest") as refused:
        unified_pruning(trained, data, importance_by="l1", byte_budget=500)
    nearest = int(str(refused.value).split("can is ")[1].split(", with")[0].replace(",", ""))
    product = unified_pruning(trained, data, importance_by="l1", byte_budget=nearest + 100, pruning_epochs=1)
    assert packed_bytes(product.payload) <= nearest + 100


def test_it_stands_before_what_shrinks_further():
    for last in ("int8", "deep_compression"):
        assert [e.name for e in check_chain(f"unified_pruning+{last}")] == ["unified_pruning", last]
    assert chain_label("unified_pruning+int8") == "unified pruning + int8"
    with pytest.raises(UsageError, match="cannot follow 'int8'"):
        check_chain("int8+unified_pruning")
