"""What a notebook takes from radlib's modules is there: found in seconds, without executing a cell."""

import ast
import importlib
from types import ModuleType
from typing import Any

import nbformat
import pytest

from radlib.runs.studies import notebooks_folder


def code_of(notebook: nbformat.NotebookNode) -> ast.Module:
    """The cells as one module, without the second one, which installs the wheel by a magic."""
    sources = [cell.source for n, cell in enumerate(notebook.cells) if cell.cell_type == "code" and n != 1]
    return ast.parse("\n".join(sources))


def imported(tree: ast.Module) -> dict[str, Any]:
    """What the notebook's imports from radlib bring, by the name that it has there."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module.partition(".")[0] == "radlib":
            room = importlib.import_module(node.module)
            for name in node.names:
                if not hasattr(room, name.name):
                    importlib.import_module(f"{node.module}.{name.name}")
                found[name.asname or name.name] = getattr(room, name.name)
    return found


@pytest.mark.parametrize("path", sorted(notebooks_folder().glob("*.ipynb")), ids=lambda path: path.stem)
def test_every_name_that_a_notebook_uses_is_there(path):
    tree = code_of(nbformat.read(path, as_version=4))
    names = imported(tree)
    assert names
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module = names.get(node.value.id)
            assert not isinstance(module, ModuleType) or hasattr(module, node.attr), ast.unparse(node)
