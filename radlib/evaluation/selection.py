"""Thresholds and the winner, chosen on validation films before the test films are scored.

The threshold follows the rule that the study names (`threshold_rules`). It may be chosen on validation films whose
exposure and framing were varied, since a threshold that only suits one X-ray room fails in the next. Among classes
that exclude each other the most probable one is the answer, without threshold.
The winner is the smallest file that cannot be much worse than its original (`winners`). Whether the test films will be able
to say so is asked here, too, while nobody has looked at them (`forecast`).
"""

from collections.abc import Mapping
from typing import Any

from radlib.datasets.films import FilmSplits
from radlib.evaluation.choices import FILE, read_selection
from radlib.evaluation.forecast import forecast
from radlib.evaluation.gate import gate_of, qualify
from radlib.evaluation.learnt import answers_of, not_learnt
from radlib.evaluation.limits import best_within
from radlib.evaluation.predictions import (
    films_of,
    predict,
    run_of,
    split_fingerprint,
    was_scored,
)
from radlib.evaluation.records import Record
from radlib.evaluation.threshold_rules import operating_points, rule_numbers, rule_of
from radlib.evaluation.winners import SPLITS, choose_winner
from radlib.foundation import digests
from radlib.foundation.errors import DataError, UsageError
from radlib.foundation.storage import write_json
from radlib.runs.runs import Run
from radlib.runs.settings import Settings
from radlib.runs.tasks import Task, task_of
from radlib.runs.variants import Variant, variant_name


def select(run: Run, films: FilmSplits) -> dict[str, Any]:
    """Choose a threshold for every stored variant, and the winner among those that the study names.

    Both are written to `selection.json`.

    A choice stands as soon as test predictions made under it exist. Variants built later are added with
    thresholds of their own, and the winner follows from the validation scores of all by the same rule: no
    test score enters either. `added_after_test` names them for the reader.

    Args:
        run: The run.
        films: Its films.

    Returns:
        What `selection.json` holds: `rule`, `films`, `margin`, `selection_loss`, `perturbation`, what `winners.choose_winner` returns,
        `before_test` (see `forecast.forecast`), `limits` where the study has `size_limits_kb` (see
        `limits.best_within`), and per variant `threshold` (a list where there are several
        labels), `validation_auroc`, `operating_auroc` (or what else the task measures), `model_sha256` and `fingerprint`. What is undefined is None.
        Where the study has a gate, `gate` says who meets it and the winner is the smallest that does; when none
        does, the rule without a gate stands in, so that the run has a model to show.

    Raises:
        UsageError: When a choice, its limit or a gate that was used on the test films would change, unless the run is
            `fresh`.
    """
    variants = run.variants()
    before = _before(run)
    tested = {v.name for v in variants if was_scored(run, v, "test")}
    bases = {v.name: _basis(run, films, v) for v in variants}
    task = films.dataset.task
    rule = task.fixed_rule or str(rule_of(run.settings))
    kept = {
        name: before["variants"][name]
        for name, basis in bases.items()
        if basis.items() <= before["variants"].get(name, {}).items() and before.get("rule", rule) == rule
    }
    for name in before["variants"]:
        if name in tested and name not in kept and not run.fresh:
            raise UsageError(
                f"The threshold of {name} was used on the test films and cannot be chosen again; "
                "choose another --output, or start over with --fresh."
            )
    if tested and not run.fresh:
        _refuse_another_choice(run.settings, before, task)
    new = [v for v in variants if v.name not in kept]
    entries = {**kept, **_choose(run, films, new, bases)}
    late = [v.name for v in new if tested and v.name not in before["variants"]]
    candidates = run.candidates()
    answers = {split: predict(run, films, candidates, split=split) for split in SPLITS}
    unlearnt = not_learnt(
        run, candidates, {name: answers_of(found) for name, found in answers["validation"].items()}
    )
    winner = winner_of(run.settings, candidates, answers, unlearnt)
    chosen = {
        "rule": rule,
        **rule_numbers(run.settings, bool(task.fixed_rule)),
        "films": run.settings.operating_point_films,
        "margin": run.settings.margin,
        "selection_loss": run.settings.selection_loss,
        "perturbation": dict(run.settings.perturbation),
        **winner,
        "before_test": forecast(
            run.settings, films.test, candidates, winner["winners"], answers["validation"]
        ),
        **({"not_learnt": unlearnt} if unlearnt else {}),
        **(
            {"limits": best_within(limits, candidates, entries, task.measure)}
            if (limits := run.settings.size_limits_kb)
            else {}
        ),
        "added_after_test": sorted({*before.get("added_after_test", []), *late} & set(entries)),
        **({"digests": digests.FILE} if run.path(digests.FILE).is_file() else {}),
        "variants": {v.name: entries[v.name] for v in variants},
    }
    if chosen != before:
        write_json(run.path(FILE), chosen)
    return chosen


def _refuse_another_choice(settings: Settings, before: Mapping[str, Any], task: Task) -> None:
    """Refuse a gate or a limit that would choose again when test films have been scored."""
    again = "cannot be changed now; choose another --output, or start over with --fresh."
    if before.get("gate", {}).get("demand", "") != str(gate_of(settings, task.measure_word) or ""):
        raise UsageError(f"The gate was stated otherwise when the test films were scored and {again}")
    for name in (task.allowed_loss, "perturbation"):  # what a choice rests on: of places the margin itself
        if before.get(name, getattr(settings, name)) != getattr(settings, name):
            raise UsageError(f"The setting {name!r} was another when the test films were scored and {again}")


def _before(run: Run) -> dict[str, Any]:
    """Return the choices that stand; none when a run that starts over finds them damaged."""
    if not run.path(FILE).is_file():
        return {"variants": {}}
    try:
        return read_selection(run)
    except DataError:
        if not run.fresh:
            raise
        return {"variants": {}}


def _basis(run: Run, films: FilmSplits, variant: Variant) -> dict[str, str]:
    """Return what a threshold rests on: the model file, and the films it was chosen on."""
    network = run_of(run, variant)
    prepared = films_of(network, films, variant)
    fingerprint = split_fingerprint(network, prepared, run.settings.operating_point_films)
    return {"model_sha256": variant.sha256, "fingerprint": fingerprint}


def _choose(
    run: Run, films: FilmSplits, variants: list[Variant], bases: dict[str, dict]
) -> dict[str, dict[str, Any]]:
    """Return the entries of variants that have none yet."""
    validation = predict(run, films, variants, split="validation")
    operating = predict(run, films, variants, split=run.settings.operating_point_films)
    entries, measure = {}, films.dataset.task.measure
    for variant in variants:
        asked = operating[variant.name]
        points = operating_points(asked, variant, rule_of(run.settings))
        entries[variant.name] = {
            "threshold": points[0] if len(points) == 1 else points,
            f"validation_{measure}": validation[variant.name].merit,
            f"operating_{measure}": asked.merit,
            **bases[variant.name],
        }
    return entries


def winner_of(
    settings: Settings,
    candidates: list[Variant],
    answers: Mapping[str, Mapping[str, Record]],
    unlearnt: Mapping[str, str],
) -> dict[str, Any]:
    """Return what `winners.choose_winner` returns and, where the study has a gate, `gate`, whose winner comes first.

    Args:
        settings: Of the run: limit of the loss, margin and gate.
        candidates: The variants that the study chooses among.
        answers: Their answers to the validation films and to the perturbed ones, by split and name.
        unlearnt: Why originals have not learnt, by name, see `learnt.not_learnt`.
    """
    task: Task | type[Task] = task_of(candidates[0]) if candidates else Task
    allowed = getattr(settings, task.allowed_loss)
    chosen = choose_winner(_learnt(candidates, unlearnt), answers, allowed)
    demanded = gate_of(settings, task.measure_word)
    if demanded is None:
        return chosen
    gate = qualify(demanded, candidates, answers["validation"], unlearnt)
    if gate["winner"]:
        met = next(v for v in candidates if v.name == gate["winner"])
        asked_first = {**chosen["winners"], met.network: met.chain_text}
        chosen |= {"winner": met.name, "nearest": None, "winners": asked_first}
    return chosen | {"gate": gate}


def _learnt(variants: list[Variant], unlearnt: Mapping[str, str]) -> list[Variant]:
    """Return the variants whose original has learnt; all when none has, so that the run has a model to show."""
    kept = [v for v in variants if variant_name(v.network, "", v.seed) not in unlearnt]
    return kept or variants
