"""Drawn films as DICOM files of every kind that a reader meets without optional decoders.

One film each for what changes grey levels: bits, sign, place of the bits, inversion, slope, windows of each function, tables,
padding, colours, transfer syntaxes, and a file without its mark. Bytes follow from the arguments alone.
"""

import io
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pydicom
from PIL import Image
from pydicom import uid
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence

Change = Callable[[pydicom.Dataset, np.ndarray], np.ndarray | None]

INSTANCE = "2.25.113059749145936325402354257176981405697"


def _plain(dataset: pydicom.Dataset, stored: np.ndarray) -> None:
    """Leave a film as it is."""


def _window(function: str = "", *, inverted: bool = False) -> Change:
    def change(dataset: pydicom.Dataset, stored: np.ndarray) -> None:
        dataset.WindowCenter, dataset.WindowWidth = "1800.5", "2200"
        if function:
            dataset.VOILUTFunction = function
        if inverted:
            dataset.PhotometricInterpretation = "MONOCHROME1"
            dataset.RescaleSlope, dataset.RescaleIntercept = "0.5", "-100"
            dataset.WindowCenter, dataset.WindowWidth = "900", "1100.5"

    return change


def _inverted(dataset: pydicom.Dataset, stored: np.ndarray) -> None:
    dataset.PhotometricInterpretation = "MONOCHROME1"


def _two_windows(dataset: pydicom.Dataset, stored: np.ndarray) -> None:
    dataset.WindowCenter, dataset.WindowWidth = ["2000", "1200"], ["4000", "900"]


def _signed(dataset: pydicom.Dataset, stored: np.ndarray) -> np.ndarray:
    dataset.PixelRepresentation = 1
    dataset.RescaleSlope, dataset.RescaleIntercept = "-2", "10.5"
    dataset.add_new("PixelPaddingValue", "SS", -32768)
    signed = stored.astype(np.int32) - 32768
    signed[:2] = -32768
    return signed.astype(np.int16).view(np.uint16)


def _padded(dataset: pydicom.Dataset, stored: np.ndarray) -> np.ndarray:
    dataset.add_new("PixelPaddingValue", "US", 0)
    dataset.add_new("PixelPaddingRangeLimit", "US", 9000)
    return stored


def _high_bits(dataset: pydicom.Dataset, stored: np.ndarray) -> np.ndarray:
    dataset.HighBit = 15
    return (stored << 4) | np.uint16(5)  # what lies below the stored bits is nobody's


def _overlaid(dataset: pydicom.Dataset, stored: np.ndarray) -> np.ndarray:
    return stored | np.uint16(0x5000)  # what lies above them is an overlay, in old films


def _table(dataset: pydicom.Dataset, stored: np.ndarray) -> None:
    dataset.VOILUTSequence = Sequence([_curve(3000, 500, 10)])


def _unit_table(dataset: pydicom.Dataset, stored: np.ndarray) -> None:
    dataset.ModalityLUTSequence = Sequence([_curve(4096, 0, 12)])
    dataset.WindowCenter, dataset.WindowWidth = "2300", "3000"


def _curve(entries: int, first: int, bits: int) -> pydicom.Dataset:
    item = pydicom.Dataset()
    item.add_new("LUTDescriptor", "US", [entries, first, bits])
    curve = np.sqrt(np.linspace(0, 1, entries)) * (2**bits - 1)
    item.add_new("LUTData", "OW", np.rint(curve).astype("<u2").tobytes())
    return item


def _colours(dataset: pydicom.Dataset, stored: np.ndarray) -> np.ndarray:
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PlanarConfiguration = 3, "RGB", 0
    return np.stack([stored, 255 - stored // 2, stored // 3], axis=-1)


FILMS: Mapping[str, tuple[int, str, Change]] = {  # name -> bits, transfer syntax, what is changed
    "8_bits": (8, uid.ExplicitVRLittleEndian, _plain),
    "8_bits_monochrome1": (8, uid.ExplicitVRLittleEndian, _inverted),
    "8_bits_window_left_out": (8, uid.ExplicitVRLittleEndian, _window()),
    "8_bits_rgb": (8, uid.ExplicitVRLittleEndian, _colours),
    "12_bits_window": (12, uid.ExplicitVRLittleEndian, _window()),
    "12_bits_window_exact": (12, uid.ExplicitVRLittleEndian, _window("LINEAR_EXACT")),
    "12_bits_window_sigmoid": (12, uid.ExplicitVRLittleEndian, _window("SIGMOID")),
    "12_bits_monochrome1_slope": (12, uid.ExplicitVRLittleEndian, _window(inverted=True)),
    "12_bits_two_windows": (12, uid.ExplicitVRLittleEndian, _two_windows),
    "12_bits_voi_table": (12, uid.ExplicitVRLittleEndian, _table),
    "12_bits_modality_table": (12, uid.ExplicitVRLittleEndian, _unit_table),
    "12_bits_at_the_upper_end": (12, uid.ExplicitVRLittleEndian, _high_bits),
    "12_bits_below_an_overlay": (12, uid.ExplicitVRLittleEndian, _overlaid),
    "12_bits_implicit": (12, uid.ImplicitVRLittleEndian, _window()),
    "12_bits_big_endian": (12, uid.ExplicitVRBigEndian, _window()),
    "12_bits_without_mark": (12, uid.ImplicitVRLittleEndian, _window()),
    "16_bits": (16, uid.ExplicitVRLittleEndian, _plain),
    "16_bits_signed_slope_padding": (16, uid.ExplicitVRLittleEndian, _signed),
    "16_bits_padding_range": (16, uid.ExplicitVRLittleEndian, _padded),
    "rle_8_bits": (8, uid.RLELossless, _plain),
    "rle_12_bits_window": (12, uid.RLELossless, _window()),
    "jpeg_8_bits": (8, uid.JPEGBaseline8Bit, _plain),
    "jpeg_8_bits_monochrome1": (8, uid.JPEGBaseline8Bit, _inverted),
    "jpeg_2000_12_bits_window": (12, uid.JPEG2000Lossless, _window()),
}


def write_dicom(path: Path, grey: np.ndarray, name: str) -> None:
    """Write a drawn film as one kind of DICOM file.

    Args:
        path: The file.
        grey: (h, w) float32 in [0, 1].
        name: One of `FILMS`.
    """
    bits, syntax, change = FILMS[name]
    stored = np.floor(grey * np.float32(2**bits - 1) + np.float32(0.5)).astype(
        np.uint8 if bits == 8 else np.uint16
    )
    dataset = _header(stored.shape, bits)
    changed = change(dataset, stored)
    stored = stored if changed is None else changed
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = uid.UID(
        uid.ExplicitVRLittleEndian if syntax == uid.RLELossless else syntax
    )
    words = stored.astype(stored.dtype.newbyteorder(">")) if syntax == uid.ExplicitVRBigEndian else stored
    content = (
        _packed(stored, syntax) if syntax in (uid.JPEGBaseline8Bit, uid.JPEG2000Lossless) else words.tobytes()
    )
    dataset.PixelData = content + b"\0" * (len(content) % 2)
    dataset["PixelData"].VR = "OB" if bits == 8 or syntax == uid.JPEG2000Lossless else "OW"
    if syntax == uid.RLELossless:
        dataset.compress(uid.RLELossless, encoding_plugin="pydicom", generate_instance_uid=False)
    if name.endswith("without_mark"):
        del dataset.file_meta
        dataset.save_as(path, implicit_vr=True, little_endian=True, enforce_file_format=False)
        return
    dataset.preamble = bytes(128)
    dataset.save_as(path, enforce_file_format=True)


def _header(shape: tuple[int, ...], bits: int) -> pydicom.Dataset:
    dataset = pydicom.Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = uid.DigitalXRayImageStorageForPresentation, INSTANCE
    dataset.Modality, dataset.BodyPartExamined, dataset.ViewPosition = "DX", "CHEST", "PA"
    dataset.PatientName, dataset.PatientID = "", "drawn"
    dataset.Rows, dataset.Columns = shape[:2]
    dataset.SamplesPerPixel, dataset.PixelRepresentation = 1, 0
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated = 8 if bits == 8 else 16
    dataset.BitsStored, dataset.HighBit = bits, bits - 1
    return dataset


def _packed(stored: np.ndarray, syntax: str) -> bytes:
    buffer, picture = io.BytesIO(), Image.fromarray(stored)
    if syntax == uid.JPEGBaseline8Bit:
        picture.save(buffer, "JPEG", quality=92)
    else:
        picture.save(buffer, "JPEG2000", no_jp2=True, irreversible=False)
    return encapsulate([buffer.getvalue()])
