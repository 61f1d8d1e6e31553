"""Write a drawn film as a DICOM file of one of the kinds that X-ray rooms produce.

Bytes follow from the arguments alone: identifiers are digests, there are no times, the preamble is zero.
Only drawn films are written; radlib never writes a patient's film back to DICOM.
"""

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
from PIL import Image
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    ComputedRadiographyImageStorage,
    DigitalXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
    JPEGBaseline8Bit,
)

IMPLEMENTATION_UID = "2.25.113059749145936325402354257176981405696"  # a digest of "radlib", fixed


@dataclass(frozen=True)
class StorageKind:
    """How a film is stored.

    Attributes:
        bits: 8, 12 or 16.
        inverted: MONOCHROME1, where low values are bright.
        jpeg: Baseline JPEG, 8 bits only, as in RSNA's files.
        windowed: Stored values fill a part of the range, and a window tells which.
        rescaled: The window is in units of a rescale slope and intercept.
        padded: A ring of the padding value surrounds the picture.
    """

    bits: int
    inverted: bool = False
    jpeg: bool = False
    windowed: bool = False
    rescaled: bool = False
    padded: bool = False


@dataclass(frozen=True)
class Header:
    """What a drawn film says of its drawn patient."""

    patient_id: str
    view: str
    age: int
    sex: str
    name: str


def draw_storage_kind(generator: np.random.Generator) -> StorageKind:
    """Draw how a film is stored: most as 8-bit JPEG, as RSNA's, and some of every other kind."""
    bits = int(generator.choice((8, 12, 16), p=(0.62, 0.25, 0.13)))
    inverted, jpeg, windowed, rescaled, padded = generator.random(5) < (0.25, 0.75, 0.6, 0.5, 0.2)
    return StorageKind(
        bits=bits,
        inverted=bool(inverted),
        jpeg=bool(jpeg and bits == 8),
        windowed=bool(windowed and bits > 8),
        rescaled=bool(rescaled and windowed and bits > 8),
        padded=bool(padded and bits > 8),
    )


def write_film(path: Path, image: np.ndarray, kind: StorageKind, header: Header) -> None:
    """Write a film.

    Args:
        path: The file.
        image: (h, w) float32 in [0, 1], bright is bone.
        kind: How to store it.
        header: Of whom.
    """
    dataset = _described(image.shape, kind, header)
    highest = 2**kind.bits - 1
    low, high = (0.1 * highest, 0.7 * highest) if kind.windowed else (0, highest)
    shown = 1 - image if kind.inverted else image
    stored = np.floor(low + shown * (high - low) + 0.5)
    if kind.windowed:
        slope, intercept = (0.5, -100.0) if kind.rescaled else (1.0, 0.0)
        if kind.rescaled:
            dataset.RescaleSlope, dataset.RescaleIntercept, dataset.RescaleType = "0.5", "-100", "US"
        dataset.WindowCenter = f"{(low + high) / 2 * slope + intercept:.1f}"
        dataset.WindowWidth = f"{(high - low) * slope:.1f}"
    if kind.padded:
        ring, value = max(1, image.shape[0] // 64), highest if kind.inverted else 0
        stored[:ring], stored[-ring:], stored[:, :ring], stored[:, -ring:] = value, value, value, value
        dataset.add_new("PixelPaddingValue", "US", value)
    pixels = stored.astype(np.uint8 if kind.bits == 8 else np.uint16)
    dataset.PixelData = _jpeg(pixels) if kind.jpeg else pixels.tobytes()
    dataset["PixelData"].VR = "OB" if kind.bits == 8 else "OW"
    dataset.save_as(path, enforce_file_format=True)


def _described(shape: tuple[int, int], kind: StorageKind, header: Header) -> pydicom.Dataset:
    """Return the header without pixels."""
    dataset = pydicom.Dataset()
    portable = header.view == "AP"
    dataset.SOPClassUID = (
        ComputedRadiographyImageStorage if portable else DigitalXRayImageStorageForPresentation
    )
    dataset.SOPInstanceUID = _uid("instance", header.name)
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = (
        _uid("study", header.name),
        _uid("series", header.name),
    )
    dataset.Modality, dataset.BodyPartExamined = ("CR" if portable else "DX"), "CHEST"
    dataset.ViewPosition, dataset.ConversionType = header.view, "SYN"
    dataset.PatientID, dataset.PatientName = header.patient_id, ""
    dataset.PatientAge, dataset.PatientSex = f"{header.age:03d}Y", header.sex
    dataset.Rows, dataset.Columns = shape
    dataset.SamplesPerPixel, dataset.PixelRepresentation = 1, 0
    dataset.PhotometricInterpretation = "MONOCHROME1" if kind.inverted else "MONOCHROME2"
    dataset.BitsAllocated = 8 if kind.bits == 8 else 16
    dataset.BitsStored, dataset.HighBit = kind.bits, kind.bits - 1
    meta = dataset.file_meta = FileMetaDataset()
    meta.TransferSyntaxUID = JPEGBaseline8Bit if kind.jpeg else ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = (
        dataset.SOPClassUID,
        dataset.SOPInstanceUID,
    )
    meta.ImplementationClassUID, meta.ImplementationVersionName = UID(IMPLEMENTATION_UID), "RADLIB"
    dataset.preamble = bytes(128)
    return dataset


def _jpeg(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=92)
    return encapsulate([buffer.getvalue()])


def _uid(kind: str, name: str) -> str:
    """Return an identifier under the root for UUIDs, from a digest."""
    return f"2.25.{int.from_bytes(hashlib.sha256(f'{kind}/{name}'.encode()).digest()[:16], 'big')}"
