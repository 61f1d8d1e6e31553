"""Films that lie in one folder per class, with or without folders for the official parts around them.

    data/train/NORMAL/*        or, without official parts,        data/benign/*
    data/train/PNEUMONIA/*                                        data/malignant/*
    data/test/...

People write one name in several ways: a folder test/pneumonia beside train/Pneumonia is the same class, and its films are
no negatives (see `class_names`). Every file that belongs to no class is counted.
"""

import collections
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from radlib.datasets.class_names import NEGATIVE_NAMES, label_of, part_of, plain
from radlib.datasets.dataset import unique_image_ids
from radlib.datasets.file_facts import file_facts
from radlib.foundation.errors import DataError
from radlib.foundation.extras import pandas as pd
from radlib.imaging.film_walk import FilmFolder, left_out_sentence, walk

OUTSIDE = "outside of the class folders"


@dataclass(frozen=True)
class ClassFilms:
    """Films with the class and the official part that their folders say.

    Attributes:
        paths: Of the films, in the order of part, class and name.
        classes: Of each film, spelt as in the training part where the spellings differ.
        parts: Of each film: `training` or `test`; empty where there are no such folders.
        left_out: How many files are no film of a class, by key of `film_walk.LEFT_OUT` or in words.
        notes: What was taken for one another, a sentence each.
    """

    paths: tuple[Path, ...]
    classes: tuple[str, ...]
    parts: tuple[str, ...]
    left_out: Mapping[str, int]
    notes: tuple[str, ...] = ()


def class_films(folder: Path, *, left_out: str = "", called: str = "") -> ClassFilms:
    """List the films of a folder with one folder per class; no film is read for that.

    Args:
        folder: The data folder.
        left_out: Regular expression for names of files that are no films, e.g. masks of a lesion.
        called: What those are called.

    Raises:
        DataError: When a class folder is empty, there are none, or the parts are called in a way that is not understood.
    """
    found = walk(folder)
    inside = _children(found)
    root = _descend(folder, inside)
    parts = [place for place in inside[root] if part_of(place.name)]
    if not parts:
        _refuse_unknown_parts(root, inside)
    depth = 2 if parts else 1
    counts = collections.Counter(found.left_out)
    films: dict[Path, list[Path]] = {place: [] for part in parts or [root] for place in inside[part]}
    places: dict[
        Path, tuple[Path | None, str]
    ] = {}  # of a film's folder: that of its class, or why it has none
    for path in found.films:
        above = path.parent
        if above not in places:
            places[above] = _place(above, root, depth, films, parts)
        place, why = places[above]
        if place is None:
            counts[why] += 1
        elif left_out and re.search(left_out, path.name):
            counts[called] += 1
        else:
            films[place].append(path)
    _check_filled(films, folder, root, parts, left_out_sentence(counts))
    spelt, notes = _spellings(films, parts)
    said = {place: (spelt[plain(place.name)], part_of(place.parent.name) if parts else "") for place in films}
    listed = [(path, *said[place]) for place, paths in films.items() for path in paths]
    paths, classes, in_parts = zip(*listed, strict=True)
    return ClassFilms(paths, classes, in_parts, counts, notes)


def class_folders_index(
    folder: Path, *, left_out: str = "", called: str = ""
) -> "tuple[pd.DataFrame, list[str]]":
    """List the films of a folder with one folder per class, with their ids.

    Args:
        folder: The data folder.
        left_out: Regular expression for names of files that are no films, e.g. masks of a lesion.
        called: What those are called.

    Returns:
        In the order of part, class and file name: `image_id`, `path`, `class`, and `split` (the official
        `training` or `test`) where there are such folders; and what was left out or taken for one another.

    Raises:
        DataError: See `class_films`.
    """
    films = class_films(folder, left_out=left_out, called=called)
    facts = file_facts(folder, films.paths)
    index = pd.DataFrame(
        {
            "image_id": unique_image_ids([f["image_id"] for f in facts]),
            "path": [f["path"] for f in facts],
            "class": films.classes,
        }
    )
    notes = [*films.notes, *filter(None, [left_out_sentence(films.left_out)])]
    return (index.assign(split=films.parts) if "test" in films.parts else index), notes


def check_parts(index: "pd.DataFrame") -> None:
    """Make sure that the official parts have the same classes.

    Args:
        index: With `class` and, where there are official parts, `split`.

    Raises:
        DataError: When one lacks a class of the other, or is left without films.
    """
    if "split" not in index.columns:
        return
    here = {part: set(index.loc[index["split"] == part, "class"]) for part in ("training", "test")}
    for part, other in (("training", "test"), ("test", "training")):
        if missing := sorted(here[other] - here[part]):
            raise DataError(
                f"The official {part} part has no film of class {missing[0]!r}, which the {other} part has; give both the same "
                "class folders, or take the folder of the part away to have the films split by patient."
            )


def _children(found: FilmFolder) -> Mapping[Path, list[Path]]:
    """Return the folders that lie in each folder, in the order of names."""
    inside: dict[Path, list[Path]] = collections.defaultdict(list)
    for place in found.folders:
        inside[place.parent].append(place)
    return inside


def _descend(folder: Path, inside: Mapping[Path, list[Path]]) -> Path:
    """Follow a chain of single folders, as unpacked archives have: chest_xray/chest_xray/train."""
    while True:
        here = inside[folder]
        if any(part_of(place.name) for place in here) or len(here) != 1 or not inside[here[0]]:
            return folder
        folder = here[0]


def _refuse_unknown_parts(root: Path, inside: Mapping[Path, list[Path]]) -> None:
    """Refuse folders around the classes whose names are no part's, or each of them would be taken for a class."""
    below = [{plain(place.name) for place in inside[part]} for part in inside[root]]
    shared = set.intersection(*below) if len(below) > 1 else set()
    if len(shared) > 1 and any(label_of(name) in NEGATIVE_NAMES for name in shared):
        names = ", ".join(repr(part.name) for part in inside[root])
        raise DataError(
            f"The folders {names} hold class folders, but their names are no official parts'; call them train, val and test."
        )


def _place(
    above: Path, root: Path, depth: int, films: Collection[Path], parts: Sequence[Path]
) -> tuple[Path | None, str]:
    """Return the class folder that a film's folder belongs to; None, and why in words, where there is none."""
    steps = above.relative_to(root).parts if above.is_relative_to(root) else ()
    place = root.joinpath(*steps[:depth])
    if len(steps) >= depth and place in films:
        return place, ""
    if parts and steps and steps[0] not in {part.name for part in parts}:
        return None, f"in the folder {steps[0]!r}, which is none of train, val and test"
    return None, OUTSIDE


def _check_filled(
    films: Mapping[Path, list[Path]], folder: Path, root: Path, parts: Sequence[Path], left_out: str
) -> None:
    """Make sure that there are class folders, in each part, and that each has films."""
    also = f" {left_out}" if left_out else ""
    for place, paths in films.items():
        if not paths:
            where = place.relative_to(root).as_posix()
            raise DataError(f"The class folder {where!r} has no image; add some, or remove the folder.{also}")
    for part in parts:
        if not any(place.parent == part for place in films):
            raise DataError(
                f"The folder {part.name!r} has no class folders with films in it; add them, or remove it.{also}"
            )
    if not films:
        raise DataError(f"The data folder {folder.name!r} has no class folders with images in it.{also}")
    if parts and all(part_of(part.name) == "test" for part in parts):
        raise DataError(
            f"The data folder {folder.name!r} has a test part and no training part; add a folder train."
        )


def _spellings(
    films: Mapping[Path, list[Path]], parts: Sequence[Path]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return how each class is spelt, in the training part if there are several ways, and a note on each that has."""
    training_first = sorted(films, key=lambda place: bool(parts) and part_of(place.parent.name) == "test")
    ways: dict[str, list[str]] = collections.defaultdict(list)
    for place in training_first:
        if place.name not in ways[plain(place.name)]:
            ways[plain(place.name)].append(place.name)
    notes = [
        f"The class folders {' and '.join(map(repr, names))} are taken as one class."
        for names in ways.values()
        if names[1:]
    ]
    return {key: names[0] for key, names in ways.items()}, tuple(notes)
