"""All that is asked of finished variants beside their answers, in one call for a notebook."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from radlib.datasets.films import FilmSplits
from radlib.evaluation.choices import read_selection
from radlib.evaluation.insides.heat_maps import compare_heat_maps
from radlib.evaluation.insides.layer_comparison import look_inside
from radlib.evaluation.stress import put_under_stress
from radlib.evaluation.training_films import describe_films
from radlib.foundation.errors import UsageError
from radlib.runs.runs import Run
from radlib.runs.tasks import task_of
from radlib.runs.variants import Variant

WHICH = ("all", "few")


def examine(run: Run, films: FilmSplits, variants: Sequence[Variant], *, which: str = "all") -> None:
    """Look into every variant, ask where it looks, keep what its training films look like, and put the winner under stress.

    Only training and validation films are read, and what is stored for the very model file is not done again.

    Args:
        run: The run.
        films: Its films.
        variants: Those there are.
        which: `all` of them; or `few`: of each network and seed the smallest compressed one, and the winner.

    Raises:
        UsageError: For another word.
    """
    if which not in WHICH:
        raise UsageError(f"Variants to examine are {' or '.join(WHICH)}, not {which!r}.")
    variants = variants if which == "all" else few(run, variants)
    for record in dict.fromkeys(task_of(variant).record for variant in variants):
        for look in LOOKS[record]:
            look(run, films, [variant for variant in variants if task_of(variant).record == record])


def few(run: Run, variants: Sequence[Variant]) -> list[Variant]:
    """Return of each network and seed the smallest compressed variant, and the winner where one was chosen."""
    smallest: dict[tuple[str, int], Variant] = {}
    for variant in sorted((v for v in variants if v.chain), key=lambda v: v.size_bytes):
        smallest.setdefault((variant.network, variant.seed), variant)
    wanted = {v.name for v in smallest.values()} | {read_selection(run).get("winner")}
    return [v for v in variants if v.name in wanted]


def _stress(run: Run, films: FilmSplits, variants: Sequence[Variant]) -> None:
    """Put the winner and its original under stress, whichever variants are looked into."""
    put_under_stress(run, films)


# Heat maps ask which places speak for an answer, and stress where a threshold stops to hold; an outline or a box is its own place.
LOOKS: Mapping[str, tuple[Callable[[Run, FilmSplits, Any], None], ...]] = {
    "probabilities": (look_inside, compare_heat_maps, describe_films, _stress),
    "masks": (look_inside, describe_films),
    "boxes": (look_inside, describe_films),
}
