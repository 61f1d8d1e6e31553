"""How warm a machine is and how fast its clock runs, as Linux says it.

A board that grows too warm lowers its clock, and every figure after that is of another machine. So warmth and clock are
read while it works and stand beside the figures. Linux writes both into small files: millidegrees in
`class/thermal/thermal_zone*/temp`, kilohertz in `devices/system/cpu/cpu*/cpufreq/scaling_cur_freq`. Where a file is not
there or may not be read, nothing is said.
"""

import statistics
from pathlib import Path

SYSTEM = Path("/sys")
PLAUSIBLE_C = (-40.0, 150.0)  # a sensor that is not connected says anything


def temperature_c(system: Path = SYSTEM) -> float | None:
    """Return the temperature of the warmest zone in degrees Celsius; None where none is readable."""
    found = [number_in(zone / "temp") for zone in sorted((system / "class/thermal").glob("thermal_zone*"))]
    degrees = [value / 1000 for value in found if value is not None]
    return max((d for d in degrees if PLAUSIBLE_C[0] < d < PLAUSIBLE_C[1]), default=None)


def clock_mhz(system: Path = SYSTEM, name: str = "scaling_cur_freq") -> float | None:
    """Return the median clock over the processors in megahertz; None where none is readable.

    Args:
        system: Where the system shows its devices.
        name: `scaling_cur_freq`, the clock now, or `cpuinfo_max_freq`, the highest it can have.
    """
    found = (
        number_in(path) for path in sorted((system / "devices/system/cpu").glob(f"cpu[0-9]*/cpufreq/{name}"))
    )
    clocks = [value / 1000 for value in found if value is not None]
    return statistics.median(clocks) if clocks else None


def governor(system: Path = SYSTEM) -> str:
    """Return by what rule the first processor's clock is chosen, e.g. `ondemand`; empty where it is not said."""
    return text_in(system / "devices/system/cpu/cpu0/cpufreq/scaling_governor") or ""


def device_model(root: Path = Path("/")) -> str:
    """Return what a board calls itself in its device tree, e.g. `Raspberry Pi 4 Model B Rev 1.4`; empty without one."""
    for place in ("proc/device-tree/model", "sys/firmware/devicetree/base/model"):
        if found := text_in(root / place):
            return found.rstrip("\0")
    return ""


def number_in(path: Path) -> float | None:
    """Return the number that a file of the system holds; None when there is none, or it may not be read."""
    text = text_in(path)
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def text_in(path: Path) -> str | None:
    """Return the text of a file of the system; None when there is none, or it may not be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:  # drivers refuse a reading with any number
        return None
