"""Films that use few grey levels are told, whatever lies beside or on them."""

import numpy as np
import pandas as pd
import pytest

from radlib.imaging.images import Preprocessing, prepare
from radlib.imaging.narrow_range import WARNING, is_narrow, narrow_films, narrow_note


def film(levels, offset=0, shape=(64, 64), seed=0):
    return np.random.default_rng(seed).integers(offset, offset + levels, shape).astype(np.uint8)


@pytest.mark.parametrize(
    ("levels", "offset", "narrow"), [(14, 0, True), (14, 200, True), (1, 0, True), (60, 90, False)]
)
def test_a_film_of_few_levels_is_narrow(levels, offset, narrow):
    assert is_narrow(film(levels, offset)) is narrow


def test_a_marker_of_lead_does_not_hide_a_narrow_film():
    marked = film(14)
    marked[:4, :4] = 255
    assert is_narrow(marked)


def test_bars_beside_a_film_do_not_count():
    preprocessing = Preprocessing(48, "pad")
    shapes = [(60, 30), (30, 60), (40, 40)]
    pixels = np.stack([prepare(film(14, 200, shape) / np.float32(255), preprocessing) for shape in shapes])
    kept = pd.DataFrame(
        {
            "image_id": ["a", "b", "c"],
            "stored_height": [s[0] for s in shapes],
            "stored_width": [s[1] for s in shapes],
        }
    )
    assert narrow_films(pixels, np.arange(3), kept, preprocessing).all()
    (note,) = narrow_note(pixels, np.arange(3), kept, preprocessing)
    assert note.startswith("3 films use under a tenth of the grey levels (a first)")


def test_of_a_large_set_some_are_looked_at(monkeypatch):
    from radlib.imaging import narrow_range

    monkeypatch.setattr(narrow_range, "LOOKED_AT", 5)
    kept = pd.DataFrame({"image_id": [f"f{n}" for n in range(50)], "stored_height": 64, "stored_width": 64})
    pixels = np.stack([film(14 if n % 2 else 200, seed=n) for n in range(50)])
    (note,) = narrow_note(pixels, np.arange(50), kept, Preprocessing(64))
    assert "of 5 films looked at" in note
    assert narrow_note(pixels[:1], np.arange(1), kept[:1], Preprocessing(64)) == []
    assert narrow_note(pixels, np.arange(0), kept[:0], Preprocessing(64)) == []


def test_a_film_of_few_levels_is_warned_of_when_it_is_asked_about():
    from radlib.evaluation.typical_films import typical_of, warnings_of

    usual = np.stack([film(200, seed=n) for n in range(20)])
    typical = typical_of(usual[:10], usual[10:], None)
    texts = warnings_of(typical, np.stack([usual[3], film(14, 90)]), None)
    assert [WARNING in text for text in texts] == [False, True]
