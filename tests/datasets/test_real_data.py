"""Data sets as published, read from the films beside the checkout; counts are those of their publishers."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from radlib.datasets.dataset import load_dataset
from radlib.datasets.rsna import IMAGES_FOLDER
from radlib.imaging.images import read_image
from radlib.runs.settings import Settings
from rsna_layout import make_rsna_layout

pytestmark = pytest.mark.real_data


def test_kermany_in_three_classes(shared_data):
    """2,780 bacterial and 1,493 viral films were published; 150 of the former training films are not here."""
    folder = shared_data / "data" / "kermany224"
    settings = Settings(
        dataset="kermany", data=str(folder), id_scope="folder", dataset_options={"reading": "classes"}
    )
    index = load_dataset(settings).index
    names = pd.read_csv(folder / "MANIFEST.csv")["path"]
    assert index["bacterial"].sum() == names.str.contains("_bacteria_").sum() == 2690
    assert index["viral"].sum() == names.str.contains("_virus_").sum() == 1433
    assert index["normal"].sum() == names.str.contains("/NORMAL/").sum() == 1433
    assert index.loc[index["split"] == "test", ["normal", "bacterial", "viral"]].sum().tolist() == [
        234,
        242,
        148,
    ]


def test_breast_ultrasound(shared_data):
    """437 benign, 210 malignant, 133 normal images; one file lies under two answers."""
    folder = shared_data / "data" / "busi256"
    manifest = pd.read_csv(folder / "MANIFEST.csv")
    hashes = [column for column in manifest if "sha256" in column][-1]
    by_content = manifest.groupby(hashes)["path"].agg(lambda paths: paths.str.split("/").str[0].nunique())
    contradictory = int((manifest[hashes].map(by_content) > 1).sum())
    settings = Settings(dataset="breast_ultrasound", data=str(folder), dataset_options={"reading": "classes"})
    dataset = load_dataset(settings)
    assert len(dataset.index) == 780 - contradictory == 778
    assert dataset.index[["normal", "benign", "malignant"]].sum().tolist() == [133, 436, 209]
    binary = load_dataset(settings.override({"dataset_options": {}}))
    assert binary.index["malignant"].value_counts().to_dict() == {0: 436, 1: 209}


def test_rsna_layout_made_of_real_films(shared_data, tmp_path):
    source = shared_data / "data" / "chestxray14"
    made = make_rsna_layout(source, tmp_path / "rsna", limit=120)
    settings = Settings(dataset="rsna", data=str(tmp_path / "rsna"))
    index = load_dataset(settings).index
    names = index["path"].map(lambda p: p.rsplit("/", 1)[-1].removesuffix(".dcm"))
    rows = made.set_index("name").loc[names].reset_index()
    assert (index["lung_opacity"] == 1).tolist() == rows["opacity"].tolist()
    assert index["age"].tolist() == rows["Patient Age"].tolist()
    assert index["view"].tolist() == rows["View Position"].tolist()
    assert (index["patient_id"].factorize()[0] == rows["Patient ID"].factorize()[0]).all()
    assert index["boxes"].map(len).gt(0).tolist() == rows["opacity"].tolist()
    three = load_dataset(settings.override({"dataset_options": {"reading": "classes"}})).index
    assert three["normal"].sum() == (rows["Finding Labels"] == "No Finding").sum()
    far = []
    for row in rows.to_dict("records"):
        film = read_image(tmp_path / "rsna" / IMAGES_FOLDER / f"{row['name']}.dcm")
        with Image.open(source / "images256" / row["file"]) as picture:
            stored = np.asarray(picture.convert("L"), np.float32) / 255
        far.append(np.abs(film - stored)[16:-16, 16:-16].mean() if film.shape == stored.shape else np.nan)
    assert np.nanmedian(far) < 0.01  # JPEG films lie a little off
