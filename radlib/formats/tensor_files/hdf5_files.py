"""Numbers and text in HDF5 files, taken without following what a file points to and no further than it reaches.

An HDF5 file is a small file system: groups, data sets, and attributes of both. A data set may lie in another file, be
put together from others, be packed by a filter that is loaded as a library, or claim a shape of which nothing is
stored; groups may hold each other in a circle. So every link is looked at before it is followed, and all shapes are
added up before the first value is read.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from radlib.formats.tensor_files.archive_members import beyond_reason
from radlib.foundation.errors import RadlibError, UsageError

DEEPEST_GROUPS = 60
MOST_ITEMS = 100_000
MOST_ATTRIBUTE_BYTES = 20_000_000
FILTERS = (1, 2, 3)  # gzip, shuffle and checksums, which HDF5 itself brings
ELSEWHERE = "points to other files for its weights; save the network into one file."


@contextlib.contextmanager
def opened_hdf5(source: Path | BinaryIO, name: str) -> Iterator[Any]:
    """Open an HDF5 file to read while the block runs.

    Args:
        source: Its path, or a stream of its bytes.
        name: What messages call it.

    Raises:
        UsageError: When it is damaged, whatever in the block finds that out.
    """
    import h5py

    try:
        with h5py.File(source, "r") as file:
            yield file
    except RadlibError:
        raise
    except Exception:  # a damaged table leads anywhere, and h5py gives each its own kind of error
        raise UsageError(f"{name} is a damaged HDF5 file; save the weights again.") from None


def data_sets(file: Any, name: str) -> dict[str, Any]:
    """Return all data sets of a file or group by path, none of them read yet.

    Raises:
        UsageError: When one lies elsewhere, holds no numbers, or all together claim more than the file can hold.
    """
    import h5py

    found: dict[str, Any] = {}
    waiting, seen = [(file, "", 0)], 0
    while waiting:
        group, prefix, depth = waiting.pop()
        inside = []
        for key in group:
            seen += 1
            if depth > DEEPEST_GROUPS or seen > MOST_ITEMS:
                raise UsageError(f"{name} nests its weights without end; save the network again.")
            if not isinstance(group.get(key, getlink=True), h5py.HardLink):
                raise UsageError(f"{name} {ELSEWHERE}")
            item = group[key]
            if isinstance(item, h5py.Group):
                inside.append((item, f"{prefix}{key}/", depth + 1))
            else:
                found[f"{prefix}{key}"] = _plain(item, name)
        waiting += reversed(inside)
    claimed = sum(
        float(np.prod(item.shape, dtype=np.float64)) * item.dtype.itemsize for item in found.values()
    )
    if beyond_reason(claimed, _size_bytes(file.file)):
        raise UsageError(
            f"{name} claims more weights than a file of its size can hold; save the network again."
        )
    return found


def _plain(item: Any, name: str) -> Any:
    """Return a data set after making sure that its numbers lie in the file itself."""
    import h5py

    if not isinstance(item, h5py.Dataset) or not np.issubdtype(item.dtype, np.number):
        raise UsageError(f"{name} holds something among its weights that is no number; save it again.")
    if item.external or item.is_virtual:
        raise UsageError(f"{name} {ELSEWHERE}")
    made = item.id.get_create_plist()
    if any(made.get_filter(place)[0] not in FILTERS for place in range(made.get_nfilters())):
        raise UsageError(f"{name} packs its weights by a filter of its own; save it again without.")
    if item.size and not item.id.get_storage_size():
        raise UsageError(f"{name} claims weights that it does not hold; save the network again.")
    return item


def attribute_text(holder: Any, key: str, name: str) -> str:
    """Return an attribute that is one text; empty when there is none.

    Raises:
        UsageError: When it is too long for a network, or no text.
    """
    if key not in holder.attrs:
        return ""
    _check_size(holder, key, name)
    value = holder.attrs[key]
    value = value.decode("utf-8") if isinstance(value, bytes) else value
    if not isinstance(value, str) or len(value) > MOST_ATTRIBUTE_BYTES:
        raise UsageError(f"{name} holds something else than text where its {key} stands; save it again.")
    return value


def attribute_names(holder: Any, key: str, name: str) -> list[str]:
    """Return an attribute that is a list of names, which Keras cuts into several numbered ones when it is long."""
    keys = [key] if key in holder.attrs else []
    while not keys or keys[-1] != key:
        following = f"{key}{len(keys)}"
        if following not in holder.attrs:
            break
        keys.append(following)
    names: list[str] = []
    for each in keys:
        _check_size(holder, each, name)
        values = np.ravel(np.asarray(holder.attrs[each], dtype=object))
        names += [v.decode("utf-8") if isinstance(v, bytes) else str(v) for v in values]
    return names


def _check_size(holder: Any, key: str, name: str) -> None:
    stored = holder.attrs.get_id(key)
    if np.prod(stored.shape or (1,), dtype=np.float64) * stored.dtype.itemsize > MOST_ATTRIBUTE_BYTES:
        raise UsageError(f"{name} has a {key} too long for a network; save it again.")


def _size_bytes(file: Any) -> int:
    """Return the length of an open file or stream."""
    return int(file.id.get_filesize())


def last_number(place: str) -> int:
    """Return the number that ends a path, by which Keras orders tensors; −1 without any."""
    last = place.rpartition("/")[2]
    return int(last) if last.isascii() and last.isdigit() and len(last) < 9 else -1
