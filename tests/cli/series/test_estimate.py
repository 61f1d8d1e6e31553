"""The forecast: what raises it, what is stored costs nothing, and a full disk stops the run before it starts."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml

from radlib.cli.series.estimate import COSTS, Forecast, check_disk, estimate
from radlib.foundation.errors import DataError, SetupError
from radlib.foundation.registry import ARCHITECTURES
from radlib.runs.runs import open_run
from stored import stored_run


def forecast(folder, chains="float32", **settings):
    study = folder / "squares.yaml"
    lines = [f"{name}: {value}" for name, value in {"chains": f"[{chains}]", **settings}.items()]
    study.write_text("name: squares\nparameters:\n" + "".join(f"  {line}\n" for line in lines))
    run = open_run(str(folder / "out"), study=str(study), fresh=True)
    return estimate(run, run.networks(), ["02_train", "04_quantize"])


@pytest.mark.parametrize(
    ("fewer", "more"),
    [
        ({"epochs": 2}, {"epochs": 4}),
        ({"image_size": 64}, {"image_size": 128}),
        ({"architecture": "student_small"}, {"architecture": "resnet50"}),
        ({"chains": "float32"}, {"chains": "float32, int8"}),
        ({"chains": "int8"}, {"chains": "tucker"}),
        ({"chains": "magnitude_pruning"}, {"chains": "magnitude_pruning, filter_pruning+magnitude_pruning"}),
        (
            {"chains": "float32, int8"},
            {"chains": "float32, int16x8"},
        ),  # int16 activations have plain loops only
        ({"chains": "qat"}, {"chains": "qat(qat_epochs=5)"}),  # each technique has epochs of its own
        ({"chains": "qat", "pruning_epochs": 9}, {"chains": "qat(qat_epochs=3)", "pruning_epochs": 1}),
        (
            {"chains": "magnitude_pruning", "pruning_epochs": 1},
            {"chains": "magnitude_pruning", "pruning_epochs": 3},
        ),
    ],
)
def test_more_work_takes_longer(tmp_path, fewer, more):
    (tmp_path / "fewer").mkdir()
    (tmp_path / "more").mkdir()
    assert forecast(tmp_path / "fewer", **fewer).seconds < forecast(tmp_path / "more", **more).seconds


@pytest.mark.parametrize(
    ("architecture", "options"),
    [
        ("unet", "{depth: 4, width: 16}"), ("unet", "{depth: 3, width: 16}"), ("unet_mobilenet_v2", "{}"),
        ("w_net", "{width: 16}"), ("outline_student", "{}"), ("centre_student", "{}"),
    ],
)  # fmt: skip
def test_disk_is_reckoned_from_the_weights_of_the_network_as_it_was_chosen(tmp_path, architecture, options):
    said = forecast(
        tmp_path,
        dataset="drawn_outlines",
        architecture=architecture,
        architecture_options=options,
        image_size=64,
    )
    entry = ARCHITECTURES[architecture]
    weights = entry.function((64, 64, 1), **entry.complete(yaml.safe_load(options))).count_params()
    stored = said.disk_bytes - 20e6 - said.films * 64**2
    assert stored == pytest.approx(
        (5 + 1) * 4 * weights, rel=0.2
    )  # five copies of the original, one of float32


def test_every_architecture_has_its_costs():
    assert {entry.name for entry in ARCHITECTURES} == set(COSTS)


def test_the_demos_forecast_is_near_what_its_published_run_took(tmp_path):
    run = open_run(str(tmp_path / "out"), study="demo", fresh=True)
    took = pd.read_csv(Path(__file__).parents[3] / "docs" / "results" / "demo" / "times.csv")
    said = estimate(run, run.networks(), [name.removesuffix(".ipynb") for name in took["report"]])
    assert said.seconds == pytest.approx(took["seconds"].sum(), rel=0.3)


def test_what_is_stored_costs_nothing(tmp_path):
    run, _ = stored_run(tmp_path, chains=("",))
    stored = estimate(run, run.networks(), ["02_train"])
    shutil.rmtree(run.folder / "variants")
    emptied = estimate(run, run.networks(), ["02_train"])
    assert (stored.variants, emptied.variants) == (0, 1)
    assert emptied.seconds > stored.seconds
    assert emptied.disk_bytes > stored.disk_bytes


def test_a_disk_too_small_is_said_before_the_run(tmp_path):
    free = shutil.disk_usage(tmp_path).free
    with pytest.raises(SetupError, match="free some space or choose another disk"):
        check_disk(tmp_path / "new" / "run", Forecast(1, free * 2, 1, 1, tmp_path))
    check_disk(tmp_path / "new" / "run", Forecast(1, 1, 1, 1, tmp_path))


def test_the_line_for_the_user_says_time_disk_and_how_to_stop(tmp_path):
    short = str(Forecast(150, 30e6, 1500, 9, tmp_path))
    long = str(Forecast(8000, 2e9, 1500, 9, tmp_path))
    assert "3 min" in short or "2 min" in short
    assert "30 MB" in short
    assert "1500 films, 9 variants" in short
    assert "2.2 h" in long
    assert "2.0 GB" in long
    assert "goes on where it was" in long


def test_films_that_cannot_be_used_are_refused_before_notebook_01(tmp_path):
    (tmp_path / "films" / "normal").mkdir(parents=True)
    run = open_run(str(tmp_path / "out"), study="demo", dataset="folders", data=str(tmp_path / "films"))
    with pytest.raises(DataError, match="'normal' has no image"):
        estimate(run, run.networks(), ["01_explore"])
    assert estimate(run, run.networks(), ["06_compare"]).films == 0
