"""A network that finds boxes as a bundle: the rows of `radlib predict --boxes` from the folder alone, and every box accounted for."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from PIL import Image

import plain_reader
from exported_boxes import exported_boxes
from radlib.cli import app as cli
from radlib.deployment.bundle.answer_words import ANSWER_STEPS
from radlib.deployment.bundle.box_examples import drawn_boxes, edges_apart, golden_boxes, undecided_boxes
from radlib.deployment.bundle.outline_examples import agreed
from radlib.deployment.bundle.proof import VECTORS
from radlib.deployment.bundle.runners import RUNNERS
from radlib.deployment.bundle.specification import DECISIONS
from radlib.deployment.export import GOLDEN_ANSWERS, export_variant
from radlib.deployment.export_state import TAKEN
from radlib.deployment.export_texts import EXAMPLES, PICTURES
from radlib.deployment.reading import watched_bundle
from radlib.deployment.reading.arrivals import Pace
from radlib.foundation.errors import NotApplicable
from radlib.imaging.centre_maps import MOST
from radlib.runs.tasks import boxes
from radlib.runs.tasks.naming import KINDS as QUESTIONS

KINDS = ("float32", "int8", "int8_io", "original")


@pytest.fixture(scope="module")
def bundles(tmp_path_factory):
    folder = tmp_path_factory.mktemp("boxed")
    return dict(zip(KINDS, exported_boxes(folder, KINDS), strict=True))


@pytest.fixture
def films(tmp_path):
    """A film with two bright places, a dark one, one that is taller than wide, and a file that is none."""
    folder = tmp_path / "films"
    (folder / "ward").mkdir(parents=True)
    pixels = np.full((48, 64), 90, np.uint8)
    pixels[8:28, 4:24], pixels[20:40, 40:60] = 200, 180
    Image.fromarray(pixels).save(folder / "bright.png")
    Image.fromarray(pixels[:, :30]).save(folder / "ward" / "tall.png")
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
def test_the_runner_finds_the_boxes_of_the_examples_without_radlib(bundles, kind):
    code, text = ran(bundles[kind])
    assert code == 0 and text.count(" boxes: 0 wrong") == 4, text
    golden = np.load(bundles[kind] / "golden.npz")
    assert len(golden["boxes"]) >= 3 and golden["outputs"].shape == (4, 8, 8, 5)
    known = {tuple(row) for row in golden["undecided"].round(6)}
    assert sum(tuple(row) not in known for row in golden["boxes"].round(6)) >= 2  # or faults would hide
    assert "opacity 0." in text and "largest difference" in text


@pytest.mark.parametrize("fault", ["moved", "invented", "missed"])
def test_a_box_that_another_network_finds_is_a_fault(bundles, tmp_path, fault):
    shutil.copytree(bundles["float32"], tmp_path / "other")
    golden = dict(np.load(bundles["float32"] / "golden.npz"))
    near = {tuple(row) for row in golden["undecided"].round(6)}
    sure = next(n for n, row in enumerate(golden["boxes"].round(6)) if tuple(row) not in near)
    if fault == "moved":
        golden["boxes"][sure, 3] += 0.1  # the left edge, pixels
    elif fault == "invented":
        golden["boxes"] = np.delete(golden["boxes"], sure, axis=0)
    else:
        golden["boxes"] = np.vstack([golden["boxes"], [0, 0, 0.5, 1, 1, 3, 3]])
    np.savez(tmp_path / "other" / "golden.npz", **golden)
    code, text = ran(tmp_path / "other")
    assert code == 1 and f" boxes: {2 if fault == 'moved' else 1} wrong" in text


@pytest.mark.parametrize("kind", KINDS)
def test_a_bundle_writes_the_very_rows_of_predict(bundles, films, tmp_path, kind):
    """Of a LiteRT file; what a Keras file finds is found by its LiteRT file there, but for the last bits."""
    run = bundles[kind].parent / "run" / "variants" / f"centre_student--{kind}--seed0"
    assert run.is_dir()
    for name, command in (("desk", ("predict", run)), ("device", ("read", bundles[kind]))):
        code, text = said(
            *command, films, "--csv", tmp_path / f"{name}.csv", "--boxes", tmp_path / f"{name}_boxes.csv", "--with-files"
        )  # fmt: skip
        assert code == 0, text
    desk, device = (pd.read_csv(tmp_path / f"{name}_boxes.csv") for name in ("desk", "device"))
    assert len(desk) >= 2 and set(desk["label"]) == {"opacity"} and "bright.png" in set(desk["file"])
    if kind == "original":
        pd.testing.assert_frame_equal(desk, device, rtol=1e-4, atol=1e-3)
        return
    assert (tmp_path / "desk_boxes.csv").read_text() == (tmp_path / "device_boxes.csv").read_text()
    assert (tmp_path / "desk.csv").read_text() == (tmp_path / "device.csv").read_text()


def test_a_folder_is_watched_and_boxes_lack_none_also_when_asked_for_later(bundles, films, tmp_path, hurried):
    bundle, watch = bundles["int8"], ("--watch", films, "--once", "--csv", tmp_path / "out.csv")
    code, text = said(
        "read", bundle, films, "--boxes", tmp_path / "all.csv", "--csv", tmp_path / "all_films.csv"
    )
    assert code == 0, text
    (films / "bright.png").rename(tmp_path / "bright.png")
    code, text = said("read", bundle, *watch)
    assert code == 0 and not (tmp_path / "boxes.csv").exists(), text
    (tmp_path / "bright.png").rename(films / "bright.png")
    code, text = said("read", bundle, *watch, "--boxes", tmp_path / "boxes.csv")
    assert code == 0, text
    lines = [(tmp_path / name).read_text().splitlines() for name in ("boxes.csv", "all.csv")]
    assert lines[0][0] == lines[1][0] and sorted(lines[0]) == sorted(lines[1]) and len(lines[0]) >= 3
    half = "\n".join(lines[0][:-1]) + "\n" + lines[0][-1][:9]  # as a power cut leaves it
    (tmp_path / "boxes.csv").write_text(half)
    code, text = said("read", bundle, *watch, "--boxes", tmp_path / "boxes.csv")
    assert code == 0 and (tmp_path / "boxes.csv").read_text().splitlines() == lines[0]
    code, text = said("read", bundle, *watch, "--boxes", tmp_path / "out.csv")
    assert code != 0 and "another table; name another file with --boxes" in text


def test_a_line_of_json_per_watched_film_is_as_it_was(bundles, films, hurried):
    code, text = said("read", bundles["int8"], "--watch", films, "--once", "--json")
    rows = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    assert code == 0 and len(rows) == 4 and all("boxes" not in row for row in rows)
    assert max(row["opacity_boxes"] or 0 for row in rows) >= 1


def test_the_card_says_mean_box_score_with_its_interval_and_that_it_is_research(bundles):
    text = (bundles["int8"] / "README.txt").read_text()
    assert "Research only, not a medical device" in text and "AUROC" not in text and "Dice" not in text
    assert "mean box score 0." in text and "are found, beside" in text and "mean box score differs by" in text
    assert "has a peak, a cell that none of its neighbours exceeds, of at least 0.3" in text
    assert text.count("--boxes boxes.csv") == 2 and "those that rounding may draw or leave out" in text
    record = json.loads((bundles["int8"] / "variant.json").read_text())
    assert record["state"] == "finished" and record["verdict"]["conclusion"]
    verdict = record["verdict"]
    assert verdict["box_score_low"] < verdict["box_score"] < verdict["box_score_high"]


@pytest.mark.parametrize("kind", ["float32", "int8_io"])
def test_the_specification_is_enough_to_find_the_same_boxes(bundles, kind):
    content = json.loads((bundles[kind] / "specification.json").read_text())
    steps = [step["step"] for step in content["steps"]]
    assert steps[-5:] == ["outputs", "peaks", "boxes", "film_boxes", "undecided"] and "decision" not in steps
    said, preparation = content["decision"], content["preparation"]
    assert (said["least"], said["stride"], said["most"]) == (0.3, 4, MOST)
    assert said["outputs"] == ["opacity", "width", "height", "right", "down"]
    assert (said["apart"] == 1e-4) == (kind == "float32")
    assert said["edges_apart"] == edges_apart(said["apart"], 32)
    folder, drawn = bundles[kind] / "conformance", 0
    for film in json.loads((folder / "vectors.json").read_text())["films"]:
        arrays = {
            step["step"]: np.frombuffer((folder / step["file"]).read_bytes(), step["dtype"]).reshape(step["shape"])
            for step in film["steps"]
        }  # fmt: skip
        drawn += len(arrays["film_boxes"])
        assert film["boxes"] == {"opacity": len(arrays["film_boxes"])}
        assert film["may_differ"] == {"opacity": len(arrays["undecided"])}
        shape = arrays["grey"].shape
        mine = plain_reader.film_boxes(arrays["boxes"], shape, preparation)
        np.testing.assert_allclose(mine, arrays["film_boxes"], atol=1e-6)
        if "outputs" in arrays:
            np.testing.assert_allclose(
                plain_reader.boxes(arrays["outputs"], said), arrays["boxes"], atol=1e-6
            )
    assert drawn > 30


def test_boxes_by_rounding_are_those_near_the_threshold_or_a_neighbour_as_high():
    task, maps = boxes(["a"]), np.full((8, 8, 5), 0.1, np.float32)
    maps[0, 0, 0], maps[2, 5, 0] = 0.9, 0.30003  # surely a box; as near the threshold as rounding goes
    maps[4, 1, 0] = 0.29995  # none, but nearly one
    maps[6, 4, 0], maps[6, 5, 0] = 0.7, 0.69995  # either may be the peak
    drawn, near = drawn_boxes(task, maps), undecided_boxes(task, maps, 1e-4)
    assert drawn[:, 1].round(5).tolist() == [0.9, 0.7, 0.30003]
    assert sorted(near[:, 1].round(5).tolist()) == [0.29995, 0.30003, 0.69995, 0.7]
    assert len(golden_boxes(task, maps[None], 0.0)["undecided"]) == 4
    assert not len(undecided_boxes(task, np.zeros((8, 8, 5)), 1e-4))


def test_where_more_than_are_kept_are_nearly_as_high_any_of_them_may_be_left_out():
    task, maps = boxes(["a"]), np.full((12, 12, 5), 0.1, np.float32)
    maps[::2, ::2, 0] = np.linspace(0.5, 0.50001, 36).reshape(6, 6)
    assert len(drawn_boxes(task, maps)) == MOST and len(undecided_boxes(task, maps, 1e-4)) == 36


def test_another_runtime_within_rounding_has_no_box_but_these():
    generator, task, apart = np.random.default_rng(0), boxes(["a", "b"]), agreed(1 / 256)
    one = generator.random((16, 16, 6)).astype(np.float32)
    one[..., :2] = np.round(one[..., :2] * 24) / 24  # with many equal neighbours
    drawn, near = drawn_boxes(task, one), undecided_boxes(task, one, apart)
    for _ in range(20):
        other = np.clip(one + generator.uniform(-apart, apart, one.shape), 0, 1)
        found = drawn_boxes(task, other)
        for row in found:
            assert _alike(row, np.vstack([drawn, near]), apart), row
        for row in drawn:
            assert _alike(row, np.vstack([found, near]), apart), row
    assert len(near) > 0 and any(not _alike(row, near, 0) for row in drawn)


def _alike(row, others, apart):
    edges = np.abs(others[:, 2:4] - row[2:4]), np.abs((others[:, 2:4] + others[:, 4:]) - (row[2:4] + row[4:]))
    near = (np.abs(others[:, 1] - row[1]) <= apart + 1e-6) & (others[:, 0] == row[0])
    return (near & (np.hstack(edges).max(axis=1) <= edges_apart(apart, 64) + 1e-6)).any()


def test_what_every_kind_of_question_answers_can_leave_a_run():
    """So `radlib fit` needs not ask whether a bundle can be made of what it found."""
    kept = {
        named(["a", "b", "c", "d", "e", "f"][: 2 if name == "binary" else 6]).record
        for name, named in QUESTIONS.items()
    }
    for by_record in (GOLDEN_ANSWERS, RUNNERS, ANSWER_STEPS, DECISIONS, VECTORS, EXAMPLES, PICTURES, TAKEN):
        assert set(by_record) == kept


def test_what_boxes_cannot_have_is_refused_in_one_sentence(bundles, films, tmp_path):
    run = bundles["int8"].parent / "run"
    with pytest.raises(NotApplicable, match="it finds boxes, .* Export it without --micro"):
        export_variant(run, "centre_student--int8--seed0", tmp_path / "out", micro=True)
    for option, words in (
        ("--heat-map", "write them with --boxes"),
        ("--dicom-sr", "no report for an archive"),
    ):
        code, text = said("read", bundles["int8"], films, option, tmp_path / "pictures")
        assert (
            code != 0 and f"finds boxes, and {option} is for answers to whole films" in text and words in text
        )
    code, text = said("read", bundles["int8"], films, "--masks", tmp_path / "masks")
    assert code != 0 and "outlines nothing; leave --masks out" in text
    code, text = said("read", bundles["int8"], films, "--boxes", tmp_path)
    assert code != 0 and "is a folder; name the CSV file" in text
