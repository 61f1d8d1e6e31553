"""Masks of films of one's own: as large as the film, where it is bright, and refused of networks that outline nothing."""

import numpy as np
import pydicom
import pytest
from click.testing import CliRunner
from PIL import Image

from dicom_films import write_film
from outline_runs import outline_run
from radlib.cli import app as cli
from radlib.deployment.mask_pictures import film_masks
from radlib.deployment.own_films import predict_folder
from radlib.evaluation.deciding import Answer
from radlib.evaluation.selection import select
from radlib.foundation.errors import UsageError
from radlib.imaging.images import Preprocessing
from radlib.runs.tasks import outlines
from stored import stored_run


@pytest.fixture(scope="module")
def outliner(tmp_path_factory):
    run, films = outline_run(tmp_path_factory.mktemp("outliner"))
    select(run, films)
    return run.path("variants", run.variants()[0].key)


@pytest.fixture
def films(tmp_path):
    folder = tmp_path / "films"
    folder.mkdir()
    pixels = np.full((48, 32), 90, np.uint8)
    pixels[12:36, 8:16] = 200
    Image.fromarray(pixels).save(folder / "bright.png")
    Image.fromarray(np.full((48, 32), 90, np.uint8)).save(folder / "dark.png")
    (folder / "broken.png").write_bytes(b"no film")
    return folder


def test_a_mask_is_as_large_as_its_film_and_lies_where_it_is_bright(outliner, films, tmp_path):
    done = CliRunner().invoke(
        cli.radlib,
        [
            "predict",
            str(outliner),
            str(films),
            "--csv",
            str(tmp_path / "out.csv"),
            "--masks",
            str(tmp_path / "masks"),
        ],
    )
    assert done.exit_code == 0, done.output
    table = predict_folder(outliner, films).set_index("file")
    assert len(list((tmp_path / "masks").iterdir())) == 2  # none of the film that cannot be read
    mask = np.asarray(Image.open(tmp_path / "masks" / f"{table.loc['bright.png', 'image_id']}.png"))
    assert mask.shape == (48, 32) and set(np.unique(mask)) == {0, 255}
    assert (mask[16:32, 10:14] == 255).all() and not mask[:6].any() and not mask[:, 24:].any()
    assert table.loc["bright.png", "opacity_share"] == pytest.approx((mask > 0).mean(), abs=0.05)
    assert table.loc["dark.png", "opacity_share"] == 0 and table.loc["broken.png", "reason"]
    assert np.isnan(table.loc["broken.png", "opacity_share"])
    heading = (tmp_path / "out.csv").read_text().splitlines()[0]
    assert heading.startswith("image_id,opacity_share,reason")


def test_a_padded_film_loses_its_padding_again():
    square = np.zeros((16, 16, 2), np.float32)
    square[:, 4:12, 0], square[:8, :, 1] = 1, 1  # a tall film lies in the middle half
    answer = Answer("a.png", "0" * 12, square, size=(64, 32))
    masks = film_masks(outlines(["lung", "opacity"]), answer, Preprocessing(16, "pad"))
    assert masks["lung"].shape == (64, 32) and masks["lung"].all()
    assert masks["opacity"][:30].all() and not masks["opacity"][34:].any()


def test_a_network_that_outlines_nothing_has_no_masks(films, tmp_path):
    run, _ = stored_run(tmp_path, chains=("",))
    place = run.path("variants", run.variants()[0].key)
    done = CliRunner().invoke(
        cli.radlib, ["predict", str(place), str(films), "--masks", str(tmp_path / "masks")]
    )
    message = done.output + str(done.exception or "")
    assert done.exit_code != 0 and "outlines nothing; leave --masks out" in message


def test_what_is_outlined_goes_to_an_archive_too(outliner, films, tmp_path):
    write_film(films / "archived.dcm", np.asarray(Image.open(films / "bright.png")))
    done = CliRunner().invoke(
        cli.radlib,
        ["predict", str(outliner), str(films), "--csv", str(tmp_path / "out.csv"), "--masks", str(tmp_path / "masks"),
         "--dicom-seg", str(tmp_path / "segments")],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert done.stderr.count("is no DICOM film, so it has no study to keep anything in") == 2  # both PNGs
    (path,) = (tmp_path / "segments").iterdir()
    table = predict_folder(outliner, films).set_index("file")
    picture = Image.open(tmp_path / "masks" / f"{table.loc['archived.dcm', 'image_id']}.png")
    assert np.array_equal(pydicom.dcmread(path).pixel_array > 0, np.asarray(picture) > 0)
    assert (np.asarray(picture) > 0).any()


def test_there_is_no_threshold_to_choose_for_an_outline(outliner, films):
    from radlib.deployment.threshold_files import stated
    from radlib.runs.variants import read_variant

    with pytest.raises(UsageError, match="no threshold for 'opacity'; this variant has: none"):
        stated(read_variant(outliner / "variant.json"), [0.5], [("opacity", "0.4")])
