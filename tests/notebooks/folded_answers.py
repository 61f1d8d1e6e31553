"""The exercises of a notebook and the code of their folded answers.

An exercise is a paragraph that begins with its number in bold; its answer follows in `<details>`, which every place that
shows notebooks folds, with its code in a block of Python. The code goes on where the notebook ended.
"""

import re
from pathlib import Path

import nbformat

HEADING = "## Exercises"
FOLDED = re.compile(r"<details>\s*<summary>Answer</summary>\n\n(.*?)\n</details>", re.S)
PYTHON = re.compile(r"^```python\n(.*?)^```$", re.S | re.M)


def exercises(notebook: Path) -> list[str]:
    """Return the text of each exercise, its answer included; empty where the notebook has none."""
    markdown = [
        cell.source for cell in nbformat.read(notebook, as_version=4).cells if cell.cell_type == "markdown"
    ]
    section = next((text.split(HEADING)[1] for text in markdown if HEADING in text), "")
    section = section.split("\n## ")[0]
    return re.split(r"^(?=\*\*\d+\.\*\*)", section, flags=re.M)[1:]


def answers(notebook: Path) -> list[str]:
    """Return the code of each folded answer; an answer without code is an empty text."""
    folded = ["\n".join(FOLDED.findall(text)) for text in exercises(notebook)]
    return ["\n".join(PYTHON.findall(text)) for text in folded]


def with_answers(notebook: Path) -> nbformat.NotebookNode:
    """Return the notebook with the code of its answers as further cells, one each."""
    read = nbformat.read(notebook, as_version=4)
    read.cells += [nbformat.v4.new_code_cell(code) for code in answers(notebook)]
    return read
