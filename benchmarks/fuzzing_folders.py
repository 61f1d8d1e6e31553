"""Folders of films as nobody should leave them, by the thousand: no file may get lost, hang a run, or end it in a raw error.

Random trees of class folders are filled with mutants: films of every container, sound and damaged, under names of every kind,
among leftovers, links that lead anywhere, pipes, odd permissions and folders where files belong. Each tree goes through the
walker, the forecast, the data set and the decoding workers. What they find and what they leave out must be together what an
independent count finds there. Which tree is planted follows from the seed alone, so that a finding can be repeated.
"""

import os
import re
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from benchmarks import fuzzing
from radlib.cli.series.estimate import survey_films
from radlib.datasets.dataset import load_dataset
from radlib.foundation.errors import RadlibError
from radlib.imaging import film_walk, images
from radlib.imaging.decoding import decode
from radlib.runs.settings import Settings

TARGETS = {"raw_errors": 0, "lost": 0, "disagreements": 0, "links_followed_out": 0, "unknown_reasons": 0}
TREE_FILES = 250
ROOTS = ("", "", "films/chest_xray", "a b/\u00e4\u0308")
PARTS = ((), ("train", "test"), ("Training", "VAL", "Test"), ("train", "validation", "TEST_SET", "extra"))
CLASSES = (
    ("Normal", "normal", "NORMAL"),
    ("Pneumonia", "pneumonia", "PNEUMONIA "),
    ("A+", "a"),
    ("patient_id",),
    ("+",),
)
CLASS_SHARES = (0.5, 0.45, 0.03, 0.01, 0.01)
NAMES = (
    "film{n}.png", "film{n}.dcm", "IM{n}", "1.2.826.0.1.3680043.{n}", "IMG.{n:04d}", "film{n}.IMA", "film{n}.jfif", "FILM{n}.JPE",
    "film{n}.img", "film{n}.dic", "film{n}.csv", "film{n}.txt", "film{n}.zip", "._film{n}.png", ".film{n}.png", "a{n}\n.png",
    "a{n}\x1b[31m.png", "=a{n}.png", "\udcff\udce9{n}.png", "\u202e{n}.png", "{n}-checkpoint.png", " {n} ", "-{n}", "~{n}.dcm",
)  # fmt: skip
LEFTOVERS = ("Thumbs.db", "desktop.ini", ".DS_Store", "DICOMDIR", "dicomdir", "Icon\r")
FOLDERS = (
    "sub",
    "@eaDir",
    "__MACOSX",
    ".ipynb_checkpoints",
    ".git",
    "folder.png",
    "\udcfe",
    "x" * 200,
    "#recycle",
    "1.2.3.4.5.6",
)
FOREIGN = (
    b"", b"text", b"\0" * 700, b"BM" + b"\0" * 60, b"II*\0" + b"\0" * 60, b"PK\3\4" + b"\0" * 60, b"%PDF-1.4", b"\0\5\x16\7" * 20,
    b"\0" * 128 + b"DICM", b"\0" * 128 + b"DICM\2\0\2\0UI\x14\x001.2.840.10008.1.3.10", b"\x02\0\x10\0UI", b"\xff\xd8\xff",
)  # fmt: skip


def measure(mutants: int = 10_000, *, seed: int = 0) -> dict:
    """Send trees of odd files through everything that lists films, and count what becomes of the files.

    Returns:
        How many files and trees were planted, read, and refused in a sentence; the raw errors; the files that were neither
        found nor counted as left out; and how often forecast and data set disagreed. That it returns at all means that
        nothing crashed and no pipe was opened.
    """
    generator = np.random.default_rng(seed)
    counts: Counter[str] = Counter()
    raw: Counter[str] = Counter()
    begun = time.perf_counter()
    before = os.environ.get("RADLIB_OUTPUTS")
    try:
        with tempfile.TemporaryDirectory(prefix="radlib-fuzz-") as name:
            os.environ["RADLIB_OUTPUTS"] = str(Path(name, "outputs"))
            sound = list(fuzzing.samples(Path(name)))
            secret = Path(name, "secret.png")
            secret.write_bytes(sound[-1] + b"secret")
            bar = tqdm(total=mutants, desc="Planting folders", disable=None, delay=5, unit=" files")
            while counts["files"] < mutants:
                root = Path(name, f"tree{counts['trees']}")
                planted = plant(root, sound, secret, min(TREE_FILES, mutants - counts["files"]), generator)
                counts.update(trees=1, files=planted)
                look_at(root, secret, counts, raw)
                bar.update(planted)
                _remove(root)
    finally:
        os.environ.pop("RADLIB_OUTPUTS") if before is None else os.environ.update(RADLIB_OUTPUTS=before)
    names = ("files", "trees", "films", "left_out", "read", "refused", "decoded", *TARGETS)
    found = {key: counts[key] for key in names} | {"raw_errors": sum(raw.values()), "raw_kinds": dict(raw)}
    return {**found, "seconds": time.perf_counter() - begun, "targets": TARGETS}


def plant(
    root: Path, sound: Sequence[bytes], secret: Path, files: int, generator: np.random.Generator
) -> int:
    """Write a tree of odd files; return how many there are."""

    def pick(values: Sequence) -> object:
        return values[int(generator.integers(len(values)))]

    folders = []
    inner = root / pick(ROOTS)
    for part in pick(PARTS) or ("",):
        chosen = [0, 1] if generator.random() < 0.9 else [int(generator.choice(len(CLASSES), p=CLASS_SHARES))]
        chosen += [int(generator.choice(len(CLASSES), p=CLASS_SHARES))] if generator.random() < 0.1 else []
        for number in chosen:
            folders.append(inner / part / pick(CLASSES[number]))
            folders[-1].mkdir(parents=True, exist_ok=True)
            (folders[-1] / "sound").write_bytes(unlike(pick(sound), generator))
    homes = [*folders, *folders, root]
    for number in range(files):
        home = pick(homes)
        if generator.random() < 0.05:
            homes.append(home / pick(FOLDERS))
            homes[-1].mkdir(exist_ok=True)
        name = pick(LEFTOVERS) if generator.random() < 0.05 else pick(NAMES).format(n=number)
        plant_one(home / name, pick(sound), secret, generator, pick)
    return there(root)


def plant_one(path: Path, film: bytes, secret: Path, generator: np.random.Generator, pick: Callable) -> None:
    """Write one odd file, unless something is there."""
    if os.path.lexists(path):
        return
    match int(generator.integers(12)):
        case 0:
            target = pick(
                (secret, "nowhere", path.name, "..", ".", "sound", "/dev/zero", "/etc", path.parent)
            )
            path.symlink_to(target)
        case 1:
            os.mkfifo(path) if generator.random() < 0.3 else path.write_bytes(pick(FOREIGN))
        case 2 | 3:
            path.write_bytes(pick(FOREIGN))
        case 4 | 5 | 6:
            path.write_bytes(fuzzing.damaged(film, generator))
        case 7:
            path.write_bytes(film)
            path.chmod(int(pick((0, 0o200, 0o444, 0o777))))
        case _:
            path.write_bytes(unlike(film, generator))


def unlike(film: bytes, generator: np.random.Generator) -> bytes:
    """Return a sound film that is no copy of another, where its container lets bytes follow it."""
    return film if film[128:132] == b"DICM" else film + generator.bytes(8)


def there(root: Path) -> int:
    """Count what is no folder, and links to folders; folders that may not be opened are not planted."""
    return sum(
        len(files) + sum(Path(here, name).is_symlink() for name in folders)
        for here, folders, files in os.walk(root)
    )


def look_at(root: Path, secret: Path, counts: Counter[str], raw: Counter[str]) -> None:
    """Send a tree through all that lists films."""
    try:
        files = there(root)
        walked = film_walk.walk(root)
        counts.update(
            films=len(walked.films), left_out=sum(walked.left_out.values()), lost=abs(files - walked.files)
        )
        counts["unknown_reasons"] += len(set(walked.left_out) - set(film_walk.LEFT_OUT))
        settings = Settings(dataset="folders", data=str(root), dataset_options={"reading": "classes"})
        survey = survey_films(settings)
        dataset = load_dataset(settings)
        contradictory = sum(int(n) for n in re.findall(r"(\d+) films were left out", " ".join(dataset.notes)))
        counts["lost"] += abs(files - survey.films - sum(survey.left_out.values()))
        counts["disagreements"] += survey.films != len(dataset.index) + contradictory
        counts["links_followed_out"] += images.image_id(secret) in set(dataset.index["image_id"])
        decoded = decode.decode_films(dataset.index, images.Preprocessing(16), root.parent / "store")
        counts["lost"] += abs(len(dataset.index) - len(decoded.kept) - len(decoded.quarantine))
        counts["unknown_reasons"] += len(set(decoded.quarantine["reason"]) - set(images.REASONS))
        counts.update(read=1, decoded=len(decoded.kept))
    except RadlibError as error:
        counts["refused"] += 1
        counts["disagreements"] += "\n" in str(error)
    except Exception as error:
        raw[f"{type(error).__name__}: {str(error)[:120]}"] += 1


def _remove(root: Path) -> None:
    """Remove a tree that was planted here; no link is followed."""
    for here, folders, files in os.walk(root, topdown=False):
        for name in files:
            Path(here, name).unlink()
        for name in folders:
            path = Path(here, name)
            path.unlink() if path.is_symlink() else path.rmdir()
    root.rmdir()


def table(result: dict) -> str:
    """Return the counts as lines of text."""
    lines = [
        f"{result['files']:,} odd files in {result['trees']:,} folders, in {result['seconds']:.0f} s",
        f"  films {result['films']:,}, left out {result['left_out']:,}; folders read {result['read']:,}, refused in a sentence "
        f"{result['refused']:,}; films decoded {result['decoded']:,}",
    ]
    for name, text in (
        ("raw_errors", "errors that are no sentence"),
        ("lost", "files neither found nor counted"),
        ("disagreements", "forecasts that count other films than are read"),
        ("links_followed_out", "films read from outside the folder"),
        ("unknown_reasons", "reasons that are not in the list"),
    ):
        lines.append(f"  {text:56}{result[name]:>9}   target {result['targets'][name]}")
    return "\n".join([*lines, *(f"  {count} × {kind}" for kind, count in result["raw_kinds"].items())])
