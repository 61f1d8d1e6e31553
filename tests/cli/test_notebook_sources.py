"""What leaves in a notebook is its text: no output, no attachment, no path of a run, whatever it is called."""

import json

import nbformat
import pytest
from hypothesis import given, strategies as st

from canaries import MARK, executed_notebook
from radlib.cli.notebook_sources import without_outputs
from radlib.runs.studies import notebooks_folder

CANARY = f"{MARK}/patients/doe_jane"
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just(CANARY),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def test_all_that_a_run_left_is_gone_and_the_text_is_there():
    kept = without_outputs(json.dumps(executed_notebook()))
    assert MARK not in kept
    notebook = nbformat.reads(kept, as_version=4)
    nbformat.validate(notebook)
    assert [cell.cell_type for cell in notebook.cells] == ["code", "markdown"]
    assert notebook.cells[0].source == "show(film)\ndone()"
    assert notebook.cells[0].metadata == {"tags": ["parameters"]}
    assert notebook.cells[1].source.endswith("and [more](02.ipynb)")


@given(st.dictionaries(st.text(max_size=9), ANY, max_size=3), st.lists(ANY, max_size=3), ANY)
def test_nothing_but_text_and_tags_travels_whatever_was_written_beside_it(extra, outputs, odd):
    cell = {"cell_type": "code", "source": "x", "metadata": extra, "outputs": outputs, "attachments": odd}
    notebook = {"cells": [{**cell, **{f"x{k}": v for k, v in extra.items()}}], "nbformat_minor": odd}
    notebook["metadata"] = odd
    if CANARY in (extra.get("tags") or ()):  # a tag is the author's own
        return
    assert MARK not in without_outputs(json.dumps(notebook))


@pytest.mark.parametrize("path", sorted(notebooks_folder().glob("*.ipynb")), ids=lambda path: path.stem)
def test_the_series_keeps_every_line_of_its_text(path):
    before = nbformat.read(path, as_version=4)
    after = nbformat.reads(without_outputs(path.read_text(encoding="utf-8")), as_version=4)
    assert [(c.cell_type, c.source, c.id) for c in before.cells] == [
        (c.cell_type, c.source, c.id) for c in after.cells
    ]
    assert [c.metadata.get("tags", []) for c in before.cells] == [
        c.metadata.get("tags", []) for c in after.cells
    ]


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "null", '{"cells": 3}', '{"cells": [1]}', '{"cells": [{"cell_type": "film"}]}',
                '{"worksheets": [{"cells": []}]}', '{"cells": [{"cell_type": "code", "source": 5}]}', "[" * 50_000],
)  # fmt: skip
def test_what_is_no_notebook_is_refused(content):
    with pytest.raises(ValueError):
        without_outputs(content)
