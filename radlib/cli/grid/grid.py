"""A study written as a grid, and the grid run: what `radlib grid` does."""

import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from radlib.cli.grid.snakefile import FILE, Grid, find_snakemake, snakefile
from radlib.cli.grid.steps import steps_of, take_step
from radlib.cli.series.parameters import declared_parameters
from radlib.cli.series.plan import check_settings, given_values, notebook_files
from radlib.datasets.film_shards import decode_part
from radlib.foundation.errors import SetupError
from radlib.foundation.extras import check_extra
from radlib.foundation.places import resolved
from radlib.foundation.storage import write_text
from radlib.imaging.decoding.shards import Shard
from radlib.runs.run_locks import only_start
from radlib.runs.runs import open_run, outputs_root, planned_run
from radlib.runs.settings import SETTING_TYPES
from radlib.runs.stored_runs import Run
from radlib.runs.studies import STUDY_ENDINGS, load_study

LOCK = ".grid.lock"  # in the run's folder; that of the run itself is for the step that writes the report


def write_grid(study: str, *, output: str, given: Mapping[str, str], threads: int, shards: int = 0) -> Path:
    """Check a study as `radlib run` would, open its run, and write its Snakefile.

    Args:
        study: Its name, or a YAML file.
        output: Folder of the run; empty for the study's own.
        given: Settings as typed, the films' place among them.
        threads: Of every step; the same number everywhere, or trainings end with other bits.
        shards: In how many steps the films are decoded; 0 for one.

    Returns:
        The Snakefile, in the run's folder.
    """
    check_extra("train")
    run = _opened(study, output, given, checked=True)
    named = str(resolved(study)) if study.endswith(STUDY_ENDINGS) else study
    places = {**given, **({"data": str(resolved(given["data"]))} if given.get("data") else {})}
    grid = Grid(named, run.folder.resolve(), places, threads)
    path = run.path(FILE)
    write_text(path, snakefile(grid, steps_of(run, shards)))
    return path


def run_grid(path: Path, options: Sequence[str], say: Callable[[str], None]) -> None:
    """Run a Snakefile in its folder; paths in the options, such as a profile's, are seen from the working folder.

    Args:
        path: See `write_grid`.
        options: Of Snakemake, such as `--cores 4` or `--profile slurm`.
        say: Takes the line that is run.

    Raises:
        SetupError: When there is no Snakemake, or it ended with steps undone.
        UsageError: When another process runs this grid.
    """
    command = [
        find_snakemake(),
        "--snakefile",
        str(path),
        "--directory",  # not by working there: a profile is named from where the command was typed
        str(path.parent),
        "--rerun-incomplete",
        "--rerun-triggers",
        "mtime",
        "--nolock",  # its lock outlives a start that was killed; ours does not
        *options,
    ]
    with only_start(path.parent, LOCK):
        say(" ".join([Path(command[0]).name, *command[1:]]))
        ended = subprocess.run(command, check=False)
    if ended.returncode:
        raise SetupError(
            f"The grid ended with steps undone (exit code {ended.returncode}); what is finished is kept: start the same command again."
        )


def decode(study: str, shard: Shard, *, output: str, given: Mapping[str, str]) -> tuple[int, int]:
    """Decode a shard of a study's films, see `film_shards.decode_part`."""
    return decode_part(_opened(study, output, given, checked=False), shard)


def step(study: str, mark: str, *, output: str, given: Mapping[str, str]) -> None:
    """Do one step of a grid, see `steps.take_step`."""
    take_step(_opened(study, output, given, checked=False), mark)


def _opened(study: str, output: str, given: Mapping[str, str], *, checked: bool) -> Run:
    definition = load_study(study)
    values = given_values({path: declared_parameters(path) for path in notebook_files(definition)}, given)
    how: dict[str, Any] = {name: value for name, value in values.items() if name in SETTING_TYPES}
    place = output or str(outputs_root() / definition.name)
    if checked:
        check_settings(planned_run(place, study=study, **how).networks())
    return open_run(place, study=study, keep_settings=True, **how)
