"""A run on disk: its settings, its variants, and the rule that nothing finished is ever done twice.

A *variant* is one stored model and everything needed to say what it is. `Run.load_or_build` returns the
stored one when its specification agrees and its file is intact, builds it when there is none, and refuses
when one of that name was made otherwise. Folders are built beside their place and renamed into it, so a
killed run leaves either a whole variant or none.
"""

import dataclasses
import json
import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from radlib import digests
from radlib.errors import UsageError
from radlib.imported_networks import with_imports
from radlib.run_records import read_record, write_record
from radlib.settings import Settings
from radlib.storage import disk_errors, file_sha256, only_process, spec_digest, write_json
from radlib.studies import Study, home_folder, load_study
from radlib.variants import Variant, library_versions, read_variant, variant_key, variant_name


@dataclass(frozen=True)
class Run:
    """One output folder: where a study's settings, variants, predictions and reports lie.

    Attributes:
        folder: `outputs/<run>`.
        study: The study it belongs to.
        settings: Those of one network; `networks` has all of them.
        overrides: The settings given beside the study's.
        fresh: Whether variants made to another specification are rebuilt instead of refused.
    """

    folder: Path
    study: Study
    settings: Settings
    overrides: Mapping[str, Any] = field(default_factory=dict)
    fresh: bool = False

    def path(self, *parts: str) -> Path:
        """Return a path inside the run's folder."""
        return self.folder.joinpath(*parts)

    @property
    def cache_folder(self) -> Path:
        """Where decoded films are kept, shared by the runs of one output folder."""
        return self.folder.parent / ".cache"

    @property
    def network(self) -> str:
        """`architecture[@tag]` of the current settings."""
        return _network_name(self.settings)

    def networks(self) -> list["Run"]:
        """Return this run once per network and seed of the study, each with its settings."""
        return [dataclasses.replace(self, settings=s) for s in self.study.network_settings(self.overrides)]

    def variants(self) -> list[Variant]:
        """Return all stored variants: in the order of the study's networks, seeds and chains, then by name."""
        found = {}
        for path in self.folder.glob("variants/[!.]*/variant.json"):  # a name with a dot is still being built
            variant = read_variant(path)
            found[variant.name] = variant
        return [found[name] for name in sorted(found, key=self._order)]

    def candidates(self) -> list[Variant]:
        """Return the stored variants that the study names, and among which it chooses.

        A notebook may build others to show something, and a chain has links on its way; neither is what the study
        asked for. Of a run whose study names none of its compressed variants, all are candidates.
        """
        wanted, found = self._wanted(), self.variants()
        named = [variant for variant in found if variant.name in wanted]
        return named if any(variant.chain for variant in named) else found

    def _wanted(self) -> list[str]:
        return [
            variant_name(run.network, chain, run.settings.seed)
            for run in self.networks()
            for chain in ["", *run.settings.chains]
        ]

    def _order(self, name: str) -> tuple:
        wanted = self._wanted()
        return (wanted.index(name) if name in wanted else len(wanted), name)

    def variant(self, name: str) -> Variant:
        """Return a stored variant by name.

        Raises:
            UsageError: When there is none; the message lists those there are.
        """
        path = self.path("variants", variant_key(name), "variant.json")
        if not path.is_file():
            known = ", ".join(v.name for v in self.variants()) or "none yet"
            raise UsageError(f"This run has no variant {name!r}; it has: {known}.")
        return read_variant(path)

    def model_path(self, variant: Variant) -> Path:
        """Return the path of a variant's model file."""
        return self.folder / variant.file

    def stored(self, name: str, spec: Mapping[str, Any]) -> Variant | None:
        """Return the stored variant of that name if it was made to `spec` and its file is intact, else None.

        Raises:
            UsageError: When it was made to another specification and the run is not `fresh`.
        """
        folder = self.path("variants", variant_key(name))
        if not (folder / "variant.json").is_file():
            return None
        variant = read_variant(folder / "variant.json")
        if variant.spec == spec_digest(spec):
            intact = (
                self.model_path(variant).is_file() and file_sha256(self.model_path(variant)) == variant.sha256
            )
            return variant if intact else None
        if self.fresh:
            return None
        before = json.loads((folder / "spec.json").read_text(encoding="utf-8"))
        now = json.loads(json.dumps(spec, default=str))
        differing = sorted(k for k in {*before, *now} if before.get(k) != now.get(k))
        raise UsageError(
            f"{name} exists in {self.folder.name} but was made otherwise (differs in: {', '.join(differing)}); "
            "choose another --output, or rebuild with --fresh."
        )

    def load_or_build(
        self, name: str, spec: Mapping[str, Any], build: Callable[[Path], Mapping[str, Any]]
    ) -> Variant:
        """Return the stored variant, or build it.

        Args:
            name: See `variant_name`.
            spec: All that decides the result; libraries are recorded, not part of it.
            build: Called with an empty folder; writes the model file into it and returns the fields of
                `Variant` that it knows, with `file` naming the model file in that folder.

        Returns:
            The variant, stored.
        """
        stored = self.stored(name, spec)
        if stored is not None:
            return stored
        final = self.path("variants", variant_key(name))
        lock = self.path("variants", f".lock.{final.name}")
        with disk_errors(lock):
            lock.parent.mkdir(parents=True, exist_ok=True)
        with only_process(lock, "variant"):  # what another process was building meanwhile is there now
            return self.stored(name, spec) or self._build(name, spec, build, final)

    def _build(self, name: str, spec: Mapping[str, Any], build: Callable, final: Path) -> Variant:
        building = final.with_name(f".building.{final.name}")
        shutil.rmtree(building, ignore_errors=True)
        with disk_errors(final):
            building.mkdir(parents=True)
            started = time.perf_counter()
            fields = dict(build(building))
            variant = self._describe(name, spec, building, fields)
            record = {**dataclasses.asdict(variant), "build_seconds": round(time.perf_counter() - started, 1)}
            record["libraries"] = library_versions()
            write_json(building / "spec.json", dict(spec))
            write_json(building / "variant.json", record)
            shutil.rmtree(final, ignore_errors=True)
            digests.note(building, final)
            building.rename(final)
        return variant

    def _describe(self, name: str, spec: Mapping[str, Any], folder: Path, fields: dict) -> Variant:
        model = folder / fields.pop("file")
        return Variant(
            name=name,
            file=f"variants/{variant_key(name)}/{model.name}",
            size_bytes=model.stat().st_size,
            sha256=file_sha256(model),
            spec=spec_digest(spec),
            **fields,
        )


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
    folder = run_folder(output, study)
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
    if network and network not in [_network_name(s) for s in definition.network_settings()]:
        architecture, _, tag = network.partition("@")
        overrides |= {"architecture": architecture, "tag": tag}
    if seed is not None and seed not in [s.seed for s in definition.network_settings()]:
        overrides["seed"] = seed
    candidates = definition.network_settings(overrides)
    chosen = [
        s
        for s in candidates
        if (not network or _network_name(s) == network) and (seed is None or s.seed == seed)
    ]
    run = Run(folder, definition, (chosen or candidates)[0], overrides, fresh)
    keeps = begun is None or fresh or keep_settings or not any(folder.glob("variants/[!.]*/variant.json"))
    write_record(folder, definition, overrides if keeps else begun.overrides)
    return run


def reopen_run(folder: Path) -> Run:
    """Return a run that was begun, with the study and settings it was begun with."""
    return open_run(str(folder), study=read_record(folder).source)


def run_folder(output: str, study: str) -> Path:
    """Return the folder of a run: the one given, else `RADLIB_RUN`, else `<RADLIB_OUTPUTS or outputs>/<study>`.

    `radlib run` names its folder to the notebooks by that variable, so that no path stands in a report.
    """
    if output or os.environ.get("RADLIB_RUN"):
        return Path(output or os.environ["RADLIB_RUN"])
    return outputs_root() / load_study(study).name


def outputs_root() -> Path:
    """Return the folder that runs are written to: `RADLIB_OUTPUTS`, else `outputs`."""
    return Path(os.environ.get("RADLIB_OUTPUTS") or home_folder() / "outputs")


def _network_name(settings: Settings) -> str:
    return settings.architecture + (f"@{settings.tag}" if settings.tag else "")
