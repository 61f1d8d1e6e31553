"""A run on disk: its settings, its variants, and the rule that nothing finished is ever done twice.

A *variant* is one stored model and everything needed to say what it is. `Run.load_or_build` returns the
stored one when its specification agrees and its file is intact, builds it when there is none, and refuses
when one of that name was made otherwise. Folders are built beside their place and renamed into it, so a
killed run leaves either a whole variant or none.
"""

import dataclasses
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from radlib.foundation.errors import NotApplicable, UsageError
from radlib.foundation.places import discard
from radlib.foundation.record_files import read_object, remembered
from radlib.foundation.storage import (
    disk_errors,
    file_sha256,
    only_process,
    put_in_place,
    spec_digest,
    write_json,
)
from radlib.runs.settings import Settings
from radlib.runs.studies import Study
from radlib.runs.variants import (
    REBUILT,
    Variant,
    library_versions,
    read_variant,
    variant_key,
    variant_name,
)

# Settings that say which films a network is trained on; those of the preparation are in every specification.
FILM_SETTINGS = (
    "dataset", "dataset_options", "id_scope", "validation_fraction", "test_fraction", "split_seed",
)  # fmt: skip


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
        return self.settings.network

    def name_of(self, chain: str = "") -> str:
        """Return the name of the variant that a chain makes of the current network; of its original by default."""
        return variant_name(self.network, chain, self.settings.seed)

    def record_path(self, name: str) -> Path:
        """Return where a variant's record lies, once it is stored."""
        return self.path("variants", variant_key(name), "variant.json")

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
        return [run.name_of(chain) for run in self.networks() for chain in ["", *run.settings.chains]]

    def _order(self, name: str) -> tuple:
        wanted = self._wanted()
        return (wanted.index(name) if name in wanted else len(wanted), name)

    def variant(self, name: str) -> Variant:
        """Return a stored variant by name.

        Raises:
            UsageError: When there is none; the message lists those there are.
        """
        path = self.record_path(name)
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
        path = self.record_path(name)
        if not path.is_file():
            return None
        variant = read_variant(path)
        if variant.spec == spec_digest(spec):
            model = self.model_path(variant)
            return variant if model.is_file() and file_sha256(model) == variant.sha256 else None
        if self.fresh:
            return None
        before = read_object(path.with_name("spec.json"), REBUILT)
        now = json.loads(json.dumps(spec, default=str))
        raise self._otherwise(name, [k for k in {*before, *now} if before.get(k) != now.get(k)])

    def check_as_made(self, name: str, known: Mapping[str, Any], options: Mapping[str, Any]) -> None:
        """Make sure, before anything runs, that a variant that is stored was made to what is asked for now.

        Args:
            name: See `variant_name`.
            known: The part of its specification that the settings alone say, without opening a film.
            options: Of the data set, as they are where none is given.

        Raises:
            UsageError: When it was made otherwise and the run is not `fresh`.
        """
        path = self.record_path(name)
        if self.fresh or not path.is_file():
            return
        before, films = remembered(path.with_name("spec.json")), remembered(path).get("films", {})
        if not before or not isinstance(films, dict):
            return  # its records are damaged: it steps aside and is built anew, see `damaged_variants`
        now = json.loads(json.dumps(known, default=str))
        differing = [key for key, value in now.items() if before.get(key) != value]
        for key, value in films.items():
            asked: Any = getattr(self.settings, key, value)
            if key == "dataset_options":
                value, asked = {**options, **value}, {**options, **asked}
            differing += [key] if asked != value else []
        if differing:
            raise self._otherwise(name, differing)

    def _otherwise(self, name: str, differing: Sequence[str]) -> UsageError:
        return UsageError(
            f"{name} exists in {self.folder.name} but was made otherwise (differs in: {', '.join(sorted(differing))}); "
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
        discard(building, self.folder)
        with disk_errors(final):
            building.mkdir(parents=True)
            started = time.perf_counter()
            try:
                fields = dict(build(building))
            except NotApplicable:  # there will be no such variant, so nothing of it stays
                discard(building, self.folder)
                raise
            variant = self._describe(name, spec, building, fields)
            record = {**dataclasses.asdict(variant), "build_seconds": round(time.perf_counter() - started, 1)}
            record["libraries"] = library_versions()
            record["films"] = {name: getattr(self.settings, name) for name in FILM_SETTINGS}
            write_json(building / "spec.json", dict(spec))
            write_json(building / "variant.json", record)
            discard(final, self.folder)
            put_in_place(building, final)
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
