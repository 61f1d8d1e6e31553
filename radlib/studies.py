"""A study: one commented YAML file that says which films, which networks, which variants, how judged.

It holds settings (see `radlib.settings`) that all its networks share, and what each network has of its own.
"""

import dataclasses
import os
import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from radlib.errors import UsageError
from radlib.registry import nearest
from radlib.settings import Settings


@dataclass(frozen=True)
class Study:
    """A study file.

    Attributes:
        name: Its short name, also the default output folder's.
        title: One line for the report.
        notes: What a reader of the results must know, e.g. which hint came from where.
        parameters: Settings that all networks share.
        networks: Per network, the settings in which it differs, and `seeds` of its own; at least one.
        seeds: Each network is trained once per seed.
        notebooks: The notebooks to run, in order, without ending.
        test_is_public: Whether scoring the test split is logged (drawn films need no log).
        source: The name or file it was read from.
    """

    name: str
    title: str
    notes: str = ""
    parameters: Mapping[str, Any] = field(default_factory=lambda: types.MappingProxyType({}))
    networks: tuple[Mapping[str, Any], ...] = ({},)
    seeds: tuple[int, ...] = (0,)
    notebooks: tuple[str, ...] = (
        "01_explore", "02_train", "03_prune", "04_quantize", "05_infer", "06_compare",
    )  # fmt: skip
    test_is_public: bool = True
    source: str = ""

    def settings(self) -> Settings:
        """The settings shared by all networks."""
        return Settings().override(self.parameters)

    def network_settings(self, overrides: Mapping[str, Any] = types.MappingProxyType({})) -> list[Settings]:
        """Return one `Settings` per network and seed, with `overrides` (of a command line) on top.

        An override of `architecture` replaces the study's list of networks by that one, and an override of
        `seed` its list of seeds.
        """
        networks = ({},) if overrides.get("architecture") else self.networks
        rest = {k: v for k, v in overrides.items() if k != "seed"}
        found = []
        for network in networks:
            own = {k: v for k, v in network.items() if k != "seeds"}
            seeds = network.get("seeds", self.seeds) if overrides.get("seed") is None else [overrides["seed"]]
            found += [self.settings().override(own).override({**rest, "seed": seed}) for seed in seeds]
        return found


def notebooks_folder() -> Path:
    """Return the folder of the numbered notebooks: in the wheel, else in the checkout."""
    inside = Path(__file__).parent / "notebooks"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "notebooks"


def home_folder() -> Path:
    """Return the folder that holds data/ and outputs/: the working folder, or the checkout from its notebooks.

    JupyterLab works in the notebook's folder, the command line in the checkout; both are to find the same runs.
    """
    return Path(os.pardir) if Path.cwd() == notebooks_folder().resolve() else Path()


def study_names() -> tuple[str, ...]:
    """Return the names of the studies that come with radlib."""
    return tuple(sorted(p.stem for p in (notebooks_folder() / "studies").glob("*.yaml")))


def load_study(name: str) -> Study:
    """Read a study by name, or from a YAML file of one's own.

    Raises:
        UsageError: When there is no such study, or the file holds an unknown or ill-typed key.
    """
    path = Path(name) if name.endswith((".yaml", ".yml")) else notebooks_folder() / "studies" / f"{name}.yaml"
    if not path.is_file():
        if name.endswith((".yaml", ".yml")):
            raise UsageError(
                f"There is no file {path.name!r} here; give a study's name, or the way to its .yaml file."
            )
        raise UsageError(
            f"There is no study {name!r}{nearest(name, study_names())}; there are: {', '.join(study_names())}, or give a "
            ".yaml file."
        )
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as error:
        raise UsageError(f"Study {path.name} is not valid YAML: {' '.join(str(error).split())}.") from None
    if not isinstance(content, dict):
        raise UsageError(f"Study {path.name} must be a table of keys and values.")
    return dataclasses.replace(_study_from(path, content), source=name)


def _study_from(path: Path, content: dict) -> Study:
    known = {f.name for f in dataclasses.fields(Study)} - {"source"}
    if unknown := sorted(set(content) - known):
        raise UsageError(
            f"Study {path.name} has an unknown key {unknown[0]!r}; there are: {', '.join(sorted(known))}."
        )
    content = {"name": path.stem, "title": path.stem, **content}
    for key in ("networks", "seeds", "notebooks"):
        if key in content:
            content[key] = tuple(content[key])
    study = Study(**content)
    study.network_settings()  # names and types of all settings, checked before anything runs
    return study
