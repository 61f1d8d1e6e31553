"""Fetch the films of a data set, check them, and put them where they will be found.

Everything is brought into a folder of its own, `data/.fetching.NAME`, checked there, and renamed to `data/NAME` when it
is whole: a download that was cut off is never read as a data set. It is gone on with by the same command: finished files
are recognised by their digest, an unfinished one is continued where the server can. What may not be fetched by a program,
because an account or accepted rules are needed or there is no network, ends in a sentence on what to do by hand.
"""

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from radlib.datasets.fetching import archives
from radlib.datasets.fetching.downloading import download as resume_download
from radlib.datasets.fetching.sources import Download, Source
from radlib.foundation.errors import DataError, RadlibError, SetupError, UsageError
from radlib.foundation.extras import told
from radlib.foundation.registry import DATASETS
from radlib.foundation.storage import disk_errors
from radlib.runs.studies import home_folder


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
    """Download every file that is not here yet, check it, and unpack archives; return the folder that is whole."""
    loading, whole = building / "loading", building / "whole"
    whole.mkdir(exist_ok=True)
    for wanted in source.downloads:
        say(f"Fetching {wanted.file} …")
        path = download_file(wanted, loading if wanted.unpack else whole, loading)
        place = whole / wanted.file.partition(".")[0]
        if (
            wanted.unpack and not place.is_dir()
        ):  # else unpacked by an earlier start, which does so wholly or not at all
            archives.unpack(path, place)
    return whole


def download_file(wanted: Download, folder: Path, loading: Path) -> Path:
    """Download one file, or go on with it, and check its digest.

    Args:
        wanted: What to fetch.
        folder: Where to put it when it is whole.
        loading: Where to keep it until then.

    Returns:
        The file.

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
        partial = loading / f"{wanted.file}.partial"
        resume_download(url, Path(output), partial=partial, most_bytes=wanted.most_bytes)

    try:
        return Path(pooch.retrieve(wanted.url, wanted.digest, wanted.file, folder, downloader=downloader))
    except requests.RequestException:
        raise SetupError(
            f"{wanted.file} could not be fetched, as its server cannot be reached or broke off; what has arrived is kept, "
            "and the same command goes on from there."
        ) from None
    except ValueError:  # pooch: another digest
        raise DataError(
            f"{wanted.file} has another digest than its publisher gives, and was not kept; try again later."
        ) from None


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
    archives.check_tree(Path(place))
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
