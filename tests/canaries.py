"""Strings planted where patients' names stand, and the search for them in all that a run leaves."""

import base64
import gzip
import hashlib
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pydicom

MARK = "QXCANARY"  # in every planted string
CANARIES = [f"{MARK}{number:02d}" for number in range(20)]
TAGS = (
    "PatientID", "PatientName", "AccessionNumber", "InstitutionName", "ReferringPhysicianName",
    "StudyDescription", "ImageComments", "ViewPosition",
)  # fmt: skip


def plant(folder: Path) -> list[str]:
    """Plant canaries into films in RSNA's layout: in 8 tags of each film, in its file's name, in the tables.

    Returns:
        The patients' numbers as planted.
    """
    images = folder / "stage_2_train_images"
    names, patients = {}, {}
    for number, path in enumerate(sorted(images.glob("*.dcm"))):
        canary = CANARIES[number % len(CANARIES)]
        film = pydicom.dcmread(path)
        patient = patients.setdefault(str(film.PatientID), f"{canary}{len(patients):04d}")
        for tag in TAGS:
            value = {"PatientID": patient, "ViewPosition": f"{canary} PA", "AccessionNumber": f"{canary}77"}
            setattr(film, tag, value.get(tag, f"{canary} {tag}"))
        names[path.stem] = f"{canary}_{number:04d}"
        film.save_as(images / f"{names[path.stem]}.dcm")
        path.unlink()
    for table in folder.glob("*.csv"):
        rows = pd.read_csv(table)
        rows["patientId"] = rows["patientId"].map(names)
        rows.to_csv(table, index=False)
    return sorted(patients.values())


def executed_notebook() -> dict:
    """Return a notebook as it is after a run, with a canary in every place that Jupyter and papermill write to."""
    canary = f"{MARK}/patients/doe_jane"
    picture = {"output_type": "display_data", "data": {"image/png": canary}, "metadata": {"path": canary}}
    code = {
        "cell_type": "code", "execution_count": 3, "id": "a-1", "source": ["show(film)\n", "done()"],
        "metadata": {"tags": ["parameters"], "papermill": {"exception": canary}, "vscode": canary},
        "outputs": [picture, {"output_type": "stream", "name": "stdout", "text": [canary]},
                    {"output_type": "error", "ename": "E", "evalue": canary, "traceback": [canary]},
                    {"output_type": "film/new", "data": canary}],
    }  # fmt: skip
    text = {
        "cell_type": "markdown", "id": "a-2", "metadata": {"note": canary},
        "source": f"![film](attachment:film.png) ![x](data:image/png;base64,{MARK}AAAA=) and [more](02.ipynb)",
        "attachments": {"film.png": {"image/png": canary}},
    }  # fmt: skip
    injected = {"cell_type": "code", "execution_count": 1, "outputs": [], "source": f"data = '{canary}'",
                "metadata": {"tags": ["injected-parameters"]}}  # fmt: skip
    metadata = {
        "papermill": {"parameters": {"data": canary}, "input_path": canary},
        "widgets": {"s": canary},
    }
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": [code, injected, text]}


def forms(text: str) -> list[bytes]:
    """Return the bytes in which a text may lie in a file: plain, wide, and inside base64 at any offset."""
    found = [text.encode(code) for code in ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")]
    found += [text.lower().encode(), text.encode().hex().encode()]
    for plain in (text.encode(), text.encode("utf-16-le")):
        for offset in range(3):
            coded = base64.b64encode(b"\0" * offset + plain + b"\0" * 3)
            start = -(-offset * 8 // 6)  # whole characters that hold nothing before the text
            found.append(coded[start : (offset + len(plain)) * 8 // 6])
    return found


def digests(patients: list[str]) -> list[bytes]:
    """Return the start of the plain digests of patients' numbers, which anybody could make."""
    kinds = ("md5", "sha1", "sha256", "blake2b")
    return [hashlib.new(kind, text.encode()).hexdigest()[:12].encode() for text in patients for kind in kinds]


def contents(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the bytes of a file, and of what is packed in it."""
    content = path.read_bytes()
    yield path.name, content
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.namelist():
                yield f"{path.name}/{member}", member.encode() + archive.read(member)
    if content[:2] == b"\x1f\x8b":
        yield f"{path.name} unpacked", gzip.decompress(content)


def hits(folder: Path, wanted: list[bytes]) -> list[str]:
    """Return where any of the byte strings lies below a folder, in contents or names, outside `private`."""
    found = []
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if "private" in relative.parts:
            continue
        if any(text in str(relative).encode() for text in wanted):
            found.append(f"name of {relative}")
        if path.is_file():
            found += [
                f"{relative}: {where}"
                for where, content in contents(path)
                if any(text in content for text in wanted)
            ]
    return found
