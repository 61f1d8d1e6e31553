"""Successive halving: every network is begun, few are finished.

A training that reads worse after two epochs than two thirds of those before it is stopped, and so on after six, eighteen, …:
most of the time goes to networks that are good (Li et al., 2020, who let each training go on or stop by itself, so that none
waits for another). A stopped training costs a few epochs; a finished one is compressed by all that needs no training. The best
are then compressed by what trains again. Costs are reckoned from multiplications, not from a clock, so that the same seed tries
the same networks on a busy machine.

References:
    Li, Jamieson, Rostamizadeh, Gonina, Ben-tzur, Hardt, Recht, Talwalkar (2020). A system for massively parallel
        hyperparameter tuning. MLSys, arXiv 1810.05934.
    Jamieson, Talwalkar (2016). Non-stochastic best arm identification and hyperparameter optimization. AISTATS,
        arXiv 1502.07943.
"""

import dataclasses
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from radlib.architectures import counting
from radlib.architectures.networks import build_network
from radlib.datasets.films import FilmSplits, films_for
from radlib.evaluation.search.budgets import Budget
from radlib.evaluation.search.files import files_of, score, smallest_bytes
from radlib.evaluation.search.space import (
    CHEAP,
    DEAR,
    MAKING_OTHERS_S,
    MAKING_S,
    UNCOMPRESSED,
    Candidate,
    Space,
)
from radlib.evaluation.search.trials import (
    FAILED,
    FINISHED,
    STOPPED,
    TOO_LARGE,
    FileScore,
    Trial,
    next_candidate,
    read_trials,
    write_trials,
)
from radlib.evaluation.search.words import file_line, trial_line
from radlib.foundation.errors import RadlibError
from radlib.runs.stored_runs import Run
from radlib.training.baselines import read_history, train_baseline
from radlib.training.costs import step_ms
from radlib.training.training import TrainingStopped

ENDING = ".search"  # of the folder that a search works in, beside the run
MADE_ALWAYS = (UNCOMPRESSED, "int8")  # the network itself, and about what it would take to read as it does
FIRST_EPOCHS = 2  # before a training can be stopped
REDUCTION = 3  # one of so many goes on
DEEPENED = 3  # networks that are compressed by what trains again
SHARE_OF_NETWORKS = 0.6  # of the time; the rest is for compressing the best


@dataclass(frozen=True)
class Limits:
    """When a search ends.

    Attributes:
        seconds: That it may be reckoned with.
        trials: Networks at most; 0 for as many as the time allows.
        deadline: Of `time.monotonic`, whatever was reckoned; infinite for none.
    """

    seconds: float
    trials: int = 0
    deadline: float = float("inf")

    def over(self, spent_s: float, share: float = 1.0) -> bool:
        """Tell whether so much has been spent."""
        return spent_s >= share * self.seconds or time.monotonic() > self.deadline


def search_run(run: Run, epochs: int | None = None) -> Run:
    """Return a run beside a run, in which a search works: `<run>.search`, with at most so many epochs."""
    settings = run.settings if epochs is None else dataclasses.replace(run.settings, epochs=epochs)
    return dataclasses.replace(
        run, folder=run.folder.with_name(f"{run.folder.name}{ENDING}"), settings=settings
    )


def search(
    run: Run,
    films: FilmSplits,
    space: Space,
    budget: Budget,
    limits: Limits,
    *,
    seed: int,
    say: Callable[[str], None],
) -> list[Trial]:
    """Try networks, compress the best, and return all that was tried.

    Args:
        run: Where networks are kept while the search goes on; its settings are the study's.
        films: Of the study; the test films are not touched.
        space: What there is to choose among.
        budget: Of the file.
        limits: When it ends.
        seed: Of the choice of candidates; networks have the study's.
        say: Takes a line after each trial.
    """
    trials = read_trials(run.folder)
    while not limits.over(_spent(trials), SHARE_OF_NETWORKS) and not 0 < limits.trials <= len(trials):
        candidate = next_candidate(space, seed, trials)
        trial = next(
            (
                dataclasses.replace(t, number=len(trials), cost_s=1.0)
                for t in trials
                if t.candidate == candidate
            ),
            None,
        )
        trials.append(trial or _tried(run, films, candidate, budget, trials))
        write_trials(run.folder, space, seed, trials)
        say(trial_line(trials[-1], space.measure))
    return _deepened(run, films, space, budget, limits, trials, seed=seed, say=say)


def worth_going_on(value: float, epoch: int, before: Sequence[Trial]) -> bool:
    """Tell whether a training is, at one of the epochs at which it is asked, among the best third of all that came so far.

    Args:
        value: How it reads after this epoch.
        epoch: From 1.
        before: The trials so far; those that never got here are not asked.

    Example:
        >>> far = [Trial(n, None, STOPPED, (0.5, 0.5 + n / 10)) for n in range(5)]
        >>> worth_going_on(0.95, 2, far), worth_going_on(0.55, 2, far), worth_going_on(0.55, 3, far)
        (True, False, True)
    """
    rung = FIRST_EPOCHS
    while rung < epoch:
        rung *= REDUCTION
    if rung != epoch:
        return True
    there = sorted((t.epochs[epoch - 1] for t in before if len(t.epochs) >= epoch), reverse=True)
    better = sum(other > value for other in there)
    return better < max(1, (len(there) + 1) // REDUCTION)


def _tried(
    run: Run, films: FilmSplits, candidate: Candidate, budget: Budget, before: Sequence[Trial]
) -> Trial:
    """Train one network for as long as it is worth it, and return what became of it."""
    network = dataclasses.replace(run, settings=candidate.settings(run.settings))
    parameters, macs = counted(network, films)
    if not budget.fits(smallest_bytes(parameters)):
        return Trial(len(before), candidate, TOO_LARGE, cost_s=1.0)
    curve: list[float] = []
    measured = f"val_{films.training.task.measure}"

    def goes_on(rows: Sequence) -> bool:
        curve[:] = [float(row[measured]) for row in rows]
        return worth_going_on(curve[-1], len(curve), before)

    state, reason = FINISHED, ""
    files: list[FileScore] = []
    try:
        own = films_for(network, films)
        trained = train_baseline(network, own, goes_on)
        curve = curve or read_history(network, trained)[measured].tolist()  # trained before a kill
        files = _cheap(network, own, budget, parameters)
    except TrainingStopped:
        state = STOPPED
    except RadlibError as error:
        state, reason = FAILED, str(error)
    epochs = len(curve) or network.settings.epochs
    cost = epochs * len(films.training) * step_ms(macs / 1e9) / 1000 + sum(map(_making_s, files))
    value = max(
        map(score, [f for f in files if budget.fits(f.size_bytes, f.latency_ms, f.arena_bytes)] or files),
        default=None,
    )
    return Trial(
        len(before),
        candidate,
        state,
        tuple(curve),
        tuple(files),
        value if state == FINISHED else None,
        cost,
        reason,
    )


def _cheap(network: Run, films: FilmSplits, budget: Budget, parameters: int) -> list[FileScore]:
    """Make what needs no training, and whatever their size the files that say what the budget costs."""
    wanted = [c for c, share in CHEAP.items() if c in MADE_ALWAYS or budget.fits(share * parameters)]
    return files_of(network, films, wanted, budget)


def counted(network: Run, films: FilmSplits) -> tuple[int, int]:
    """Return the parameters and the multiply-accumulates of a network that is not trained yet."""
    settings = network.settings
    shape = (settings.image_size, settings.image_size, 1)
    model = build_network(
        settings.architecture,
        settings.architecture_options,
        films.training.task,
        shape,
        weights="none",
        dropout=0.0,
        seed=0,
    )
    return counting.parameters(model), counting.macs(model)


def _deepened(
    run: Run, films: FilmSplits, space: Space, budget: Budget, limits: Limits, trials: list[Trial], *,
    seed: int, say: Callable[[str], None],
) -> list[Trial]:  # fmt: skip
    """Compress the best networks by what trains again, the cheapest chain of each first."""
    best = sorted((t for t in trials if t.state == FINISHED), key=lambda t: -(t.value or 0.0))[:DEEPENED]
    best = list({t.candidate: t for t in best}.values())
    for chain, share in DEAR.items():
        for number in [t.number for t in best]:
            trial = trials[number]
            if limits.over(_spent(trials)) or any(f.chain == chain for f in trial.files):
                continue
            network = dataclasses.replace(run, settings=trial.candidate.settings(run.settings))
            parameters, macs = counted(network, films)
            if not budget.fits(0.7 * share * parameters):  # what a chain packs to is known to a third
                continue
            made = files_of(network, films_for(network, films), [chain], budget)
            cost = network.settings.pruning_epochs * len(films.training) * 1.5 * step_ms(macs / 1e9) / 1000
            cost += MAKING_OTHERS_S
            trials[number] = dataclasses.replace(
                trial, files=(*trial.files, *made), cost_s=trial.cost_s + cost
            )
            write_trials(run.folder, space, seed, trials)
            say(
                "; ".join(file_line(f, trial) for f in made)
                or f"{trial.candidate.tag}: {chain} does not apply"
            )
    return trials


def _making_s(made: FileScore) -> float:
    return MAKING_S.get(made.chain, MAKING_OTHERS_S)


def _spent(trials: Sequence[Trial]) -> float:
    return sum(trial.cost_s for trial in trials)
