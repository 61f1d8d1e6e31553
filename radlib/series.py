"""The numbered notebooks, executed in order by papermill: the engine of `radlib run`.

A study names its notebooks; 02 to 04 and the methods (1x) run once per network and seed, the others once.
Everything a user can get wrong is checked before the first cell runs. Reports are made afresh each time;
what is expensive (training, pruning, conversion) is stored as variants and found again, so a killed run,
started again, goes on where it was.
"""

import contextlib
import logging
import shutil
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from radlib import digests
from radlib.damaged_variants import set_aside_damaged
from radlib.errors import DataError, SetupError, UsageError
from radlib.estimate import check_disk, estimate
from radlib.failures import error_of, withhold_messages, write_failure
from radlib.kernels import fresh_kernel, peak_memory_bytes
from radlib.parameters import declared_parameters
from radlib.plan import Step, check_settings, chosen_networks, given_values, notebook_files, steps_of
from radlib.private import read_places, write_places
from radlib.progress import Progress, progress_bar
from radlib.run_records import withheld
from radlib.runs import Run, open_run, outputs_root
from radlib.settings import SETTING_TYPES
from radlib.storage import disk_errors, write_text
from radlib.studies import load_study


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
        RadlibError: The one that the failing notebook raised; `<run>/private/failure.txt` has its traceback.
        QualityGateError: When the study's gate was not met; the report is written all the same.
    """
    definition = load_study(study)
    files = notebook_files(definition, notebooks)
    declared = {path: declared_parameters(path) for path in files}
    values = given_values(declared, {**(given or {}), **({} if data is None else {"data": data})})
    settings = {k: v for k, v in values.items() if k in SETTING_TYPES and k != "seed"}
    chosen = {"network": values.get("network"), "seed": values.get("seed")}
    folder = Path(output) if output else outputs_root() / definition.name
    with _unless_refused(folder, UsageError):
        with _unless_refused(
            folder, DataError, SetupError
        ):  # later, what was built under the new settings stands
            run = open_run(output, study=study, fresh=fresh, keep_settings=True, **chosen, **settings)
            networks = chosen_networks(run, **chosen)
            check_settings(networks)
            values = withheld(run, values) | {"study": definition.name, "fresh": fresh}
            steps = [step for path in files for step in steps_of(path, declared[path], networks, values, run)]
            forecast = estimate(run, networks, [step.notebook.stem for step in steps])
            check_disk(run.folder, forecast)
        say(str(forecast))
        execute(run, steps, say)
    _check_gate(run, say)
    return run


def _check_gate(run: Run, say: Callable[[str], None]) -> None:
    """Say what became of the study's gate; raise when it was not met."""
    if run.settings.gate_noninferior or run.settings.gate_size_kb:
        from radlib.report import (
            check_gate,
        )  # brings matplotlib with it, which a run without a gate does without

        if sentence := check_gate(run):
            say(sentence)


def execute(run: Run, steps: Sequence[Step], say: Callable[[str], None] = print) -> None:
    """Execute the steps in order; see `run_series` for what is raised."""
    run.path("failure.txt").unlink(missing_ok=True)
    for sentence in set_aside_damaged(run):
        say(sentence)
    rows = ["report,seconds,peak_memory_bytes"]
    with progress_bar(steps, say) as progress:
        for step in steps:
            started = time.perf_counter()
            peak = execute_step(run, step, progress)
            rows.append(f"{step.report},{time.perf_counter() - started:.1f},{peak or ''}")
            write_text(run.path("reports", "times.csv"), "\n".join(rows) + "\n")


def execute_step(run: Run, step: Step, progress: Progress) -> int | None:
    """Execute one notebook into the run's reports and return its kernel's peak memory, bytes.

    Raises:
        RadlibError: The notebook's own, or one that says which cell failed.
    """
    import papermill

    final = run.path("reports", step.report)
    partial = final.with_name(f".{step.report}")
    failed = final.with_suffix(".failed.ipynb")
    progress.begin(step)
    with (
        disk_errors(final),
        _quiet(),
        fresh_kernel(run.path("radlib.log"), RADLIB_RUN=str(run.folder.resolve())) as kernel,
    ):
        final.parent.mkdir(parents=True, exist_ok=True)
        try:
            papermill.execute_notebook(
                step.notebook,
                partial,
                parameters=dict(step.parameters),
                kernel_name="python3",
                language="python",
                progress_bar=False,
                km=kernel,
                on_cell_execute=progress.cell,
            )
        except Exception as error:
            known = error_of(error, step.notebook.stem)
            if known is None:
                raise
            write_failure(run, step, error)
            if partial.is_file():
                withhold_messages(run, partial)
                partial.replace(failed)
            raise known from error
        except KeyboardInterrupt:
            # the cell that was running leaves a task behind, and asyncio would report its death at the end
            logging.getLogger("asyncio").setLevel(logging.CRITICAL)
            partial.unlink(missing_ok=True)
            raise
        peak = peak_memory_bytes(kernel)
    _without_paths(partial, step)
    digests.note(partial, final)
    partial.replace(final)
    failed.unlink(missing_ok=True)
    progress.end(step)
    return peak


def _without_paths(path: Path, step: Step) -> None:
    """Write file names in place of the paths that papermill records in a notebook."""
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    notebook.metadata.papermill |= {"input_path": step.notebook.name, "output_path": step.report}
    nbformat.write(notebook, path)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the chatter of papermill and its libraries from the terminal."""
    logger = logging.getLogger("papermill")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


@contextlib.contextmanager
def _unless_refused(folder: Path, *refusals: type[Exception]) -> Iterator[None]:
    """Put a run's record back when what was asked is refused, so that the refused settings and places do not stay.

    A folder that was made only to be refused goes, too.
    """
    record, existed = folder / "run.json", folder.exists()
    before = record.read_text(encoding="utf-8") if record.is_file() else None
    places = read_places(folder) if before is not None else {}
    try:
        yield
    except refusals:
        begun = (folder / "variants").exists() or (folder / "reports").exists()
        if before is not None:
            write_text(record, before)
            write_places(folder, places)
        elif not existed and not begun:
            shutil.rmtree(folder, ignore_errors=True)
        elif not begun:
            record.unlink(missing_ok=True)
        raise
