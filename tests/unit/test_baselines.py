"""A finished training is never lost: not even when storing its network fails."""

import pytest

from drawn import SIDE, drawn_splits
from radlib import training
from radlib.augmentation import augment_batch
from radlib.baselines import train_baseline
from radlib.runs import Run, open_run
from radlib.techniques import compress

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

    monkeypatch.setattr(training, "augment_batch", counted)
    describe = Run._describe
    for make, epochs in ((train_baseline, 2), (lambda r, f: compress(r, f, "magnitude_pruning"), 3)):
        batches.clear()
        monkeypatch.setattr(Run, "_describe", broken)
        with pytest.raises(OSError, match="went down"):
            make(run, films)
        assert len(batches) == epochs * len(films.training) // 16
        monkeypatch.setattr(Run, "_describe", describe)
        made = make(run, films)
        assert len(batches) == epochs * len(films.training) // 16, "a finished epoch was trained again"
        assert run.variant(made.name) == made
        assert not list(run.path("checkpoints").iterdir())
