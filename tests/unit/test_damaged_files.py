"""Thousands of damaged films: each decodes or has a reason, and no other exception escapes."""

import io

import numpy as np
import pytest
from PIL import Image

from radlib import dicom_writing
from radlib.images import REASONS, UnreadableImage, read_image


def samples(folder):
    """One small film of each container."""
    ramp = np.tile(np.linspace(0, 1, 48, dtype=np.float32), (48, 1))
    for number, kind in enumerate(
        [
            dicom_writing.StorageKind(8, jpeg=True),
            dicom_writing.StorageKind(12, inverted=True, windowed=True, rescaled=True, padded=True),
            dicom_writing.StorageKind(16),
        ]
    ):
        path = folder / str(number)
        dicom_writing.write_film(path, ramp, kind, dicom_writing.Header("CANARY^NAME", "AP", 50, "F", "n"))
        yield path.read_bytes()
    for kind in ("PNG", "JPEG"):
        buffer = io.BytesIO()
        Image.fromarray((ramp * 255).astype(np.uint8)).save(buffer, kind)
        yield buffer.getvalue()


def damaged(content, generator):
    """Flip, cut, repeat or overwrite a part, the header more often than not."""
    content = bytearray(content)
    place = int(len(content) * generator.random() ** 2)
    match generator.integers(4):
        case 0:
            for spot in generator.integers(0, len(content), generator.integers(1, 9)):
                content[spot] ^= 1 << int(generator.integers(8))
        case 1:
            del content[place:]
        case 2:
            content[place:place] = content[place : place + int(generator.integers(1, 64))]
        case 3:
            content[place : place + 4] = generator.bytes(4)
    return bytes(content)


@pytest.mark.parametrize("rounds", [60, pytest.param(4000, marks=pytest.mark.slow)])
def test_each_damaged_film_decodes_or_has_a_reason(tmp_path, rounds):
    generator = np.random.default_rng(0)
    path, settled = tmp_path / "CANARY.dcm", {"decoded": 0}
    for content in samples(tmp_path):
        for _ in range(rounds):
            path.write_bytes(damaged(content, generator))
            try:
                image = read_image(path)
                assert np.isfinite(image).all()
                assert 0 <= image.min() <= image.max() <= 1
                settled["decoded"] += 1
            except UnreadableImage as error:
                assert error.reason in REASONS
                assert "CANARY" not in str(error)
                settled[error.reason] = settled.get(error.reason, 0) + 1
    assert sum(settled.values()) == 5 * rounds
    assert len(settled) > 2  # the damage was not all of one kind
