"""The pages of `make docs` that are tables: every key of a study file, and every column of a run's tables."""

import dataclasses
import inspect
import re
from typing import Any

from docs_parts import Page, Section, code, html, inline, parameter_rows, plain
from radlib.foundation.registry import ARCHITECTURES, DATASETS, TECHNIQUES, Registry
from radlib.foundation.value_types import words
from radlib.imaging.augmentation import AUGMENTATION_ANNOTATIONS, Augmentation
from radlib.report.columns import meaning
from radlib.report.csv_files import TABLES
from radlib.runs.settings import SETTING_ANNOTATIONS, Settings, describe_settings
from radlib.runs.studies import STUDY_ANNOTATIONS, Study

TECHNIQUE_OPTIONS = "technique_options"  # {technique: {parameter: value}}
HEADING = ("key", "type and range", "default", "meaning")


def study_page() -> Page:
    """Return every key that a study file may have, from the schema that refuses all others."""
    keys, settings = attributes(Study), describe_settings()
    described = [
        (code(key), plain(words(kind)), default(Study, key) or "the file's name", inline(keys[key]))
        for key, kind in STUDY_ANNOTATIONS.items()
    ]
    parameters = [
        (code(name), plain(words(SETTING_ANNOTATIONS[name])), default(Settings, name), inline(text))
        for name, text in settings.items()
    ]
    changes = attributes(Augmentation)
    varied = [
        (code(name), plain(words(annotation)), default(Augmentation, name), inline(changes[name]))
        for name, annotation in AUGMENTATION_ANNOTATIONS.items()
    ]
    sections = [
        Section("Keys of the file", table=[HEADING, *described]),
        Section(
            "Settings", html("Under `parameters`, and in each table of `networks`; `-p NAME VALUE` overrides one."),
            table=[HEADING, *parameters],
        ),
        Section("augmentation and perturbation", html("Half-ranges; 0 switches a change off."), table=[HEADING, *varied]),
        option_section("dataset_options", DATASETS),
        option_section("architecture_options", ARCHITECTURES),
        option_section(TECHNIQUE_OPTIONS, TECHNIQUES),
    ]  # fmt: skip
    intro = "A study is one YAML file: which films, which networks, which variants, how judged. Every key that it may hold:"
    return Page("study.html", "The study file", html(intro), sections)


def option_section(setting: str, registry: Registry) -> Section:
    """Return the options of every entry that has any."""
    rows = [(code(entry.name), *row) for entry in registry for row in parameter_rows(entry.parameters)]
    intro = f"Further options of each {registry.kind}, under its name." if setting == TECHNIQUE_OPTIONS else (
        f"Options of the {registry.kind} that the study names.")  # fmt: skip
    return Section(setting, html(intro), table=[(registry.kind, *HEADING), *rows])


def column_page() -> Page:
    """Return every column of every CSV file, with its meaning and unit."""
    sections = []
    for file, table in TABLES.items():
        rows = [(code(name), inline(meaning(name)[0]), plain(meaning(name)[1])) for name in table.columns]
        sections.append(
            Section(
                file, html(f"A row is {table.row}."), table=[("column", "meaning", "unit or scale"), *rows]
            )
        )
    return Page(
        "columns.html", "Columns of the tables", html(inspect.getdoc(inspect.getmodule(meaning))), sections
    )


def attributes(kind: type) -> dict[str, str]:
    """Return what the docstring of a dataclass says of its fields."""
    section = re.search(r"^Attributes:\n(.*?)(?=^\S|\Z)", inspect.getdoc(kind) or "", flags=re.M | re.S)
    items = re.findall(r"^    (\w+): (.*?)(?=^    \w|\Z)", section[1] if section else "", flags=re.M | re.S)
    return {name: " ".join(text.split()) for name, text in items}


def default(kind: Any, name: str) -> str:
    """Return a field's default as YAML has it; nothing where the field must be given."""
    field = next(field for field in dataclasses.fields(kind) if field.name == name)
    if field.default_factory is not dataclasses.MISSING:
        return code(str(field.default_factory()).replace("mappingproxy(", "").rstrip(")"))
    value = field.default
    if value is dataclasses.MISSING or value == "":
        return "" if value is dataclasses.MISSING else "empty"
    if isinstance(value, tuple):
        return code("[" + ", ".join("{}" if item == {} else str(item) for item in value) + "]")
    return code(str(value).lower() if isinstance(value, bool) else value)
