"""Meters of electric power that a machine can read itself.

Three kinds. A power monitor on the supply line (INA219, INA226, INA3221 …) measures all that the board takes; Linux shows
it under `class/hwmon` (microwatts in `power1_input`, or millivolts and milliamperes) or under `bus/iio/devices` (milliwatts,
raw times scale). Counters within the processor (RAPL) are shown under `class/powercap`: microjoules since some moment, of
the processor alone, wrapping around. A monitor of the whole board is preferred to one part of it.

References:
    Linux kernel documentation: hwmon/sysfs-interface, ABI/testing/sysfs-bus-iio, power/powercap.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from radlib.deployment.bench.sensors import SYSTEM, number_in, text_in

MONITORS = ("ina2", "ina3", "ina7", "ltc29", "max34", "adm12", "pac19")  # chips that sit on a supply line
WATTS, JOULES = "watts", "joules"


@dataclass(frozen=True)
class PowerMeter:
    """A meter.

    Attributes:
        name: What it is and what it sees, e.g. `ina219, whole supply`.
        gives: `watts` now, or `joules` since some moment.
        read: Returns that number; None when it could not be read.
        wraps_at: Where a count of joules begins anew at 0; 0 of watts.
    """

    name: str
    gives: str
    read: Callable[[], float | None]
    wraps_at: float = 0.0


def power_meter(system: Path = SYSTEM) -> PowerMeter | None:
    """Return the meter of this machine that sees most of it; None when none can be read.

    Args:
        system: Where the system shows its devices.
    """
    for meter in (
        *_monitors(system, True),
        *_industrial(system),
        *_monitors(system, False),
        *_counters(system),
    ):
        if meter.read() is not None:
            return meter
    return None


def why_no_meter(system: Path = SYSTEM) -> str:
    """Return why no meter can be read, as a clause."""
    if any((system / "class/powercap").glob("*/energy_uj")):
        return "the processor has counters of energy (powercap) that only root may read"
    return "no meter is readable under hwmon, powercap or iio"


def _monitors(system: Path, on_supply: bool) -> Iterator[PowerMeter]:
    """Yield what hwmon shows: chips on the supply line, or all others."""
    for place in sorted((system / "class/hwmon").glob("hwmon*")):
        chip = text_in(place / "name") or ""
        if chip.startswith(MONITORS) != on_supply:
            continue
        powers = sorted(place.glob("power*_input")) or sorted(place.glob("power*_average"))
        if powers:
            yield PowerMeter(f"{chip} (hwmon)", WATTS, _sum_of(powers, 1e-6))
            continue
        channels = [
            path.name.removeprefix("curr").removesuffix("_input")
            for path in sorted(place.glob("curr*_input"))
        ]
        channels = [number for number in channels if (place / f"in{number}_input").is_file()]
        labels = {number: text_in(place / f"in{number}_label") or "" for number in channels}
        whole = [
            number for number in channels if labels[number].upper().endswith("_IN")
        ]  # holds all the others
        if chosen := whole[:1] or channels:
            named = f", {labels[whole[0]]}" if whole else ""
            yield PowerMeter(f"{chip} (hwmon{named})", WATTS, _products_of(place, chosen))


def _industrial(system: Path) -> Iterator[PowerMeter]:
    """Yield the power monitors that the subsystem of industrial sensors shows."""
    for place in sorted((system / "bus/iio/devices").glob("iio:device*")):
        for raw in sorted(place.glob("in_power*_raw")):
            scale = raw.with_name(raw.name.replace("_raw", "_scale"))
            yield PowerMeter(f"{text_in(place / 'name') or 'monitor'} (iio)", WATTS, _scaled(raw, scale))


def _counters(system: Path) -> Iterator[PowerMeter]:
    """Yield the processor's own counter, of its first package."""
    for zone in sorted((system / "class/powercap").glob("*-rapl:?")):
        if (text_in(zone / "name") or "").startswith("package"):
            end = (number_in(zone / "max_energy_range_uj") or 0.0) * 1e-6
            yield PowerMeter(
                "processor package alone (powercap)", JOULES, _sum_of([zone / "energy_uj"], 1e-6), end
            )


def _sum_of(files: list[Path], unit: float) -> Callable[[], float | None]:
    def read() -> float | None:
        found = [number_in(path) for path in files]
        return (
            None if any(value is None for value in found) else unit * sum(v for v in found if v is not None)
        )

    return read


def _products_of(place: Path, channels: list[str]) -> Callable[[], float | None]:
    def read() -> float | None:
        watts = 0.0
        for number in channels:
            millivolts, milliamperes = (number_in(place / f"{kind}{number}_input") for kind in ("in", "curr"))
            if millivolts is None or milliamperes is None:
                return None
            watts += millivolts * milliamperes * 1e-6
        return watts

    return read


def _scaled(raw: Path, scale: Path) -> Callable[[], float | None]:
    def read() -> float | None:
        value, factor = number_in(raw), number_in(scale)
        return None if value is None or factor is None else value * factor * 1e-3

    return read
