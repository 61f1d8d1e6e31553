"""Figures of worked examples and sweeps: what is written in them is what was given."""

import matplotlib as mpl
import numpy as np
import pandas as pd

mpl.use("Agg")

from radlib.report import figures
from radlib.techniques.deep_compression.sparse_tensors import gap_symbols


def test_every_number_stands_in_its_cell():
    (left, right) = figures.number_grids({"a": [[0.5, -0.25]], "b": np.array([[3], [0]])})
    assert [text.get_text() for text in left.texts] == ["0.50", "−0.25"]
    assert [(text.get_position(), text.get_text()) for text in right.texts] == [
        ((0.5, 0.5), "3"),
        ((0.5, 1.5), "0"),
    ]


def test_a_sweep_is_drawn_where_it_was_measured_with_the_unchanged_network_beside_it():
    rows = {"curve": ["unchanged", "a", "a", "b"], "at": [np.nan, 8, 4, 8], "auroc": [0.96, 0.95, 0.9, 0.8]}
    shares = {"auroc_low": [0.9] * 4, "auroc_high": [0.99] * 4, "changed_share": [0, 0.1, 0.3, 0.2]}
    above, below = figures.sweep_curves(
        pd.DataFrame({**rows, **shares}), xlabel="bits", less_to_the_right=True
    )
    dashed, first, _ = above.lines
    assert set(dashed.get_ydata()) == {0.96}
    assert first.get_xydata().tolist() == [[4, 0.9], [8, 0.95]]
    assert below.lines[0].get_ydata().tolist() == [0.3, 0.1]
    assert [text.get_text() for text in below.get_xticklabels()] == ["4", "8"] and below.xaxis_inverted()


def test_a_code_tree_has_a_leaf_a_symbol_and_a_bit_an_edge():
    ax = figures.code_tree({"a": "0", "b": "10", "c": "11"}, {"a": 5, "b": 2, "c": 1})
    written = [text.get_text() for text in ax.texts]
    assert {"a\n5 ×\n0", "b\n2 ×\n10", "c\n1 ×\n11", "8", "3"} <= set(written)
    assert written.count("0") == written.count("1") == 2


def test_gaps_stand_under_the_weights_they_lead_to_and_fillers_between():
    weights = np.zeros(24)
    weights[[1, 20]] = 0.5
    symbols = gap_symbols(np.flatnonzero(weights), 4)
    ax = figures.gap_line(weights, symbols)
    below = {text.get_text(): text.get_position() for text in ax.texts if text.get_weight() == "bold"}
    assert below["2"][0] == 1.5 and below["4"][0] == 20 - 12 + 0.5
    assert below["0 (filler)"][0] == 16 - 12 + 0.5
