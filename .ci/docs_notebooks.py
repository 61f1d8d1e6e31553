"""The notebooks in the site, as they are committed: prose, formulas as MathML, code, outputs, answers folded.

They lose the cell that installs radlib elsewhere. Links between notebooks lead to their pages; a browser draws the formulas
itself, so that nothing is asked of a network. Pictures say how wide they are: on a phone they are scrolled rather than
made too small to read.
"""

import base64
import re
import struct
from pathlib import Path

import nbformat
from latex2mathml.converter import convert
from nbconvert import HTMLExporter

from docs_parts import Page

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
BOOTSTRAP = 1  # the cell that installs radlib
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.S)
PICTURE = re.compile(r'<img (?=[^>]*?src="data:image/png;base64,(?P<head>[^"]{32}))')
FORMULA = re.compile(r"\$\$(?P<block>.+?)\$\$|(?<![\\$\w])\$(?P<inline>[^$\n]+?)\$(?![\w$])", re.S)


def notebook_pages() -> list[Page]:
    """Return a page for every notebook."""
    return [notebook_page(path) for path in sorted(NOTEBOOKS.glob("*.ipynb"))]


def notebook_page(path: Path) -> Page:
    """Return a notebook as a page of the site."""
    notebook = nbformat.read(path, as_version=4)
    heading, _, rest = notebook.cells[0].source.partition("\n")
    notebook.cells[0].source = rest
    del notebook.cells[BOOTSTRAP]
    formulas: list[str] = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = _without_formulas(cell.source, formulas)
    exporter = HTMLExporter(
        template_name="basic",
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        exclude_anchor_links=True,
    )
    body, _ = exporter.from_notebook_node(notebook)
    for number, formula in enumerate(formulas):
        body = body.replace(_place(number), formula)
    return Page(f"notebook_{path.stem}.html", heading.removeprefix("# "), _linked(body), [])


def _without_formulas(text: str, formulas: list[str]) -> str:
    """Return markdown with a placeholder for each formula outside code, whose MathML is added to `formulas`."""
    parts, end = [], 0
    for code in [*CODE.finditer(text), None]:
        stop = code.start() if code else len(text)
        parts.append(FORMULA.sub(lambda found: _kept(found, formulas), text[end:stop]))
        if code:
            parts.append(code[0])
            end = code.end()
    return "".join(parts)


def _kept(found: re.Match[str], formulas: list[str]) -> str:
    block = found["block"]
    drawn = convert((block or found["inline"]).strip(), display="block" if block else "inline")
    if block:  # wider than a phone it is scrolled, by keyboard too
        drawn = drawn.replace("<math ", '<math tabindex="0" ', 1)
    formulas.append(drawn)
    return _place(len(formulas) - 1)


def _place(number: int) -> str:
    return f"radlibformula{number:03d}placeholder"


def _linked(body: str) -> str:
    """Return the page with links to notebooks leading to their pages, and without those that stay with the repository.

    What is wider than the page is scrolled, by keyboard too.
    """
    body = body.replace('<div class="output_area">', '<div class="output_area" tabindex="0">')
    body = PICTURE.sub(_sized, body)
    body = body.replace(
        "<th></th>", "<td></td>"
    )  # pandas leaves the corner of a table empty, which heads nothing
    body = re.sub(r'href="(\w+)\.ipynb(#[^"]*)?"', r'href="notebook_\1.html"', body)
    return re.sub(r'<a href="(?!https?://|#|notebook_)[^"]*">(.*?)</a>', r"\1", body, flags=re.S)


def _sized(found: re.Match[str]) -> str:
    width, height = struct.unpack(">II", base64.b64decode(found["head"])[16:24])  # of a PNG's first chunk
    return f'<img width="{width}" height="{height}" style="--wide: {width}px" '
