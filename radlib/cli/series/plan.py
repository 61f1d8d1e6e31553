"""Which notebooks a run executes, with which parameters: settled and checked before the first cell runs."""

import contextlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from radlib.cli.series.parameters import Declared, parse_values
from radlib.foundation.errors import UsageError
from radlib.foundation.names import check_known, nearest
from radlib.foundation.places import check_apart, check_plain_name, inside
from radlib.foundation.registry import DATASETS
from radlib.foundation.storage import file_sha256
from radlib.runs.imported_networks import is_imported
from radlib.runs.settings import SETTING_TYPES, Settings, is_place
from radlib.runs.stored_runs import Run
from radlib.runs.studies import Study, notebooks_folder

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

    Each is one of the series by its name, or one that lies beside the study's own file, named from there with its
    ending: a study that came from elsewhere runs nothing that did not come with it.

    Raises:
        UsageError: For one that the study or the series does not have, that lies elsewhere, or that is named twice.
    """
    for name in wanted:
        if not any(_is_called(notebook, name) for notebook in study.notebooks):
            raise UsageError(
                f"Study {study.name!r} has no notebook {name[:60]!r}{nearest(name, study.notebooks)}; it has: "
                f"{', '.join(study.notebooks)}."
            )
    files = [_notebook_file(study, name) for name in study.notebooks]
    stems = [path.stem for path in files]
    if twice := next((stem for stem in stems if stems.count(stem) > 1), ""):
        raise UsageError(
            f"Study {study.name!r} names a notebook {twice!r} twice; its report would be overwritten."
        )
    names = [n for n in study.notebooks if not wanted or any(_is_called(n, name) for name in wanted)]
    return [path for path, name in zip(files, study.notebooks, strict=True) if name in names]


def _notebook_file(study: Study, name: str) -> Path:
    series = sorted(path.stem for path in notebooks_folder().glob("*.ipynb"))
    if name.removesuffix(".ipynb") in series:
        return notebooks_folder() / f"{name.removesuffix('.ipynb')}.ipynb"
    if study.folder is not None and name.endswith(".ipynb"):
        path = inside(study.folder, name, "The notebook")
        if path.is_file() and path.suffix == ".ipynb":
            check_plain_name(path.stem, "The notebook")
            return path
    raise UsageError(
        f"There is no notebook {name[:60]!r}{nearest(name, series)}; there are: {', '.join(series) or 'none'}, and those "
        "that lie beside a study file of your own, with their ending .ipynb."
    )


def foreign_notebooks(study: Study, files: Sequence[Path]) -> list[str]:
    """Return what to say of code and places that came with a study file, before anything of it is run."""
    lines = [
        f"{path.name} is none of radlib's notebooks: it lies beside the study file, sha256 {file_sha256(path)}, and its code "
        "is run."
        for path in files
        if path.parent.resolve() != notebooks_folder().resolve()
    ]
    if study.folder is not None:
        named = {**study.parameters, **{k: v for network in study.networks for k, v in network.items()}}
        lines += [f"The study file sets {k} to {v}." for k, v in named.items() if is_place(k, v)]
    return lines


def _is_called(notebook: str, name: str) -> bool:
    stem = Path(notebook).name.removesuffix(".ipynb")
    return name.removesuffix(".ipynb") in (stem, notebook.removesuffix(".ipynb"), stem.split("_")[0])


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
        UsageError: For a data set, architecture, technique, option or chain that does not exist, an untrained network,
            a run among its films, or a variant that is there and was made otherwise.
        DataError: When the films' folder is missing or empty.
        SetupError: When there is no such weights file.
    """
    from radlib.imaging.augmentation import (
        Augmentation,  # this and the following here: what is mistyped is refused at once
    )
    from radlib.imaging.operations import OPERATIONS

    for run in networks:
        Augmentation.from_dict(run.settings.augmentation)
        Augmentation.from_dict(run.settings.perturbation)
        if any(len(pair) != 2 for pair in run.settings.pairs):
            raise UsageError("Setting 'pairs' takes a list of pairs of chains, such as [[int8, float16]].")
        for name in run.settings.operations:
            check_known("operation", name, OPERATIONS)
        if (folder := data_folder(run.settings)) is not None:
            check_apart(run.folder, folder)
    from radlib.architectures.weights import find_weights
    from radlib.foundation.registry import ARCHITECTURES

    for run in networks:
        if not is_imported(run.settings):
            ARCHITECTURES[run.settings.architecture].complete(run.settings.architecture_options)
        weights = find_weights(run.settings.weights)
        if run.settings.epochs == 0 and weights in ("none", "imagenet") and not is_imported(run.settings):
            raise UsageError(
                f"{run.network} is not trained (epochs 0) and brings no weights; set weights to the file of a trained network, "
                "or epochs to 1 or more."
            )
    from radlib.foundation.registry import TECHNIQUES
    from radlib.techniques.building import check_as_made, check_chain
    from radlib.training.baselines import original_format

    for run in networks:
        for technique, options in run.settings.technique_options.items():
            TECHNIQUES[technique].complete(options)
        for chain in run.settings.chains:
            check_chain(chain, original=original_format(run))
        check_as_made(run)


def data_folder(settings: Settings) -> Path | None:
    """Return the folder that the films will be read from; None where they will be drawn.

    Raises:
        UsageError: When there is no such data set, or it has no such option.
        DataError: When the folder is missing or empty.
    """
    from radlib.datasets.dataset import folder_of

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
    from radlib.training.baselines import original_format

    return notebook[:2] != "02" and original_format(network) == "keras"


def steps_of(
    path: Path, declared: Mapping[str, Declared], networks: Sequence[Run], values: dict
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
    return [
        each
        for each in run.networks()
        if (not network or each.network == network) and (seed is None or each.settings.seed == seed)
    ]
