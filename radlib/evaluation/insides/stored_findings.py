"""What was found inside a variant beside its original: a record as JSON and pictures as `.npz`, found once for each file."""

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from radlib.foundation.digests import is_as_written
from radlib.foundation.record_files import remembered
from radlib.foundation.storage import atomic_path, write_json
from radlib.runs.runs import Run
from radlib.runs.variants import Variant

Store = Callable[
    [Mapping[str, Any], Mapping[str, Any]], None
]  # what the record holds beside, and pictures by name


def not_yet_found(
    run: Run, variants: Iterable[Variant], place: Callable[[Path, Variant], Path], revision: int
) -> Iterator[tuple[Variant, Variant, Store]]:
    """Yield each variant of which nothing is stored for these very files, its original, and what stores a finding.

    Args:
        run: Where both are stored.
        variants: The variants.
        place: Of (folder of the run, variant): where its record lies; pictures go beside it.
        revision: Of what is looked for; another is found anew.
    """
    for variant in variants:
        original, path = run.variant(variant.original), place(run.folder, variant)
        record = {"sha256": variant.sha256, "original_sha256": original.sha256, "revision": revision}
        if not (record.items() <= remembered(path).items() and is_as_written(path.with_suffix(".npz"))):
            yield variant, original, functools.partial(_store, path, record)


def _store(
    path: Path, record: Mapping[str, Any], found: Mapping[str, Any], pictures: Mapping[str, Any]
) -> None:
    with atomic_path(path.with_suffix(".npz")) as partial, partial.open("wb") as stream:
        np.savez_compressed(stream, **pictures)
    write_json(path, {**record, **found})
