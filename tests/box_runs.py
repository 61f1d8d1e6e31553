"""A run whose networks find the drawn rectangles by a rule in NumPy, so that nothing is trained and no runtime is started.

Bright middles are centres, and all boxes are as large as boxes usually are. The answers are stored as if a model file had given them.
"""

from pathlib import Path

import numpy as np

from drawn import drawn_boxes
from radlib.datasets.films import Films, FilmSplits
from radlib.datasets.perturbed_films import PERTURBATION_SEED, perturbation_of, perturbed
from radlib.evaluation.predictions import predictions_path, run_of, split_fingerprint
from radlib.evaluation.records import made
from radlib.foundation.storage import write_json
from radlib.runs.runs import Run, open_run
from radlib.runs.variants import Step, Variant, variant_name

NETWORK, SIDE = "centre_student", 32
CHAINS = {"": 0.0, "clustering": 0.0001, "magnitude_pruning": 6.0}  # how much less heat there is


def rule_maps(films: Films, less: float) -> np.ndarray:
    """Return maps: heat by the mean grey of 8 × 8 pixels, boxes of 10 × 10 around the middle of a cell, (n, 8, 8, 5)."""
    grey = np.pad(films.images()[..., 0], ((0, 0), (2, 2), (2, 2)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(grey, (8, 8), axis=(1, 2))[:, ::4, ::4]
    maps = np.empty((len(films), SIDE // 4, SIDE // 4, 5), np.float32)
    maps[..., 0] = 1 / (1 + np.exp(22 + less - 40 * windows.mean(axis=(3, 4))))
    maps[..., 1:3], maps[..., 3:] = 10 / SIDE, 0.5
    return maps


def box_run(folder: Path, *, test: int = 160, parameters: str = "") -> tuple[Run, FilmSplits]:
    """Return a run with an original, a variant that marks films nearly alike and one that misses boxes, and its films."""
    study = folder / "boxed.yaml"
    study.write_text(
        f"name: boxed\ntitle: Boxed rectangles\ntest_is_public: false\nparameters: {{architecture: {NETWORK}, image_size: {SIDE}, "
        "margin: 0.06, stress_films: 0, bootstrap_draws: 100, latency_calls: 50, chains: [clustering, magnitude_pruning]"
        f"{parameters}}}\n"
    )
    run, films = open_run(str(folder / "out"), study=str(study)), drawn_boxes(test=test)
    for place, (chain, less) in enumerate(CHAINS.items()):
        answer(run, films, _add(run, films, chain, place), less)
    return run, films


def answer(run: Run, films: FilmSplits, variant: Variant, less: float) -> None:
    """Store what the rule answers to validation films as the answers of a variant's file."""
    network = run_of(run, variant)
    other_room = perturbed(films.validation, perturbation_of(run.settings), PERTURBATION_SEED)
    for split, part in (("validation", films.validation), ("perturbed", other_room)):
        fingerprint = split_fingerprint(network, films, split)
        _store(run, variant, split, made(run, variant, split, part, rule_maps(part, less), fingerprint))


def score(run: Run, films: FilmSplits) -> None:
    """Store the answers to the test films, once the choice is made."""
    for less, variant in zip(CHAINS.values(), in_order(run), strict=True):
        fingerprint = split_fingerprint(run_of(run, variant), films, "test")
        record = made(run, variant, "test", films.test, rule_maps(films.test, less), fingerprint)
        _store(run, variant, "test", record)


def in_order(run: Run) -> list[Variant]:
    """Return the variants in the order of `CHAINS`."""
    by_name = {variant.name: variant for variant in run.variants()}
    return [by_name[variant_name(NETWORK, chain, 0)] for chain in CHAINS]


def _store(run: Run, variant: Variant, split: str, record) -> None:
    path = predictions_path(run, variant, split)
    path.parent.mkdir(exist_ok=True)
    with path.open("wb") as stream:
        np.savez(stream, **record.arrays())


def _add(run: Run, films: FilmSplits, chain: str, place: int) -> Variant:
    def build(folder: Path) -> dict:
        (folder / "model.keras").write_bytes(bytes([place]) * (3000 - 1000 * place))
        write_json(folder / "preprocessing.json", films.preprocessing.to_dict())
        return {
            "file": "model.keras",
            "label": chain.replace("_", " ") or "original",
            "parent": variant_name(NETWORK, "", 0) if chain else None,
            "chain": tuple(Step(name, {}, 1) for name in chain.split("+") if name),
            "architecture": NETWORK,
            "task": films.training.task.name,
            "seed": 0,
            "format": "keras",
            "labels": films.training.task.outputs,
            "input_shape": (SIDE, SIDE, 1),
            "preprocessing": films.preprocessing.digest(),
        }

    return run.load_or_build(variant_name(NETWORK, chain, 0), {"chain": chain}, build)
