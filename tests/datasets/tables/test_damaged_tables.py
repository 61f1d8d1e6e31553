"""Damaged tables of every layout: read, or refused in one sentence that quotes no name."""

import pytest

from benchmarks import fuzzing_tables


def check(result):
    assert {name: result[name] for name in fuzzing_tables.TARGETS} == fuzzing_tables.TARGETS, result[
        "examples"
    ]
    read = {name for name in result["outcomes"] if name.endswith("read")}
    assert len(read) == result["layouts"]  # else all would be refused for a reason that is none of theirs
    assert sum(result["outcomes"].values()) == result["tables"]


def test_damaged_tables_are_read_or_refused_in_one_sentence():
    result = fuzzing_tables.measure(240)
    check(result)
    assert "240 damaged tables of 4 layouts" in fuzzing_tables.table(result)


@pytest.mark.slow
def test_ten_thousand_damaged_tables():
    check(fuzzing_tables.measure(10_000, seed=1))
