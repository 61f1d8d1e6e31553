"""Columns of a report sort by the numbers that their cells say, and a browser really sorts them."""

import json
import re
import shutil
import subprocess

import pytest

from radlib.report.blocks import Cell, Figure, Page, Section, Table
from radlib.report.sorting import sort_key
from radlib.report.writing import TEMPLATES, render, script_hash


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("836 KB", "836000"), ("2.2 MB", "2200000"), ("730 B", "730"), ("94.2 k", "94200"), ("3.0 ×", "3"),
        ("31 dB", "31"), ("−2 dB", "-2"), ("equal", "Infinity"), ("+0.009", "0.009"), ("< 0.001", "0.001"), ("> 0.999", "0.999"),
        ("5.1 %", "5.1"), ("0.977 (+0.002)", "0.977"), ("−0.01 to +0.02", "-0.01"), ("12 of 13", "12"),
        ("pruned + int8", "pruned + int8"), ("0–1", "0–1"), ("undefined", ""), ("–", ""), ("", ""),
    ],
)  # fmt: skip
def test_units_signs_and_words(text, key):
    assert sort_key(text) == key


SIZES = ("1.6 MB", "–", "836 KB", "2.2 MB")
ASK = """<script>
const order = () => [...document.querySelectorAll("tbody tr")].map((row) => row.cells[1].textContent.trim());
const head = document.querySelectorAll("thead th")[1], button = head.querySelector("button");
const said = [];
for (let press = 0; press < 3; press++) { button.click(); said.push([head.getAttribute("aria-sort"), order()]); }
said.push(document.documentElement.scrollWidth <= window.innerWidth, window.innerWidth);
document.title = JSON.stringify(said);
</script></body>"""


@pytest.mark.skipif(not shutil.which("chromium"), reason="needs chromium")
def test_a_browser_sorts_by_the_heading_and_the_page_keeps_its_width(tmp_path):
    rows = tuple(
        (Cell(f"variant {n}"), Cell(size), *[Cell("0.123 (+0.001)")] * 9) for n, size in enumerate(SIZES)
    )
    table = Table(("Variant", "File", *[f"Column {n}" for n in range(9)]), rows)
    picture = Figure("wide.png", "a wide picture that says nothing")
    page = Page("Title", "study", "1", picture, ("One.", "Two."), (), (Section("Table", (table,)),))
    script = (TEMPLATES / "report.js").read_text(encoding="utf-8")
    wide = "data:image/svg+xml,<svg xmlns='http:%2F%2Fwww.w3.org/2000/svg' width='2000' height='300'/>"
    html = render(
        page, "report.html.j2", script=script, script_hash=script_hash(script), embedded=lambda _: wide
    )
    html = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", html).replace("</body>", ASK)
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    command = [
        "chromium",
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--window-size=500,800",
        "--dump-dom",
    ]
    done = subprocess.run(
        [*command, (tmp_path / "page.html").as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    said = json.loads(re.search(r"<title>(.*?)</title>", done.stdout)[1])
    assert said[0] == ["ascending", ["836 KB", "1.6 MB", "2.2 MB", "–"]]
    assert said[1] == ["descending", ["2.2 MB", "1.6 MB", "836 KB", "–"]]
    assert said[2] == [None, list(SIZES)]
    assert said[3] is True and said[4] <= 500
