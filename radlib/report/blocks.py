"""The parts of a page, the same for HTML and Markdown: sections of paragraphs, tables and figures."""

import dataclasses
import re
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

    A narrow one may stand beside another. `phone` is the file of the same picture drawn for a narrow screen, where there is one.
    """

    file: str
    alt: str
    caption: str = ""
    narrow: bool = False
    phone: str = ""
    kind: str = field(default="figure", init=False)


@dataclass(frozen=True)
class Films:
    """Films of patients, shown on this machine only: files below the run, what each is called, what it shows, and a caption.

    Wide ones have two pictures side by side in each file.
    """

    films: tuple[tuple[str, Cell, str], ...]
    caption: str = ""
    wide: bool = False
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
    """A heading and what stands below it.

    Attributes:
        title: The heading.
        blocks: What stands below.
        whole: Whether it is a detail of a large study: folded once more on the page, and in Markdown left to the page and
            the CSV files.
    """

    title: str
    blocks: tuple[Text | Table | Figure | Films | Command, ...]
    whole: bool = False


@dataclass(frozen=True)
class Chapter:
    """A question, and the sections that answer it in full; folded on the page."""

    question: str
    sections: tuple[Section, ...]

    @property
    def anchor(self) -> str:
        """By what the list of contents finds it."""
        return "-".join(re.findall(r"[a-z]+", self.question.lower()))


@dataclass(frozen=True)
class Page:
    """A report, or a card.

    Attributes:
        title: Of the study.
        study: Its short name.
        version: Of radlib.
        hero: The one picture of the first page; None before anything was scored.
        headline: What the first page says before everything else; of a report one sentence.
        notes: What a reader must know before believing any number.
        sections: What a card holds.
        alarm: The sentence that stands before everything, in red; empty when there is none.
        caution: The sentence that stands over the winner; empty when there is none.
        tone: How the headline is set off, as that of a cell.
        answers: The questions of the first page, each with its short answer.
        chapters: Everything else, by question.
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
    tone: str = ""
    answers: tuple[Section, ...] = ()
    chapters: tuple[Chapter, ...] = ()


def drawn(figures: Mapping[str, Figure], *names: str) -> tuple[Figure, ...]:
    """Return those of the named figures that were drawn."""
    return tuple(figures[name] for name in names if name in figures)


def told_page(page: Page, counted: Counted) -> Page:
    """Return a page with the true word for what it calls patients.

    What others wrote stays as they wrote it: the title and the notes of a study, and texts that are quoted.
    """
    written = ("hero", "headline", "sections", "alarm", "caution", "answers", "chapters")
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
        each.name
        for each in dataclasses.fields(part)
        if each.init and each.name not in ("file", "phone", "tone", "whole")
    ]
    return dataclasses.replace(part, **{name: _told(getattr(part, name), counted) for name in names})
