"""How much change does a variant bear? The same validation films, changed ever more in one way at a time.

Another room exposes, frames, sharpens, grains or stores films otherwise. A single mean over changed films hides which of the
five a network minds, and a compressed network may mind one that its original bears. So each kind of change goes in steps from
none to the full range that training may vary films by (`augmentation.Augmentation`); within a step every film is changed by
exactly that share of it, and draws from a fixed seed which way: at every step the same films change in the same direction,
and the original and the winner read exactly the same pixels. Thresholds stay where they were chosen.

A film that was outlined by hand takes its mask along: framing moves both by the same draw, and whatever else changes leaves the
mask as it is. What is stored of outlines is their Dice, for pictures of patients are not to lie about.

Only validation films are read, as those of the test are for one look. Answers are stored; curves need no model after that.
"""

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from radlib import metrics
from radlib.datasets.films import Films, FilmSplits
from radlib.evaluation.choices import FILE as SELECTION, read_selection
from radlib.evaluation.inference import opened_model
from radlib.evaluation.insides.layer_comparison import watched_films
from radlib.evaluation.outlined import drawn_masks
from radlib.evaluation.predictions import films_of, run_of
from radlib.foundation.errors import DataError
from radlib.foundation.record_files import read_arrays
from radlib.foundation.storage import atomic_path, spec_digest
from radlib.imaging.augmentation import NO_AUGMENTATION, Augmentation
from radlib.imaging.varied_films import augment, move_masks
from radlib.runs.runs import Run
from radlib.runs.tasks import task_of
from radlib.runs.variants import Variant, variant_name

KINDS = {
    "exposure": ("brightness", "contrast", "gamma"),
    "framing": ("rotation_degrees", "shift", "zoom", "stretch", "shear_degrees"),
    "sharpness": ("blur", "sharpen"),
    "noise": ("noise",),
    "storage": ("coarsen", "jpeg"),
}
FULL = Augmentation(blur=0.02, sharpen=2.0)  # the other ranges are those that training has by default
STRENGTHS = (0.25, 0.5, 0.75, 1.0)  # of the full range, beside none
STEPS = (("", 0.0), *((kind, strength) for kind in KINDS for strength in STRENGTHS))
SEED = 1
REVISION = 3  # raised when films are changed otherwise
FIELDS = ("image_id", "patient_id", "y_true", "y_prob", "model_sha256", "fingerprint", "revision")

Ask = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Ends:
    """A source of randomness for `augment` that knows the ends of a range alone: all of a change, up or down.

    Attributes:
        generator: What everything else is drawn from.
    """

    generator: np.random.Generator

    def uniform(self, low: float, high: float, size: int | None = None) -> np.ndarray:
        """Return ends of a range, either as often as the other."""
        drawn = self.generator.uniform(low, high, size)
        return np.where(drawn < (low + high) / 2, low, high)

    def __getattr__(self, name: str) -> Any:
        """Return how the generator draws anything else."""
        return getattr(self.generator, name)


def put_under_stress(run: Run, films: FilmSplits, variants: Sequence[Variant] | None = None) -> None:
    """Ask variants about validation films that are changed step by step, below `predictions/`; what is there is kept.

    Args:
        run: The run; its setting `stress_films` says how many films, 0 for not at all.
        films: Its films.
        variants: Whom to ask; None for the winner and its original, nobody before one was chosen.
    """
    if not run.settings.stress_films:
        return
    waiting: dict[str, tuple[Films, list[Variant]]] = {}
    asked = stressed_variants(run) if variants is None else variants
    for variant in (v for v in asked if task_of(v).record in KEPT):  # no curve is drawn of boxes
        prepared = films_of(run_of(run, variant), films, variant)
        fingerprint = _fingerprint(run, prepared)
        stored = load_stress(run, variant)
        if stored is None or str(stored["fingerprint"]) != fingerprint:
            chosen = watched_films(prepared.validation, run.settings.stress_films)
            waiting.setdefault(fingerprint, (chosen, []))[1].append(variant)
    for fingerprint, (chosen, group) in waiting.items():
        for variant, answers in zip(group, _answers(run, chosen, group), strict=True):
            _store(run, variant, chosen, answers, fingerprint)


def stressed_variants(run: Run) -> list[Variant]:
    """Return the original of the winner, and the winner; nothing before one was chosen."""
    if not run.path(SELECTION).is_file() or not (name := read_selection(run).get("winner")):
        return []
    winner = run.variant(name)
    original = variant_name(winner.network, "", winner.seed)
    return [v for v in run.variants() if v.name in (original, winner.name)]


def stressed(films: Films, kind: str, strength: float) -> Films:
    """Return films changed in one way.

    Args:
        films: Any.
        kind: A key of `KINDS`; anything for a strength of 0.
        strength: Share of the full range, 0 to 1.
    """
    if not strength:
        return films
    ranges = {name: strength * getattr(FULL, name) for name in KINDS[kind]}
    how = Augmentation.from_dict({**NO_AUGMENTATION.to_dict(), **ranges})
    changed = np.empty((len(films), *films.source.shape[1:]), np.uint8)
    for row, place in enumerate(films.positions):
        film = augment(films.source[place], how, _ends(row))
        changed[row] = np.floor(film * np.float32(255) + np.float32(0.5))
    places = np.arange(len(films))
    masks = (
        None
        if films.masks is None
        else move_masks(films.truth, how, [_ends(row) for row in range(len(films))])
    )
    return dataclasses.replace(films, source=changed, positions=places, masks=masks)


def _ends(row: int) -> Any:
    """Return where a film's changes are drawn from, in the same state for the film and for its mask."""
    return Ends(np.random.default_rng((SEED, 0, row)))


def stress_path(run: Run, variant: Variant) -> Path:
    """Return where a variant's answers to changed films lie."""
    return run.path("predictions", f"{variant.key}.stress.npz")


def load_stress(run: Run, variant: Variant) -> dict[str, Any] | None:
    """Return what this very model file answered to changed films.

    Returns:
        `image_id` and `patient_id` (n,), `y_true` (n, labels), `y_prob` (steps, n, labels) in the order of `STEPS`, of outlines
        the Dice of each film, and `fingerprint`; None where there are none, or they are damaged or older, and made anew.
    """
    path = stress_path(run, variant)
    if not path.is_file():
        return None
    try:
        found: dict[str, Any] = read_arrays(path, FIELDS)
    except DataError:
        return None
    shape = (len(STEPS), *found["y_true"].shape)
    same = str(found["model_sha256"]) == variant.sha256 and str(found["revision"]) == str(REVISION)
    return found if same and found["y_prob"].shape == shape else None


def _fingerprint(run: Run, films: FilmSplits) -> str:
    ranges = {name: getattr(FULL, name) for names in KINDS.values() for name in names}
    spec = {"films": films.fingerprint, "count": run.settings.stress_films, "ranges": ranges, "steps": STEPS}
    return spec_digest({**spec, "seed": SEED})


def _answers(run: Run, films: Films, variants: Sequence[Variant]) -> Iterator[np.ndarray]:
    """Return what is kept of each variant's answers, (steps, n, labels); a step is drawn once, and every model opened once."""
    with contextlib.ExitStack() as stack:
        models: list[Ask] = [
            stack.enter_context(opened_model(run.model_path(v), v.format, name=v.name)) for v in variants
        ]
        found: list[list[np.ndarray]] = [[] for _ in variants]
        for step in STEPS:
            changed = stressed(films, *step)
            pixels = np.ascontiguousarray(changed.pixels)
            for variant, ask, answers in zip(variants, models, found, strict=True):
                answers.append(KEPT[task_of(variant).record](variant, changed, ask(pixels)))
    return iter([np.stack(answers) for answers in found])


def _dice(variant: Variant, films: Films, outputs: np.ndarray) -> np.ndarray:
    """Return how well each film is outlined, (n, labels)."""
    drawn, truth = drawn_masks(variant, outputs), films.truth
    each = [metrics.dice(truth[..., label], drawn[..., label]) for label in range(drawn.shape[-1])]
    return np.stack(each, axis=1)


# By how a task's answers are kept, `Task.record`: what is stored of outputs to some films, (n, labels).
KEPT: Mapping[str, Callable[[Variant, Films, np.ndarray], np.ndarray]] = {
    "probabilities": lambda variant, films, outputs: task_of(variant).probabilities(outputs),
    "masks": _dice,
}


def _store(run: Run, variant: Variant, films: Films, answers: np.ndarray, fingerprint: str) -> None:
    values = (
        np.asarray(films.image_ids, np.str_),
        np.asarray(films.patient_ids, np.str_),
        np.asarray(films.labels, np.float32),
        answers,
        np.array(variant.sha256),
        np.array(fingerprint),
        np.array(REVISION),
    )
    fields: dict[str, Any] = dict(zip(FIELDS, values, strict=True))
    with atomic_path(stress_path(run, variant)) as partial, partial.open("wb") as stream:
        np.savez(stream, **fields)
