"""What a run was made from, and how it is made again: films, machine and libraries, the command."""

import shlex
from pathlib import Path
from typing import Any

import pandas as pd

from radlib.report import wording as w
from radlib.report.blocks import Cell, Table, Text
from radlib.report.readings import Readings
from radlib.runs.settings import WITHHELD


def film_blocks(readings: Readings) -> tuple[Text | Table, ...]:
    """Return what the films are, how they were split, and which could not be used."""
    dataset = readings.films.get("dataset", {})
    lines = [" · ".join(str(dataset[k]) for k in ("title", "licence") if dataset.get(k))]
    lines += [str(dataset["citation"])] if dataset.get("citation") else []
    blocks: list[Any] = [Text(tuple(line for line in lines if line), quoted=True)] if any(lines) else []
    if splits := readings.films.get("splits"):
        hidden = ("split", "patients_elsewhere", "copies_elsewhere", "near_elsewhere")
        names = [name for name in splits[0] if name not in hidden]
        rows = tuple((Cell(str(s["split"])), *(Cell(f"{s[n]:,}") for n in names)) for s in splits)
        known = readings.films.get("patients_known", True)
        heading = "No patient is in two splits"
        overlapping = len(readings.films.get("overlapping_test_films", ()))
        if not known:
            heading = (
                "No group of near-duplicates, which stand in for unknown patients, was divided by the draw"
            )
            if overlapping:
                heading += f"; {overlapping:,} films of the official test part have one outside"
        elif overlapping:
            heading += (
                ", if equal numbers in two official folders are different people: "
                f"{overlapping:,} test films have a number that occurs in the training folder too"
            )
        blocks.append(Table(("Split", *(n.capitalize() for n in names)), rows, heading))
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
    else:
        blocks.append(Text(("Every film could be read.",)))
    return tuple(blocks)


def versions(readings: Readings, results: pd.DataFrame) -> Table:
    """Return the machine and the libraries."""
    libraries, host = readings.record.get("libraries", {}), readings.record.get("host", {})
    rows = [(Cell(name), Cell(str(version))) for name, version in libraries.items()]
    devices = [d for d in dict.fromkeys(results.get("device", ())) if d]
    machine = "; ".join(devices) or ", ".join(str(host[k]) for k in ("system", "machine") if k in host)
    if not devices and "processors" in host:
        machine += f", {host['processors']} processors"
    return Table(("What", "Version"), ((Cell("machine"), Cell(machine or w.MISSING)), *rows))


def command(readings: Readings) -> str:
    """Return the command that makes the run again; the folder of the films is the reader's own."""
    study = readings.run.study
    own_file = (
        Path(study.source).name if study.folder else ""
    )  # its name alone: a path may tell more than it should
    words = ["radlib", "run", "--study", own_file or study.name]
    for name, value in readings.record.get("overrides", {}).items():
        text = "FILE" if value == WITHHELD else str(value)
        words += ["--data", "FOLDER"] if name == "data" else ["-p", name, text]
    return shlex.join(words)


def seeds_text(readings: Readings) -> Text:
    """Return the seeds of training and of the split."""
    seeds = ", ".join(str(v) for v in dict.fromkeys(v.seed for v in readings.variants))
    return Text(
        (f"Seeds of training: {seeds or 'none yet'}. Seed of the split: {readings.run.settings.split_seed}.",)
    )
