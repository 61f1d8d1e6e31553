"""From a file to the grey square that a network sees.

A network is only as portable as its preprocessing: a phone that resizes or windows a film differently runs
another classifier than the one that was tested. So everything between the file and the network is one small
record, `Preprocessing`, whose digest is stored with each variant. The order never changes: read the file to
grey in [0, 1] (black is 0), resize, apply the operations of a closed list, quantise to 8 bits.
"""

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from radlib.foundation.errors import UsageError
from radlib.foundation.names import check_known
from radlib.imaging.array_rows import read_row, split_reference
from radlib.imaging.film_content import HEAD_BYTES, content_of
from radlib.imaging.film_reasons import MAX_FILE_BYTES, MAX_PIXELS, REASONS, UnreadableImage, reason_text
from radlib.imaging.operations import OPERATIONS
from radlib.imaging.pictures import picture_steps, read_picture
from radlib.imaging.resampling import FILTERS, OWN, resampled

__all__ = [
    "MAX_PIXELS", "REASONS", "Placement", "Preprocessing", "UnreadableImage", "image_id", "placement", "preparation_steps",
    "prepare", "read_image", "reading_steps", "reason_text",
]  # fmt: skip


@dataclass(frozen=True)
class Preprocessing:
    """Everything between a grey film and the network.

    Attributes:
        image_size: Side of the square, pixels.
        resize: `stretch` to the square, or `pad`: keep the shape and centre it on black.
        resampling: The filter that resizes, one of `resampling.FILTERS`.
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
    resampling: str = OWN

    def __post_init__(self) -> None:
        object.__setattr__(self, "operations", tuple(self.operations))
        if self.image_size < 8 or not 1 <= self.bits <= 8 or self.window < 0:
            raise UsageError(
                "Preprocessing takes an image_size of at least 8 pixels, 1 to 8 bits, and a window from 0."
            )
        check_known("resize", self.resize, ("stretch", "pad"))
        check_known("resampling", self.resampling, FILTERS)
        for name in self.operations:
            check_known("image operation", name, OPERATIONS)

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain values, for JSON.

        The first window, no layout and our own filter go without saying, so that records from before there was a choice
        keep their digest.
        """
        values = {**dataclasses.asdict(self), "operations": list(self.operations)}
        unsaid = [name for name in ("window", "inside_network") if not values[name]]
        unsaid += ["resampling"] if self.resampling == OWN else []
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
    if _is_dicom(path):
        from radlib.imaging.dicom import (
            files as dicom,  # here, because pydicom's import would cost those who have no DICOM
        )

        return dicom.read_dicom(path, window=window)
    return read_picture(path)


def reading_steps(path: Path, *, window: int = 0) -> dict[str, np.ndarray]:
    """Return a film after each step of `read_image`, (h, w) each, by name: `stored` first, `grey` last.

    Raises:
        UnreadableImage: For a file of no bytes or too many; decoders may raise others.
    """
    if _is_dicom(path):
        from radlib.imaging.dicom import files as dicom

        return dicom.dicom_steps(path, window=window)
    return picture_steps(path)


def _is_dicom(path: Path) -> bool:
    """Tell whether a file is DICOM by its content, after a look at its size."""
    size_bytes = path.stat().st_size
    if not size_bytes or size_bytes > MAX_FILE_BYTES:
        raise UnreadableImage("too_large" if size_bytes else "empty_file")
    with path.open("rb") as stream:
        return content_of(stream.read(HEAD_BYTES)) in ("dicom", "directory")


@dataclass(frozen=True)
class Placement:
    """Where a film comes to lie in the prepared square, pixels.

    Attributes:
        left: Columns before it.
        top: Rows above it.
        width: Of the film there.
        height: Of the film there.
    """

    left: int
    top: int
    width: int
    height: int

    def of_box(self, box: Sequence[float], width: int, height: int) -> tuple[float, float, float, float]:
        """Return where a box (x, y, width, height) of a film of this stored width and height comes to lie."""
        across, down = self.width / width, self.height / height
        x, y, wide, high = box
        return self.left + x * across, self.top + y * down, wide * across, high * down

    def to_film(self, box: Sequence[float], width: int, height: int) -> tuple[float, float, float, float]:
        """Return where a box (x, y, width, height) of the square lies on the stored film of this size, cut at its edges."""
        across, down = width / self.width, height / self.height
        x, y, wide, high = box
        left, right = (min(max((at - self.left) * across, 0.0), width) for at in (x, x + wide))
        top, bottom = (min(max((at - self.top) * down, 0.0), height) for at in (y, y + high))
        return left, top, right - left, bottom - top


def placement(height: int, width: int, preprocessing: Preprocessing) -> Placement:
    """Return where a film of this stored height and width comes to lie."""
    size = preprocessing.image_size
    if preprocessing.resize != "pad":
        return Placement(0, 0, size, size)
    scale = size / max(height, width)
    wide, high = max(round(width * scale), 1), max(round(height * scale), 1)
    return Placement((size - wide) // 2, (size - high) // 2, wide, high)


def prepare(image: np.ndarray, preprocessing: Preprocessing) -> np.ndarray:
    """Turn a grey film into what the network sees.

    Resizing by radlib's own filter averages over the area that each new pixel covers (triangle, antialiased), so that
    thin ribs neither vanish nor flicker; a network from elsewhere may want another, see `resampling`.

    Args:
        image: (h, w) float32 in [0, 1].
        preprocessing: What to do.

    Returns:
        (image_size, image_size) uint8.
    """
    *_, (_, levels) = preparation_steps(image, preprocessing)
    return levels


def preparation_steps(image: np.ndarray, preprocessing: Preprocessing) -> Iterator[tuple[str, np.ndarray]]:
    """Yield a film after each step of `prepare`, by name: `resized`, `square`, each operation's, and `levels`."""
    height, width = image.shape
    size, place = preprocessing.image_size, placement(height, width, preprocessing)
    square = np.ascontiguousarray(image, np.float32)
    square = resampled(square, (place.width, place.height), preprocessing.resampling)
    yield "resized", square
    if square.shape != (size, size):
        padded = np.zeros((size, size), np.float32)
        padded[place.top : place.top + place.height, place.left : place.left + place.width] = square
        square = padded
    square = np.clip(square, 0, 1)
    yield "square", square
    for name in preprocessing.operations:
        square = OPERATIONS[name](square)
        yield name, square
    highest = 2**preprocessing.bits - 1
    levels = np.floor(np.clip(square, 0, 1) * np.float32(highest) + np.float32(0.5))
    yield "levels", np.floor(levels * np.float32(255 / highest) + np.float32(0.5)).astype(np.uint8)
