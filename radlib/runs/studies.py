"""A study: one commented YAML file that says which films, which networks, which variants, how judged.

It holds settings (see `radlib.runs.settings`) that all its networks share, and what each network has of its own.
"""

import dataclasses
import os
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from radlib.foundation.errors import UsageError
from radlib.foundation.names import nearest
from radlib.foundation.places import check_plain_name, resolved
from radlib.foundation.plain_yaml import LONGEST_TEXT, PlainYamlError, read_yaml
from radlib.foundation.value_types import AtLeastOne, accepted
from radlib.runs.settings import Settings

MOST_TRAININGS = 1000  # networks times seeds
STUDY_ENDINGS = (".yaml", ".yml")


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
    networks: Annotated[
        tuple[Mapping[str, Any], ...], AtLeastOne("table of settings, such as [{architecture: vgg16}]")
    ] = ({},)
    seeds: Annotated[tuple[int, ...], AtLeastOne("whole number, such as [0, 1]")] = (0,)
    notebooks: Annotated[tuple[str, ...], AtLeastOne("name, such as [01_explore, 02_train]")] = (
        "01_explore", "02_train", "03_prune", "04_quantize", "05_infer", "06_compare",
    )  # fmt: skip
    test_is_public: bool = True
    source: str = ""

    @property
    def folder(self) -> Path | None:
        """Where a study file of one's own lies, and whatever it brings with it; None of a study of the series."""
        return resolved(self.source).parent if self.source.endswith(STUDY_ENDINGS) else None

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


STUDY_ANNOTATIONS: dict[str, Any] = typing.get_type_hints(Study, include_extras=True)
del STUDY_ANNOTATIONS["source"]  # no key of the file


def notebooks_folder() -> Path:
    """Return the folder of the numbered notebooks: in the wheel, else in the checkout."""
    package = Path(__file__).parents[1]
    return package / "notebooks" if (package / "notebooks").is_dir() else package.parent / "notebooks"


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
    if name.endswith(STUDY_ENDINGS):
        path = resolved(name)
        if not path.is_file():
            raise UsageError(
                f"There is no file {path.name!r} here; give a study's name, or the way to its .yaml file."
            )
    elif name in study_names():
        path = notebooks_folder() / "studies" / f"{name}.yaml"
    else:
        raise UsageError(
            f"There is no study {name[:60]!r}{nearest(name, study_names())}; there are: {', '.join(study_names())}, or give a "
            ".yaml file."
        )
    content = _read_yaml(path)
    if not isinstance(content, dict):
        raise UsageError(f"Study {path.name} must be a table of keys and values.")
    return dataclasses.replace(_study_from(path, content), source=name)


def _read_yaml(path: Path) -> Any:
    """Return what a study file holds; an empty one holds an empty table."""
    try:
        if path.stat().st_size > 4 * LONGEST_TEXT:  # not read at all; a character has up to four bytes
            raise PlainYamlError(f"is longer than {LONGEST_TEXT:,} characters")
        content = read_yaml(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise UsageError(f"Study {path.name} is not UTF-8 text; save it as UTF-8.") from None
    except OSError:
        raise UsageError(f"Study {path.name} cannot be read; make it readable.") from None
    except PlainYamlError as error:
        raise UsageError(f"Study {path.name} {error}; write it plainer.") from None
    return {} if content is None else content


def _study_from(path: Path, content: dict) -> Study:
    if unknown := [key for key in content if key not in STUDY_ANNOTATIONS]:
        raise UsageError(
            f"Study {path.name} has an unknown key {str(unknown[0])[:60]!r}; there are: {', '.join(sorted(STUDY_ANNOTATIONS))}."
        )
    content = {"name": path.stem, "title": path.stem, **content}
    content = {key: _checked(path, key, value) for key, value in content.items()}
    for network in content.get("networks", ()):
        if "seeds" in network:
            _checked(path, "seeds", network["seeds"])
    study = Study(**content)
    if len(study.networks) * max(len(n.get("seeds", study.seeds)) for n in study.networks) > MOST_TRAININGS:
        raise UsageError(
            f"Study {path.name} asks for more than {MOST_TRAININGS:,} trainings; take several studies."
        )
    try:
        check_plain_name(study.name, "The name")
        study.network_settings()  # names and types of all settings, checked before anything runs
    except UsageError as error:
        raise UsageError(f"Study {path.name}: {error}") from None
    return study


def _checked(path: Path, key: str, value: Any) -> Any:
    """Return what a key holds as its annotation wants it; what it holds instead is not quoted, as it may be a place."""
    try:
        found = accepted(STUDY_ANNOTATIONS[key], value)
    except ValueError as wanted:
        raise UsageError(f"Study {path.name}: the key {key!r} takes {wanted}.") from None
    return tuple(found) if isinstance(found, list) else found
