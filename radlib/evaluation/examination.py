"""All that is asked of finished variants beside their answers, in one call for a notebook."""

from collections.abc import Sequence

from radlib.evaluation.heat_maps import compare_heat_maps
from radlib.evaluation.insides import look_inside
from radlib.evaluation.typical_films import describe_films
from radlib.films import FilmSplits
from radlib.runs import Run
from radlib.variants import Variant


def examine(run: Run, films: FilmSplits, variants: Sequence[Variant]) -> None:
    """Look into every variant, ask where it looks, and keep what its training films look like.

    Only training and validation films are read, and what is stored for the very model file is not done again.

    Args:
        run: The run.
        films: Its films.
        variants: Those to examine.
    """
    look_inside(run, films, variants)
    compare_heat_maps(run, films, variants)
    describe_films(run, films, variants)
