"""Write the pages of `make docs` into site/: what each room hands out, each method, each setting and each column of a table.

Everything is read from the code: doors, docstrings, signatures, registries, schemas. The pages ask nothing of a network and
work from a folder by double-click.
"""

import importlib
import inspect
import shutil
import sys
from pathlib import Path
from typing import Any

import jinja2
import pygments.formatters

from radlib.foundation.registry import TECHNIQUES

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(REPOSITORY / folder) for folder in ("tests", "tests/house", ".ci")]
from docs_guides import guide_pages  # noqa: E402
from docs_notebooks import notebook_pages  # noqa: E402
from docs_parts import Page, Section, first_paragraph, functions, html, item, parameter_rows, public_names  # noqa: E402
from docs_tables import column_page, study_page  # noqa: E402
from import_graph import FLOORS, door  # noqa: E402
from method_cores import cores  # noqa: E402

PACKAGE = REPOSITORY / "radlib"
METHODS = {
    "pruning": "Pruning", "quantization": "Quantization", "deep_compression": "Deep Compression",
    "distillation": "Distillation", "low_rank": "Low rank", "xnor_net": "XNOR-Net", "miracle": "MIRACLE",
}  # fmt: skip


GROUPS = {
    "Guides": "guide_", "Notebooks": "notebook_", "Rooms, from the top floor down": "room_", "Methods": "method_",
    "Reference": ("study", "columns"),
}  # fmt: skip


def pages() -> list[Page]:
    """Return all pages but the first, which lists them."""
    return [
        *guide_pages(),
        *notebook_pages(),
        *map(room_page, FLOORS[::-1]),
        *map(method_page, METHODS),
        study_page(),
        column_page(),
    ]


def room_page(room: str) -> Page:
    """Return what a room is for and what it hands out, file by file."""
    sections = []
    for file, names in sorted(door(PACKAGE, room).items()):
        module = importlib.import_module(f"radlib.{room}.{file}")
        items = [item(module, name) for name in names or public_names(module)]
        sections.append(Section(file, html(first_paragraph(module)), items))
    words = html(inspect.getdoc(importlib.import_module(f"radlib.{room}")))
    return Page(f"room_{room}.html", room, words, sections)


def method_page(name: str) -> Page:
    """Return a method: its idea, its core with an example, its techniques with their parameters, and its file."""
    room = importlib.import_module(f"radlib.techniques.{name}")
    folder = Path(inspect.getfile(room))
    files = sorted(folder.parent.rglob("*.py")) if folder.name == "__init__.py" else [folder]
    modules = [importlib.import_module(dotted(path)) for path in files if path.name != "__init__.py"]
    core = [item(inspect.getmodule(function), function.__name__) for function in cores(name)]
    techniques = [entry for entry in TECHNIQUES if entry.function.__module__ in {m.__name__ for m in modules}]
    storing = [m for m in modules if m.__name__.endswith(".file_format")]
    rest = [(f"<code>{m.__name__.removeprefix(room.__name__).strip('.')}</code>", html(first_paragraph(m)))
            for m in modules if m is not room]  # fmt: skip
    sections = [
        Section("The core", "", core, unfolded=True),
        *(technique_section(entry) for entry in techniques),
        *(Section("The file", html(inspect.getdoc(m)), [item(m, f) for f in functions(m)]) for m in storing),
        Section("Files of the room", "", table=[("file", "what it does"), *rest] if rest else ()),
    ]
    return Page(f"method_{name}.html", METHODS[name], html(inspect.getdoc(room)), sections)


def technique_section(entry: Any) -> Section:
    """Return a technique: what it makes of what, and its parameters with type, range and default."""
    facts = entry.facts
    made = f"<p>Takes <code>{facts['consumes']}</code>, makes <code>{facts['produces']}</code>.</p>"
    told = item(inspect.getmodule(entry.function), entry.function.__name__, arguments_told=False)
    rows = parameter_rows(entry.parameters)
    table = [("parameter", "type and range", "default", "meaning"), *rows] if rows else ()
    return Section(f"Technique {entry.name}", made, [told], table)


def dotted(path: Path) -> str:
    """Return the name under which a file of the package is imported."""
    return ".".join(path.relative_to(REPOSITORY).with_suffix("").parts)


def styles() -> str:
    """Return the colours of code, by day and by night."""
    day, night = (
        pygments.formatters.HtmlFormatter(style=style).get_style_defs([".codehilite", ".highlight"])
        for style in ("default", "github-dark")  # by day each colour has a contrast of 4.5 to its ground
    )
    return f"{day}\n@media (prefers-color-scheme: dark) {{\n{night}\n}}"


def write(site: Path) -> None:
    """Write the site anew."""
    shutil.rmtree(site, ignore_errors=True)
    site.mkdir(parents=True)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent), undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    template, all_pages = environment.get_template("docs.html.j2"), pages()
    groups = [
        (title, [page for page in all_pages if page.file.startswith(beginning)])
        for title, beginning in GROUPS.items()
    ]
    package = importlib.import_module("radlib")
    words = html(f"{inspect.getdoc(package)}\n\n{', '.join(f'`{name}`' for name in package.__all__)}")
    house = (REPOSITORY / "docs" / "house.svg").read_text(encoding="utf-8")
    index = Page("index.html", "radlib", words, ())
    names = sorted(
        (each.name, page.title, section.title)
        for page in dict(groups)["Rooms, from the top floor down"] for section in page.sections for each in section.items
    )  # fmt: skip
    for page in (index, *all_pages):
        text = template.render(page=page, groups=groups, styles=styles(), house=house, names=names)
        (site / page.file).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(REPOSITORY / "site")
    print(f"{REPOSITORY / 'site' / 'index.html'}")
