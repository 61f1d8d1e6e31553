"""A training killed with -9 goes on at the last finished epoch and ends with the same bits."""

import signal
import subprocess
import sys
from pathlib import Path

from train_and_prune import train_and_prune

SCRIPT = Path(__file__).with_name("train_and_prune.py")


def run(folder, die_at_step=0):
    return subprocess.run(
        [sys.executable, str(SCRIPT), str(folder), str(die_at_step)],
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_killed_twice_and_still_the_same_weights(tmp_path):
    total_steps, digest = train_and_prune(tmp_path / "whole")
    assert total_steps == 36  # 96 films in batches of 16, three epochs each of training and pruning

    # dies in the second epoch of training: one epoch of six steps is finished and not repeated
    assert run(tmp_path / "killed", die_at_step=9).returncode == -signal.SIGKILL
    # goes on with the second, dies in the second epoch of pruning (12 steps of training are left)
    assert run(tmp_path / "killed", die_at_step=12 + 6 + 3).returncode == -signal.SIGKILL
    last = run(tmp_path / "killed")
    assert last.returncode == 0, last.stderr
    steps, resumed = last.stdout.split()
    assert steps == "12"  # the two epochs of pruning that were not finished
    assert resumed == digest
