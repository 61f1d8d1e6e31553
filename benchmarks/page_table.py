"""The page for browsers in figures: how soon a film is answered on a processor as slow as a phone's, and every step beside the desk.

    python -m benchmarks.page_table BUNDLE… [--film FILE…] [--before DIST] [--to docs/results/page]

BUNDLEs are folders that `radlib export` wrote; the first is timed and held to the desk. Needs Node, `make page`, Chromium, and, to slow
the page's worker as well, the right to make a group of processes (cgroup v1); without it only the page's own thread
is slowed, and the table says so. `--before` names another build of the page (a folder `dist`), measured in turns with this one.
"""

import argparse
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from radlib.deployment.page import built_page
from radlib.deployment.page.serving import address, page_server
from radlib.deployment.page.writing import write_page
from radlib.foundation.storage import write_json, write_text

SOURCE = built_page.CHECKOUT.parent
BEGIN, END = "<!-- {part} -->", "<!-- /{part} -->"
STEPS = (
    "stored", "values", "modality", "voi", "scaled", "grey", "resized", "square", "levels", "tensor",
)  # fmt: skip
AIMS = {"first answered": 2000, "later answered": 500, "map": 3000}
CHESTER = {"open": "Chester: 12,000 to load, 1,300 to build", "map": "Chester: 17,000"}


def measure(
    bundles: Sequence[Path], films: Sequence[Path], before: Path | None, rounds: int
) -> dict[str, Any]:
    """Time the page, and another build of it in turns.

    Args:
        bundles: Of which the page is made.
        films: That are read.
        before: A folder `dist` of the other build.
        rounds: How often the page is opened and the films read.

    Returns:
        What `page/tests/browser/figures.test.ts` measured, and `steps_apart`: vector, step, largest difference.
    """
    with contextlib.ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="radlib-page-")))
        given = {
            "RADLIB_PAGE": stack.enter_context(_served(bundles, scratch / "now", None)),
            "RADLIB_BUNDLES": str(bundles[0]), "RADLIB_FIGURES": str(scratch / "figures.json"), "RADLIB_TABLE": "1",
            "RADLIB_FIGURES_FILMS": ":".join(map(str, films)), "RADLIB_FIGURES_ROUNDS": str(rounds), "NO_COLOR": "1",
        }  # fmt: skip
        if before is not None:
            given["RADLIB_PAGE_BEFORE"] = stack.enter_context(_served(bundles, scratch / "before", before))
        done = subprocess.run(
            ["npx", "vitest", "run", "tests/browser/figures.test.ts", "tests/conformance.test.ts"],
            cwd=SOURCE, env={**os.environ, **given}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            sys.exit(done.stdout[-4000:] + done.stderr[-1000:])
        figures = json.loads((scratch / "figures.json").read_text())
    cells = [line.split("\t") for line in done.stdout.splitlines() if line.count("\t") == 2]
    return figures | {"steps_apart": [[vector, step, float(apart)] for vector, step, apart in cells]}


@contextlib.contextmanager
def _served(bundles: Sequence[Path], folder: Path, dist: Path | None) -> Iterator[str]:
    usual, built_page.INSIDE = built_page.INSIDE, dist or built_page.CHECKOUT
    try:
        server = page_server(write_page(bundles, folder))
    finally:
        built_page.INSIDE = usual
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield address(server)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def speed_table(figures: Mapping[str, Any]) -> str:
    """Return the medians of all that was timed, in Markdown."""
    times = {name: statistics.median(each) for name, each in figures["times"].items()}
    slowed = "page and worker" if figures["worker_slowed"] else "the page's own thread alone"
    lines = [
        f"On a processor slowed {figures['rate']} times ({slowed}), in ms, medians of what `figures.json` has in full; other work"
        f" ran on the machine (load {figures['load']:.0f}). *Answered*: the words stand there; *seen*: the film does, too.",
        "",
        "| what | before | now | aim or anchor |", "|---|---|---|---|",
        f"| page, runtime and variants, gzip, bytes | | {figures['page_and_runtime_gzip_bytes']:,} | at most 4,000,000 |",
    ]  # fmt: skip
    for name in [name.removeprefix("now ") for name in times if name.startswith("now ")]:
        said = [f"{times[f'{b} {name}']:,.0f}" if f"{b} {name}" in times else "" for b in ("before", "now")]
        anchor = next((f"at most {aim:,}" for end, aim in AIMS.items() if name.endswith(end)), "")
        anchor = "; ".join(filter(None, (anchor, CHESTER.get(name, ""))))
        lines.append(f"| {name} | {said[0]} | {said[1]} | {anchor} |")
    steps = figures["steps_processor_ms"]
    names = list(dict.fromkeys(step for found in steps.values() for step in found))
    lines += [
        "", "Where a later film's time goes, processor ms in Node, not slowed:", "",
        "| film | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|",
        *(f"| {film} | " + " | ".join(str(found.get(name, "")) for name in names) + " |" for film, found in steps.items()),
        "", f"Memory of the renderer after 20 films {figures['memory_after_20_films_mb']} MB, after 100 films"
        f" {figures['memory_after_100_films_mb']} MB.",
    ]  # fmt: skip
    return "\n".join(lines)


def vector_table(apart: Sequence[Sequence[Any]]) -> str:
    """Return every vector's largest difference after every step, in Markdown."""
    found: dict[str, dict[str, float]] = {}
    for vector, step, difference in apart:
        found.setdefault(vector, {})[step] = difference
    lines = ["| vector | " + " | ".join(STEPS) + " |", "|---" * (len(STEPS) + 1) + "|"]
    for vector, steps in sorted(found.items()):
        cells = (f"{steps[step]:.2g}" if step in steps else "" for step in STEPS)
        lines.append(f"| `{vector}` | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def filled(page: str, parts: Mapping[str, str]) -> str:
    """Return a page of Markdown with its marked parts written anew."""
    for part, text in parts.items():
        begin, end = BEGIN.format(part=part), END.format(part=part)
        head, rest = page.split(begin)
        page = f"{head}{begin}\n{text}\n{end}{rest.split(end)[1]}"
    return page


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and write `figures.json` and the tables of README.md."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("bundles", nargs="+", type=Path)
    parser.add_argument("--film", dest="films", action="append", type=Path, default=[])
    parser.add_argument("--before", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--to", type=Path, default=Path("docs/results/page"))
    given = parser.parse_args(arguments)
    if shutil.which("npx") is None:
        sys.exit("The page is measured by Node and Chromium; Node is not installed.")
    bundles = [bundle.resolve() for bundle in given.bundles]
    figures = measure(bundles, [film.resolve() for film in given.films], given.before, given.rounds)
    write_json(given.to / "figures.json", {k: v for k, v in figures.items() if k != "steps_apart"})
    readme = given.to / "README.md"
    parts = {"speed": speed_table(figures), "vectors": vector_table(figures["steps_apart"])}
    write_text(readme, filled(readme.read_text(encoding="utf-8"), parts))


if __name__ == "__main__":
    main()
