"""A notebook without anything that a run left in it: what may leave this machine.

An executed notebook carries what it showed: pictures of patients' films, tables, paths, in outputs, attachments, the
state of widgets and the parameters that papermill wrote in. So what is kept is a short list, cells with their text and
tags, and not everything but what is known to be dangerous: a new kind of output is left out as well.

Only the standard library is needed, since the build of a wheel reads this file before radlib is installed.
"""

import json
import re
from typing import Any

METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
CELLS = ("markdown", "code", "raw")
INJECTED = "injected-parameters"  # papermill's tag of the cell with the values of one run
CELL_IDENTITY = re.compile(r"[a-zA-Z0-9_-]{1,64}")
PICTURE = re.compile(r"data:[\w.+-]+/[\w.+-]+;base64,[A-Za-z0-9+/=\s]*")  # one pasted into the text itself
LEFT_OUT = "#picture-left-out"


def without_outputs(text: str) -> str:
    """Return a notebook with the text and the tags of its cells, and nothing that a run left in it.

    Args:
        text: The notebook file, JSON of the notebook format 4.

    Raises:
        ValueError: When it is no notebook of that format.
    """
    try:
        notebook = json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise ValueError("it is no notebook of format 4")
    cells = [_kept(cell) for cell in notebook["cells"] if not _injected(cell)]
    minor = notebook.get("nbformat_minor")
    kept = {
        "cells": cells,
        "metadata": METADATA,
        "nbformat": 4,
        "nbformat_minor": minor if type(minor) is int and 0 <= minor < 100 else 5,
    }
    return json.dumps(kept, indent=1, ensure_ascii=False) + "\n"


def _injected(cell: Any) -> bool:
    return INJECTED in _tags(cell)


def _tags(cell: Any) -> list[str]:
    metadata = cell.get("metadata") if isinstance(cell, dict) else None
    tags = metadata.get("tags") if isinstance(metadata, dict) else None
    return [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []


def _kept(cell: Any) -> dict[str, Any]:
    """Return what is kept of a cell."""
    if not isinstance(cell, dict) or cell.get("cell_type") not in CELLS:
        raise ValueError("it has a cell that is neither text nor code")
    source = cell.get("source", "")
    lines = source if isinstance(source, list) else [source]
    if not all(isinstance(line, str) for line in lines):
        raise ValueError("it has a cell whose text is none")
    text = "".join(lines)
    tags = _tags(cell)
    kept: dict[str, Any] = {"cell_type": cell["cell_type"]}
    if isinstance(cell.get("id"), str) and CELL_IDENTITY.fullmatch(cell["id"]):
        kept["id"] = cell["id"]
    kept["metadata"] = {"tags": tags} if tags else {}
    if cell["cell_type"] == "code":
        kept |= {"execution_count": None, "outputs": []}
    else:
        text = PICTURE.sub(LEFT_OUT, text)
    return {**kept, "source": text.splitlines(keepends=True)}
