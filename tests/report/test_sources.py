"""Each source is left out of the choice in turn: its own threshold has no say in its score."""

import numpy as np
import pandas as pd
import pytest

from box_runs import box_run
from outline_runs import outline_run
from radlib.evaluation.predictions import predict
from radlib.report.outlines.outline_reports import outline_tables
from radlib.report.place_sources import place_source_section, place_sources
from radlib.report.readings import read
from radlib.report.sources import left_out_sources, source_section
from written_runs import write_run


@pytest.fixture
def run(tmp_path):
    """A run whose films of source B have probabilities that are shifted upwards."""
    made = write_run(tmp_path, chains=("", "int8"), films=200)
    for variant in made.variants():
        answers = dict(np.load(made.path("predictions", f"{variant.key}.test.npz")))
        answers["y_prob"][100:] = 1 - 0.4 * (1 - answers["y_prob"][100:])
        answers["fingerprint"] = "f"
        for split in ("validation", "perturbed"):
            np.savez(made.path("predictions", f"{variant.key}.{split}.npz"), **answers)
    source = np.repeat(["A", "B"], 100)
    pd.DataFrame({"image_id": answers["image_id"], "source": source}).to_csv(
        made.path("validation_groups.csv"), index=False
    )
    return made


def test_the_threshold_of_the_others_fails_where_a_source_differs(run):
    table = left_out_sources(run).set_index("source")
    assert table["films"].tolist() == [100, 100] and (table["auroc"] > 0.85).all()
    assert table.loc["A", "threshold"] > table.loc["B", "threshold"]
    assert table.loc["A", "sensitivity"] < table.loc["B", "sensitivity"]
    assert table.loc["A", "specificity"] > table.loc["B", "specificity"]


def test_the_section_says_what_it_does_not_show_and_one_source_has_none(run):
    blocks = source_section(left_out_sources(run)).blocks
    assert "not how they read a source that is new to them" in blocks[0].lines[0] and len(blocks[1].rows) == 2
    groups = pd.read_csv(run.path("validation_groups.csv"), dtype=str)
    groups.assign(source="A").to_csv(run.path("validation_groups.csv"), index=False)
    assert source_section(left_out_sources(run)).blocks == ()


def sourced(run, films):
    """Give every second pair of the validation films another source."""
    ids = films.validation.image_ids
    source = np.where(np.arange(len(ids)) // 2 % 2, "A", "B")
    pd.DataFrame({"image_id": ids, "source": source}).to_csv(run.path("validation_groups.csv"), index=False)
    return read(run)


def test_outlines_of_a_source_are_scored_by_a_choice_without_it(tmp_path):
    run, films = outline_run(tmp_path)
    for split in ("validation", "perturbed"):
        predict(run, films, run.variants(), split=split)
    assert len(place_sources(read(run), "dice")) == 0 and "sources.csv" not in outline_tables(read(run)).files
    readings = sourced(run, films)
    table = outline_tables(readings).files["sources.csv"]
    for row in table.itertuples():
        answers = readings.validation[row.variant]
        own = np.arange(len(answers.values)) // 2 % 2 == (row.source == "A")
        assert row.films == own.sum() == 20 and row.patients == 10
        assert row.dice == pytest.approx(answers.values[own].mean())
        assert row.beside_others == pytest.approx(row.dice - answers.values[~own].mean())
    assert len(place_source_section(table, "dice", "Dice", "").blocks[1].rows) == 2


def test_boxes_of_a_source_are_scored_by_a_choice_without_it(tmp_path):
    table = place_sources(sourced(*box_run(tmp_path)), "box_score")
    assert table["source"].tolist() == ["A", "B"] and table["box_score"].between(0, 1).all()
