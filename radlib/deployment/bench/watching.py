"""Warmth, clock and power read again and again while something else works.

A thread of its own reads the small files of the system ten times a second; the work is in another process, so that
reading takes nothing from it but a hundredth of a processor. Joules are the area under the readings of watts (trapezoids
between them), or the difference of a counter that may have wrapped around.
"""

import contextlib
import itertools
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from radlib.deployment.bench.power_meters import WATTS, PowerMeter, power_meter
from radlib.deployment.bench.sensors import SYSTEM, clock_mhz, temperature_c

PAUSE_SECONDS = 0.1


@dataclass
class Watched:
    """What was read.

    Attributes:
        meter: The meter of power; None where there is none.
        power: (seconds since 1970, what the meter gave) of every reading.
        temperatures_c: Of the warmest zone.
        clocks_mhz: Median over the processors.
    """

    meter: PowerMeter | None
    power: list[tuple[float, float]] = field(default_factory=list)
    temperatures_c: list[float] = field(default_factory=list)
    clocks_mhz: list[float] = field(default_factory=list)


@contextlib.contextmanager
def watching(system: Path = SYSTEM) -> Iterator[Watched]:
    """Read warmth, clock and power until the block ends.

    Args:
        system: Where the system shows its devices.
    """
    watched, ended = Watched(power_meter(system)), threading.Event()

    def read() -> None:
        while True:
            read_once(watched, system)
            if ended.wait(PAUSE_SECONDS):
                break
        read_once(watched, system)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    try:
        yield watched
    finally:
        ended.set()
        thread.join()


def read_once(watched: Watched, system: Path) -> None:
    """Add one reading of everything that can be read."""
    if (degrees := temperature_c(system)) is not None:
        watched.temperatures_c.append(degrees)
    if (clock := clock_mhz(system)) is not None:
        watched.clocks_mhz.append(clock)
    if watched.meter is not None and (value := watched.meter.read()) is not None:
        watched.power.append((time.time(), value))


def joules_between(
    readings: Sequence[tuple[float, float]],
    begun: float,
    ended: float,
    gives: str = WATTS,
    wraps_at: float = 0.0,
) -> float | None:
    """Return the energy between two moments.

    Args:
        readings: (seconds, watts or joules), in the order of time.
        begun: In the same seconds.
        ended: In the same seconds.
        gives: `watts`, or `joules` since some moment.
        wraps_at: Where joules begin anew.

    Returns:
        Joules; None where the readings do not reach from the one moment to the other, or none lies between.

    Example:
        >>> joules_between([(0, 2.0), (10, 4.0)], 0, 10)
        30.0
    """
    if not ended > begun or not readings or readings[0][0] > begun or readings[-1][0] < ended:
        return None
    if gives == WATTS:
        inner = [(at, watts) for at, watts in readings if begun < at < ended]
        points = [(begun, _value_at(readings, begun)), *inner, (ended, _value_at(readings, ended))]
        return sum((b - a) * (x + y) / 2 for (a, x), (b, y) in itertools.pairwise(points))
    counted, unwrapped = 0.0, [readings[0]]
    for (_, before), (at, now) in itertools.pairwise(readings):
        counted += now - before + (wraps_at if now < before else 0.0)
        unwrapped.append((at, readings[0][1] + counted))
    return _value_at(unwrapped, ended) - _value_at(unwrapped, begun)


def _value_at(readings: Sequence[tuple[float, float]], moment: float) -> float:
    """Return the reading at a moment, on the line between its neighbours."""
    for (a, x), (b, y) in itertools.pairwise(readings):
        if a <= moment <= b:
            return x if b == a else x + (y - x) * (moment - a) / (b - a)
    return readings[-1][1]
