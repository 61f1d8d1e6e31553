"""A network that outlines in a page: its masks beside the model, its Dice in the record, and no number that a class has."""

import json

import numpy as np
import pytest

from outline_runs import exported_outlines
from radlib.deployment.page import built_page
from radlib.deployment.page.browser_models import answers_of
from radlib.deployment.page.variant_records import page_variant
from radlib.deployment.page.writing import write_page
from radlib.foundation.errors import SetupError


@pytest.fixture(scope="module")
def bundles(tmp_path_factory):
    return exported_outlines(tmp_path_factory.mktemp("bundles"), ("float32", "int8_io"))


@pytest.fixture
def built(tmp_path, monkeypatch):
    """A page as Node builds it, as far as it matters here."""
    place = tmp_path / "built"
    place.mkdir()
    (place / "index.html").write_text("<!doctype html><title>page</title>")
    (place / "service-worker.js").write_text("0;")
    monkeypatch.setattr(built_page, "INSIDE", place)
    return place


@pytest.mark.parametrize("place", [0, 1], ids=["float32", "int8_io"])
def test_the_browsers_model_draws_the_masks_that_lie_beside_it(bundles, place, tmp_path, built):
    made = page_variant(bundles[place])
    (outputs,) = answers_of(made.model.content, made.golden)
    drawn, undecided = (made.masks & 1) > 0, (made.masks & 2) > 0
    assert outputs.shape == drawn.shape and drawn.any() and not drawn.all()
    assert (((outputs >= made.record["least"]) == drawn) | undecided).all()
    assert undecided.mean() < 0.05 and made.record["agreed"] == 0 and made.record["golden"] == []
    page = write_page([bundles[place]], tmp_path / "page")
    folder = page / "variants" / bundles[place].name
    stored = np.fromfile(folder / "masks.bin", np.uint8).reshape(drawn.shape)
    assert np.array_equal(stored & 1, drawn)
    assert f"variants/{bundles[place].name}/masks.bin" in (page / "service-worker.js").read_text()


def test_a_record_has_dice_with_its_interval_and_no_threshold(bundles):
    record = page_variant(bundles[1]).record
    assert record["task"] == "outlines" and record["thresholds"] == record["negatives"] == []
    verdict = record["verdict"]
    assert verdict["dice_low"] <= verdict["dice"] <= verdict["dice_high"] and "auroc" not in verdict
    assert verdict["failing_dice"] <= verdict["dice"] and verdict["conclusion"]
    json.dumps(record, allow_nan=False)


def test_a_damaged_bundle_makes_no_page(bundles, tmp_path, built):
    (bundles[0] / "model.tflite").write_bytes(b"another")
    with pytest.raises(SetupError, match="missing or damaged"):
        write_page(bundles[:1], tmp_path / "page")
