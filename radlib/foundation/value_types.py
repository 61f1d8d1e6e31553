"""What a setting or a parameter may be: its type, the range of a number, the choices of a word, what a list holds.

All of it stands in the annotation beside the parameter, such as `Annotated[float, Range(0, 1)]`,
`Literal["l1", "taylor"]` or `Sequence[Annotated[float, Range(0)]]`: one source for the check before anything runs, for
`radlib list` and for the tables of the README.
"""

import math
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import Annotated, Any, Literal, get_args, get_origin


@dataclass(frozen=True)
class Range:
    """The values that a number may have.

    Attributes:
        low: The least, `math.inf` below zero where there is none.
        high: The greatest.
        open_low: Whether `low` itself is left out.
        open_high: Whether `high` itself is left out.
    """

    low: float = 0
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False

    def holds(self, value: float) -> bool:
        """Tell whether a number lies in the range."""
        above = value > self.low if self.open_low else value >= self.low
        return above and (value < self.high if self.open_high else value <= self.high)

    def __str__(self) -> str:
        """The range in words, such as `0 to 1` or `1 or more`."""
        low = f"above {self.low:,.12g}" if self.open_low else f"{self.low:,.12g}"
        if self.high == math.inf:
            return low if self.open_low else f"{low} or more"
        high = f"below {self.high:,.12g}" if self.open_high else f"{self.high:,.12g}"
        return f"{low} {'and' if self.open_high else 'up to'} {high}" if self.open_low else f"{low} to {high}"


@dataclass(frozen=True)
class WithinData:
    """Mark of a text that names a file in the folder of the films, and nothing outside of it."""

    def holds(self, value: str) -> bool:
        """Tell whether a name leads nowhere but into the folder."""
        paths = PurePosixPath(value), PureWindowsPath(value)
        leads_out = any(path.is_absolute() or path.drive or ".." in path.parts for path in paths)
        return bool(value) and value.isprintable() and not leads_out

    def __str__(self) -> str:
        """What the text is, in words."""
        return "of a file in the data folder"


@dataclass(frozen=True)
class AtLeastOne:
    """Mark of a list that must hold something.

    Attributes:
        held: What, in words, such as `whole number, such as [0, 1]`.
    """

    held: str

    def holds(self, value: Sequence) -> bool:
        """Tell whether a list holds anything."""
        return len(value) > 0

    def __str__(self) -> str:
        """The list in words."""
        return f"a list of at least one {self.held}"


Limit = Range | WithinData | AtLeastOne
Share = Annotated[float, Range(0, 1)]
PositiveShare = Annotated[float, Range(0, 1, open_low=True)]
ShareBelowOne = Annotated[float, Range(0, 1, open_high=True)]
Factor = Annotated[float, Range(0, 1000, open_low=True)]
Passes = Annotated[int, Range(0, 10_000)]
Count = Annotated[int, Range(1, 1_000_000)]
Budget = Annotated[float, Range(0, open_low=True)]

YES_OR_NO = {"yes": True, "on": True, "no": False, "off": False}  # what else people write into a study
NAMES = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}


def accepted(annotation: Any, value: Any) -> Any:
    """Return a value as its annotation wants it.

    Whole numbers pass as fractions, numbers as text where text is wanted (`positive: 1`), tuples as lists, yes and no as
    true and false; nothing else is converted, so that `"false"` is never taken for true.

    Args:
        annotation: A plain type, `Literal`, `Annotated` with a `Limit`, a union with None, or a list or
            table of such.
        value: As YAML or a chain gives it.

    Raises:
        ValueError: When it is another; the message says in words what is wanted.
    """
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        try:
            value = accepted(inner[0], value)
        except ValueError:
            raise ValueError(words(annotation)) from None
        fits = all(limit.holds(value) for limit in inner[1:] if isinstance(limit, Limit))
        return _if(fits, value, annotation)
    if origin is Literal:
        text = all(isinstance(choice, str) for choice in inner)
        value = as_written(value) if text else value
        fits = any(type(choice) is type(value) and choice == value for choice in inner)
        return _if(fits, value, annotation)
    if origin in (typing.Union, types.UnionType):
        return _accepted_by_any(annotation, value)
    kind = origin or annotation
    if kind in (list, tuple, Sequence):
        return _list(annotation, value)
    if kind in (dict, Mapping):
        return _table(annotation, value)
    if kind not in NAMES:  # Any, or a class that is not for users
        return value
    return _plain(kind, value)


def _plain(kind: type, value: Any) -> Any:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind is float:
        _if(number and math.isfinite(value), value, kind)
        return float(value) if isinstance(value, float) else value
    if kind is str:
        value = as_written(value)
    if kind is bool and isinstance(value, str):
        value = YES_OR_NO.get(value.lower(), value)
    return _if(isinstance(value, kind) and (kind is bool or not isinstance(value, bool)), value, kind)


def as_written(value: Any) -> Any:
    """Return a number as the text that was written, as a name may be one; anything else as it is."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return getattr(value, "written", str(value))
    return value


def _list(annotation: Any, value: Any) -> list:
    _if(isinstance(value, list | tuple), value, annotation)
    inner = get_args(annotation)[:1]
    try:
        return [accepted(inner[0], item) for item in value] if inner else list(value)
    except ValueError:
        raise ValueError(words(annotation)) from None


def _table(annotation: Any, value: Any) -> dict:
    _if(isinstance(value, Mapping) and all(isinstance(key, str) for key in value), value, annotation)
    inner = get_args(annotation)
    try:
        return {key: accepted(inner[1], item) for key, item in value.items()} if inner else dict(value)
    except ValueError:
        raise ValueError(words(annotation)) from None


def _accepted_by_any(annotation: Any, value: Any) -> Any:
    for option in get_args(annotation):
        if option is types.NoneType and value is None:
            return None
        if option is not types.NoneType:
            try:
                return accepted(option, value)
            except ValueError:
                continue
    raise ValueError(words(annotation))


def _if(fits: bool, value: Any, annotation: Any) -> Any:
    if not fits:
        raise ValueError(words(annotation))
    return value


def plain_type(annotation: Any) -> type:
    """Return the plain type below an annotation: `float` of a number in a range, `list` of a list of words."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return plain_type(inner[0])
    if origin is Literal:
        return type(inner[0])
    return origin or annotation


def words(annotation: Any) -> str:
    """Return in words what an annotation allows, such as `a number, 0 to 1` or `one of l1, taylor`."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        limits = [str(limit) for limit in inner[1:] if isinstance(limit, Limit)]
        if any(isinstance(limit, AtLeastOne) for limit in inner[1:]):
            return limits[0]
        return f"the name {limits[0]}" if WithinData() in inner[1:] else ", ".join([words(inner[0]), *limits])
    if origin is Literal:
        return f"one of {', '.join(map(str, inner))}"
    if origin in (typing.Union, types.UnionType):
        return " or ".join("nothing" if option is types.NoneType else words(option) for option in inner)
    kind = origin or annotation
    if kind in (list, tuple, Sequence):
        held = inner[0] if inner else None
        return f"a list, each {words(held)}" if held in NAMES or get_origin(held) else "a list such as [a, b]"
    if kind in (dict, Mapping):
        return "a table such as {a: 0.5}"
    return NAMES.get(kind, "a value")
