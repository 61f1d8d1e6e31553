"""Films that no network of the run was trained for, and how far each lies from those it was trained on."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from radlib.evaluation.typical_films import distances, embedder, read_typical, typical_path, warnings_of
from radlib.foundation.errors import UsageError
from radlib.foundation.extras import pandas as pd
from radlib.foundation.record_files import read_object
from radlib.imaging.images import Preprocessing, prepare, read_image
from radlib.runs.runs import Run
from radlib.runs.variants import REBUILT, Variant

DISTANCES = ("brightness_distance", "contrast_distance", "embedding_distance")


def prepared_for(run: Run, variant: Variant, film: Path | str) -> np.ndarray:
    """Return a film as a variant wants it, uint8 (s, s): networks of one run may see films of different sizes.

    Args:
        run: The run.
        variant: Who is to read it.
        film: The file, or a row of an array, see `images.read_image`.
    """
    record = run.model_path(variant).with_name("preprocessing.json")
    preparation = Preprocessing.from_dict(read_object(record, REBUILT))
    return prepare(read_image(film, window=preparation.window), preparation)


def odd_copies(film: np.ndarray, seed: int = 0) -> dict[str, np.ndarray]:
    """Return copies of a film, prepared, that should be warned of: name -> uint8 (s, s).

    Args:
        film: uint8 (s, s).
        seed: Of the noise.
    """
    side = film.shape[0]
    corner = film[: side // 4, : side // 4].repeat(4, axis=0).repeat(4, axis=1)
    noise = np.random.default_rng(seed).normal(film.mean(), max(float(film.std()), 1.0), film.shape)
    return {
        "its greys inverted": 255 - film,
        "one corner of it": np.pad(corner, (0, side - len(corner)), mode="edge")[:side, :side],
        "as dark as an ultrasound": (film // 4).astype(np.uint8),
        "noise of its brightness": noise.clip(0, 255).astype(np.uint8),
    }


def told_apart(run: Run, variant: Variant, films: Mapping[str, np.ndarray]) -> "pd.DataFrame":
    """Return how far some films lie from a variant's training films, and the warning that each gets.

    Args:
        run: The run; `examine` has described its training films.
        variant: Which variant.
        films: Name -> uint8 (s, s), prepared as the variant wants them.

    Returns:
        One row per film: `film`, `DISTANCES` in multiples of what is usual (above 1 it is warned of), `warning`.

    Raises:
        UsageError: When the variant's training films have not been described.
    """
    typical = read_typical(typical_path(run.folder, variant.key))
    if typical is None or typical.sha256 != variant.sha256:
        raise UsageError(
            f"The films of {variant.name} have not been described; run 05_infer, or call examine."
        )
    pixels, embed = np.stack(list(films.values())), embedder(run.model_path(variant), variant.format)
    far = distances(typical, pixels, embed) / typical.limits
    table = pd.DataFrame(far, columns=list(DISTANCES))
    table.insert(0, "film", list(films))
    return table.assign(warning=warnings_of(typical, pixels, embed))
