"""Which epoch is kept, when waiting ends, and what four kinds of curves are called."""

import numpy as np
import pandas as pd
import pytest

from radlib.training.learning_curves import best_position, epochs_waited, judge_fit, never_fell

CHANCE = np.log(2)


def curves(auroc, validation, loss=None):
    count = len(auroc)
    return pd.DataFrame(
        {
            "epoch": range(1, count + 1),
            "loss": loss if loss is not None else np.linspace(0.7, 0.3, count),
            "val_loss": validation,
            "val_auroc": auroc,
            "chance_loss": CHANCE,
        }
    )


@pytest.mark.parametrize(
    ("auroc", "loss", "kept"),
    [
        ([0.65, 0.80, 0.95, 0.96], [0.86, 2.0, 2.78, 0.99], 3),  # the loss alone would keep the first
        ([1.0, 1.0, 1.0, 1.0], [0.4, 0.2, 0.3, 0.25], 1),  # ties: the lowest loss
        ([0.9001, 0.9000, 0.8999], [0.3, 0.2, 0.25], 1),  # ties within noise
        ([0.90, 0.90, 0.90], [0.3, 0.3, 0.3], 2),  # equal in all: the latest
        ([0.99, np.nan, 0.98], [0.5, 0.1, 0.4], 0),
        ([np.nan, np.nan, np.nan], [0.5, 0.2, 0.4], 1),  # one answer among the validation films
        ([0.9, 0.9], [np.nan, 0.4], 1),
    ],
)
def test_the_kept_epoch_reads_best_and_the_loss_breaks_ties(auroc, loss, kept):
    assert best_position(curves(auroc, loss)) == kept


def test_the_kept_epoch_is_never_far_below_the_best():
    generator = np.random.default_rng(0)
    for _ in range(300):
        auroc = np.round(generator.uniform(0.4, 1, 8), 3)
        history = curves(auroc, generator.uniform(0.1, 2, 8))
        assert auroc[best_position(history)] >= auroc.max() - 0.005 - 1e-9


def test_epoch_by_epoch_the_same_is_kept_as_of_all_at_once():
    """Weights of one epoch are stored: a comparison that depended on later epochs would ask for lost ones."""
    generator = np.random.default_rng(1)
    for _ in range(200):
        rows = curves(generator.choice([0.90, 0.903, 0.906, 0.91], 8), generator.uniform(0.1, 1, 8)).to_dict(
            "records"
        )
        stored = None
        for count in range(1, 9):
            if best_position(rows[:count]) == count - 1:
                stored = count - 1
        assert stored == best_position(rows)


def test_waiting_counts_epochs_without_anything_better_after_the_warm_up():
    falling = curves([0.99, 0.9, 0.9, 0.9], [0.7, 0.6, 0.5, 0.4]).to_dict("records")
    assert epochs_waited(falling) == 0  # a lucky first AUROC does not end a training whose loss falls
    stalled = curves([0.9, 0.8, 0.8, 0.8], [0.4, 0.6, 0.6, 0.6]).to_dict("records")
    assert epochs_waited(stalled) == 3
    assert epochs_waited(stalled, first=2) == 2


@pytest.mark.parametrize(
    ("auroc", "validation", "loss", "verdict"),
    [
        ([0.8, 0.95, 0.94, 0.93], [1, 0.6, 0.7, 0.9], [1, 0.5, 0.2, 0.1], "Overfitted after epoch 2"),
        ([0.96, 0.93, 0.92, 0.9], [0.4, 0.5, 0.6, 0.9], [0.6, 0.4, 0.2, 0.1], "Overfitted after epoch 1"),
        ([0.7, 0.8, 0.85, 0.9], [1, 0.8, 0.6, 0.5], [1, 0.8, 0.6, 0.4], "Underfitted"),
        ([0.8, 0.95, 0.96, 0.96], [1, 0.5, 0.45, 0.44], [1, 0.5, 0.42, 0.41], "Neither"),
        # the validation loss of a bold network rises while it reads ever better: not overfitted
        ([0.65, 0.8, 0.95, 0.97], [0.86, 2.0, 2.78, 0.99], [0.7, 0.5, 0.45, 0.44], "Neither"),
        ([0.55, 0.55, 0.55, 0.55], [0.7, 0.7, 0.7, 0.7], [0.71, 0.70, 0.71, 0.70], "Not learnt: the training loss"),
        # an untrained network may order the films well by luck
        ([0.8, 0.8, 0.8, 0.8], [0.7, 0.7, 0.7, 0.7], [0.71, 0.71, 0.71, 0.71], "Not learnt: the training loss"),
        ([0.48, 0.52, 0.5, 0.51], [0.7, 0.8, 1.1, 1.5], [0.7, 0.5, 0.3, 0.1], "Not learnt: in no epoch"),
        ([0.9, 0.7, 0.7, 0.7], [0.5, 0.6, 0.6, 0.52], [0.6, 0.7, 0.7, 0.65], "Unsteady: the first of 4 epochs"),
        ([np.nan] * 4, [1, 0.5, 0.45, 0.44], [1, 0.5, 0.42, 0.41], "Neither"),
    ],
)  # fmt: skip
def test_judgement_of_learning_curves(auroc, validation, loss, verdict):
    assert judge_fit(curves(auroc, validation, loss)).startswith(verdict)


def test_a_network_that_learnt_everything_in_its_first_epoch_has_learnt():
    history = curves([0.99, 0.99, 0.99], [0.05, 0.05, 0.05], [0.05, 0.05, 0.05])
    assert not never_fell(history) and judge_fit(history).startswith("Neither")


def test_a_network_that_was_brought_is_not_judged():
    brought = pd.DataFrame({"epoch": [0], "loss": [np.nan], "val_loss": [0.4], "val_auroc": [0.9]})
    assert "trained elsewhere" in judge_fit(brought) and not never_fell(brought)
