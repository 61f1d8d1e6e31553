"""What follows from stored answers, computed again: probabilities, labels, thresholds, the winner, log and table."""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from radlib.deployment.verification.checks import Check
from radlib.deployment.verification.files import AGAIN, REMEDIES
from radlib.evaluation.choices import FILE as SELECTION, read_choices, thresholds
from radlib.evaluation.learnt import answers_of, not_learnt
from radlib.evaluation.predictions import predictions_path
from radlib.evaluation.records import Record, predictions_in
from radlib.evaluation.scoring_log import FILE as TEST_LOG_FILE, MODEL_DIGITS, films_digest, read_log
from radlib.evaluation.selection import winner_of
from radlib.evaluation.threshold_rules import operating_points, rule_of
from radlib.foundation.errors import DataError, RadlibError
from radlib.foundation.record_files import numbers, read_columns
from radlib.runs.runs import Run
from radlib.runs.tasks import task_of
from radlib.runs.variants import Variant

SPLITS = ("validation", "perturbed", "test")
RESULTS = "results.csv"
EXACT = 1e-9
Answers = Mapping[tuple[str, str], Record]  # by variant name and split


def answer_checks(run: Run, variants: list[Variant]) -> list[Check]:
    """Return checks of stored answers and of all that was made from them."""
    answers, checks = _read(run, variants)
    checks += _labels(variants, answers)
    checks += _choices(run, variants, answers)
    checks += _log(run, variants, answers)
    return checks + list(_table(run, variants, answers))


def answers_place(variant: Variant, split: str) -> str:
    """Return where a variant's answers lie, relative to the run."""
    return f"predictions/{variant.key}.{split}.npz"


def _read(run: Run, variants: list[Variant]) -> tuple[dict[tuple[str, str], Record], list[Check]]:
    """Return all stored answers that can be read, and a check for each file."""
    found, checks = {}, []
    for variant in variants:
        for split in SPLITS:
            path = predictions_path(run, variant, split)
            if not path.is_file():
                continue
            failure = ""
            try:
                stored = predictions_in(path, variant, digest=False)
            except DataError:
                failure = f"The answers of {variant.name} to the {split} films are damaged; predict again."
            else:
                if stored is None:
                    failure = f"The answers of {variant.name} to the {split} films came from another model file; predict again."
                elif not stored.follows(variant):
                    failure = f"The probabilities of {variant.name} on the {split} films do not follow from its outputs; predict again."
                if stored is not None:
                    found[variant.name, split] = stored
            checks.append(Check("stored answers", failure, answers_place(variant, split)))
    return found, checks


def _labels(variants: list[Variant], answers: Answers) -> Iterator[Check]:
    """Yield whether all variants of one task were asked about the same films with the same labels."""
    for split in SPLITS:
        groups: dict[tuple, dict[str, tuple]] = {}
        for variant in variants:
            if (variant.name, split) in answers:
                facts = _facts(answers[variant.name, split])
                groups.setdefault((variant.task, variant.labels), {})[variant.name] = facts
        for group in groups.values():
            agreed = _agreed(list(group.values()))
            for name, facts in group.items():
                variant = next(v for v in variants if v.name == name)
                other = "labels" if facts[0] == agreed[0] else "films"
                failure = (
                    f"The {other} in the answers of {name} to the {split} films are not those of the other variants; "
                    "predict again."
                )
                yield Check("labels", failure if facts != agreed else "", answers_place(variant, split))


def _facts(stored: Record) -> tuple[bytes, ...]:
    """Return films, what is known of each, and patients of answers in the order of the films, to be compared whole."""
    order = np.argsort(stored.image_id, kind="stable")
    columns = (stored.image_id[order], stored.known[order], stored.patient_id[order])
    return tuple(repr(column.tolist()).encode() for column in columns)


def _agreed(facts: list[tuple]) -> tuple:
    """Return what most say; of equally many, what the first says."""
    return max(facts, key=lambda fact: (facts.count(fact), -facts.index(fact)))


def _choices(run: Run, variants: list[Variant], answers: Answers) -> Iterator[Check]:
    """Yield whether every threshold, score and the winner are what the rule makes of the stored answers."""
    path = run.path(SELECTION)
    if not path.is_file():
        scored = any(split == "test" for _, split in answers)
        if scored:
            yield Check(
                "choice",
                f"{SELECTION} is missing although test films were scored; {REMEDIES[SELECTION]}.",
                SELECTION,
            )
        return
    try:
        chosen = read_choices(path, digest=False)
    except DataError as error:
        yield Check("choice", str(error), SELECTION)
        return
    for variant in variants:
        entry = chosen["variants"].get(variant.name)
        if entry is not None:
            yield Check("choice", _wrong_choice(run, variant, entry, answers), SELECTION)
    yield Check("winner", _wrong_winner(run, variants, chosen, answers), SELECTION)


def _wrong_choice(run: Run, variant: Variant, entry: Mapping[str, Any], answers: Answers) -> str:
    if entry.get("model_sha256", variant.sha256) != variant.sha256:
        return (
            f"The threshold of {variant.name} was chosen for another model file; choose again with --fresh."
        )
    asked = answers.get((variant.name, run.settings.operating_point_films))
    if asked is not None:
        now = operating_points(asked, variant, rule_of(run.settings))
        then = [None if math.isnan(value) else float(value) for value in thresholds(entry)]
        if len(now) != len(then) or not all(map(_same, now, then)):
            return (
                f"{SELECTION} gives {variant.name} the threshold {_said(then)}, its stored answers give {_said(now)}; "
                "choose again with --fresh."
            )
    measure = task_of(variant).measure
    for key, split in (
        (f"operating_{measure}", run.settings.operating_point_films),
        (f"validation_{measure}", "validation"),
    ):
        stored = answers.get((variant.name, split))
        if stored is not None and key in entry and not _same(stored.merit, entry[key]):
            return (
                f"{SELECTION} gives {variant.name} another {key} than its stored answers give; "
                "choose again with --fresh."
            )
    return ""


def _wrong_winner(run: Run, variants: list[Variant], chosen: Mapping[str, Any], answers: Answers) -> str:
    """Return a sentence when the winner is not the one that the rule finds, else nothing."""
    try:
        names = {variant.name for variant in run.candidates()}
    except RadlibError:
        return ""  # a record that is damaged was named above
    candidates = [variant for variant in variants if variant.name in names & set(chosen["variants"])]
    asked = {
        split: {v.name: answers[v.name, split] for v in candidates if (v.name, split) in answers}
        for split in ("validation", "perturbed")
    }
    if {v.name for v in candidates} != names or any(set(found) != names for found in asked.values()):
        return ""
    try:
        unlearnt = not_learnt(
            run, candidates, {name: answers_of(found) for name, found in asked["validation"].items()}
        )
        winner = winner_of(run.settings, candidates, asked, unlearnt)["winner"]
    except (RadlibError, ValueError, TypeError, KeyError):
        return f"{SELECTION} lacks what a winner follows from; {REMEDIES[SELECTION]}."
    if chosen.get("not_learnt", {}) != unlearnt:
        return f"{SELECTION} says otherwise than the answers which originals have learnt; choose again with --fresh."
    if chosen.get("winner") != winner:
        return f"{SELECTION} names another winner than its own scores give ({winner}); choose again with --fresh."
    return ""


def _same(a: float | None, b: float | None) -> bool:
    if a is None or b is None:
        return a is None and b is None
    return isinstance(b, int | float) and abs(a - b) <= EXACT * max(1.0, abs(a))


def _said(points: list[float | None]) -> str:
    return ", ".join("none" if point is None else repr(point) for point in points)


def _log(run: Run, variants: list[Variant], answers: Answers) -> Iterator[Check]:
    """Yield whether the log of scorings is whole, and has a line for each variant that was scored."""
    scored = [variant for variant in variants if (variant.name, "test") in answers]
    if not scored:
        return
    rows, failure = _log_rows(run.path(TEST_LOG_FILE))
    yield Check("test log", failure, TEST_LOG_FILE)
    lines = {(row["variant"], row["model"], row["films"], row["test_films"]) for row in rows}
    for variant in scored if not failure else ():
        ids = answers[variant.name, "test"].image_id
        line = (variant.name, variant.sha256[:MODEL_DIGITS], str(len(ids)))
        there = bool({(*line, films_digest(ids)), (*line, "")} & lines)  # older lines do not say which films
        failure = f"{TEST_LOG_FILE} has no line of the scoring of {variant.name}; {REMEDIES[TEST_LOG_FILE]}."
        yield Check("test log", "" if there else failure, TEST_LOG_FILE)


def _log_rows(path: Path) -> tuple[list[dict[str, str]], str]:
    """Return the lines of the log, and a sentence when it is not whole."""
    if not path.is_file():
        return [], f"{TEST_LOG_FILE} is missing although test films were scored; {REMEDIES[TEST_LOG_FILE]}."
    rows, whole = read_log(path)
    if not rows or not whole:
        return [], f"{TEST_LOG_FILE} is damaged; {REMEDIES[TEST_LOG_FILE]}."
    return rows, ""


def _table(run: Run, variants: list[Variant], answers: Answers) -> Iterator[Check]:
    """Yield whether what was measured in the table of results is that of the stored answers."""
    path = run.path(RESULTS)
    if not path.is_file():
        return
    try:
        table = read_columns(path, ("variant",), AGAIN, digest=False)
        scores = numbers(table.get(task_of(variants[0]).measure, []) if variants else [])
    except (DataError, ValueError):
        yield Check("table of results", f"{RESULTS} is damaged; write the report again.", RESULTS)
        return
    written = dict(zip(table["variant"], scores.tolist(), strict=False))  # a table need not have scores
    for variant in variants:
        stored = answers.get((variant.name, "test"))
        if stored is None or variant.name not in written:
            continue
        found, word = stored.merit, task_of(variant).measure_word
        there, now = written[variant.name], math.nan if found is None else found
        same = (math.isnan(there) and math.isnan(now)) or abs(there - now) < EXACT
        failure = f"{RESULTS} gives {variant.name} {word} {there:.4f}, its stored answers give {now:.4f}; write the report again."
        yield Check("table of results", "" if same else failure, RESULTS)
