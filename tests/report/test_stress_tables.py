"""Stress curves as a table, a picture and a section: intervals, the paired difference, and one sentence when switched off."""

import dataclasses

import numpy as np
import pytest

from radlib.evaluation.stress import KINDS, REVISION, STEPS
from radlib.report import figures
from radlib.report.draws import DECIDED
from radlib.report.readings import read
from radlib.report.stress_tables import OFF, draw_stress, stress, stress_section
from written_runs import write_run


@pytest.fixture
def run(tmp_path):
    """A run whose winner, int8, loses under exposure what its original keeps."""
    made = write_run(tmp_path, chains=("", "int8"), films=150)
    for variant in made.variants():
        answers = np.load(made.path("predictions", f"{variant.key}.test.npz"))
        steps = []
        for kind, strength in STEPS:
            lost = strength * (2.0 if variant.chain and kind == "exposure" else 0.1)
            noise = np.random.default_rng(1).normal(size=answers["y_prob"].shape)
            logit = np.log(answers["y_prob"] / (1 - answers["y_prob"])) + 2 * lost * noise
            steps.append(1 / (1 + np.exp(-logit)))
        kept = {name: answers[name] for name in ("image_id", "patient_id", "y_true", "model_sha256")}
        path = made.path("predictions", f"{variant.key}.stress.npz")
        np.savez(path, y_prob=np.stack(steps).astype(np.float32), fingerprint="f", revision=REVISION, **kept)
    return made


def test_a_row_per_variant_kind_and_strength_with_intervals(run):
    table = stress(run)
    assert len(table) == 2 * len(KINDS) * 5 and set(table["label"]) == {"original", "int8"}
    for name in DECIDED:
        assert (table[f"{name}_low"] <= table[name]).all() and (table[name] <= table[f"{name}_high"]).all()
    unchanged = table[(table["strength"] == 0) & (table["label"] == "int8")]
    assert unchanged[[*DECIDED, "difference"]].nunique().eq(1).all()  # none is the same for every kind


def test_the_difference_to_the_original_is_paired_and_shows_what_the_winner_minds(run):
    full = stress(run).query("strength == 1").set_index(["label", "kind"])
    assert full.loc[("int8", "exposure"), "difference_high"] < 0
    assert abs(full.loc[("int8", "noise"), "difference"]) < 0.03
    assert full.loc["original"]["difference"].isna().all()


def test_the_section_marks_what_is_lost_and_shows_the_picture(run):
    table, pictures = stress(run), {}
    draw_stress(table, lambda name, draw, alt, caption: pictures.update({name: (draw(), alt)}))
    axes, alt = pictures["stress"]
    assert axes.shape == (2, len(KINDS)) and "int8 at full exposure: 0." in alt
    rows = stress_section(read(run), table, {}).blocks[-1].rows
    marked = {(row[0].text, row[0].note) for row in rows if row[-1].tone == "bad"}
    assert marked == {("exposure", "int8")}
    assert " → " in rows[0][1].text


def test_switched_off_is_one_sentence_and_not_yet_asked_is_none(run):
    readings = read(run)
    settings = dataclasses.replace(run.settings, stress_films=0)
    off = dataclasses.replace(readings, run=dataclasses.replace(run, settings=settings))
    empty = stress(run).iloc[:0]
    assert stress_section(off, empty, {}).blocks[0].lines == (OFF,)
    assert stress_section(readings, empty, {}).blocks == ()


def test_the_curves_have_a_band_each_and_an_empty_table_has_words(run):
    axes = figures.stress_curves(stress(run))
    assert [ax.get_title(loc="left") for ax in axes[0]] == list(KINDS)
    assert all(len(ax.collections) == len(ax.lines) == n for ax, n in zip(axes[:, 0], (2, 4), strict=True))
    assert figures.stress_curves(stress(run).iloc[:0])[0, 0].texts[0].get_text() == "nobody was asked"
