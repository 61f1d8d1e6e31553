"""What a search says while it goes on: a line for each network, and for each file that is made of the best."""

from radlib.evaluation.search.files import score
from radlib.evaluation.search.trials import FINISHED, STOPPED, FileScore, Trial
from radlib.runs.tasks import Task, measure_word


def trial_line(trial: Trial, measure: str = Task.measure) -> str:
    """Return what became of a network; `measure`, what the task measures."""
    name = f"{trial.number + 1}. {trial.candidate.architecture} {trial.candidate.tag}"
    if trial.state == STOPPED:
        return f"{name}: stopped after {len(trial.epochs)} epochs, {measure_word(measure)} {trial.epochs[-1]:.3f}"
    if trial.state != FINISHED:
        return f"{name}: {trial.state}{f', {trial.reason}' * bool(trial.reason)}"
    best = max(trial.files, key=score)
    return f"{name}: {measure_word(measure)} {best.clean:.3f}, perturbed {best.perturbed:.3f}; {len(trial.files)} files"


def file_line(found: FileScore, trial: Trial) -> str:
    """Return how a file that was made of a network reads."""
    size_kb = found.size_bytes / 1000
    read = f"{measure_word(found.measure)} {found.clean:.3f}, perturbed {found.perturbed:.3f}"
    return f"{trial.candidate.tag} {found.chain}: {size_kb:.0f} KB, {read}"
