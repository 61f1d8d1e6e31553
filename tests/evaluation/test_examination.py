"""Which variants are looked into: all of them, or few where time is short."""

import json

import pandas as pd
import pytest

from radlib.evaluation import examination
from radlib.evaluation.examination import examine, few
from radlib.foundation.errors import UsageError
from radlib.report import figures
from stored import add_variant, stored_run


@pytest.fixture
def run_and_films(tmp_path):
    run, films = stored_run(tmp_path, chains=("", "float32", "int8"))
    for chain in ("", "float32"):
        add_variant(run, films, chain, seed=1)
    run.path("selection.json").write_text(json.dumps({"winner": "student_small/float32#0", "variants": {}}))
    return run, films


def test_few_are_the_smallest_of_each_training_and_the_winner(run_and_films):
    run, _ = run_and_films
    wanted = ["student_small/float32#0", "student_small/int8#0", "student_small/float32#1"]
    assert sorted(v.name for v in few(run, run.variants())) == sorted(wanted)


@pytest.mark.parametrize(("which", "count"), [("all", 5), ("few", 3)])
def test_every_question_is_put_to_the_variants_chosen(run_and_films, monkeypatch, which, count):
    run, films = run_and_films
    asked = []
    monkeypatch.setattr(examination, "put_under_stress", lambda run, films: asked.append("put_under_stress"))
    *looks, stress = examination.LOOKS["probabilities"]
    assert [look.__name__ for look in looks] == ["look_inside", "compare_heat_maps", "describe_films"]
    counting = [lambda run, films, variants: asked.append(len(variants)) for _ in looks]
    monkeypatch.setitem(examination.LOOKS, "probabilities", (*counting, stress))
    examine(run, films, run.variants(), which=which)
    assert asked == [count] * 3 + ["put_under_stress"]


def test_another_word_is_refused(run_and_films):
    run, films = run_and_films
    with pytest.raises(UsageError, match="all or few, not 'some'"):
        examine(run, films, run.variants(), which="some")


def test_a_run_that_nobody_looked_into_draws_that():
    layers = pd.DataFrame(columns=["variant", "layer", "signal_to_noise_db", "cka"])
    assert figures.layer_noise(layers)[0].texts[0].get_text() == "nothing was looked into"
