"""Worker processes that can be killed, without a guard around the caller's script.

Python starts a worker by importing the caller's main module again, which runs an unguarded script a second
time. Our workers need nothing from it, so it is left out. Workers are forked from a small server that has
only imported what they need: they start in milliseconds and inherit none of TensorFlow's threads.
"""

import contextlib
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import spawn
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # whoever needs no pool does not wait for it
    import pebble


@contextlib.contextmanager
def worker_pool(
    workers: int, *, preload: Sequence[str] = (), initializer: Callable[[], None] | None = None
) -> Iterator["pebble.ProcessPool"]:
    """Yield a pool whose tasks can have a time limit; its workers end with the block.

    Args:
        workers: Processes.
        preload: Modules to import before workers are forked.
        initializer: Called in each new worker.
    """
    import pebble

    context = multiprocessing.get_context("forkserver" if os.name == "posix" else "spawn")
    if os.name == "posix":
        context.set_forkserver_preload(list(preload))
    pool = pebble.ProcessPool(workers, context=context, initializer=initializer)
    complete = spawn.get_preparation_data

    def without_main(name: str) -> dict:
        data = complete(name)
        return {key: value for key, value in data.items() if not key.startswith("init_main")}

    spawn.get_preparation_data = without_main
    try:
        yield pool
    finally:
        pool.stop()
        pool.join()
        spawn.get_preparation_data = complete
