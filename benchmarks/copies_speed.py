"""How long the search for copies takes among as many films as ChestX-ray14 has.

Its work grows with the square of the number of films in the first comparison, and with the number of pairs that
pass in the closer two, so the films must be as alike as chest films are. Thumbnails are therefore drawn from a normal
distribution with the mean and the covariance of drawn chests; the share of pairs that pass the first comparison is
printed beside the time, since it decides how much is left to do (6 in 10,000 of real chest films pass). Among them are
planted copies, saved again with other brightness, less contrast and some noise; how many are found is printed, too.
"""

import time

import numpy as np

from radlib.imaging import resemblance
from radlib.imaging.phantoms.phantoms import draw_film, draw_patient
from radlib.imaging.resemblance import DIGEST_BYTES, MARK_BYTES, SIDE

DRAWN, DRAWN_SIDE = 600, 64
PLANTED_SHARE = 0.005
CHUNK = 10_000


def measure(films: int = 112_120) -> dict:
    """Return the seconds of one search, the share of pairs looked at closely, and how many copies were found."""
    marks, planted = _marks(films)
    begun, processor = time.perf_counter(), time.process_time()
    found = resemblance.similar_pairs(marks)
    seconds, processor_seconds = time.perf_counter() - begun, time.process_time() - processor
    pairs = set(zip(found["first"], found["second"], strict=True))
    sample = marks[: min(films, 4000), DIGEST_BYTES:].reshape(-1, SIDE, SIDE).astype(np.float32)
    close = len(resemblance._coarse_pairs(sample)) / (len(sample) * (len(sample) - 1) / 2)
    return {
        "films": films,
        "seconds": seconds,
        "processor_seconds": processor_seconds,
        "share_looked_at": close,
        "planted": len(planted),
        "planted_found": len(pairs & set(planted)),
        "others_found": len(pairs - set(planted)),
    }


def _marks(films: int) -> tuple[np.ndarray, list[tuple[int, int]]]:
    """Return marks of different films and of copies of some, and the pairs that are copies."""
    generator = np.random.default_rng(0)
    mean, factor = _chests(generator)
    marks = np.empty((films, MARK_BYTES), np.uint8)
    marks[:, :DIGEST_BYTES] = generator.integers(0, 256, (films, DIGEST_BYTES), dtype=np.uint8)
    for start in range(0, films, CHUNK):
        count = min(CHUNK, films - start)
        grey = mean + generator.standard_normal((count, len(factor)), np.float32) @ factor
        marks[start : start + count, DIGEST_BYTES:] = _levels(grey)
    copies = generator.choice(films, 2 * round(films * PLANTED_SHARE), replace=False).reshape(-1, 2)
    for original, copy in copies:
        grey = marks[original, DIGEST_BYTES:].astype(np.float32) * 0.7 + 30
        marks[copy, DIGEST_BYTES:] = _levels((grey + generator.normal(0, 2, grey.shape))[None])[0]
    return marks, [(int(min(pair)), int(max(pair))) for pair in copies]


def _chests(generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and a factor of the covariance of drawn thumbnails, float32 (pixels,) and (directions, pixels)."""
    drawn = []
    for number in range(DRAWN):
        film = draw_film(
            draw_patient(generator), ("PA", "AP")[number % 2], number % 3 == 0, generator, side=DRAWN_SIDE
        )
        mark = np.frombuffer(resemblance.film_mark(film.image.astype(np.float32)), np.uint8)
        drawn.append(mark[DIGEST_BYTES:])
    thumbnails = np.array(drawn, np.float32)
    mean = thumbnails.mean(axis=0)
    _, strengths, directions = np.linalg.svd(thumbnails - mean, full_matrices=False)
    return mean, (strengths[:, None] * directions / np.sqrt(DRAWN - 1)).astype(np.float32)


def _levels(grey: np.ndarray) -> np.ndarray:
    """Return thumbnails from their darkest to their brightest value in 256 levels, uint8 (n, pixels)."""
    low, high = grey.min(axis=1, keepdims=True), grey.max(axis=1, keepdims=True)
    return np.round((grey - low) * (255 / (high - low))).astype(np.uint8)


def table(result: dict) -> str:
    """Return what was measured as lines of text."""
    return "\n".join(
        [
            f"Search for copies among {result['films']:,} films, {result['share_looked_at'] * 1e4:.1f} in 10,000 pairs "
            "looked at closely",
            f"{'one search':58}{result['seconds']:>7.0f} s   (processor {result['processor_seconds']:.0f} s)",
            f"{'planted copies found':58}{result['planted_found']:>7,} of {result['planted']:,}, and "
            f"{result['others_found']:,} pairs that were not planted",
        ]
    )
