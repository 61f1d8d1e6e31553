"""What a run was made from, and how it is made again: films, machine and libraries, the command."""

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from radlib.report import wording as w
from radlib.report.blocks import Cell, Table, Text
from radlib.report.readings import Readings
from radlib.report.split_words import split_table
from radlib.runs.settings import WITHHELD
from radlib.runs.studies import Study, load_study, study_names


def film_blocks(readings: Readings) -> tuple[Text | Table, ...]:
    """Return what the films are, how they were split, and which could not be used."""
    dataset = readings.films.get("dataset", {})
    lines = [" · ".join(str(dataset[k]) for k in ("title", "licence") if dataset.get(k))]
    lines += [str(dataset["citation"])] if dataset.get("citation") else []
    blocks: list[Any] = [Text(tuple(line for line in lines if line), quoted=True)] if any(lines) else []
    if (table := split_table(readings)) is not None:
        blocks.append(table)
    if notes := tuple(str(note) for note in dataset.get("notes", ())):
        blocks.append(Text(notes, listed=True, quoted=True))
    reasons = readings.quarantine["reason"].value_counts()
    if len(reasons):
        rows = tuple(
            (Cell(str(reason).replace("_", " ")), Cell(f"{count:,}")) for reason, count in reasons.items()
        )
        blocks.append(
            Table(("Left out because", "Films"), rows, "Films that could not be used (quarantine.csv)")
        )
    elif readings.run.path("quarantine.csv").is_file():  # which has a row per film that could not
        blocks.append(Text(("Every film could be read.",)))
    return tuple(blocks)


def versions(readings: Readings, results: pd.DataFrame) -> Table:
    """Return the machine and the libraries."""
    libraries, host = readings.record.get("libraries", {}), readings.record.get("host", {})
    rows = [(Cell(name), Cell(str(version))) for name, version in libraries.items()]
    devices = [d for d in dict.fromkeys(results.get("device", ())) if d]
    machine = "; ".join(devices) or ", ".join(str(host[k]) for k in ("system", "machine") if k in host)
    if not devices and "processors" in host:
        machine += f", {w.plural(host['processors'], 'processor')}"
    return Table(("What", "Version"), ((Cell("machine"), Cell(machine or w.MISSING)), *rows))


def command(readings: Readings) -> str:
    """Return the command that makes the run again; the folder of the films is the reader's own."""
    words = ["radlib", "run", "--study", _asked_for(readings.run.study)]
    for name, value in readings.record.get("overrides", {}).items():
        text = "FILE" if value == WITHHELD else str(value)
        words += ["--data", "FOLDER"] if name == "data" else ["-p", name, text]
    return shlex.join(words)


def _asked_for(study: Study) -> str:
    """Return a study's name, or its file's without the way there, which may tell more than it should."""
    if study.folder is None:
        return study.name
    ours = study.name in study_names() and replace(load_study(study.name), source=study.source) == study
    return study.name if ours else Path(study.source).name


def seeds_text(readings: Readings) -> Text:
    """Return the seeds of training and of the split."""
    seeds = [str(v) for v in dict.fromkeys(v.seed for v in readings.variants)]
    noun = "Seed" if len(seeds) == 1 else "Seeds"
    said = f"{noun} of training: {', '.join(seeds) or 'none yet'}."
    return Text((f"{said} Seed of the split: {readings.run.settings.split_seed}.",))
