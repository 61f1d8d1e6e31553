"""What others named cannot act where it is shown: in a terminal, in a spreadsheet, on a page."""

import ast
import csv
import io
import json
import unicodedata
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

import radlib
from radlib.cli.app import main
from radlib.foundation import plain_text
from radlib.foundation.plain_text import plain, plain_cell, plain_line, say, say_line, table_text
from radlib.foundation.storage import write_json
from radlib.report import figures
from radlib.report.blocks import Cell, Command, Page, Section, Table, Text
from radlib.report.notebook_views import readable
from radlib.report.writing import render

ROOT = Path(radlib.__file__).parent
HOSTILE = (
    "\x1b[2J", "\x1b]52;c;cm0=\x07", "\x1b]8;;http://x\x1b\\lung", "\x9b31m", "a\rb", "a\x08b", "\x7f", "\u202egnp.x",
    "\u2066x\u2069", "\u200bx", "\ufeffx", "a\u2028b", "\x00", "\udcff\udcfe", "\U000e0041", "\x90q\x9c", "\u061cx",
)  # fmt: skip
FORMULAS = (
    "=HYPERLINK(\"http://x\",\"lung\")", "+1+cmd|' /C calc'!A0", "-2+3+cmd|' /C calc'!A0", "@SUM(1)", "\t=1+1", "\r=1",
    " =1+1", "\n=1", "\uff1d1+1", "=1e5",
)  # fmt: skip


def is_visible(text: str) -> bool:
    return all(c in "\n\t" or unicodedata.category(c) not in plain_text.HIDDEN for c in text)


@given(st.text(st.characters(), max_size=40))
def test_nothing_hidden_comes_out_and_what_is_visible_stays(text):
    shown = plain(text)
    shown.encode("utf-8")
    assert is_visible(shown)
    assert plain(shown) == shown
    assert "\n" not in plain_line(text) and "\t" not in plain_line(text)
    if is_visible(text):
        assert shown == text


@pytest.mark.parametrize("value", FORMULAS)
def test_a_cell_that_a_spreadsheet_would_compute_is_text(value):
    assert plain_cell(value).startswith("'") and is_visible(plain_cell(value))


@pytest.mark.parametrize("value", ["-0.5", "+3", "-1e-05", "12", "-1,234.5", "-3 %", "-inf", "normal", "non-inferior", "",
                                   "-", "a=b", "x+y", "\u2013", "65 and older", 3, -0.5, None, True])  # fmt: skip
def test_numbers_and_words_stay_as_they_are(value):
    assert plain_cell(value) is value or plain_cell(value) == value


def test_headings_and_cells_of_a_table_are_neutralised_and_numbers_are_exact():
    table = pd.DataFrame({"=x()": [*FORMULAS[:2], "\x1b[2J"], "p": [-0.1, 1 / 3, 1e-17], "n": [-1, 2, 3]})
    table["kind"] = pd.Categorical(["@a", "b", "-c x"])
    table["mixed"] = ["=1", 2.5, None]
    text = table_text(table)
    rows = list(csv.reader(io.StringIO(text)))
    assert all(not cell.startswith(tuple("=@\t\r")) for row in rows for cell in row) and is_visible(text)
    again = pd.read_csv(io.StringIO(text))
    assert again["p"].tolist() == table["p"].tolist() and again["n"].tolist() == [-1, 2, 3]
    assert again["kind"].tolist() == ["'@a", "b", "'-c x"]


@pytest.mark.parametrize("name", HOSTILE)
def test_every_output_shows_a_hostile_name_as_it_is_written(name, tmp_path, capsys):
    say(f"film {name}")
    say_line(f"{name} is\nno film.", err=True)
    out, err = capsys.readouterr()
    assert is_visible(out + err) and err.count("\n") == 1
    cells = Table((name, "x"), ((Cell(name, note=name), Cell("1")),), name)
    blocks = (Text((name,)), Command(f"radlib run --study {name}"), cells)
    page = Page(
        title=name, study=name, version="1", headline=(name,), notes=(name,), hero=None, sections=(Section(name, blocks),)
    )  # fmt: skip
    names = {"script": "", "script_hash": "", "embedded": str, "film": str}
    for template in ("report.html.j2", "report.md.j2"):
        text = render(page, template, **names)
        assert is_visible(text) and text.encode("utf-8")
    shown = readable(pd.DataFrame({name: [name], "answer": [f"<script>{name}</script>"]})).data
    assert is_visible(shown) and "<script>" not in shown
    write_json(tmp_path / "x.json", {"label": name})
    assert json.loads((tmp_path / "x.json").read_text("utf-8"))["label"] == name


@pytest.mark.parametrize("name", HOSTILE)
def test_the_command_line_says_a_hostile_name_on_one_visible_line(name, capsys):
    for arguments in (
        ["run", "--study", f"no{name}"],
        ["verify", f"no{name}"],
        [f"no{name}"],
        ["list", f"no{name}"],
    ):
        with pytest.raises(SystemExit):
            main([argument.replace("\x00", "\x01") for argument in arguments])
        out, err = capsys.readouterr()
        assert out == "" and is_visible(err) and err.count("\n") == 1, (arguments, err)


@pytest.mark.parametrize("name", ["$\\frac$", "$5 or $6", "$a_{$", "cost $", "\x1b[2J", "a\u202eb", "\udcff"])
def test_a_figure_draws_a_name_as_it_is_written(name):
    mpl.use("Agg")
    rows = pd.DataFrame(
        {"variant": ["a", "a"], "layer": [name, "d"], "signal_to_noise_db": [40, 30], "cka": [1, 0.9]}
    )
    spread = {"edges": [-1, 0, 1], "counts": [3, 4]}
    for axes in (
        figures.layer_noise(rows, names={"a": name}),
        figures.stored_weights({name: {name: spread}}),
    ):
        figure = np.ravel(axes)[0].figure
        figure.canvas.draw()  # a formula that is none would be an error here, a missing glyph a warning
        texts = [text.get_text() for text in figure.findobj(mpl.text.Text)]
        assert plain_line(name).replace("$", "\\$") in texts
        assert "$\\mathdefault{10^{0}}$" in texts or len(axes.shape) == 1
        plt.close(figure)


def test_a_terminal_that_lacks_a_character_gets_its_escape(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(raw, encoding="ascii", newline=""))
    say("L\u00fcbeck \u2265 1")
    assert raw.getvalue() == b"L\\xfcbeck \\u2265 1\n"


# What may write without passing there, and why.
EXEMPT = {
    (
        "runs/private.py",
        "to_csv",
    ): "byte for byte the names on the disk, for reading alone, in the private folder",
    ("datasets/copies.py", "to_csv"): "a memory in the cache",
    ("datasets/drawn_outlines.py", "to_csv"): "names that radlib itself makes",
    ("datasets/synthetic.py", "to_csv"): "names that radlib itself makes",
    ("report/notebook_views.py", "to_csv"): "a digest",
    ("foundation/plain_text.py", "to_csv"): "the place itself",
    ("evaluation/scoring_log.py", "writer"): "names of variants, which are chains of registered techniques",
    ("deployment/answer_tables.py", "writer"): "row by row, each cell made plain before",
}


def test_nothing_prints_or_writes_a_table_beside_the_one_place():
    found = set()
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called = node.func
                name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
                known = ("to_csv", "echo", "secho", "print", "writer", "DictWriter")
                if name in known and not (name == "print" and isinstance(called, ast.Attribute)):
                    found.add((path.relative_to(ROOT).as_posix(), name))
    assert found == set(EXEMPT)
