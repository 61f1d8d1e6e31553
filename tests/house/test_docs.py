"""`make docs` shows all that the code has: doors, methods, settings, columns; and asks nothing of a network."""

import base64
import html
import importlib.util
import io
import json
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from PIL import Image

from import_graph import FLOORS, door
from radlib.foundation.registry import TECHNIQUES
from radlib.foundation.value_types import words
from radlib.imaging.augmentation import AUGMENTATION_ANNOTATIONS
from radlib.report.csv_files import TABLES
from radlib.runs.settings import describe_settings
from radlib.runs.studies import STUDY_ANNOTATIONS

REPOSITORY = Path(__file__).resolve().parent.parent.parent
spec = importlib.util.spec_from_file_location("docs", REPOSITORY / ".ci" / "docs.py")
docs = importlib.util.module_from_spec(spec)
spec.loader.exec_module(docs)


def width_of(png: str) -> int:
    with Image.open(io.BytesIO(base64.b64decode(png))) as picture:
        return picture.width


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> dict[str, str]:
    """The pages, by file name."""
    folder = tmp_path_factory.mktemp("site")
    docs.write(folder)
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def test_every_name_of_every_door_is_on_the_page_of_its_room_and_in_the_list(site):
    for room in FLOORS:
        for file, names in door(REPOSITORY / "radlib", room).items():
            assert f'<h2 id="{file}">' in site[f"room_{room}.html"]
            for name in names:
                assert f'<article id="{file}.{name}">' in site[f"room_{room}.html"], f"{room}.{name}"
                assert f"room_{room}.html#{file}.{name}" in site["index.html"], f"{room}.{name}"


def test_every_technique_is_on_the_page_of_its_method_with_its_parameters(site):
    pages = {name: text for name, text in site.items() if name.startswith("method_")}
    assert set(pages) == {f"method_{name}.html" for name in docs.METHODS}
    for entry in TECHNIQUES:
        (page,) = [text for text in pages.values() if f'<h2 id="Technique {entry.name}">' in text]
        assert all(f"<code>{p.name}</code>" in page and html.escape(p.type) in page for p in entry.parameters)


@pytest.mark.parametrize("method", docs.METHODS)
def test_the_core_of_a_method_is_shown_first_with_its_example_and_its_source(site, method):
    page = site[f"method_{method}.html"]
    core = page[page.index('<h2 id="The core">') : page.index('<h2 id="Technique ')]
    assert "<strong>Example</strong>" in core and "<details open>" in core


def test_every_key_of_a_study_and_every_column_is_there(site):
    for key in (*STUDY_ANNOTATIONS, *AUGMENTATION_ANNOTATIONS, *describe_settings()):
        assert f"<td><code>{key}</code></td>" in site["study.html"], key
    for name, annotation in {**AUGMENTATION_ANNOTATIONS, **STUDY_ANNOTATIONS}.items():
        assert f"<td><code>{name}</code></td><td>{html.escape(words(annotation))}</td>" in site["study.html"]
    for column in {column for table in TABLES.values() for column in table.columns}:
        assert f"<code>{html.escape(column)}</code>" in site["columns.html"], column


def test_every_notebook_is_a_page_with_its_outputs_and_formulas_drawn(site):
    for path in (REPOSITORY / "notebooks").glob("*.ipynb"):
        page = site[f"notebook_{path.stem}.html"]
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        pictures = [o for c in cells for o in c.get("outputs", []) if "image/png" in o.get("data", {})]
        prose = "".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
        widths = re.findall(
            r'<img width="(\d+)" height="\d+" style="--wide: \1px" [^>]*?src="data:image/png', page
        )
        assert list(map(int, widths)) == [width_of(o["data"]["image/png"]) for o in pictures]
        scrolled = '<math tabindex="0" xmlns="http://www.w3.org/1998/Math/MathML" display="block">'
        assert page.count(scrolled) == prose.count("$$") / 2
        texts = {c["metadata"]["alt"] for c in cells if "alt" in c["metadata"]}
        assert texts <= set(map(html.unescape, re.findall(r'<img [^>]*?alt="([^"]*)"', page)))
        assert "$$" not in page and "placeholder" not in page.replace('placeholder="type', "")
        assert ".ipynb" not in page and "find_spec" not in page


def test_the_pages_ask_nothing_of_a_network(site):
    for name, text in site.items():
        text = text.replace('src="data:image/png;base64,', "")
        assert not re.search(r"<(script|link|img|iframe)[^>]*\s(src|href)=", text), name
        styles = "".join(re.findall(r"<style>(.*?)</style>", text, flags=re.S))
        assert "@import" not in styles and "url(" not in styles and "http" not in styles, name


def test_every_link_leads_to_a_page_and_a_place_on_it(site):
    for name, text in site.items():
        for target in set(re.findall(r'href="([^"]+)"', text)):
            page, _, place = target.partition("#")
            if page.startswith("http"):
                continue
            assert (page or name) in site, f"{name}: {target}"
            assert not place or f'id="{html.escape(unquote(place))}"' in site[page or name], (
                f"{name}: {target}"
            )


def test_no_two_places_of_a_page_have_one_name(site):
    for name, text in site.items():
        places = re.findall(r'\sid="([^"]+)"', text)
        assert len(places) == len(set(places)), name
