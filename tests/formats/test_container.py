"""The container: its bytes as documented, and damage of every kind refused in one sentence."""

import struct
import zlib

import pytest

from radlib.formats.container import frame_bytes, pack, unpack
from radlib.foundation.errors import SetupError

SECTIONS = {"network": b"some text", "empty": b"", "ids": bytes(range(100))}


@pytest.fixture(scope="module")
def content():
    return pack("deep_compression", 3, SECTIONS)


def refused(content, match, version=3, codec="deep_compression"):
    with pytest.raises(SetupError, match=match) as caught:
        unpack(content, codec, version, name="model.rdc")
    assert "\n" not in str(caught.value)
    assert "model.rdc" in str(caught.value)


def test_the_bytes_are_the_documented_ones(content):
    magic, codec, version, count, checksum = struct.unpack_from("<8s16sHHI", content)
    assert magic == b"\x89RLC\r\n\x1a\n"
    assert codec == b"deep_compression"
    assert (version, count) == (3, 3)
    assert checksum == zlib.crc32(content[:28])
    name, length, checksum = struct.unpack_from("<16sII", content, 32 + 2 * 24)
    assert (name.rstrip(b"\0"), length, checksum) == (b"ids", 100, zlib.crc32(bytes(range(100))))
    assert content.endswith(b"some text" + bytes(range(100)))
    assert len(content) == frame_bytes(SECTIONS) + 109


def test_what_was_packed_comes_out(content):
    assert unpack(content, "deep_compression", 3, name="it") == SECTIONS
    assert unpack(content, "deep_compression", 9, name="it") == SECTIONS


def test_every_flipped_bit_is_refused(content):
    for position in range(len(content)):
        for bit in range(8):
            damaged = bytearray(content)
            damaged[position] ^= 1 << bit
            refused(bytes(damaged), "damaged|truncated|no coded model")


def test_every_truncation_is_refused(content):
    for length in range(len(content)):
        refused(content[:length], "damaged|truncated|no coded model")


def test_other_files_are_refused(content):
    refused(content + b"x", "1 bytes follow")
    refused(b"PK\x03\x04 a zip", "no coded model")
    refused(content, "version 3.*reads up to 2; install a newer radlib", version=2)
    refused(content, "'deep_compression' model, not 'miracle'", codec="miracle")
