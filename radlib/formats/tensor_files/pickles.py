"""PyTorch's pickles, read without running anything from them.

A pickle is a program: a list of instructions for a stack machine, two of which import any function by name and call it
with any arguments. That is why nothing in this project is stored as a pickle and none of others is opened. PyTorch's
checkpoints, however, have no other table of contents. This reader takes them as `torch.load(weights_only=True)` does,
and a little more strictly:

1. The instructions are first read as a list, without carrying any out. Every instruction must be one of the two dozen
   that `torch.save` writes, and every name one of `NAMES`. Anything else is refused, by its name.
2. Only then are they carried out, by a machine for which a name never leads to an import. It leads to one of four
   constructors of this module (a dictionary, a storage, a tensor's description, a tuple), or to a mark that says
   "passed over", as for NumPy numbers among the scores. No object of theirs has attributes that a pickle could set.
3. What comes out are descriptions. They are held against the limits and against the bytes of the file when values are
   read (see `pytorch`).

So a state dict is read, and a checkpoint around it whose other entries are plain; a pickled module, or anything else
that needs its author's classes, is refused. There is no switch to allow more.

References:
    The pickle machine: the documentation of Python's `pickletools`. Slaviero, Sour Pickles, Black Hat USA 2011.
"""

import functools
import io
import pickle
import pickletools
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from radlib.formats.tensor_files.limits import clipped, damaged
from radlib.foundation.errors import UsageError

INSTRUCTIONS = frozenset(
    [
        "PROTO", "STOP", "MARK", "POP", "GLOBAL", "REDUCE", "BUILD", "BINPERSID", "NONE", "NEWTRUE", "NEWFALSE", "BININT",
        "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE", "BINSTRING", "SHORT_BINSTRING", "EMPTY_DICT", "EMPTY_LIST",
        "EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "APPEND", "APPENDS", "SETITEM", "SETITEMS", "BINGET",
        "LONG_BINGET", "BINPUT", "LONG_BINPUT",
    ]
)  # fmt: skip
MOST_INSTRUCTIONS = 5_000_000
READING_ERRORS = (
    pickle.UnpicklingError, ValueError, TypeError, AttributeError, KeyError, IndexError, EOFError, OverflowError, MemoryError,
    RecursionError,
)  # fmt: skip


class Storage(NamedTuple):
    """A run of values in the file: their type (a key of `limits.NUMPY_TYPES`), its name, how many, and where to begin."""

    kind: str
    key: str
    count: int  # type: ignore[assignment]  # it stands in place of a tuple's method
    first: int


class StoredTensor(NamedTuple):
    """A tensor as a view of a storage, in values. Nothing of it has been checked."""

    storage: Any
    offset: Any
    shape: Any
    strides: Any


class PlainDict(dict):
    """A dictionary that forgets what else is said of it, such as the versions PyTorch notes beside a state dict."""

    __slots__ = ()

    def __setstate__(self, state: Any) -> None:
        """Pass over the attributes."""


class PassedOver:
    """Stands for a value that is no weight."""

    __slots__ = ()

    def __setstate__(self, state: Any) -> None:
        """Pass over the attributes."""


class _Name:
    """What an admitted name stands for: it can be called, and nothing can be set on it."""

    __slots__ = ("_call",)

    def __init__(self, call: Callable[..., Any]):
        self._call = call

    def __call__(self, *arguments: Any) -> Any:
        return self._call(*arguments)

    def __setstate__(self, state: Any) -> None:
        raise pickle.UnpicklingError("a name has no state")


class _StorageType:
    """The type of a storage's values; it can be named, and not be called."""

    __slots__ = ("kind",)

    def __init__(self, kind: str):
        self.kind = kind

    def __setstate__(self, state: Any) -> None:
        raise pickle.UnpicklingError("a type has no state")


def _tensor(storage: Any, offset: Any, shape: Any, strides: Any, *_: Any) -> StoredTensor:
    return StoredTensor(storage, offset, shape, strides)


def _parameter(tensor: Any, *_: Any) -> Any:
    return tensor


def _passed_over(*_: Any) -> PassedOver:
    return PassedOver()


_STORAGES = {
    "Float": "float32", "Double": "float64", "Half": "float16", "BFloat16": "bfloat16", "Long": "int64", "Int": "int32",
    "Short": "int16", "Char": "int8", "Byte": "uint8", "Bool": "bool",
}  # fmt: skip
_PASSED_OVER = (
    "numpy.core.multiarray scalar", "numpy._core.multiarray scalar", "numpy dtype", "_codecs encode", "torch device",
    *(f"torch {kind}" for kind in _STORAGES.values()),
)  # fmt: skip
NAMES: dict[str, Callable[[], Any]] = {
    "collections OrderedDict": lambda: _Name(PlainDict),
    "collections Counter": lambda: _Name(PlainDict),
    "torch._utils _rebuild_tensor": lambda: _Name(_tensor),
    "torch._utils _rebuild_tensor_v2": lambda: _Name(_tensor),
    "torch._utils _rebuild_parameter": lambda: _Name(_parameter),
    "torch Size": lambda: _Name(tuple),
    **{
        f"{place} {name}Storage": functools.partial(_StorageType, kind)
        for place in ("torch", "torch.cuda")
        for name, kind in _STORAGES.items()
    },
    **{name: lambda: _Name(_passed_over) for name in _PASSED_OVER},
}


def read_pickle(stream: Any, path: Path, kinds: dict[str, str] | None = None) -> Any:
    """Return what a pickle describes: plain values, dictionaries and `StoredTensor`s.

    Args:
        stream: Anything with `read`, `readline`, `tell` and `seek`, at the first byte of a pickle; left after its last.
        path: The file it is part of, for messages.
        kinds: Takes up the type of every storage that it names.

    Raises:
        UsageError: When it needs anything but the admitted names and instructions, by name, or is damaged.
    """
    start = stream.tell()
    _check_instructions(stream, path)
    end = stream.tell()
    stream.seek(start)
    machine = _Machine(io.BytesIO(stream.read(end - start)), encoding="latin1")
    machine.kinds = {} if kinds is None else kinds
    try:
        return machine.load()
    except READING_ERRORS:
        raise damaged(path) from None


def _check_instructions(stream: Any, path: Path) -> None:
    """Read a pickle to its end without carrying it out, and refuse what `torch.save` does not write."""
    try:
        for number, (instruction, argument, _) in enumerate(_instructions(stream)):
            if instruction.name == "GLOBAL" and argument not in NAMES:
                raise UsageError(
                    f"{path.name} needs {clipped(str(argument).replace(' ', '.'))}, code of its author, to be opened, and "
                    "none was run; save the weights alone with torch.save(model.state_dict(), ...)."
                )
            if instruction.name not in INSTRUCTIONS:
                raise UsageError(
                    f"{path.name} holds the pickle instruction {instruction.name}, which no state dict has, and was not "
                    "opened; save the weights alone with torch.save(model.state_dict(), ...)."
                )
            # the machine's memory is a table as long as the largest number named
            if number > MOST_INSTRUCTIONS or ("PUT" in instruction.name and argument > number):
                raise damaged(path)
    except READING_ERRORS:
        raise damaged(path) from None


def _instructions(stream: Any) -> Iterator[tuple[Any, Any, int | None]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of escapes in a text that will be refused
        yield from pickletools.genops(stream)


class _Machine(pickle.Unpickler):
    """Carries out checked instructions; a name leads to `NAMES` and never to an import."""

    kinds: dict[str, str]

    def find_class(self, module: str, name: str) -> Any:
        """Return what an admitted name stands for."""
        return NAMES[f"{module} {name}"]()

    def persistent_load(self, identity: Any) -> Storage:
        """Return the storage that PyTorch refers to: ('storage', type, key, device, count[, view])."""
        word, kind, key, _, count, *view = identity
        if word != "storage" or not isinstance(kind, _StorageType) or not isinstance(key, str):
            raise pickle.UnpicklingError("an unknown reference")
        if self.kinds.setdefault(key, kind.kind) != kind.kind:
            raise pickle.UnpicklingError("a storage of two types")
        first = (
            view[0][1] if view and view[0] is not None else 0
        )  # a view: (key, offset, count), before release 0.4
        return Storage(kind.kind, key, count, first)
