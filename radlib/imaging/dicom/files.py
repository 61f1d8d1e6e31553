"""DICOM films: the header first, then the stored values by a decoder that is named, then what they mean.

Which decoder reads a film is written down here and does not depend on what else is installed: pydicom's own
choice among what it finds can be three times slower, and two decoders of a lossy format may differ. Only an
allow-list of tags is ever read into an index, and the patient's id only as a digest.
"""

import contextlib
import hashlib
import io
import logging
import math
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from PIL import Image
from pydicom import uid
from pydicom.encaps import get_frame
from pydicom.pixels import get_decoder

from radlib.imaging.dicom.age_and_sex import age_years, is_said, sex
from radlib.imaging.dicom.body_parts import body_part
from radlib.imaging.dicom.grey_scale import films_of, photometric_of, shown, words_of
from radlib.imaging.film_reasons import MAX_PIXELS, UnreadableImage

ALLOWED_TAGS = (
    "Modality", "BodyPartExamined", "ViewPosition", "PresentationIntentType", "PatientAge", "PatientSex", "PatientID",
)  # fmt: skip
MODALITIES = (  # PS3.3 C.7.3.1
    "CR", "CT", "DX", "IO", "MG", "MR", "NM", "OT",
    "PT", "PX", "RF", "RG", "SC", "US", "XA",
)  # fmt: skip
VIEWS = ("AP", "PA", "LL", "RL", "LLD", "RLD", "LLO", "RLO", "LATERAL")  # PS3.3 C.8.1.1, and one in use

# All exact, and the fastest of those that are (`python -m benchmarks decoding`); simplejpeg saves a tenth of the decoding
# of baseline JPEG, a twentieth of a film, which is not worth one more native library. Of the extra `codecs`:
# python-gdcm (Apache-2.0, around GDCM: BSD) and pyjpegls (MIT, around CharLS: BSD).
DECODERS: Mapping[str, str] = {
    uid.JPEGBaseline8Bit: "pillow",
    uid.JPEGExtended12Bit: "pillow",
    uid.JPEG2000Lossless: "pillow",
    uid.JPEG2000: "pillow",
    uid.JPEGLossless: "gdcm",
    uid.JPEGLosslessSV1: "gdcm",
    uid.JPEGLSLossless: "pyjpegls",
    uid.JPEGLSNearLossless: "pyjpegls",
    uid.RLELossless: "pydicom",
}
LONGEST_CLIP = 100_000  # frames; what claims more is made to fill the memory
UNCOMPRESSED = (uid.ImplicitVRLittleEndian, uid.ExplicitVRLittleEndian, uid.ExplicitVRBigEndian)


def read_tags(path: Path, key: bytes) -> dict[str, Any]:
    """Read the allow-listed tags of a DICOM file, nothing else, and of them only values that are no free text.

    Args:
        path: The file.
        key: Of the digest of the patient's id, see `private.digest_key`.

    Returns:
        `modality` (one of `MODALITIES`, or empty), `body_part` (see `body_parts`), `view` (one of `VIEWS`, or empty),
        `unprocessed` (whether it says that the film is raw data, meant for a machine), `unmarked` (whether it lacks the mark DICM), `age` (years), `sex` (`F`, `M` or
        empty), and `patient`: 16 hex digits of the keyed blake2b of the patient's id, or empty. A file that is no
        readable DICOM gives empty values: decoding will name what is wrong with it.
    """
    tags = _allowed_values(path)
    patient, modality, view = tags["PatientID"], tags["Modality"].upper(), tags["ViewPosition"].upper()
    return {
        "modality": modality if modality in MODALITIES else "",
        "body_part": body_part(tags["BodyPartExamined"]),
        "view": view if view in VIEWS else "",
        "unprocessed": tags["PresentationIntentType"].upper() == "FOR PROCESSING",
        "age": _years(tags["PatientAge"]),
        "sex": sex(tags["PatientSex"]) or "",
        "patient": _digest(patient, key) if is_said(patient) else "",
        "unmarked": path.is_file() and not has_mark(path),
    }


def _allowed_values(path: Path) -> dict[str, str]:
    """Return the allow-listed tags as text, empty where they are not there or cannot be read."""
    tags = dict.fromkeys(ALLOWED_TAGS, "")
    try:
        with silence():
            header = open_dataset(path, stop_before_pixels=True, specific_tags=list(ALLOWED_TAGS))
    except Exception:  # whatever is wrong, the text of the error may hold tags
        return tags
    for name in ALLOWED_TAGS:  # one by one: a value that cannot be read takes no other with it
        try:
            with silence():
                tags[name] = str(header.get(name, "") or "").strip(" \0\t\r\n")
        except Exception:
            tags[name] = ""
    return tags


def _years(age: str) -> float:
    """Return DICOM's age text (`042Y`, `018M`, `003W`, `010D`, or RSNA's plain `42`) in years, NaN where it is none."""
    found = age_years(age)
    return math.nan if found is None else found


def _digest(patient: str, key: bytes) -> str:
    content = patient.encode(errors="surrogateescape")
    return hashlib.blake2b(content, key=key, digest_size=8).hexdigest()


def open_dataset(path: Path, **how: Any) -> pydicom.FileDataset:
    """Open a DICOM file, with or without the 128 bytes and the mark DICM before it.

    Args:
        path: The file; the caller has made sure that it is DICOM.
        how: Further arguments of `pydicom.dcmread`.

    Returns:
        The dataset. One without a file header, as old devices write, has the transfer syntax that its bytes show.

    Raises:
        UnreadableImage: When it is deflated: a few KB can inflate to gigabytes before any check.
    """
    marked = has_mark(path)
    syntax = pydicom.filereader.read_file_meta_info(path).get("TransferSyntaxUID") if marked else None
    if syntax == uid.DeflatedExplicitVRLittleEndian:
        raise UnreadableImage("unsupported_compression")
    dataset = pydicom.dcmread(path, force=not marked, **how)
    if marked or "TransferSyntaxUID" in dataset.file_meta:
        return dataset
    implicit, little_endian = dataset.original_encoding
    dataset.file_meta.TransferSyntaxUID = (
        uid.ImplicitVRLittleEndian
        if implicit
        else uid.ExplicitVRLittleEndian
        if little_endian
        else uid.ExplicitVRBigEndian
    )
    return dataset


def open_header(path: Path) -> pydicom.FileDataset:
    """Return all of a DICOM file but its pixels; nothing of it is quoted on the way.

    Raises:
        InvalidDicomError: When it is no DICOM file.
    """
    with silence():
        return pydicom.dcmread(path, stop_before_pixels=True)


def has_mark(path: Path) -> bool:
    """Tell whether a file has the mark DICM where DICOM files have it."""
    with path.open("rb") as stream:
        return stream.read(132)[128:] == b"DICM"


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Keep pydicom from quoting the values that it repairs, in warnings or in a log: they can be names."""
    log = logging.getLogger("pydicom")
    before, log.disabled = log.disabled, True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.disabled = before


def read_dicom(path: Path, *, window: int = 0) -> np.ndarray:
    """Read a DICOM film.

    Args:
        path: The file.
        window: Which of several VOI tables or windows to look through, from 0.

    Returns:
        (h, w) float32 in [0, 1], padding black.

    Raises:
        UnreadableImage: With a reason; other exceptions of pydicom may pass and are `damaged` to the caller.
    """
    with silence():
        stored, dataset, packed = _decoded(path)
        return shown(stored, dataset, packed=packed, window=window)


def dicom_steps(path: Path, *, window: int = 0) -> dict[str, np.ndarray]:
    """Return a DICOM film after each step, (h, w) each: `stored`, then `grey_scale.STEPS`; as `read_dicom` else."""
    with silence():
        stored, dataset, packed = _decoded(path)
        return {"stored": words_of(stored), **films_of(stored, dataset, packed=packed, window=window)}


def _decoded(path: Path) -> tuple[np.ndarray, pydicom.FileDataset, bool]:
    """Return the stored values, the header, and whether the values are packed, see `grey_scale.shown`."""
    header = _checked_header(path)
    dataset, syntax = open_dataset(path), header.file_meta.TransferSyntaxUID
    dataset.PhotometricInterpretation = photometric_of(dataset)  # some write it in small letters
    stored = _stored_values(dataset, syntax)
    if stored.shape[:2] != (header.Rows, header.Columns):
        raise UnreadableImage("damaged")
    if stored.base is None or syntax not in UNCOMPRESSED:
        del dataset.PixelData  # decoded: ten megabytes that nobody needs
    return stored, dataset, syntax not in (*UNCOMPRESSED, uid.RLELossless)


def readable(syntax: str) -> bool:
    """Tell whether films of a transfer syntax can be decoded with what is installed."""
    if syntax in UNCOMPRESSED:
        return True
    return syntax in DECODERS and DECODERS[syntax] in get_decoder(uid.UID(syntax)).available_plugins


def _checked_header(path: Path) -> pydicom.Dataset:
    """Read the header alone, and refuse what would be too large, has no decoder, or is no single grey film."""
    header = open_dataset(path, stop_before_pixels=True)
    if not header.get("Rows") or not header.get("Columns"):
        raise UnreadableImage("no_pixels")
    syntax = header.file_meta.get("TransferSyntaxUID")
    if syntax is None:
        raise UnreadableImage("damaged")
    frames = int(header.get("NumberOfFrames") or 1)
    samples = int(header.get("SamplesPerPixel") or 1)
    if frames > 1:  # a clip is no film, however large
        raise UnreadableImage("several_frames" if frames <= LONGEST_CLIP else "too_large")
    if header.Rows * header.Columns * samples > MAX_PIXELS:
        raise UnreadableImage("too_large")
    photometric_of(header)
    twelve_bits = syntax == uid.JPEGExtended12Bit and int(header.BitsStored) > 8
    if not readable(syntax) or twelve_bits:  # libjpeg is built for 8 bits
        raise UnreadableImage("unsupported_compression")
    return header


def _stored_values(dataset: pydicom.Dataset, syntax: str) -> np.ndarray:
    """Decode to (h, w) integers; colours become their luminance."""
    if "PixelData" not in dataset:
        raise UnreadableImage("no_pixels")
    if syntax == uid.JPEGBaseline8Bit and dataset.get("SamplesPerPixel", 1) == 1:
        frame = get_frame(dataset.PixelData, 0, number_of_frames=1)
        with Image.open(io.BytesIO(frame), formats=("JPEG",)) as picture:  # as pydicom does, less its copies
            if picture.mode != "L" or picture.width * picture.height > MAX_PIXELS:
                raise UnreadableImage("damaged")
            return np.asarray(picture)
    # Bits beyond those stored are left as they are: the table of the grey scale knows where they lie.
    dataset.pixel_array_options(decoding_plugin=DECODERS.get(syntax, ""), correct_unused_bits=False)
    stored = dataset.pixel_array
    if stored.ndim == 3:  # luminance, ITU-R BT.601
        return np.round(stored @ np.array([0.299, 0.587, 0.114])).astype(stored.dtype)
    return stored
