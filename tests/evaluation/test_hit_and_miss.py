"""The hit and the miss of the report's first page are typical test films of the winner's, and lie in the private folder."""

import json

import numpy as np
from PIL import Image

import radlib
from radlib.evaluation.answers import Predictions
from radlib.evaluation.choices import read_selection
from radlib.evaluation.hit_and_miss import (
    SIDE,
    hit_and_miss_path,
    picture_path,
    typical_hit_and_miss,
    write_hit_and_miss,
)
from radlib.evaluation.predictions import predict
from stored import stored_run


def answers(truth, prob):
    ids = np.array([f"{n:012d}" for n in range(len(truth))])
    return Predictions(
        ids, ids, np.array(truth, float).reshape(len(truth), -1), np.array(prob, float).reshape(len(truth), -1),
        np.zeros((len(truth), 2)), "s", "",
    )  # fmt: skip


def test_of_those_called_and_of_those_missed_the_middling_film_is_shown():
    found = typical_hit_and_miss(
        answers([1, 1, 1, 1, 1, 0, 1], [0.9, 0.6, 0.7, 0.1, 0.3, 0.95, 0.2]), np.array([0.5]), exclusive=False
    )
    assert (found["hit"]["image_id"], found["hit"]["probability"]) == ("000000000002", 0.7)
    assert (found["miss"]["image_id"], found["miss"]["threshold"]) == ("000000000006", 0.5)


def test_without_a_threshold_or_a_miss_there_is_none():
    sure = answers([1, 1, 0], [0.9, 0.8, 0.1])
    assert typical_hit_and_miss(sure, np.array([np.nan]), exclusive=False) == {}
    assert list(typical_hit_and_miss(sure, np.array([0.5]), exclusive=False)) == ["hit"]


def test_of_several_findings_the_one_that_most_films_have_and_of_classes_the_likeliest():
    several = answers([[1, 1], [0, 1], [0, 1]], [[0.9, 0.2], [0.1, 0.8], [0.1, 0.7]])
    found = typical_hit_and_miss(several, np.array([0.5, 0.5]), exclusive=False)
    assert {each["column"] for each in found.values()} == {1} and found["miss"]["probability"] == 0.2
    classes = typical_hit_and_miss(
        answers([[1, 0], [1, 0]], [[0.6, 0.4], [0.3, 0.7]]), np.array([np.nan]), exclusive=True
    )
    assert classes["hit"]["probability"] == 0.6 and classes["miss"]["threshold"] is None


def test_scoring_the_test_films_writes_the_winners_and_no_other(tmp_path):
    run, films = stored_run(tmp_path, chains=("", "int8"))
    radlib.select(run, films)
    given = predict(run, films, run.variants(), split="test")
    winner = read_selection(run)["winner"]
    for variant in run.variants():
        assert hit_and_miss_path(run, variant).is_file() == (variant.name == winner)
    variant = next(v for v in run.variants() if v.name == winner)
    at = float(np.median(given[winner].y_prob[given[winner].y_true == 1]))  # so that there is a miss
    write_hit_and_miss(run, films.test, variant, given[winner], np.array([at]))
    record = json.loads(hit_and_miss_path(run, variant).read_text())
    assert set(record["found"]) == {"hit", "miss"} and record["method"] in ("Grad-CAM", "occlusion")
    for kind in ("hit", "miss"):
        path = picture_path(run, variant, kind)
        assert path.parent.parent == run.path("private")
        pixels = np.asarray(Image.open(path))
        assert pixels.shape == (SIDE, 2 * SIDE + 6, 3)
        assert (pixels[:, :SIDE, 0] == pixels[:, :SIDE, 1]).all()  # the film alone is grey
    before = path.stat().st_mtime_ns
    write_hit_and_miss(run, films.test, variant, given[winner], np.array([at]))
    assert path.stat().st_mtime_ns == before  # nothing is done twice
