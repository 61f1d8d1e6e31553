"""A variant outside its run: a folder that a device can use.

An exported folder holds all that is needed to get the same answers elsewhere: the model, what its outputs
mean, the threshold, how films are prepared, and examples with the answers expected. The examples are
drawn, never a patient's film. What runs them needs NumPy and LiteRT only.

A file of few coded bits is made to be sent; LiteRT cannot run it. So beside a Keras or a coded file lies the same
network as a LiteRT file, decoded and converted on the way out, with float32 weights: the coded file for those who
decode it where it is used, the other for those who cannot.
"""

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from radlib.deployment.bench.subjects import ORIGINAL, ORIGINAL_FILE, lay_original
from radlib.deployment.bundle.box_examples import golden_boxes
from radlib.deployment.bundle.conformance import FOLDER, VECTORS
from radlib.deployment.bundle.deployed import RUNNABLE, deployed, write_converted
from radlib.deployment.bundle.outline_examples import golden_masks
from radlib.deployment.bundle.proof import write_proof
from radlib.deployment.bundle.requirements import checked_platforms
from radlib.deployment.bundle.runners import RUNNERS
from radlib.deployment.bundle.setup_files import write_setup
from radlib.deployment.bundle.skeletons import FILE as SKELETON
from radlib.deployment.described_variants import intact_model, read_described
from radlib.deployment.export_state import UNFINISHED, state_of
from radlib.deployment.export_texts import CONTENTS, NOTICE, readme
from radlib.deployment.folder_shift import REFERENCE, reference_of
from radlib.deployment.micro.operators import answer_step
from radlib.deployment.micro.sources import add_micro, refuse_maps
from radlib.deployment.own_films import predict_folder
from radlib.deployment.reading.answering import TYPICAL
from radlib.deployment.threshold_files import read_thresholds
from radlib.deployment.whole_folders import files_of, whole_folder
from radlib.evaluation.deciding import no_probability
from radlib.evaluation.film_shift import reference_path
from radlib.evaluation.typical_films import read_typical, typical_path
from radlib.formats.predictors import open_model
from radlib.foundation.errors import SetupError, UsageError
from radlib.foundation.plain_text import plain
from radlib.foundation.record_files import read_arrays
from radlib.foundation.storage import file_sha256, write_json, write_text
from radlib.imaging.images import Preprocessing, prepare
from radlib.imaging.phantoms.phantoms import draw_film, draw_patient
from radlib.runs import seen_films
from radlib.runs.tasks import Task, task_of
from radlib.runs.variants import Variant

__all__ = ["export_variant", "predict_folder"]

GOLDEN, RECORD = "golden.npz", "variant.json"
BELOW = ("conformance", "micro", "wheels")  # folders whose files are all the export's own


@dataclass(frozen=True)
class Beside:
    """What is laid beside a model where it is asked for; see `export_variant`."""

    platforms: Sequence[str]
    micro: bool
    original: bool


def export_variant(
    run_folder: Path,
    key: str,
    folder: Path,
    *,
    unfinished: bool = False,
    thresholds: Path | None = None,
    wheels: str = "",
    micro: bool = False,
    original: bool = False,
) -> Path:
    """Write a variant as a folder that stands alone, whole or not at all.

    Args:
        run_folder: The run's folder.
        key: Name of the variant's folder in it.
        folder: Where to, outside the run; made if need be, files of an earlier export are replaced.
        unfinished: Whether a variant without threshold, test films or verdict may leave; it says so first then.
        thresholds: A file of thresholds chosen at a site, in place of those chosen on validation films.
        wheels: Platforms for which the libraries' wheels are laid beside it, with commas, see `requirements.PLATFORMS`.
        micro: Whether what a microcontroller's firmware takes is written as well, see `micro.sources`.
        original: Whether its float32 original is laid beside it, to be timed in turns with it.

    Returns:
        `folder`.

    Raises:
        UsageError: When the variant does not exist or is not finished, the folder holds something else, or the
            thresholds are another model's.
        NotApplicable: When it is to go onto a microcontroller and cannot.
        SetupError: When the model is damaged, or there is no space.
    """
    source, folder = Path(run_folder) / "variants" / key, Path(folder)
    variant, record = read_described(source)
    if micro:
        refuse_maps(variant)
    place, platforms = _checked_place(folder, Path(run_folder)), checked_platforms(wheels)
    state = state_of(Path(run_folder), variant)
    if state["state"] == UNFINISHED and not unfinished:
        raise UsageError(
            f"{variant.name} is not finished: {'; '.join(state['missing'])}. Finish it with radlib run; --unfinished exports "
            "it all the same, and the export says so."
        )
    origin: dict[str, Any] = {"chosen_on": "validation films of the run"}
    if thresholds is not None:
        record["thresholds"], origin = read_thresholds(thresholds, variant)
    record = {"notice": NOTICE, **state, **record, "thresholds_from": origin}
    with whole_folder(place, last=RECORD, replaced=_earlier_files(place)) as partial:
        _fill(partial, Path(run_folder), variant, record, Beside(platforms, micro, original))
    return folder


def _checked_place(folder: Path, run_folder: Path) -> Path:
    """Return where an export may go: links followed, not in the run, and over nothing but an earlier export."""
    place = folder.resolve()
    if place.is_relative_to(run_folder.resolve()):
        raise UsageError(
            f"{folder.name} lies inside the run, which is to stay as it is; choose a folder outside."
        )
    if place.exists() and not place.is_dir():
        raise UsageError(f"{folder.name} is a file; name a folder to export to.")
    if place.is_dir() and any(place.iterdir()) and not (place / GOLDEN).is_file():
        raise UsageError(f"{folder.name} is not empty and is no earlier export; choose another folder.")
    return place


def _earlier_files(folder: Path) -> set[str]:
    """Return the names of the files that an earlier export wrote."""
    if not (folder / GOLDEN).is_file():
        return set()
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        named = {str(record.get(name, "")) for name in ("file", "runs")}
    except (OSError, ValueError, AttributeError):
        named = set()
    wheel = {path.name for path in folder.glob("radlib-*.whl")}
    models = {name for name in named if name.startswith("model.") and Path(name).name == name}
    below = {f"{inside}/{name}" for inside in BELOW for name in files_of(folder / inside)}
    return {*CONTENTS, RUNNABLE, SKELETON, ORIGINAL_FILE, "README.txt", *models, *wheel, *below}


def _fill(folder: Path, run_folder: Path, variant: Variant, record: dict[str, Any], beside: Beside) -> None:
    """Write all files of an export."""
    model = Path(variant.file).name
    runs = model if variant.format == "tflite" else RUNNABLE
    stored = intact_model(run_folder / "variants" / variant.key / model, variant)
    shutil.copyfile(stored, folder / model)
    if runs != model:
        write_converted(folder, variant, runs)
    record = {**record, "deployed": deployed(folder, variant, runs)}
    _write_golden(folder, variant, Preprocessing.from_dict(record["preparation"]), runs)
    _copy_typical(run_folder, variant, folder / TYPICAL)
    if (run_folder / seen_films.FILE).is_file():
        shutil.copyfile(run_folder / seen_films.FILE, folder / seen_films.FILE)
    if beside.original:
        record = {**record, ORIGINAL: lay_original(folder, run_folder, variant)}
    if beside.micro:
        add_micro(folder, folder / runs, variant, read_arrays(folder / GOLDEN, ("films",))["films"])
    write_proof(folder, variant, record, runs)
    write_setup(folder, beside.platforms)
    write_text(folder / "run.py", RUNNERS[task_of(variant).record])
    write_text(folder / "README.txt", plain(readme(folder, variant, record, model, runs)))
    hashes = {name: file_sha256(folder / name) for name in files_of(folder) if _is_hashed(name)}
    write_json(folder / RECORD, {**record, "file": model, "runs": runs, "hashes": hashes})


def _is_hashed(name: str) -> bool:
    """Tell whether variant.json says a file's digest: the vectors say those of the files that they need."""
    return not name.startswith(f"{FOLDER}/") or name == f"{FOLDER}/{VECTORS}"


def _copy_typical(run_folder: Path, variant: Variant, path: Path) -> None:
    """Copy what is kept of the training films, where it belongs to this model file, and of the test films."""
    source = typical_path(run_folder, variant.key)
    if (found := read_typical(source)) is not None and found.sha256 == variant.sha256:
        shutil.copyfile(source, path)
    if reference_of(run_folder / "variants" / variant.key, variant) is not None:
        shutil.copyfile(reference_path(run_folder, variant.preprocessing), path.with_name(REFERENCE))


def drawn_films(preparation: Preprocessing) -> np.ndarray:
    """Return the films of the examples, uint8 (4, height, width): drawn, the same for all, and prepared as a variant wants them."""
    generator = np.random.default_rng(0)
    return np.stack(
        [
            prepare(draw_film(draw_patient(generator), view, opacity, generator).image, preparation)
            for view in ("PA", "AP")
            for opacity in (False, True)
        ]
    )


def _write_golden(folder: Path, variant: Variant, preparation: Preprocessing, runs: str) -> None:
    """Write drawn films, prepared as the variant wants them, and what the model answers to them here."""
    films, task = drawn_films(preparation), task_of(variant)
    with open_model(folder / Path(variant.file).name, variant.format) as predictor:
        outputs = predictor.predict(films)
    if wrong := no_probability(outputs):
        raise SetupError(f"{variant.name} cannot be exported: {wrong} for a drawn film; build it again.")
    expected: dict[str, Any] = GOLDEN_ANSWERS[task.record](task, outputs, answer_step(folder / runs))
    np.savez_compressed(folder / GOLDEN, films=films, **expected)


GOLDEN_ANSWERS: Mapping[str, Callable[[Task, np.ndarray, float], dict[str, np.ndarray]]] = {
    "probabilities": lambda task, outputs, step: {"outputs": outputs},
    "masks": golden_masks,
    "boxes": golden_boxes,
}
