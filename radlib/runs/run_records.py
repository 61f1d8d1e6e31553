"""What a run was begun with: `run.json`, which may be shown, and what of it stays private.

The folder of the films, a weights file and a study file of one's own are paths of this machine, and a folder
may be named after a patient. They are written to the private folder and read from there.
"""

import dataclasses
import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from radlib.foundation import digests, storage
from radlib.foundation.errors import UsageError
from radlib.foundation.processors import processors, threads
from radlib.foundation.record_files import damaged, read_object, remembered
from radlib.runs import private
from radlib.runs.settings import WITHHELD, is_place, shown
from radlib.runs.studies import Study
from radlib.runs.variants import library_versions

RECORD = "run.json"
COPY = "put it back from a copy, or choose another --output"
MOST_OPENINGS = 99  # noted beside what made the run; older ones go first
OWN_PLACES = ("own_films",)  # parameters of notebooks that name a place on this machine


@dataclass(frozen=True)
class RunRecord:
    """What a run was begun with.

    Attributes:
        study: The study's name.
        source: The name or file it is read from.
        overrides: Settings given beside the study's.
    """

    study: str
    source: str
    overrides: Mapping[str, Any]


def write_record(folder: Path, study: Study, overrides: Mapping[str, Any], *, made: bool = False) -> None:
    """Write what was asked, on which machine, with which libraries; and privately, where things lie.

    Args:
        folder: Of the run.
        study: Its study.
        overrides: Settings given beside the study's that hold from now on.
        made: Whether the run has variants. What they were made on and with is kept then, and this opening is added.
    """
    if not (folder / RECORD).is_file():
        with storage.disk_errors(folder / RECORD):
            private.private_folder(folder)
            digests.begin(folder)
    private.write_places(folder, {**private.read_places(folder), **_places(study, overrides)})
    before = _record(folder) if made else {}
    now = _opening(overrides)
    if "host" in before:
        openings = before.get("openings", [])
        if _differs(before, now):
            openings = [*openings[-MOST_OPENINGS:], now]
        record = {**before, "overrides": shown(overrides), "openings": openings}
    else:
        networks = [shown(dataclasses.asdict(s)) for s in study.network_settings(overrides)]
        record = {"study": study.name, "title": study.title, **now, "settings": networks}
    storage.write_json(folder / RECORD, record)


def adds_to_record(folder: Path, study: Study, overrides: Mapping[str, Any]) -> bool:
    """Tell whether an opening of a run that was begun has anything to note that is not noted there."""
    places = private.read_places(folder)
    moved = any(places.get(name) != value for name, value in _places(study, overrides).items())
    return moved or _differs(_record(folder), _opening(overrides))


def _opening(overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is noted of one opening of a run."""
    return {
        "overrides": shown(overrides),
        "libraries": library_versions(),
        "host": {
            "machine": platform.machine(),
            "system": platform.system(),
            "processors": processors(),
            "threads": threads(),  # networks are the same, bit for bit, only where this is
        },
        "opened": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _differs(record: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Tell whether an opening differs from the last one that is noted, but for its time."""
    last = [record, *record.get("openings", [])][-1]
    now = json.loads(json.dumps(now, default=str))
    return any(last.get(name) != now[name] for name in ("libraries", "host")) or (
        record.get("overrides") != now["overrides"]
    )


def _places(study: Study, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Return where things lie on this machine, as the private folder keeps it."""
    source = Path(study.source)
    return {
        "study": str(source.resolve()) if source.is_file() else study.source,
        "overrides": {name: value for name, value in overrides.items() if is_place(name, value)},
    }


def _record(folder: Path) -> dict[str, Any]:
    """Return a run's record; nothing when there is none.

    Raises:
        DataError: When the file is damaged.
    """
    path = folder / RECORD
    if not path.is_file():
        return {}
    record = read_object(path, COPY, needs={"study": str})
    if not isinstance(record.get("overrides", {}), dict):
        raise damaged(path, "'overrides' is of another type", COPY)
    return record


def begun_record(folder: Path) -> RunRecord:
    """Return what a run was begun with.

    Raises:
        UsageError: When the folder is no run.
    """
    record = read_record(folder)
    if record is None:
        raise no_run(folder)
    return record


def no_run(folder: Path) -> UsageError:
    """Return the sentence that a folder, which is there, is not that of a run."""
    name = folder.resolve().name
    return UsageError(f"{name!r} is not the folder of a run; give one under outputs, e.g. outputs/demo.")


def read_record(folder: Path) -> RunRecord | None:
    """Return what a run was begun with; None when there is none in the folder.

    Without its private folder, a run is read with the study of its name, and films must be given anew.
    """
    record = _record(folder)
    if not record:
        return None
    places = private.read_places(folder)
    overrides = {name: value for name, value in record.get("overrides", {}).items() if value != WITHHELD}
    # `study_source` is how records were written before there was a private folder
    source = places.get("study") or record.get("study_source") or record.get("study", "")
    return RunRecord(str(record.get("study", "")), str(source), {**overrides, **places.get("overrides", {})})


def margins_in(folder: Path) -> tuple[float | None, float | None]:
    """Return the margins of AUROC (or Dice, or box score) and of rates that a run was asked with; None where no record says them."""
    record = remembered(folder / RECORD)
    settings = {**next(iter(record.get("settings") or ()), {}), **record.get("overrides", {})}
    margin, rate_margin = settings.get("margin"), settings.get("rate_margin")
    return margin, rate_margin


def withheld(folder: Path, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters for notebooks, without those that name a place on this machine.

    Settings need none, since a notebook finds them in the run's record. What a notebook itself declares, such as
    films of one's own to read, is written to the private folder, and `place` gives it back there.
    """
    own = {name: values[name] for name in OWN_PLACES if values.get(name)}
    if own:
        private.write_places(folder, {**private.read_places(folder), "parameters": own})
    rest = {name: value for name, value in values.items() if not is_place(name, value)}
    return rest | dict.fromkeys(own, WITHHELD)


def place(folder: Path, name: str, value: str) -> str:
    """Return a notebook's parameter that names a place, looked up in the private folder where it was withheld."""
    if value != WITHHELD:
        return value
    return private.read_places(folder).get("parameters", {}).get(name, "")
