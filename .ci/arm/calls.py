"""Call LiteRT files so often that their instructions can be told apart from Python's: run by the emulator that counts.

    python calls.py CALLS FILE…

Says where it is by asking for the priority of a process that there is not (see `count_instructions.c`): three times a file,
before one call, after it, and after that many more.
"""

import contextlib
import os
import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter


def main(calls: int, files: list[str]) -> None:
    """Call each file once to warm it, once, and `calls` + 1 times."""
    mark = 1 << 22  # more than any process on Linux
    for name in files:
        model = Interpreter(name, num_threads=1)
        model.allocate_tensors()
        source = model.get_input_details()[0]
        model.set_tensor(source["index"], np.full(source["shape"], 0.5, np.float32).astype(source["dtype"]))
        model.invoke()
        for times in (0, 1, calls + 1):
            for _ in range(times):
                model.invoke()
            mark += 1
            with contextlib.suppress(OSError):
                os.getpriority(os.PRIO_PROCESS, mark)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
