"""What lies in a folder that somebody points at, before there is a study: kinds of films, classes or a table, patients, views.

Nobody is asked and nothing is believed that the content does not say: what is a film its first bytes tell, what a table means
its cells tell (a column that names the films, columns whose every word is a label), and whose film it is the header tells. File
names are only ever offered as a guess, since a wrong one makes two patients of one or one of two.
"""

import collections
import contextlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from radlib.datasets.breast_ultrasound import MASK
from radlib.datasets.class_folders import class_films
from radlib.datasets.file_facts import file_facts
from radlib.datasets.kermany import patient_number
from radlib.datasets.looking.samples import Sample, sample_of
from radlib.datasets.looking.table_looks import TableLook, tables_among
from radlib.datasets.masks import masks_among
from radlib.datasets.tb import FILM
from radlib.foundation.errors import RadlibError
from radlib.foundation.extras import pandas as pd
from radlib.imaging.film_content import HEAD_BYTES, content_of
from radlib.imaging.film_walk import walk
from radlib.imaging.images import Preprocessing

PATIENTS_IN_NAMES = (
    r"person0*(\d+)_", r"(?i)pat(?:ient)?[_-]?0*(\d+)", r"(?i)sub(?:j|ject)?[_-]?0*(\d+)", r"^([A-Za-z]*\d+)[_-]\d+",
)  # fmt: skip
PUBLIC_TABLES = {
    "stage_2_train_labels.csv": "rsna",
    "data_entry_2017.csv": "chestxray14",
    "data_entry_2017_v2020.csv": "chestxray14",
}
NAMES_ASKED = 200
NO_CLASS = re.compile(  # what archives and people call folders that say nothing of the films in them
    r"(?i)[\W\d_]*|(series|study|studies|patients?|pat|subj(ect)?|case|se|st|ser|im|img|images?|films?|dicom|disk|disc|cd|vol|"
    r"part|batch|export|archive|[a-z])[\W\d_]*|.*\d{4,}.*"
)
MOST_CLASSES = 20
SIDE = 64  # pixels that sampled films are decoded to; only their stored sizes are looked at


@dataclass(frozen=True)
class FolderLook:
    """What a folder holds.

    Attributes:
        folder: The folder.
        films: Paths of the films.
        masks: Paths of pictures that outline something on a film, which are no films.
        kinds: How many are `dicom`, `png` and `jpeg`, and `damaged`.
        left_out: How many files are no films, see `film_walk`.
        classes: Class folders and how many films each has; empty where films do not lie in such.
        parts: Official parts among the class folders.
        tables: Tables, that which names most films first.
        sample: Some of the films, decoded.
        patients: Patients that the headers tell; 0 where they tell none.
        headers: How many films have which `view`, `modality`, `body_part` and `sex` by their headers.
        name_pattern: Regular expression that may find patients in the files' names; empty where none fits.
    """

    folder: Path
    films: tuple[Path, ...]
    masks: tuple[Path, ...]
    kinds: Mapping[str, int]
    left_out: Mapping[str, int]
    classes: Mapping[str, int]
    parts: tuple[str, ...]
    tables: tuple[TableLook, ...]
    sample: Sample
    patients: int
    headers: Mapping[str, Mapping[str, int]]
    name_pattern: str

    @property
    def table(self) -> TableLook | None:
        """The table that says what is on the films, if one does."""
        return next((t for t in self.tables if t.names_films and t.labels), None)

    @property
    def teller(self) -> TableLook | None:
        """The table that says whose films they are and the like, if one does: that with the labels, where it does."""
        told = [t for t in self.tables if t.names_films and t.about]
        return self.table if self.table in told else next(iter(told), None)

    @property
    def public(self) -> str:
        """The public data set that this is, by what is published of it; empty where it is none that is known."""
        for table in self.tables:
            if known := PUBLIC_TABLES.get(table.path.name.lower()):
                return known
        upper, names = {name.upper() for name in self.classes}, [film.name for film in self.films]
        if upper == {"NORMAL", "PNEUMONIA"} and all(map(patient_number, names[:NAMES_ASKED])):
            return "kermany"
        if any(FILM.fullmatch(film.stem) for film in self.films):
            return "tb"
        busi = {"BENIGN", "MALIGNANT"} <= upper <= {"BENIGN", "MALIGNANT", "NORMAL"}
        return "breast_ultrasound" if self.masks and busi else ""

    @property
    def rarer(self) -> float:
        """How many films have the rarer answer, as far as classes or a table say; half of all where nothing does."""
        counts = list(self.classes.values()) or [
            min(pair) for pair in (self.table.labels.values() if self.table else ())
        ]
        return min(counts) if counts else len(self.films) / 2


def look_at(folder: Path) -> FolderLook:
    """Look through a folder with all its folders.

    Raises:
        DataError: When it cannot be opened.
    """
    found = walk(folder)
    masks = set(masks_among(found.films, folder))
    films = tuple(path for path in found.films if path not in masks)
    kinds = collections.Counter(map(_kind, films))
    classes, parts = _classes(folder, MASK if masks else "")
    sample = sample_of([str(film) for film in films], Preprocessing(SIDE))
    headers = pd.DataFrame(_headers(folder, films, kinds))
    return FolderLook(
        folder=folder,
        films=films,
        masks=tuple(sorted(masks)),
        kinds={kind: kinds[kind] for kind in ("dicom", "png", "jpeg", "damaged") if kinds[kind]},
        left_out=found.left_out,
        classes=classes,
        parts=parts,
        tables=tables_among(folder, [folder, *found.folders], films),
        sample=sample,
        patients=int(headers["patient"].replace("", np.nan).nunique()) if len(headers) else 0,
        headers={
            name: headers[name].replace("", np.nan).value_counts().to_dict() if len(headers) else {}
            for name in ("view", "modality", "body_part", "sex")
        },
        name_pattern=name_pattern(films),
    )


def _kind(path: Path) -> str:
    with contextlib.suppress(OSError), path.open("rb") as stream:
        kind = content_of(stream.read(HEAD_BYTES))
        return kind if kind in ("dicom", "png", "jpeg") else "damaged"
    return "damaged"


def _classes(folder: Path, left_out: str) -> tuple[dict[str, int], tuple[str, ...]]:
    """Return films by class folder, and the official parts; nothing where films do not lie so."""
    try:
        films = class_films(folder, left_out=left_out, called="masks")
    except RadlibError:
        return {}, ()
    counts = dict(collections.Counter(films.classes))
    if not 1 < len(counts) <= MOST_CLASSES or any(NO_CLASS.fullmatch(name) for name in counts):
        return {}, ()
    return counts, tuple(sorted(set(filter(None, films.parts))))


def _headers(folder: Path, films: Sequence[Path], kinds: Mapping[str, int]) -> list[dict]:
    if not kinds["dicom"]:
        return []
    from radlib.imaging.dicom import files as dicom  # here: pydicom's import costs those who have no DICOM

    return file_facts(folder, films, dicom.read_tags)


def name_pattern(films: Sequence[Path]) -> str:
    r"""Return an expression that finds a number in nearly all names, shared by some and not by most; empty where none does.

    Example:
        >>> name_pattern([Path(f"person{n // 2}_bacteria_{n}.jpeg") for n in range(20)])
        'person0*(\\d+)_'
    """
    for pattern in PATIENTS_IN_NAMES:
        found = [match[1] for film in films if (match := re.search(pattern, film.name))]
        if len(found) > 0.95 * len(films) and 0.02 * len(found) < len(set(found)) < 0.98 * len(found):
            return pattern
    return ""
