"""Writing a run's tables and report: CSV, pictures, one self-contained HTML page, and the same in Markdown."""

import base64
import hashlib
import shutil
from pathlib import Path
from typing import Any

import pandas as pd

from radlib.foundation.digests import is_as_written
from radlib.foundation.errors import UsageError
from radlib.foundation.plain_text import plain, table_text
from radlib.foundation.record_files import RUN_AGAIN, damaged
from radlib.foundation.storage import atomic_path, write_text
from radlib.report.agreement_table import agreement
from radlib.report.blocks import Figure, Page
from radlib.report.column_pages import FILE as DICTIONARY, column_page
from radlib.report.evidence import calibration, changed_decisions, decisions, harm
from radlib.report.heat_map_tables import heat_maps
from radlib.report.inside_tables import Insides, read_insides
from radlib.report.judgements import verdicts
from radlib.report.model_cards import card_path, model_card
from radlib.report.pages import build_page
from radlib.report.pair_tables import pairs
from radlib.report.pictures import draw_figures
from radlib.report.readings import Readings, read
from radlib.report.sorting import sort_key
from radlib.report.sources import left_out_sources
from radlib.report.stress_tables import stress
from radlib.report.tables import comparisons, over_seeds, per_label, results
from radlib.report.usefulness import usefulness
from radlib.runs.refusals import refusal_table
from radlib.runs.runs import Run

TEMPLATES = Path(__file__).parent / "templates"
TABLES = ("results.csv", "per_label.csv", "comparisons.csv", "over_seeds.csv")
EVIDENCE = {
    "verdicts": verdicts, "decisions": decisions, "calibration": calibration, "harm": harm, "agreement": agreement,
    "heat_maps": heat_maps, "pairs": pairs, "usefulness": usefulness, "stress": stress, "sources": left_out_sources,
}  # fmt: skip
INSIDES = ("layers.csv", "weights.csv")
REFUSALS = "refusals.csv"
PUBLISHED = (
    *TABLES,
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
    """Write the tables of a run as CSV.

    `results.csv`, `per_label.csv`, `comparisons.csv`, for several seeds `over_seeds.csv`; the evidence behind the
    verdicts in `verdicts.csv`, `decisions.csv`, `calibration.csv`, `harm.csv`, `agreement.csv`, `heat_maps.csv`,
    `pairs.csv`, `usefulness.csv`, `stress.csv` and `sources.csv`; `layers.csv` and `weights.csv` where networks were looked
    into; `refusals.csv` where a technique did not suit a network; and `changed_decisions.csv`, the films to look at, which is not
    published. Beside them `COLUMNS.md` says what every column means.

    Args:
        run: The run; only its files are read.

    Returns:
        What `results.csv` holds.
    """
    return _write_tables(read(run))[0]


def _write_tables(readings: Readings) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, dict, Insides]:
    run = readings.run
    table = results(run, readings=readings)
    compared, labels = comparisons(run, readings=readings), per_label(run, readings=readings)
    seeds = over_seeds(table)
    evidence = {name: make(run, readings=readings) for name, make in EVIDENCE.items()}
    contents = dict(zip(TABLES, (table, labels, compared, seeds), strict=True))
    contents |= {f"{name}.csv": content for name, content in evidence.items()}
    evidence["changed_decisions"] = changed_decisions(run, readings=readings)
    contents["changed_decisions.csv"] = evidence["changed_decisions"]
    insides = read_insides(readings)
    contents |= dict(zip(INSIDES, (insides.layers, insides.weights), strict=True))
    contents[REFUSALS] = evidence["refusals"] = refusal_table(run)
    for name, content in contents.items():
        was_written = name == REFUSALS and run.path(name).is_file()  # and must not go on saying what it said
        if len(content) or was_written or name not in ("over_seeds.csv", REFUSALS, *INSIDES):
            write_text(run.path(name), table_text(content))
    beside = [path.relative_to(run.folder).as_posix() for path in run.folder.rglob("*.csv")]
    write_text(run.path(DICTIONARY), column_page(beside))
    return table, compared, labels, evidence, insides


def write_report(run: Run) -> Path:
    """Write the tables, `figures/*.png`, `report.html`, `report.md` and a card per variant (`cards/`) of a run.

    Args:
        run: The run; only its files are read, no model is opened.

    Returns:
        The path of `report.html`: one file that needs no other, nor a network.
    """
    _write_report(run)
    return run.path("report.html")


def _write_report(run: Run) -> dict[str, Figure]:
    readings = read(run)
    table, compared, labels, evidence, insides = _write_tables(readings)
    figures = draw_figures(
        readings,
        table,
        compared,
        labels,
        run.path("figures"),
        evidence["agreement"],
        insides,
        evidence["heat_maps"],
        evidence,
    )
    page = build_page(readings, table, compared, labels, figures, evidence, insides)
    write_text(run.path("report.md"), render(page, "report.md.j2"))
    script = (TEMPLATES / "report.js").read_text(encoding="utf-8")
    html = render(
        page,
        "report.html.j2",
        script=script,
        script_hash=script_hash(script),
        embedded=lambda file: _data_uri(run.path("figures", file)),
        film=lambda file: _data_uri(run.path(file)),
    )
    write_text(run.path("report.html"), html)
    for variant in readings.variants:
        card = model_card(readings, variant, table, labels, evidence)
        write_text(card_path(run.folder, variant), render(card, "report.md.j2"))
    return figures


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
