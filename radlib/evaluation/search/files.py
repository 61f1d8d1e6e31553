"""What is made of a network that was tried, and how its files read validation films.

A file is scored on validation films as they are and on their perturbed copies, on the probit scale, where 0.99 against 0.98 is
as much as 0.90 against 0.85: under a ceiling a plain mean would listen to the harder films alone. Dice and the box score of a
film are compared as they are, as everywhere else.
"""

from collections.abc import Callable, Mapping, Sequence
from statistics import NormalDist

import numpy as np

from radlib.datasets.films import FilmSplits
from radlib.evaluation.predictions import predict
from radlib.evaluation.probes import in_fresh_process
from radlib.evaluation.search.budgets import Budget
from radlib.evaluation.search.space import CHEAP, DEAR, OVERHEAD_BYTES
from radlib.evaluation.search.trials import FileScore
from radlib.foundation.errors import NotApplicable
from radlib.runs.stored_runs import Run
from radlib.runs.tasks import task_of
from radlib.runs.variants import Variant
from radlib.techniques.building import compress

CALLS = 50  # timed, of each file
CEILING = 1 - 1e-4  # AUROC; nobody reads surer than so many films can tell
NORMAL = NormalDist()
ANY = Budget()


def files_of(network: Run, films: FilmSplits, chains: Sequence[str], budget: Budget = ANY) -> list[FileScore]:
    """Make files of a trained network, and score them on validation films; a chain that does not suit it is left out.

    Args:
        network: The run with the network's settings.
        films: Prepared for it.
        chains: What to make.
        budget: Whether they are timed on this machine, too, and asked what a microcontroller needs.
    """
    variants = []
    for chain in chains:
        try:
            variants.append(compress(network, films, chain))
        except NotApplicable:
            continue
    clean, perturbed = (
        predict(network, films, variants, split=split) for split in ("validation", "perturbed")
    )
    latency_ms = _latencies(network, variants) if budget.latency_ms else {}
    return [
        FileScore(
            v.chain_text,
            v.name,
            v.size_bytes,
            clean[v.name].merit or NOTHING_READ[task_of(v).measure],
            perturbed[v.name].merit or NOTHING_READ[task_of(v).measure],
            latency_ms.get(v.name, 0.0),
            _arena_bytes(network, v, budget),
            task_of(v).measure,
        )
        for v in variants
    ]


def _arena_bytes(network: Run, variant: Variant, budget: Budget) -> int | None:
    """Return what a file needs on a microcontroller; none but LiteRT files run there."""
    if not budget.arena_kb or budget.arena_of is None:
        return None
    path = network.model_path(variant)
    return budget.arena_of(path, network.settings.image_size) if variant.format == "tflite" else 0


def _latencies(network: Run, variants: Sequence[Variant]) -> dict[str, float]:
    """Return the median time of one film through each, milliseconds, one thread, in turns."""
    models = [(str(network.model_path(v).resolve()), v.format) for v in variants]
    timed = in_fresh_process("latencies", models=models, calls=CALLS) if models else []
    return {v.name: 1000 * float(np.median(t["seconds"])) for v, t in zip(variants, timed, strict=True)}


def probit(value: float) -> float:
    """Return an AUROC on the probit scale, as far as so many films can tell."""
    return NORMAL.inv_cdf(min(max(value, 1 - CEILING), CEILING))


# By what a task measures.
SCALES: Mapping[str, tuple[str, Callable[[float], float]]] = {
    "auroc": ("on the probit scale", probit),
    "dice": ("in mean Dice", float),
    "box_score": ("in mean box score", float),
}
NOTHING_READ: Mapping[str, float] = {"auroc": 0.5, "dice": 0.0, "box_score": 0.0}


def score(found: FileScore) -> float:
    """Return by what files are compared: the mean over films as they are and perturbed, of an AUROC on the probit scale.

    Example:
        >>> round(score(FileScore("int8", "a", 1, 0.99, 0.96)), 2)
        2.04
        >>> round(score(FileScore("int8", "a", 1, 0.97, 0.93, measure="dice")), 2)
        0.95
    """
    scale = SCALES[found.measure][1]
    return (scale(found.clean) + scale(found.perturbed)) / 2


def scale_words(found: FileScore) -> str:
    """Return on which scale files of such a measure are compared, as a part of a sentence."""
    return SCALES[found.measure][0]


def smallest_bytes(parameters: int) -> float:
    """Return about how small a network can be made by all that there is."""
    return OVERHEAD_BYTES / 2 + min(*CHEAP.values(), *DEAR.values()) * parameters
