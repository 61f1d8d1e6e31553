r"""The container of coded models: named sections, each with its checksum, behind a header that never changes.

| bytes | content |
|---|---|
| 8 | magic: 89 52 4C 43 0D 0A 1A 0A (`\x89RLC\r\n\x1a\n`; a transfer as text breaks it, as PNG's does) |
| 16 | codec, ASCII, filled with zeros, e.g. `deep_compression` |
| 2 | version of the codec |
| 2 | number of sections, n |
| 4 | CRC-32 of the 28 bytes above |
| 24 n | per section: name (16, ASCII, filled with zeros), length in bytes (4), CRC-32 of its content (4) |
| 4 | CRC-32 of the table of sections |
| … | the sections' contents, one after the other; the file ends with the last |

Integers are unsigned and little-endian. CRC-32 is that of zlib; it finds every single flipped byte and every
burst of up to 32 bits. It guards against damage, not against intent: what the sections hold is checked again
by whoever decodes them.
"""

import contextlib
import json
import struct
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from radlib.foundation.errors import DataError, RadlibError, SetupError

MAGIC = b"\x89RLC\r\n\x1a\n"
_HEADER = struct.Struct("<8s16sHH")
_ENTRY = struct.Struct("<16sII")
_CRC = struct.Struct("<I")
AGAIN = "copy it again or build it again"
MOST_TEXT_BYTES = 20_000_000  # of a described network, inflated; the deepest of the series takes 0.4 MB
FEWEST_WEIGHTS, WEIGHTS_A_BYTE = (
    20_000_000,
    4000,
)  # a constant tensor of any size takes five bytes, but no network is


def pack(codec: str, version: int, sections: Mapping[str, bytes]) -> bytes:
    """Return the bytes of a container.

    Args:
        codec: At most 16 ASCII letters.
        version: Of the codec's sections, 0…65,535.
        sections: Contents by name (at most 16 ASCII letters), in the order of the file.
    """
    header = _HEADER.pack(MAGIC, codec.encode("ascii"), version, len(sections))
    table = b"".join(
        _ENTRY.pack(name.encode("ascii"), len(content), zlib.crc32(content))
        for name, content in sections.items()
    )
    checked = [header, _CRC.pack(zlib.crc32(header)), table, _CRC.pack(zlib.crc32(table))]
    return b"".join([*checked, *sections.values()])


def unpack(content: bytes, codec: str, version: int, *, name: str) -> dict[str, bytes]:
    """Return the sections of a container after checking all of it.

    Args:
        content: The whole file.
        codec: The one that the caller can decode.
        version: The newest version of it that the caller can decode.
        name: What messages call the file.

    Raises:
        SetupError: When the file is none of these, is of another codec or a newer version, is truncated, or a
            checksum does not agree; one sentence that says which.
    """
    fixed = _HEADER.size + _CRC.size
    if content[: len(MAGIC)] != MAGIC:
        raise SetupError(f"{name} is no coded model of radlib, or its first bytes are damaged; {AGAIN}.")
    if len(content) < fixed:
        raise SetupError(f"{name} is truncated: it ends within its header; {AGAIN}.")
    _, found, newer, count = _HEADER.unpack_from(content)
    if _CRC.unpack_from(content, _HEADER.size)[0] != zlib.crc32(content[: _HEADER.size]):
        raise SetupError(f"{name} is damaged: the checksum of its header does not agree; {AGAIN}.")
    if found.rstrip(b"\0").decode("ascii", "replace") != codec:
        raise SetupError(
            f"{name} holds a {found.rstrip(bytes(1)).decode('ascii', 'replace')!r} model, not {codec!r}."
        )
    if newer > version:
        raise SetupError(
            f"{name} is of version {newer} of {codec!r} and this radlib reads up to {version}; install a newer radlib."
        )
    start = fixed + count * _ENTRY.size + _CRC.size
    if len(content) < start:
        raise SetupError(f"{name} is truncated: it ends within its table of sections; {AGAIN}.")
    table = content[fixed : start - _CRC.size]
    if _CRC.unpack_from(content, start - _CRC.size)[0] != zlib.crc32(table):
        raise SetupError(f"{name} is damaged: the checksum of its table of sections does not agree; {AGAIN}.")
    sections = {}
    for entry, length, checksum in _ENTRY.iter_unpack(table):
        section, part = entry.rstrip(b"\0").decode("ascii", "replace"), content[start : start + length]
        if len(part) < length:
            raise SetupError(f"{name} is truncated: it ends within its section {section!r}; {AGAIN}.")
        if zlib.crc32(part) != checksum:
            raise SetupError(
                f"{name} is damaged: the checksum of its section {section!r} does not agree; {AGAIN}."
            )
        sections[section], start = part, start + length
    if start != len(content):
        raise SetupError(f"{name} is damaged: {len(content) - start} bytes follow its last section; {AGAIN}.")
    return sections


def read_file(path: Path) -> bytes:
    """Return the content of a model file.

    Raises:
        SetupError: When there is none, or it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise SetupError(f"{path.name} cannot be read ({error.strerror}); {AGAIN}.") from None


def pack_json(content: Any) -> bytes:
    """Return JSON-able content as a section: as text, deflated."""
    return zlib.compress(json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode(), 9)


def unpack_json(section: bytes) -> Any:
    """Return what `pack_json` packed.

    Raises:
        DataError: When it inflates to more than a network takes to describe, or is damaged.
    """
    inflater = zlib.decompressobj()
    try:
        text = inflater.decompress(section, MOST_TEXT_BYTES)
        if not inflater.eof:
            raise DataError("Its section 'network' is cut short, or inflates to more than a network takes.")
        return json.loads(text)
    except (zlib.error, ValueError, RecursionError):
        raise DataError("Its section 'network' is damaged.") from None


def most_weights(content: bytes) -> int:
    """Return how many weights a file may decode to: far more than any codec packs into so many bytes."""
    return max(FEWEST_WEIGHTS, WEIGHTS_A_BYTE * len(content))


@contextlib.contextmanager
def decoding(name: str) -> Iterator[None]:
    """Turn whatever a damaged or made-up file leads to in the block into one sentence.

    Raises:
        SetupError: Naming the file and the reason.
    """
    try:
        yield
    except SetupError:
        raise
    except Exception as error:  # a wrong setting of a layer leads anywhere in Keras
        raise SetupError(f"{name} cannot be decoded ({reason_of(error)}); build it again.") from error


def reason_of(error: Exception | None) -> str:
    """Return why something failed as part of a sentence: one line, short, and nothing that a terminal obeys."""
    text = str(error) if isinstance(error, RadlibError) else f"{type(error).__name__}: {error}"
    text = "".join(letter if letter.isprintable() else "?" for letter in " ".join(text.split()))
    return text.rstrip(". :")[:300]


def frame_bytes(sections: Mapping[str, bytes]) -> int:
    """Return how many bytes of a container are neither of its sections' contents."""
    return _HEADER.size + 2 * _CRC.size + len(sections) * _ENTRY.size


class SectionReader:
    """The sections of a container, each read from its beginning to its end.

    Args:
        sections: As `unpack` returns them.
    """

    def __init__(self, sections: Mapping[str, bytes]):
        self._sections, self._positions = sections, dict.fromkeys(sections, 0)

    def take(self, section: str, count: int) -> bytes:
        """Return the next so many bytes of a section.

        Raises:
            DataError: When it has fewer.
        """
        start = self._positions[section]
        if start + count > len(self._sections[section]):
            raise DataError(f"Its section {section!r} is shorter than its tensors are.")
        self._positions[section] = start + count
        return self._sections[section][start : start + count]

    def check_end(self, *apart: str) -> None:
        """Refuse sections that go on after what was taken of them, but for those named.

        Raises:
            DataError: Naming the section.
        """
        for name, position in self._positions.items():
            if name not in apart and position != len(self._sections[name]):
                raise DataError(f"Its section {name!r} is longer than its tensors are.")
