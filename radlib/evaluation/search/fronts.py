"""What a search found: the front of files that nobody beats in both bytes and reading, and what is taken from it.

Files are compared on validation films alone, so that the test films can be opened once, for the one that is taken.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from radlib.evaluation.search.budgets import Budget
from radlib.evaluation.search.files import score
from radlib.evaluation.search.space import UNCOMPRESSED, Candidate
from radlib.evaluation.search.trials import FileScore, Trial
from radlib.runs.settings import Settings
from radlib.runs.tasks import Task


@dataclass(frozen=True)
class Found:
    """A file and the network that it was made of.

    Attributes:
        candidate: The network.
        file: The file.
    """

    candidate: Candidate
    file: FileScore

    @property
    def score(self) -> float:
        """By what it is compared, see `files.score`."""
        return score(self.file)


@dataclass(frozen=True)
class Taken:
    """What a search ends with.

    Attributes:
        best: The file within the budget that reads best; None where none is within it.
        reference: The network that reads best, compressed by nothing.
        smallest_as_good: The smallest file, whatever the budget, that reads no worse than the reference less the loss that is
            none yet; None where there is none.
        front: Files that no other beats in both bytes and reading, the smallest first.
    """

    best: Found | None
    reference: Found
    smallest_as_good: Found | None
    front: tuple[Found, ...]

    @property
    def loss(self) -> float:
        """How much worse the best file reads than the reference, see `files.scale_words`; NaN without one."""
        return self.reference.score - self.best.score if self.best else float("nan")


def tolerated(settings: Settings, task: Task | type[Task]) -> float:
    """Return the loss on validation films that is none yet: the study's `selection_loss`, of outlines and boxes its `margin`."""
    return float(getattr(settings, task.allowed_loss))


def all_files(trials: Sequence[Trial]) -> list[Found]:
    """Return every file of a search, each once."""
    found = {f.variant: Found(t.candidate, f) for t in trials for f in t.files}
    return list(found.values())


def front_of(files: Sequence[Found]) -> tuple[Found, ...]:
    """Return the files that no smaller one reads as well as, the smallest first.

    Args:
        files: In any order.
    """
    kept: list[Found] = []
    for found in sorted(files, key=lambda f: (f.file.size_bytes, -f.score, f.file.variant)):
        if not kept or found.score > kept[-1].score:
            kept.append(found)
    return tuple(kept)


def take(trials: Sequence[Trial], budget: Budget, tolerated_loss: float) -> Taken | None:
    """Return what is taken of a search; None where no network was finished.

    Args:
        trials: All of it.
        budget: Of the file.
        tolerated_loss: That is none yet, see `tolerated`.
    """
    files = all_files(trials)
    whole = [f for f in files if f.file.chain == UNCOMPRESSED]
    if not whole:
        return None
    reference = max(whole, key=lambda f: (f.score, -f.file.size_bytes))
    fitting = [f for f in files if budget.fits(f.file.size_bytes, f.file.latency_ms, f.file.arena_bytes)]
    front = front_of(files)
    as_good = [f for f in front if reference.score - f.score <= tolerated_loss]
    best = max(fitting, key=lambda f: (f.score, -f.file.size_bytes), default=None)
    return Taken(best, reference, as_good[0] if as_good else None, front)


def file_table(trials: Sequence[Trial]) -> list[dict]:
    """Return one row per file, with what the task measures in the names of two columns, such as `validation_auroc`.

    Returns:
        `trial` (number), `network`, `chain`, `size_bytes`, `validation_<measure>` and `perturbed_<measure>`, `score` (by which files
        are compared), and `on_front`.
    """
    on_front = {f.file.variant for f in front_of(all_files(trials))}
    return [
        {
            "trial": trial.number, "network": trial.candidate.name, "chain": f.chain,
            "size_bytes": f.size_bytes, f"validation_{f.measure}": f.clean, f"perturbed_{f.measure}": f.perturbed,
            "score": score(f),
            "on_front": f.variant in on_front,
        }
        for trial in trials
        for f in trial.files
    ]  # fmt: skip


def curves(trials: Sequence[Trial], measure: str = Task.measure) -> list[dict]:
    """Return one row per trial and epoch: number of the trial, network, how it ended, epoch, and what the task measures after it."""
    return [
        {"trial": t.number, "network": t.candidate.name, "state": t.state, "epoch": epoch, measure: value}
        for t in trials
        for epoch, value in enumerate(t.epochs, start=1)
    ]
