"""Contract tests over all techniques, then what each one claims."""

from types import SimpleNamespace

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from drawn import drawn_settings, drawn_splits
from made_once import trained_network
from radlib.formats.predictors import open_model, save_model
from radlib.foundation import backend
from radlib.foundation.errors import RadlibError, UsageError
from radlib.foundation.registry import FORMATS, TECHNIQUES
from radlib.techniques.building import chain_label, check_chain, kinds_taken
from radlib.techniques.data import TechniqueData
from radlib.techniques.kernels import measured_sparsity, prunable_layers
from radlib.techniques.pruning.magnitude_pruning import magnitude_pruning, sparsity_schedule, update_steps
from radlib.techniques.quantization.quantization_views import scheme_table

# What makes a product of the small network in a second or two; the notebooks make one of each with what it takes
# by default.
FEW = {
    "channel_pruning": {"pruning_epochs": 1, "sampled_positions": 500},
    "clustering": {"clustering_epochs": 1},
    "distillation": {"epochs": 8},
    "magnitude_pruning": {"pruning_epochs": 1},
    "miracle": {"posterior_epochs": 4, "rounds": 3, "steps_per_round": 15},
    "qat": {"qat_epochs": 1},
    "svd": {"low_rank_epochs": 1},
    "tucker": {"low_rank_epochs": 1},
    "xnor_net": {"binary_epochs": 6},
}


@pytest.fixture(scope="module")
def films():
    return drawn_splits(training=288)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    return trained_network(tmp_path_factory.mktemp("trained"))


@pytest.fixture(scope="module")
def products(films, trained, tmp_path_factory):
    """Every technique that takes a Keras model, applied to the same trained network, as opened files."""
    made = {}
    for entry in TECHNIQUES:
        if "keras" not in kinds_taken(entry):
            continue
        folder = tmp_path_factory.mktemp(entry.name)
        data = TechniqueData(films, drawn_settings(), folder / "checkpoints")
        product = entry.function(trained, data, **entry.complete(FEW.get(entry.name, {})))
        path = folder / f"model{FORMATS[entry.facts['produces']].facts['suffix']}"
        save_model(product.payload, path)
        made[entry.name] = (product, path, open_model(path, entry.facts["produces"]))
    return made


def keras_outputs(model, films):
    return model.predict(films.images(np.arange(len(films))), verbose=0)


def technique_names():
    return [entry.name for entry in TECHNIQUES if "keras" in kinds_taken(entry)]


@pytest.mark.parametrize("name", technique_names())
def test_every_product_keeps_the_model_contract(name, films, products):
    product, path, predictor = products[name]
    outputs = predictor.predict(films.validation.images(np.arange(len(films.validation))))
    assert outputs.shape == (len(films.validation), 2)
    assert outputs.dtype == np.float32
    assert np.isfinite(outputs).all()
    assert (outputs >= 0).all()
    assert (outputs <= 1).all()
    # int8 outputs have steps of 1/256
    np.testing.assert_allclose(outputs.sum(axis=1), 1, atol=0.02)


@pytest.mark.parametrize("name", technique_names())
def test_every_product_differs_from_its_parent(name, films, trained, products, tmp_path):
    _, path, _ = products[name]
    parent = tmp_path / "parent.keras"
    save_model(trained, parent)
    assert path.read_bytes() != parent.read_bytes()


@pytest.mark.parametrize("name", technique_names())
def test_every_product_still_reads_the_drawn_films(name, films, products):
    outputs = products[name][2].predict(films.validation.images(np.arange(len(films.validation))))
    accuracy = ((outputs[:, 1] > 0.5) == films.validation.labels[:, 0]).mean()
    assert accuracy > 0.9


@pytest.mark.parametrize("entry", list(TECHNIQUES), ids=lambda entry: entry.name)
def test_every_technique_states_its_facts(entry):
    stated, may_state = (
        {"consumes", "produces", "trains", "revision", "label", "kind"},
        {"leaves", "unfit", "check", "former"},
    )
    assert stated <= set(entry.facts) <= stated | may_state
    left = {other.facts["leaves"] for other in TECHNIQUES if "leaves" in other.facts}
    assert set(entry.facts.get("unfit", {})) <= left  # what no technique leaves would never be refused
    assert entry.facts["produces"] in FORMATS


def test_the_plain_litert_file_computes_what_keras_does(films, trained, products):
    outputs = products["float32"][2].predict(films.validation.images(np.arange(len(films.validation))))
    np.testing.assert_allclose(outputs, keras_outputs(trained, films.validation), atol=1e-5)


def weight_types(path):
    """The data types of the convolution kernels in a LiteRT file, read from the file itself."""
    interpreter = Interpreter(model_path=str(path))
    return {
        t["dtype"].__name__
        for t in interpreter.get_tensor_details()
        if len(t["shape"]) == 4 and t["shape"][0] > 1
    }


def test_what_the_files_hold(products):
    assert "float16" in weight_types(products["float16"][1])
    for name in ("int8", "int8_io", "int16x8"):
        assert "int8" in weight_types(products[name][1]), name
    ends = Interpreter(model_path=str(products["int8_io"][1]))
    assert ends.get_input_details()[0]["dtype"] == np.int8 == ends.get_output_details()[0]["dtype"]
    ends = Interpreter(model_path=str(products["int8"][1]))
    assert ends.get_input_details()[0]["dtype"] == np.float32 == ends.get_output_details()[0]["dtype"]
    assert list(ends.get_input_details()[0]["shape"]) == [1, 16, 16, 1]


def test_quantized_files_are_smaller(products):
    size = {name: path.stat().st_size for name, (_, path, _) in products.items()}
    assert size["float16"] < size["float32"]
    assert size["int8"] < size["float16"]
    assert size["dynamic"] < size["float16"]


def test_representative_films_are_training_films_stratified_and_recorded(films, products):
    ids = products["int8"][0].details["representative_films"]
    training = films.training.index.set_index("image_id")
    assert len(set(ids)) == len(ids)
    assert set(ids) <= set(training.index)
    data = TechniqueData(films, drawn_settings(), None)
    images, some = data.representative(24, seed=0)
    assert images.shape == (24, 16, 16, 1)
    assert training.loc[some, "opacity"].mean() == pytest.approx(training["opacity"].mean(), abs=0.03)
    assert data.representative(24, seed=0)[1] == some != data.representative(24, seed=1)[1]


def labelled(labels):
    """Films of which only labels and numbers count."""
    return TechniqueData(SimpleNamespace(training=LabelledFilms(labels)), drawn_settings(), None)


class LabelledFilms:
    def __init__(self, labels):
        self.labels, self.image_ids = labels, np.arange(len(labels))

    def __len__(self):
        return len(self.labels)

    def images(self, chosen):
        return np.zeros((len(chosen), 1, 1, 1), np.float32)


def test_as_many_representative_films_as_asked_with_many_findings():
    generator = np.random.default_rng(0)
    prevalences = np.linspace(0.005, 0.2, 14)
    labels = (generator.random((3000, 14)) < prevalences).astype(np.float32)
    for count in (1, 64, 100, 500, 2999, 3000, 4000):
        ids = [int(i) for i in labelled(labels).representative(count, seed=0)[1]]
        assert len(ids) == len(set(ids)) == min(count, 3000)
    chosen = [int(i) for i in labelled(labels).representative(500, seed=0)[1]]
    np.testing.assert_allclose(labels[chosen].mean(0), labels.mean(0), atol=0.03)
    assert (labels[chosen].sum(1) == 0).mean() == pytest.approx((labels.sum(1) == 0).mean(), abs=0.02)


def rounded_apart(labels, count, seed):
    """The choice of every run with one label before: each stratum's share rounded by itself."""
    generator, chosen = np.random.default_rng([seed, 0x5EED]), []
    for value in (0.0, 1.0):
        films = generator.permutation(np.flatnonzero(labels[:, 0] == value))
        chosen += list(films[: max(1, round(min(1.0, count / len(labels)) * len(films)))])
    return sorted(chosen)


@pytest.mark.parametrize("count", [1, 10, 33, 64, 100, 200, 300])
def test_with_one_label_the_films_are_those_that_were_always_chosen(count):
    for seed in range(8):
        labels = (np.random.default_rng(seed).random((211, 1)) < 0.37).astype(np.float32)
        ids = [int(i) for i in labelled(labels).representative(count, seed=seed)[1]]
        before = rounded_apart(labels, count, seed)
        assert ids == before if len(before) == min(count, 211) else len(ids) == min(count, 211)


def test_a_network_without_layers_to_prune_is_refused_before_training():
    keras = backend.keras()
    film = keras.Input((16, 16, 1))
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(4, 3)(film))
    model = keras.Model(film, keras.layers.Dense(2, activation="softmax")(x))
    with pytest.raises(UsageError, match="no layer to prune between its first and its last"):
        TECHNIQUES["magnitude_pruning"].function(model, None)


def test_pruning_reaches_its_target_in_every_layer(trained, products):
    product = products["magnitude_pruning"][0]
    names = product.details["pruned_layers"]
    assert names == ["middle", "mix", "deep"]
    assert product.details["sparsity"] == pytest.approx(0.8, abs=0.02)
    assert measured_sparsity(product.payload, names) == product.details["sparsity"]
    for spared in ("first", "predictions"):
        assert (product.payload.get_layer(spared).kernel.numpy() == 0).mean() < 0.01
    assert [layer.name for layer in product.payload.layers] == [layer.name for layer in trained.layers]


def test_pruning_that_misses_its_target_is_an_error(films, trained, tmp_path, monkeypatch):
    # masks updated once, at the first step: sparsity stays at its initial value
    monkeypatch.setattr(
        "radlib.techniques.pruning.magnitude_pruning.update_steps", lambda steps: (10_000, 10_000)
    )
    data = TechniqueData(films, drawn_settings(), tmp_path)
    with pytest.raises(RadlibError, match="instead of 80.0%"):
        magnitude_pruning(trained, data, pruning_epochs=1)


@pytest.mark.parametrize("steps", [1, 2, 7, 19, 60, 100, 1234])
def test_the_last_mask_update_is_the_end_of_the_ramp(steps):
    frequency, end = update_steps(steps)
    assert frequency >= 1
    assert end % frequency == 0
    assert 1 <= end <= max(1, 0.7 * steps)
    assert end / frequency <= 40


def test_the_schedule_is_zhu_and_guptas():
    table = sparsity_schedule(100, 0.5, 0.8)
    assert table["step"].iloc[-1] == 69
    assert table["sparsity"].iloc[0] == pytest.approx(0.5)
    assert table["sparsity"].iloc[-1] == pytest.approx(0.8)
    tfmot = backend.tfmot().sparsity.keras.PolynomialDecay(0.5, 0.8, 0, 69, power=3, frequency=3)
    theirs = [float(tfmot(int(step))[1]) for step in table["step"]]
    np.testing.assert_allclose(table["sparsity"], theirs, atol=1e-6)


def test_first_and_last_layer_are_spared(trained):
    assert prunable_layers(trained) == ["middle", "mix", "deep"]


def test_chains_are_checked_before_anything_runs():
    assert [e.name for e in check_chain("magnitude_pruning+int8")] == ["magnitude_pruning", "int8"]
    assert check_chain("") == ()
    assert chain_label("magnitude_pruning+int8") == "pruned + int8"
    assert chain_label("") == "original"
    with pytest.raises(UsageError, match="'float16' cannot follow 'int8'"):
        check_chain("int8+float16")
    with pytest.raises(UsageError, match="did you mean 'magnitude_pruning'"):
        check_chain("magnitude_prunning")


@pytest.mark.parametrize(
    ("link", "wanted"),
    [
        ("distillation(temperature=0.5)", "a number, 1 to 1,000"),
        ("distillation(soft_share=1.5)", "a number, 0 to 1"),
        ("deep_compression(clusters=1)", "a whole number, 2 to 4,096"),
        ("deep_compression(spared_clusters=5000)", "2 to 4,096"),
        ("clustering(clusters=2)", "3 to 256"),
        ("clustering(initialisation=random)", "one of k-means"),
        ("svd(ranks=magic)", "one of energy, evbmf, budget"),
        ("tucker(energy=1.5)", "above 0 up to 1"),
        ("miracle(bits_per_block=17)", "1 to 16"),
        ("miracle(block_weights=0)", "1 to 1,024"),
        ("miracle(posterior_epochs=-1)", "0 to 10,000"),
        ("filter_pruning(measure=seconds)", "one of macs, parameters, bytes"),
        ("filter_pruning(round_to=0)", "1 to 256"),
        ("unified_pruning(cut_by=size)", "one of sparsity, threshold"),
        ("unified_pruning(highest_sparsity=1.0)", "above 0 and below 1"),
        ("qat(qat_epochs=0)", "1 to 10,000"),
        ("xnor_net(binary_epochs=0)", "1 to 10,000"),
        ("xnor_net(activations=ternary)", "one of binary, float"),
        ("float32+aeq_int4(spared_bits=6)", "one of 4, 8"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_the_signature_alone(link, wanted):
    with pytest.raises(UsageError, match=f"takes .*{wanted}"):
        check_chain(link)


def test_the_table_of_schemes_names_registered_techniques():
    table = scheme_table()
    quantizations = {e.name for e in TECHNIQUES if e.facts["kind"] in ("quantization", "runtime")}
    assert set(table.index) == quantizations
    assert table.loc["int8", "input and output"] == "float32"
