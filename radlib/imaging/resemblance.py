"""Do two films show the same exposure? A perceptual hash that survives copying, and the search for pairs.

A film that was saved again, made smaller, brightened or trimmed has other bytes and other pixels, yet a network
that has seen it knows its copy. What survives is the coarse pattern: the lowest frequencies of a cosine
transform. Chest films all look alike, so signs of 64 frequencies (the usual hash) mistake one chest for another;
here the amplitudes of 255 are kept, flattened, and compared over small differences of framing. Every film leaves
a *mark* of fixed length when it is decoded; pairs are searched among the marks.

References:
    Zauner (2010). Implementation and benchmarking of perceptual image hash functions. Thesis, Upper Austria
        University of Applied Sciences, Hagenberg. (The hash by signs of the lowest cosine frequencies.)
"""

import functools
import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from radlib.foundation.extras import pandas as pd

REVISION = 2  # raised when the same film would leave another mark, or the same marks give other pairs

SIDE = 32  # of the thumbnail in a mark, pixels
DIGEST_BYTES = 32
MARK_BYTES = DIGEST_BYTES + SIDE * SIDE
ROWS_AT_ONCE = 256

Framings = Sequence[tuple[float, float]]  # shares of a side left out before and after


@dataclass(frozen=True)
class Look:
    """One way to compare two films.

    Attributes:
        frequencies: Per axis.
        framings: One of the two films is cut out in each; rows and columns are combined freely.
        least: Similarity that a pair needs to pass.
    """

    frequencies: int
    framings: Framings
    least: float


# From coarse to fine: 6 in 10,000 pairs of real chest films pass the first, 25 in a million the second.
WHOLE = ((0.0, 0.0),)
COARSE = Look(8, ((0.02, 0.02),), 0.88)
CLOSER = Look(12, (*WHOLE, (0.0, 0.03), (0.03, 0.0), (0.015, 0.015)), 0.88)
_SHARES = (0.0, 0.01, 0.02, 0.03)
FINE = Look(16, tuple(itertools.product(_SHARES, _SHARES)), 0.95)
TILE = 4096  # films per side of a block of similarities: 64 MB


def film_mark(grey: np.ndarray) -> bytes:
    """Return the mark of a film: a digest of its pixels, and a thumbnail of its coarse pattern.

    Args:
        grey: (h, w) float32 in [0, 1], the whole film as decoded, before any resizing.

    Returns:
        `MARK_BYTES` bytes: sha256 over shape and pixels (256 levels), then 32 × 32 grey levels from the darkest
        to the brightest of the thumbnail, so that exposure costs no precision.
    """
    grey = np.ascontiguousarray(grey, np.float32)
    digest = hashlib.sha256(repr(grey.shape).encode())
    for start in range(0, len(grey), ROWS_AT_ONCE):  # on a small device a whole copy of a film costs too much
        digest.update(np.rint(grey[start : start + ROWS_AT_ONCE] * 255).astype(np.uint8))
    small = np.asarray(Image.fromarray(grey).resize((SIDE, SIDE), Image.Resampling.BILINEAR))
    darkest, brightest = float(small.min()), float(small.max())
    levels = np.zeros((SIDE, SIDE), np.uint8)
    if brightest > darkest:
        levels = np.round((small - darkest) * (255 / (brightest - darkest))).astype(np.uint8)
    return digest.digest() + levels.tobytes()


def pixel_groups(marks: np.ndarray) -> np.ndarray:
    """Return for each film the position of the first film with exactly its pixels, int64 (n,)."""
    digests = np.ascontiguousarray(marks[:, :DIGEST_BYTES]).view(f"S{DIGEST_BYTES}").ravel()
    first: dict[bytes, int] = {}
    # .tobytes() of a row, because NumPy drops trailing zero bytes of text
    return np.array([first.setdefault(row.tobytes(), n) for n, row in enumerate(digests)], np.int64)


def similar_pairs(marks: np.ndarray) -> "pd.DataFrame":
    """Find the pairs of films that are one exposure.

    All pairs are compared coarsely, in blocks of matrix products: n² · 63 multiplications, one and a half times
    over, so 112,120 films take minutes and memory stays at a few blocks. The pairs that pass are looked at over
    16 framings and those that pass again over 256, in time linear in their number.

    Args:
        marks: uint8 (n, MARK_BYTES), see `film_mark`.

    Returns:
        One row per pair: `first` < `second`, positions; `same_pixels`; `similarity`, at most 1: the cosine of
        the angle between their flattened spectra at the best framing. Pairs from `FINE.least` on, and all of
        equal pixels (a group of k films with equal pixels gives k − 1 pairs, with its first film); sorted.
    """
    groups = pixel_groups(marks)
    first_of = np.flatnonzero(groups == np.arange(len(marks)))  # equal pixels are compared once
    copies = np.flatnonzero(groups != np.arange(len(marks)))
    thumbnails = marks[first_of, DIGEST_BYTES:].reshape(-1, SIDE, SIDE).astype(np.float32)
    pairs = _coarse_pairs(thumbnails)
    for look in (CLOSER, FINE):
        similarity = _best_similarity(thumbnails, pairs, look)
        pairs, similarity = pairs[similarity >= look.least], similarity[similarity >= look.least]
    table = pd.DataFrame(
        {
            "first": np.concatenate([groups[copies], first_of[pairs[:, 0]]]),
            "second": np.concatenate([copies, first_of[pairs[:, 1]]]),
            "same_pixels": np.repeat([True, False], [len(copies), len(pairs)]),
            "similarity": np.concatenate([np.ones(len(copies)), similarity]),
        }
    )
    return table.sort_values(["first", "second"]).reset_index(drop=True)


def _coarse_pairs(thumbnails: np.ndarray) -> np.ndarray:
    """Return the pairs that are worth a closer look, int64 (m, 2), first < second, sorted."""
    from tqdm import tqdm

    whole = _spectra(thumbnails, WHOLE, COARSE.frequencies)[:, 0]
    trimmed = _spectra(thumbnails, COARSE.framings, COARSE.frequencies)[:, 0]
    found = [np.empty((0, 2), np.int64)]
    tiles = list(itertools.product(range(0, len(whole), TILE), repeat=2))
    for row, column in tqdm(tiles, "Comparing films", leave=False, disable=None, delay=2, unit=" blocks"):
        others = whole[column : column + TILE].T
        for films in [whole, trimmed] if row <= column else [trimmed]:
            pairs = np.argwhere(films[row : row + TILE] @ others >= COARSE.least)
            found.append(np.sort(pairs + np.array([row, column]), axis=1))
    pairs = np.concatenate(found)
    return np.unique(pairs[pairs[:, 0] < pairs[:, 1]], axis=0)


def _best_similarity(thumbnails: np.ndarray, pairs: np.ndarray, look: Look) -> np.ndarray:
    """Return the similarity of each pair at its best framing of either film, float32 (m,)."""
    from tqdm import tqdm

    used, where = np.unique(pairs, return_inverse=True)
    whole = _spectra(thumbnails[used], WHOLE, look.frequencies)[:, 0]  # (films, frequencies² − 1)
    first, second = where.reshape(pairs.shape).T
    framed, other = np.concatenate([first, second]), np.concatenate([second, first])
    order = np.argsort(framed, kind="stable")
    edges = np.searchsorted(framed[order], np.arange(len(used) + 1))
    best = np.empty(len(order), np.float32)
    bar = tqdm(range(len(used)), "Comparing framings", leave=False, disable=None, delay=2, unit=" films")
    for film in bar:
        mine = order[edges[film] : edges[film + 1]]
        spectra = _spectra(thumbnails[used[film : film + 1]], look.framings, look.frequencies)[0]
        best[mine] = (spectra @ whole[other[mine]].T).max(axis=0)
    return best.reshape(2, -1).max(axis=0)


def _spectra(thumbnails: np.ndarray, framings: Framings, frequencies: int) -> np.ndarray:
    """Return the flattened spectrum of each film, cut out in every combination of framings.

    Low frequencies hold nearly all energy. Their amplitudes are multiplied by the frequency and then replaced by
    their square roots, signs kept, so that no few of them decide alone. The mean is left out.

    Args:
        thumbnails: float32 (n, SIDE, SIDE).
        framings: For rows and for columns.
        frequencies: How many per axis.

    Returns:
        float32 (n, len(framings)², frequencies² − 1), of length 1; a flat film gives zeros.
    """
    cosines = np.concatenate([_cosines(before, after, frequencies) for before, after in framings])
    spectra = cosines @ thumbnails @ cosines.T  # (n, framings · frequencies, framings · frequencies)
    n, f, k = len(thumbnails), len(framings), frequencies
    spectra = spectra.reshape(n, f, k, f, k).swapaxes(2, 3).reshape(n, f * f, k * k)
    radius = np.hypot(*np.mgrid[:k, :k]).astype(np.float32).ravel()
    spectra = (spectra * radius)[:, :, 1:]
    spectra = np.copysign(np.sqrt(np.abs(spectra)), spectra)
    length = np.linalg.norm(spectra, axis=2, keepdims=True)
    return np.divide(spectra, length, out=np.zeros_like(spectra), where=length > 1e-3)


@functools.cache
def _cosines(before: float, after: float, frequencies: int) -> np.ndarray:
    """Return the cosines over the part of a side between two margins, float32 (frequencies, SIDE)."""
    pixel = np.arange(SIDE)
    start, stop = before * SIDE, SIDE - after * SIDE
    inside = np.clip(np.minimum(pixel + 1, stop) - np.maximum(pixel, start), 0, 1)  # share of each pixel
    place = ((pixel + 0.5) - start) / (stop - start)
    waves = np.cos(np.pi * np.arange(frequencies)[:, None] * place) * inside / np.sqrt(inside.sum())
    waves[1:] *= np.sqrt(2)
    return waves.astype(np.float32)
