"""A watching reader that is killed: run as a program, since it forks; prints what came of it as JSON.

The films are read by `read_image`, which is all of a reader that a fault could meet, without the second that a model takes.
"""

import contextlib
import csv
import json
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from radlib.deployment.reading import arrivals, following_table, journal, watching
from radlib.deployment.reading.following_table import FollowingTable
from radlib.deployment.reading.watching import Pace, Watched, only_reader, watch
from radlib.imaging.images import UnreadableImage, image_id, read_image

COLUMNS = ["image_id", "mean", "reason"]
TRACED = {module.__file__ for module in (arrivals, following_table, journal, watching)}
AT_ONCE = Pace(0, 0, 0.01)


def row_of(look, image):
    try:
        return {"image_id": image, "mean": float(read_image(look.path).mean()), "reason": ""}
    except UnreadableImage as error:
        return {"image_id": image, "mean": float("nan"), "reason": error.reason}


def watched(folder, table, films, pace=AT_ONCE, tell=lambda row: None, say=lambda line: None):
    follows = [FollowingTable(table, COLUMNS)] if table else []
    return Watched(folder, films, row_of, tell, follows, say, pace)


def read_all(folder, table, *, once=True):
    with only_reader(folder, "faults", lambda line: None, once=once, poll_s=0.01) as films:
        return watch(watched(folder, table, films), once=once)


def draw(folder, count):
    generator = np.random.default_rng(0)
    for number in range(count):
        Image.fromarray(generator.integers(0, 256, (9, 8), dtype=np.uint8)).save(folder / f"{number}.png")


def in_child(work):
    """Fork; return the exit status of the child, negative for the signal that ended it."""
    if not (child := os.fork()):
        with contextlib.suppress(BaseException):
            work()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def killed_at(line, folder, table):
    """Read, writing a few bytes at a time, and be killed at the so-manieth line of the reader's files."""
    seen, real = 0, os.write

    def trace(frame, event, argument):
        nonlocal seen
        if frame.f_code.co_filename not in TRACED:
            return None
        seen += event == "line"
        if seen == line:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace

    os.write = lambda descriptor, content: real(descriptor, content[:40])
    sys.settrace(trace)
    read_all(folder, table)


def outcome(folder, table):
    with journal.opened_journal(folder / watching.FOLDER / "faults.journal") as found:
        noted = [row["image_id"] for row in found.rows()]
    with table.open(newline="") as stream:
        rows = list(csv.reader(stream))
    return {"noted": noted, "heading": rows[0], "table": [row[0] for row in rows[1:]], "cells": rows[1:]}


def every_kill(step):
    """Kill a reader at every so-manieth line, once more at the same in what is left, and let a third one end."""
    outcomes, line = [], 1
    while True:
        with tempfile.TemporaryDirectory() as place:
            folder, table = Path(place) / "films", Path(place) / "out.csv"
            folder.mkdir()
            draw(folder, 2)
            shutil.copy(folder / "0.png", folder / "copy.png")
            (folder / "half.png").write_bytes((folder / "1.png").read_bytes()[:70])
            ended = in_child(lambda: killed_at(line, folder, table))  # noqa: B023
            in_child(lambda: killed_at(line // 2 + 3, folder, table))  # noqa: B023
            in_child(lambda: read_all(folder, table))  # noqa: B023
            expected = sorted(image_id(folder / name) for name in ("0.png", "1.png", "half.png"))
            found = outcome(folder, table)
            outcomes.append([line, sorted(found["noted"]) == expected, sorted(found["table"]) == expected,
                             found["heading"] == COLUMNS, all(len(row) == 3 for row in found["cells"])])  # fmt: skip
        if ended == 0:
            return outcomes
        line += step


def two_readers(count):
    """Two readers of one folder, of which the one at work is killed half way; films go on coming."""
    with tempfile.TemporaryDirectory() as place:
        folder, table = Path(place) / "films", Path(place) / "out.csv"
        folder.mkdir()
        draw(folder, count)
        children = []
        for _ in range(2):
            if not (child := os.fork()):
                with contextlib.suppress(BaseException):
                    read_all(folder, table, once=False)
                os._exit(0)
            children.append(child)
        noted = folder / watching.FOLDER / "faults.journal"

        def lines():
            return noted.read_bytes().count(b"\n") if noted.is_file() else 0

        while lines() < count // 2:
            os.sched_yield()
        os.kill(children[0], signal.SIGKILL)
        os.waitpid(children[0], 0)
        while lines() < count:
            os.sched_yield()
        while not table.is_file() or table.read_bytes().count(b"\n") < count + 1:
            os.sched_yield()
        os.kill(children[1], signal.SIGKILL)
        os.waitpid(children[1], 0)
        found = outcome(folder, table)
        return {"noted": len(found["noted"]), "different": len(set(found["noted"])), "table": len(set(found["table"])),
                "rows": len(found["table"])}  # fmt: skip


if __name__ == "__main__":
    print(
        json.dumps(every_kill(int(sys.argv[2])) if sys.argv[1] == "kill" else two_readers(int(sys.argv[2])))
    )
