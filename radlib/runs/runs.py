"""Opening a run: the output folder of a study, new or begun, with the settings that hold in it.

What is asked is settled first (`planned_run`), without writing anything; `open_run` then notes it in the folder.
A start of `radlib run` holds the folder meanwhile, so that no other opening changes what it works by.
"""

import os
from pathlib import Path
from typing import Any

from radlib.foundation.errors import UsageError
from radlib.foundation.places import made_or_removed, resolved, shortest
from radlib.runs.imported_networks import with_imports
from radlib.runs.run_locks import only_start
from radlib.runs.run_records import RECORD, adds_to_record, begun_record, read_record, write_record
from radlib.runs.stored_runs import Run
from radlib.runs.studies import home_folder, load_study

# What a start that was cut off may leave before there is a record.
OWN_NAMES = ("private", "reports", "variants", "checkpoints", "radlib.log", "failure.txt", "imported.json")


def open_run(
    output: str = "",
    *,
    study: str = "demo",
    fresh: bool = False,
    network: str | None = None,
    seed: int | None = None,
    keep_settings: bool = False,
    **given: Any,
) -> Run:
    """Open an output folder for a study, new or begun.

    Args:
        output: The folder; empty for `<RADLIB_OUTPUTS or outputs>/<study>`.
        study: Name of a study, or a YAML file.
        fresh: Rebuild what was made to other settings instead of refusing.
        network: Which of the study's networks (`architecture[@tag]`) to work on; None is the first. One that
            the study does not have takes the place of those it has.
        seed: Which of the study's seeds; None is the first. Another takes the place of the study's.
        keep_settings: Whether what is given holds for later openings too. It always does while the run has no
            variant, and with `fresh`; otherwise a setting that the variants were not made to, tried in one
            notebook, would be refused by all of them from then on.
        **given: Settings that override the study's; None means "as the study says".

    Returns:
        The run. Settings given when it was begun hold in later openings.

    Raises:
        UsageError: When the folder belongs to another study, or a setting is unknown or ill-typed.
    """
    asked: dict[str, Any] = {"study": study, "fresh": fresh, "network": network, "seed": seed}
    run = planned_run(output, **asked, **given)
    with made_or_removed(run.folder):
        _note(run, keep_settings)
    return run


def _note(run: Run, keep_settings: bool) -> None:
    """Note in the folder what a run is opened with, unless that stands there already."""
    begun = read_record(run.folder)
    made = any(run.folder.glob("variants/[!.]*/variant.json"))
    keeps = run.fresh or keep_settings or not made
    overrides = run.overrides if begun is None or keeps else begun.overrides
    if begun is not None and not adds_to_record(run.folder, run.study, overrides):
        return
    with only_start(run.folder):
        write_record(run.folder, run.study, overrides, made=made)


def planned_run(
    output: str = "",
    *,
    study: str = "demo",
    fresh: bool = False,
    network: str | None = None,
    seed: int | None = None,
    **given: Any,
) -> Run:
    """Return the run that `open_run` opens, without writing anything.

    Raises:
        UsageError: When the folder is none for a run, belongs to another study, or a setting is unknown or ill-typed.
    """
    folder = run_folder(output, study)
    check_output(folder)
    begun = read_record(folder)
    definition = load_study(begun.source if begun is not None and study == begun.study else study)
    definition = with_imports(definition, folder)
    overrides = {k: v for k, v in given.items() if v is not None and v != ""}
    if begun is not None:
        if begun.study != definition.name:
            raise UsageError(
                f"{folder.name} belongs to the study {begun.study!r}, not to {definition.name!r}; "
                "choose another --output."
            )
        overrides = {**begun.overrides, **overrides}
    if network and network not in [s.network for s in definition.network_settings()]:
        architecture, _, tag = network.partition("@")
        overrides |= {"architecture": architecture, "tag": tag}
    if seed is not None and seed not in [s.seed for s in definition.network_settings()]:
        overrides["seed"] = seed
    candidates = definition.network_settings(overrides)
    chosen = [
        s for s in candidates if (not network or s.network == network) and (seed is None or s.seed == seed)
    ]
    return Run(folder, definition, (chosen or candidates)[0], overrides, fresh)


def reopen_run(folder: Path) -> Run:
    """Return a run that was begun, with the study and settings it was begun with; nothing is written."""
    return planned_run(str(folder), study=begun_record(folder).source)


def check_output(folder: Path) -> None:
    """Make sure that a folder is one that a run may be written to: missing, empty, or a run's own.

    Raises:
        UsageError: When it is a file, or holds what no run has written; nothing of that is to be overwritten.
    """
    for place in (folder, *folder.parents):
        if place.exists() and not place.is_dir():
            raise UsageError(f"{place.name!r} is a file; give a folder for the run with --output.")
    if not folder.is_dir() or (folder / RECORD).is_file():
        return
    for path in folder.iterdir():
        if not path.name.startswith(".") and path.name not in OWN_NAMES:
            raise UsageError(
                f"The folder {folder.resolve().name!r} holds other files and is no run; give a new one with --output."
            )


def run_folder(output: str, study: str) -> Path:
    """Return the folder of a run: the one given, else `RADLIB_RUN`, else `<RADLIB_OUTPUTS or outputs>/<study>`.

    `radlib run` names its folder to the notebooks by that variable, so that no path stands in a report.
    """
    if output or os.environ.get("RADLIB_RUN"):
        return shortest(resolved(output or os.environ["RADLIB_RUN"]))
    return shortest(resolved(outputs_root() / load_study(study).name))


def outputs_root() -> Path:
    """Return the folder that runs are written to: `RADLIB_OUTPUTS`, else `outputs`."""
    return Path(os.environ.get("RADLIB_OUTPUTS") or home_folder() / "outputs")
