"""Notebooks executed by papermill, one after the other: each in a kernel of its own, its report put in place whole."""

import contextlib
import logging
import os
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from radlib.cli.series.plan import Step, is_per_network
from radlib.cli.series.progress import Progress, progress_bar
from radlib.foundation.errors import NotApplicable
from radlib.foundation.storage import disk_errors, put_in_place, write_text
from radlib.runs.run_locks import OWNER
from radlib.runs.stored_runs import Run


def execute(run: Run, steps: Sequence[Step], say: Callable[[str], None] = print) -> None:
    """Execute the steps in order; see `run_series` for what is raised."""
    from radlib.runs.damaged_variants import set_aside_damaged

    with disk_errors(run.path("failure.txt")):
        run.path("failure.txt").unlink(missing_ok=True)
    for sentence in set_aside_damaged(run):
        say(sentence)
    rows = ["report,seconds,peak_memory_bytes"]
    with progress_bar(steps, say) as progress:
        for step in steps:
            started = time.perf_counter()
            try:
                peak = execute_step(run, step, progress)
            except NotApplicable as refusal:
                if not is_per_network(step.notebook.stem):
                    raise  # what compares all networks has nothing to say without them
                progress.end(step)
                progress.finish(f"{Path(step.report).stem} ends there, and the run goes on: {refusal}")
                peak = None
            rows.append(f"{step.report},{time.perf_counter() - started:.1f},{peak or ''}")
            write_text(run.path("reports", "times.csv"), "\n".join(rows) + "\n")


def execute_step(run: Run, step: Step, progress: Progress) -> int | None:
    """Execute one notebook into the run's reports and return its kernel's peak memory, bytes.

    Raises:
        NotApplicable: When what a notebook tells of does not suit the network; the report ends there.
        RadlibError: The notebook's own, or one that says which cell failed.
    """
    import papermill

    from radlib.cli.series.failures import error_of, withhold_messages, write_failure
    from radlib.cli.series.jupyter_kernels import fresh_kernel, peak_memory_of

    final = run.path("reports", step.report)
    partial = final.with_name(f".{step.report}")
    failed = final.with_suffix(".failed.ipynb")
    progress.begin(step)
    with (
        disk_errors(final),
        _quiet(),
        fresh_kernel(run.path("radlib.log"), **_of_run(run)) as kernel,
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
            if isinstance(known, NotApplicable) and is_per_network(step.notebook.stem):
                if partial.is_file():  # what it could show stays to be read
                    withhold_messages(run, partial)
                    _without_paths(partial, step)
                    put_in_place(partial, final)
                raise known from error
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
        peak = peak_memory_of(kernel)
    with disk_errors(final):
        _without_paths(partial, step)
        put_in_place(partial, final)
        failed.unlink(missing_ok=True)
    progress.end(step)
    return peak


def _of_run(run: Run) -> dict[str, str]:
    """Return the variables by which a kernel finds the run, and passes the lock that this process has on it."""
    return {"RADLIB_RUN": str(run.folder.resolve()), OWNER: str(os.getpid())}


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
