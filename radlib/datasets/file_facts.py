"""What is known of a file without decoding it, remembered between runs.

Hashing 26,000 films or reading their headers takes a minute; neither changes while the files do not. The
memory is one JSON file per folder, keyed by a digest of each file's relative path, length and time of last
change, so that it holds neither paths nor names.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from radlib import images, runs, storage

REVISION = 1  # raised when the meaning of the remembered facts changes


def file_facts(
    folder: Path, paths: Sequence[Path], read: Callable[[Path], dict[str, Any]] | None = None
) -> list[dict[str, Any]]:
    """Return the facts of each file.

    Args:
        folder: The data folder.
        paths: Files below it. A link that leads out of the folder is not followed: its path is returned
            empty, so that decoding lists it as unreadable.
        read: Reads further facts of a file, JSON-able.

    Returns:
        Per file `image_id`, `path` (text), and what `read` returned.
    """
    kind = read.__qualname__ if read else "id"
    name = hashlib.sha256(f"{REVISION}|{kind}|{folder.resolve()}".encode()).hexdigest()[:16]
    memory = runs.outputs_root() / ".cache" / f"facts-{name}.json"
    known = _load(memory)
    remembered, facts = {}, []
    for path in paths:
        if path.is_symlink() and not path.resolve().is_relative_to(folder.resolve()):
            outside = hashlib.sha256(str(path.relative_to(folder)).encode()).hexdigest()[:12]
            facts.append({"image_id": outside, "path": "", **(read(Path()) if read else {})})
            continue
        status = path.stat()
        key = f"{path.relative_to(folder)}|{status.st_size}|{status.st_mtime_ns}"
        key = hashlib.sha256(key.encode()).hexdigest()[:24]
        if key not in known:
            known[key] = {"image_id": images.image_id(path), **(read(path) if read else {})}
        remembered[key] = known[key]
        facts.append({**known[key], "path": str(path)})
    if remembered != _load(memory):
        storage.write_json(memory, remembered)
    return facts


def _load(memory: Path) -> dict[str, Any]:
    try:
        return json.loads(memory.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
