"""Is a run still what it says it is? Every file, everything that follows from another, and a sample of films asked again.

Files rot, are copied half, or are exchanged by hand. *files* holds each against the digest that was noted when it was
written; *answers* computes again what follows from stored answers (probabilities, labels, thresholds, winner, table);
*films* opens the films and asks every variant again. Nothing is written into the run, which may lie on a disk that
cannot be written.
"""

from pathlib import Path

from radlib.deployment.verification.answers import answer_checks
from radlib.deployment.verification.checks import Check
from radlib.deployment.verification.files import digest_checks, stored_variants, variant_checks
from radlib.deployment.verification.films import film_checks
from radlib.runs.runs import Run


def verify(run: Run, *, films: int = 16, seed: int = 0) -> list[Check]:
    """Check a run's files, and ask every variant again about some films.

    Args:
        run: The run; only its files are read.
        films: How many films of each split to ask about; 0 asks none and needs no film.
        seed: Of the draw of films.

    Returns:
        One `Check` each, failed or not.
    """
    variants, checks = stored_variants(run)
    for variant in variants:
        checks += variant_checks(run, variant)
    checks += answer_checks(run, variants)
    named = {check.place for check in checks if check.failure}
    checks += [check for check in digest_checks(run) if check.place not in named]
    return checks + (list(film_checks(run, variants, films, seed)) if films else [])


def summary(checks: list[Check], folder: Path) -> str:
    """Return what was checked in one sentence.

    Example:
        >>> summary([Check("model file"), Check("model file", "It is missing.")], Path("outputs/demo"))
        'demo: 1 of 2 checks failed (model file 1 of 2).'
        >>> summary([Check("model file"), Check("films", left_out="This needs pandas.")], Path("outputs/demo"))
        'demo: all 1 checks passed (model file 1); what is named above was not checked.'
    """
    unchecked = "; what is named above was not checked" if any(check.left_out for check in checks) else ""
    checks = [check for check in checks if not check.left_out]
    kinds = list(dict.fromkeys(check.what for check in checks))
    failed = {kind: [c for c in checks if c.what == kind and c.failure] for kind in kinds}
    total = sum(map(len, failed.values()))
    if not total:
        counted = ", ".join(f"{kind} {sum(c.what == kind for c in checks)}" for kind in kinds)
        return f"{folder.name}: all {len(checks)} checks passed ({counted}){unchecked}."
    parts = ", ".join(
        f"{kind} {len(f)} of {sum(c.what == kind for c in checks)}" for kind, f in failed.items() if f
    )
    return f"{folder.name}: {total} of {len(checks)} checks failed ({parts}){unchecked}."
