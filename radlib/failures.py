"""What a failing notebook leaves: the error's own sentence and exit code, and one file with the rest."""

import ast
import functools
import re
from pathlib import Path
from typing import TYPE_CHECKING

from radlib import errors
from radlib.errors import RadlibError, SetupError
from radlib.runs import Run
from radlib.storage import write_text
from radlib.variants import library_versions

if TYPE_CHECKING:
    from radlib.plan import Step


@functools.cache
def exit_codes() -> dict[str, int]:
    """Return the exit code of every error class of radlib by name.

    Read from the source, since the class was raised in another process and its module may not be imported
    in this one.
    """
    bases = {}
    for path in Path(errors.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                bases[node.name] = [base.id for base in node.bases if isinstance(base, ast.Name)]
    codes = {"RadlibError": RadlibError.exit_code}

    def code(name: str) -> int | None:
        known = getattr(errors, name, None)
        if isinstance(known, type) and issubclass(known, RadlibError):
            return known.exit_code
        return next((c for c in map(code, bases.get(name, [])) if c is not None), None)

    for name in bases:
        if code(name) is not None:
            codes[name] = code(name)
    return codes


def error_of(error: Exception, notebook: str) -> RadlibError | None:
    """Return the error to end with for what papermill raised; None for what is no failure of a notebook."""
    name, text = getattr(error, "ename", None), str(getattr(error, "evalue", ""))
    if name in exit_codes():
        return _with_code(text, exit_codes()[name])
    if name and ("Errno 28" in text or "No space left" in text):
        return SetupError(
            f"No space is left on the disk (in {notebook}); finished work is intact: free some space and run "
            "the same command again."
        )
    if type(error).__name__ == "DeadKernelError" or name == "MemoryError":
        return SetupError(
            f"The process of {notebook} ended unexpectedly, most likely for lack of memory; use a smaller "
            "-p batch_size or -p image_size, or a machine with more."
        )
    if name:
        where = f"cell {error.exec_count}" if getattr(error, "exec_count", None) else "a cell"
        return RadlibError(f"{notebook} failed in {where} with {name}: {' '.join(text.split())[:200]}")
    return None


def _with_code(sentence: str, code: int) -> RadlibError:
    for kind in (RadlibError, *RadlibError.__subclasses__()):
        if kind.exit_code == code:
            return kind(sentence)
    return RadlibError(sentence)


def write_failure(run: Run, step: "Step", error: Exception) -> Path:
    """Write `failure.txt`: which notebook and cell, its parameters, the versions, and the traceback."""
    traceback = "\n".join(getattr(error, "traceback", None) or [f"{type(error).__name__}: {error}"])
    lines = [
        f"notebook    {step.notebook.name}",
        f"report      reports/{Path(step.report).stem}.failed.ipynb",
        f"cell        {getattr(error, 'exec_count', '')}",
        "",
        "parameters",
        *(f"  {name} = {value!r}" for name, value in step.parameters.items()),
        "",
        "versions",
        *(f"  {name} {version}" for name, version in library_versions().items()),
        "",
        "source of the cell",
        *(f"  {line}" for line in str(getattr(error, "source", "")).splitlines()),
        "",
        re.sub(r"\x1b\[[0-9;]*m", "", traceback),
    ]
    path = run.path("failure.txt")
    write_text(path, "\n".join(lines) + "\n")
    return path
