"""What compression did inside every variant, stored once for the report: layers, weights, and a few pictures.

Numbers come from validation films, which are not needed afterwards. Pictures come from one drawn film, so that they
may be shown to anyone: the outputs of the first and the last convolution, and their filters.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from radlib import formats
from radlib.datasets.films import Films, FilmSplits
from radlib.evaluation.insides.correspondence import Match, kernel_of, match_layers, open_transparent
from radlib.evaluation.insides.layers import (
    block_ends,
    compare_layers,
    keras_reader,
    kernel_layers,
    litert_reader,
)
from radlib.evaluation.insides.phantom_films import phantom_films
from radlib.evaluation.insides.stored_findings import not_yet_found
from radlib.evaluation.insides.stored_weights import compare_weights, histogram, stored_kernels
from radlib.evaluation.predictions import films_of, run_of
from radlib.foundation.errors import SetupError
from radlib.foundation.extras import pandas as pd
from radlib.runs.runs import Run
from radlib.runs.variants import Variant

FOLDER = "insides"
REVISION = 2  # raised when the same file would be described otherwise
FILMS = 32
CHANNELS = 8  # shown of the first and of the last convolution
INPUTS_SHOWN = 64  # rows of a 1 × 1 kernel drawn as a matrix


def look_inside(run: Run, films: FilmSplits, variants: Sequence[Variant]) -> None:
    """Describe the insides of what has not been described, below `insides/` of the run.

    Args:
        run: The run.
        films: Its films; some validation films are shown to both networks.
        variants: Those to describe, each against the trained network that it goes back to.
    """
    originals: dict[str, Any] = {}
    for variant, before, store in not_yet_found(run, variants, insides_path, REVISION):
        if before.name not in originals:  # one network in memory at a time
            originals = {before.name: formats.load_network(run.model_path(before), before.format)}
        prepared = films_of(run_of(run, variant), films, variant)
        store(*_describe(run, variant, originals[before.name], prepared))


def insides_path(run_folder: Path, variant: Variant) -> Path:
    """Return where the description of a variant lies; its pictures lie beside it as `.npz`."""
    return run_folder / FOLDER / f"{variant.key}.json"


def watched_films(films: Films, count: int, seed: int = 0) -> Films:
    """Return some films, of as many patients as there are, drawn once and for all."""
    order = np.random.default_rng(seed).permutation(len(films))
    _, first = np.unique(films.patient_ids[order], return_index=True)
    spread = [*np.sort(first), *np.setdiff1d(np.arange(len(order)), first)]
    return films.take(np.sort(order[spread[:count]]))


def _describe(run: Run, variant: Variant, original: Any, films: FilmSplits) -> tuple[dict, dict[str, Any]]:
    """Return the tables of a variant as records, and its pictures by name."""
    path = run.model_path(variant)
    network = path if variant.format == "tflite" else formats.load_network(path, variant.format)
    if original is None:
        return {
            "reason": "The original was imported as a LiteRT file, which has no layers by name to compare with."
        }, {}
    if network is None:
        return {
            "reason": f"A file of format {variant.format} has no layers that could be read one by one."
        }, {}
    watched = watched_films(films.validation, FILMS).images()
    try:
        layers = compare_layers(original, network, watched)
        kernels = stored_kernels(original, network)
        pictures = _pictures(original, network, kernels, phantom_films(films.preprocessing)[0][:1])
    except SetupError as error:
        return {"reason": str(error)}, {}
    weights = compare_weights(original, kernels)
    spread = {name: histogram(values) for name, values in kernels.items()}
    tables = {"layers": _records(layers), "weights": _records(weights)}
    return {"reason": "", **tables, "histograms": spread}, pictures


def _records(table: "pd.DataFrame") -> list[dict[str, Any]]:
    """Return rows for JSON; NaN and infinity stay what they are."""
    return table.round(6).astype(object).to_dict("records")


def _pictures(
    original: Any, network: Any, kernels: dict[str, np.ndarray], film: np.ndarray
) -> dict[str, np.ndarray]:
    """Return maps and filters of the first and the last convolution on a drawn film: `<place>_maps`, `_filters`.

    The channels are those of the original that vary most on this film, in both networks.
    """
    convolutions = [name for name in kernel_layers(original) if kernel_of(original.get_layer(name)).ndim == 4]
    if not convolutions:
        return {}
    images = film[..., None].astype(np.float32) / np.float32(255)
    pictures = {"film": film[0]}
    for place, name in (("first", convolutions[0]), ("last", convolutions[-1])):
        reference = _maps(original, original, name, images)
        kernel = kernel_of(original.get_layer(name))
        maps = _maps(original, network, name, images)
        if maps is None or maps.shape != reference.shape:
            continue
        chosen = np.sort(np.argsort(-reference.std(axis=(0, 1)), kind="stable")[:CHANNELS])
        pictures[f"{place}_maps"] = maps[..., chosen].astype(np.float16)
        if name in kernels and kernels[name].shape == kernel.shape:
            pictures[f"{place}_filters"] = _filters(kernels[name], kernel, chosen)
    return pictures


def _maps(original: Any, network: Any, name: str, images: np.ndarray) -> np.ndarray | None:
    """Return the output of a convolution's block for one film, (h, w, channels); None where it does not exist."""
    if not isinstance(network, Path):
        end = block_ends(network).get(name)
        return keras_reader(network, {name: end})(images)[name][0] if end else None
    interpreter = open_transparent(network)
    match: Match = match_layers(original, interpreter)[name]
    return litert_reader(interpreter, {name: match.tensor})(images)[name][0] if match.tensor >= 0 else None


def _filters(stored: np.ndarray, kernel: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Return filters as pictures, (h, w, chosen): sums over the inputs, or of a 1 × 1 kernel its first inputs as rows.

    Each is brought to the scale of the original's, as normalisation may be folded into it.
    """
    chosen = chosen[chosen < kernel.shape[-1] * (kernel.shape[2] if kernel.shape[3] == 1 else 1)]
    if kernel.shape[3] == 1 and kernel.shape[2] > 1:  # depthwise: a filter per input
        stored, kernel = stored[..., 0][:, :, None], kernel[..., 0][:, :, None]
    a, b = (np.asarray(values, np.float32)[..., chosen] for values in (kernel, stored))
    power = (b**2).sum(axis=(0, 1, 2))
    b = b * np.divide((a * b).sum(axis=(0, 1, 2)), power, out=np.zeros_like(power), where=power > 0)
    picture = b[0, 0, :INPUTS_SHOWN, None] if b.shape[:2] == (1, 1) else b.sum(axis=2)
    return picture.reshape(*picture.shape[:2], -1).astype(np.float16)
