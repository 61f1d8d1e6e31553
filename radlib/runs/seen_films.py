"""Which films a run has learnt from and chosen with, as short digests that an export can take along.

A threshold chosen on films that a network was trained on promises too much: it knows their answers. So a run keeps,
and an export carries, a digest of every training and validation film, of its file and of its pixels. Nothing of a
film can be made out from a digest, and no image id: five bytes of a keyed hash, sorted. Only who holds a film can ask
whether it was among them, which is what they are for. The key follows from the films, so that two runs' digests
cannot be compared with each other unless the films are the same.
"""

import base64
import contextlib
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from radlib.foundation.storage import write_text

FILE = "seen_films.json"
DIGEST_BYTES = 5  # one film in a hundred million is mistaken for one of 10,000
REVISION = 1
SPLITS = ("training", "validation")


@dataclass(frozen=True)
class SeenFilms:
    """Digests of the films of a run that a variant may know.

    Attributes:
        key: Of the digests.
        digests: By split, those of files and of pixels together.
    """

    key: bytes
    digests: Mapping[str, frozenset[bytes]]

    def split_of(self, image_id: str, pixels: bytes) -> str:
        """Return the split that a film belongs to, `training` or `validation`; empty for a film that is in neither.

        Args:
            image_id: See `images.image_id`; a suffix that tells exact copies apart does not count.
            pixels: The digest that `resemblance.film_mark` begins with.
        """
        found = {_digest(self.key, image_id.partition("-")[0].encode()), _digest(self.key, pixels)}
        return next((split for split in SPLITS if found & self.digests[split]), "")


def write_seen_films(folder: Path, films: Iterable[tuple[str, str, bytes]]) -> None:
    """Write the digests of a run's films, unless the file holds them already.

    Args:
        folder: Of the run.
        films: Image id, split and digest of the pixels of each film; test films are left out.
    """
    seen = [film for film in films if film[1] in SPLITS]
    key = hashlib.sha256("\n".join(sorted(f"{image} {split}" for image, split, _ in seen)).encode()).digest()
    content: dict[str, object] = {"revision": REVISION, "key": key.hex()}
    for split in SPLITS:
        own = [film for film in seen if film[1] == split]
        texts = [film[0].partition("-")[0].encode() for film in own] + [film[2] for film in own]
        packed = b"".join(sorted({_digest(key, text) for text in texts}))
        content[split] = base64.b64encode(packed).decode("ascii")
    text = json.dumps(content, indent=1) + "\n"
    path = folder / FILE
    if not (path.is_file() and path.read_text(encoding="utf-8", errors="replace") == text):
        write_text(path, text)


def read_seen_films(path: Path) -> SeenFilms | None:
    """Return what `write_seen_films` wrote; None where there is nothing, or nothing that can be read."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        content = json.loads(path.read_text(encoding="utf-8"))
        packed = {split: base64.b64decode(content[split], validate=True) for split in SPLITS}
        digests = {
            split: frozenset(
                whole[start : start + DIGEST_BYTES] for start in range(0, len(whole), DIGEST_BYTES)
            )
            for split, whole in packed.items()
        }
        if content["revision"] == REVISION:
            return SeenFilms(bytes.fromhex(content["key"]), digests)
    return None


def _digest(key: bytes, content: bytes) -> bytes:
    return hashlib.blake2b(content, key=key, digest_size=DIGEST_BYTES).digest()
