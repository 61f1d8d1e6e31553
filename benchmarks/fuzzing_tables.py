"""Damaged tables by the thousand: each is read, or refused in one sentence; none ends in anything else.

Small tables of every layout (a hospital's own, a site's labels, ChestX-ray14's, RSNA's) are written in another encoding,
with other separators, headings and cells, or with damaged bytes, and read through the same functions as real ones. Which
table gets which damage follows from the seed alone, so that a finding can be repeated.
"""

import contextlib
import gzip
import io
import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from benchmarks.fuzzing import damaged
from radlib.datasets.chestxray14 import chestxray14
from radlib.datasets.dicom_folder import dicom_folder
from radlib.datasets.rsna import CLASSES_TABLE, IMAGES_FOLDER, LABELS_TABLE, rsna
from radlib.datasets.tables.site_tables import read_site_table
from radlib.foundation.errors import RadlibError
from radlib.imaging.phantoms import dicom_writing

TARGETS = {"raw_exceptions": 0, "long_sentences": 0, "leaked": 0}
FILMS = 6
CANARY = "CANARY^PATIENT"  # stands where names stand: no sentence may quote it
SEPARATORS = (",", ";", "\t", "|", " ", "::", "\x00")
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "cp437", "utf-7")
CELLS = (
    "", "1", "0", "-1", "1.0", "1,0", "0.5", "yes", "nein", "positive", "NaN", "#N/A", "maybe", "²", "१", "1e999", "04²Y",
    "40,5", "40 years", "Male", "=1+1", '="007"', "\x1b[31m", "../../etc/passwd", "a" * 5000, '"', "'", "\n", "\r", "\x00",
    "\ufeff", "\u202e", "train", "1|0", "[1, 2]", "true", "999999999999999999999", "-0", "inf",
)  # fmt: skip
HEADINGS = (
    "", "file", "File ", "filename", "patient_id", "image_id", "path", "split", "age", "sex", "view", "boxes", "pneumonia",
    "Pneumonia", "pneumonia.1", "Unnamed: 2", "class", "x", "Target", "=cmd|' /C calc'!A0", "\x1b]0;x\x07", "a" * 3000,
)  # fmt: skip
OPTIONS = (
    {}, {"labels": ["pneumonia"]}, {"reading": "findings"}, {"label_values": "u_zeros"},
    {"label_values": {"-1": "u_ignore", "nein": 0, "maybe": 1}, "labels": ["pneumonia"]},
)  # fmt: skip

Read = Callable[[int], object]


def measure(tables: int = 10_000, *, seed: int = 0) -> dict:
    """Read damaged tables and count what becomes of them.

    Returns:
        How many were given, read and refused, by layout; how many ended in an exception that is no sentence, in a sentence
        of more than a line or of more than 800 signs, or in one that quotes what may be a patient's name; and an example.
    """
    generator = np.random.default_rng(seed)
    outcomes: Counter[str] = Counter()
    found = dict.fromkeys(TARGETS, 0)
    examples: list[str] = []
    begun = time.perf_counter()
    with _scratch() as folder:
        layouts = list(_layouts(folder))
        for number in tqdm(range(tables), "Damaging tables", disable=None, delay=5, unit=" tables"):
            name, path, sound, read = layouts[number % len(layouts)]
            path.write_bytes(mutant(sound, generator))
            fault = _outcome(read, number, outcomes, name)
            if fault:
                found[fault[0]] += 1
                examples = [*examples, f"{name}, table {number}: {fault[1]}"][:5]
            path.write_bytes(sound.encode())
    return {
        "tables": tables, "layouts": len(layouts), "outcomes": dict(sorted(outcomes.items())), **found,
        "examples": examples, "seconds": time.perf_counter() - begun, "targets": TARGETS,
    }  # fmt: skip


def _outcome(read: Read, number: int, outcomes: Counter[str], name: str) -> tuple[str, str] | None:
    """Read a table once; return what is wrong with how it ended, and an example."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            read(number)
    except RadlibError as error:
        outcomes[f"{name} refused"] += 1
        text = str(error)
        if CANARY in text:
            return "leaked", text
        return ("long_sentences", text) if "\n" in text or "\x1b" in text or len(text) > 800 else None
    except Exception as error:  # what this benchmark looks for
        return "raw_exceptions", f"{type(error).__name__}: {error}"
    outcomes[f"{name} read"] += 1
    return None


@contextlib.contextmanager
def _scratch() -> Iterator[Path]:
    """Give a folder that goes away, and keep what is remembered of files in it."""
    before = os.environ.get("RADLIB_OUTPUTS")
    with tempfile.TemporaryDirectory(prefix="radlib-fuzz-") as name:
        os.environ["RADLIB_OUTPUTS"] = str(Path(name, "outputs"))
        try:
            yield Path(name)
        finally:
            os.environ.pop("RADLIB_OUTPUTS")
            if before is not None:
                os.environ["RADLIB_OUTPUTS"] = before


def _layouts(folder: Path) -> Iterator[tuple[str, Path, str, Read]]:
    """Yield name, table, its sound text, and what reads it, of every layout."""
    hospital = folder / "hospital"
    _write_films(hospital, [f"f{number}.dcm" for number in range(FILMS)])
    rows = "".join(
        f"f{n}.dcm,{n % 2},{40 + n},{'FM'[n % 2]},P{n},{('train', 'test')[n % 2]},{CANARY}\n"
        for n in range(FILMS)
    )
    labels = f"file,pneumonia,age,sex,patient_id,split,name\n{rows}"
    yield (
        "hospital", hospital / "labels.csv", labels,
        lambda number: dicom_folder(hospital, **OPTIONS[number // 4 % len(OPTIONS)]),
    )  # fmt: skip
    site = folder / "site.csv"
    yield "site", site, labels, lambda _: read_site_table(site, ["pneumonia"])
    nih, names = folder / "nih", [f"0000000{n}_000.png" for n in range(FILMS)]
    nih.mkdir()
    for name in names:
        Image.fromarray(np.full((8, 8), int(name[7]), np.uint8)).save(nih / name)
    entry = "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,,\n"
    entry += "".join(
        f"{name},{('Mass', 'No Finding')[n % 2]},0,{n},{40 + n},F,PA,,\n" for n, name in enumerate(names)
    )
    yield "chestxray14", nih / "Data_Entry_2017.csv", entry, lambda _: chestxray14(nih, findings=["mass"])
    challenge = folder / "rsna"
    _write_films(challenge / IMAGES_FOLDER, [f"a{n}.dcm" for n in range(FILMS)])
    targets = "".join(f"a{n},{'1,1,9,9,1' if n % 2 else ',,,,0'}\n" for n in range(FILMS))
    classes = "".join(f"a{n},{'Lung Opacity' if n % 2 else 'Normal'}\n" for n in range(FILMS))
    (challenge / CLASSES_TABLE).write_text(f"patientId,class\n{classes}")
    yield (
        "rsna", challenge / LABELS_TABLE, f"patientId,x,y,width,height,Target\n{targets}", lambda _: rsna(challenge)
    )  # fmt: skip


def _write_films(folder: Path, names: list[str]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    image = np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)
    for number, name in enumerate(names):
        header = dicom_writing.Header(f"{CANARY}{number}", "PA", 40 + number, "FM"[number % 2], CANARY)
        dicom_writing.write_film(folder / name, image, dicom_writing.StorageKind(12), header)


def mutant(sound: str, generator: np.random.Generator) -> bytes:
    """Return a table with other cells, headings, rows or separators, in some encoding, some with damaged bytes."""
    rows = [line.split(",") for line in sound.splitlines()]
    for _ in range(int(generator.integers(0, 4))):
        _change(rows, generator)
    separator = str(generator.choice(SEPARATORS[:4] if generator.random() < 0.8 else SEPARATORS))
    end = str(generator.choice(("\n", "\r\n", "\r")))
    quoted = generator.random() < 0.3
    text = end.join(
        separator.join(f'"{cell.replace(chr(34), chr(34) * 2)}"' if quoted else cell for cell in row)
        for row in rows
    )
    text = f"sep={separator}{end}{text}" if generator.random() < 0.1 else text
    content = text.encode(str(generator.choice(ENCODINGS)), errors="replace")
    if generator.random() < 0.3 and len(content) > 1:
        content = damaged(content, generator)
    return gzip.compress(content) if generator.random() < 0.02 else content


def _change(rows: list[list[str]], generator: np.random.Generator) -> None:
    """Change a cell, a heading, a row or a column in place."""
    if not rows:
        return
    row = rows[int(generator.integers(len(rows)))]
    place = int(generator.integers(max(len(row), 1)))
    match int(generator.integers(8)):
        case 0 | 1 if row:
            row[place] = str(generator.choice(np.array(CELLS, object)))
        case 2 if rows[0]:
            rows[0][place % len(rows[0])] = str(generator.choice(np.array(HEADINGS, object)))
        case 3:
            rows.insert(int(generator.integers(len(rows) + 1)), list(row))
        case 4:
            rows.insert(int(generator.integers(len(rows) + 1)), [""] * len(row))
        case 5:
            for each in rows:
                del each[place : place + 1]
        case 6:
            for each in rows:
                each.append(
                    "" if generator.random() < 0.9 else str(generator.choice(np.array(CELLS, object)))
                )
        case 7:
            rows.remove(row)


def table(result: dict) -> str:
    """Return the counts as lines of text."""
    counts = ", ".join(f"{name} {count:,}" for name, count in result["outcomes"].items())
    lines = [
        f"{result['tables']:,} damaged tables of {result['layouts']} layouts, in {result['seconds']:.0f} s",
        f"  {counts}",
    ]
    for name, text in (
        ("raw_exceptions", "ended in an exception that is no sentence"),
        ("long_sentences", "sentences of several lines or without end"),
        ("leaked", "sentences that quote what may be a name"),
    ):
        lines.append(f"  {text:56}{result[name]:>9,}   target {result['targets'][name]}")
    return "\n".join([*lines, *(f"  {example}" for example in result["examples"])])
