"""Functions by name: the four registries that make a new entry one file.

A data set, an architecture, a technique or a format is a function (or a small record of functions) decorated
with `@REGISTRY.register(...)` in a module where the registry looks. Modules are imported on first use, so a
new file is found without any list to edit. Parameters, defaults and help are read from the signature and the
`Args:` section of the docstring: the tables in `radlib list`, in the README and in manifests have no second
source.
"""

import importlib
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from radlib.foundation.errors import UsageError
from radlib.foundation.names import check_known, nearest
from radlib.foundation.value_types import accepted, words

ROOT = Path(__file__).parents[1]  # of the package


@dataclass(frozen=True)
class Parameter:
    """One keyword-only parameter of a registered function.

    Attributes:
        name: The keyword.
        type: What it takes, in words, e.g. `a number, 0 to 1`.
        default: Its default value; `inspect.Parameter.empty` when it must be given.
        help: Its line in the `Args:` section.
        annotation: Its annotation, see `value_types`.
    """

    name: str
    type: str
    default: Any
    help: str
    annotation: Any = Any


@dataclass(frozen=True)
class Entry:
    """A registered function and what is known about it.

    Attributes:
        name: The name users type.
        function: The function itself.
        facts: What the decorator was told, e.g. `consumes` and `produces` of a technique.
    """

    name: str
    function: Callable
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        """The first line of the docstring."""
        return (inspect.getdoc(self.function) or "").split("\n")[0]

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The keyword-only parameters, in the order of the signature."""
        described = _argument_descriptions(inspect.getdoc(self.function) or "")
        return tuple(
            Parameter(
                p.name,
                words(p.annotation) if p.annotation is not p.empty else "",
                p.default,
                described.get(p.name, ""),
                p.annotation if p.annotation is not p.empty else Any,
            )
            for p in inspect.signature(self.function).parameters.values()
            if p.kind is p.KEYWORD_ONLY
        )

    def complete(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return every parameter's value: those given, and the defaults of the rest.

        Raises:
            UsageError: For a name the function does not have (the message lists those it has), a value that its
                annotation does not allow, or what its `check`, a fact of the entry, finds.
        """
        known = {p.name: p for p in self.parameters}
        values = {name: p.default for name, p in known.items()}
        for name, value in given.items():
            if name not in known:
                raise UsageError(
                    f"{self.name!r} has no parameter {name[:60]!r}{nearest(name, known)}; it has: "
                    f"{', '.join(known) or 'none'}."
                )
            try:
                values[name] = accepted(known[name].annotation, value)
            except ValueError as wanted:
                raise UsageError(
                    f"Parameter {name!r} of {self.name!r} takes {wanted}, not {str(value)[:60]!r}."
                ) from None
        if check := self.facts.get("check"):  # what depends on several of them, or on another registry
            check(values)
        return values


class Registry:
    """The functions of one kind, by name.

    Args:
        kind: The word used in messages, e.g. "technique".
        places: Where the entries lie, as patterns of files below radlib's own folder, e.g. `datasets/*.py`; the
            modules are imported on first use.
    """

    def __init__(self, kind: str, *places: str):
        self.kind, self.places = kind, places
        self._entries: dict[str, Entry] = {}
        self._imported = False

    def register(self, name: str | None = None, **facts: Any) -> Callable[[Callable], Callable]:
        """Return a decorator that files a function under `name` (default: its own) with `facts`."""

        def decorate(function: Callable) -> Callable:
            key = name or function.__name__
            if key in self._entries:
                raise ValueError(f"two {self.kind} entries are named {key!r}")
            self._entries[key] = Entry(key, function, facts)
            return function

        return decorate

    def names(self) -> tuple[str, ...]:
        """All names, in alphabetical order."""
        self._import_modules()
        return tuple(sorted(self._entries))

    def __iter__(self) -> Iterator[Entry]:
        return (self._entries[name] for name in self.names())

    def __contains__(self, name: str) -> bool:
        return name in self.names()

    def __getitem__(self, name: str) -> Entry:
        """Return the entry of that name.

        Raises:
            UsageError: When there is none; the message names the nearest and lists all.
        """
        self._import_own_module(name)
        if name not in self._entries:
            if now := [entry.name for entry in self if entry.facts.get("former") == name]:
                raise UsageError(f"The {self.kind} {name!r} is called {now[0]!r} now; write that instead.")
            check_known(self.kind, name, self.names())
        return self._entries[name]

    def _modules(self) -> list[str]:
        """Return the dotted names of the modules in the registry's places."""
        files = sorted(path for place in self.places for path in ROOT.glob(place))
        parts = [path.relative_to(ROOT.parent).with_suffix("").parts for path in files]
        return [".".join(each) for each in parts if each[-1] != "__init__"]

    def _import_own_module(self, name: str) -> None:
        """Import the module that is called like an entry, if any: who wants one need not wait for all."""
        if not self._imported and name not in self._entries:
            for module in self._modules():
                if module.endswith(f".{name}"):
                    importlib.import_module(module)

    def _import_modules(self) -> None:
        if self._imported:
            return
        for module in self._modules():
            importlib.import_module(module)
        self._imported = True


def _argument_descriptions(docstring: str) -> dict[str, str]:
    """Read the `Args:` section of a Google-style docstring into {name: description}."""
    section = re.search(r"^Args:\n(.*?)(?=^\S|\Z)", docstring, flags=re.M | re.S)
    if not section:
        return {}
    items = re.findall(r"^    (\w+)[^:\n]*: (.*?)(?=^    \w|\Z)", section.group(1), flags=re.M | re.S)
    return {name: " ".join(text.split()) for name, text in items}


ARCHITECTURES = Registry("architecture", "architectures/*.py")
DATASETS = Registry("data set", "datasets/*.py")
FORMATS = Registry("format", "formats/*.py", "techniques/*/file_format.py")  # a method brings its own
TECHNIQUES = Registry("technique", "techniques/*.py", "techniques/*/*.py")
