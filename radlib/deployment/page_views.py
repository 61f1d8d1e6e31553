"""What a notebook shows of a page: what it is told of a variant, what its files weigh, how it is held to the desk, itself.

A page in a frame is served on loopback by the kernel, so it shows where browser and kernel are on one machine. Where
it cannot, and where nobody asked for it, a sentence stands in its place: a notebook that is executed without a
reader starts no server.
"""

import gzip
import os
import shutil
import subprocess
import tempfile
import threading
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from radlib.deployment.export import export_variant
from radlib.deployment.page.built_page import CHECKOUT, built_page
from radlib.deployment.page.serving import address, page_server
from radlib.deployment.page.variant_records import PageVariant
from radlib.deployment.page.writing import write_page
from radlib.formats.litert_tables import read_tables
from radlib.foundation.errors import SetupError
from radlib.foundation.extras import pandas as pd

ELSEWHERE: Mapping[str, str] = {"COLAB_RELEASE_TAG": "Colab", "KAGGLE_KERNEL_RUN_TYPE": "Kaggle"}
LONGEST_SECONDS = 300
MOST_NAMES = 12  # of what a fact is made of, that are told one by one
SOURCE = CHECKOUT.parent


def told_table(made: PageVariant) -> "pd.DataFrame":
    """Return what a page is told of a variant, one row a fact: `name` and `value`, numbers in lists counted only."""
    rows = [{"name": name, "value": _short(value)} for name, value in made.record.items()]
    return pd.DataFrame(rows, columns=["name", "value"])


def _short(value: Any) -> str:
    if isinstance(value, Mapping):
        told, more = list(value)[:MOST_NAMES], len(value) - MOST_NAMES
        return ", ".join(told) + (f" and {more} more" if more > 0 else "")
    if isinstance(value, list) and len(str(value)) > 60:
        return f"{len(value)} of them"
    return str(value) if not isinstance(value, list) else ", ".join(map(str, value))


def ends_table(files: Mapping[str, bytes]) -> "pd.DataFrame":
    """Return what LiteRT files take and give: `file`, `size_bytes`, `operations`, `takes` and `gives`, by name of the file."""
    from ai_edge_litert import schema_py_generated as schema

    kinds = {
        number: name.lower() for name, number in vars(schema.TensorType).items() if not name.startswith("_")
    }
    rows = []
    for name, content in files.items():
        graph = read_tables(content, name=name).subgraphs[0]
        ends = [
            ", ".join(f"{kinds[graph.tensors[n].type]} {'×'.join(map(str, graph.tensors[n].shape))}" for n in which)
            for which in (graph.inputs, graph.outputs)
        ]  # fmt: skip
        rows.append({
            "file": name, "size_bytes": len(content), "operations": len(graph.operators), "takes": ends[0], "gives": ends[1],
        })  # fmt: skip
    return pd.DataFrame(rows)


def written(bundles: Sequence[Path], folder: Path) -> "pd.DataFrame":
    """Write a page and return what its parts weigh.

    Args:
        bundles: Folders that `radlib export` wrote.
        folder: Where to.

    Returns:
        `part`, `files`, `size_bytes`, and `sent_bytes`, which is what travels compressed; without rows where this installation
        has no built page.
    """
    columns = ["part", "files", "size_bytes", "sent_bytes"]
    try:
        built_page()
    except SetupError:
        return pd.DataFrame(columns=columns)
    page = write_page(bundles, folder)
    rows = []
    for path in sorted(each for each in page.rglob("*") if each.is_file()):
        content, place = path.read_bytes(), path.relative_to(page)
        part = "/".join(place.parts[:2]) if place.parts[0] == "variants" else place.parts[0]
        part = part if len(place.parts) > 1 else "page"
        rows.append((part, 1, len(content), min(len(content), len(gzip.compress(content, 6)))))
    return pd.DataFrame(rows, columns=columns).groupby("part", as_index=False, sort=False).sum()


def held_to_the_desk(bundle: Path) -> "pd.DataFrame":
    """Read a bundle's films as the page reads them, in Node, and compare every step with the desk's.

    Returns:
        `step`, `films` and `largest`: the largest difference after that step, in grey levels of 255, or in stored values.
        Without rows where Node or the page's source is not there.
    """
    columns = ["step", "films", "largest"]
    runner, node = SOURCE / "node_modules" / "vitest" / "vitest.mjs", shutil.which("node")
    if not runner.is_file() or node is None:
        return pd.DataFrame(columns=columns)
    given = {"RADLIB_BUNDLES": str(bundle), "RADLIB_TABLE": "1", "NO_COLOR": "1"}
    done = subprocess.run(
        [node, str(runner), "run", "tests/conformance.test.ts"], cwd=SOURCE, env={**os.environ, **given},
        capture_output=True, text=True, timeout=LONGEST_SECONDS, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SetupError("The page's steps are not those of the desk; make test-page shows which.")
    cells = [line.split("\t") for line in done.stdout.splitlines() if line.count("\t") == 2]
    found = pd.DataFrame([(step, 1, float(apart)) for _, step, apart in cells], columns=columns)
    return found.groupby("step", as_index=False, sort=False).agg({"films": "sum", "largest": "max"})


def framed(run: Path, keys: Sequence[str], *, show: bool, height: int = 820) -> Any:
    """Show a page that reads films with variants of a run, in a frame below the cell.

    Args:
        run: Folder of a run.
        keys: Of its variants; the first is the one that a reader meets.
        show: Whether somebody wants to see it; otherwise nothing is written or served.
        height: Of the frame, pixels.

    Returns:
        A frame, or a sentence where there is none.
    """
    from IPython.display import IFrame, Markdown

    place = next((name for variable, name in ELSEWHERE.items() if variable in os.environ), "")
    if not show:
        return Markdown("*The page is shown here when `show_page` is set in the cell of parameters.*")
    if place:
        return Markdown(f"*The page cannot be shown on {place}, where the browser cannot reach the kernel: `radlib export`"
                        " and `radlib page --serve` show it on a machine of your own.*")  # fmt: skip
    scratch = tempfile.TemporaryDirectory(prefix="radlib-page-")
    folder = Path(scratch.name)
    try:
        bundles = [export_variant(run, key, folder / key, unfinished=True) for key in keys]
        server = page_server(write_page(bundles, folder / "page"))
    except SetupError as refused:
        scratch.cleanup()
        return Markdown(f"*{refused}*")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    frame = IFrame(address(server), width="100%", height=height)
    weakref.finalize(server, scratch.cleanup)  # at the kernel's end, at the latest
    return frame
