"""PNG and JPEG films: what they hold, as grey levels.

Two traps are silent. A film of 12 bits saved into a PNG of 16 uses a sixteenth of its levels, unless the file says how
many bits count (its chunk sBIT). And Pillow cannot read every JPEG: those of 12 bits and lossless ones are
sound files that need another program. `gAMA` is left alone, as viewers of films leave it.

References:
    ISO/IEC 15948 (PNG), 11.3.2.4 sBIT; ITU-T T.81 (JPEG), table B.1.
"""

import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from radlib.imaging.film_reasons import MAX_PIXELS, UnreadableImage

PNG_HEAD, JPEG_HEAD = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"
READ = (
    0xC0,
    0xC1,
    0xC2,
    0xC9,
    0xCA,
)  # frames of JPEG that Pillow reads: sequential and progressive, Huffman or arithmetic
FRAMES = (*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0), 0xF7)
LOOKED_AT = 2**20  # bytes; what a picture says of itself stands before its pixels


def read_picture(path: Path) -> np.ndarray:
    """Read a PNG or JPEG file: grey, colour (by luminance), with alpha (over black), or 16-bit.

    Returns:
        (h, w) float32 in [0, 1].

    Raises:
        UnreadableImage: With a reason; other exceptions of Pillow may pass and are `damaged` to the caller.
    """
    return picture_steps(path)["grey"]


def picture_steps(path: Path) -> dict[str, np.ndarray]:
    """Return a picture after each step, (h, w) float32 each: its `stored` grey values, then `grey`; else as `read_picture`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(path, formats=("JPEG", "PNG")) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    raise UnreadableImage("too_large")
                if picture.format == "PNG" and getattr(picture, "n_frames", 1) > 1:
                    raise UnreadableImage("several_frames")
                picture.draft("L", None)  # a JPEG's luminance is a plane of its own: skip the colours
                return _grey(ImageOps.exif_transpose(picture), significant_bits(path))
        except UnidentifiedImageError:
            raise UnreadableImage(_why_unidentified(path)) from None
        except (Image.DecompressionBombWarning, Image.DecompressionBombError):
            raise UnreadableImage("too_large") from None
        except (OSError, SyntaxError):
            raise UnreadableImage("unsupported_compression" if is_other_jpeg(path) else "damaged") from None


def _grey(picture: Image.Image, bits: int) -> dict[str, np.ndarray]:
    if picture.mode.startswith(("I", "F")):  # 16-bit PNG: `I;16`, or `I` in older Pillow
        stored = np.asarray(picture, dtype=np.float32)
        return {"stored": stored, "grey": _scaled(stored, bits, 16)}
    if "A" in picture.mode or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, (0, 0, 0, 255)), picture)
    stored = np.asarray(picture.convert("L"), dtype=np.float32)
    return {"stored": stored, "grey": _scaled(stored, bits if picture.mode == "L" else 0, 8)}


def _scaled(values: np.ndarray, bits: int, depth: int) -> np.ndarray:
    """Scale by the range of the file, or of the bits that count where the values lie at the lower end.

    A writer that keeps to the standard has stretched them over the whole range already.
    """
    highest = 2**depth - 1
    if 0 < bits < depth and values.max() < 2**bits:
        highest = 2**bits - 1
    grey = values / np.float32(highest)
    return grey.clip(0, 1, out=grey)


def significant_bits(path: Path) -> int:
    """Return how many bits of a grey PNG count, by its chunk sBIT; 0 where it says nothing, or is none of 8 or 16 bits."""
    with path.open("rb") as stream:
        head = stream.read(LOOKED_AT)
    if (
        not head.startswith(PNG_HEAD)
        or head[12:16] != b"IHDR"
        or head[24:25] not in (b"\x08", b"\x10")
        or head[25] != 0
    ):
        return 0
    place = len(PNG_HEAD)
    while place + 12 <= len(head):
        length, kind = int.from_bytes(head[place : place + 4], "big"), head[place + 4 : place + 8]
        if kind == b"sBIT" and length == 1:
            return head[place + 8]
        if kind == b"IDAT":  # it must stand before the pixels
            return 0
        place += 12 + length
    return 0


def _why_unidentified(path: Path) -> str:
    with path.open("rb") as stream:
        head = stream.read(len(PNG_HEAD))
    if head.startswith(JPEG_HEAD):
        return "unsupported_compression" if is_other_jpeg(path) else "damaged"
    return "damaged" if head == PNG_HEAD else "unknown_content"


def is_other_jpeg(path: Path) -> bool:
    """Tell whether a file is a JPEG of a kind that Pillow does not read: of 12 bits, lossless, or JPEG-LS."""
    with path.open("rb") as stream:
        head = stream.read(LOOKED_AT)
    place = len(JPEG_HEAD)
    while head.startswith(JPEG_HEAD) and place + 5 <= len(head) and head[place] == 0xFF:
        marker = head[place + 1]
        if marker == 0xFF:  # fill bytes
            place += 1
            continue
        if marker in FRAMES:
            return marker not in READ or head[place + 4] != 8
        place += 2 + int.from_bytes(head[place + 2 : place + 4], "big")
    return False
