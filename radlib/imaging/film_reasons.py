"""Why a film cannot be read: a closed list of reasons, each a sentence that is true and helps.

Decoders raise a dozen kinds of errors whose texts can hold paths and tags; none of them leaves the place where it was
raised. Tables hold the key of a reason, sentences its text.
"""

import importlib.util
from collections.abc import Mapping

from radlib.foundation.errors import DataError

MAX_PIXELS = 100_000_000
MAX_FILE_BYTES = 500_000_000
CODECS: Mapping[str, str] = {
    "python-gdcm": "gdcm",
    "pyjpegls": "jpeg_ls",
}  # package -> what it is imported as
OTHERWISE = "is compressed in a way that no installed decoder reads; export it uncompressed"

REASONS: Mapping[str, str] = {
    "not_a_file": "is missing, not a regular file, or a link out of the data folder",
    "empty_file": "is empty",
    "unknown_content": "is neither DICOM, PNG nor JPEG",
    "too_large": (
        f"claims more than {MAX_PIXELS // 1_000_000} million pixels or {MAX_FILE_BYTES // 1_000_000} MB, or needs too much "
        "memory"
    ),
    "damaged": "is truncated or damaged",
    "unsupported_compression": (
        f"{OTHERWISE} (of JPEG lossless and JPEG-LS alone: or pip install {' '.join(CODECS)})"
    ),
    "no_pixels": "is DICOM and holds no picture, but a report or an index, say",
    "several_frames": "is a sequence of several frames, such as a clip, and no single film",
    "not_grey": "holds palette colours",
    "invalid_values": (
        "has values that are no grey levels, or that its own table or window turns into a single one"
    ),
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
        super().__init__(
            f"The image {image + ' ' if image else ''}{reason_text(reason)}; replace or remove it."
        )
        self.reason, self.image = reason, image

    def __reduce__(self) -> tuple:
        return UnreadableImage, (self.reason, self.image)


def reason_text(reason: str) -> str:
    """Return the text of a reason; packages are named only while they are not installed.

    Args:
        reason: A key of `REASONS`.
    """
    if reason != "unsupported_compression":
        return REASONS[reason]
    missing = [package for package, module in CODECS.items() if not _is_installed(module)]
    return (
        REASONS[reason]
        if len(missing) == len(CODECS)
        else (
            f"{OTHERWISE} (of JPEG lossless and JPEG-LS alone: or pip install {' '.join(missing)})"
            if missing
            else OTHERWISE
        )
    )


def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):  # set to None, or without a spec
        return False
