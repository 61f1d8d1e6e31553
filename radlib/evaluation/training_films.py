"""Describing the training films of a run as every variant sees them, once, for `typical_films` to compare others with."""

from collections.abc import Sequence

import numpy as np

from radlib.datasets.films import FilmSplits
from radlib.evaluation.insides.layer_comparison import watched_films
from radlib.evaluation.predictions import films_of, run_of
from radlib.evaluation.typical_films import REVISION, embedder, read_typical, typical_of, typical_path
from radlib.foundation.storage import atomic_path
from radlib.runs.runs import Run
from radlib.runs.variants import Variant

# Of each split: a large LiteRT file takes a third of a second a film when its tensors are to be read.
FILMS = 160


def describe_films(run: Run, films: FilmSplits, variants: Sequence[Variant]) -> None:
    """Describe the training films as every variant sees them, below `typical_films/`; what is there is kept."""
    for variant in variants:
        path = typical_path(run.folder, variant.key)
        found = read_typical(path)
        if found is not None and (found.sha256, found.revision) == (variant.sha256, REVISION):
            continue
        prepared = films_of(run_of(run, variant), films, variant)
        parts = [watched_films(part, FILMS) for part in (prepared.training, prepared.validation)]
        training, validation = (np.asarray(part.pixels) for part in parts)
        typical = typical_of(
            training, validation, embedder(run.model_path(variant), variant.format), variant.sha256
        )
        with atomic_path(path) as partial, partial.open("wb") as stream:
            np.savez(stream, **vars(typical))
