"""The core of each method: the one function, or the few, that a room's docstring names as such."""

import importlib
import re
from collections.abc import Callable

CORES = re.compile(r"The\s+cores?\s+(?:is|are)\s+((?:`[\w.]+`(?:,\s+|\s+and\s+)?)+)")


def cores(room: str) -> list[Callable]:
    """Return the functions that the docstring of a room of `techniques` calls its cores."""
    inside = importlib.import_module(f"radlib.techniques.{room}")
    named = re.findall(r"`([\w.]+)`", CORES.search(inside.__doc__).group(1))
    package = f"radlib.techniques.{room}" if hasattr(inside, "__path__") else "radlib.techniques"
    places = [f"{package}.{name}".rpartition(".") for name in named]
    return [getattr(importlib.import_module(module), name) for module, _, name in places]
