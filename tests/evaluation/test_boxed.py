"""Boxes go from maps to choices: records that hold boxes, a winner by the box score, and films shown on this machine."""

import dataclasses
import json

import numpy as np
import pytest
from PIL import Image

from box_runs import CHAINS, NETWORK, box_run, in_order, rule_maps, score
from drawn import drawn_boxes
from radlib import metrics
from radlib.evaluation import learnt
from radlib.evaluation.box_overlays import box_overlay, with_boxes
from radlib.evaluation.boxed import Boxed
from radlib.evaluation.deciding import Answer, Decider
from radlib.evaluation.overlays import BY_HAND, BY_NETWORK, overlay_path, overlays_path, typical_films
from radlib.evaluation.predictions import load_predictions, predict, predictions_path
from radlib.evaluation.selection import select
from radlib.foundation.errors import DataError
from radlib.imaging.centre_maps import MOST, boxes_of, by_label
from radlib.runs.variants import variant_name

ORIGINAL, LIKE, WORSE = (variant_name(NETWORK, chain, 0) for chain in CHAINS)


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    run, films = box_run(tmp_path_factory.mktemp("boxed"))
    selection = select(run, films)
    score(run, films)
    return run, films, selection, predict(run, films, run.variants(), split="test")


def test_a_record_holds_the_boxes_of_the_maps_and_those_by_hand(scored):
    run, films, _, test = scored
    for less, variant in zip(CHAINS.values(), in_order(run), strict=True):
        found = test[variant.name]
        np.testing.assert_array_equal(found.found, boxes_of(rule_maps(films.test, less), 1))
        np.testing.assert_array_equal(found.marked, by_label(films.test.truth, 1))
        table = metrics.box_table(found.found[:, 0], found.marked[:, 0], 0.3)
        assert found.merit == pytest.approx(table["box_score"].mean()) and found.follows(variant)
        assert found.merit == pytest.approx(
            films.test.task.merit(films.test.truth, rule_maps(films.test, less))
        )
        again = load_predictions(run, variant, "test")
        np.testing.assert_array_equal(again.found, found.found)
        assert again.known.shape == (160, MOST * 4)
        part = found.take(np.arange(4))
        np.testing.assert_array_equal(part.values, found.values[:4])
        moved = found.moved(variant, np.arange(160), films.test, rule_maps(films.test, less + 0.01))
        assert 0 < moved.max() < 0.01
    assert test[ORIGINAL].merit > 0.7


def test_the_winner_is_chosen_by_the_box_score(scored):
    run, films, selection, test = scored
    losses = selection["upper_losses"][NETWORK]
    assert selection["winner"] == LIKE and losses["clustering"] < 0.06 < losses["magnitude_pruning"]
    assert selection["rule"].startswith("a box where a peak") and "threshold_rule" not in selection
    entry = selection["variants"][LIKE]
    assert entry["threshold"] == 0.3 and entry["validation_box_score"] == entry["operating_box_score"] > 0.7
    assert test[WORSE].merit < test[LIKE].merit - 0.1
    assert select(run, films) == selection  # chosen once


def test_damaged_boxes_are_refused(tmp_path):
    run, _ = box_run(tmp_path)
    variant = in_order(run)[0]
    path = predictions_path(run, variant, "validation")
    fields = dict(np.load(path))
    np.savez(path, **{**fields, "found": fields["found"][:, :, :3]})
    with pytest.raises(DataError, match="is damaged"):
        load_predictions(run, variant, "validation")
    record = Boxed(**{**fields, "model_sha256": "", "fingerprint": ""})
    assert record.follows(variant)
    turned = dataclasses.replace(record, found=record.found[:, :, ::-1])
    assert not turned.follows(variant)  # no longer by falling score


def test_best_median_and_worst_film_are_shown_with_both_kinds_of_boxes(scored):
    run, films, selection, test = scored
    winner = run.variant(selection["winner"])
    shown = test[winner.name].take(with_boxes(test[winner.name]))
    assert (~np.isnan(shown.marked[..., 0])).any(axis=(1, 2)).all() and len(shown.values) == 80
    chosen, values = typical_films(shown, "box_score"), shown.values
    assert [chosen[kind]["box_score"] for kind in ("best", "worst")] == [values.max(), values.min()]
    assert json.loads(overlays_path(run, winner).read_text())["found"] == chosen
    assert overlays_path(run, winner).is_file() and overlays_path(run, winner).is_relative_to(
        run.path("private")
    )
    for kind in chosen:
        assert np.asarray(Image.open(overlay_path(run, winner, kind))).shape == (240, 240, 3)
    box = np.array([[4.0, 8.0, 10.0, 12.0]])
    picture = box_overlay(np.zeros((32, 32)), box, np.full((1, 4), np.nan))
    assert (picture[60, 30:106] == BY_HAND).all() and (picture[60:151, 30] == BY_HAND).all()
    assert not (picture == BY_NETWORK).all(axis=-1).any() and not picture[100, 60].any()


def test_to_mark_nothing_is_no_learning(scored):
    *_, test = scored
    assert learnt.why_boxes_not_learnt(test[ORIGINAL].asked()) == ""
    empty = dataclasses.replace(test[ORIGINAL], found=np.full_like(test[ORIGINAL].found, np.nan))
    said = learnt.why_boxes_not_learnt(empty.asked())
    assert (
        said
        == "its boxes on the validation films, box score 0.500, are not shown to be better than none on any film, 0.500"
    )


def test_a_row_of_ones_own_films_counts_boxes_and_names_the_surest_score():
    films = drawn_boxes(training=8).training
    task, maps = films.task, rule_maps(films, 0.0)
    decider = Decider(task, [0.3])
    rows = [decider.row(Answer(f"{n}", f"{n}", outputs)) for n, outputs in enumerate(maps)]
    assert decider.columns(False) == ["file", "image_id", "opacity_boxes", "opacity_score", "reason"]
    assert [row["opacity_boxes"] for row in rows[::2]] == [0] * 4
    assert all(row["opacity_boxes"] >= 1 and row["opacity_score"] > 0.3 for row in rows[1::2])
    broken = decider.row(Answer("x", "x", np.full((8, 8, 5), np.nan, np.float32)))
    assert np.isnan(broken["opacity_boxes"]) and broken["reason"]
