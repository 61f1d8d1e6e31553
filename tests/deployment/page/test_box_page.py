"""A network that finds boxes in a page: what the browser is held to, its box score in the record, and no number that a class has."""

import json

import numpy as np
import pytest

from exported_boxes import exported_boxes
from radlib.deployment.bundle.box_examples import drawn_boxes
from radlib.deployment.page import built_page
from radlib.deployment.page.browser_models import answers_of
from radlib.deployment.page.variant_records import page_variant
from radlib.deployment.page.writing import write_page
from radlib.runs.tasks import boxes


@pytest.fixture(scope="module")
def bundles(tmp_path_factory):
    return exported_boxes(tmp_path_factory.mktemp("bundles"), ("float32", "int8_io"))


@pytest.mark.parametrize("place", [0, 1], ids=["float32", "int8_io"])
def test_the_browsers_model_finds_the_boxes_that_the_page_is_held_to(bundles, place):
    made = page_variant(bundles[place])
    (outputs,) = answers_of(made.model.content, made.golden)
    films, drawn = made.record["centres"]["films"], 0
    assert outputs.shape == (4, 8, 8, 5) and len(films) == len(made.golden) == 4
    for answer, expected in zip(outputs, films, strict=True):
        sure = [row for row in expected["boxes"] if row not in expected["undecided"]]
        found = drawn_boxes(boxes(["opacity"]), answer)
        for row in sure:
            assert np.abs(found - row).max(axis=1).min() < 1e-3
        drawn += len(sure)
    assert drawn >= 2 and made.masks is None
    centres = made.record["centres"]
    assert (centres["stride"], centres["least"], centres["faintest"], centres["most"]) == (4, 0.3, 0.02, 20)
    assert (centres["apart"] == 1e-4) == (place == 0)


def test_a_record_has_the_box_score_with_its_interval_and_no_threshold(bundles):
    record = page_variant(bundles[1]).record
    assert record["task"] == "boxes" and record["thresholds"] == record["negatives"] == record["golden"] == []
    assert record["labels"] == ["opacity"] and len(record["outputs"]) == 5 and record["agreed"] == 0
    verdict = record["verdict"]
    assert verdict["box_score_low"] <= verdict["box_score"] <= verdict["box_score_high"]
    assert verdict["boxes_found"] > 0.5 and verdict["conclusion"] and "auroc" not in verdict
    json.dumps(record, allow_nan=False)


def test_a_page_is_written_of_it(bundles, tmp_path, monkeypatch):
    place = tmp_path / "built"
    place.mkdir()
    (place / "index.html").write_text("<!doctype html><title>page</title>")
    (place / "service-worker.js").write_text("0;")
    monkeypatch.setattr(built_page, "INSIDE", place)
    page = write_page(bundles, tmp_path / "page")
    folder = page / "variants" / bundles[0].name
    assert json.loads((folder / "variant.json").read_text())["centres"]["films"]
    assert not (folder / "masks.bin").exists()
