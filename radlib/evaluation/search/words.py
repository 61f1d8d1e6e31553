"""What a search says while it goes on: a line for each network, and for each file that is made of the best."""

from radlib.evaluation.search.files import score
from radlib.evaluation.search.trials import FINISHED, STOPPED, FileScore, Trial


def trial_line(trial: Trial) -> str:
    """Return what became of a network."""
    name = f"{trial.number + 1}. {trial.candidate.architecture} {trial.candidate.tag}"
    if trial.state == STOPPED:
        return f"{name}: stopped after {len(trial.epochs)} epochs, AUROC {trial.epochs[-1]:.3f}"
    if trial.state != FINISHED:
        return f"{name}: {trial.state}{f', {trial.reason}' * bool(trial.reason)}"
    best = max(trial.files, key=score)
    return f"{name}: AUROC {best.clean:.3f}, perturbed {best.perturbed:.3f}; {len(trial.files)} files"


def file_line(found: FileScore, trial: Trial) -> str:
    """Return how a file that was made of a network reads."""
    size_kb = found.size_bytes / 1000
    return f"{trial.candidate.tag} {found.chain}: {size_kb:.0f} KB, AUROC {found.clean:.3f}, perturbed {found.perturbed:.3f}"
