"""What a run knows of patients and of this machine, in the one folder that nothing else reads.

`<run>/private/` holds which file an image id stands for, where the films and the study lie, and, after a
failure, the whole message. Whoever passes a run on leaves this folder out; all other files of a run name films
by image id only. The folder is made so that only its owner can open it.
"""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from radlib.foundation import owner_only, storage
from radlib.foundation.errors import DataError
from radlib.foundation.extras import pandas as pd
from radlib.foundation.record_files import read_object, read_table

FOLDER = "private"
FILMS, PLACES, KEY = "films.csv", "places.json", "key"
SAY_AGAIN = "remove that file, and say where films and study lie with --data and --study"
KEY_BYTES = 32
UNDECODED = "surrogateescape"  # how Python holds the bytes of a file's name that are not UTF-8


def private_folder(parent: Path) -> Path:
    """Return the private folder of a run or a cache, made for its owner alone."""
    folder = parent / FOLDER
    with storage.disk_errors(folder):
        owner_only.make_folder(folder)
    return folder


def write_films(run_folder: Path, index: "pd.DataFrame") -> None:
    """Write which file each image id stands for; names that are not UTF-8 byte for byte as the disk has them.

    Args:
        run_folder: `outputs/<run>`.
        index: With `image_id` and `path`.
    """
    table = index[["image_id", "path"]].to_csv(index=False)
    path = private_folder(run_folder) / FILMS
    storage.write_text(path, table, errors=UNDECODED)
    owner_only.close(path)


def film_path(run_folder: Path, image_id: str) -> str:
    """Return where a film lies, for reading it; never to be shown.

    Raises:
        DataError: When the run has no such film.
    """
    table = run_folder / FOLDER / FILMS
    if table.is_file():
        films = read_table(
            table,
            ("image_id", "path"),
            SAY_AGAIN,
            dtype=str,
            keep_default_na=False,
            encoding_errors=UNDECODED,
        )
        paths = films.set_index("image_id")["path"]
        if image_id in paths.index:
            return paths[image_id]
    raise DataError(
        f"This run does not know where film {image_id} lies; open its films again where they are stored."
    )


def write_places(run_folder: Path, places: Mapping[str, Any]) -> None:
    """Write where a run's films and study lie on this machine."""
    path = private_folder(run_folder) / PLACES
    storage.write_json(path, dict(places))
    owner_only.close(path)


def read_places(run_folder: Path) -> dict[str, Any]:
    """Return what `write_places` wrote; nothing for a run that came from another machine."""
    path = run_folder / FOLDER / PLACES
    return read_object(path, SAY_AGAIN) if path.is_file() else {}


def digest_key(parent: Path) -> bytes:
    """Return the random key of a folder's digests of patient numbers; made at the first call.

    Hospital numbers are short, so that a plain digest of one is found by trying them all. Without the key it
    cannot be. It has to be the same only as long as what was digested with it is remembered, so it lies beside
    that memory.
    """
    path = private_folder(parent) / KEY
    if not path.is_file():
        storage.write_text(path, secrets.token_hex(KEY_BYTES))
        owner_only.close(path)
    return bytes.fromhex(path.read_text(encoding="utf-8"))
