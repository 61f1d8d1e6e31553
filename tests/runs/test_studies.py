import pytest
import yaml

from radlib.cli.listing import listing
from radlib.foundation.errors import UsageError
from radlib.foundation.registry import ARCHITECTURES, DATASETS, TECHNIQUES
from radlib.imaging.augmentation import Augmentation
from radlib.runs.chains import parse_chain
from radlib.runs.settings import SETTING_TYPES, Settings, checked
from radlib.runs.studies import load_study, notebooks_folder, study_names
from radlib.techniques.building import check_chain


def write(folder, text):
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_every_setting_is_described():
    described = {line.strip().split(":")[0] for line in Settings.__doc__.splitlines() if ":" in line}
    assert set(SETTING_TYPES) <= described


@pytest.mark.parametrize("name", study_names())
def test_every_study_names_things_that_exist(name):
    for settings in load_study(name).network_settings():
        DATASETS[settings.dataset].complete(settings.dataset_options)
        ARCHITECTURES[settings.architecture].complete(settings.architecture_options)
        Augmentation.from_dict(settings.augmentation)
        Augmentation.from_dict(settings.perturbation)
        for chain in settings.chains:
            check_chain(chain)


def test_the_demo_of_every_technique_names_every_technique():
    networks = load_study("demo_all").network_settings()
    chains = [chain for settings in networks for chain in settings.chains]
    named = {link.technique for chain in chains for link in parse_chain(chain)}
    assert named == set(TECHNIQUES.names())


def test_the_demo_of_every_parameter_sets_every_one():
    """A parameter that no study sets is one that nobody needs."""
    networks = load_study("demo_parameters").network_settings()
    links = [link for settings in networks for chain in settings.chains for link in parse_chain(chain)]
    given = {(link.technique, name) for link in links for name in link.given}
    assert given == {(entry.name, each.name) for entry in TECHNIQUES for each in entry.parameters}


def test_every_data_set_has_a_study_and_every_study_is_listed():
    used = {load_study(name).settings().dataset for name in study_names()}
    assert {entry.name for entry in DATASETS} - used == set()
    listed = listing("studies")
    for name in study_names():
        assert load_study(name).name == name
        assert f"  {name} " in listed and load_study(name).title in listed


@pytest.mark.parametrize("name", study_names())
def test_every_study_says_how_to_run_it(name):
    text = (notebooks_folder() / "studies" / f"{name}.yaml").read_text(encoding="utf-8")
    assert text.startswith("# ")
    if load_study(name).settings().dataset != "synthetic":
        assert f"radlib run --study {name}" in text


def test_networks_times_seeds(tmp_path):
    text = (
        "parameters: {epochs: 3}\nnetworks:\n- {architecture: vgg16}\n- {tag: b, epochs: 5}\nseeds: [0, 1]\n"
    )
    study = load_study(write(tmp_path, text))
    found = [(s.architecture, s.tag, s.epochs, s.seed) for s in study.network_settings()]
    default = Settings().architecture
    assert found == [("vgg16", "", 3, 0), ("vgg16", "", 3, 1), (default, "b", 5, 0), (default, "b", 5, 1)]
    own = load_study(write(tmp_path, "networks:\n- {seeds: [4, 5]}\n- {tag: b}\n"))
    assert [(s.tag, s.seed) for s in own.network_settings()] == [("", 4), ("", 5), ("b", 0)]
    over = study.network_settings({"architecture": "xception", "seed": 7, "epochs": 1})
    assert [(s.architecture, s.epochs, s.seed) for s in over] == [("xception", 1, 7)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("parameter: {}", "unknown key 'parameter'"),
        ("parameters: {epoch: 3}", "did you mean 'epochs'"),
        ("parameters: {epochs: many}", "takes a whole number, 0 to 10,000, not 'many'"),
        ("parameters: {class_weights: 'false'}", "takes true or false, not 'false'"),
        ("parameters: {epochs: true}", "takes a whole number, 0 to 10,000, not 'True'"),
        ("parameters: {schedule: linear}", "one of cosine, plateau, constant"),
        ("parameters: {epochs: -3}", "0 to 10,000, not '-3'"),
        ("parameters: {learning_rate: -0.1}", "takes a number, 0 to 100, not '-0.1'"),
        ("a: [", "not valid YAML"),
        ("- 1", "must be a table"),
    ],
)
def test_mistakes_are_one_sentence(tmp_path, text, message):
    with pytest.raises(UsageError, match=message):
        load_study(write(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seeds: 3", "'seeds' takes a list of at least one whole number"),
        ("seeds: []", "'seeds' takes a list"),
        ("seeds: [a]", "'seeds' takes a list"),
        ("seeds: [true]", "'seeds' takes a list"),
        ("networks:\n- {seeds: 2}", "'seeds' takes a list"),
        ("networks:", "'networks' takes a list of at least one table"),
        ("networks: []", "'networks' takes a list"),
        ("networks: [vgg16]", "'networks' takes a list"),
        ("networks: [{1: 2}]", "'networks' takes a list"),
        ("parameters: [a]", "'parameters' takes a table such as"),
        ("parameters:", "'parameters' takes a table"),
        ("parameters: {3: 4}", "'parameters' takes a table"),
        ("notebooks: 02_train", "'notebooks' takes a list of at least one name"),
        ("title: [3]", "'title' takes text"),
        ("test_is_public: 1", "'test_is_public' takes true or false"),
        ("1: 2\nfoo: 3", "unknown key '1'; there are: name, networks"),
        ("parameters: {epoch: 3}", "There is no setting 'epoch'"),
        (
            "parameters: {batch_norm_momentum: 0.9}",
            "no setting 'batch_norm_momentum' any more: batch norm's statistics",
        ),
        ("parameters:\n  epochs: 3\n  epochs: 4", "the key 'epochs' is given twice, keep one"),
        ("title: a\ntitle: b", "the key 'title' is given twice"),
        ("parameters: " + "[" * 5000, "nests its brackets too deeply"),
        ("[]", "must be a table"),
        ("parameters: {learning_rate: inf}", "'learning_rate' takes a number"),
    ],
)
def test_plain_mistakes_name_the_file_and_what_is_expected(tmp_path, text, message):
    with pytest.raises(UsageError, match=message) as caught:
        load_study(write(tmp_path, text))
    assert str(caught.value).startswith("Study mine.yaml") and "\n" not in str(caught.value)


def test_a_study_that_is_not_utf8_is_refused_with_a_sentence(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_bytes("title: Lübeck\n".encode("latin-1"))
    with pytest.raises(UsageError, match=r"Study mine\.yaml is not UTF-8 text; save it as UTF-8\."):
        load_study(str(path))


def test_a_merged_table_may_give_a_key_anew(tmp_path):
    text = "networks:\n- &first {tag: a, epochs: 3}\n- {<<: *first, tag: b}\n"
    found = load_study(write(tmp_path, text)).network_settings()
    assert [(s.tag, s.epochs) for s in found] == [("a", 3), ("b", 3)]


def test_a_study_may_write_a_rate_with_an_exponent(tmp_path):
    text = "parameters: {learning_rate: 1e-3}\nnetworks:\n- {}\n- {learning_rate: 2e-4, tag: 1e-3}\n"
    found = load_study(write(tmp_path, text)).network_settings()
    assert [s.learning_rate for s in found] == [0.001, 0.0002]
    assert found[1].tag == "1e-3"


def test_unknown_study_lists_the_known():
    with pytest.raises(UsageError, match="demo"):
        load_study("demoo")


def test_whole_numbers_pass_as_fractions():
    assert checked("learning_rate", 1) == 1.0
    assert isinstance(checked("learning_rate", 1), float)


def test_yaml_numbers_with_exponent_are_numbers():
    # another reader of YAML 1.1 has 1e-3 as text; the check must say so instead of training with a string
    with pytest.raises(UsageError, match="takes a number, 0 to 100, not '1e-3'"):
        checked("learning_rate", yaml.safe_load("1e-3"))
