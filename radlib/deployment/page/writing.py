"""A page on disk: the built page and some variants, in a folder that any server of static files can hand out.

The list of all files with their digests stands in the service worker, which takes a page into a browser whole or not at all:
a page that is half old would read films with a model and decide with another's threshold. So the folder, too, is
replaced whole.
"""

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from radlib import __version__
from radlib.deployment.export_texts import NOTICE
from radlib.deployment.page.built_page import WORKER, built_page
from radlib.deployment.page.variant_records import PageVariant, page_variant
from radlib.foundation.errors import UsageError
from radlib.foundation.storage import disk_errors, file_sha256

FORMAT, VERSION = "radlib-page", 1
RECORD, VARIANTS = "page.json", "variants"
MODEL, GOLDEN, MASKS, VARIANT = "model.tflite", "golden.bin", "masks.bin", "variant.json"
VERSION_LETTERS = 16


def write_page(bundles: Sequence[Path], folder: Path) -> Path:
    """Write a page that reads films with some exported variants.

    Args:
        bundles: Folders that `radlib export` wrote; the first is the one that a reader meets.
        folder: Where to; made, or an earlier page there is replaced.

    Returns:
        `folder`.

    Raises:
        UsageError: When a bundle is none, two are called the same, or the folder holds something else.
        SetupError: When a bundle is damaged, a browser cannot run its model, or this installation has no built page.
    """
    variants = [page_variant(Path(bundle)) for bundle in bundles]
    source = built_page()
    keys = [variant.key for variant in variants]
    if twice := next((key for key in keys if keys.count(key) > 1), ""):
        raise UsageError(f"Two bundles are called {twice}; give each folder another name.")
    with _replaced(Path(folder)) as partial:
        _fill(partial, source, variants)
    return folder


def _fill(folder: Path, source: Path, variants: Sequence[PageVariant]) -> None:
    shutil.copytree(source, folder, dirs_exist_ok=True)
    for variant in variants:
        place = folder / VARIANTS / variant.key
        place.mkdir(parents=True)
        (place / MODEL).write_bytes(variant.model.content)
        (place / GOLDEN).write_bytes(variant.golden.tobytes())
        if variant.masks is not None:
            (place / MASKS).write_bytes(variant.masks.tobytes())
        _write(place / VARIANT, variant.record)
    _write(folder / RECORD, {
        "format": FORMAT, "version": VERSION, "radlib": __version__, "notice": NOTICE,
        "variants": [variant.key for variant in variants],
    })  # fmt: skip
    _name_files(folder)


def _write(path: Path, content: Any) -> None:
    """Write JSON that every browser reads: no NaN, no words of Python's own."""
    path.write_text(json.dumps(content, ensure_ascii=False, allow_nan=False), encoding="utf-8")


def _name_files(folder: Path) -> None:
    """Put the list of all files into the service worker, which is then another one whenever a file is."""
    files = {
        path.relative_to(folder).as_posix(): file_sha256(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != WORKER
    }
    worker = folder / WORKER
    program = worker.read_text(encoding="utf-8")
    said = json.dumps([files, program], sort_keys=True).encode()
    version = hashlib.sha256(said).hexdigest()[:VERSION_LETTERS]
    page = json.dumps({"version": version, "files": files})
    worker.write_text(f"self.radlibPage = {page};\n{program}", encoding="utf-8")


@contextlib.contextmanager
def _replaced(folder: Path) -> Iterator[Path]:
    """Yield an empty folder to fill; it takes the place of an earlier page when the block ends well."""
    place = folder.resolve()
    if place.is_file():
        raise UsageError(f"{folder.name} is a file; name a folder to write the page to.")
    if place.is_dir() and any(place.iterdir()) and not (place / RECORD).is_file():
        raise UsageError(f"{folder.name} is not empty and is no earlier page; choose another folder.")
    partial, old = (place.with_name(f".{place.name}.{os.getpid()}.{word}") for word in ("partial", "old"))
    try:
        with disk_errors(place):
            partial.mkdir(parents=True)
            yield partial
            if place.is_dir():
                place.rename(old)
            partial.rename(place)
    finally:
        if old.is_dir() and not place.is_dir():
            old.rename(place)  # the new page did not get there
        for left in (partial, old):
            shutil.rmtree(left, ignore_errors=True)
