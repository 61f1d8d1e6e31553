"""Batches made ahead: the same ones, in the same order, and no thread is left behind."""

import threading
import time

import pytest

from radlib.training.prefetching import ahead


def test_items_come_in_order():
    assert list(ahead(range(50), depth=3)) == list(range(50))
    assert list(ahead([])) == []
    assert list(ahead([None, 0, ""])) == [None, 0, ""]


def test_the_next_is_made_while_this_one_is_used():
    made = []
    items = ahead((made.append(n) or n for n in range(20)), depth=4)
    assert next(items) == 0
    deadline = time.perf_counter() + 5
    while len(made) < 5 and time.perf_counter() < deadline:
        time.sleep(0.01)
    time.sleep(0.05)
    assert 5 <= len(made) <= 6  # the one used, four that wait, and perhaps one in hand
    items.close()


def test_an_error_comes_where_it_was_raised():
    def breaks():
        yield 1
        yield 2
        raise OSError("disk")

    items = ahead(breaks())
    assert [next(items), next(items)] == [1, 2]
    with pytest.raises(OSError, match="disk"):
        next(items)


def test_no_thread_outlives_its_generator():
    before = set(threading.enumerate())
    for taken in (0, 1, 5):
        items = ahead(iter(int, 1), depth=2)  # endless
        for _ in range(taken):
            next(items)
        items.close()
    list(ahead(range(3)))
    assert set(threading.enumerate()) <= before  # one of another test may have ended meanwhile
