"""A finished training is never lost: not even when storing its network fails. A network can be brought untrained."""

import json

import numpy as np
import pytest

from drawn import SIDE, drawn_splits
from radlib.architectures.networks import build_network
from radlib.cli.series.plan import check_settings
from radlib.foundation.errors import UsageError
from radlib.imaging.images import Preprocessing
from radlib.imaging.varied_films import augment_batch
from radlib.report.figures.training import learning_curves
from radlib.runs.runs import Run, open_run
from radlib.runs.tasks import binary, findings
from radlib.techniques.building import compress
from radlib.training import training_films
from radlib.training.baselines import load_network, read_history, train_baseline
from radlib.training.learning_curves import judge_fit

STUDY = f"""
name: squares
parameters:
  architecture: student_tiny
  image_size: {SIDE}
  batch_size: 16
  epochs: 2
  pruning_epochs: 3
"""


def test_a_failure_while_storing_repeats_no_epoch(tmp_path, monkeypatch):
    (tmp_path / "squares.yaml").write_text(STUDY, encoding="utf-8")
    run, films = open_run(str(tmp_path / "out"), study=str(tmp_path / "squares.yaml")), drawn_splits()
    batches = []

    def counted(images, augmentation, seed, epoch, positions):
        batches.append(epoch)
        return augment_batch(images, augmentation, seed, epoch, positions)

    def broken(*_):
        raise OSError("the machine went down")

    monkeypatch.setattr(training_films, "augment_batch", counted)
    describe = Run._describe
    for make, epochs in ((train_baseline, 2), (lambda r, f: compress(r, f, "magnitude_pruning"), 3)):
        batches.clear()
        monkeypatch.setattr(Run, "_describe", broken)
        with pytest.raises(OSError, match="went down"):
            make(run, films)
        expected = 2 * epochs * len(films.training) // 16  # once to learn, once for batch norm's statistics
        assert len(batches) == expected
        monkeypatch.setattr(Run, "_describe", describe)
        made = make(run, films)
        assert len(batches) == expected, "a finished epoch was trained again"
        assert run.variant(made.name) == made
        assert not list(run.path("checkpoints").iterdir())


def brought(tmp_path, weights, **given):
    """Return a run whose network is not trained, and its films."""
    (tmp_path / "squares.yaml").write_text(STUDY, encoding="utf-8")
    given = {"epochs": 0, "weights": str(weights), **given}
    return open_run(str(tmp_path / "out"), study=str(tmp_path / "squares.yaml"), **given), drawn_splits()


def test_a_network_that_is_brought_is_stored_as_its_file_has_it(tmp_path):
    published = build_network("student_tiny", {}, binary("opacity"), (SIDE, SIDE, 1), seed=7)
    published.save_weights(tmp_path / "published.weights.h5")
    run, films = brought(tmp_path, tmp_path / "published.weights.h5")
    check_settings([run])
    variant = train_baseline(run, films)
    for values, wanted in zip(load_network(run, variant).get_weights(), published.get_weights(), strict=True):
        np.testing.assert_array_equal(values, wanted)
    assert variant.label == "original" and variant.details["epochs"] == 0
    history = read_history(run, variant)
    assert history["epoch"].tolist() == [0] and history["val_loss"].notna().all()
    assert judge_fit(history).startswith("Neither: the network was trained elsewhere")
    learning_curves(history)
    record = json.loads(run.model_path(variant).with_name("preprocessing.json").read_text(encoding="utf-8"))
    assert record["inside_network"] == {
        "layout": "NHWC", "channels": 1, "range": [0.0, 1.0], "mean": [0.0], "std": [1.0],
    }  # fmt: skip
    assert Preprocessing.from_dict(record).digest() == variant.preprocessing == films.preprocessing.digest()


def test_a_brought_network_must_bring_its_last_layer(tmp_path):
    other = build_network("student_tiny", {}, findings(["a", "b", "c"]), (SIDE, SIDE, 1))
    other.save_weights(tmp_path / "other.weights.h5")
    run, films = brought(tmp_path, tmp_path / "other.weights.h5")
    with pytest.raises(UsageError, match="does not fit this network: layer predictions takes"):
        train_baseline(run, films)


@pytest.mark.parametrize("weights", ["none", "imagenet"])
def test_a_network_neither_trained_nor_brought_is_refused_before_anything_runs(tmp_path, weights):
    run, _ = brought(tmp_path, weights)
    with pytest.raises(
        UsageError, match=r"student_tiny is not trained \(epochs 0\) and brings no weights; set weights"
    ):
        check_settings([run])
