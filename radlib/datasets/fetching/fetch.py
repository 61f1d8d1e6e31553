"""Fetch the films of a data set, check them, and put them where they will be found.

Everything is brought into a folder of its own, `data/.fetching.NAME`, checked there, and renamed to `data/NAME` when it
is whole: a download that was cut off is never read as a data set. It is gone on with by the same command: finished files
are recognised by their digest, an unfinished one is fetched anew. What may not be fetched by a program,
because an account or accepted rules are needed or there is no network, ends in a sentence on what to do by hand.
"""

import contextlib
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tqdm import tqdm

from radlib.datasets.fetching.sources import Download, Source
from radlib.foundation.errors import DataError, RadlibError, SetupError, UsageError
from radlib.foundation.extras import told
from radlib.foundation.registry import DATASETS
from radlib.foundation.storage import disk_errors
from radlib.runs.studies import home_folder

CONNECT_SECONDS, READ_SECONDS = 10, 60
BLOCK_BYTES = 1 << 16
MOST_FILES, MOST_BYTES = 300_000, 200_000_000_000  # of a data set


def fetch(name: str, folder: Path | None = None, *, say: Callable[[str], None] = print) -> Path:
    """Fetch a data set, unless it is there.

    Args:
        name: Of a registered data set.
        folder: Where to; None takes `$RADLIB_DATA/NAME`, else `data/NAME`.
        say: Tells the user what is done.

    Returns:
        The folder that holds the films.

    Raises:
        UsageError: When there is no such data set, or it is made or owned here.
        DataError: When what came is not what was published.
        SetupError: When there is no network, no account, no accepted rules, or a library is missing; the message says
            what to do by hand.
    """
    source = _source_of(name)
    target = folder or Path(os.environ.get("RADLIB_DATA") or home_folder() / "data") / name
    if target.is_dir() and any(target.iterdir()):
        say(f"{name} is already in {target}; to fetch it again, remove that folder.")
        return target
    building = target.with_name(f".fetching.{target.name}")
    try:
        with disk_errors(target):
            building.mkdir(parents=True, exist_ok=True)
            bring = _from_server if source.downloads else _from_kaggle
            arrived = bring(source, building, say)
            if building not in (arrived, *arrived.parents):
                say(f"{name} is mounted here: give --data {arrived}")
                return arrived
            with contextlib.suppress(FileNotFoundError):
                target.rmdir()  # an empty one is in the way of the renaming
            arrived.rename(target)
    except (DataError, SetupError) as error:
        raise type(error)(f"{error} By hand: {source.by_hand}.") from None
    shutil.rmtree(building, ignore_errors=True)
    say(f"{name} is in {target}.")
    return target


def _source_of(name: str) -> Source:
    """Return where a data set can be had."""
    source = DATASETS[name].facts.get("source")
    if source is None:
        fetchable = [entry.name for entry in DATASETS if "source" in entry.facts]
        raise UsageError(
            f"The data set {name!r} is drawn here or consists of your own films; these can be fetched: "
            f"{', '.join(fetchable)}."
        )
    return source


def _from_server(source: Source, building: Path, say: Callable[[str], None]) -> Path:
    """Download every file that is not here yet, and check it; return the folder that is whole."""
    whole = building / "whole"
    whole.mkdir(exist_ok=True)
    for wanted in source.downloads:
        say(f"Fetching {wanted.file} …")
        _download_file(wanted, whole)
    return whole


def _download_file(wanted: Download, folder: Path) -> None:
    """Download one file, unless it is there, and check its digest.

    Raises:
        DataError: When its digest differs, or it is longer than it may be; nothing of it is kept then.
        MissingExtra: When pooch is not installed.
        SetupError: When the server cannot be reached.
    """
    with told():
        import pooch
        import requests
    pooch.get_logger().setLevel("ERROR")

    def downloader(url: str, output: str, _: object) -> None:
        asked: dict[str, Any] = {
            "headers": {"Accept-Encoding": "identity"},
            "timeout": (CONNECT_SECONDS, READ_SECONDS),
        }
        with requests.get(url, stream=True, **asked) as answer:
            answer.raise_for_status()
            _write(answer, Path(output), wanted)

    try:
        pooch.retrieve(wanted.url, wanted.digest, wanted.file, folder, downloader=downloader)
    except requests.RequestException:
        raise SetupError(
            f"{wanted.file} could not be fetched, as its server cannot be reached or broke off; the same command tries "
            "again, and keeps the files that are whole."
        ) from None
    except ValueError:  # pooch: another digest
        raise DataError(
            f"{wanted.file} has another digest than its publisher gives, and was not kept; try again later."
        ) from None


def _write(answer: Any, output: Path, wanted: Download) -> None:
    """Write what a server sends, and no more bytes than the published file has."""
    total = int(answer.headers.get("Content-Length", 0)) or None
    bar = tqdm(desc=wanted.file, total=total, unit="B", unit_scale=True, leave=False, disable=None)
    with output.open("wb") as stream, bar:
        for block in answer.iter_content(BLOCK_BYTES):
            if stream.tell() + len(block) > wanted.most_bytes:
                raise DataError(
                    f"{wanted.file} is longer than the published file, and was not kept; fetch it by hand."
                )
            stream.write(block)
            bar.update(len(block))


def _from_kaggle(source: Source, building: Path, say: Callable[[str], None]) -> Path:
    """Download from Kaggle with its own client; return the folder that is whole."""
    with told():
        import kagglehub
    say(f"Fetching from {source} …")
    with _kaggle_cache(building / "kaggle"):
        try:
            if source.competition:
                place = kagglehub.competition_download(source.competition)
            else:
                place = kagglehub.dataset_download(source.kaggle)
        except (KeyboardInterrupt, RadlibError):
            raise
        except Exception as error:  # a dozen kinds, whose texts may hold a key
            raise SetupError(f"Kaggle did not give {source}: {_reason(error)}.") from None
    check_tree(Path(place))
    return Path(place)


def _reason(error: Exception) -> str:
    """Return in a few words why Kaggle refused."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status in (401, 403) or type(error).__name__ in ("CredentialError", "UnauthenticatedError"):
        return "sign in (kaggle.com, Settings, API) and accept the rules, if it has any"
    return f"the server answered {status}" if status else "it cannot be reached"


@contextlib.contextmanager
def _kaggle_cache(folder: Path) -> Iterator[None]:
    """Have kagglehub keep its files beside ours, where a broken download is gone on with and removed at last."""
    before = os.environ.get("KAGGLEHUB_CACHE")
    os.environ["KAGGLEHUB_CACHE"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["KAGGLEHUB_CACHE"]
        else:
            os.environ["KAGGLEHUB_CACHE"] = before


def check_tree(folder: Path, *, most_files: int = MOST_FILES, most_bytes: int = MOST_BYTES) -> None:
    """Make sure that a folder unpacked by others holds plain files only, and no more than a data set does.

    Raises:
        DataError: For a link, a device, or too many files or bytes.
    """
    files = total = 0
    for path in folder.rglob("*"):
        status = path.lstat()
        if stat.S_ISREG(status.st_mode):
            files, total = files + 1, total + status.st_size
        elif not stat.S_ISDIR(status.st_mode):
            raise _refused(folder, "holds a link or a device")
        if files > most_files or total > most_bytes:
            raise _refused(folder, "holds more than a data set does")


def _refused(where: Path, what: str) -> DataError:
    return DataError(
        f"{where.name} {what}, and nothing of it was kept; fetch it from where it was published."
    )
