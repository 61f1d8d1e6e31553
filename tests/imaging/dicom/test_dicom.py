"""DICOM films: headers, tags, decoders; what the stored values mean is in test_grey_scale.py."""

import numpy as np
import pydicom
import pytest
from pydicom.dataset import FileMetaDataset
from pydicom.uid import (
    ExplicitVRLittleEndian,
    MediaStorageDirectoryStorage,
)

from dicom_films import film_header, save_film
from radlib.imaging.dicom import files as dicom
from radlib.imaging.images import UnreadableImage, read_image
from radlib.imaging.phantoms import dicom_writing

LEVEL = 1 / 255 + 1e-6


def film(path, stored, *, syntax=ExplicitVRLittleEndian, **tags):
    """Write stored values (h, w) as a DICOM film."""
    dataset = film_header(stored)
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 8 * stored.dtype.itemsize
    dataset.PixelRepresentation = int(stored.dtype.kind == "i")
    for name, value in tags.items():
        setattr(dataset, name, value)
    dataset.HighBit = dataset.BitsStored - 1
    return save_film(dataset, path, stored.tobytes(), syntax)


RAMP = np.linspace(0, 4095, 64).astype(np.uint16).reshape(8, 8)


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ({"NumberOfFrames": 2}, "several_frames"),
        ({"NumberOfFrames": 120, "Rows": 4000, "Columns": 4000}, "several_frames"),
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


def test_a_directory_of_films_is_no_film_and_is_not_followed(tmp_path):
    """DICOMDIR names other files; what it names must not be opened through it."""
    directory = pydicom.Dataset()
    record = pydicom.Dataset()
    record.OffsetOfTheNextDirectoryRecord, record.RecordInUseFlag = 0, 0xFFFF
    record.DirectoryRecordType, record.ReferencedFileID = "IMAGE", "OTHER"
    directory.DirectoryRecordSequence = [record]
    directory.file_meta = FileMetaDataset()
    directory.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    directory.file_meta.MediaStorageSOPClassUID = MediaStorageDirectoryStorage
    directory.file_meta.MediaStorageSOPInstanceUID = "2.25.2"
    directory.preamble = bytes(128)
    directory.save_as(tmp_path / "DICOMDIR")
    film(tmp_path / "OTHER", RAMP)
    with pytest.raises(UnreadableImage) as caught:
        read_image(tmp_path / "DICOMDIR")
    assert caught.value.reason == "no_pixels"


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
    tags = dicom.read_tags(path, b"k" * 32)
    assert (tags["view"], tags["age"], tags["sex"]) == ("AP", 42, "F")
    assert set(tags) == {
        "modality", "body_part", "view", "unprocessed", "unmarked", "age", "sex", "patient",
    }  # fmt: skip
    assert not any(word in str(tags) for word in ("4711", "Mustermann", "Charite"))
    assert len(tags["patient"]) == 16
    assert dicom.read_tags(path, b"k" * 32) == tags
    assert dicom.read_tags(path, b"l" * 32)["patient"] != tags["patient"]  # no table of digests fits two keys


def test_free_text_in_an_allowed_tag_is_not_read(tmp_path):
    path = film(tmp_path / "f", RAMP, ViewPosition="MUSTERMANN PA", PatientSex="MUSTERMANN", Modality="MM")
    tags = dicom.read_tags(path, b"k" * 32)
    assert (tags["modality"], tags["view"], tags["sex"], tags["patient"]) == ("", "", "", "")


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
