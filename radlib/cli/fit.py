"""Films and a budget in, the best file, its proof and its bundle out: what `radlib fit` does.

A search on validation films alone finds a network and what to make of it (`evaluation.search`). Then a study of these few is
written and run like any other: its test films are opened once, and report, verdict and cards are those of every run. The
networks that were trained in the search are found again there, not trained anew.
"""

import json
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from radlib.cli.fit_device import write_its_page
from radlib.cli.fit_words import budget_words, outcome_lines, search_lines
from radlib.cli.series.parameters import declared_parameters
from radlib.cli.series.plan import check_settings, given_values, notebook_files
from radlib.cli.series.series import run_series
from radlib.datasets.films import FilmSplits, open_films, preprocessing_of
from radlib.datasets.looking.samples import sample_of
from radlib.deployment.export import export_variant
from radlib.evaluation.choices import read_choices
from radlib.evaluation.search.budgets import Budget
from radlib.evaluation.search.files import scale_words
from radlib.evaluation.search.fronts import Found, Taken, file_table, take, tolerated
from radlib.evaluation.search.halving import ENDING, Limits, search
from radlib.evaluation.search.space import space_for
from radlib.evaluation.search.trials import check_same_search, read_trials
from radlib.foundation.errors import DataError, UsageError
from radlib.foundation.extras import check_extra, pandas as pd
from radlib.foundation.places import discard
from radlib.foundation.plain_text import table_text
from radlib.foundation.storage import put_in_place, write_text
from radlib.runs.chains import parse_chain
from radlib.runs.run_locks import only_start
from radlib.runs.runs import open_run, outputs_root, planned_run
from radlib.runs.settings import SETTING_TYPES, Settings
from radlib.runs.stored_runs import Run
from radlib.runs.studies import load_study
from radlib.runs.tasks import Task
from radlib.runs.variants import variant_key

GRACE = 1.5  # times the hours that were asked for, after which a search ends whatever was reckoned
REFERENCE_CHAINS = ("float32",)
BUNDLE = "bundle"
NOTEBOOKS: Mapping[str, tuple[str, ...]] = {  # that prove what was found, by what ends a network, `Task.head`
    "pooled": ("01_explore", "02_train", "05_infer", "06_compare"),
    "map": ("30_segment",),
    "centres": ("31_detect",),
}


@dataclass(frozen=True)
class Asked:
    """What `radlib fit` was asked for.

    Attributes:
        study: Its name, or a YAML file.
        budget: Of the file.
        hours: That the search may take.
        networks: At most so many are tried; 0 for as many as the hours allow.
        seed: Of the search.
        output: Folder of the run; empty for the study's own.
        given: Settings as typed.
    """

    study: str
    budget: Budget
    hours: float
    networks: int = 0
    seed: int = 0
    output: str = ""
    given: Mapping[str, str] | None = None


def fit(asked: Asked, say: Callable[[str], None]) -> Path:
    """Search, prove, and write what a device needs.

    Args:
        asked: See `Asked`.
        say: Takes the lines that a user reads.

    Returns:
        The folder of the run; beside it lies its bundle, what a device needs.

    Raises:
        UsageError: When memory of a microcontroller is stated and no such file runs there.
        DataError: When no network of the search fits the budget, or none was finished.
        QualityGateError: When no file of the study is within the budget after all.
    """
    check_extra("train")
    if asked.budget.arena_kb:
        check_extra("micro")
    run = _search_run(asked)
    with only_start(run.folder):
        films = open_films(run)
        task = films.training.task
        taken = _searched(run, films, asked, say)
        _write_front(run, asked, taken, task)
    for line in search_lines(taken, asked.budget, tolerated(run.settings, task)):
        say(line)
    if taken.best is None:
        raise DataError(
            f"No file of this search fits the budget; the smallest has {taken.front[0].file.size_bytes / 1000:.0f} KB: allow as "
            "much, or more hours."
        )
    study, final = _final_study(run, asked, taken, NOTEBOOKS[task.head])
    _hand_over(run, final, [taken.best, taken.reference])
    done = run_series(str(study), output=str(final), given=_places(run), say=say)
    bundle = _bundle(done)
    page = write_its_page(bundle, say)
    for line in outcome_lines(done, study, bundle, page):
        say(line)
    return done.folder


def _search_run(asked: Asked) -> Run:
    """Return the run that the search works in, with the study's settings, after the checks of every run."""
    definition = load_study(asked.study)
    files = notebook_files(definition)
    values = given_values({path: declared_parameters(path) for path in files}, asked.given or {})
    settings = {name: value for name, value in values.items() if name in SETTING_TYPES and name != "seed"}
    output = f"{asked.output or outputs_root() / definition.name}{ENDING}"
    how: dict[str, Any] = {"study": asked.study, "seed": values.get("seed"), **settings}
    check_settings([planned_run(output, **how)])
    return open_run(output, keep_settings=True, **how)


def _bundle(done: Run) -> Path:
    """Write what a device needs beside a finished run."""
    winner = variant_key(read_choices(done.path("selection.json"))["winner"])
    return export_variant(done.folder, winner, done.folder.with_name(f"{done.folder.name}.{BUNDLE}"))


def _searched(run: Run, films: FilmSplits, asked: Asked, say: Callable[[str], None]) -> Taken:
    task = films.training.task
    if asked.budget.arena_kb and task.head != Task.head:
        raise UsageError(
            f"No microcontroller runs what {run.study.name} asks for, {task.name}; leave out --max-arena-kb."
        )
    paths = pd.read_csv(run.path("private", "films.csv"))["path"].tolist()
    side = sample_of(paths, preprocessing_of(run.settings)).side
    space = space_for(side, task=task, judged_side=run.settings.image_size)
    if not space.families:
        raise UsageError(
            f"No network of the search takes films of {run.settings.image_size} pixels for {task.name}; set image_size to a multiple of 32."
        )
    check_same_search(run.folder, space, asked.seed)
    if before := len(read_trials(run.folder)):
        say(f"The search goes on after {before} networks.")
    limits = Limits(3600 * asked.hours, asked.networks, time.monotonic() + GRACE * 3600 * asked.hours)
    trials = search(run, films, space, asked.budget, limits, seed=asked.seed, say=say)
    taken = take(trials, asked.budget, tolerated(run.settings, task))
    if taken is None:
        reasons = "; ".join(dict.fromkeys(trial.reason for trial in trials if trial.reason))
        raise DataError(
            f"None of {len(trials)} networks was trained to its end: {reasons or 'all would be larger than the budget'}; allow "
            "more hours, or a larger file."
        )
    return taken


def _write_front(run: Run, asked: Asked, taken: Taken, task: Task) -> None:
    """Write every file of the search as a table, and as a picture."""
    from radlib.report import figures  # here: it brings matplotlib

    rows = pd.DataFrame(file_table(read_trials(run.folder)))
    write_text(run.path("search.csv"), table_text(rows))
    best = taken.best
    name = f"{best.candidate.name} {best.file.chain}" if best else ""
    ax = figures.search_front(
        rows,
        size_kb=asked.budget.size_kb,
        tolerated=tolerated(run.settings, task),
        taken=name,
        scale=scale_words(taken.reference.file),
    )
    ax.figure.savefig(run.path("search.png"), dpi=120, metadata={"Software": None})


def _final_study(
    run: Run, asked: Asked, taken: Taken, notebooks: Sequence[str] = NOTEBOOKS[Task.head]
) -> tuple[Path, Path]:
    """Write the study of the file that was taken and of the best network, and return it with the folder of its run."""
    assert taken.best is not None
    best, reference = taken.best, taken.reference
    chains = list(dict.fromkeys([*REFERENCE_CHAINS, best.file.chain]))
    networks = [{**best.candidate.network(), "chains": chains}]
    if reference.candidate != best.candidate:
        networks.append({**reference.candidate.network(), "chains": list(REFERENCE_CHAINS)})
    left_out = {"chains", "pairs", "seed", "data", *networks[0]}
    # what was typed, and what the study's network has of its own, included
    plainly, searched = Settings(), run.settings
    own = {
        name: getattr(searched, name)
        for name in SETTING_TYPES
        if name not in left_out and getattr(searched, name) != getattr(plainly, name)
    }
    content = {
        "name": f"{run.study.name}_fit",
        "title": f"{run.study.title}: fitted to {budget_words(asked.budget)}",
        "notes": " ".join(filter(None, [run.study.notes, NOTES])),
        "parameters": {**own, "gate_noninferior": False, "gate_size_kb": float(asked.budget.size_kb)},
        "seeds": [run.settings.seed],
        "test_is_public": run.study.test_is_public,
        "networks": networks,
        "notebooks": list(notebooks),
    }
    place = run.folder.with_name(run.folder.name.removesuffix(ENDING) + "_fit")
    study = place.with_suffix(".yaml")
    plain = json.loads(
        json.dumps(content, default=dict)
    )  # a study read from a file holds numbers that know their text
    write_text(study, yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=120))
    return study, place


NOTES = (
    "Network, size of films, rate of learning and compression were found by a search on validation films as they are and "
    "perturbed; the test films had no part in it and were scored once, for what was found."
)


def _hand_over(search_run: Run, final: Path, found: list[Found]) -> None:
    """Copy what the search has made of these networks into the final run, where it is found again."""
    wanted = {(each.candidate.name, chain) for each in found for chain in _on_the_way(each.file.chain)}
    for variant in search_run.variants():
        source, target = search_run.path("variants", variant.key), final / "variants" / variant.key
        if (variant.network, variant.chain_text) in wanted and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            partial = target.with_name(f".building.{target.name}")  # as a run leaves what it has not finished
            discard(partial, final)
            shutil.copytree(source, partial)
            put_in_place(partial, target)


def _on_the_way(chain: str) -> set[str]:
    """Return the chains that lead to a chain, itself and those of every network included."""
    links = [link.text for link in parse_chain(chain)]
    return {"original", *REFERENCE_CHAINS, *("+".join(links[: n + 1]) for n in range(len(links)))}


def _places(run: Run) -> dict[str, str]:
    """Return where the films lie, which no study file should tell; all else stands in it."""
    return {"data": run.settings.data} if run.settings.data else {}
