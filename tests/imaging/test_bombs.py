"""Small files that ask for gigabytes or for ever: all refused, within seconds, and nobody else is harmed."""

import io
import resource
import struct
import time
import zlib

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom import uid
from pydicom.encaps import encapsulate

from benchmarks import fuzzing
from radlib.imaging.decoding import decode
from radlib.imaging.images import Preprocessing, UnreadableImage, read_image
from radlib.imaging.phantoms import dicom_writing


def plain(folder) -> bytes:
    path = folder / "plain.dcm"
    rows = np.linspace(0, 1, 64)[:, None] * np.ones((1, 64))
    dicom_writing.write_film(
        path, rows, dicom_writing.StorageKind(12), dicom_writing.Header("p", "AP", 50, "F", "n")
    )
    return path.read_bytes()


def retagged(content: bytes, **tags) -> bytes:
    dataset, written = pydicom.dcmread(io.BytesIO(content)), io.BytesIO()
    for name, value in tags.items():
        setattr(dataset, name, value)
    dataset.save_as(written)
    return written.getvalue()


def encapsulated(content: bytes, frame: bytes, syntax: str, **tags) -> bytes:
    dataset, written = pydicom.dcmread(io.BytesIO(content)), io.BytesIO()
    for name, value in tags.items():
        setattr(dataset, name, value)
    dataset.PixelData = encapsulate([frame])
    dataset["PixelData"].VR, dataset["PixelData"].is_undefined_length = "OB", True
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.save_as(written)
    return written.getvalue()


def deflated(content: bytes) -> bytes:
    """400 KB that inflate to 400 MB."""
    dataset, written = pydicom.dcmread(io.BytesIO(content)), io.BytesIO()
    dataset.Rows = dataset.Columns = 10_000
    dataset.PixelData = bytes(400_000_000)
    dataset.file_meta.TransferSyntaxUID = uid.DeflatedExplicitVRLittleEndian
    dataset.save_as(written)
    return written.getvalue()


def jpeg(side: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (side, side)).save(buffer, "JPEG", quality=1)
    return buffer.getvalue()


def frame_of(content: bytes) -> bytes:
    return pydicom.encaps.get_frame(pydicom.dcmread(io.BytesIO(content)).PixelData, 0, number_of_frames=1)


def jpeg_2000(content: bytes, *, width: int, height: int, tile: int) -> bytes:
    """A codestream whose SIZ marker claims another size; ISO 15444-1, A.5.1."""
    frame = bytearray(frame_of(fuzzing.compressed(content, uid.JPEG2000Lossless)))
    place = frame.index(b"\xff\x51") + 6
    frame[place : place + 8] = struct.pack(">II", width, height)
    frame[place + 16 : place + 24] = struct.pack(">II", tile, tile)
    return bytes(frame)


def jpeg_ls(content: bytes, *, width: int, height: int) -> bytes:
    """A codestream whose frame header claims another size; ISO 14495-1, C.2.2."""
    frame = bytearray(frame_of(fuzzing.compressed(content, uid.JPEGLSLossless)))
    place = frame.index(b"\xff\xf7") + 5
    frame[place : place + 4] = struct.pack(">HH", height, width)
    return bytes(frame)


def png(width: int, height: int) -> bytes:
    """A grey PNG of zeros, a thousand times smaller than what it holds."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    packer = zlib.compressobj(9)
    data = b"".join(packer.compress(bytes(width + 1)) for _ in range(min(height, 15_000))) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def nested(depth: int) -> bytes:
    """A DICOM file whose sequences hold sequences."""
    content = b""
    for _ in range(depth):
        item = b"\xfe\xff\x00\xe0" + struct.pack("<I", len(content)) + content
        content = b"\x08\x00\x40\x11SQ\x00\x00" + struct.pack("<I", len(item)) + item
    syntax = uid.ExplicitVRLittleEndian.encode() + b"\0"
    meta = b"\x02\x00\x10\x00UI" + struct.pack("<H", len(syntax)) + syntax
    group = b"\x02\x00\x00\x00UL\x04\x00" + struct.pack("<I", len(meta))
    return bytes(128) + b"DICM" + group + meta + content


BOMBS = {
    "claims_65535_squared": lambda sound: retagged(sound, Rows=65535, Columns=65535),
    "claims_two_billion_frames": lambda sound: retagged(sound, NumberOfFrames=str(2**31 - 1)),
    "inflates_a_thousand_times": deflated,
    "jpeg_of_16000_squared": lambda sound: encapsulated(
        sound, jpeg(16_000), uid.JPEGBaseline8Bit, BitsAllocated=8, BitsStored=8, HighBit=7
    ),
    "jpeg_file_of_16000_squared": lambda sound: jpeg(16_000),
    "png_of_15000_squared": lambda sound: png(15_000, 15_000),
    "png_of_two_billion_rows": lambda sound: png(1, 2**31 - 1),
    "jpeg_2000_claims_60000_squared": lambda sound: encapsulated(
        sound, jpeg_2000(sound, width=60_000, height=60_000, tile=60_000), uid.JPEG2000Lossless
    ),
    "jpeg_2000_in_a_million_tiles": lambda sound: encapsulated(
        sound, jpeg_2000(sound, width=4000, height=4000, tile=4), uid.JPEG2000Lossless
    ),
    "jpeg_2000_in_62500_tiles": lambda sound: encapsulated(
        sound,
        jpeg_2000(sound, width=9000, height=9000, tile=36),
        uid.JPEG2000Lossless,
        Rows=9000,
        Columns=9000,
    ),
    "jpeg_ls_claims_65535_squared": lambda sound: encapsulated(
        sound, jpeg_ls(sound, width=65535, height=65535), uid.JPEGLSLossless
    ),
    "jpeg_ls_of_too_little": lambda sound: encapsulated(
        sound, jpeg_ls(sound, width=9000, height=9000), uid.JPEGLSLossless, Rows=9000, Columns=9000
    ),
    "a_thousand_nested_sequences": lambda sound: nested(1000),
    "an_element_of_four_gigabytes": lambda sound: sound[:-8204] + b"\xe0\x7f\x09\x00OB\0\0\xfe\xff\xff\xff",
}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bombs")
    sound = plain(folder)
    paths = {}
    for name, make in BOMBS.items():
        paths[name] = folder / name
        paths[name].write_bytes(make(sound))
        assert paths[name].stat().st_size < 3_100_000
    return paths | {"plain": folder / "plain.dcm"}


def test_all_are_quarantined_within_seconds_and_their_neighbours_are_not(files):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    order = [path for name in BOMBS for path in (str(files[name]), str(files["plain"]))]
    begun = time.perf_counter()
    results = list(decode.decode_files(order, Preprocessing(16)))
    seconds = time.perf_counter() - begun
    reasons = dict(zip(BOMBS, [r[0] for r in results[::2]], strict=True))
    # A fast machine gets through the many tiles in time; what counts is that it was not waited for longer.
    assert all(reason for name, reason in reasons.items() if name != "jpeg_2000_in_62500_tiles"), reasons
    assert [r[0] for r in results[1::2]] == [""] * len(BOMBS)
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < 200  # MB
    assert seconds < 7 * len(BOMBS)


@pytest.mark.parametrize(
    "name",
    [
        "claims_65535_squared",
        "claims_two_billion_frames",
        "inflates_a_thousand_times",
        "jpeg_of_16000_squared",
        "jpeg_file_of_16000_squared",
        "png_of_15000_squared",
        "png_of_two_billion_rows",
    ],
)
def test_what_a_header_gives_away_is_refused_before_anything_is_decoded(files, name):
    begun = time.process_time()
    with pytest.raises(UnreadableImage) as caught:
        read_image(files[name])
    assert caught.value.reason in ("too_large", "unsupported_compression", "damaged")
    assert time.process_time() - begun < 0.5
