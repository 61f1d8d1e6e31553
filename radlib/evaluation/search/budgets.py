"""What a file may cost where it is used: bytes, milliseconds, and memory of a microcontroller."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Budget:
    """What the file may cost where it is used.

    Attributes:
        size_kb: Of the file, KB of 1,000 bytes; 0 for any.
        latency_ms: Of one film on this machine, times `slower`; 0 for any.
        slower: How many times slower the device is than this machine.
        arena_kb: Of a microcontroller's memory while it answers, KB of 1,000 bytes; 0 for any.
        arena_of: Returns the bytes that a LiteRT file needs there for films of a side; 0 where it does not run there.
    """

    size_kb: float = 0.0
    latency_ms: float = 0.0
    slower: float = 1.0
    arena_kb: float = 0.0
    arena_of: Callable[[Path, int], int] | None = None

    def fits(self, size_bytes: float, latency_ms: float = 0.0, arena_bytes: int | None = None) -> bool:
        """Tell whether a file is within the budget; an arena that nobody has asked about (None) is."""
        small = not self.size_kb or size_bytes <= 1000 * self.size_kb
        quick = not self.latency_ms or latency_ms * self.slower <= self.latency_ms
        light = not self.arena_kb or arena_bytes is None or 0 < arena_bytes <= 1000 * self.arena_kb
        return small and quick and light
