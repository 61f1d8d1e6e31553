"""Some films of many, drawn and decoded: enough to know whether the others can be read, and how large they are."""

import collections
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from radlib.imaging.decoding.decode import decode_files
from radlib.imaging.film_reasons import REASONS
from radlib.imaging.images import Preprocessing

FILMS = 100


@dataclass(frozen=True)
class Sample:
    """What became of the films that were drawn.

    Attributes:
        films: How many were decoded, or could not be.
        unread: How many could not, by reason.
        side: Pixels along the shorter side of the middle film, as stored; 0 where none could be read.
    """

    films: int
    unread: Mapping[str, int]
    side: int

    @property
    def lost(self) -> int:
        """How many could not be read."""
        return sum(self.unread.values())

    def sentence(self) -> str:
        """Return what could not be read, and why."""
        why = "; ".join(f"{count} {REASONS[reason]}" for reason, count in self.unread.items())
        return (
            f"Of {self.films} films, drawn at random, {self.lost} cannot be read: {why}." if self.lost else ""
        )


def sample_of(paths: Sequence[str], preprocessing: Preprocessing, *, seed: int = 0) -> Sample:
    """Decode some of these films.

    Args:
        paths: Files, or rows of an array, see `array_rows`.
        preprocessing: What they become.
        seed: Of the draw.
    """
    chosen = [paths[n] for n in sorted(np.random.default_rng(seed).permutation(len(paths))[:FILMS])]
    results = list(decode_files(chosen, preprocessing)) if chosen else []
    sides = [min(height, width) for reason, height, width, *_ in results if not reason]
    unread = collections.Counter(reason for reason, *_ in results if reason)
    return Sample(len(results), dict(unread.most_common()), int(np.median(sides)) if sides else 0)
