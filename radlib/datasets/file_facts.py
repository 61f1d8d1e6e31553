"""What is known of a file without decoding it, remembered between runs.

Hashing 26,000 films or reading their headers takes a minute; neither changes while the files do not. The
memory is one JSON file per folder. It holds neither paths nor names nor patient numbers: files are known by a
digest of relative path, length, place on the disk and times of last change (one of which nobody can set), patients by a digest of their number, both with a random
key that lies in the private folder beside. Data sets see neither: to them a patient is called after the first of
his films, so that nothing depends on the key.
"""

import functools
import hashlib
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from radlib.foundation import storage
from radlib.imaging import images
from radlib.runs import private, runs

REVISION = 6  # raised when the meaning of the remembered facts changes


def file_facts(
    folder: Path, paths: Sequence[Path], read: Callable[[Path, bytes], dict[str, Any]] | None = None
) -> list[dict[str, Any]]:
    """Return the facts of each file.

    Args:
        folder: The data folder.
        paths: Files below it. A link that leads out of the folder is not followed: its path is returned
            empty, so that decoding lists it as unreadable; so is that of a file that cannot be opened.
        read: Reads further facts of a file, JSON-able; is given the key for digests of patient numbers.

    Returns:
        Per file `image_id`, `path` (text), and what `read` returned; if that has `patient`, it is replaced by
        the smallest image id of the files with the same, empty where there is none.
    """
    cache = runs.outputs_root() / ".cache"
    key = private.digest_key(cache)
    keyed = functools.partial(_keyed_digest, key)
    kind = read.__qualname__ if read else "id"
    memory = cache / f"facts-{keyed(f'{REVISION}|{kind}|{folder.resolve()}')}.json"
    known = _load(memory)
    remembered, facts = {}, []
    for path in tqdm(paths, "Looking through files", leave=False, disable=None, delay=2, unit=" files"):
        outside = path.is_symlink() and not path.resolve().is_relative_to(folder.resolve())
        try:
            name = "" if outside else keyed(_state(path, folder))
            if name and name not in known:
                known[name] = {"image_id": images.image_id(path), **(read(path, key) if read else {})}
        except OSError:  # it was there when the folder was listed, or may not be read; decoding will say so
            name = ""
        if name:
            remembered[name] = known[name]
            facts.append({**known[name], "path": str(path)})
        else:
            unread = keyed(str(path.relative_to(folder)))[:12]
            facts.append({"image_id": unread, "path": "", **(read(Path(), key) if read else {})})
    if remembered != _load(memory):
        storage.write_json(memory, remembered)
    return _with_first_films(facts)


def _state(path: Path, folder: Path) -> str:
    """Return what changes when another file takes a file's place, even one of equal length and time of writing."""
    status = path.stat()
    times = f"{status.st_mtime_ns}|{status.st_ctime_ns}"
    return f"{path.relative_to(folder)}|{status.st_size}|{status.st_ino}|{times}"


def _keyed_digest(key: bytes, text: str) -> str:
    content = os.fsencode(text)  # names of files need not be UTF-8
    return hashlib.blake2b(content, key=key, digest_size=12).hexdigest()


def _with_first_films(facts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Replace each patient's digest by the smallest image id of his films."""
    first: dict[str, str] = {}
    for fact in facts:
        if patient := fact.get("patient"):
            first[patient] = min(first.get(patient, fact["image_id"]), fact["image_id"])
    return [{**f, "patient": first.get(f["patient"], "")} if "patient" in f else f for f in facts]


def _load(memory: Path) -> dict[str, Any]:
    try:
        known = json.loads(memory.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}
