"""Download one file over HTTP, and go on where an earlier start broke off.

What has arrived is kept in a `.partial` file beside a note of which version of the file it is part of (the server's ETag
or date). The next start asks for the rest under the condition that the version is still that one (RFC 9110, `Range` and
`If-Range`); a server that has another, or does not know ranges, sends the whole again. Whether the result is the right
file is decided by its digest alone, by the caller.
"""

import json
from pathlib import Path
from typing import Any

from tqdm import tqdm

from radlib.foundation import storage
from radlib.foundation.errors import DataError
from radlib.foundation.plain_text import plain_line

BLOCK_BYTES = 1 << 16  # what has arrived of the last block is lost when a connection breaks
CONNECT_SECONDS, READ_SECONDS = 10, 60
ATTEMPTS = 4  # in one start
PARTIAL, NOTHING_MISSING = 206, 416  # HTTP status codes


def download(url: str, output: Path, *, partial: Path, most_bytes: int) -> None:
    """Download a file, or what is missing of it.

    Args:
        url: Where it lies.
        output: Where to put it when it is whole.
        partial: Where to keep what has arrived until then.
        most_bytes: A file longer than this is refused.

    Raises:
        requests.RequestException: When the server cannot be reached, refuses, or breaks off for good.
        DataError: When the file is longer than it may be.
    """
    import requests

    partial.parent.mkdir(parents=True, exist_ok=True)
    for attempt in range(ATTEMPTS):
        before = _arrived(partial)
        try:
            _go_on(url, partial, most_bytes)
            break
        except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError):
            if attempt + 1 == ATTEMPTS or _arrived(partial) == before:  # no progress: no use
                raise
    partial.replace(output)
    _note(partial).unlink(missing_ok=True)


def _go_on(url: str, partial: Path, most_bytes: int) -> None:
    """Ask for what is missing and append it; or for everything, when the file has changed."""
    import requests

    arrived, version = _arrived(partial), _version(partial)
    headers = {"Accept-Encoding": "identity"}  # the bytes as they are published
    if arrived and version:
        headers |= {"Range": f"bytes={arrived}-", "If-Range": version}
    with requests.get(url, headers=headers, stream=True, timeout=(CONNECT_SECONDS, READ_SECONDS)) as answer:
        if answer.status_code == NOTHING_MISSING and arrived:  # or the file has shrunk: begin anew
            partial.unlink()
            _go_on(url, partial, most_bytes)
            return
        answer.raise_for_status()
        sent = answer.headers.get("Content-Range", "")
        if answer.status_code != PARTIAL or not sent.startswith(f"bytes {arrived}-"):
            arrived = 0
            _remember(partial, answer.headers.get("ETag") or answer.headers.get("Last-Modified") or "")
        _write(answer, partial, arrived, most_bytes)


def _write(answer: Any, partial: Path, arrived: int, most_bytes: int) -> None:
    """Write what a server sends behind what has arrived."""
    import requests

    length = answer.headers.get("Content-Length")
    total = arrived + int(length) if length else None
    _check_length(partial, total or 0, most_bytes)
    name = partial.name.removesuffix(".partial")
    bar = tqdm(
        desc=plain_line(name),
        initial=arrived,
        total=total,
        unit="B",
        unit_scale=True,
        leave=False,
        disable=None,
    )
    with partial.open("ab" if arrived else "wb") as output, bar:
        for block in answer.iter_content(BLOCK_BYTES):
            arrived += len(block)
            _check_length(partial, arrived, most_bytes)
            output.write(block)
            bar.update(len(block))
    if total is not None and arrived != total:
        raise requests.ConnectionError("the connection ended early")


def _check_length(partial: Path, length: int, most_bytes: int) -> None:
    if length > most_bytes:
        partial.unlink(missing_ok=True)
        name = partial.name.removesuffix(".partial")
        raise DataError(f"{name} is longer than the published file, and was not kept; fetch it by hand.")


def _arrived(partial: Path) -> int:
    """Return how many bytes have arrived."""
    return partial.stat().st_size if partial.is_file() else 0


def _note(partial: Path) -> Path:
    return partial.with_name(f"{partial.name}.json")


def _version(partial: Path) -> str:
    """Return which version of the file what has arrived is part of; empty when that is not known."""
    try:
        return str(json.loads(_note(partial).read_text(encoding="utf-8"))["version"])
    except (OSError, ValueError, KeyError):
        return ""


def _remember(partial: Path, version: str) -> None:
    weak = version.startswith("W/")  # such a version promises the same meaning, not the same bytes
    storage.write_json(_note(partial), {"version": "" if weak else version})
