"""The page in Debian's Chromium and its steps in Node: `page/tests`, on bundles that are made here."""

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from exported_boxes import exported_boxes
from exported_bundles import exported_bundles
from outline_runs import exported_outlines
from page_films import odd_films, with_films
from radlib.deployment.page.built_page import CHECKOUT, START
from radlib.deployment.page.serving import address, page_server
from radlib.deployment.page.writing import write_page
from radlib.report import write_report
from written_runs import write_run

SOURCE = CHECKOUT.parent
CHROMIUM = (
    os.environ.get("RADLIB_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or ""
)


SHORT = ("decision", "outline", "boxes", "texts", "conformance", "faults", "browser/desk", "browser/page")


def _missing() -> str:
    if missing := os.environ.get("RADLIB_PAGE_MISSING", ""):
        return missing
    if not shutil.which("node"):
        return "Node is not installed"
    if not (SOURCE / "node_modules" / "vitest").is_dir() or not (CHECKOUT / START).is_file():
        return "the page is not built: make page"
    return "" if CHROMIUM else "Chromium is not installed"


pytestmark = pytest.mark.skipif(bool(_missing()), reason=_missing() or "all there")


def _run(bundles, folder, *names, tried=4, **variables):
    """Show a page of some bundles and run tests of `page/tests` on it; the first of the bundles are `tried`."""
    server = page_server(write_page(bundles, folder / "page"))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        shown = ":".join(str(bundle) for bundle in bundles[:tried])
        _vitest(*names, RADLIB_PAGE=address(server), RADLIB_BUNDLES=shown, **variables)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _vitest(*names, **variables):
    """Run tests of `page/tests` with Chromium."""
    done = subprocess.run(
        ["npx", "vitest", "run", *(f"tests/{name}.test.ts" for name in names)], cwd=SOURCE, capture_output=True,
        text=True, timeout=float(os.environ.get("RADLIB_PAGE_SECONDS", 580)),
        env={**os.environ, "RADLIB_CHROMIUM": CHROMIUM, "NO_COLOR": "1", **variables},
    )  # fmt: skip
    if keep := os.environ.get("RADLIB_PAGE_LOG"):
        Path(keep).write_text(done.stdout + done.stderr)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


def test_a_short_round(tmp_path):
    bundles = exported_bundles(tmp_path, ("int8", "float32"))
    _run(bundles, tmp_path, *SHORT, tried=1, RADLIB_MUTANTS="200")


def test_outlines_are_drawn_over_the_film_as_on_the_desk(tmp_path):
    bundles = exported_outlines(tmp_path, ("float32",))
    _run(bundles, tmp_path, "outline", "conformance", "browser/outlines", "browser/desk", tried=1)


def test_boxes_are_drawn_over_the_film_as_on_the_desk(tmp_path):
    bundles = exported_boxes(tmp_path, ("float32",))
    _run(bundles, tmp_path, "boxes", "conformance", "browser/boxes", "browser/desk", tried=1)


@pytest.mark.slow
def test_steps_and_page_answer_as_the_desk(tmp_path):
    _run(exported_bundles(tmp_path), tmp_path)


@pytest.mark.slow
def test_films_of_inks_and_of_single_bits_are_read_or_refused_as_on_the_desk(tmp_path):
    bundles = exported_bundles(tmp_path, ("float32",))
    odd = with_films(bundles[0], odd_films(tmp_path / "films"), tmp_path / "odd" / "float32")
    _run([odd], tmp_path, "browser/desk")


@pytest.mark.slow
@pytest.mark.real_data
def test_real_films_are_read_and_decided_on_as_on_the_desk(tmp_path, shared_data):
    data = shared_data / "data"
    films = [
        *sorted((data / "dicom_samples").glob("*.dcm")),
        *sorted((data / "kermany_original_samples").rglob("*.jpeg")),
        *sorted((data / "chestxray14").rglob("*.jpeg"))[:80],
        *sorted((data / "tb_lungs").rglob("*.jpg"))[:80],
    ]
    bundles = [
        with_films(bundle, films, tmp_path / "real" / bundle.name)
        for bundle in exported_bundles(tmp_path, ("int8", "float32"))
    ]
    _run(bundles, tmp_path, "conformance", "browser/desk")


@pytest.mark.slow
def test_documents_are_read_without_sight_mouse_or_a_wide_screen(tmp_path):
    repository = SOURCE.parent
    site = tmp_path / "site"
    code = f"import docs; docs.write(docs.Path({str(site)!r}))"
    subprocess.run([sys.executable, "-c", code], cwd=repository / ".ci", check=True)
    run = write_run(tmp_path / "run")
    write_report(run)
    shutil.copy(run.folder / "report.html", site / "report.html")
    _vitest("browser/documents", RADLIB_DOCUMENTS=str(site))
