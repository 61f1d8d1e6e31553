"""Execute the committed notebooks in place, in order, on the demo, so that they read well on the web.

Each gets a fresh kernel; nothing of this machine stays behind in a cell: no times, no paths, no papermill metadata.
A notebook with an error, a message on standard error, a path of this machine or more than 500 KB is refused. How long a
notebook of a method took beside the finished demo goes into `docs/notebook_times.csv`, and its first cell says
the minutes; those of the series come from the published demo, which papermill ran.
"""

import math
import re
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import pandas as pd
from nbclient import NotebookClient

from radlib.cli.series.first_cell import BOOTSTRAP
from radlib.cli.series.jupyter_kernels import fresh_kernel

REPOSITORY = Path(__file__).resolve().parent.parent
LARGEST_BYTES = 500_000
TIMES = REPOSITORY / "docs" / "notebook_times.csv"
SAID = re.compile(r"About \d+ minutes? on two cores")
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
    started = time.monotonic()
    with fresh_kernel(outputs / "radlib.log", **variables) as kernel:
        NotebookClient(notebook, km=kernel, timeout=None, record_timing=False).execute(cwd=str(path.parent))
    if path.stem >= "07":
        notebook.cells[0].source = noted(path.name, time.monotonic() - started, notebook.cells[0].source)
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


def noted(name: str, seconds: float, opening: str) -> str:
    """Write down how long notebook `name` took, and return its first cell, which says it."""
    times = pd.read_csv(TIMES, index_col="notebook")["seconds"] if TIMES.exists() else pd.Series(dtype=float)
    times.loc[name] = round(seconds, 1)
    times.sort_index().rename_axis("notebook").rename("seconds").to_csv(TIMES)
    return SAID.sub(minutes_sentence(seconds), opening)


def minutes_sentence(seconds: float) -> str:
    """Return what the first cell of a notebook says of so many seconds, in minutes begun."""
    minutes = math.ceil(seconds / 60)
    return f"About {minutes} minute{'s' if minutes > 1 else ''} on two cores"


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
