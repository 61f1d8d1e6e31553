"""The specification is complete: a reader written from its words alone gives the bytes of every step of every film."""

import hashlib
import json

import numpy as np
import pytest

import plain_reader
from radlib.deployment.bundle.conformance import IN_FULL, film_steps, write_conformance
from radlib.deployment.bundle.specification import FORMAT, VERSION, specification
from radlib.formats.tflite import TensorEnd
from radlib.imaging.images import Preprocessing, image_id, prepare, read_image
from radlib.imaging.resampling import PILLOW
from radlib.runs import tasks

SOURCE = TensorEnd((1, 40, 40, 1), "int8", 0.0043, -117)
EXACT = ("stored", "values", "levels", "tensor")
PREPARATIONS = {
    "plain": Preprocessing(40),
    "second window, fewer levels": Preprocessing(40, bits=5, window=1),
    "padded, bicubic": Preprocessing(40, "pad", resampling="bicubic"),
    "lanczos, histogram": Preprocessing(40, operations=("equalize_histogram",), resampling="lanczos"),
    "nearest, tiles": Preprocessing(40, "pad", operations=("equalize_locally",), resampling="nearest"),
    "area, percentiles": Preprocessing(40, operations=("stretch_percentiles",), resampling="area"),
    "points": Preprocessing(40, "pad", resampling="bilinear_points"),
    "odd side": Preprocessing(13, operations=("equalize_locally", "stretch_percentiles")),
}


def specified(preparation, source=SOURCE):
    target = TensorEnd((1, 2), "float32")
    return json.loads(
        json.dumps(specification(preparation, (source, target), tasks.binary("opacity"), [0.5]))
    )


@pytest.fixture(scope="module", params=PREPARATIONS)
def vectors(request, tmp_path_factory):
    preparation = PREPARATIONS[request.param]
    side = preparation.image_size
    source = TensorEnd((1, side, side, 1), SOURCE.dtype, SOURCE.scale, SOURCE.zero_point)
    folder = tmp_path_factory.mktemp("vectors") / "conformance"
    path = write_conformance(folder, preparation, source)
    return folder, json.loads(path.read_text()), specified(preparation, source)


def array_of(folder, step):
    content = (folder / step["file"]).read_bytes()
    assert hashlib.sha256(content).hexdigest() == step["sha256"]
    return np.frombuffer(content, np.dtype(step["dtype"]).newbyteorder("<")).reshape(step["shape"])


def test_a_plain_reader_gives_every_step(vectors):
    folder, content, said = vectors
    preparation = said["preparation"]
    for film in content["films"]:
        found = dict(plain_reader.read(folder / film["file"], preparation))
        found["tensor"] = plain_reader.tensor(found["levels"], said["input"])
        steps = {step["step"]: array_of(folder, step) for step in film["steps"]}
        assert set(steps) <= set(found)
        for name, expected in steps.items():
            where = f"{film['name']}, {name}"
            assert found[name].shape == expected.shape, where
            if name in EXACT:
                free = _near_an_edge(found, preparation) if name in ("levels", "tensor") else False
                assert (np.ravel(found[name] == expected) | np.ravel(free)).all(), where
            else:
                atol = 1e-9 * max(1, np.ptp(expected)) if name in ("modality", "voi") else 1e-5
                np.testing.assert_allclose(found[name], expected, rtol=0, atol=atol, err_msg=where)


def _near_an_edge(found, preparation):
    """Where float sums of another order may fall on the other side of a level's edge: nowhere for Pillow's filters alone."""
    if preparation["resampling"] in PILLOW and not set(preparation["operations"]) - {"equalize_histogram"}:
        return False
    last = [name for name in found if name not in EXACT][-1]
    place = np.float64(found[last]) * (2 ** preparation["bits"] - 1) + 0.5
    return np.abs(place - np.rint(place)) < 1e-3


def test_the_bytes_are_those_of_the_desk(vectors):
    folder, content, said = vectors
    preparation = Preprocessing.from_dict(said["preparation"])
    for film in content["films"]:
        path = folder / film["file"]
        steps = {step["step"]: array_of(folder, step) for step in film["steps"]}
        grey = read_image(path, window=preparation.window)
        np.testing.assert_array_equal(steps["grey"], grey)
        np.testing.assert_array_equal(steps["levels"], prepare(grey, preparation))
        assert film["image_id"] == image_id(path)


def test_every_kind_of_film_is_there_and_some_in_full(vectors):
    _, content, said = vectors
    assert {film["kind"] for film in content["films"]} == {"dicom", "png", "jpeg"}
    assert {
        film["name"] for film in content["films"] if "tensor" in [s["step"] for s in film["steps"]]
    } == set(IN_FULL)
    assert (said["format"], said["version"]) == (FORMAT, VERSION)


def test_the_steps_in_words_are_the_steps_that_are_done(vectors):
    folder, content, said = vectors
    for film in content["films"]:
        done = list(dict(film_steps(folder / film["file"], Preprocessing.from_dict(said["preparation"]), SOURCE if said["preparation"]["image_size"] == 40 else None)))  # fmt: skip
        words = [step["step"] for step in said["steps"] if film["kind"] in step.get("films", [film["kind"]])]
        place = words.index("OPERATION")
        words[place : place + 1] = said["preparation"]["operations"]
        assert done == words[: len(done)]


def test_vectors_are_the_same_bytes_again(tmp_path):
    for name in ("one", "other"):
        write_conformance(tmp_path / name, Preprocessing(16), None)
    assert (tmp_path / "one" / "vectors.json").read_bytes() == (
        tmp_path / "other" / "vectors.json"
    ).read_bytes()
