"""What one rule of a grid does: decode a shard of the films, open all of them, make one variant, have it answer the validation films, or write the report.

A step works in the run's folder as `radlib run` does, with the same functions, and ends by writing a small file, a mark, whole or
not at all; other steps wait for marks, never for a model file that is half written. Steps that follow find what is there.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from radlib.datasets.film_shards import decode_part
from radlib.datasets.films import films_for, open_films
from radlib.evaluation.predictions import predict
from radlib.foundation.errors import NotApplicable, UsageError
from radlib.foundation.storage import write_json
from radlib.imaging.decoding.shards import Shard
from radlib.runs.chains import parse_chain
from radlib.runs.stored_runs import Run
from radlib.runs.variants import variant_key
from radlib.techniques.building import compress

FOLDER = "grid"  # of the marks, in the run's folder
FILMS = "films"
SHARD = re.compile(r"films-(\d+)-of-(\d+)")
SPLITS = ("validation", "perturbed")


@dataclass(frozen=True)
class Step:
    """One rule.

    Attributes:
        kind: `shard`, `films`, `training`, `variant` or `answers`.
        mark: Name of the file that says that it is done, without folder and ending.
        needs: Marks that it waits for.
        network: `architecture[@tag]`, empty for `shard` and `films`.
        seed: Of the training.
        chain: Of the variant; empty for the trained network.
    """

    kind: str
    mark: str
    needs: tuple[str, ...] = ()
    network: str = ""
    seed: int = 0
    chain: str = ""


def steps_of(run: Run, shards: int = 0) -> list[Step]:
    """Return the steps of a run, each after those that it waits for.

    Args:
        run: The run.
        shards: In how many steps the films are decoded; 0 for one, which opens them, too.
    """
    parts = [Step("shard", f"films-{number}-of-{shards}") for number in range(1, shards + 1)]
    steps = {part.mark: part for part in parts}
    steps[FILMS] = Step("films", FILMS, tuple(steps))
    for network in run.networks():
        for step in _of_network(network):
            steps.setdefault(step.mark, step)
    return list(steps.values())


def _of_network(network: Run) -> Iterator[Step]:
    """Yield the training of a network, its variants with those on the way, and the answers of those that are asked for."""
    name, seed = network.network, network.settings.seed
    original = _mark(network, "")
    yield Step("training", original, (FILMS,), name, seed)
    yield Step("answers", f"{original}.answers", (original,), name, seed)
    for chain in network.settings.chains:
        texts = [link.text for link in parse_chain(chain)]
        before = original
        for count in range(1, len(texts) + 1):
            mark = _mark(network, "+".join(texts[:count]))
            yield Step("variant", mark, (before,), name, seed, "+".join(texts[:count]))
            before = mark
        yield Step("answers", f"{before}.answers", (before,), name, seed, "+".join(texts))


def _mark(network: Run, chain: str) -> str:
    return variant_key(network.name_of(chain))


def take_step(run: Run, mark: str) -> None:
    """Do one step, and write its mark.

    Args:
        run: The run, opened.
        mark: See `steps_of`.

    Raises:
        UsageError: When the run has no such step.
    """
    if shard := SHARD.fullmatch(mark):
        films, refused = decode_part(run, Shard(*map(int, shard.groups())))
        write_json(run.path(FOLDER, f"{mark}.json"), {"films": films, "refused": refused})
        return
    step = next((each for each in steps_of(run) if each.mark == mark), None)
    if step is None:
        raise UsageError(
            f"{run.folder.name} has no step {mark[:80]!r}; write its grid again with radlib grid."
        )
    write_json(run.path(FOLDER, f"{mark}.json"), _done(run, step))


def _done(run: Run, step: Step) -> dict[str, Any]:
    """Do a step, and return what its mark says."""
    if step.kind == "films":
        return {"films": open_films(run).fingerprint}
    network = next(n for n in run.networks() if (n.network, n.settings.seed) == (step.network, step.seed))
    films = films_for(network, open_films(run))
    try:
        variant = compress(network, films, step.chain)
    except NotApplicable as refusal:  # a result like another: the report has it, and what follows is not made
        return {"refused": str(refusal)}
    if step.kind == "answers":
        for split in SPLITS:
            predict(network, films, [variant], split=split)
    return {"variant": variant.name, "sha256": variant.sha256}
