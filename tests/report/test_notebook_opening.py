"""A notebook says first whose films its figures are of."""

import re
from types import SimpleNamespace

import pandas as pd

from radlib.report import notebook_tables, opening, readable
from radlib.runs.settings import Settings


def test_drawn_films_are_called_so_before_any_figure():
    text = opening(SimpleNamespace(settings=Settings(dataset="synthetic")), "margin").data
    assert text.index("say nothing about patients") < text.index("<table") and "margin" in text
    own = opening(SimpleNamespace(settings=Settings(dataset="dicom_folder")), "margin").data
    assert "nothing about patients" not in own and "margin" in own


def test_a_table_has_short_names_where_there_is_one_network():
    variants = [
        SimpleNamespace(name="n/int8#0", label="int8", network="n", seed=0),
        SimpleNamespace(name="m/int8#0", label="int8", network="m", seed=0),
    ]
    table = pd.DataFrame({"variant": ["n/int8#0", "unknown"]})
    assert notebook_tables.by_label(table, variants[:1])["variant"].tolist() == ["int8", "unknown"]
    assert notebook_tables.by_label(table, variants)["variant"].tolist() == ["n/int8#0", "unknown"]


def test_a_heading_stands_over_its_numbers():
    page = readable(pd.DataFrame({"label": ["int8"], "auroc": [0.9]})).data
    assert re.search(r"th\.col1 \{\s*text-align: right", page) and "th.col0" not in page
