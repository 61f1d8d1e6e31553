"""nbval without a kernel: what has been executed already is held against what is committed, by nbval's own rules.

Every notebook is executed once, by papermill. nbval collects the cells of the committed notebook, asks for their
execution and compares as `pytest --nbval-lax` does; in place of a kernel it meets `Executed`.
"""

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbval.plugin import IPyNbFile, NbCellError, get_sanitize_patterns

SANITIZE = Path(__file__).parent / "nbval.cfg"


class Executed:
    """Answers as nbval's kernel would, with the outputs of a notebook that papermill executed."""

    def __init__(self, notebook: Path):
        cells = [cell for cell in nbformat.read(notebook, as_version=4).cells if cell.cell_type == "code"]
        self.cells = [cell for cell in cells if "injected-parameters" not in cell.metadata.get("tags", [])]
        self.messages: list[dict[str, Any]] = []

    def is_alive(self) -> bool:
        return True

    def execute_cell_input(self, source: str, allow_stdin: bool) -> str:
        cell = self.cells.pop(0)
        assert cell.source == source, "what was executed is another notebook"
        assert cell.execution_count is not None, f"this cell was not executed:\n{source}"
        parent = {"msg_id": cell.id}
        said = [(output.output_type, output) for output in cell.outputs]
        said.append(("status", {"execution_state": "idle"}))
        self.messages = [{"msg_type": k, "content": c, "parent_header": parent} for k, c in said]
        return cell.id

    def await_reply(self, message: str, timeout: float) -> None:
        """It is there."""

    await_idle = await_reply

    def get_message(self, stream: str, timeout: float) -> dict[str, Any]:
        return self.messages.pop(0)


def disagreements(session: pytest.Session, committed: Path, executed: Path) -> list[str]:
    """Return what `pytest --nbval-lax` would say of each cell that failed or printed something else than committed.

    Args:
        session: Of the tests.
        committed: The notebook in the repository.
        executed: papermill's copy of it, with any parameters.
    """
    notebook = IPyNbFile.from_parent(session, path=committed)
    notebook.compare_outputs = False  # but those of cells tagged nbval-check-output
    notebook.sanitize_patterns.update(get_sanitize_patterns(SANITIZE.read_text(encoding="utf-8")))
    notebook.kernel = Executed(executed)
    found = []
    for cell in notebook.collect():
        try:
            cell.runtest()
        except NbCellError as error:
            found.append(cell.repr_failure(pytest.ExceptionInfo.from_exception(error)))
            if "exception" in str(error):  # papermill went no further
                break
    return found
