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

import hashlib
import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd
from PIL import Image
from tqdm import tqdm

REVISION = 1  # raised when the same film would leave another mark, or the same marks give other pairs

SIDE = 32  # of the thumbnail in a mark, pixels
DIGEST_BYTES = 32
MARK_BYTES = DIGEST_BYTES + SIDE * SIDE

NEAR = 0.95  # similarity from which two films count as one exposure
WORTH_A_LOOK = 0.88  # coarse similarity from which a pair is compared over framings
COARSE, FINE = 8, 16  # frequencies per axis
CENTRE = 0.02  # share of each side that the coarse search leaves out of one of two films
TRIMS = (0.0, 0.01, 0.02, 0.03)  # shares of a side that may be missing at each edge
TILE = 4096  # films per side of a block of similarities: 64 MB


def film_mark(grey: np.ndarray) -> bytes:
    """Return the mark of a film: a digest of its pixels, and a thumbnail of its coarse pattern.

    Args:
        grey: (h, w) float32 in [0, 1], the whole film as decoded, before any resizing.

    Returns:
        `MARK_BYTES` bytes: sha256 over shape and pixels, then 32 × 32 grey levels from the darkest to the
        brightest of the thumbnail, so that exposure costs no precision.
    """
    grey = np.ascontiguousarray(grey, np.float32)
    digest = hashlib.sha256(repr(grey.shape).encode())
    digest.update(grey)
    small = np.asarray(Image.fromarray(grey).resize((SIDE, SIDE), Image.Resampling.BILINEAR))
    darkest, brightest = float(small.min()), float(small.max())
    levels = np.zeros((SIDE, SIDE), np.uint8)
    if brightest > darkest:
        levels = np.round((small - darkest) * (255 / (brightest - darkest))).astype(np.uint8)
    return digest.digest() + levels.tobytes()


def mark_array(marks: Sequence[bytes]) -> np.ndarray:
    """Return marks as uint8 (n, MARK_BYTES)."""
    return np.frombuffer(b"".join(marks), np.uint8).reshape(-1, MARK_BYTES)


def pixel_groups(marks: np.ndarray) -> np.ndarray:
    """Return for each film the position of the first film with exactly its pixels, int64 (n,)."""
    digests = np.ascontiguousarray(marks[:, :DIGEST_BYTES]).view(f"S{DIGEST_BYTES}").ravel()
    first: dict[bytes, int] = {}
    # .tobytes() of a row, because NumPy drops trailing zero bytes of text
    return np.array([first.setdefault(row.tobytes(), n) for n, row in enumerate(digests)], np.int64)


def similar_pairs(marks: np.ndarray) -> pd.DataFrame:
    """Find the pairs of films that are one exposure.

    All pairs are compared coarsely, in blocks of matrix products: n² · 63 multiplications, one and a half times
    over; 112,120 films take minutes, and memory stays at a few blocks. The few pairs that pass are compared
    over 256 framings, in time linear in their number.

    Args:
        marks: uint8 (n, MARK_BYTES), see `film_mark`.

    Returns:
        One row per pair: `first` < `second`, positions; `same_pixels`; `similarity`, at most 1: the cosine of
        the angle between their flattened spectra at the best framing. Pairs from `NEAR` on, and all of equal
        pixels (a group of k films with equal pixels gives k − 1 pairs, with its first film); sorted.
    """
    groups = pixel_groups(marks)
    first_of = np.flatnonzero(groups == np.arange(len(marks)))  # equal pixels are compared once
    thumbnails = marks[first_of, DIGEST_BYTES:].reshape(-1, SIDE, SIDE).astype(np.float32)
    near = _compared(thumbnails, _candidates(thumbnails))
    copies = np.flatnonzero(groups != np.arange(len(marks)))
    table = pd.DataFrame(
        {
            "first": np.concatenate([groups[copies], first_of[near["first"]]]),
            "second": np.concatenate([copies, first_of[near["second"]]]),
            "same_pixels": np.repeat([True, False], [len(copies), len(near)]),
            "similarity": np.concatenate([np.ones(len(copies)), near["similarity"]]),
        }
    )
    return table.sort_values(["first", "second"]).reset_index(drop=True)


def _candidates(thumbnails: np.ndarray) -> np.ndarray:
    """Return the pairs that are worth a closer look, int64 (m, 2), first < second, sorted."""
    whole = _spectra(thumbnails, [(0.0, 0.0)], COARSE)[:, 0]
    centre = _spectra(thumbnails, [(CENTRE, CENTRE)], COARSE)[:, 0]
    found = []
    tiles = list(itertools.product(range(0, len(whole), TILE), repeat=2))
    for row, column in tqdm(tiles, "Comparing films", leave=False, disable=None, delay=2, unit=" blocks"):
        others = whole[column : column + TILE]
        for rows in [whole, centre] if row <= column else [centre]:
            pairs = np.argwhere(rows[row : row + TILE] @ others.T >= WORTH_A_LOOK)
            found.append(np.sort(pairs + np.array([row, column]), axis=1))
    pairs = np.concatenate(found) if found else np.empty((0, 2), np.int64)
    return np.unique(pairs[pairs[:, 0] < pairs[:, 1]], axis=0)


def _compared(thumbnails: np.ndarray, candidates: np.ndarray) -> pd.DataFrame:
    """Return those candidates that are near at their best framing: `first`, `second`, `similarity`."""
    framings = list(itertools.product(TRIMS, repeat=2))
    both = np.concatenate([candidates, candidates[:, ::-1]])  # either may be the trimmed one
    pair = np.tile(np.arange(len(candidates)), 2)
    similarity = np.full(len(candidates), -1, np.float32)
    used = np.unique(candidates)
    whole = dict(zip(used.tolist(), _spectra(thumbnails[used], [(0.0, 0.0)], FINE)[:, 0], strict=True))
    order = np.argsort(both[:, 0], kind="stable")
    runs = np.split(order, np.flatnonzero(np.diff(both[order, 0])) + 1) if len(order) else []
    for run in tqdm(runs, "Comparing framings", leave=False, disable=None, delay=2, unit=" films"):
        framed = _spectra(thumbnails[both[run[:1], 0]], framings, FINE)[0]  # (framings², frequencies)
        others = np.stack([whole[other] for other in both[run, 1].tolist()])
        np.maximum.at(similarity, pair[run], (framed @ others.T).max(axis=0))
    table = pd.DataFrame({"first": candidates[:, 0], "second": candidates[:, 1], "similarity": similarity})
    return table[table["similarity"] >= NEAR].astype({"similarity": np.float64}).reset_index(drop=True)


def _spectra(thumbnails: np.ndarray, framings: Sequence[tuple[float, float]], frequencies: int) -> np.ndarray:
    """Return the flattened spectrum of each film, cut out in every combination of framings.

    Low frequencies hold nearly all energy. Their amplitudes are multiplied by the frequency and then replaced by
    their square roots, signs kept, so that no few of them decide alone. The mean is left out.

    Args:
        thumbnails: float32 (n, SIDE, SIDE).
        framings: Shares of a side to leave out before and after, for rows and columns alike.
        frequencies: How many per axis.

    Returns:
        float32 (n, len(framings)², frequencies² − 1), of length 1; a flat film gives zeros.
    """
    cosines = np.stack([_cosines(before, after, frequencies) for before, after in framings])  # (f, k, SIDE)
    rows = np.einsum("fks,nst->nfkt", cosines, thumbnails, optimize=True)
    spectra = np.einsum("nfkt,glt->nfgkl", rows, cosines, optimize=True)
    radius = np.hypot(*np.mgrid[:frequencies, :frequencies]).astype(np.float32)
    spectra = (spectra * radius).reshape(len(thumbnails), len(framings) ** 2, -1)[:, :, 1:]
    spectra = np.sign(spectra) * np.sqrt(np.abs(spectra))
    length = np.linalg.norm(spectra, axis=2, keepdims=True)
    return np.divide(spectra, length, out=np.zeros_like(spectra), where=length > 1e-3)


def _cosines(before: float, after: float, frequencies: int) -> np.ndarray:
    """Return the cosines over the part of a side between two margins, float32 (frequencies, SIDE)."""
    pixel = np.arange(SIDE)
    start, stop = before * SIDE, SIDE - after * SIDE
    inside = np.clip(np.minimum(pixel + 1, stop) - np.maximum(pixel, start), 0, 1)  # share of each pixel
    place = ((pixel + 0.5) - start) / (stop - start)
    waves = np.cos(np.pi * np.arange(frequencies)[:, None] * place) * inside / np.sqrt(inside.sum())
    waves[1:] *= np.sqrt(2)
    return waves.astype(np.float32)
