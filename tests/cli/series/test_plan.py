"""Which notebooks run, with which parameters; all of it settled before the first cell."""

import pytest

from radlib.cli.series import plan
from radlib.cli.series.parameters import Declared, declared_parameters
from radlib.foundation.errors import DataError, SetupError, UsageError
from radlib.runs.runs import open_run
from radlib.runs.studies import load_study

STUDY = """
notebooks: [01_passes, 02_per_network, 05_raises_data_error]
seeds: [0, 1]
networks: [{tag: a}, {tag: b}]
"""


@pytest.fixture
def study(tmp_path, fixture_notebooks):
    path = tmp_path / "small.yaml"
    path.write_text(STUDY)
    return load_study(str(path))


@pytest.fixture
def run(tmp_path, study):
    return open_run(str(tmp_path / "out"), study=str(tmp_path / "small.yaml"))


def test_notebooks_are_chosen_by_number_or_name_in_the_study_s_order(study):
    assert [p.stem for p in plan.notebook_files(study)] == list(study.notebooks)
    chosen = plan.notebook_files(study, ["05", "01_passes"])
    assert [p.stem for p in chosen] == ["01_passes", "05_raises_data_error"]


def test_a_notebook_that_the_study_lacks_is_named_with_those_it_has(study):
    with pytest.raises(UsageError, match=r"has no notebook '07'; it has: 01_passes, 02_per"):
        plan.notebook_files(study, ["07"])


@pytest.mark.parametrize(
    ("notebook", "expected"),
    [
        ("01_explore", False), ("02_train", True), ("03_prune", True), ("04_quantize", True), ("05_infer", False),
        ("06_compare", False), ("10_deep_compression", True), ("14_miracle", True), ("20_import", False),
    ],
)  # fmt: skip
def test_what_trains_or_converts_runs_once_per_network(notebook, expected):
    assert plan.is_per_network(notebook) is expected


def test_one_step_per_network_and_seed_with_names_that_tell_them_apart(run, fixture_notebooks):
    path = fixture_notebooks / "02_per_network.ipynb"
    networks = plan.chosen_networks(run, None, None)
    steps = plan.steps_of(path, declared_parameters(path), networks, {"epochs": 3, "patience": 1})
    assert [s.report for s in steps] == [
        f"02_per_network-student_small@{tag}-seed{seed}.ipynb" for tag in "ab" for seed in (0, 1)
    ]
    # patience is not declared there, so it is not passed; where the run lies, the kernel's environment says
    assert steps[3].parameters == {"epochs": 3, "network": "student_small@b", "seed": 1}


def test_a_single_network_needs_no_suffix(run, fixture_notebooks):
    path = fixture_notebooks / "02_per_network.ipynb"
    networks = plan.chosen_networks(run, "student_small@b", 1)
    assert [s.report for s in plan.steps_of(path, {}, networks, {})] == ["02_per_network.ipynb"]


def test_settings_and_notebook_parameters_are_known_reserved_ones_are_not(fixture_notebooks):
    declared = {None: {"colour": Declared("colour", str, "blue", "")}}
    values = plan.given_values(declared, {"colour": "red", "epochs": "3", "chains": "[int8]"})
    assert values == {"colour": "red", "epochs": 3, "chains": ["int8"]}
    with pytest.raises(UsageError, match="use --output"):
        plan.given_values(declared, {"output": "x"})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"dataset": "syntetic"}, "no data set 'syntetic'.*synthetic"),
        ({"dataset_options": {"film": 3}}, "has no parameter 'film'"),
        ({"architecture": "student_smal"}, "no architecture 'student_smal'.*student_small"),
        ({"architecture_options": {"beta": 1}}, "has no parameter 'beta'"),
        (
            {"technique_options": {"magnitude_prunning": {}}},
            "no technique .*did you mean 'magnitude_pruning'",
        ),
        ({"technique_options": {"svd": {"enregy": 0.5}}}, "has no parameter 'enregy'.*did you mean 'energy'"),
        ({"chains": ["int9"]}, "no technique 'int9'"),
        ({"chains": ["int8+magnitude_pruning"]}, "cannot follow 'int8'"),
    ],
)
def test_names_that_do_not_exist_are_found_before_the_first_cell(tmp_path, study, settings, message):
    run = open_run(str(tmp_path / "other"), study=str(tmp_path / "small.yaml"), **settings)
    with pytest.raises(UsageError, match=message):
        plan.check_settings(run.networks())


@pytest.mark.parametrize("empty", [True, False])
def test_a_missing_or_empty_data_folder_is_a_data_error(tmp_path, study, empty):
    folder = tmp_path / "films"
    if empty:
        folder.mkdir()
    settings = {"dataset": "folders", "data": str(folder)}
    run = open_run(str(tmp_path / "other"), study=str(tmp_path / "small.yaml"), **settings)
    with pytest.raises(DataError, match="'films' (is empty|does not exist).*--data|'films'.* give another"):
        plan.check_settings(run.networks())


def test_a_missing_weights_file_is_found_before_the_first_cell(tmp_path, study):
    run = open_run(str(tmp_path / "other"), study=str(tmp_path / "small.yaml"), weights="nowhere.h5")
    with pytest.raises(SetupError, match=r"no weights file nowhere\.h5"):
        plan.check_settings(run.networks())
