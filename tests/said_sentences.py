"""For the tests of sentences: a drawn run to say things of, and the sentences that a file of the report can say."""

import ast
import dataclasses
import functools
import tempfile
from pathlib import Path

import radlib
from radlib.report.readings import read
from written_runs import write_run


@functools.cache
def readings():
    """Return the readings of a drawn run."""
    with tempfile.TemporaryDirectory() as folder:
        return read(write_run(Path(folder), chains=("", "int8"), films=60, overlapping=20))


def seen(**given):
    return dataclasses.replace(readings(), drawn={}, **given)


def said_in(section):
    """Return all running text of a section."""
    return " ".join(" ".join(getattr(block, "lines", ())) for block in section.blocks)


def literals(name, room="report"):
    """Return the texts of four words and more that a file of the report can say, without docstrings, in parts."""
    tree = ast.parse((Path(radlib.__file__).parent / room / f"{name}.py").read_text(encoding="utf-8"))
    kinds = ast.FunctionDef | ast.ClassDef | ast.Module
    docs = {id(node.body[0].value) for node in ast.walk(tree)
            if isinstance(node, kinds) and isinstance(node.body[0], ast.Expr)}  # fmt: skip
    formatted = [node.values for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    parts = {id(value) for values in formatted for value in values}
    texts = [[v.value for v in values if isinstance(v, ast.Constant)] for values in formatted]
    texts += [
        [node.value]
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and id(node) not in docs | parts
    ]
    return [
        text
        for text in texts
        if all(isinstance(part, str) for part in text) and sum(p.count(" ") for p in text) >= 4
    ]


def unclaimed(name, claims, room="report"):
    """Return the texts of a file that none of the claims holds; a file without any text is a mistake of the test."""
    found = literals(name, room)
    assert found
    return [
        text for text in found
        if not any(said in part or part in said for said in claims for part in text if len(part) > 6)
    ]  # fmt: skip
