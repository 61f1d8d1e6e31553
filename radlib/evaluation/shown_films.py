"""Test films that are shown on this machine beside what was answered to them, by the word that the task says (`record`)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from radlib.datasets.films import Films
from radlib.evaluation.box_overlays import write_box_overlays
from radlib.evaluation.choices import read_selection, thresholds
from radlib.evaluation.hit_and_miss import write_hit_and_miss
from radlib.evaluation.overlays import write_overlays
from radlib.evaluation.thumbnails import write_thumbnails
from radlib.runs.runs import Run
from radlib.runs.tasks import task_of
from radlib.runs.variants import Variant

Answers = Mapping[str, Any]  # records by variant name


def show_test_films(
    run: Run, films: Films, variants: Sequence[Variant], found: Answers, own: Mapping[str, Films]
) -> None:
    """Write pictures of some test films into the run's private folder, where a report on this machine finds them.

    Args:
        run: The run; choices were made in it.
        films: The test films as the run's own settings prepare them.
        variants: Those that answered.
        found: Their answers, by name.
        own: The test films as each wants them, by name.
    """
    for record in dict.fromkeys(task_of(variant).record for variant in variants):
        of_kind = [variant for variant in variants if task_of(variant).record == record]
        SHOWN[record](run, films, of_kind, found, own)


def _decided(
    run: Run, films: Films, variants: Sequence[Variant], found: Answers, own: Mapping[str, Films]
) -> None:
    """Show films that change sides, and one that the winner gets right and one that it misses."""
    write_thumbnails(run, films, variants, found)
    for variant in _winner(run, variants):
        at = thresholds(read_selection(run)["variants"][variant.name])
        write_hit_and_miss(run, own[variant.name], variant, found[variant.name], at)


def _outlined(
    run: Run, films: Films, variants: Sequence[Variant], found: Answers, own: Mapping[str, Films]
) -> None:
    """Show the films that the winner outlines best, in the middle, and worst."""
    for variant in _winner(run, variants):
        write_overlays(run, own[variant.name], variant, found[variant.name])


def _boxed(
    run: Run, films: Films, variants: Sequence[Variant], found: Answers, own: Mapping[str, Films]
) -> None:
    """Show the films that the winner marks best, in the middle, and worst."""
    for variant in _winner(run, variants):
        write_box_overlays(run, own[variant.name], variant, found[variant.name])


def _winner(run: Run, variants: Sequence[Variant]) -> list[Variant]:
    """Return the winner, where it is among the variants."""
    name = read_selection(run).get("winner")
    return [variant for variant in variants if variant.name == name]


SHOWN: Mapping[str, Callable[..., None]] = {"probabilities": _decided, "masks": _outlined, "boxes": _boxed}
