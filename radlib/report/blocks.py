"""The parts of a page, the same for HTML and Markdown: sections of paragraphs, tables and figures."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from radlib.runs.counted import Counted, told


@dataclass(frozen=True)
class Cell:
    """One cell of a table: what it says, and the interval or remark below it."""

    text: str
    note: str = ""
    tone: str = ""  # "good", "bad", "unsure" or none: how the text is set off


@dataclass(frozen=True)
class Table:
    """A table; the first cell of each row is its heading.

    Attributes:
        columns: Headings.
        rows: Cells, one tuple per row.
        caption: One line above it.
        marked: Which row stands out, e.g. the winner.
        kind: For templates.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str = ""
    marked: int | None = None
    kind: str = field(default="table", init=False)


@dataclass(frozen=True)
class Figure:
    """A picture: its file name below `figures/`, what it shows in words, and the line below it.

    A narrow one may stand beside another.
    """

    file: str
    alt: str
    caption: str = ""
    narrow: bool = False
    kind: str = field(default="figure", init=False)


@dataclass(frozen=True)
class Films:
    """Films of patients, shown on this machine only: files below the run, what each is called, and a caption."""

    films: tuple[tuple[str, Cell], ...]
    caption: str = ""
    kind: str = field(default="films", init=False)


@dataclass(frozen=True)
class Text:
    """Paragraphs, or a list when `listed`; `quoted` where they are another's words, such as those of a data set."""

    lines: tuple[str, ...]
    listed: bool = False
    quoted: bool = False
    kind: str = field(default="text", init=False)


@dataclass(frozen=True)
class Command:
    """A command line to copy."""

    line: str
    kind: str = field(default="command", init=False)


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it."""

    title: str
    blocks: tuple[Text | Table | Figure | Films | Command, ...]


@dataclass(frozen=True)
class Page:
    """A report.

    Attributes:
        title: Of the study.
        study: Its short name.
        version: Of radlib.
        hero: The one picture of the first screen; None before anything was scored.
        headline: The sentences of the first screen.
        notes: What a reader must know before believing any number.
        sections: The rest.
        alarm: The sentence that stands before everything, in red; empty when there is none.
        caution: The sentence that stands over the winner; empty when there is none.
    """

    title: str
    study: str
    version: str
    hero: Figure | None
    headline: tuple[str, ...]
    notes: tuple[str, ...]
    sections: tuple[Section, ...]
    alarm: str = ""
    caution: str = ""


def drawn(figures: Mapping[str, Figure], *names: str) -> tuple[Figure, ...]:
    """Return those of the named figures that were drawn."""
    return tuple(figures[name] for name in names if name in figures)


def told_page(page: Page, counted: Counted) -> Page:
    """Return a page with the true word for what it calls patients.

    What others wrote stays as they wrote it: the title and the notes of a study, and texts that are quoted.
    """
    written = ("hero", "headline", "sections", "alarm", "caution")
    return dataclasses.replace(page, **{name: _told(getattr(page, name), counted) for name in written})


def _told(part: Any, counted: Counted) -> Any:
    """Return a text, a part of a page, or a tuple of such, likewise; files and commands stay what they are."""
    if isinstance(part, str):
        return told(part, counted)
    if isinstance(part, tuple):
        return tuple(_told(each, counted) for each in part)
    if (
        not dataclasses.is_dataclass(part)
        or isinstance(part, Command | Films | type)
        or getattr(part, "quoted", False)
    ):
        return part
    names = [
        each.name for each in dataclasses.fields(part) if each.init and each.name not in ("file", "tone")
    ]
    return dataclasses.replace(part, **{name: _told(getattr(part, name), counted) for name in names})
