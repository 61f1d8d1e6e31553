"""Does a variant look where its original looks? Heat maps of both on the same films, and how far they agree.

A variant that opens as a Keras network is asked by Grad-CAM, a LiteRT file by occlusion, which needs no gradients; the original is asked in the
same way, so that the method cannot make the difference. Films are validation films with a finding, of different
patients, those with a radiologist's box first. Stored are numbers per film, and the maps of one drawn film.

References:
    Selvaraju et al. (2017). Grad-CAM. ICCV, arXiv 1610.02391.
    Zeiler, Fergus (2014). Visualizing and understanding convolutional networks. ECCV, arXiv 1311.2901.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from radlib import metrics
from radlib.datasets.films import Films, FilmSplits
from radlib.evaluation.insides.network_maps import GRID, network_maps, way_of
from radlib.evaluation.insides.phantom_films import phantom_films
from radlib.evaluation.insides.stored_findings import not_yet_found
from radlib.evaluation.predictions import films_of, run_of
from radlib.foundation.errors import RadlibError
from radlib.runs.runs import Run
from radlib.runs.variants import Variant

FOLDER = "heat_maps"
REVISION = 2  # raised when the same files would answer otherwise
FILMS = 20


def compare_heat_maps(run: Run, films: FilmSplits, variants: Sequence[Variant]) -> None:
    """Compare the heat maps of what has not been compared, below `heat_maps/` of the run.

    Args:
        run: The run.
        films: Its films; some validation films with a finding are shown to both networks.
        variants: Those to ask; trained networks themselves are left out.
    """
    asked: dict[tuple, np.ndarray] = {}  # what an original answered, shared by its variants
    compressed = [variant for variant in variants if variant.chain]
    for variant, before, store in not_yet_found(run, compressed, heat_maps_path, REVISION):
        store(*_compare(run, before, variant, films_of(run_of(run, variant), films, variant), asked))


def heat_maps_path(run_folder: Path, variant: Variant) -> Path:
    """Return where the comparison of a variant lies; its maps of a drawn film lie beside it as `.npz`."""
    return run_folder / FOLDER / f"{variant.key}.json"


def films_with_finding(films: Films, count: int, seed: int = 0) -> tuple[Films, np.ndarray]:
    """Return films with a finding, of different patients as far as there are, those with boxes first.

    Args:
        films: Usually the validation films.
        count: How many at most.
        seed: Of the draw.

    Returns:
        The films, and which output of a network each is asked about, (k,): the first finding that it has.
    """
    targets = films.task.targets(films.labels) == 1  # (n, outputs)
    targets[:, : films.task.first_label] = False  # the answer "no" is seen nowhere
    positive = np.flatnonzero(targets.any(axis=1))
    order = np.random.default_rng(seed).permutation(positive)
    repeated = np.ones(len(order), bool)
    repeated[np.unique(films.patient_ids[order], return_index=True)[1]] = False
    boxed = np.array([bool(films.boxes(place)) for place in order], bool)
    chosen = order[np.lexsort([~boxed, repeated])][:count]
    return films.take(chosen), targets[chosen].argmax(axis=1)


def _compare(
    run: Run, before: Variant, variant: Variant, films: FilmSplits, asked: dict[tuple, np.ndarray]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the numbers per film of a variant, and the maps of a drawn film."""
    watched, outputs = films_with_finding(films.validation, FILMS)
    if not len(watched):
        return {"reason": "No validation film has a finding to look for.", "method": "", "films": []}, {}
    method = way_of(variant)
    drawn, drawn_boxes = phantom_films(films.preprocessing)
    images = np.concatenate([watched.images(), drawn[..., None] / np.float32(255)])
    places = np.concatenate([outputs, outputs[:1]])
    key = before.name, method, films.preprocessing.digest()
    try:
        if key not in asked:
            asked[key] = network_maps(run, before, method, images, places)
        after = network_maps(run, variant, method, images, places)
    except RadlibError as error:
        return {"reason": str(error), "method": method, "films": []}, {}
    rows = [
        {
            "image_id": str(watched.image_ids[n]),
            "patient_id": str(watched.patient_ids[n]),
            "rank_correlation": metrics.rank_correlation(asked[key][n], after[n]),
            "top_overlap": metrics.top_overlap(asked[key][n], after[n]),
            "hit": metrics.points_inside(after[n], _on_grid(watched.boxes(n), watched)),
            "original_hit": metrics.points_inside(asked[key][n], _on_grid(watched.boxes(n), watched)),
        }
        for n in range(len(watched))
    ]
    pictures = {"film": drawn[0], "original": asked[key][-1], "variant": after[-1],
                "boxes": np.array(drawn_boxes[0], np.float32)}  # fmt: skip
    return {"reason": "", "method": method, "films": rows}, pictures


def _on_grid(boxes: list, films: Films) -> list:
    scale = GRID / films.preprocessing.image_size
    return [tuple(scale * side for side in box) for box in boxes]
