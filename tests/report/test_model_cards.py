"""A card holds what its variant's files and tables say, and nothing that names a place or a film."""

import json

import pandas as pd
import pytest

from radlib import report
from radlib.evaluation.conclusions import FIRST_WORDS
from radlib.report.model_cards import card_path
from written_runs import NASTY, write_run


@pytest.fixture
def run(tmp_path):
    run = write_run(tmp_path, chains=("", "int8", "magnitude_pruning+int8"))
    for variant in run.variants():
        path = run.path("variants", variant.key, "preprocessing.json")
        path.write_text(json.dumps({"image_size": 64, "resize": "stretch"}))
    report.write_report(run)
    return run


def card(run, chain):
    variant = next(v for v in run.variants() if v.chain_text == chain)
    return variant, card_path(run.folder, variant).read_text(encoding="utf-8")


def test_every_variant_has_a_card_with_its_own_numbers(run):
    results = pd.read_csv(run.path("results.csv")).set_index("variant")
    for variant in run.variants():
        text = card_path(run.folder, variant).read_text(encoding="utf-8")
        row = results.loc[variant.name]
        assert f"{row['auroc']:.3f}" in text and f"{row['auroc_low']:.3f}–{row['auroc_high']:.3f}" in text
        assert variant.sha256 in text and variant.preprocessing in text and variant.spec in text
        assert "Research only, not a medical device." in text and "radlib verify" in text
        assert "image size" in text and "| 64 |" in text


def test_a_card_says_what_compression_cost(run):
    row = pd.read_csv(run.path("results.csv")).set_index("chain").loc["int8"]
    agreed = pd.read_csv(run.path("agreement.csv")).set_index("variant").loc[row["variant"]]
    _, text = card(run, "int8")
    assert f"It {FIRST_WORDS[row['conclusion']]}: AUROC differs by" in text
    assert f"concordance of probabilities {agreed['concordance']:.3f}" in text
    assert "at the original’s threshold: sensitivity differs by" in text
    assert "nobody can say here who would be harmed" in text
    assert "It is the original that others are compared with." in card(run, "original")[1]
    assert "magnitude\\_pruning" in card(run, "magnitude_pruning+int8")[1]


def test_who_is_harmed_is_named(run):
    ids = next(iter(run.path("predictions").glob("*original*.test.npz")))
    import numpy as np

    with np.load(ids) as arrays:
        image = arrays["image_id"]
    pd.DataFrame({"image_id": image, "sex": np.where(np.arange(len(image)) % 2, "F", "M")}).to_csv(
        run.path("groups.csv"), index=False
    )
    report.write_report(run)
    assert "No group of test films was shown to lose more than" in card(run, "int8")[1]
    spared = "Shown to lose less than that, of 2 comparisons: AUROC in 0, sensitivity in 0, specificity in 0. Of the others nobody can tell"
    assert f"{spared}: a loss in sex F, sex M may hide behind too few patients." in card(run, "int8")[1]


def test_a_missing_record_and_missing_scores_are_said(tmp_path):
    run = write_run(tmp_path, chains=("", "int8"), predicted=False, measured=False)
    report.write_report(run)
    _, text = card(run, "int8")
    assert "The record of how films are prepared is missing" in text
    assert (
        "It has not been scored on test films." in text and "It cannot be compared with its original" in text
    )
    assert "nan" not in text.lower().replace("financ", "")


def test_cards_are_published_and_what_a_study_writes_stays_text(tmp_path):
    run = write_run(tmp_path / "run", chains=("", "int8"), notes=NASTY)
    written = report.publish(run, tmp_path / "published")
    cards = [path for path in written if path.parent.name == "cards"]
    assert len(cards) == 2 and all("<script>" not in path.read_text() for path in cards)
