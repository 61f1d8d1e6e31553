"""A notebook's HTML says what its pictures show: the text that stands with the cell, which Jupyter's own template leaves out."""

import re
from pathlib import Path

import nbformat
from nbconvert import HTMLExporter

TEMPLATES = Path(__file__).resolve().parent.parent.parent / ".ci" / "notebook_html"
DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def test_every_picture_of_a_page_has_the_text_of_its_cell():
    cell = nbformat.v4.new_code_cell("draw()", metadata={"alt": 'a "dot" of <one> pixel'})
    cell.outputs = [nbformat.v4.new_output("display_data", {"image/png": DOT}) for _ in range(2)]
    notebook = nbformat.v4.new_notebook(cells=[cell])
    exporter = HTMLExporter(extra_template_basedirs=[str(TEMPLATES)], template_name="described")
    page, _ = exporter.from_notebook_node(notebook)
    pictures = re.findall(r"<img [^>]*?alt=(['\"])(.*?)\1 ", page)
    assert len(pictures) == 2 and all("dot" in text and "pixel" in text for _, text in pictures)
    assert "No description has been provided" not in page
