"""What a notebook lets you set: its parameters cell, read without running it.

Papermill writes parameters into a notebook as code and only logs a line about names it does not know: a name
such as `x=1;import os` would run. So the cell tagged `parameters` is read here as a syntax tree, each line
`name: type = value  # help`, and every name and value is checked against it before the first cell runs.
"""

import ast
import io
import json
import tokenize
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from radlib.foundation.errors import UsageError
from radlib.foundation.names import check_known
from radlib.foundation.plain_yaml import PlainYamlError, read_yaml
from radlib.foundation.value_types import accepted

TYPES: dict[str, type] = {"str": str, "int": int, "float": float, "bool": bool, "list": list, "dict": dict}
LONGEST_TEXT = 10_000


@dataclass(frozen=True)
class Declared:
    """One line of a parameters cell.

    Attributes:
        name: The parameter.
        type: Its type, one of `TYPES`.
        default: Its value when none is given; None where the study decides.
        help: The comment behind it.
    """

    name: str
    type: type
    default: Any
    help: str


def read_notebook(path: Path) -> dict[str, Any]:
    """Return a notebook's JSON.

    Raises:
        UsageError: When the file is not a notebook.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        content["cells"]
    except (OSError, ValueError, KeyError, TypeError):
        raise UsageError(f"{path.name} is not a Jupyter notebook; give an .ipynb file.") from None
    return content


def declared_parameters(path: Path) -> dict[str, Declared]:
    """Return the parameters of a notebook by name, in the order of its cell; nothing when it has no such cell.

    Raises:
        UsageError: When a line of the cell is not `name: type = value  # help`.
    """
    tagged = [
        c for c in read_notebook(path)["cells"] if "parameters" in c.get("metadata", {}).get("tags", [])
    ]
    if len(tagged) > 1:
        raise UsageError(f"{path.name} has {len(tagged)} cells tagged `parameters`; it may have one.")
    return read_declarations("".join(tagged[0]["source"]), path.name) if tagged else {}


def read_declarations(source: str, where: str) -> dict[str, Declared]:
    """Return what the source text of a parameters cell declares; `where` names it in messages."""
    comments = _comments(source, where)
    declared = {}
    for statement in ast.parse(source).body:
        line = statement.lineno
        try:
            if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
                raise ValueError
            if statement.value is None:
                raise ValueError
            kind = TYPES[ast.unparse(statement.annotation)]
            name, value = statement.target.id, ast.literal_eval(statement.value)
            if value is not None and not isinstance(value, kind):
                raise ValueError
        except (ValueError, KeyError):
            raise UsageError(
                f"Line {line} of the parameters cell of {where} is not `name: type = value  # help` "
                f"with a plain value and one of the types {', '.join(TYPES)}."
            ) from None
        declared[name] = Declared(name, kind, value, comments.get(statement.end_lineno, ""))
    return declared


def _comments(source: str, where: str) -> dict[int, str]:
    try:
        ast.parse(source)
        tokens = tokenize.generate_tokens(io.StringIO(source).readline)
        return {t.start[0]: t.string.lstrip("# ").strip() for t in tokens if t.type == tokenize.COMMENT}
    except SyntaxError as error:
        raise UsageError(f"Line {error.lineno} of the parameters cell of {where} is not Python.") from None


def parse_value(name: str, kind: type, text: str) -> Any:
    """Return the value that `text`, as typed on a command line, has as a `kind`.

    Text stays text; everything else is read as YAML, so that `[int8, float16]` and `{alpha: 0.5}` work.

    Args:
        name: Of the parameter, for messages.
        kind: One of `TYPES`.
        text: What was typed.

    Raises:
        UsageError: When it is of another type, not a number, or not plain.
    """
    if kind is str:
        return text
    try:
        value: Any = read_yaml(text) if len(text) <= LONGEST_TEXT else text
    except PlainYamlError:
        value = text  # which is no value of any other kind
    try:
        found = accepted(kind, value)
        return float(found) if kind is float else found
    except ValueError as wanted:
        raise UsageError(f"Parameter {name!r} takes {wanted}, not {text[:60]!r}.") from None
    except OverflowError:
        raise UsageError(f"Parameter {name!r} takes a smaller number than {text[:60]!r}.") from None


def parse_values(given: Mapping[str, str], types: Mapping[str, type]) -> dict[str, Any]:
    """Return typed values for what was typed as `-p NAME VALUE`.

    Args:
        given: Text by name.
        types: The type of every known name.

    Raises:
        UsageError: For an unknown name or an ill-typed value.
    """
    for name in given:
        check_known("parameter", name, sorted(types))
    return {name: parse_value(name, types[name], text) for name, text in given.items()}
