"""Networks that were trained elsewhere and brought into a run: which there are, and how a study gets to them.

`radlib import` stores such a network as the *original* of a network called `imported@NAME`, and notes it in the run's
`imported.json`. From then on the run has it among its networks: in place of the study's own, or beside them. A study
may also name it itself, as a network with `architecture: imported` and `tag: NAME`, to give it chains of its own.
"""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from radlib.foundation.record_files import damaged, read_object
from radlib.foundation.storage import write_json
from radlib.runs.settings import Settings
from radlib.runs.studies import Study

ARCHITECTURE = "imported"
IMPORT_AGAIN = "remove it and bring the networks in again with radlib import"
FILE = "imported.json"


def is_imported(settings: Settings) -> bool:
    """Tell whether a network was trained elsewhere."""
    return settings.architecture == ARCHITECTURE


def with_imports(study: Study, folder: Path) -> Study:
    """Return a study with the networks that were brought into a run, those it names itself left as they are."""
    path = folder / FILE
    if not path.is_file():
        return study
    record = _noted(path)
    added = [network for network in record["networks"] if not names(study, network["tag"])]
    if not added:
        return study
    own = [n for n in study.networks if record["beside"] or n.get("architecture") == ARCHITECTURE]
    return dataclasses.replace(study, networks=(*own, *added))


def _noted(path: Path) -> dict[str, Any]:
    """Return which networks were brought into a run."""
    record = read_object(path, IMPORT_AGAIN, needs={"networks": list, "beside": bool})
    if not all(
        isinstance(network, dict) and isinstance(network.get("tag"), str) for network in record["networks"]
    ):
        raise damaged(path, "a network in it has no name", IMPORT_AGAIN)
    return record


def names(study: Study, tag: str) -> bool:
    """Tell whether a study names an imported network itself."""
    return any(n.get("architecture") == ARCHITECTURE and n.get("tag") == tag for n in study.networks)


def note_import(folder: Path, network: Mapping[str, Any], *, beside: bool) -> None:
    """Note that a network was brought into a run; one of the same name takes the place of the earlier.

    Args:
        folder: Of the run.
        network: The settings in which it differs from the study's, among them `architecture` and `tag`.
        beside: Whether the study's own networks are to be trained as well.
    """
    path = folder / FILE
    before = _noted(path)["networks"] if path.is_file() else []
    kept = [each for each in before if each["tag"] != network["tag"]]
    write_json(path, {"beside": beside, "networks": [*kept, dict(network)]})
