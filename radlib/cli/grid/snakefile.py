"""A study as rules of Snakemake: what may run beside what, on one machine or on many.

Rules own their files: each writes one mark, whole or not at all (see `steps`), and Snakemake starts again what ended without it. So
nothing depends on locks that a shared disk may not keep. Executors (SLURM, Kubernetes, any other) are Snakemake's own
plugins, chosen by a profile. Every training is pinned to the same number of threads, so that it ends with the same bits wherever it runs.

References:
    Mölder, Jablonski, Letcher, Hall, et al. (2021). Sustainable data analysis with Snakemake. F1000Research 10, 33.
"""

import json
import os
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from radlib.cli.grid.steps import FOLDER, Step
from radlib.foundation.errors import SetupError

PROGRAM, VARIABLE, ENVIRONMENT = "snakemake", "RADLIB_SNAKEMAKE", ".venv-grid"
FILE = "Snakefile"
REPORT = f"{FOLDER}/report.done"  # not report.html, which a study of some notebooks alone never writes
RETRIES = 2  # of a step that was killed
MEMORY_MB = {"shard": 1000, "films": 1000, "training": 2500, "variant": 2500, "answers": 1500}

HEAD = """\
# Written by `radlib grid`; run it again to change it. `snakemake --snakefile {name} --directory {folder} --cores 8`, or with
# `--profile` on a cluster. Every rule writes one mark below {marks}/ and nothing that another writes.
import os

os.environ.setdefault("RADLIB_TRACEBACK", "")
RADLIB = {radlib}
THREADS = {threads}


rule all:
    input: {report}


rule report:
    input:
{inputs}
    output: touch({report})
    threads: THREADS
    resources: mem_mb=3000
    retries: {retries}
    shell: {shell}
"""
RULE = """

rule {name}:
{inputs}    output: {output}
    threads: THREADS
    resources: mem_mb={memory}
    retries: {retries}
    shell: {shell}
"""


@dataclass(frozen=True)
class Grid:
    """What a grid is written for.

    Attributes:
        study: The study file's name or path, as it was given.
        folder: Of the run.
        given: Settings as typed, the films' place among them.
        threads: Of every step.
    """

    study: str
    folder: Path
    given: Mapping[str, str]
    threads: int = 1


def snakefile(grid: Grid, steps: Sequence[Step]) -> str:
    """Return the text of the Snakefile.

    Args:
        grid: See `Grid`.
        steps: See `steps.steps_of`.
    """
    marks = [_path(step.mark) for step in steps]
    head = HEAD.format(
        name=FILE, folder=grid.folder.name, marks=FOLDER, radlib=json.dumps(radlib_command()), threads=grid.threads,
        report=json.dumps(REPORT), inputs=_lines(marks), retries=RETRIES, shell=_shell(grid, "run", grid.study, ""),
    )  # fmt: skip
    return head + "".join(_rule(grid, step, number) for number, step in enumerate(steps))


def _rule(grid: Grid, step: Step, number: int) -> str:
    inputs = f"    input:\n{_lines([_path(mark) for mark in step.needs])}\n" if step.needs else ""
    return RULE.format(
        name=f"{step.kind}_{number}",
        inputs=inputs,
        output=json.dumps(_path(step.mark)),
        memory=MEMORY_MB[step.kind],
        retries=RETRIES,
        shell=_shell(grid, "step", grid.study, step.mark),
    )


def _shell(grid: Grid, command: str, study: str, mark: str) -> str:
    """Return the line of a rule, as a text of Python; what was typed is quoted for the shell and kept from Snakemake's braces."""
    words = [command, *([mark] if mark else []), "--study", study, "--output", str(grid.folder)]
    for name, value in grid.given.items():
        words += ["--data", value] if name == "data" else ["-p", name, value]
    line = " ".join(shlex.quote(word) for word in words).replace("{", "{{").replace("}", "}}")
    return json.dumps(f"RADLIB_THREADS={{threads}} {{RADLIB}} {line}", ensure_ascii=False)


def _path(mark: str) -> str:
    return f"{FOLDER}/{mark}.json"


def _lines(paths: Sequence[str]) -> str:
    return "\n".join(f"        {json.dumps(path)}," for path in paths)


def radlib_command() -> str:
    """Return how radlib is started in this environment."""
    return f"{shlex.quote(sys.executable)} -m radlib.cli.app"


def find_snakemake() -> str:
    """Return the program of Snakemake, which has an environment of its own: its libraries' versions are not radlib's.

    Raises:
        SetupError: When there is none.
    """
    named = os.environ.get(VARIABLE)
    for place in filter(None, (named, f"{ENVIRONMENT}/bin/{PROGRAM}", PROGRAM)):
        if found := shutil.which(place):
            return str(Path(found).resolve())
    raise SetupError(
        f"There is no {PROGRAM} here; build it with make grid-environment, or name its program in {VARIABLE} (pip install "
        f"{PROGRAM}, in an environment of its own)."
    )
