"""What `radlib fit` says: what the search found, what came of it, and which of two demands to give up where both cannot be met."""

from pathlib import Path

from radlib.evaluation.search.budgets import Budget
from radlib.evaluation.search.files import scale_words
from radlib.evaluation.search.fronts import Found, Taken
from radlib.runs.stored_runs import Run
from radlib.runs.tasks import measure_word


def search_lines(taken: Taken, budget: Budget, allowed: float) -> list[str]:
    """Return what a search found, in sentences.

    Args:
        taken: See `fronts.take`.
        budget: Of the file.
        allowed: The loss that is none yet, see `fronts.tolerated`.
    """
    lines = [f"Best network of the search: {_words(taken.reference)}."]
    if taken.best is not None:
        lines.append(f"Best file within the budget: {_words(taken.best)}.")
        if taken.loss > allowed:
            lines.append(_either_or(taken, budget, allowed))
    return lines


def _either_or(taken: Taken, budget: Budget, allowed: float) -> str:
    """Return which of budget and quality to give up, with the numbers of both."""
    enough = taken.smallest_as_good
    allow = (
        f"allow {enough.file.size_bytes / 1000:.0f} KB, where {_words(enough)} does not"
        if enough is not None
        else "allow more hours, as no file of this search does better"
    )
    return (
        f"On validation films it reads {taken.loss:.3f} worse than the best network {scale_words(taken.reference.file)}, where "
        f"{allowed:g} is tolerated: give up either the budget ({budget_words(budget)}), and {allow}, or that loss."
    )


def budget_words(budget: Budget) -> str:
    """Return a budget in words.

    Example:
        >>> budget_words(Budget(size_kb=150, arena_kb=64)), budget_words(Budget())
        ('150 KB and 64 KB of memory', 'no budget')
    """
    named = (
        (budget.size_kb, "KB"),
        (budget.latency_ms, "ms"),
        (budget.arena_kb, "KB of memory"),
    )
    return " and ".join(f"{value:g} {what}" for value, what in named if value) or "no budget"


def outcome_lines(run: Run, study: Path, bundle: Path, page: Path | None) -> list[str]:
    """Return how the file did on the test films, and what to do next.

    Args:
        run: The final run, finished.
        study: Its study file.
        bundle: What a device needs.
        page: What a browser needs; None where there is none.
    """
    from radlib import report  # here: it brings pandas and matplotlib, which a refused start does without
    from radlib.report.readings import read

    return [
        *report.headline(report.write_results(run), read(run).selection, run.settings),
        f"Report: {run.path('report.html')}",
        f"To run again, or to change, with radlib run: {study}",
        f"For the device: {bundle} (its README.txt says how)",
        *([f"For a browser: {page} (radlib page {bundle} --serve shows one)"] if page is not None else []),
    ]


def _words(found: Found) -> str:
    size_kb = found.file.size_bytes / 1000
    network = f"{found.candidate.architecture} ({found.candidate.tag})"
    chain = "" if found.file.chain == "float32" else f", {found.file.chain}"
    return (
        f"{network}{chain}: {size_kb:.0f} KB, {measure_word(found.file.measure)} {found.file.clean:.3f} on validation films, "
        f"{found.file.perturbed:.3f} perturbed"
    )
