"""From a file to the original of a run: told by content, made to keep the contract, stored; see `radlib.importing`."""

import dataclasses
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from radlib.datasets.dataset import load_dataset
from radlib.datasets.films import preprocessing_of
from radlib.foundation.errors import UsageError
from radlib.foundation.extras import check_extra
from radlib.foundation.storage import file_sha256, write_json
from radlib.importing.answers import answers_for
from radlib.importing.guard import ForeignFile, inspect
from radlib.importing.layout import InputLayout
from radlib.importing.reading import Content, read_network
from radlib.runs.imported_networks import ARCHITECTURE, names, note_import
from radlib.runs.runs import Run, open_run
from radlib.runs.settings import Settings
from radlib.runs.studies import Study, load_study
from radlib.runs.tasks import Task
from radlib.runs.variants import Variant, variant_name

IMPORT_REVISION = 1  # raised when the same file would become another original
LITERT_CHAINS = ("dynamic", "float16", "int8")  # float32, the fourth option, is there


def import_network(
    path: Path,
    *,
    labels: Sequence[str],
    layout: InputLayout,
    answers: str = "probabilities",
    mapped: Mapping[str, str] | None = None,
    resampling: str | None = None,
    name: str = "",
    architecture: str = "",
    study: str = "demo",
    output: str = "",
    data: str | None = None,
    chains: Sequence[str] | None = None,
    beside: bool = False,
    fresh: bool = False,
) -> tuple[Run, Variant]:
    """Bring a trained network into a run, as the original of the network `imported@NAME`.

    Args:
        path: The file; its content says what it is.
        labels: What each of its outputs means, in their order, in the file's own words where `mapped` has them.
        layout: How it takes a film.
        answers: `probabilities`, or `logits` where its last layer has no activation.
        mapped: `{label of the file: label of the study}`; several may become one.
        resampling: The filter by which films were made smaller for it; None for the study's.
        name: What to call it; empty for the file's own name.
        architecture: Of a file that holds weights alone: the registered network that they belong to.
        study: Whose films it is to read: a name, or a YAML file.
        output: Folder of the run; empty for the study's own.
        data: Folder with the films; None as the study says.
        chains: Techniques to apply to it; None for the study's, or of a LiteRT file for the recipes that take one.
        beside: Whether the study's own networks are trained as well.
        fresh: Whether another network of that name is replaced.

    Returns:
        The run, with the settings of the imported network, and the stored variant.

    Raises:
        MissingExtra: When a library is not installed that a run needs.
        UsageError: When the file must not or cannot be opened, or does not fit the study.
    """
    path, name = Path(path), name or _name_of(Path(path))
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,39}", name):
        raise UsageError(f"--name is letters, digits and _, beginning with a letter, not {name[:60]!r}.")
    file = inspect(path)
    check_extra("train")
    run, definition = open_run(output, study=study, fresh=fresh, data=data), load_study(study)
    base = definition.network_settings(run.overrides)[0]  # the study's, whatever was brought in before
    task = load_dataset(base).task
    finish = answers_for(task, labels, answers, mapped)
    content = read_network(file, layout, finish, task, base, architecture)
    settings = _settings(run, definition, name, content, chains, resampling or base.resampling)
    original = _store(
        run, settings, file, content, {"layout": content.layout.to_dict(), "answers": finish.to_dict()}, task
    )
    if not names(definition, name):
        own = {"architecture": ARCHITECTURE, "tag": name, "image_size": settings.image_size}
        differing = {
            each: getattr(settings, each)
            for each in ("chains", "resampling")
            if getattr(settings, each) != getattr(base, each)
        }
        note_import(run.folder, own | differing, beside=beside)
    return open_run(str(run.folder), study=study, network=f"{ARCHITECTURE}@{name}"), original


def _settings(
    run: Run, study: Study, name: str, content: Content, chains: Sequence[str] | None, resampling: str
) -> Settings:
    """Return the settings of the imported network: the study's, but for what is its own."""
    side = content.input_shape[0]
    if names(study, name):
        wanted = (ARCHITECTURE, name)
        named = next(s for s in study.network_settings(run.overrides) if (s.architecture, s.tag) == wanted)
        if named.image_size != side:
            raise UsageError(
                f"The study gives {name} films of {named.image_size} pixels, but it takes {side}; set image_size: {side} for "
                "this network in the study."
            )
        if named.resampling != resampling:
            raise UsageError(
                f"The study gives {name} films resized by {named.resampling}; set resampling: {resampling} for this network in "
                "the study."
            )
        return named
    own: dict[str, Any] = {
        "architecture": ARCHITECTURE,
        "tag": name,
        "image_size": side,
        "resampling": resampling,
    }
    if chains is None and content.format == "tflite":
        chains = LITERT_CHAINS
    if chains is not None:
        from radlib.techniques.building import check_chain

        for chain in chains:
            check_chain(chain, original=content.format)
        own["chains"] = list(chains)
    base = study.network_settings(run.overrides)[0]
    return base.override(own | {"architecture_options": {}, "weights": "none", "seed": 0})


def _store(
    run: Run, settings: Settings, file: ForeignFile, content: Content, how: dict[str, Any], task: Task
) -> Variant:
    """Store the network as the run's original of that name."""
    from radlib.formats.predictors import save_model

    preparation = preprocessing_of(settings)
    spec = {
        "imported": file_sha256(file.path), "kind": file.kind, **how, "outputs": task.outputs,
        "preprocessing": preparation.digest(), "revision": IMPORT_REVISION,
    }  # fmt: skip
    facts = {"kind": file.kind, "sha256": spec["imported"], **how, **content.facts}

    def build(folder: Path) -> dict[str, Any]:
        model = f"model.{content.format}"
        save_model(content.model, folder / model)
        inside = dataclasses.replace(preparation, inside_network=how["layout"])
        write_json(folder / "preprocessing.json", inside.to_dict())
        return {
            "file": model,
            "label": "original",
            "parent": None,
            "chain": (),
            "architecture": ARCHITECTURE,
            "task": task.name,
            "seed": settings.seed,
            "format": content.format,
            "labels": task.outputs,
            "input_shape": content.input_shape,
            "preprocessing": preparation.digest(),
            "details": {"imported": json.loads(json.dumps(facts))},
        }

    return run.load_or_build(variant_name(f"{ARCHITECTURE}@{settings.tag}", "", settings.seed), spec, build)


def _name_of(path: Path) -> str:
    """Return a network name made of a file's."""
    name = re.sub(r"[^A-Za-z0-9_]+", "_", path.stem).strip("_")[:40]
    return name if name[:1].isalpha() else f"network_{name}"[:40]
