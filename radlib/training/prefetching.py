"""Make the next batches while the network is busy with this one.

tf.data can do that, but not here: with deterministic operations switched on it makes its prefetching synchronous
as soon as Python has a hand in the batches, and the network waits for every one. A thread of our own keeps the
order, so it changes no bit of the result; NumPy, Pillow and TensorFlow let go of Python's lock while they work.
"""

import contextlib
import queue
import threading
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

Item = TypeVar("Item")
_END = object()


def ahead(items: Iterable[Item], depth: int = 4) -> Iterator[Item]:
    """Yield items in their order, made by a thread that keeps some ready.

    Args:
        items: Iterated over in the thread.
        depth: How many wait at most; each costs the memory of a batch.

    Yields:
        What `items` yields. An exception that it raises is raised here, in its place. The thread ends with this
        generator, also when it is closed early.
    """
    ready: queue.Queue[Any] = queue.Queue(depth)
    closed = threading.Event()
    maker = threading.Thread(target=_make, args=(items, ready, closed), daemon=True)
    maker.start()
    try:
        while True:
            item, error = ready.get()
            if error is not None:
                raise error
            if item is _END:
                return
            yield item
    finally:
        closed.set()
        maker.join()


def _make(items: Iterable, ready: queue.Queue, closed: threading.Event) -> None:
    """Put items, then the end or the error, into the queue, until the other side is closed."""
    try:
        for item in items:
            if not _put((item, None), ready, closed):
                return
        _put((_END, None), ready, closed)
    except BaseException as error:
        _put((_END, error), ready, closed)


def _put(item: tuple, ready: queue.Queue, closed: threading.Event) -> bool:
    while not closed.is_set():
        with contextlib.suppress(queue.Full):
            ready.put(item, timeout=0.1)
            return True
    return False
