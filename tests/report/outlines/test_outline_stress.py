"""Outlines under change: the mask moves with its film by the same draw, and Dice falls with strength where it must."""

import dataclasses

import numpy as np
import pytest

from drawn import SIDE, drawn_outlines
from outline_runs import outline_run
from radlib.evaluation.selection import select
from radlib.evaluation.stress import KINDS, STEPS, STRENGTHS, load_stress, put_under_stress, stressed
from radlib.report import figures
from radlib.report.blocks import Table, Text
from radlib.report.columns import meaning
from radlib.report.csv_files import TABLES
from radlib.report.outlines.outline_stress import (
    draw_outline_stress,
    outline_stress,
    outline_stress_section,
)
from radlib.report.readings import read

FILMS = 24


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    run, films = outline_run(tmp_path_factory.mktemp("stress"), stress_films=FILMS)
    select(run, films)
    put_under_stress(run, films, [run.variants()[0], run.variants()[-1]])
    return run, films


@pytest.mark.parametrize("strength", [0.5, 1.0])
def test_a_mask_moves_with_its_film_and_stays_where_only_grey_changes(strength):
    films = drawn_outlines().validation
    bright = films.truth[..., 0] * np.uint8(200)  # a film that shows its mask and nothing else
    shown = dataclasses.replace(films, source=bright, positions=np.arange(len(films)), masks=films.truth)
    moved = stressed(shown, "framing", strength)
    drawn, truth = moved.pixels >= 100, moved.truth[..., 0] > 0
    assert (truth != (films.truth[..., 0] > 0)).any()
    assert (drawn != truth).mean() < 0.002  # of pixels that are half inside, grey levels may round either way
    for kind in set(KINDS) - {"framing"}:
        assert np.array_equal(stressed(shown, kind, strength).truth, films.truth), kind
    assert np.array_equal(stressed(shown, "framing", 0.0).truth, films.truth)


def test_the_dice_of_every_film_is_stored_at_every_step(asked):
    run, _ = asked
    found = load_stress(run, run.variants()[0])
    assert found["y_prob"].shape == (len(STEPS), FILMS, 1)
    assert ((found["y_prob"] >= 0) & (found["y_prob"] <= 1)).all()
    assert load_stress(run, run.variants()[1]) is None  # nobody asked it


def test_a_row_per_kind_and_strength_says_what_was_lost_beside_the_original(asked):
    run, _ = asked
    table = outline_stress(read(run))
    assert len(table) == 2 * len(KINDS) * (1 + len(STRENGTHS)) and set(table["films"]) == {FILMS}
    none = table[table["strength"] == 0]
    assert none.groupby("variant")["dice"].nunique().eq(1).all()  # no change is the same for every kind
    full = table[(table["strength"] == 1) & (table["kind"] == "exposure")].set_index("chain")
    assert full.loc["original", "dice"] < none["dice"].max()  # a rule on grey levels minds other exposure
    other = full.loc["magnitude_pruning"]
    assert other["difference"] == pytest.approx(other["dice"] - full.loc["original", "dice"])
    assert other["difference_low"] < other["difference"] < other["difference_high"]
    assert full.loc["original", ["difference"]].isna().all()
    assert set(table) <= set(TABLES["stress.csv"].columns) and all(meaning(column) for column in table)


def test_curves_and_section_tell_it_and_off_is_one_sentence(asked, tmp_path):
    run, _ = asked
    readings = read(run)
    table, drawn = outline_stress(readings), []
    draw_outline_stress(table, lambda *told: drawn.append(told))
    (name, make, alt, _), axes = drawn[0], figures.dice_under_stress(table)
    assert name == "stress" and callable(make) and "at full framing" in alt and len(axes) == len(KINDS)
    assert len(axes[0].lines) == 4 and axes[0].get_ylabel() == "Dice"
    axes[0].figure.savefig(tmp_path / "stress.png")
    section = outline_stress_section(readings, table, {})
    (told,) = [block for block in section.blocks if isinstance(block, Table)]
    assert len(told.rows) == 2 * len(KINDS) and "5th percentile of Dice" in told.columns
    off, _ = outline_run(tmp_path / "off")
    assert outline_stress_section(read(off), table.iloc[:0], {}).blocks == ()
    readings = dataclasses.replace(readings, run=off)
    (only,) = outline_stress_section(readings, table.iloc[:0], {}).blocks
    assert isinstance(only, Text) and "switched off" in only.lines[0] and SIDE == 16
