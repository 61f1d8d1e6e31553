import pytest
import yaml

from radlib.augmentation import Augmentation
from radlib.chains import parse_chain
from radlib.errors import UsageError
from radlib.listing import listing
from radlib.registry import ARCHITECTURES, DATASETS, TECHNIQUES
from radlib.settings import SETTING_TYPES, Settings, checked
from radlib.studies import load_study, notebooks_folder, study_names
from radlib.techniques import check_chain


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


def test_every_data_set_has_a_study_and_every_study_is_listed():
    used = {load_study(name).settings().dataset for name in study_names()}
    assert {entry.name for entry in DATASETS} - used == {"folders"}  # the README tells how to use it
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
        ("parameters: {epochs: many}", "takes int, not str"),
        ("parameters: {class_weights: 'false'}", "takes bool, not str"),
        ("parameters: {epochs: true}", "takes int"),
        ("parameters: {schedule: linear}", "one of cosine, plateau, constant"),
        ("parameters: {epochs: -3}", "between 0 and 10000, not at -3"),
        ("parameters: {learning_rate: -0.1}", "between 0 and inf"),
        ("a: [", "not valid YAML"),
        ("- 1", "must be a table"),
    ],
)
def test_mistakes_are_one_sentence(tmp_path, text, message):
    with pytest.raises(UsageError, match=message):
        load_study(write(tmp_path, text))


def test_unknown_study_lists_the_known():
    with pytest.raises(UsageError, match="demo"):
        load_study("demoo")


def test_whole_numbers_pass_as_fractions():
    assert checked("learning_rate", 1) == 1.0
    assert isinstance(checked("learning_rate", 1), float)


def test_yaml_numbers_with_exponent_are_numbers():
    # YAML 1.1 reads 1e-3 as text; the check must say so instead of training with a string
    with pytest.raises(UsageError, match="takes float, not str"):
        checked("learning_rate", yaml.safe_load("1e-3"))
