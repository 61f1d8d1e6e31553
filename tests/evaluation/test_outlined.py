"""Outlines go from films to choices: measures stored with masks beside them, a winner by Dice, and films shown on this machine."""

import numpy as np
import pytest
from PIL import Image

from outline_runs import outline_run
from radlib import metrics
from radlib.evaluation import learnt, overlays
from radlib.evaluation.examination import LOOKS
from radlib.evaluation.forecast import COUNTS, forecast
from radlib.evaluation.outlined import Outlined, masks_path, read_masks
from radlib.evaluation.overlays import overlay_path, typical_films
from radlib.evaluation.predictions import load_predictions, predict, predictions_path
from radlib.evaluation.records import RECORDS
from radlib.evaluation.selection import select
from radlib.evaluation.shown_films import SHOWN
from radlib.formats.predictors import open_model
from radlib.foundation.errors import DataError, UsageError
from radlib.report.headlines import forecast_sentences
from radlib.report.readings import READERS
from radlib.report.writing import KINDS
from radlib.runs.tasks import naming
from radlib.runs.variants import variant_name

ORIGINAL, LIKE, WORSE = (
    variant_name("outline_student", chain, 0) for chain in ("", "clustering", "magnitude_pruning")
)


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    run, films = outline_run(tmp_path_factory.mktemp("outlined"))
    selection = select(run, films)
    return run, films, selection, predict(run, films, run.variants(), split="test")


def test_every_kind_of_record_is_known_wherever_something_depends_on_it():
    kinds = {naming.named(name, list("abcdef")).record for name in naming.KINDS}
    for known in (RECORDS, SHOWN, LOOKS, COUNTS, learnt.WHY, READERS, KINDS):
        assert set(known) == kinds


def test_measures_are_those_of_the_masks_that_lie_beside_them(scored):
    run, films, _, test = scored
    for variant in run.variants():
        found = test[variant.name]
        ids, drawn = read_masks(run, variant, "test")
        assert ids.tolist() == found.image_id.tolist() == films.test.image_ids.tolist()
        with open_model(run.model_path(variant), variant.format) as model:
            answers = model.predict(films.test.images())
        assert (drawn == (answers >= 0.5)).all() and drawn.shape == films.test.truth.shape
        table = metrics.outline_table(films.test.truth[..., 0], drawn[..., 0])
        np.testing.assert_allclose(found.measures[:, 0], table[list(metrics.OUTLINE_MEASURES)], rtol=1e-12)
        assert found.merit == pytest.approx(table["dice"].mean()) and found.follows(variant)
        again = load_predictions(run, variant, "test")
        assert np.array_equal(again.measures, found.measures, equal_nan=True)


def test_masks_lie_in_the_private_folder_and_take_a_bit_a_pixel(scored):
    run, films, _, _ = scored
    path = masks_path(run, run.variants()[0], "test")
    assert path.is_relative_to(run.path("private"))
    with np.load(path) as arrays:
        assert arrays["bits"].nbytes == len(films.test) * 16 * 16 // 8
    stored = np.load(predictions_path(run, run.variants()[0], "test"))
    assert set(stored.files) == set(Outlined.__dataclass_fields__)


def test_the_winner_is_chosen_by_dice_and_nothing_else_is_thresholded(scored):
    run, _, selection, test = scored
    assert (
        selection["winner"] in (ORIGINAL, LIKE)
        and selection["upper_losses"]["outline_student"]["clustering"] < 0.06
    )
    assert selection["upper_losses"]["outline_student"]["magnitude_pruning"] > 0.06
    assert selection["rule"].startswith("outlined where") and "threshold_rule" not in selection
    entry = selection["variants"][LIKE]
    assert entry["threshold"] == 0.5 and entry["validation_dice"] == entry["operating_dice"] > 0.8
    assert "validation_auroc" not in entry
    assert test[WORSE].merit < test[LIKE].merit
    assert select(run, scored[1]) == selection  # chosen once


def test_the_forecast_is_of_mean_and_percentile_together(scored):
    run, films, _, _ = scored
    stored = {v.name: load_predictions(run, v, "validation") for v in run.variants()}
    found = forecast(run.settings, films.test, run.variants(), {"outline_student": "clustering"}, stored)
    (said,), answers = found.values(), [stored[name] for name in (ORIGINAL, LIKE)]
    margin, patients = run.settings.margin, len(set(films.test.patient_ids))
    both = metrics.chance_of_both(*(one.dice for one in answers), answers[0].patients, patients, margin)
    assert said["chance_if_lossless"] == both and said["patients_needed"] is None
    pooled = answers[0].tested(answers[1], margin)
    alone = metrics.chance_if_lossless(pooled.standard_error * (40 / patients) ** 0.5, patients, margin)
    assert both <= alone and said["patients"] == patients
    (sentence,) = forecast_sentences({"before_test": found}, "")
    assert f"to be so in {100 * both:.0f} % of such studies." in sentence
    assert "In mean and 5th percentile of Dice, so many would show" in sentence
    before = {network: {k: v for k, v in row.items() if k != "claim"} for network, row in found.items()}
    (sentence,) = forecast_sentences({"before_test": before}, "", "mean Dice")
    assert "In mean Dice, so many would show" in sentence  # as forecasts were before they knew of percentiles


def test_what_was_seen_to_lose_where_outlines_fail_does_not_win(scored):
    run, _, _, test = scored
    lost = test[ORIGINAL].seen_loss(test[WORSE])
    values = [np.sort(test[name].dice)[int(np.ceil(0.05 * 160)) - 1] for name in (ORIGINAL, WORSE)]
    assert lost == pytest.approx(values[0] - values[1]) and test[ORIGINAL].seen_loss(test[ORIGINAL]) == 0


def test_the_test_films_wait_for_the_choice(tmp_path):
    run, films = outline_run(tmp_path)
    with pytest.raises(UsageError, match="no selection.json"):
        predict(run, films, run.variants(), split="test")
    assert not run.path("private", "outlines").exists()


def test_the_size_limits_name_the_closest_outlines_that_fit(tmp_path):
    run, films = outline_run(tmp_path, parameters=", size_limits_kb: [1000, 0.001]")
    limits = select(run, films)["limits"]
    assert [row["fitting"] for row in limits] == [3, 0] and limits[0]["winner"] in (ORIGINAL, LIKE)


def test_a_gate_speaks_of_dice(tmp_path):
    run, films = outline_run(tmp_path, parameters=", gate_noninferior: true")
    gate = select(run, films)["gate"]
    assert gate["demand"] == "non-inferior at 0.06 Dice"
    assert gate["variants"][WORSE]["verdict"] != "non-inferior"


def test_damaged_measures_are_refused_and_made_anew(tmp_path):
    run, films = outline_run(tmp_path)
    select(run, films)
    variant = run.variants()[0]
    path = predictions_path(run, variant, "validation")
    fields = dict(np.load(path))
    np.savez(path, **{**fields, "measures": fields["measures"][:, :, :3]})
    with pytest.raises(DataError, match="is damaged"):
        load_predictions(run, variant, "validation")
    again = predict(run, films, [variant], split="validation")[variant.name]
    assert again.measures.shape == (40, 1, len(metrics.OUTLINE_MEASURES))


def test_best_median_and_worst_film_are_shown_with_both_outlines(scored):
    run, films, selection, test = scored
    winner = run.variant(selection["winner"])
    chosen, dice = typical_films(test[winner.name]), test[winner.name].dice
    assert [chosen[kind]["dice"] for kind in ("best", "worst")] == [dice.max(), dice.min()]
    assert chosen["worst"]["dice"] <= chosen["median"]["dice"] <= chosen["best"]["dice"]
    for kind in chosen:
        picture = np.asarray(Image.open(overlay_path(run, winner, kind)))
        assert picture.shape == (240, 240, 3)
    coloured = overlays.overlay(films.test.images([1])[0, ..., 0], films.test.truth[1], films.test.truth[1])
    assert (coloured == overlays.BY_NETWORK).all(axis=-1).sum() > 40  # where both run, the network's is seen


def test_one_outline_for_all_films_is_no_learning():
    patients = np.arange(40)
    constant = np.linspace(0.6, 0.8, 40)[:, None]
    assert "one and the same outline" in learnt.why_outlines_not_learnt((constant, constant, patients))
    assert learnt.why_outlines_not_learnt((constant + 0.1, constant, patients)) == ""
    few = learnt.why_outlines_not_learnt((constant[:4], constant[:4], patients[:4]))
    assert few.startswith("nothing can show that it has: the validation films are of fewer than 6")
