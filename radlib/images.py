"""From a file to the grey square that a network sees.

A network is only as portable as its preprocessing: a phone that resizes or windows a film differently runs
another classifier than the one that was tested. So everything between the file and the network is one small
record, `Preprocessing`, whose digest is stored with each variant. The order never changes: read the file to
grey in [0, 1] (black is 0), resize, apply the operations of a closed list, quantise to 8 bits.
"""

import dataclasses
import hashlib
import json
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from radlib.array_rows import read_row, split_reference
from radlib.errors import DataError, UsageError
from radlib.operations import OPERATIONS

MAX_PIXELS = 100_000_000
MAX_FILE_BYTES = 500_000_000

REASONS: Mapping[str, str] = {
    "not_a_file": "is missing, not a regular file, or a link out of the data folder",
    "empty_file": "is empty",
    "unknown_content": "is neither DICOM, PNG nor JPEG",
    "too_large": f"claims more than {MAX_PIXELS // 1_000_000} million pixels or needs too much memory",
    "damaged": "is truncated or damaged",
    "unsupported_compression": (
        "is compressed in a way that no installed decoder reads (for JPEG lossless and JPEG-LS: "
        "pip install python-gdcm pyjpegls)"
    ),
    "no_pixels": "holds no pixels",
    "several_frames": "holds several frames",
    "not_grey": "holds palette colours",
    "invalid_values": "has values that are no grey levels",
    "timeout": "took too long to decode",
    "worker_died": "made the decoder crash",
}


class UnreadableImage(DataError):
    """A film that cannot be turned into grey levels.

    Args:
        reason: A key of `REASONS`.
        image: The image id, if known. Never a path: file names can hold a patient's name.
    """

    def __init__(self, reason: str, image: str = ""):
        super().__init__(f"The image {image + ' ' if image else ''}{REASONS[reason]}; replace or remove it.")
        self.reason, self.image = reason, image

    def __reduce__(self):
        return UnreadableImage, (self.reason, self.image)


@dataclass(frozen=True)
class Preprocessing:
    """Everything between a grey film and the network.

    Attributes:
        image_size: Side of the square, pixels.
        resize: `stretch` to the square, or `pad`: keep the shape and centre it on black.
        operations: Names in `OPERATIONS`, applied in this order after resizing.
        bits: Grey levels kept, as a power of two, 1 to 8; the stored range is always 0 to 255.
        window: Which of several VOI tables or windows a DICOM film is looked at through, from 0; a film with
            fewer shows its last.
        inside_network: What a network that was trained elsewhere does with the grey levels first: how many channels,
            in which order, in which range (see `importing.layout`). Its file does that by itself, so the record
            says it to a reader, and it counts neither in comparisons nor in the digest.
    """

    image_size: int
    resize: str = "stretch"
    operations: tuple[str, ...] = ()
    bits: int = 8
    window: int = 0
    inside_network: Mapping[str, Any] | None = dataclasses.field(default=None, compare=False)

    def __post_init__(self):
        object.__setattr__(self, "operations", tuple(self.operations))
        if self.image_size < 8 or not 1 <= self.bits <= 8 or self.window < 0:
            raise UsageError(
                "Preprocessing takes an image_size of at least 8 pixels, 1 to 8 bits, and a window from 0."
            )
        if self.resize not in ("stretch", "pad"):
            raise UsageError(f"There is no resize {self.resize!r}; there are: stretch, pad.")
        for name in self.operations:
            if name not in OPERATIONS:
                raise UsageError(f"There is no image operation {name!r}; there are: {', '.join(OPERATIONS)}.")

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain values, for JSON.

        The first window and no layout go without saying, so that records from before there was a choice keep their digest.
        """
        values = {**dataclasses.asdict(self), "operations": list(self.operations)}
        unsaid = [name for name in ("window", "inside_network") if not values[name]]
        return {name: value for name, value in values.items() if name not in unsaid}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild the record from `to_dict`."""
        return cls(**values)

    def digest(self) -> str:
        """Return 16 hex digits over what happens to a file on its way to the network."""
        values = dataclasses.replace(self, inside_network=None).to_dict()
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


def image_id(path: Path) -> str:
    """Return the first 12 hex digits of the file's sha256: stable, and says nothing about a patient."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:12]


def numbered_ids(ids: Iterable[str]) -> Iterator[str]:
    """Yield ids with a suffix (`-2`, `-3`, …) for films whose file is byte for byte an earlier one."""
    seen: dict[str, int] = {}
    for image in ids:
        seen[image] = seen.get(image, 0) + 1
        yield image if seen[image] == 1 else f"{image}-{seen[image]}"


def read_image(path: Path | str, *, window: int = 0) -> np.ndarray:
    """Read a film, whatever its file is called: DICOM, PNG or JPEG, told apart by content.

    Args:
        path: The file; or a row of an array, see `array_rows`.
        window: Which of several VOI tables or windows to look through, from 0; only DICOM films have any.

    Returns:
        (h, w) float32 in [0, 1]; air is dark and bone is bright.

    Raises:
        UnreadableImage: With one of the closed list of reasons, whatever the decoder stumbled over.
    """
    path, row = split_reference(path)
    if not path.is_file():
        raise UnreadableImage("not_a_file")
    try:
        if row is not None:
            return read_row(path, row)
        return _read_file(path, window)
    except UnreadableImage:
        raise
    except MemoryError:
        raise UnreadableImage("too_large") from None
    except Exception:  # decoders raise a dozen kinds; their texts can hold paths and tags
        raise UnreadableImage("damaged") from None


def _read_file(path: Path, window: int) -> np.ndarray:
    size_bytes = path.stat().st_size
    if not size_bytes or size_bytes > MAX_FILE_BYTES:
        raise UnreadableImage("too_large" if size_bytes else "empty_file")
    with path.open("rb") as stream:
        head = stream.read(132)
    if head[128:] == b"DICM":
        from radlib import dicom  # here, because pydicom's import would cost those who have no DICOM

        return dicom.read_dicom(path, window=window)
    return _read_picture(path)


def _read_picture(path: Path) -> np.ndarray:
    """Read a PNG or JPEG file: grey, colour (by luminance), with alpha (over black), or 16-bit."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(path, formats=("JPEG", "PNG")) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    raise UnreadableImage("too_large")
                picture.draft("L", None)  # a JPEG's luminance is a plane of its own: skip the colours
                return _grey(ImageOps.exif_transpose(picture))
        except UnidentifiedImageError:
            raise UnreadableImage("unknown_content") from None
        except (Image.DecompressionBombWarning, Image.DecompressionBombError):
            raise UnreadableImage("too_large") from None


def _grey(picture: Image.Image) -> np.ndarray:
    if picture.mode.startswith(("I", "F")):  # 16-bit PNG: `I;16`, or `I` in older Pillow
        return (np.asarray(picture, dtype=np.float32) / np.float32(65535)).clip(0, 1)
    if "A" in picture.mode or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, (0, 0, 0, 255)), picture)
    return np.asarray(picture.convert("L"), dtype=np.float32) / np.float32(255)


def prepare(image: np.ndarray, preprocessing: Preprocessing) -> np.ndarray:
    """Turn a grey film into what the network sees.

    Resizing averages over the area that each new pixel covers (triangle filter, antialiased), so that thin
    ribs neither vanish nor flicker.

    Args:
        image: (h, w) float32 in [0, 1].
        preprocessing: What to do.

    Returns:
        (image_size, image_size) uint8.
    """
    size = preprocessing.image_size
    height, width = image.shape
    inside = (size, size)
    if preprocessing.resize == "pad":
        scale = size / max(height, width)
        inside = (max(round(width * scale), 1), max(round(height * scale), 1))
    square = np.ascontiguousarray(image, np.float32)
    if inside != (width, height):
        square = np.asarray(Image.fromarray(square).resize(inside, Image.Resampling.BILINEAR))
    if inside != (size, size):
        top, left = (size - inside[1]) // 2, (size - inside[0]) // 2
        padded = np.zeros((size, size), np.float32)
        padded[top : top + inside[1], left : left + inside[0]] = square
        square = padded
    square = np.clip(square, 0, 1)
    for name in preprocessing.operations:
        square = OPERATIONS[name](square)
    highest = 2**preprocessing.bits - 1
    levels = np.floor(np.clip(square, 0, 1) * np.float32(highest) + np.float32(0.5))
    return np.floor(levels * np.float32(255 / highest) + np.float32(0.5)).astype(np.uint8)
