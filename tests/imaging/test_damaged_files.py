"""Thousands of damaged films: each decodes or has a reason, none is lost, and the reading process survives."""

import numpy as np
import pytest

from benchmarks import fuzzing
from radlib.imaging.images import REASONS, UnreadableImage, read_image


def test_two_thousand_damaged_films_through_the_workers():
    result = fuzzing.measure(2000)
    assert result["kinds"] == 12
    assert result["lost"] == result["unknown_reasons"] == 0
    assert result["decoded"] + sum(result["reasons"].values()) == 2000
    assert result["decoded"] > 200
    assert len(result["reasons"]) > 4  # the damage was not all of one kind
    assert result["growth_mb"] < 200
    assert result["longest_wait_s"] < 7


@pytest.mark.slow
def test_two_hundred_thousand_damaged_films_through_the_workers():
    result = fuzzing.measure(200_000, seed=1)
    assert result["lost"] == result["unknown_reasons"] == 0
    assert result["growth_mb"] < 200
    assert result["longest_wait_s"] < 7


@pytest.mark.parametrize("rounds", [25, pytest.param(2000, marks=pytest.mark.slow)])
def test_no_other_exception_escapes_and_no_tag_is_quoted(tmp_path, rounds):
    """In this process, so that what a worker would swallow is seen."""
    generator = np.random.default_rng(2)
    path = tmp_path / "CANARY.dcm"
    for content in fuzzing.samples(tmp_path):
        for _ in range(rounds):
            path.write_bytes(fuzzing.damaged(content, generator))
            try:
                image = read_image(path)
                assert image.dtype == np.float32
                assert np.isfinite(image).all()
                assert 0 <= image.min() <= image.max() <= 1
            except UnreadableImage as error:
                assert error.reason in REASONS
                assert "CANARY" not in str(error)


def test_undamaged_samples_are_films(tmp_path):
    path = tmp_path / "film"
    shapes = set()
    for content in fuzzing.samples(tmp_path):
        path.write_bytes(content)
        shapes.add(read_image(path).shape)
    assert shapes == {(fuzzing.SIDE, fuzzing.SIDE)}


def test_the_same_seed_does_the_same_damage():
    content = bytes(range(256)) * 4
    first, second = (
        [fuzzing.damaged(content, generator) for _ in range(50)]
        for generator in (np.random.default_rng(7), np.random.default_rng(7))
    )
    assert first == second
    assert sum(mutant != content for mutant in first) > 45
