"""Execute the committed notebooks in place, in order, on the demo, so that they read well on the web.

Each gets a fresh kernel; nothing of this machine stays behind: no times, no paths, no papermill metadata.
A notebook with an error, a message on standard error, a path of this machine or more than 500 KB is refused.
"""

import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from radlib.cli.series.first_cell import BOOTSTRAP
from radlib.cli.series.jupyter_kernels import fresh_kernel

REPOSITORY = Path(__file__).resolve().parent.parent
LARGEST_BYTES = 500_000
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def refresh(path: Path, outputs: Path) -> None:
    """Execute one notebook and write it back.

    Args:
        path: The notebook.
        outputs: Where its run is written, see `RADLIB_OUTPUTS`.

    Raises:
        SystemExit: With a sentence, when the result must not be committed.
    """
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[1].source = BOOTSTRAP.strip()
    variables = {"RADLIB_OUTPUTS": str(outputs), "COLUMNS": "100"}
    with fresh_kernel(outputs / "radlib.log", **variables) as kernel:
        NotebookClient(notebook, km=kernel, timeout=None, record_timing=False).execute(cwd=str(path.parent))
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        for transient in ("execution", "papermill", "collapsed", "jupyter"):
            cell.metadata.pop(transient, None)
        refuse_noise(cell, path, outputs)
    text = nbformat.writes(notebook) + "\n"
    if len(text.encode()) > LARGEST_BYTES:
        sys.exit(f"{path.name} has {len(text.encode()) / 1000:.0f} KB of 500; draw fewer or smaller figures.")
    path.write_text(text, encoding="utf-8")
    print(f"{path.name:<28} {len(text.encode()) / 1000:5.0f} KB")


def refuse_noise(cell: nbformat.NotebookNode, path: Path, outputs: Path) -> None:
    """Refuse messages on standard error, and paths of this machine."""
    for output in cell.get("outputs", []):
        if output.get("name") == "stderr":
            sys.exit(
                f"Cell {cell.execution_count} of {path.name} writes to standard error: {output.text[:200]}"
            )
        text = str(output.get("text", "")) + str(output.get("data", {}).get("text/html", ""))
        text += str(output.get("data", {}).get("text/plain", ""))
        if any(str(place) in text for place in (REPOSITORY, outputs, Path.home())):
            sys.exit(f"Cell {cell.execution_count} of {path.name} shows a path of this machine.")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        for notebook in sorted((REPOSITORY / "notebooks").glob("*.ipynb")):
            refresh(notebook, Path(folder))
