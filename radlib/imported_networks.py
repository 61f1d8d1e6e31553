"""Networks that were trained elsewhere and brought into a run: which there are, and how a study gets to them.

`radlib import` stores such a network as the *original* of a network called `imported@NAME`, and notes it in the run's
`imported.json`. From then on the run has it among its networks: in place of the study's own, or beside them. A study
may also name it itself, as a network with `architecture: imported` and `tag: NAME`, to give it chains of its own.
"""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from radlib.settings import Settings
from radlib.storage import write_json
from radlib.studies import Study

ARCHITECTURE = "imported"
FILE = "imported.json"


def is_imported(settings: Settings) -> bool:
    """Tell whether a network was trained elsewhere."""
    return settings.architecture == ARCHITECTURE


def with_imports(study: Study, folder: Path) -> Study:
    """Return a study with the networks that were brought into a run, those it names itself left as they are."""
    path = folder / FILE
    if not path.is_file():
        return study
    record = json.loads(path.read_text(encoding="utf-8"))
    added = [network for network in record["networks"] if not names(study, network["tag"])]
    if not added:
        return study
    own = [n for n in study.networks if record["beside"] or n.get("architecture") == ARCHITECTURE]
    return dataclasses.replace(study, networks=(*own, *added))


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
    before = json.loads(path.read_text(encoding="utf-8"))["networks"] if path.is_file() else []
    kept = [each for each in before if each["tag"] != network["tag"]]
    write_json(path, {"beside": beside, "networks": [*kept, dict(network)]})
