"""The grey-scale chain of DICOM against an oracle that follows the standard's text, value by value."""

import struct

import numpy as np
import pydicom
import pytest
from pydicom.dataset import FileMetaDataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    DigitalXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
    JPEGLSLossless,
)

from radlib import dicom, dicom_writing
from radlib.images import UnreadableImage, read_image

LEVEL = 1 / 255 + 1e-6


def film(path, stored, *, syntax=ExplicitVRLittleEndian, **tags):
    """Write stored values (h, w) as a DICOM film."""
    dataset = pydicom.Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = DigitalXRayImageStorageForPresentation, "2.25.1"
    dataset.Rows, dataset.Columns = stored.shape[-2:]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 8 * stored.dtype.itemsize
    dataset.PixelRepresentation = int(stored.dtype.kind == "i")
    for name, value in tags.items():
        setattr(dataset, name, value)
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelData = stored.tobytes()
    dataset["PixelData"].VR = "OW"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.preamble = bytes(128)
    dataset.save_as(path, enforce_file_format=True)
    return path


def windowed(value, centre, width, kind="LINEAR"):
    """PS3.3 C.11.2.1.2 and C.11.2.1.3, for one value, output from 0 to 1."""
    if kind == "SIGMOID":
        return 1 / (1 + np.exp(-4 * (value - centre) / width))
    if kind == "LINEAR_EXACT":
        return min(max((value - centre) / width + 0.5, 0), 1)
    if value <= centre - 0.5 - (width - 1) / 2:
        return 0
    if value > centre - 0.5 + (width - 1) / 2:
        return 1
    return (value - (centre - 0.5)) / (width - 1) + 0.5


RAMP = np.linspace(0, 4095, 64).astype(np.uint16).reshape(8, 8)
SIGNED = np.linspace(-2048, 2047, 64).astype(np.int16).reshape(8, 8)


@pytest.mark.parametrize(
    ("stored", "tags", "grey"),
    [
        (RAMP, {}, lambda v: v / 4095),
        (SIGNED, {}, lambda v: (v + 2048) / 4095),
        (RAMP, {"WindowCenter": 2000, "WindowWidth": 1000}, lambda v: windowed(v, 2000, 1000)),
        (SIGNED, {"WindowCenter": 0, "WindowWidth": 500}, lambda v: windowed(v, 0, 500)),
        (RAMP, {"WindowCenter": [900, 10], "WindowWidth": [700, 5]}, lambda v: windowed(v, 900, 700)),
        (RAMP, {"WindowCenter": 2000, "WindowWidth": 0}, lambda v: v / 4095),
        (RAMP, {"WindowCenter": 2000}, lambda v: v / 4095),
        (RAMP, {"WindowCenter": 2000, "WindowWidth": 1}, lambda v: float(v > 1999.5)),
        *[
            (
                RAMP,
                {"WindowCenter": 2000, "WindowWidth": 1500, "VOILUTFunction": kind},
                lambda v, kind=kind: windowed(v, 2000, 1500, kind),
            )
            for kind in ("SIGMOID", "LINEAR_EXACT")
        ],
        (RAMP, {"RescaleSlope": 2, "RescaleIntercept": -100}, lambda v: v / 4095),
        (RAMP, {"RescaleSlope": -1, "RescaleIntercept": 4095}, lambda v: 1 - v / 4095),
        (
            RAMP,
            {"RescaleSlope": 2, "RescaleIntercept": -100, "WindowCenter": 4000, "WindowWidth": 2000},
            lambda v: windowed(2 * v - 100, 4000, 2000),
        ),
        (
            RAMP,
            {"RescaleSlope": -1, "RescaleIntercept": 4095, "WindowCenter": 2000, "WindowWidth": 1000},
            lambda v: windowed(4095 - v, 2000, 1000),
        ),
    ],
)
@pytest.mark.parametrize("inverted", [False, True])
def test_windows_and_rescaling(tmp_path, stored, tags, grey, inverted):
    shown = np.array([[grey(float(v)) for v in row] for row in stored])
    photometric = "MONOCHROME1" if inverted else "MONOCHROME2"
    path = film(tmp_path / "f", stored, BitsStored=12, PhotometricInterpretation=photometric, **_texts(tags))
    image = read_image(path)
    assert image.dtype == np.float32
    np.testing.assert_allclose(image, 1 - shown if inverted else shown, atol=LEVEL)


def _texts(tags):
    """DICOM's decimal numbers are texts."""
    return {k: [str(x) for x in v] if isinstance(v, list) else str(v) for k, v in tags.items()}


def test_a_voi_table_comes_before_a_window(tmp_path):
    table = pydicom.Dataset()
    table.LUTDescriptor = [4096, 0, 12]
    table.LUTData = (4095 - np.arange(4096)).astype("<u2").tobytes()
    table["LUTData"].VR = "OW"
    path = film(
        tmp_path / "f", RAMP, BitsStored=12, WindowCenter="9", WindowWidth="3", VOILUTSequence=[table]
    )
    np.testing.assert_allclose(read_image(path), 1 - RAMP / 4095, atol=LEVEL)


def test_8_bit_films_are_not_windowed_again(tmp_path):
    stored = np.arange(64, dtype=np.uint8).reshape(8, 8) * 4
    path = film(tmp_path / "f", stored, WindowCenter="40", WindowWidth="20")
    np.testing.assert_allclose(read_image(path), stored / 255, atol=1e-6)


def test_rubbish_in_unused_bits_is_ignored(tmp_path):
    path = film(tmp_path / "f", RAMP | np.uint16(0xA000), BitsStored=12)
    np.testing.assert_allclose(read_image(path), RAMP / 4095, atol=1e-6)


@pytest.mark.parametrize(
    ("photometric", "padding"), [("MONOCHROME2", 0), ("MONOCHROME1", 4095), ("MONOCHROME1", 0)]
)
def test_padding_is_black(tmp_path, photometric, padding):
    stored = np.full((8, 8), 2000, np.uint16)
    stored[0] = padding
    dataset_path = film(tmp_path / "f", stored, BitsStored=12, PhotometricInterpretation=photometric)
    dataset = pydicom.dcmread(dataset_path)
    dataset.add_new("PixelPaddingValue", "US", padding)
    dataset.save_as(dataset_path)
    image = read_image(dataset_path)
    assert image[0].max() == 0
    assert image[1:].min() > 0.4


def test_one_bright_marker_does_not_darken_the_film(tmp_path):
    stored = np.full((8, 8), 1000, np.uint16)
    without = read_image(film(tmp_path / "a", stored, BitsStored=12))
    stored[0, 0] = 4095
    with_marker = read_image(film(tmp_path / "b", stored, BitsStored=12))
    np.testing.assert_array_equal(without[1:], with_marker[1:])


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ({"NumberOfFrames": 2}, "several_frames"),
        ({"Rows": 60000, "Columns": 60000}, "too_large"),
        ({"Rows": 800}, "damaged"),
        ({"RescaleSlope": "0", "RescaleIntercept": "0"}, "invalid_values"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "not_grey"),
    ],
)
def test_unusable_headers_have_a_reason(tmp_path, tags, reason):
    stored = np.zeros((2, 8, 8), np.uint16) if "NumberOfFrames" in tags else RAMP
    path = film(tmp_path / "f", stored, BitsStored=12, **tags)
    with pytest.raises(UnreadableImage) as caught:
        read_image(path)
    assert caught.value.reason == reason


def test_compressions_without_a_decoder_and_inflating_files_are_refused(tmp_path):
    for syntax in (JPEGLSLossless, DeflatedExplicitVRLittleEndian):
        path = film(tmp_path / "f", RAMP, BitsStored=12)
        before = ExplicitVRLittleEndian.encode()
        meta = path.read_bytes()
        after = str(syntax).encode()
        padded = after + b"\0" * (len(after) % 2)
        place = meta.index(struct.pack("<H", len(before) + len(before) % 2) + before)
        changed = meta[:place] + struct.pack("<H", len(padded)) + padded
        rest = meta[place + 2 + len(before) + len(before) % 2 :]
        path.write_bytes(changed + rest)
        with pytest.raises(UnreadableImage) as caught:
            read_image(path)
        assert caught.value.reason in ("unsupported_compression", "damaged")


@pytest.mark.parametrize(
    ("text", "years"), [("042Y", 42), ("018M", 1.5), ("052W", 0.9966), ("010D", 0.0274), ("42", 42)]
)
def test_ages(text, years):
    assert dicom._years(text) == pytest.approx(years, abs=1e-3)


def test_unknown_ages_are_not_numbers():
    assert np.isnan([dicom._years(text) for text in ("", "Y", "abc", "-5Y")]).all()


def test_only_allowed_tags_are_read_and_the_patient_only_as_a_digest(tmp_path):
    path = film(
        tmp_path / "f", RAMP, PatientID="MRN-4711", PatientName="Mustermann^Max", PatientSex="F",
        PatientAge="042Y", ViewPosition="AP", InstitutionName="Charite",
    )  # fmt: skip
    tags = dicom.read_tags(path)
    assert (tags["view"], tags["age"], tags["sex"]) == ("AP", 42, "F")
    assert set(tags) == {"view", "age", "sex", "patient"}
    assert not any(word in str(tags) for word in ("4711", "Mustermann", "Charite"))
    assert len(tags["patient"]) == 16


KINDS = [
    dicom_writing.StorageKind(bits, inverted, jpeg, windowed_, rescaled, padded)
    for bits in (8, 12, 16)
    for inverted in (False, True)
    for jpeg, windowed_, rescaled, padded in (
        [(False,) * 4, (True, False, False, False)]
        if bits == 8
        else [(False, w, r, p) for w in (False, True) for r in {False, w} for p in (False, True)]
    )
]


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_drawn_film_comes_back_as_it_was_drawn(tmp_path, kind):
    rows, columns = np.mgrid[0:64, 0:64] / 64
    image = (0.5 + 0.4 * np.sin(5 * rows) * np.cos(4 * columns)).astype(np.float32)
    path = tmp_path / "f.dcm"
    dicom_writing.write_film(path, image, kind, dicom_writing.Header("p", "AP", 50, "F", "n"))
    inside = (slice(1, -1), slice(1, -1)) if kind.padded else (slice(None), slice(None))
    read = read_image(path)
    np.testing.assert_allclose(read[inside], image[inside], atol=(4 if kind.jpeg else 1) * LEVEL)
    if kind.padded:
        assert read[0].max() == 0
    assert path.read_bytes()[:132] == bytes(128) + b"DICM"


@pytest.mark.real_data
def test_real_films_of_other_makers(shared_data):
    folder = shared_data / "data" / "dicom_samples"
    readable = {}
    for path in sorted(folder.glob("*.dcm")):
        try:
            readable[path.stem] = read_image(path)
        except UnreadableImage as error:
            assert error.reason == "unsupported_compression", path.stem
    lossless = [v for k, v in readable.items() if k.startswith("rg3")]
    assert len(lossless) >= 2  # RLE and lossless JPEG 2000 at least: both show the same leg
    for image in lossless[1:]:
        np.testing.assert_array_equal(image, lossless[0])
    chest = readable["nih_chest_dx_mono2_implicit_le"]
    side = chest.shape[1] // 3
    assert chest[:, side : 2 * side].mean() > chest.mean()  # the spine is bright
