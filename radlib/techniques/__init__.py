"""Techniques: functions that make one variant from another, and chains of them.

A technique is one registered function `technique(model, data, *, parameters…) -> Product`. It says what kind
of model it takes (`consumes`) and gives (`produces`), so a chain such as `magnitude_pruning+int8` is checked
before anything is trained. Every link of a chain is a stored variant, and is built once.
"""

from pathlib import Path
from typing import Any

from tqdm import tqdm

from radlib.baselines import train_baseline
from radlib.errors import UsageError
from radlib.films import FilmSplits, films_for
from radlib.registry import FORMATS, TECHNIQUES, Entry
from radlib.runs import Run
from radlib.storage import spec_digest, write_json
from radlib.techniques.data import Product, TechniqueData
from radlib.variants import Step, Variant, variant_key, variant_name

__all__ = ["Product", "TechniqueData", "build_variants", "chain_label", "check_chain", "compress"]


def check_chain(chain: str) -> tuple[Entry, ...]:
    """Return the techniques of a chain, in order; an empty chain is the baseline.

    Args:
        chain: Names joined by `+`, e.g. `magnitude_pruning+int8`.

    Raises:
        UsageError: For an unknown technique, or one that cannot follow the one before it, with the reason.
    """
    entries = tuple(TECHNIQUES[name.strip()] for name in chain.split("+")) if chain else ()
    kind, maker = "keras", "a trained network"
    for entry in entries:
        if entry.facts["consumes"] != kind:
            raise UsageError(
                f"{entry.name!r} cannot follow {maker!r} in the chain {chain!r}: it takes a {entry.facts['consumes']} "
                f"model and would get a {kind} one; put it earlier or leave it out."
            )
        kind, maker = entry.facts["produces"], entry.name
    return entries


def chain_label(chain: str) -> str:
    """Return what figures call a chain, e.g. `pruned + int8`; `original` for the empty one."""
    return " + ".join(entry.facts["label"] for entry in check_chain(chain)) or "original"


def compress(run: Run, films: FilmSplits, chain: str) -> Variant:
    """Return the run's network with a chain of techniques applied; build what is missing.

    Args:
        run: The run, with the settings of one network and seed.
        films: Its films.
        chain: Names joined by `+`; empty for the baseline.

    Returns:
        The stored variant. No TensorFlow is imported when it and its parents are there already.
    """
    entries = check_chain(chain)
    variant = train_baseline(run, films)
    for position in range(len(entries)):
        variant = _apply(run, films, variant, entries[: position + 1])
    return variant


def build_variants(run: Run, films: FilmSplits) -> list[Variant]:
    """Return every variant that the study asks for, of all its networks and seeds; build what is missing."""
    wanted = [(network, chain) for network in run.networks() for chain in ["", *network.settings.chains]]
    for _, chain in wanted:
        check_chain(chain)  # an illegal one is refused before any training
    bar = tqdm(wanted, desc="variants", unit="variant", leave=False)
    return [compress(network, films_for(network, films), chain) for network, chain in bar]


def technique_parameters(run: Run, entry: Entry) -> dict:
    """Return the parameters of a technique under the run's settings, complete.

    A parameter named like a setting takes its value from there; `technique_options` overrides both.
    """
    names = [parameter.name for parameter in entry.parameters]
    shared = {name: getattr(run.settings, name) for name in names if hasattr(run.settings, name)}
    return entry.complete({**shared, **run.settings.technique_options.get(entry.name, {})})


def _apply(run: Run, films: FilmSplits, parent: Variant, entries: tuple[Entry, ...]) -> Variant:
    """Return `parent` with the last technique of `entries` applied, stored."""
    entry = entries[-1]
    parameters = technique_parameters(run, entry)
    chain = "+".join(e.name for e in entries)
    name = variant_name(run.network, chain, run.settings.seed)
    spec = {
        "parent": parent.spec,
        "technique": entry.name,
        "parameters": parameters,
        "revision": entry.facts["revision"],
    }

    checkpoints = run.path("checkpoints", f"{variant_key(name)}-{spec_digest(spec)}")
    data = TechniqueData(films, run.settings, checkpoints, label=chain_label(chain))

    def build(folder: Path) -> dict[str, Any]:
        from radlib.formats import save_model

        product = entry.function(load_payload(run, parent), data, **parameters)
        file = f"model{FORMATS[entry.facts['produces']].facts['suffix']}"
        save_model(product.payload, folder / file)
        if product.history is not None:
            product.history.to_csv(folder / "history.csv", index=False)
        write_json(folder / "preprocessing.json", films.preprocessing.to_dict())
        return {
            "file": file,
            "label": chain_label(chain),
            "parent": parent.name,
            "chain": (*parent.chain, Step(entry.name, parameters, entry.facts["revision"])),
            "architecture": parent.architecture,
            "task": parent.task,
            "seed": parent.seed,
            "format": entry.facts["produces"],
            "labels": parent.labels,
            "input_shape": parent.input_shape,
            "preprocessing": parent.preprocessing,
            "details": dict(product.details),
        }

    variant = run.load_or_build(name, spec, build)
    data.forget()  # not before: a kill while storing must cost no training
    return variant


def load_payload(run: Run, variant: Variant) -> Any:
    """Return what a technique gets of a stored variant: a Keras model, else the bytes of its file."""
    from radlib.formats.keras import load_model

    path = run.model_path(variant)
    return load_model(path) if variant.format == "keras" else path.read_bytes()
