"""Films that are rows of an array instead of files of their own.

MedMNIST and its like publish thousands of small images as one array. Writing each to a file of its own would
cost a hundred thousand files and gain nothing, so such a film is named by the array's file and its row:

    outputs/.cache/arrays/3f….npy#row=17

The text takes the place of a path wherever a film is read, so that rows walk the same road as files: through the
same preprocessing, the same workers, the same quarantine. The array is memory-mapped: reading a row costs
microseconds and no memory, however large the array.
"""

from pathlib import Path

import numpy as np

MARK = "#row="


def row_reference(path: Path, row: int) -> str:
    """Return the text that names a row of an array file."""
    return f"{path}{MARK}{row}"


def split_reference(text: Path | str) -> tuple[Path, int | None]:
    """Return the file that a text names, and the row in it; None for a film that is a file of its own."""
    path, _, row = str(text).rpartition(MARK)
    return (Path(path), int(row)) if path and row.isdecimal() else (Path(text), None)


def read_row(path: Path, row: int) -> np.ndarray:
    """Read one film out of an array file.

    Args:
        path: A .npy file of uint8, (n, h, w) grey or (n, h, w, 3) colour, which becomes grey by luminance.
        row: Which one, from 0.

    Returns:
        (h, w) float32 in [0, 1].

    Raises:
        ValueError: When the file is no such array, or has no such row.
        OSError: When it cannot be opened.

    References:
        ITU-R BT.601: the weights of red, green and blue in luminance, those of JPEG and of Pillow.
    """
    films = np.load(path, mmap_mode="r", allow_pickle=False)
    colour = films.ndim == 4 and films.shape[3] == 3
    if films.dtype != np.uint8 or not (films.ndim == 3 or colour) or row >= len(films):
        raise ValueError("the array holds no film at this row")
    film = np.asarray(films[row], np.float32)  # (h, w) or (h, w, 3)
    if colour:
        film = film @ np.array([0.299, 0.587, 0.114], np.float32)
    return film / np.float32(255)
