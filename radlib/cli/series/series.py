"""The numbered notebooks, executed in order by papermill: the engine of `radlib run`.

A study names its notebooks; 02 to 04 and the methods (1x) run once per network and seed, the others once.
Everything a user can get wrong is checked before the first cell runs. Reports are made afresh each time;
what is expensive (training, pruning, conversion) is stored as variants and found again, so a killed run,
started again, goes on where it was.
"""

import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from radlib.cli.series.execution import execute
from radlib.cli.series.parameters import Declared, declared_parameters
from radlib.cli.series.plan import (
    Step,
    check_settings,
    chosen_networks,
    foreign_notebooks,
    given_values,
    notebook_files,
    steps_of,
)
from radlib.foundation.errors import UsageError
from radlib.foundation.extras import check_extra
from radlib.foundation.places import made_or_removed
from radlib.foundation.storage import write_text
from radlib.runs.private import read_places, write_places
from radlib.runs.run_locks import only_start
from radlib.runs.run_records import RECORD, withheld
from radlib.runs.runs import open_run, outputs_root, planned_run
from radlib.runs.settings import SETTING_TYPES
from radlib.runs.stored_runs import Run
from radlib.runs.studies import load_study

if TYPE_CHECKING:
    from radlib.cli.series.estimate import Forecast


def run_series(
    study: str = "demo",
    *,
    output: str = "",
    data: str | None = None,
    given: Mapping[str, str] | None = None,
    fresh: bool = False,
    notebooks: Sequence[str] = (),
    say: Callable[[str], None] = print,
) -> Run:
    """Execute a study's notebooks into `<run>/reports`.

    Args:
        study: Name of a study, or a YAML file.
        output: Folder of the run; empty for the study's own under `outputs`.
        data: Folder or file with the films; None as the study says.
        given: Parameters as typed, `{"epochs": "8"}`.
        fresh: Rebuild variants that were made to other settings instead of refusing.
        notebooks: Numbers or names of those to run; empty for all of the study's.
        say: Takes the lines that a user reads.

    Returns:
        The run.

    Raises:
        MissingExtra: When a library is not installed that a run needs.
        RadlibError: The one that the failing notebook raised; `<run>/private/failure.txt` has its traceback.
        QualityGateError: When the study's gate was not met; the report is written all the same.
    """
    given = {**(given or {}), **({} if data is None else {"data": data})}
    settle = functools.partial(_settled, study, output, given, fresh, notebooks)
    plan = settle()
    check_extra("train")
    with (
        made_or_removed(plan.run.folder),
        only_start(plan.run.folder),
        _put_back_when_refused(plan.run.folder),
    ):
        plan = settle()  # once more, as another start left the folder that has ended meanwhile
        opening: dict[str, Any] = {"study": study, "fresh": fresh, "keep_settings": True}
        run = open_run(str(plan.run.folder), **opening, **_asked(plan.values))
        for line in (*foreign_notebooks(run.study, plan.files), str(plan.forecast)):
            say(line)
        values = withheld(run.folder, plan.values) | {"study": run.study.name, "fresh": fresh}
        execute(run, plan.steps(values), say)
    from radlib.runs.refusals import refusals  # here: it brings pandas, which a refused start does without

    if left_out := refusals(run):
        say(f"Not applicable, see the report: {', '.join(each.variant for each in left_out)}.")
    _check_gate(run, say)
    return run


@dataclass(frozen=True)
class Plan:
    """A run as it was asked for, checked as far as it can be without opening a film.

    Attributes:
        run: The run.
        networks: Once per network and seed that were chosen.
        files: Its notebooks.
        declared: What each of them lets one set.
        values: All that was given, typed.
        forecast: Time and disk that it will need.
    """

    run: Run
    networks: Sequence[Run]
    files: Sequence[Path]
    declared: Mapping[Path, Mapping[str, Declared]]
    values: Mapping[str, Any]
    forecast: "Forecast | None" = None

    def steps(self, values: Mapping[str, Any]) -> list[Step]:
        """Return what is executed, with the values that may stand in a report."""
        return [
            step
            for path in self.files
            for step in steps_of(path, self.declared[path], self.networks, dict(values))
        ]


def _settled(
    study: str, output: str, given: Mapping[str, str], fresh: bool, notebooks: Sequence[str]
) -> Plan:
    """Settle and check what is asked for, the cheapest to find out first; nothing is written."""
    definition = load_study(study)
    files = notebook_files(definition, notebooks)
    declared = {path: declared_parameters(path) for path in files}
    values = given_values(declared, given)
    output = output or str(outputs_root() / definition.name)
    run = planned_run(output, study=study, fresh=fresh, **_asked(values))
    networks = chosen_networks(run, network=values.get("network"), seed=values.get("seed"))
    check_settings(networks)
    from radlib.cli.series.estimate import check_disk, estimate  # here: it brings half of radlib with it

    plan = Plan(run, networks, files, declared, values)
    forecast = estimate(run, networks, [step.notebook.stem for step in plan.steps(values)])
    check_disk(run.folder, forecast)
    return replace(plan, forecast=forecast)


def _asked(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a run is opened with: settings, and the network and seed that are chosen."""
    settings = {name: value for name, value in values.items() if name in SETTING_TYPES and name != "seed"}
    return {"network": values.get("network"), "seed": values.get("seed"), **settings}


def _check_gate(run: Run, say: Callable[[str], None]) -> None:
    """Say what became of the study's gate; raise when it was not met."""
    if run.settings.gate_noninferior or run.settings.gate_size_kb:
        from radlib.report.gate import (
            check_gate,  # brings matplotlib with it, which a run without a gate does without
        )

        if sentence := check_gate(run):
            say(sentence)


def alarm_of(run: Run) -> str:
    """Return the sentence that originals of a run have not learnt; empty when all have, or nothing was asked yet."""
    from radlib.evaluation.learnt import alarm, stored_not_learnt

    return alarm(stored_not_learnt(run))


@contextlib.contextmanager
def _put_back_when_refused(folder: Path) -> Iterator[None]:
    """Put the record of a run that was begun back when a notebook refuses what was asked, so that it does not stay."""
    record = folder / RECORD
    before = record.read_text(encoding="utf-8") if record.is_file() else None
    places = read_places(folder) if before is not None else {}
    try:
        yield
    except UsageError:
        if before is not None:
            write_text(record, before)
            write_places(folder, places)
        raise
