"""What a search chooses among: networks of several widths, sizes of films, rates of learning, and what is made of each.

The space is small on purpose. What differs most between tasks is how many pixels and how many weights they need; what
differs little (schedule, decay, averaging) stays as the study has it.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from radlib.architectures.weights import find_weights
from radlib.foundation.errors import SetupError
from radlib.foundation.storage import spec_digest
from radlib.runs.settings import Settings
from radlib.runs.tasks import Task


@dataclass(frozen=True)
class Family:
    """Networks of one registered architecture.

    Attributes:
        option: What makes them smaller or larger.
        values: What it may be.
        first_strides: Of the first layer, where that can be chosen; 1 keeps all of a small film.
        weights: File that they begin with; empty for none.
        head: What they end in, `Task.head`: which kind of question they can answer.
        multiple: Of which the side of their films must be one, pixels.
    """

    option: str
    values: tuple[float, ...]
    first_strides: tuple[int, ...] = ()
    weights: str = ""
    head: str = Task.head
    multiple: int = 1


MOBILENET = "mobilenet_v2_alpha0.35_notop.h5"
FAMILIES: Mapping[str, Family] = {
    "student_tiny": Family("width", (1.0, 2.0, 3.0)),
    "student_small": Family("width", (0.5, 1.0, 2.0, 3.0), (1, 2)),
    "student_separable": Family("width", (0.5, 1.0, 2.0)),
    "student_residual": Family("width", (0.5, 1.0, 1.5, 2.0), (1, 2)),
    "mobilenet_v2": Family("alpha", (0.35,), weights=MOBILENET),
    "outline_student": Family("width", (4, 6, 8, 12, 16), head="map", multiple=8),
    "w_net": Family("width", (4, 6, 8, 12), head="map", multiple=4),
    "unet": Family("width", (4, 8, 16), head="map", multiple=16),
    "unet_mobilenet_v2": Family("width", (8, 16), weights=MOBILENET, head="map", multiple=32),
    "centre_student": Family("width", (6, 8, 12, 16, 24), head="centres", multiple=16),
    "centre_mobilenet_v2": Family("width", (8, 16), weights=MOBILENET, head="centres", multiple=32),
}
SIDES = (32, 48, 64, 96, 128)  # pixels
LEARNING_RATES = (0.001, 0.002, 0.003, 0.006)

UNCOMPRESSED = "float32"  # the chain that stands for the network itself
# Made of every finished network, without training. By what the file needs for each weight, in bytes.
CHEAP: Mapping[str, float] = {
    "float32": 4.0, "float16": 2.0, "int8": 1.0, "mixed_precision": 0.5,
}  # fmt: skip
# Made of the best networks only: each trains again. The dearest last.
DEAR: Mapping[str, float] = {
    "magnitude_pruning(final_sparsity=0.6)+deep_compression": 0.3,
    "magnitude_pruning(final_sparsity=0.8)+deep_compression": 0.17,
    "magnitude_pruning(final_sparsity=0.9)+deep_compression(clusters=16)": 0.09,
    "filter_pruning+int8": 0.6,
    "clustering+int8": 1.0,
    "qat": 1.0,
}  # fmt: skip
MAKING_S: Mapping[str, float] = {  # what it is reckoned to take to make a file and to have it answer, beside all training
    "float32": 5.0, "float16": 5.0, "int8": 8.0, "mixed_precision": 40.0,
}  # fmt: skip
MAKING_OTHERS_S = 20.0
OVERHEAD_BYTES = 6000  # of a file, whatever its weights: graph and names


@dataclass(frozen=True)
class Candidate:
    """One network of the space.

    Attributes:
        architecture: A key of `FAMILIES`.
        size: Value of the family's option.
        image_size: Side of the films, pixels.
        learning_rate: The largest of the schedule.
        first_strides: Of the first layer; 0 where the family does not ask.
    """

    architecture: str
    size: float
    image_size: int
    learning_rate: float
    first_strides: int = 0

    @property
    def tag(self) -> str:
        """What tells its network from others of the architecture."""
        strides = f"-s{self.first_strides}" if self.first_strides else ""
        return f"{FAMILIES[self.architecture].option[0]}{self.size:g}{strides}-{self.image_size}px-{self.learning_rate:g}"

    @property
    def name(self) -> str:
        """What its network is called, `architecture@tag`."""
        return f"{self.architecture}@{self.tag}"

    def settings(self, study: Settings) -> Settings:
        """Return the study's settings with this network in place of its own."""
        family = FAMILIES[self.architecture]
        options: dict[str, Any] = {family.option: self.size}
        if self.first_strides:
            options["first_strides"] = self.first_strides
        return dataclasses.replace(
            study,
            architecture=self.architecture,
            architecture_options=options,
            image_size=self.image_size,
            learning_rate=self.learning_rate,
            weights=family.weights or "none",
            tag=self.tag,
        )

    def network(self) -> dict[str, Any]:
        """Return what a study file says of it."""
        made = self.settings(Settings())
        return {
            name: getattr(made, name)
            for name in (
                "architecture",
                "architecture_options",
                "image_size",
                "learning_rate",
                "weights",
                "tag",
            )
        }


@dataclass(frozen=True)
class Space:
    """What one search may choose among.

    Attributes:
        families: Names of those whose weights are there.
        sides: Of the films, pixels; none larger than the films.
        known: Candidates to begin with: what has read films well before.
        measure: What files are compared by, `Task.measure`.
    """

    families: tuple[str, ...]
    sides: tuple[int, ...]
    known: tuple[Candidate, ...] = field(default=())
    measure: str = Task.measure

    def suggest(self, trial: Any) -> Candidate:
        """Return the candidate that a trial of Optuna stands for, or asks for."""
        name = trial.suggest_categorical("architecture", self.families)
        family = FAMILIES[name]
        strides = (
            trial.suggest_categorical(f"{name}.first_strides", family.first_strides)
            if family.first_strides
            else 0
        )
        size = trial.suggest_categorical(f"{name}.size", family.values)
        side = trial.suggest_categorical("image_size", self.sides)
        return Candidate(
            name,
            size,
            next((s for s in self.sides if s >= side and s % family.multiple == 0), side),
            trial.suggest_categorical("learning_rate", LEARNING_RATES),
            strides,
        )

    def parameters(self, candidate: Candidate) -> dict[str, Any]:
        """Return what Optuna calls the choices of a candidate."""
        name = candidate.architecture
        chosen = {"architecture": name, f"{name}.size": candidate.size, "image_size": candidate.image_size,
                  "learning_rate": candidate.learning_rate}  # fmt: skip
        return chosen | (
            {f"{name}.first_strides": candidate.first_strides} if candidate.first_strides else {}
        )

    def digest(self) -> str:
        """Return what tells this space from another, so that a search is not gone on with in another."""
        asked = {} if self.measure == Task.measure else {"measure": self.measure}
        return spec_digest({"families": self.families, "sides": self.sides, **asked})


def space_for(
    film_side: int,
    families: Sequence[str] = tuple(FAMILIES),
    *,
    task: Task | type[Task] = Task,
    judged_side: int = 0,
) -> Space:
    """Return the space for films of so many pixels, and for a kind of question.

    Args:
        film_side: Along the shorter side of the middle film, as stored; 0 where it is not known.
        families: Names of those wanted; one whose weights are not here, or that answers another kind, is left out.
        task: What is asked of the films.
        judged_side: Side at which outlines are judged, `image_size` of the study, pixels: a mask of fewer pixels is another truth,
            and its Dice is compared with nobody's. 0 for the usual sides.
    """
    largest = film_side or SIDES[-1]
    sides = tuple(side for side in SIDES if side <= largest) or (max(16, largest),)
    if task.head == "map" and judged_side:
        sides = (judged_side,)
    there = tuple(name for name in families if _suits(FAMILIES[name], task.head, sides))
    known = [
        Candidate("student_residual", 1.0, sides[-1], 0.003, 2 if sides[-1] > 64 else 1),
        Candidate("student_small", 2.0, sides[min(1, len(sides) - 1)], 0.003, 1),
        Candidate("outline_student", 8, sides[-1], 0.006),
        Candidate("unet", 8, sides[-1], 0.002),
        Candidate("centre_student", 12, sides[-1], 0.006),
    ]
    suiting = tuple(
        c for c in known if c.architecture in there and not c.image_size % FAMILIES[c.architecture].multiple
    )
    return Space(there, sides, suiting, task.measure)


def _suits(family: Family, head: str, sides: Sequence[int]) -> bool:
    """Tell whether networks of a family answer the question, at a side that there is, and can be begun here."""
    return (
        family.head == head
        and any(side % family.multiple == 0 for side in sides)
        and (not family.weights or _are_there(family.weights))
    )


def _are_there(weights: str) -> bool:
    try:
        find_weights(weights)
    except SetupError:
        return False
    return True
