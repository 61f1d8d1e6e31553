"""How far a series is: a bar with notebook, cell and elapsed time, or plain lines where there is no terminal."""

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from radlib.cli.series.parameters import read_notebook
from radlib.foundation.plain_text import plain, plain_line


class HasNotebook(Protocol):
    """What is shown: anything with a notebook to execute and the name of its report."""

    @property
    def notebook(self) -> Path:
        """The notebook to execute."""

    @property
    def report(self) -> str:
        """File name of the executed copy."""


@dataclass
class Progress:
    """Where a series stands.

    Attributes:
        advance: Called with the text to show and the cells done since the last call.
        finish: Called with a line when a notebook is done.
    """

    advance: Callable[[str, int], None]
    finish: Callable[[str], None]
    _name: str = ""
    _cells: dict[int, int] = field(default_factory=dict)
    _started: float = 0.0
    _done: int = 0

    def begin(self, step: HasNotebook) -> None:
        """Note that a notebook starts."""
        self._name, self._started, self._done = Path(step.report).stem, time.perf_counter(), 0
        self._cells = {n: k for k, n in enumerate(code_cells(step.notebook), start=1)}
        self.advance(f"{self._name} starting", 0)

    def cell(self, cell: object, cell_index: int) -> None:
        """Note that a cell starts; papermill's injected cell moves those behind it by one."""
        reached = sum(1 for n in self._cells if n < cell_index)
        shown = min(reached + 1, len(self._cells))
        self.advance(f"{self._name} cell {shown}/{len(self._cells)}", reached - self._done)
        self._done = reached

    def end(self, step: HasNotebook) -> None:
        """Note that a notebook is done."""
        self.advance(self._name, len(self._cells) - self._done)
        self.finish(f"{self._name:<32} {time.perf_counter() - self._started:6.0f} s")


def code_cells(notebook: Path) -> list[int]:
    """Return the positions of a notebook's code cells."""
    return [n for n, cell in enumerate(read_notebook(notebook)["cells"]) if cell["cell_type"] == "code"]


@contextlib.contextmanager
def progress_bar(steps: Sequence[HasNotebook], say: Callable[[str], None]) -> Iterator[Progress]:
    """Yield the progress of `steps`: a bar on a terminal, else one line per finished notebook."""
    if not sys.stderr.isatty():
        yield Progress(lambda text, cells: None, say)
        return
    from tqdm import tqdm

    total = sum(len(code_cells(step.notebook)) for step in steps)
    layout = "{desc:<34} {bar:24} {n_fmt}/{total_fmt} cells, {elapsed}"
    with tqdm(total=total, bar_format=layout, leave=False, dynamic_ncols=True) as bar:

        def advance(text: str, cells: int) -> None:
            bar.set_description_str(plain_line(text), refresh=False)
            bar.update(cells)
            bar.refresh()

        stop = threading.Event()
        clock = threading.Thread(target=_tick, args=(bar, stop), daemon=True)
        clock.start()
        try:
            yield Progress(advance, lambda line: tqdm.write(plain(line), file=sys.stderr))
        finally:
            stop.set()
            clock.join()


def _tick(bar: Any, stop: threading.Event) -> None:
    """Let the elapsed time go on while a long cell runs."""
    while not stop.wait(1):
        bar.refresh()
