"""PNG and JPEG: how many bits count, and which sound files need another program."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from radlib.imaging import film_reasons
from radlib.imaging.images import UnreadableImage, read_image

RAMP = np.linspace(0, 4095, 64).round().astype(np.uint16).reshape(8, 8)


def with_chunk(path, kind, content):
    """Put a chunk behind the header of a PNG."""
    data, chunk = path.read_bytes(), kind + content
    place = data.index(b"IHDR") + 4 + 13 + 4
    path.write_bytes(
        data[:place]
        + struct.pack(">I", len(content))
        + chunk
        + struct.pack(">I", zlib.crc32(chunk))
        + data[place:]
    )
    return path


def png(path, values):
    Image.fromarray(values).save(path)
    return path


def test_a_film_of_12_bits_in_a_png_of_16_is_scaled_by_the_bits_that_count(tmp_path):
    path = with_chunk(png(tmp_path / "f.png", RAMP), b"sBIT", b"\x0c")
    np.testing.assert_allclose(read_image(path), RAMP / 4095, atol=1e-6)


def test_a_film_that_was_stretched_as_the_standard_says_is_not_stretched_again(tmp_path):
    stretched = (RAMP << 4 | RAMP >> 8).astype(np.uint16)
    path = with_chunk(png(tmp_path / "f.png", stretched), b"sBIT", b"\x0c")
    np.testing.assert_allclose(read_image(path), stretched / 65535, atol=1e-6)


@pytest.mark.parametrize(
    ("kind", "content"),
    [(b"sBIT", b"\x10"), (b"sBIT", b"\0"), (b"sBIT", b"\x0c\x0c"), (b"gAMA", b"\0\0\0\1")],
)
def test_what_says_nothing_of_the_bits_changes_nothing(tmp_path, kind, content):
    path = png(tmp_path / "f.png", RAMP)
    plain = read_image(path)
    try:
        changed = read_image(with_chunk(path, kind, content))
    except UnreadableImage as error:
        assert error.reason == "damaged"
    else:
        np.testing.assert_array_equal(changed, plain)


def test_six_bits_in_eight(tmp_path):
    values = (RAMP >> 6).astype(np.uint8)
    path = with_chunk(png(tmp_path / "f.png", values), b"sBIT", b"\x06")
    np.testing.assert_allclose(read_image(path), values / 63, atol=1e-6)


def test_a_png_of_several_pictures_is_no_film(tmp_path):
    frames = [Image.fromarray((RAMP >> 4).astype(np.uint8) // (n + 1)) for n in range(3)]
    frames[0].save(tmp_path / "f.png", save_all=True, append_images=frames[1:])
    with pytest.raises(UnreadableImage) as caught:
        read_image(tmp_path / "f.png")
    assert caught.value.reason == "several_frames"


def jpeg(path, marker=0xC0, precision=8):
    """Write a JPEG and change what its frame header says."""
    Image.fromarray((RAMP >> 4).astype(np.uint8)).save(path, "JPEG")
    data = bytearray(path.read_bytes())
    place = data.index(b"\xff\xc0")
    data[place + 1], data[place + 4] = marker, precision
    path.write_bytes(bytes(data))
    return path


@pytest.mark.parametrize(("marker", "precision"), [(0xC1, 12), (0xC0, 12), (0xC3, 8), (0xC3, 16), (0xF7, 8)])
def test_a_sound_jpeg_of_another_kind_is_not_called_damaged(tmp_path, marker, precision):
    with pytest.raises(UnreadableImage) as caught:
        read_image(jpeg(tmp_path / "f.jpg", marker, precision))
    assert caught.value.reason == "unsupported_compression"
    assert "pip install" not in str(caught.value)  # both packages are here and read no such file


def test_a_cut_jpeg_is_damaged(tmp_path):
    path = jpeg(tmp_path / "f.jpg")
    path.write_bytes(path.read_bytes()[:-60])
    with pytest.raises(UnreadableImage) as caught:
        read_image(path)
    assert caught.value.reason == "damaged"


@pytest.mark.parametrize(
    ("missing", "advice"),
    [
        (set(), ""),
        ({"gdcm"}, "pip install python-gdcm"),
        ({"gdcm", "jpeg_ls"}, "pip install python-gdcm pyjpegls"),
    ],
)
def test_packages_are_named_only_while_they_are_not_installed(monkeypatch, missing, advice):
    monkeypatch.setattr(film_reasons, "_is_installed", lambda module: module not in missing)
    text = film_reasons.reason_text("unsupported_compression")
    assert "export it uncompressed" in text
    assert text.partition("or ")[2].rstrip(")") == advice
