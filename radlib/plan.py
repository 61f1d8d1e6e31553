"""Which notebooks a run executes, with which parameters: settled and checked before the first cell runs."""

import contextlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from radlib.errors import UsageError
from radlib.imported_networks import is_imported
from radlib.parameters import Declared, parse_values
from radlib.runs import Run
from radlib.settings import SETTING_TYPES, Settings
from radlib.studies import Study, notebooks_folder

# Options of their own on the command line.
RESERVED = {"output": "--output", "study": "--study", "fresh": "--fresh"}


@dataclass(frozen=True)
class Step:
    """One notebook to execute.

    Attributes:
        notebook: Its file.
        report: File name of the executed copy.
        parameters: What is injected below its parameters cell.
    """

    notebook: Path
    report: str
    parameters: Mapping[str, Any]


def notebook_files(study: Study, wanted: Sequence[str] = ()) -> list[Path]:
    """Return the study's notebooks, or those of them whose number or name is wanted, in the study's order.

    Raises:
        UsageError: For one that the study or the series does not have.
    """
    for name in wanted:
        if not any(_is_called(notebook, name) for notebook in study.notebooks):
            raise UsageError(
                f"Study {study.name!r} has no notebook {name!r}; it has: {', '.join(study.notebooks)}."
            )
    names = [n for n in study.notebooks if not wanted or any(_is_called(n, name) for name in wanted)]
    files = [notebooks_folder() / f"{name}.ipynb" for name in names]
    for path in files:
        if not path.is_file():
            there = ", ".join(sorted(p.stem for p in notebooks_folder().glob("*.ipynb"))) or "none"
            raise UsageError(f"There is no notebook {path.stem!r}; there are: {there}.")
    return files


def _is_called(notebook: str, name: str) -> bool:
    return name.removesuffix(".ipynb") in (notebook, notebook.split("_")[0])


def given_values(declared: Mapping[Path, Mapping[str, Declared]], given: Mapping[str, str]) -> dict[str, Any]:
    """Return the typed values of what was given as `-p NAME VALUE`.

    Raises:
        UsageError: For a name that is neither a setting nor a parameter of a notebook, or an ill-typed value.
    """
    for name in given:
        if name in RESERVED:
            raise UsageError(f"{name!r} is not given with -p; use {RESERVED[name]}.")
    return parse_values(given, known_types(declared))


def known_types(declared: Mapping[Path, Mapping[str, Declared]]) -> dict[str, type]:
    """Return the type of everything that `-p` takes: all settings, and what the notebooks declare beside."""
    types = {name: p.type for parameters in declared.values() for name, p in parameters.items()}
    types |= {"network": str, **SETTING_TYPES}
    return {name: kind for name, kind in types.items() if name not in RESERVED}


def check_settings(networks: Sequence[Run]) -> None:
    """Look up everything that the settings name, so that a mistake is found before the first cell.

    Raises:
        UsageError: For a data set, architecture, technique, option or chain that does not exist, or an untrained network.
        DataError: When the films' folder is missing or empty.
        SetupError: When there is no such weights file.
    """
    from radlib.architectures.weights import find_weights
    from radlib.baselines import original_format
    from radlib.registry import ARCHITECTURES, TECHNIQUES
    from radlib.techniques import check_chain

    for run in networks:
        data_folder(run.settings)
        if not is_imported(run.settings):
            ARCHITECTURES[run.settings.architecture].complete(run.settings.architecture_options)
        weights = find_weights(run.settings.weights)
        if run.settings.epochs == 0 and weights in ("none", "imagenet") and not is_imported(run.settings):
            raise UsageError(
                f"{run.network} is not trained (epochs 0) and brings no weights; set weights to the file of a trained network, "
                "or epochs to 1 or more."
            )
        for technique, options in run.settings.technique_options.items():
            TECHNIQUES[technique].complete(options)
        for chain in run.settings.chains:
            check_chain(chain, original=original_format(run))


def data_folder(settings: Settings) -> Path | None:
    """Return the folder that the films will be read from; None where they will be drawn.

    Raises:
        UsageError: When there is no such data set, or it has no such option.
        DataError: When the folder is missing or empty.
    """
    from radlib.datasets import folder_of
    from radlib.registry import DATASETS

    entry = DATASETS[settings.dataset]
    entry.complete(settings.dataset_options)
    if not entry.facts.get("needs_files", True):
        return None
    with contextlib.redirect_stdout(io.StringIO()):  # the notebook says it again
        return folder_of(settings)


def is_per_network(notebook: str) -> bool:
    """Whether a notebook runs once per network and seed: 02 to 04, and the methods 10 to 19."""
    return notebook[:2] in ("02", "03", "04") or (notebook[0] == "1" and notebook[1:2].isdigit())


def tells_of(notebook: str, network: Run) -> bool:
    """Whether a notebook has something to tell of a network: one that was imported was not trained here.

    What is a LiteRT file cannot be trained further either; notebooks 05 and 06 have all there is to say of it.
    """
    if not is_imported(network.settings):
        return True
    from radlib.baselines import original_format

    return notebook[:2] != "02" and original_format(network) == "keras"


def steps_of(
    path: Path, declared: Mapping[str, Declared], networks: Sequence[Run], values: dict, run: Run
) -> list[Step]:
    """Return one step, or one per network; a notebook gets only parameters that it declares, and no path."""
    if not is_per_network(path.stem):
        passed = {k: v for k, v in values.items() if k in declared and k not in ("network", "seed")}
        return [Step(path, f"{path.stem}.ipynb", passed)]
    steps = []
    for network in networks:
        if not tells_of(path.stem, network):
            continue
        mine = {**values, "network": network.network, "seed": network.settings.seed}
        suffix = f"-{network.network}-seed{network.settings.seed}" if len(networks) > 1 else ""
        passed = {k: v for k, v in mine.items() if k in declared}
        steps.append(Step(path, f"{path.stem}{suffix}.ipynb", passed))
    return steps


def chosen_networks(run: Run, network: str | None, seed: int | None) -> list[Run]:
    """Return the run once per network and seed of its study; only those named, when they are named."""
    return [n for n in run.networks() if _is_chosen(n, network, seed)]


def _is_chosen(run: Run, network: str | None, seed: int | None) -> bool:
    return (not network or run.network == network) and (seed is None or run.settings.seed == seed)
