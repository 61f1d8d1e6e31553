"""What a search has tried, written down trial by trial, so that one that was killed goes on where it was.

Every trial that ended is a line of `trials.jsonl`: what was chosen, how it read after each epoch, which files came of it. Optuna
is told all of them anew when the search is opened. Its sampler draws from the history and from a seed that is that of the search
and of the trial's number, so that a search that was killed draws what it would have drawn.

References:
    Akiba, Sano, Yanase, Ohta, Koyama (2019). Optuna: a next-generation hyperparameter optimization framework. KDD,
        arXiv 1907.10902.
    Bergstra, Bardenet, Bengio, Kégl (2011). Algorithms for hyper-parameter optimization. NIPS (the tree-structured
        Parzen estimator).
"""

import dataclasses
import json
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from radlib.evaluation.search.space import Candidate, Space
from radlib.foundation.errors import UsageError
from radlib.foundation.extras import told
from radlib.foundation.storage import write_text
from radlib.runs.tasks import Task

FILE = "trials.jsonl"
FINISHED, STOPPED, TOO_LARGE, FAILED = "finished", "stopped", "too large", "failed"
FIRST_AT_RANDOM = 6  # trials before the sampler believes what it has seen


@dataclass(frozen=True)
class FileScore:
    """One file that was made of a network, and how it reads validation films.

    Attributes:
        chain: Techniques that made it.
        variant: Its name.
        size_bytes: Of the file.
        clean: What the task measures, such as the mean AUROC, on validation films as they are.
        perturbed: The same on their perturbed copies.
        latency_ms: Of one film on this machine; 0 where it was not asked.
        arena_bytes: Of memory on a microcontroller; 0 where it does not run there, None where it was not asked.
        measure: What `clean` and `perturbed` are, `Task.measure`.
    """

    chain: str
    variant: str
    size_bytes: int
    clean: float
    perturbed: float
    latency_ms: float = 0.0
    arena_bytes: int | None = None
    measure: str = Task.measure


@dataclass(frozen=True)
class Trial:
    """One network that was tried.

    Attributes:
        number: In the search, from 0.
        candidate: What it is.
        state: `finished`; `stopped`, as others read better after as many epochs; `too large` for the budget, so that it was
            not trained; or `failed`.
        epochs: What the task measures after each epoch, on the validation films that choices are made on.
        files: What was made of it.
        value: By what the search compares it, see `files.score`; None where it was not finished.
        cost_s: Seconds that it was reckoned with.
        reason: Why it failed.
    """

    number: int
    candidate: Candidate
    state: str
    epochs: tuple[float, ...] = ()
    files: tuple[FileScore, ...] = ()
    value: float | None = None
    cost_s: float = 0.0
    reason: str = ""


def read_trials(folder: Path) -> list[Trial]:
    """Return the trials of a search, none where it is new; a last line that was cut off is left out."""
    path = folder / FILE
    if not path.is_file():
        return []
    trials = []
    for line in path.read_text(encoding="utf-8").splitlines()[1:]:
        try:
            trials.append(_trial(json.loads(line)))
        except (ValueError, TypeError, KeyError):
            break
    return trials


def write_trials(folder: Path, space: Space, seed: int, trials: Sequence[Trial]) -> None:
    """Write all trials, whole or not at all."""
    head = {"space": space.digest(), "seed": seed}
    lines = [json.dumps(row) for row in (head, *map(dataclasses.asdict, trials))]
    write_text(folder / FILE, "\n".join(lines) + "\n")


def check_same_search(folder: Path, space: Space, seed: int) -> None:
    """Make sure that a search that is gone on with is the same.

    Raises:
        UsageError: When its space or seed is another.
    """
    path = folder / FILE
    if not path.is_file():
        return
    try:
        head = json.loads(path.read_text(encoding="utf-8").splitlines()[0])
    except (ValueError, IndexError):
        head = {}
    if head != {"space": space.digest(), "seed": seed}:
        raise UsageError(
            f"{folder.name} holds a search with another seed, or among other networks and sizes; choose another --output."
        )


def _trial(row: dict[str, Any]) -> Trial:
    files = tuple(FileScore(**each) for each in row["files"])
    return Trial(
        **{**row, "candidate": Candidate(**row["candidate"]), "epochs": tuple(row["epochs"]), "files": files}
    )


def next_candidate(space: Space, seed: int, trials: Sequence[Trial]) -> Candidate:
    """Return what to try next, given what was tried: known ones first, then some at random, then by the estimator.

    Args:
        space: What there is to choose among.
        seed: Of the search.
        trials: Those that have ended, from the first on.
    """
    with told(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its progress bars, which nobody sees
        import optuna
    number = len(trials)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sampler = optuna.samplers.TPESampler(seed=1_000_003 * seed + number, n_startup_trials=FIRST_AT_RANDOM)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    for trial in trials:
        study.add_trial(_as_optunas(optuna, space, trial))
    if number < len(space.known):
        study.enqueue_trial(space.parameters(space.known[number]))
    return space.suggest(study.ask())


def _as_optunas(optuna: Any, space: Space, trial: Trial) -> Any:
    states = optuna.trial.TrialState
    state = {FINISHED: states.COMPLETE, STOPPED: states.PRUNED}.get(trial.state, states.FAIL)
    asked = optuna.trial.FixedTrial(space.parameters(trial.candidate))
    space.suggest(asked)
    return optuna.trial.create_trial(
        state=state,
        value=trial.value if state == states.COMPLETE else None,
        params=asked.params,
        distributions=asked.distributions,
        intermediate_values=dict(enumerate(trial.epochs, start=1)),
    )
