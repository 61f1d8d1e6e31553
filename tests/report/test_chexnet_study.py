"""The study of a network that others trained: CheXNet, from a checkpoint of 2017 to a report by finding."""

import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from radlib import measure, open_films, open_run, predict, select, write_report
from radlib.architectures.inputs import input_record
from radlib.datasets.chestxray14 import FINDINGS
from radlib.runs.studies import load_study
from radlib.techniques.building import build_variants
from torch_checkpoints import write_stream
from torchvision_layouts import chexnet_names, drawn, layout

SIDE, PATIENTS = 32, 48


def test_the_study_has_the_eight_variants_of_its_reference_and_trains_nothing():
    study = load_study("chexnet")
    (settings,) = study.network_settings()
    forms = ["", "+dynamic", "+float16", "+int8"]
    assert set(settings.chains) | {""} == {f.strip("+") for f in forms} | {
        f"magnitude_pruning{f}" for f in forms
    }
    assert (settings.architecture, settings.image_size, settings.epochs) == ("densenet121", 224, 0)
    assert "02_train" not in study.notebooks


def test_films_are_standardised_as_imagenets_were():
    record = input_record("densenet121", {})
    assert record["mean"] == pytest.approx([0.485, 0.456, 0.406]) and record["channels"] == 3
    assert record["std"] == pytest.approx([0.229, 0.224, 0.225])
    caffe = input_record("vgg16", {})
    assert caffe["mean"] == pytest.approx(np.divide([103.939, 116.779, 123.68], 255), abs=1e-6)
    assert input_record("googlenet", {"channels": 1})["mean"] == [0.5]


def draw_films(folder):
    """Write films and tables as published, with the split of the reproductions; every finding in every part."""
    generator = np.random.default_rng(0)
    rows = []
    for patient in range(PATIENTS):
        name, found = f"{patient + 1:08d}_000.png", [FINDINGS[patient % 14], FINDINGS[(patient + 5) % 14]]
        Image.fromarray(generator.integers(0, 256, (SIDE, SIDE), dtype=np.uint8)).save(folder / name)
        said = "|".join(sorted(found)) if patient % 5 else "No Finding"
        rows.append(
            (name, said, patient + 1, 50, "F", "PA", ["train", "train", "val", "test"][patient // 3 % 4])
        )
    columns = [
        "Image Index",
        "Finding Labels",
        "Patient ID",
        "Patient Age",
        "Patient Gender",
        "View Position",
        "fold",
    ]
    table = pd.DataFrame(rows, columns=columns)
    table.drop(columns="fold").to_csv(folder / "Data_Entry_2017_v2020.csv", index=False)
    table[["Image Index", "fold"]].to_csv(folder / "patient_split.csv", index=False)


@pytest.mark.slow
def test_a_checkpoint_of_2017_goes_through_the_study_as_all_eight_variants(tmp_path):
    (tmp_path / "films").mkdir()
    draw_films(tmp_path / "films")
    tensors = drawn(layout("densenet121", 14))
    weights = write_stream(tmp_path / "model.pth.tar", {"epoch": 9, "state_dict": chexnet_names(tensors)})
    run = open_run(
        str(tmp_path / "out"), study="chexnet", data=str(tmp_path / "films"), weights=str(weights), image_size=SIDE,
        bootstrap_draws=20, latency_calls=50, representative_films=4,
    )  # fmt: skip
    films = open_films(run)
    variants = build_variants(run, films)
    assert len(variants) == 8
    for variant in variants:
        record = json.loads(
            run.model_path(variant).with_name("preprocessing.json").read_text(encoding="utf-8")
        )
        assert record["inside_network"]["mean"] == pytest.approx([0.485, 0.456, 0.406])
    select(run, films)
    answers = predict(run, films, variants, split="test")
    assert answers[variants[0].name].y_prob.shape == (len(films.test), 14)
    measure(run, variants)
    write_report(run)
    names = {variant.name for variant in variants}
    assert set(pd.read_csv(run.path("results.csv"))["variant"]) == names
    scores = pd.read_csv(run.path("per_label.csv")).query("metric == 'auroc'")
    assert len(scores) == 8 * 14 and set(scores["label"]) == {name.lower() for name in FINDINGS}
    judged = scores.dropna(subset=["value", "low"])  # a finding of one film has no interval
    assert (
        not judged.empty
        and (judged["low"] <= judged["value"]).all()
        and (judged["value"] <= judged["high"]).all()
    )
    verdicts = pd.read_csv(run.path("verdicts.csv"))
    assert set(verdicts["variant"]) == names - {variants[0].name} and verdicts["verdict"].notna().all()
