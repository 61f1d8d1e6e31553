"""What a failing notebook leaves: a sentence, an exit code, the places in the code; the rest stays private."""

import ast
import functools
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from radlib.foundation import errors
from radlib.foundation.errors import NotApplicable, RadlibError, SetupError
from radlib.foundation.plain_text import plain
from radlib.foundation.storage import atomic_path, write_text
from radlib.runs.private import private_folder
from radlib.runs.stored_runs import Run
from radlib.runs.variants import library_versions

if TYPE_CHECKING:
    from radlib.cli.series.plan import Step

COLOURS = re.compile(r"\x1b\[[0-9;]*m")
PLACE = re.compile(r"(File |Cell In\[)\S.*")  # how a traceback names a place; the lines below quote the code
MESSAGE_WITHHELD = "the message is in private/failure.txt, as it may quote a file or a patient"


@functools.cache
def exit_codes() -> dict[str, int]:
    """Return the exit code of every error class of radlib by name.

    Read from the source, since the class was raised in another process and its module may not be imported
    in this one.
    """
    bases = {}
    for path in Path(errors.__file__).parents[1].rglob("*.py"):
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
    if name == NotApplicable.__name__:
        return NotApplicable(text)
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
        number = getattr(error, "exec_count", None)
        where = f"cell {number}" if number else "a cell"
        return RadlibError(
            f"{notebook} failed in {where} with {name}; private/failure.txt in the run's folder has the message, "
            "which may quote a file or a patient."
        )
    return None


def _with_code(sentence: str, code: int) -> RadlibError:
    kinds: list[type[RadlibError]] = [RadlibError, *RadlibError.__subclasses__()]
    for kind in kinds:
        if kind.exit_code == code:
            return kind(sentence)
    return RadlibError(sentence)


def write_failure(run: Run, step: "Step", error: Exception) -> Path:
    """Write what failed: `failure.txt`, which may be shown, and `private/failure.txt` with the whole message.

    Only radlib's own sentences are known to quote nothing of a patient; of any other error the first file says
    the kind and the place.

    Returns:
        `failure.txt`.
    """
    whole = "\n".join(getattr(error, "traceback", None) or [f"{type(error).__name__}: {error}"])
    name, text = getattr(error, "ename", type(error).__name__), str(getattr(error, "evalue", ""))
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
    ]
    hidden = private_folder(run.folder) / "failure.txt"
    write_text(hidden, plain("\n".join([*lines, COLOURS.sub("", whole)])) + "\n")
    path = run.path("failure.txt")
    shown = [*lines, *shown_traceback(run, name, text, whole.splitlines())]
    write_text(path, plain("\n".join(shown)) + "\n")
    return path


def withhold_messages(run: Run, notebook: Path) -> None:
    """Rewrite the errors in an executed notebook as `shown_traceback` has them."""
    import nbformat

    content = nbformat.read(notebook, as_version=4)
    for cell in content.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                lines = [line for part in output.traceback for line in part.splitlines()]
                output.traceback = shown_traceback(run, output.ename, output.evalue, lines)
                output.evalue = output.traceback[-1].partition(": ")[2]
    with atomic_path(notebook) as partial:
        nbformat.write(content, partial)


def shown_traceback(run: Run, name: str, text: str, lines: Sequence[str]) -> list[str]:
    """Return a traceback without what may quote a patient: places in the code, and radlib's own sentences.

    Args:
        run: Its films' folder is not named either.
        name: Class of the error.
        text: Its message.
        lines: Of the whole traceback, which may hold several errors, one caused by the other.
    """
    places = [line for line in (COLOURS.sub("", line) for line in lines) if PLACE.match(line)]
    message = text if name in exit_codes() else MESSAGE_WITHHELD
    folder = run.settings.data
    for hidden in filter(None, (folder, Path(folder).name)):
        message = message.replace(hidden, "(private)")
    heading = f"{name}                                 Traceback (most recent call last)"
    return [heading, *(re.sub(r"File .*/", "File ", line) for line in places), f"{name}: {message}"]
