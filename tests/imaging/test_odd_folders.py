"""Folders of films as nobody should leave them: no file is lost, none ends a run in a raw error, none is waited for."""

import numpy as np
import pytest

from benchmarks import fuzzing_folders


def check(result):
    assert result["raw_kinds"] == {}
    assert {name: result[name] for name in fuzzing_folders.TARGETS} == fuzzing_folders.TARGETS
    assert result["read"] + result["refused"] == result["trees"]


def test_four_hundred_odd_files_are_all_found_or_counted():
    result = fuzzing_folders.measure(400)
    check(result)
    assert result["films"] > 100 and result["left_out"] > 50 and result["decoded"] > 20


@pytest.mark.slow
def test_ten_thousand_odd_files_are_all_found_or_counted():
    result = fuzzing_folders.measure(10_000, seed=1)
    check(result)
    assert result["read"] > 10 and result["refused"] > 1


def test_the_same_seed_plants_the_same_tree(tmp_path):
    trees = []
    for name in ("a", "b"):
        root = tmp_path / name / "tree"
        fuzzing_folders.plant(root, [b"film"], tmp_path, 60, np.random.default_rng(3))
        trees.append(sorted(str(path.relative_to(root)) for path in root.rglob("*")))
    assert trees[0] == trees[1]
