"""MedMNIST's archives: what their numbers mean, and archives that are not what they say."""

import io
import os
import re
import zipfile

import numpy as np
import pytest

from radlib.cli.series import estimate
from radlib.datasets.dataset import load_dataset
from radlib.foundation.errors import DataError, UsageError
from radlib.imaging.images import read_image
from radlib.runs.settings import Settings

COUNTS = {"train": 7, "val": 3, "test": 4}


def arrays(columns=1, side=28, colour=(), seed=0):
    generator = np.random.default_rng(seed)
    found = {}
    for part, count in COUNTS.items():
        found[f"{part}_images"] = generator.integers(0, 256, (count, side, side, *colour), dtype=np.uint8)
        found[f"{part}_labels"] = (np.arange(count * columns).reshape(count, columns) % 2).astype(np.uint8)
    return found


def save(folder, name, content):
    folder.mkdir(exist_ok=True)
    np.savez_compressed(folder / f"{name}.npz", **content)
    return folder


def load(place, **options):
    return load_dataset(Settings(dataset="medmnist", data=str(place), dataset_options=options))


@pytest.mark.parametrize("single_file", [True, False])
def test_rows_become_films_with_their_official_parts(tmp_path, single_file):
    content = arrays()
    folder = save(tmp_path / "d", "pneumoniamnist", content)
    dataset = load(folder / "pneumoniamnist.npz" if single_file else folder)
    index = dataset.index
    assert dataset.task.outputs == ("normal", "pneumonia")
    assert not dataset.patients_known
    assert index["split"].value_counts().to_dict() == {"training": 7, "validation": 3, "test": 4}
    expected = np.concatenate([content[f"{part}_labels"][:, 0] for part in COUNTS])
    assert index["pneumonia"].tolist() == expected.tolist()
    films = np.concatenate([content[f"{part}_images"] for part in COUNTS])
    for path, film in zip(index["path"], films, strict=True):
        np.testing.assert_array_equal(np.round(read_image(path) * 255), film)


def test_an_id_follows_from_the_pixels_alone(tmp_path):
    content = arrays()
    first = load(save(tmp_path / "d", "pneumoniamnist", content)).index
    order = [3, 0, 1, 2, 6, 5, 4]
    content["train_images"], content["train_labels"] = (
        content["train_images"][order],
        content["train_labels"][order],
    )
    second = load(save(tmp_path / "e", "pneumoniamnist", content)).index
    assert second["image_id"][:7].tolist() == first["image_id"][order].tolist()
    content["test_images"][0] = content["train_images"][1]
    third = load(save(tmp_path / "f", "pneumoniamnist", content)).index
    assert third["image_id"][10] == f"{second['image_id'][1]}-2"


def test_malignant_is_the_positive_answer_of_breastmnist(tmp_path):
    dataset = load(save(tmp_path / "d", "breastmnist", arrays()))
    assert dataset.task.outputs == ("normal_or_benign", "malignant")
    assert dataset.index["malignant"].tolist()[:4] == [1, 0, 1, 0]  # stored as 0, 1, 0, 1


def test_chestmnist_has_fourteen_findings_at_any_size(tmp_path):
    content = arrays(columns=14, side=64)
    content["train_labels"][0] = 1 - content["train_labels"][0]
    dataset = load(save(tmp_path / "d", "chestmnist_64", content), collection="chestmnist_64")
    assert dataset.task.name == "findings"
    assert len(dataset.task.labels) == 14
    np.testing.assert_array_equal(dataset.index[list(dataset.task.labels)][:7], content["train_labels"])


def test_colour_films_become_grey(tmp_path):
    content = arrays(colour=(3,))
    index = load(save(tmp_path / "d", "pneumoniamnist", content)).index
    assert read_image(index["path"][0]).shape == (28, 28)


def test_films_are_unpacked_once_and_again_when_damaged(tmp_path, outputs):
    folder = save(tmp_path / "d", "pneumoniamnist", arrays())
    first = load(folder).index
    files = sorted((outputs / ".cache" / "arrays").glob("*.npy"))
    times = [f.stat().st_mtime_ns for f in files]
    load(folder)
    assert [f.stat().st_mtime_ns for f in files] == times
    whole = files[0].read_bytes()
    os.truncate(files[0], 100)
    assert load(folder).index.equals(first)
    assert files[0].read_bytes() == whole


def test_several_files_must_be_told_apart(tmp_path):
    folder = save(tmp_path / "d", "pneumoniamnist", arrays())
    save(folder, "breastmnist", arrays())
    save(folder, "weights", {"a": np.zeros(2)})
    with pytest.raises(UsageError, match="'collection': breastmnist, pneumoniamnist"):
        load(folder)
    with pytest.raises(
        UsageError, match=r"no collection 'pathmnist'.*; there are: pneumoniamnist, breastmnist"
    ):
        load(folder, collection="pathmnist")
    with pytest.raises(DataError, match=r"'d' holds no chestmnist; put chestmnist\.npz there"):
        load(folder, collection="chestmnist")
    assert load(folder, collection="breastmnist").task.labels == ("malignant",)


def test_the_forecast_counts_rows(tmp_path):
    folder = save(tmp_path / "d", "pneumoniamnist", arrays())
    assert estimate.survey_films(Settings(dataset="medmnist", data=str(folder))).films == sum(COUNTS.values())


class Planted:
    """Runs when it is unpickled."""

    def __reduce__(self):
        return (os.system, (f"touch {os.environ['RADLIB_OUTPUTS']}/pwned",))


def with_array(**changed):
    return lambda path: np.savez(path, **{**arrays(), **changed})


def with_heading(name, shape, content=b""):
    """Write an array whose heading claims a shape that its bytes do not have."""

    def write(path):
        np.savez(path, **{k: v for k, v in arrays().items() if k != name})
        heading = io.BytesIO()
        fields = {"descr": "|u1", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(heading, fields)
        with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"{name}.npy", heading.getvalue() + content)

    return write


def damaged(path):
    """Flip a byte in the middle of stored pixels: only the checksum tells."""
    np.savez(path, **arrays())
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        place = archive.getinfo("train_images.npy").header_offset + 1000
    content[place] ^= 255
    path.write_bytes(bytes(content))


@pytest.mark.parametrize(
    ("write", "text"),
    [
        (lambda p: p.write_bytes(b"no archive"), "is damaged or no .npz"),
        (lambda p: [np.savez(p, **arrays()), os.truncate(p, p.stat().st_size // 2)], "is damaged or no .npz"),
        (lambda p: np.savez(p, train_images=np.zeros((1, 28, 28), np.uint8)), "has no array 'train_labels'"),
        (damaged, "is damaged"),
        (with_array(train_labels=np.array([[Planted()]] * 7, dtype=object)), "is damaged"),
        (with_array(train_images=np.array([Planted()] * 7, dtype=object)), "is damaged"),
        (with_array(train_images=np.zeros((7, 28, 28), np.float32)), "is damaged"),
        (with_array(train_images=np.zeros((7, 784), np.uint8)), "is damaged"),
        (with_array(train_images=np.zeros((7, 4, 2000), np.uint8)), "is damaged"),
        (with_array(val_images=np.asfortranarray(np.zeros((3, 28, 28), np.uint8))), "is damaged"),
        (with_array(test_labels=np.full((4, 1), 2, np.uint8)), "is damaged"),
        (with_array(test_labels=np.zeros((3, 1), np.uint8)), "4 test images but labels of shape"),
        (with_array(test_labels=np.zeros((4, 2), np.uint8)), "4 test images but labels of shape"),
        (with_heading("train_images", (10**6, 1000, 1000)), "is damaged"),
        (with_heading("train_labels", (2, 1), bytes(10**7)), "is damaged"),
        (with_heading("train_labels", (10**9, 1)), "is damaged"),
    ],
)
def test_hostile_and_damaged_archives(tmp_path, outputs, write, text):
    outputs.mkdir()
    write(tmp_path / "pneumoniamnist.npz")
    with pytest.raises(DataError, match=text) as caught:
        load(tmp_path / "pneumoniamnist.npz")
    assert re.fullmatch(r"[^\n]+\.", str(caught.value))
    assert not (outputs / "pwned").exists()
    assert not list(outputs.rglob("*.partial"))


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "label", "positives"),
    [("pneumoniamnist", "pneumonia", (3494, 389, 390)), ("breastmnist", "malignant", (147, 21, 42))],
)
def test_the_archives_as_published(shared_data, name, label, positives):
    """Counts of the publisher; pixels against NumPy's own reading."""
    path = shared_data / "data" / "medmnist" / f"{name}.npz"
    index = load(path.parent, collection=name).index
    counts = index.groupby("split")[label].sum()
    assert tuple(counts[["training", "validation", "test"]]) == positives
    with np.load(path, allow_pickle=False) as published:
        film = np.round(read_image(index.loc[index["split"] == "test", "path"].iloc[-1]) * 255)
        np.testing.assert_array_equal(film, published["test_images"][-1])
