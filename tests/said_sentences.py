"""For the tests of sentences: a drawn run to say things of, and the sentences that a file of the report can say."""

import ast
import dataclasses
import functools
import tempfile
from pathlib import Path

import radlib
from radlib.report.readings import read
from written_runs import write_run

CHECKED = {  # the files of the report whose sentences a test of sentences holds, by the name of the test
    "test_sentences": ("headlines", "gate", "looks", "losses", "overlapping", "first_page", "deployed_words"),
    "test_section_sentences": (
        "shift_section", "stress_tables", "sources", "place_sources", "usefulness", "usefulness_pictures", "rates_by_group", "inside_cells",
        "heat_map_tables", "threshold_words",
    ),
    "test_making_sentences": (
        "split_words", "methods", "provenance", "model_cards", "limits", "refused", "site_table", "chapters", "notebook_views", "pages",
    ),
    "test_place_sentences": (
        "boxes/box_cells", "boxes/box_reports", "boxes/box_words", "outlines/outline_cells",
        "outlines/outline_reports", "outlines/outline_stress", "outlines/outline_words", "place_cells", "place_groups", "place_pages", "place_reports",
    ),
    "test_table_sentences": (
        "agreement_table", "cells", "changed_films", "devices", "evidence", "evidence_cells", "judgements", "pair_tables", "pairing", "pooled",
    ),
    "test_margin_words": ("margin_words",),
    "test_picture_sentences": ("forests", "inside_pictures", "main_pictures", "pictures"),
}  # fmt: skip
SAYS_NOTHING = {  # of a run: why
    "csv_files": "names of columns, and what a row is",
    "columns": "what the columns mean, whatever stands in them",
    "column_pages": "the same",
    "claims": "mistakes of who writes a notebook",
    "writing": "mistakes of who calls it",
}


@functools.cache
def readings():
    """Return the readings of a drawn run."""
    with tempfile.TemporaryDirectory() as folder:
        return read(write_run(Path(folder), chains=("", "int8"), films=60, overlapping=20))


def seen(**given):
    return dataclasses.replace(readings(), drawn={}, **given)


def settled(**settings):
    """Return the readings of the drawn run as they are under other settings."""
    run = readings().run
    return seen(run=dataclasses.replace(run, settings=dataclasses.replace(run.settings, **settings)))


def filmed(**films):
    """Return the readings of the drawn run with other facts about its films."""
    return seen(films={**readings().films, **films})


def asked(task, labels):
    """Return the readings of the drawn run as if its networks answered another kind of question."""
    return seen(
        variants=tuple(dataclasses.replace(v, task=task, labels=tuple(labels)) for v in readings().variants)
    )


def sisters(*seeds):
    """Return the readings of the drawn run as if its chains had been trained from some seeds each."""
    return seen(
        variants=tuple(dataclasses.replace(v, seed=seed) for v in readings().variants for seed in seeds)
    )


def album():
    """Return captions and alternative texts, none yet, and what a drawing hands over in place of the real album; nothing is drawn."""
    told = {}

    def add(name, draw, alt, caption="", narrow=False, phone=None):
        told[name] = f"{alt} {caption}"

    return told, add


def said_in(section):
    """Return all running text of a section."""
    return " ".join(" ".join(getattr(block, "lines", ())) for block in section.blocks)


def modules():
    """Return the files of the report that can say something, in rooms below too, as names without their ending."""
    room = Path(radlib.__file__).parent / "report"
    names = (path.relative_to(room).with_suffix("").as_posix() for path in sorted(room.rglob("*.py")))
    return [name for name in names if any(len(part) > 6 for text in literals(name) for part in text)]


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
        if any(len(part) > 6 for part in text)  # others hold numbers together
        and not any(said in part or part in said for said in claims for part in text if len(part) > 6)
    ]  # fmt: skip
