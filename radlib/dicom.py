"""The grey-scale chain of DICOM, from stored values to the picture a radiographer sees.

Stored values pass through the modality table (to physical units), then the window or VOI table (to what
should be displayed), then, for MONOCHROME1, the inversion (there, low values are bright). Each step has a
trap that silently changes the picture; they are named where they are met. Only an allow-list of tags is ever
read into an index, and the patient's id only as a digest.
"""

import contextlib
import hashlib
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom.pixels import apply_modality_lut, apply_voi_lut
from pydicom.uid import JPEG2000, DeflatedExplicitVRLittleEndian, JPEG2000Lossless, JPEGBaseline8Bit

from radlib.images import MAX_PIXELS, UnreadableImage

ALLOWED_TAGS = ("ViewPosition", "PatientAge", "PatientSex", "PatientID")


def read_tags(path: Path) -> dict[str, Any]:
    """Read the allow-listed tags of a DICOM file, nothing else.

    Returns:
        `view` (text), `age` (years), `sex` (`F`, `M` or empty), and `patient`: 16 hex digits of the sha256
        of the patient's id, or empty. A file that is no readable DICOM gives empty values: decoding will
        name what is wrong with it.
    """
    try:
        with _silence():
            header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=list(ALLOWED_TAGS))
            tags = {name: str(header.get(name, "") or "").strip() for name in ALLOWED_TAGS}
    except Exception:  # whatever is wrong, the text of the error may hold tags
        tags = dict.fromkeys(ALLOWED_TAGS, "")
    patient = tags["PatientID"]
    return {
        "view": tags["ViewPosition"].upper(),
        "age": _years(tags["PatientAge"]),
        "sex": tags["PatientSex"] if tags["PatientSex"] in ("F", "M") else "",
        "patient": hashlib.sha256(patient.encode()).hexdigest()[:16] if patient else "",
    }


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Keep pydicom from quoting the values that it repairs, in warnings or in a log: they can be names."""
    log = logging.getLogger("pydicom")
    before, log.disabled = log.disabled, True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.disabled = before


def _years(age: str) -> float:
    """Return DICOM's age text (`042Y`, `018M`, `003W`, `010D`, or RSNA's plain `42`) in years."""
    unit = {"Y": 1.0, "M": 1 / 12, "W": 7 / 365.25, "D": 1 / 365.25}.get(age[-1:].upper())
    digits = age[:-1] if unit else age
    return float(digits) * (unit or 1.0) if digits.isdigit() else float("nan")


def read_dicom(path: Path) -> np.ndarray:
    """Read a DICOM film.

    Args:
        path: The file.

    Returns:
        (h, w) float32 in [0, 1], padding black.

    Raises:
        UnreadableImage: With a reason; other exceptions of pydicom may pass and are `damaged` to the caller.
    """
    with _silence():
        syntax = pydicom.filereader.read_file_meta_info(path).get("TransferSyntaxUID")
        if syntax == DeflatedExplicitVRLittleEndian:  # a few KB can inflate to gigabytes before any check
            raise UnreadableImage("unsupported_compression")
        dataset = pydicom.dcmread(path)
        _check_header(dataset)
        stored = _stored_values(dataset, syntax)
        grey = _displayed(stored, dataset)
    if not np.isfinite(grey).all():
        raise UnreadableImage("invalid_values")
    if dataset.PhotometricInterpretation == "MONOCHROME1":
        grey = 1 - grey
    grey[_padding(stored, dataset)] = 0
    return grey


def _check_header(dataset: pydicom.Dataset) -> None:
    """Refuse before any decoding what would be too large, or is no single grey film."""
    if "PixelData" not in dataset or not dataset.get("Rows") or not dataset.get("Columns"):
        raise UnreadableImage("no_pixels")
    frames = int(dataset.get("NumberOfFrames") or 1)
    samples = int(dataset.get("SamplesPerPixel") or 1)
    if dataset.Rows * dataset.Columns * samples * max(frames, 1) > MAX_PIXELS:
        raise UnreadableImage("too_large")
    if frames > 1:
        raise UnreadableImage("several_frames")
    if dataset.get("PhotometricInterpretation") == "PALETTE COLOR":
        raise UnreadableImage("not_grey")


def _stored_values(dataset: pydicom.Dataset, syntax: str) -> np.ndarray:
    """Decode to (h, w) integers, with the unused high bits cleared."""
    if syntax in (JPEGBaseline8Bit, JPEG2000, JPEG2000Lossless):
        dataset.pixel_array_options(decoding_plugin="pillow")  # pydicom's own choice is up to 3 times slower
    try:
        stored = dataset.pixel_array
    except (RuntimeError, NotImplementedError) as error:
        missing = isinstance(error, NotImplementedError) or "missing" in str(error) or "plugin" in str(error)
        raise UnreadableImage("unsupported_compression" if missing else "damaged") from None
    if stored.ndim == 3:  # colour: its luminance, ITU-R 601
        return np.round(stored @ np.array([0.299, 0.587, 0.114])).astype(stored.dtype)
    unused = 8 * stored.dtype.itemsize - int(dataset.BitsStored)
    return stored << unused >> unused if unused > 0 else stored


def _displayed(stored: np.ndarray, dataset: pydicom.Dataset) -> np.ndarray:
    """Apply the modality table and the window or VOI table, scaled to [0, 1] by the range they can reach.

    Scaling by the range, not by the film's own extremes, keeps one bright marker from darkening all else.
    8-bit films have been windowed before they were stored, whatever their tags say: they are left alone.
    """
    bits = int(dataset.BitsStored)
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if dataset.PixelRepresentation else (0, 2**bits - 1)
    if bits <= 8:
        return ((stored.astype(np.float32) - low) / np.float32(high - low)).clip(0, 1)
    values = apply_modality_lut(stored, dataset)
    if dataset.get("ModalityLUTSequence"):
        low, high = 0, 2 ** int(dataset.ModalityLUTSequence[0].LUTDescriptor[2]) - 1
    elif "RescaleSlope" in dataset:
        slope, intercept = float(dataset.RescaleSlope), float(dataset.get("RescaleIntercept") or 0)
        low, high = low * slope + intercept, high * slope + intercept  # the order pydicom's windows use
    if dataset.get("VOILUTSequence"):
        values = apply_voi_lut(values, dataset, prefer_lut=True)
        low, high = 0, 2 ** int(dataset.VOILUTSequence[0].LUTDescriptor[2]) - 1
    elif _has_window(dataset):
        values = apply_voi_lut(values, dataset, index=0, prefer_lut=False)
    else:
        low, high = sorted((low, high))
    if high == low or not np.isfinite([low, high]).all():
        raise UnreadableImage("invalid_values")
    return ((values.astype(np.float32) - np.float32(low)) / np.float32(high - low)).clip(0, 1)


def _has_window(dataset: pydicom.Dataset) -> bool:
    """Tell whether the first window can be applied: a width of zero or a missing centre means none."""
    centre, width = (_first(dataset.get(name)) for name in ("WindowCenter", "WindowWidth"))
    linear = str(dataset.get("VOILUTFunction") or "LINEAR").upper() == "LINEAR"
    return centre is not None and width is not None and width > 0 and (width >= 1 or not linear)


def _first(value: Any) -> float | None:
    """Return the first of DICOM's one or several numbers, None if there is none."""
    if isinstance(value, pydicom.multival.MultiValue | list | tuple):
        value = value[0] if len(value) else None
    return None if value is None or value == "" else float(value)


def _padding(stored: np.ndarray, dataset: pydicom.Dataset) -> np.ndarray:
    """Return where a film has no picture: stored values at, or in the range of, the padding value."""
    value = dataset.get("PixelPaddingValue")
    if value is None:
        return np.zeros(stored.shape, bool)
    limit = dataset.get("PixelPaddingRangeLimit")
    limit = value if limit is None else limit
    return (stored >= min(value, limit)) & (stored <= max(value, limit))
