"""Techniques: functions that make one variant from another, and chains of them.

A technique is one registered function `technique(model, data, *, parameters…) -> Product`. It says what kind
of model it takes (`consumes`) and gives (`produces`), and where it matters what it `leaves` in the weights and what it
is `unfit` for, so a chain such as `magnitude_pruning+int8` is checked before anything is trained (how chains are
written: see `chains`). Every link of a chain is a stored variant, and is built once.
"""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from radlib.datasets.films import FilmSplits, films_for
from radlib.foundation.errors import NotApplicable, UsageError
from radlib.foundation.plain_text import say_line, table_text
from radlib.foundation.registry import DATASETS, FORMATS, TECHNIQUES, Entry
from radlib.foundation.storage import spec_digest, write_json, write_text
from radlib.runs.chains import Link, parse_chain
from radlib.runs.imported_networks import is_imported
from radlib.runs.refusals import forget_refusal, keep_refusal, refuse_again
from radlib.runs.runs import Run
from radlib.runs.variants import Step, Variant, variant_key
from radlib.techniques.data import TechniqueData
from radlib.training.baselines import TRAINING_REVISION, original_format, settings_spec, train_baseline

RECORD = "preprocessing.json"  # beside every model; how films are prepared for it


def check_chain(chain: str, *, original: str = "keras") -> tuple[Entry, ...]:
    """Return the techniques of a chain, in order; an empty chain is the baseline.

    Args:
        chain: Names joined by `+`, with parameters in brackets, e.g. `magnitude_pruning(final_sparsity=0.9)+int8`.
        original: Format of the network that the chain begins with; an imported one may be a LiteRT file.

    Raises:
        UsageError: For an unknown technique or parameter, or a technique that cannot follow the one before it, with
            the reason.
    """
    links = parse_chain(chain)
    entries = tuple(TECHNIQUES[link.technique] for link in links)
    kind, maker, left = (
        original,
        "a trained network" if original == "keras" else "an imported LiteRT file",
        None,
    )
    for link, entry in zip(links, entries, strict=True):
        entry.complete(link.given)
        if reason := entry.facts.get("unfit", {}).get(left):
            raise UsageError(f"{entry.name!r} cannot follow {maker!r} in the chain {chain!r}: {reason}.")
        if kind not in (taken := kinds_taken(entry)):
            raise UsageError(
                f"{entry.name!r} cannot follow {maker!r} in the chain {chain!r}: it takes a {' or '.join(taken)} "
                f"model and would get a {kind} one; put it earlier or leave it out."
            )
        kind, maker, left = _gives(entry), entry.name, entry.facts.get("leaves")
    return entries


def kinds_taken(entry: Entry) -> tuple[str, ...]:
    """Return the kinds of model that a technique can be applied to."""
    kinds = entry.facts["consumes"]
    return (kinds,) if isinstance(kinds, str) else kinds


def _gives(entry: Entry) -> str:
    """Return the kind of model that a technique gives; a file quantized once is none that can be quantized."""
    kind = entry.facts["produces"]
    return f"quantized {kind}" if entry.facts["kind"] == "quantization" else kind


def chain_label(chain: str) -> str:
    """Return what figures call a chain, e.g. `pruned (final sparsity 0.9) + int8`; `original` for the empty one."""
    return " + ".join(_link_label(link) for link in parse_chain(chain)) or "original"


def _link_label(link: Link) -> str:
    label = TECHNIQUES[link.technique].facts["label"]
    return f"{label} ({link.words})" if link.words else label


def compress(run: Run, films: FilmSplits, chain: str) -> Variant:
    """Return the run's network with a chain of techniques applied; build what is missing.

    Args:
        run: The run, with the settings of one network and seed.
        films: Its films.
        chain: Names joined by `+`; empty for the baseline.

    Returns:
        The stored variant. No TensorFlow is imported when it and its parents are there already.

    Raises:
        NotApplicable: When a technique does not suit the network; see `refusals`.
    """
    check_chain(chain, original=original_format(run))
    links = parse_chain(chain)
    variant = train_baseline(run, films)
    for position in range(len(links)):
        variant = _apply(run, films, variant, links[: position + 1])
    return variant


def compress_each(run: Run, films: FilmSplits, chains: Sequence[str]) -> list[Variant]:
    """Return the run's network with each of several chains applied; those that do not suit it are said and left out.

    Args:
        run: The run, with the settings of one network and seed.
        films: Its films.
        chains: See `compress`.
    """
    found = []
    for chain in chains:
        try:
            found.append(compress(run, films, chain))
        except NotApplicable as refusal:
            say_line(refusal)
    return found


def build_variants(run: Run, films: FilmSplits) -> list[Variant]:
    """Return every variant that the study asks for, of all its networks and seeds; build what is missing.

    What does not suit a network is said and left out; `refusals.refusal_table` has it.
    """
    wanted = [(network, chain) for network in run.networks() for chain in ["", *network.settings.chains]]
    for network, chain in wanted:
        check_chain(chain, original=original_format(network))  # an illegal one is refused before any training
    bar = tqdm(wanted, desc="variants", unit="variant", leave=False)
    return [
        variant
        for network, chain in bar
        for variant in compress_each(network, films_for(network, films), [chain])
    ]


def check_as_made(run: Run) -> None:
    """Make sure, before anything runs, that stored variants of a network were made to what is asked for now.

    Raises:
        UsageError: When one was made otherwise and the run is not `fresh`.
    """
    from radlib.architectures.weights import find_weights

    settings, options = run.settings, DATASETS[run.settings.dataset].complete({})
    original = run.name_of()
    if not is_imported(settings) and run.record_path(original).is_file():
        run.check_as_made(original, settings_spec(settings, find_weights(settings.weights)), options)
    for chain in settings.chains:
        links = parse_chain(chain)
        for position, link in enumerate(links, 1):
            text = "+".join(each.text for each in links[:position])
            run.check_as_made(run.name_of(text), _specified(run, link), options)


def _specified(run: Run, link: Link) -> dict[str, Any]:
    """Return what of a variant's specification its last technique decides."""
    entry = TECHNIQUES[link.technique]
    return {
        "technique": entry.name,
        "parameters": technique_parameters(run, entry, link.given),
        "revision": entry.facts["revision"],
        **({"training": TRAINING_REVISION} if entry.facts["trains"] else {}),  # an imported parent has none
    }


def technique_parameters(run: Run, entry: Entry, given: Mapping[str, Any]) -> dict:
    """Return the parameters of a technique under the run's settings, complete.

    A parameter named like a setting takes its value from there; the study's `technique_options` go before that, and
    `given`, what the chain itself sets, before both.
    """
    names = [parameter.name for parameter in entry.parameters]
    shared = {name: getattr(run.settings, name) for name in names if hasattr(run.settings, name)}
    return entry.complete({**shared, **run.settings.technique_options.get(entry.name, {}), **given})


def _apply(run: Run, films: FilmSplits, parent: Variant, links: Sequence[Link]) -> Variant:
    """Return `parent` with the last technique of `links` applied, stored."""
    entry = TECHNIQUES[links[-1].technique]
    chain = "+".join(link.text for link in links)
    name, spec = run.name_of(chain), {"parent": parent.spec, **_specified(run, links[-1])}
    parameters = spec["parameters"]

    refuse_again(run, name, spec)
    checkpoints = run.path("checkpoints", f"{variant_key(name)}-{spec_digest(spec)}")
    data = TechniqueData(films, run.settings, checkpoints, label=chain_label(chain))

    def build(folder: Path) -> dict[str, Any]:
        from radlib.formats.predictors import save_model

        product = entry.function(load_payload(run, parent), data, **parameters)
        file = f"model{FORMATS[entry.facts['produces']].facts['suffix']}"
        save_model(product.payload, folder / file)
        if len(product.history):
            write_text(folder / "history.csv", table_text(product.history))
        if product.architecture:  # another network, which takes films as every network here does
            write_json(folder / RECORD, films.preprocessing.to_dict())
        else:
            shutil.copyfile(run.model_path(parent).with_name(RECORD), folder / RECORD)
        return {
            "file": file,
            "label": chain_label(chain),
            "parent": parent.name,
            "chain": (*parent.chain, Step(entry.name, parameters, entry.facts["revision"])),
            "architecture": product.architecture or parent.architecture,
            "task": parent.task,
            "seed": parent.seed,
            "format": entry.facts["produces"],
            "labels": parent.labels,
            "input_shape": parent.input_shape,
            "preprocessing": parent.preprocessing,
            "details": dict(product.details),
        }

    try:
        variant = run.load_or_build(name, spec, build)
    except NotApplicable as refusal:
        data.forget()
        raise NotApplicable(keep_refusal(run, name, chain, spec, str(refusal)).sentence()) from refusal
    forget_refusal(run, name)
    data.forget()  # not before: a kill while storing must cost no training
    return variant


def load_payload(run: Run, variant: Variant) -> Any:
    """Return what a technique gets of a stored variant: a Keras model, else the bytes of its file."""
    from radlib.formats.keras import load_model

    path = run.model_path(variant)
    return load_model(path) if variant.format == "keras" else path.read_bytes()
