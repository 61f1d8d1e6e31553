"""Writing a run's tables and report: CSV, pictures, one self-contained HTML page, and the same in Markdown."""

import base64
import hashlib
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from radlib.foundation.digests import is_as_written
from radlib.foundation.errors import UsageError
from radlib.foundation.plain_text import plain, table_text
from radlib.foundation.record_files import RUN_AGAIN, damaged
from radlib.foundation.storage import atomic_path, write_text
from radlib.report.blocks import Figure, Page
from radlib.report.boxes.box_reports import box_report, box_tables
from radlib.report.column_pages import FILE as DICTIONARY, column_page
from radlib.report.label_reports import EVIDENCE, INSIDES, TABLES, label_report, label_tables
from radlib.report.model_cards import card_path
from radlib.report.outlines.outline_reports import outline_report, outline_tables
from radlib.report.readings import Readings, read, record_of
from radlib.report.sorting import sort_key
from radlib.report.told import Tables, Told
from radlib.runs.runs import Run

TEMPLATES = Path(__file__).parent / "templates"
REFUSALS = "refusals.csv"
MAYBE = (
    "over_seeds.csv",
    "outline_groups.csv",
    "box_groups.csv",
    REFUSALS,
    *INSIDES,
)  # not there where they have no row
# By the word of the task (`record`): what makes the tables, and what makes page, pictures and cards from them.
KINDS: Mapping[str, tuple[Callable[[Readings], Tables], Callable[[Readings, Tables], Told]]] = {
    "probabilities": (label_tables, label_report),
    "masks": (outline_tables, outline_report),
    "boxes": (box_tables, box_report),
}
PUBLISHED = (
    *TABLES,
    "outlines.csv",
    "outline_groups.csv",
    "boxes.csv",
    "froc.csv",
    "box_groups.csv",
    *(f"{name}.csv" for name in EVIDENCE),
    *INSIDES,
    REFUSALS,
    "measurements.csv",
    "device_measurements.csv",
    "selection.json",
    "shift.json",
    "earlier_looks.json",
    DICTIONARY,
)


def write_results(run: Run) -> pd.DataFrame:
    """Write the tables of a run as CSV, those that belong to the kind of question, see `KINDS`.

    A row per variant in `results.csv`; the evidence behind the verdicts in further tables; `layers.csv` and `weights.csv` where
    networks were looked into; `refusals.csv` where a technique did not suit a network; and `changed_decisions.csv`, the films to
    look at, which is not published. Beside them `COLUMNS.md` says what every column means.

    Args:
        run: The run; only its files are read.

    Returns:
        What `results.csv` holds.
    """
    return _write_tables(read(run)).results


def _write_tables(readings: Readings) -> Tables:
    run, found = readings.run, KINDS[record_of(readings)][0](readings)
    for name, content in found.files.items():
        was_written = name == REFUSALS and run.path(name).is_file()  # and must not go on saying what it said
        if len(content) or was_written or name not in MAYBE:
            write_text(run.path(name), table_text(content))
    beside = [path.relative_to(run.folder).as_posix() for path in run.folder.rglob("*.csv")]
    write_text(run.path(DICTIONARY), column_page(beside))
    return found


def write_report(run: Run) -> Path:
    """Write the tables, `figures/*.png`, `report.html`, `report.md` and a card per variant (`cards/`) of a run.

    Args:
        run: The run; only its files are read, no model is opened.

    Returns:
        The path of `report.html`: one file that needs no other, nor a network.
    """
    _write_report(run)
    return run.path("report.html")


def _write_report(run: Run) -> Mapping[str, Figure]:
    readings = read(run)
    tables = _write_tables(readings)
    told = KINDS[record_of(readings)][1](readings, tables)
    write_text(run.path("report.md"), render(told.page, "report.md.j2"))
    script = (TEMPLATES / "report.js").read_text(encoding="utf-8")
    html = render(
        told.page,
        "report.html.j2",
        script=script,
        script_hash=script_hash(script),
        embedded=lambda file: _data_uri(run.path("figures", file)),
        film=lambda file: _data_uri(run.path(file)),
    )
    write_text(run.path("report.html"), html)
    for variant, card in told.cards:
        write_text(card_path(run.folder, variant), render(card, "report.md.j2"))
    return told.figures


def render(page: Page, template: str, **names: Any) -> str:
    """Return the page as text; HTML templates escape everything that is put in."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=template.endswith(".html.j2"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.filters |= {"markdown": _markdown, "sort_key": sort_key}
    return environment.get_template(template).render(page=page, **names)


def _shown(value: Any) -> Any:
    """Return what is put into a page; text that would be hidden or turn the direction of writing as escapes."""
    return plain(value) if type(value) is str else value


def _markdown(text: str) -> str:
    """Return text that Markdown shows as it is, also inside a table."""
    for sign in ("\\", "`", "*", "_", "[", "]", "<", ">", "|", "#"):
        text = text.replace(sign, "\\" + sign)
    return " ".join(text.split())


def script_hash(script: str) -> str:
    """Return what a browser is told that the page's own script hashes to, so that it runs no other."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")


def _data_uri(path: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode("ascii")


def publish(run: Run, folder: Path | str) -> list[Path]:
    """Copy what may be shown to anyone: `report.md`, the tables, the cards and the report's pictures. No film is among them.

    Args:
        run: The run; its report is written first.
        folder: Where to; made when it is not there. Cards and pictures of before that the run no longer has are taken away;
            other files stay.

    Returns:
        The files written.

    Raises:
        UsageError: When `folder` is the run's own, or no variant was scored on test films yet.
        DataError: When a file of the run is damaged or was changed by hand.
    """
    folder = Path(folder)
    if folder.resolve() == run.folder.resolve():
        raise UsageError(f"{folder.name} is the run itself; choose another folder to publish to.")
    if not any(run.path("predictions").glob("*.test.npz")):
        raise UsageError(f"The run {run.folder.name!r} has no test scores yet; finish it before publishing.")
    names = [f"figures/{figure.file}" for figure in _write_report(run).values()]
    sources = {name: run.path(name) for name in ("report.md", *PUBLISHED, *names)}
    cards = [card_path(run.folder, variant) for variant in run.variants()]
    sources |= {path.relative_to(run.folder).as_posix(): path for path in cards}
    sources["times.csv"] = run.path("reports", "times.csv")
    if run.study.test_is_public and not (folder / "test_log.csv").is_file():  # else it is kept there already
        sources["test_log.csv"] = run.path("test_log.csv")
    written = []
    for name, source in sources.items():
        if source.is_file():
            if not is_as_written(source):
                raise damaged(source, "it is not what was written", RUN_AGAIN)
            with atomic_path(folder / name) as partial:
                shutil.copyfile(source, partial)
            written.append(folder / name)
    for former in (*folder.glob("cards/*.md"), *folder.glob("figures/*.png")):
        if former not in written:
            former.unlink()
    return written
