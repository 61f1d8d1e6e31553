"""Parameters cells are read, never run; what is typed is checked before anything runs."""

import json

import pytest
from hypothesis import given, strategies as st

from radlib.cli.series.parameters import (
    declared_parameters,
    parse_value,
    parse_values,
    read_declarations,
)
from radlib.foundation.errors import UsageError

CELL = """\
output: str = ""  # folder of the run
epochs: int = None  # passes over the films
rate: float = 0.5  # how fast
chains: list = ["int8"]  # techniques
network: str = None  # which network
"""


def test_a_cell_is_read_as_name_type_default_and_help():
    declared = read_declarations(CELL, "x.ipynb")
    assert list(declared) == ["output", "epochs", "rate", "chains", "network"]
    assert declared["epochs"].type is int and declared["epochs"].default is None
    assert declared["chains"].default == ["int8"]
    assert declared["rate"].help == "how fast"


@pytest.mark.parametrize(
    "line",
    [
        "epochs = 3",  # no type
        "epochs: int = 1 + len('x')",  # logic
        "epochs: int = open('x')",
        "epochs: int = 'three'",  # another type
        "epochs: Path = 3",  # unknown type
        "import os",
        "x.y: int = 3",
        "epochs: int",  # no value
        "for i in 'x': pass",
        "epochs: int = = 3",  # not Python
    ],
)
def test_anything_but_the_grammar_is_refused_with_the_line(line):
    with pytest.raises(UsageError, match=r"Line 2 of the parameters cell of x\.ipynb"):
        read_declarations("a: int = 1  # fine\n" + line, "x.ipynb")


def test_reading_a_cell_does_not_run_it(tmp_path):
    canary = tmp_path / "ran"
    notebook = tmp_path / "hostile.ipynb"
    source = f"__import__('pathlib').Path({str(canary)!r}).touch()"
    cell = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": source}
    notebook.write_text(json.dumps({"cells": [cell]}))
    with pytest.raises(UsageError):
        declared_parameters(notebook)
    assert not canary.exists()


def test_two_parameters_cells_are_refused(tmp_path):
    cell = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": "a: int = 1"}
    (tmp_path / "x.ipynb").write_text(json.dumps({"cells": [cell, cell]}))
    with pytest.raises(UsageError, match="2 cells"):
        declared_parameters(tmp_path / "x.ipynb")


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (int, "8", 8),
        (float, "8", 8.0),
        (float, "1e-3", 0.001),
        (float, ".5", 0.5),
        (bool, "true", True),
        (bool, "no", False),
        (str, "8", "8"),
        (str, "", ""),
        (list, "[int8, magnitude_pruning+int8]", ["int8", "magnitude_pruning+int8"]),
        (dict, "{alpha: 0.35}", {"alpha": 0.35}),
    ],
)
def test_text_becomes_a_value_of_the_declared_type(kind, text, value):
    parsed = parse_value("name", kind, text)
    assert parsed == value and type(parsed) is type(value)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (int, "8.5"), (int, "true"), (int, "eight"), (int, ""), (int, "[8]"), (float, "nan"), (float, "inf"),
        (float, "true"), (bool, "1"), (bool, "maybe"), (list, "int8"), (list, "{a: 1}"), (dict, "[1]"),
        (list, "[1"), (dict, "{[1]: 2}"), (list, "[&a [1, *a]]"), (list, "[" * 5000),
        (dict, "!!python/object/apply:os.system ['true']"), (int, "9" * 20000), (list, "[" + "1," * 9000 + "]"),
    ],
)  # fmt: skip
def test_ill_typed_and_hostile_values_are_refused_in_one_sentence(kind, text):
    with pytest.raises(UsageError, match=r"^Parameter 'name' takes a? ?\w.*, not .*\.$"):
        parse_value("name", kind, text)


HOSTILE_NAMES = [
    "x=1;import os;os.system('touch canary')#", "epochs\nimport os", "epochs ", " epochs", "epochs#", "__class__",
    "import os", "epochs;", "lambda", "epochs=3", "", "épochs", "epochs\x00", "{epochs}", "'epochs'", "a" * 10000,
    "\\", "$(touch canary)", "`touch canary`", "../epochs", "epochs: int", "# x", "(epochs)", "epochs,rate", "None",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_hostile_names_are_refused(name):
    with pytest.raises(UsageError, match="There is no parameter"):
        parse_values({name: "1"}, {"epochs": int, "rate": float})


@given(st.text())
def test_no_name_passes_that_is_not_declared(name):
    types = {"epochs": int, "rate": float}
    if name in types:
        return
    with pytest.raises(UsageError):
        parse_values({name: "1"}, types)


def test_the_nearest_name_is_named_else_all():
    with pytest.raises(UsageError, match="did you mean 'epochs'"):
        parse_values({"epoch": "1"}, {"epochs": int, "rate": float})
    with pytest.raises(UsageError, match="there are: epochs, rate"):
        parse_values({"zzz": "1"}, {"epochs": int, "rate": float})
