"""What a run was begun with: `run.json`, which may be shown, and what of it stays private.

The folder of the films, a weights file and a study file of one's own are paths of this machine, and a folder
may be named after a patient. They are written to the private folder and read from there.
"""

import dataclasses
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from radlib import digests, private, storage
from radlib.record_files import damaged, read_object
from radlib.settings import WITHHELD, is_place, shown
from radlib.studies import Study
from radlib.variants import library_versions

if TYPE_CHECKING:
    from radlib.runs import Run

RECORD = "run.json"
COPY = "put it back from a copy, or choose another --output"
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


def write_record(folder: Path, study: Study, overrides: Mapping[str, Any]) -> None:
    """Write what was asked, on which machine, with which libraries; and privately, where things lie."""
    if not (folder / RECORD).is_file():
        private.private_folder(folder)
        digests.begin(folder)
    places = {name: value for name, value in overrides.items() if is_place(name, value)}
    source = Path(study.source)
    places = {"study": str(source.resolve()) if source.is_file() else study.source, "overrides": places}
    private.write_places(folder, {**private.read_places(folder), **places})
    settings = [dataclasses.asdict(s) for s in study.network_settings(overrides)]
    record = {
        "study": study.name,
        "title": study.title,
        "overrides": shown(overrides),
        "settings": [shown(network) for network in settings],
        "libraries": library_versions(),
        "host": {"machine": platform.machine(), "system": platform.system(), "processors": os.cpu_count()},
        "opened": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    storage.write_json(folder / RECORD, record)


def read_record(folder: Path) -> RunRecord | None:
    """Return what a run was begun with; None when there is none in the folder.

    Without its private folder, a run is read with the study of its name, and films must be given anew.
    """
    path = folder / RECORD
    if not path.is_file():
        return None
    record = read_object(path, COPY, needs={"study": str})
    if not isinstance(record.get("overrides", {}), dict):
        raise damaged(path, "'overrides' is of another type", COPY)
    places = private.read_places(folder)
    overrides = {name: value for name, value in record.get("overrides", {}).items() if value != WITHHELD}
    # `study_source` is how records were written before there was a private folder
    source = places.get("study") or record.get("study_source") or record["study"]
    return RunRecord(record["study"], source, {**overrides, **places.get("overrides", {})})


def withheld(run: "Run", values: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters for notebooks, without those that name a place on this machine.

    Settings need none, since a notebook finds them in the run's record. What a notebook itself declares, such as
    films of one's own to read, is written to the private folder, and `place` gives it back there.
    """
    own = {name: values[name] for name in OWN_PLACES if values.get(name)}
    if own:
        private.write_places(run.folder, {**private.read_places(run.folder), "parameters": own})
    rest = {name: value for name, value in values.items() if not is_place(name, value)}
    return rest | dict.fromkeys(own, WITHHELD)


def place(run: "Run", name: str, value: str) -> str:
    """Return a notebook's parameter that names a place, looked up in the private folder where it was withheld."""
    if value != WITHHELD:
        return value
    return private.read_places(run.folder).get("parameters", {}).get(name, "")
