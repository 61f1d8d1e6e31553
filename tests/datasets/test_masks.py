"""Films with masks: which belongs to which, and where a mask comes to lie in the network's square."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import radlib
from radlib.cli.series.estimate import survey_films
from radlib.datasets.breast_lesions import breast_lesions
from radlib.datasets.film_records import films_fingerprint
from radlib.datasets.lung_fields import lung_fields
from radlib.datasets.masks import read_masks
from radlib.foundation.errors import DataError
from radlib.imaging.images import Preprocessing, image_id, prepare, read_image
from radlib.runs.settings import Settings


def draw(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(pixels, np.uint8)).save(path)


def noise(seed, shape=(20, 16)):
    return np.random.default_rng(seed).integers(0, 200, shape)


@pytest.fixture
def lungs(tmp_path):
    """Two films with masks in Montgomery's way, one for each lung, two in Shenzhen's, and one without."""
    for seed, name in enumerate(
        ["CHNCXR_0001_0", "CHNCXR_0002_1", "CHNCXR_0003_1", "MCUCXR_0001_0", "MCUCXR_0002_1"]
    ):
        draw(tmp_path / "lungs" / "CXR_png" / f"{name}.png", noise(seed))
    mask = np.zeros((20, 16))
    mask[5:15, 2:7] = 255
    draw(tmp_path / "lungs" / "masks" / "CHNCXR_0001_0_mask.png", mask)
    draw(tmp_path / "lungs" / "masks" / "CHNCXR_0002_1.png", mask)
    for name in ("MCUCXR_0001_0", "MCUCXR_0002_1"):
        draw(tmp_path / "lungs" / "ManualMask" / "leftMask" / f"{name}.png", mask)
        draw(tmp_path / "lungs" / "ManualMask" / "rightMask" / f"{name}.png", mask[:, ::-1])
    return tmp_path / "lungs"


def test_lung_fields_are_films_with_masks_of_either_hospital(lungs):
    dataset = lung_fields(lungs)
    assert dataset.task.head == "map" and dataset.task.labels == ("lung",)
    assert dataset.index["source"].tolist() == ["Shenzhen"] * 2 + ["Montgomery"] * 2
    assert dataset.index["masks"].map(len).tolist() == [1, 1, 2, 2]
    assert "1 film is left out for want of a mask of the lungs." in dataset.notes
    assert "split" not in dataset.index
    other = lung_fields(lungs, split="hospital").index
    assert other["split"].tolist() == ["training"] * 2 + ["test"] * 2
    masks = read_masks(dataset.index.assign(stored_height=20, stored_width=16), Preprocessing(20))
    assert masks.shape == (4, 20, 20, 1) and set(np.unique(masks)) == {0, 1}
    assert (masks[2] == masks[2][:, ::-1]).all()  # both lungs
    assert masks[2].sum() == 2 * masks[0].sum() > 0


def test_masks_are_not_counted_as_films_before_a_run(lungs, tmp_path):
    found = survey_films(Settings(dataset="lung_fields", data=str(lungs)))
    assert found.films == len(lung_fields(lungs).index) == 4
    assert found.left_out == {"without a mask of the lungs": 1}
    one = {"hospital": "montgomery"}
    found = survey_films(Settings(dataset="lung_fields", data=str(lungs), dataset_options=one))
    assert found.films == 2 and found.left_out == {"of the other hospital": 3}
    draw(busi(tmp_path / "busi", False) / "others" / "cat.png", noise(1))
    for normal, films in ((True, 4), (False, 3)):
        settings = Settings(
            dataset="breast_lesions", data=str(tmp_path / "busi"), dataset_options={"normal": normal}
        )
        found = survey_films(settings)
        assert found.films == len(breast_lesions(tmp_path / "busi", normal=normal).index) == films
        assert found.left_out == {"in folders of other names": 1, **({} if normal else {"normal": 1})}


@pytest.mark.parametrize("resize", ["stretch", "pad"])
def test_a_mask_goes_the_way_of_its_film(tmp_path, resize):
    film = np.zeros((30, 18), np.uint8)
    film[6:20, 4:12] = 255
    draw(tmp_path / "film.png", film)
    index = pd.DataFrame({"image_id": ["a"], "masks": [(str(tmp_path / "film.png"),)], "stored_height": 30})
    preparation = Preprocessing(24, resize, ("stretch_percentiles",))
    (mask,) = read_masks(index.assign(stored_width=18), preparation)
    same = prepare(read_image(tmp_path / "film.png"), Preprocessing(24, resize))
    assert (mask[..., 0] == (same >= 127.5)).all() and 0 < mask.mean() < 0.5


def test_masks_that_cannot_be_laid_on_their_film_are_one_sentence(tmp_path):
    draw(tmp_path / "small.png", noise(0, (5, 5)))
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nrest")
    for name, message in (
        ("small", "has 5 × 5 pixels and the film 6 × 6"),
        ("broken", "A mask of the film a "),
    ):
        row = {
            "image_id": ["a"],
            "masks": [(str(tmp_path / f"{name}.png"),)],
            "stored_height": 6,
            "stored_width": 6,
        }
        with pytest.raises(DataError, match=message) as caught:
            read_masks(pd.DataFrame(row), Preprocessing(8))
        assert str(tmp_path) not in str(caught.value)


def busi(root, apart):
    """As published, masks beside the images; or masks in a folder of their own."""
    pictures, masks = (root / "images", root / "masks") if apart else (root, root)
    blob = np.zeros((20, 16))
    blob[2:6, 2:6] = 255
    for seed, name in enumerate(["benign (1)", "benign (10)", "malignant (1)", "normal (1)"]):
        kind = name.split()[0]
        draw(pictures / kind / f"{name}.png", noise(seed))
        draw(masks / kind / f"{name}_mask.png", blob * (kind != "normal"))
    draw(masks / "benign" / "benign (10)_mask_1.png", blob[::-1])
    return root


@pytest.mark.parametrize("apart", [False, True])
def test_breast_lesions_are_all_masks_of_an_image_together(tmp_path, apart):
    dataset = breast_lesions(busi(tmp_path / "busi", apart))
    assert dataset.index["kind"].tolist() == ["benign", "benign", "malignant", "normal"]
    assert dataset.index["masks"].map(len).tolist() == [1, 2, 1, 1]
    assert dataset.index["lesion"].tolist() == [1, 1, 1, 0] and not dataset.patients_known
    masks = read_masks(dataset.index.assign(stored_height=20, stored_width=16), Preprocessing(16))
    assert masks.sum(axis=(1, 2, 3)).tolist()[3] == 0
    assert masks[1].sum() > 1.5 * masks[0].sum() > 0
    assert len(breast_lesions(tmp_path / "busi", normal=False).index) == 3


def test_a_lesion_without_a_mask_is_refused(tmp_path):
    root = busi(tmp_path / "busi", False)
    (root / "malignant" / "malignant (1)_mask.png").unlink()
    with pytest.raises(DataError, match=r"^1 images of lesions have no mask"):
        breast_lesions(root)
    (tmp_path / "none").mkdir()
    with pytest.raises(DataError, match="No image is in 'none' or below"):
        breast_lesions(tmp_path / "none")


def test_masks_come_with_their_films_into_a_run_and_their_places_do_not(tmp_path, monkeypatch):
    """Sixteen images, each with a lesion of its own size, so that no two masks are alike."""
    sizes = {}
    for number in range(32):
        kind, blob = ("benign", "normal")[number % 2], np.zeros((32, 32))
        blob[: number // 2 + 1, :8] = 255 * (kind == "benign")
        film = tmp_path / "busi" / kind / f"{kind} ({number}).png"
        draw(film, noise(number, (32, 32)))
        draw(film.with_name(f"{film.stem}_mask.png"), blob)
        sizes[image_id(film)] = 8 * (number // 2 + 1) * (kind == "benign")
    dataset = breast_lesions(tmp_path / "busi")
    monkeypatch.setattr("radlib.datasets.films.load_dataset", lambda settings: dataset)
    run = radlib.open_run(study="demo", dataset="folders", data=str(tmp_path / "busi"), image_size=32)
    films = radlib.open_films(run)
    for part in (films.training, films.validation, films.test):
        assert part.answers().shape == (len(part), 32, 32, 1) and len(part)
        assert part.truth.sum(axis=(1, 2, 3)).tolist() == [sizes[image] for image in part.image_ids]
        assert "masks" not in part.index and "path" not in part.index
    assert "masks" not in films.dataset.index
    known = films.training.index, films.training.labels, films.preprocessing
    prints = [
        films_fingerprint(*known, masks) for masks in (films.training.truth, 1 - films.training.truth, None)
    ]
    assert len(set(prints)) == 3


@pytest.mark.real_data
def test_masks_as_published(shared_data):
    """566 masks of Shenzhen and 82 of Montgomery; 798 of 780 ultrasound images, 17 of which have several."""
    lungs = lung_fields(shared_data / "data" / "tb_lungs").index
    assert lungs["source"].value_counts().to_dict() == {"Shenzhen": 566, "Montgomery": 82}
    images = breast_lesions(shared_data / "data" / "busi_segmentation").index
    assert images["kind"].value_counts().to_dict() == {"benign": 437, "malignant": 210, "normal": 133}
    assert images["masks"].map(len).value_counts().to_dict() == {1: 763, 2: 16, 3: 1}
    manifest = pd.read_csv(shared_data / "data" / "tb_lungs" / "MANIFEST.csv").set_index("source_name")
    some = lungs.iloc[[0, 300, 600]]
    rows = manifest.loc[some["path"].map(lambda path: f"{path.rsplit('/', 1)[-1][:-4]}.png")]
    sizes = some.assign(stored_height=rows["height"].to_numpy(), stored_width=rows["width"].to_numpy())
    found = read_masks(sizes, Preprocessing(256)).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(found, rows["lung_fraction"], rtol=0.02)
