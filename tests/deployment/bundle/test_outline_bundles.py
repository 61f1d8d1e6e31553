"""A network that outlines as a bundle: the masks of `radlib predict` from the folder alone, and every pixel accounted for."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import plain_reader
from outline_runs import CHAINS, exported_outlines, outline_run
from radlib.cli import app as cli
from radlib.deployment.bench.bench import bench_bundle
from radlib.deployment.bundle.outline_examples import (
    agreed,
    drawn_and_undecided,
    film_maps,
    golden_masks,
    outline_vector,
)
from radlib.deployment.export import export_variant
from radlib.deployment.reading import watched_bundle
from radlib.deployment.reading.arrivals import Pace
from radlib.foundation.errors import NotApplicable, UsageError
from radlib.imaging.images import Preprocessing
from radlib.runs.tasks import outlines

KINDS = ("float32", "int8", "int8_io", "original")


@pytest.fixture(scope="module")
def bundles(tmp_path_factory):
    folder = tmp_path_factory.mktemp("outlined")
    return dict(zip(KINDS, exported_outlines(folder, KINDS), strict=True))


@pytest.fixture
def films(tmp_path):
    """A film with a bright place, a dark one, one that is larger than wide, and a file that is none."""
    folder = tmp_path / "films"
    (folder / "ward").mkdir(parents=True)
    pixels = np.full((48, 32), 90, np.uint8)
    pixels[12:36, 8:16] = 200
    Image.fromarray(pixels).save(folder / "bright.png")
    Image.fromarray(pixels[:, :20]).save(folder / "ward" / "tall.png")
    Image.fromarray(np.full((48, 32), 90, np.uint8)).save(folder / "dark.png")
    (folder / "broken.png").write_bytes(b"no film")
    return folder


@pytest.fixture
def hurried(monkeypatch):
    """A file that is no film is given a second of patience, not a minute."""
    monkeypatch.setattr(watched_bundle, "Pace", lambda: Pace(settle_s=0.2, patience_s=1.0, poll_s=0.1))


def said(*arguments):
    done = CliRunner().invoke(cli.radlib, [str(each) for each in arguments])
    return done.exit_code, done.output + str(done.exception or "")


def ran(folder):
    """Return what `run.py` of a bundle says, without radlib and TensorFlow, and its exit code."""
    blocked = "import sys; sys.modules.update(tensorflow=None, radlib=None, tf_keras=None)\n"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", blocked + (folder / "run.py").read_text()],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_the_runner_draws_the_examples_alike_without_radlib(bundles, kind):
    code, text = ran(bundles[kind])
    assert code == 0 and text.count("pixels otherwise: 0 wrong") == 4, text
    golden = np.load(bundles[kind] / "golden.npz")
    assert golden["masks"].any() and not golden["masks"].all()
    assert golden["undecided"].mean() < 0.02  # a share that is forgiven without need would hide faults


def test_a_mask_that_another_network_draws_is_a_fault(bundles, tmp_path):
    shutil.copytree(bundles["float32"], tmp_path / "other")
    golden = dict(np.load(bundles["float32"] / "golden.npz"))
    golden["masks"][0, 3, 3] ^= 1
    np.savez(tmp_path / "other" / "golden.npz", **golden)
    code, text = ran(tmp_path / "other")
    assert code == 1 and "pixels otherwise: 1 wrong" in text


@pytest.mark.parametrize("kind", KINDS)
def test_a_bundle_reads_as_predict_does_pixel_by_pixel(bundles, films, tmp_path, kind):
    """Of a LiteRT file the same pixels; what a Keras file draws is drawn by its LiteRT file there, alike here."""
    run = bundles[kind].parent / "run" / "out" / "variants" / f"outline_student--{kind}--seed0"
    assert run.is_dir()
    for name, command in (("desk", ("predict", run)), ("device", ("read", bundles[kind]))):
        code, text = said(
            *command, films, "--csv", tmp_path / f"{name}.csv", "--masks", tmp_path / name, "--with-files"
        )
        assert code == 0, text
    here, there = (sorted((tmp_path / name).iterdir()) for name in ("desk", "device"))
    assert [path.name for path in here] == [path.name for path in there] and len(here) == 3
    assert all(
        np.array_equal(Image.open(one), Image.open(other)) for one, other in zip(here, there, strict=True)
    )
    assert any(np.asarray(Image.open(one)).any() for one in here)
    assert (tmp_path / "desk.csv").read_text() == (tmp_path / "device.csv").read_text()


def test_a_folder_is_watched_and_every_mask_lies_outside_of_it(bundles, films, tmp_path, hurried):
    watch = ("read", bundles["int8"], "--watch", films, "--once", "--csv", tmp_path / "out.csv", "--masks")
    code, text = said(*watch, films / "masks")
    assert code != 0 and "choose one outside for the masks" in text
    code, text = said(*watch, tmp_path / "masks")
    assert code == 0 and len(list((tmp_path / "masks").iterdir())) == 3, text


def test_the_card_says_mean_and_5th_percentile_with_intervals_and_that_it_is_research(bundles):
    text = (bundles["int8"] / "README.txt").read_text()
    assert "Research only, not a medical device" in text and "AUROC" not in text
    assert "mean Dice 0." in text and "5th percentile of the films 0." in text
    assert (
        text.count(" to ") >= 4
        and "mean Dice differs by" in text
        and "at a margin of 0.060; 5th percentile of Dice differs by" in text
    )
    assert "A pixel belongs to an outline where its probability is at least 0.5" in text
    assert "--masks MASKS" in text and "which pixels rounding may turn" in text
    record = json.loads((bundles["int8"] / "variant.json").read_text())
    assert record["state"] == "finished" and record["verdict"]["conclusion"]
    assert record["verdict"]["dice_low"] < record["verdict"]["dice"] < record["verdict"]["dice_high"]
    original = (bundles["original"] / "README.txt").read_text()
    assert "Tested on" in original and "its original:" not in original


@pytest.mark.parametrize("kind", ["float32", "int8_io"])
def test_the_specification_is_enough_to_draw_the_same_outline(bundles, kind):
    content = json.loads((bundles[kind] / "specification.json").read_text())
    steps = [step["step"] for step in content["steps"]]
    assert steps[-4:] == ["outputs", "outline", "undecided", "share"] and "decision" not in steps
    assert content["decision"]["least"] == 0.5
    assert (content["decision"]["apart"] == 1e-4) == (kind == "float32")
    folder, drawn = bundles[kind] / "conformance", 0
    for film in json.loads((folder / "vectors.json").read_text())["films"]:
        arrays = {
            step["step"]: np.frombuffer((folder / step["file"]).read_bytes(), step["dtype"]).reshape(step["shape"])
            for step in film["steps"]
        }  # fmt: skip
        assert arrays["outline"].shape == (*arrays["grey"].shape, 1) and "outputs" not in film
        drawn += int(arrays["outline"].sum())
        if "outputs" in arrays:
            mine = plain_reader.outline(
                arrays["outputs"], arrays["grey"].shape, content["preparation"], content["decision"]
            )
            for found, step in zip(mine, ("outline", "undecided"), strict=False):
                assert np.array_equal(found, arrays[step]), film["name"]
            assert mine[2] == pytest.approx([film["shares"]["opacity"]])
            assert 0 <= film["may_differ"]["opacity"] < 0.05
    assert drawn > 100


def test_only_pixels_near_one_half_may_be_drawn_otherwise():
    task = outlines(["lung"])
    outputs = np.array([[0.2, 0.4998, 0.5, 0.50005, 0.9]], np.float32).reshape(1, 1, 5, 1)
    found = golden_masks(task, outputs, 0.0)
    assert found["masks"].ravel().tolist() == [0, 0, 1, 1, 1]
    assert found["undecided"].ravel().tolist() == [0, 0, 1, 1, 0]
    coarse = golden_masks(task, outputs, 1 / 256)
    assert coarse["undecided"].ravel().tolist() == [0, 1, 1, 1, 0]


def test_two_runtimes_lie_no_further_apart_in_the_films_own_size():
    """What the square's pixels may differ by bounds what the film's may: each is an average of them."""
    generator, task = np.random.default_rng(0), outlines(["lung"])
    one = generator.random((16, 16, 1)).astype(np.float32)
    other = (one + generator.uniform(-9e-5, 9e-5, one.shape)).astype(np.float32)
    for preparation in (Preprocessing(16), Preprocessing(16, "pad")):
        sizes = ((16, 16), (61, 33), (7, 12), (1, 31))
        for size in sizes:
            mask, undecided = drawn_and_undecided(
                film_maps(task, one, size, preparation)["lung"], task, agreed(0.0)
            )
            again, _ = drawn_and_undecided(film_maps(task, other, size, preparation)["lung"], task, 0.0)
            assert not ((mask != again) & ~undecided).any(), size
    facts, arrays = outline_vector(task, one, (61, 33), Preprocessing(16), 0.0)
    assert facts["shares"]["lung"] == pytest.approx((one >= 0.5).mean())
    assert arrays["outline"].shape == (61, 33, 1)


def test_what_a_bundle_costs_is_measured_as_that_of_other_networks(bundles, tmp_path):
    record = bench_bundle(
        bundles["int8"], against=bundles["float32"], system=tmp_path, seconds=(0.05, 0.05), calls=20
    )
    assert record["steady"][0]["p50_ms"] > 0 and record["against"]["name"].startswith(
        "outline_student/float32"
    )


def test_what_an_outline_cannot_have_is_refused_in_one_sentence(bundles, films, tmp_path):
    run, selected = outline_run(tmp_path / "run")
    key = run.variants()[0].key
    with pytest.raises(NotApplicable, match="outlines, .* Export it without --micro"):
        export_variant(run.folder, key, tmp_path / "out", unfinished=True, micro=True)
    assert not (tmp_path / "out").exists() and len(CHAINS) == 3 and selected
    with pytest.raises(UsageError, match="no threshold was chosen for it on validation films"):
        export_variant(run.folder, key, tmp_path / "out")
    for option, words in (
        ("--heat-map", "draw it with --masks"),
        ("--dicom-sr", "radlib predict --dicom-seg"),
    ):
        code, text = said("read", bundles["int8"], films, option, tmp_path / "pictures")
        assert code != 0 and f"outlines, and {option} is for answers to whole films" in text and words in text
