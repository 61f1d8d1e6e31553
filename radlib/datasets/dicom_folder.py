"""A hospital's own films: any folder of CR and DX files, and one table that says what is on them.

    films/                     in whatever folders, whatever the files are called
    films/labels.csv           file,pneumonia,effusion,split
                               2024/03/IM0001.dcm,1,0,training
                               2024/03/IM0002,0,,test

Columns of the table: `file` (path of the film below the folder; required), any of `patient_id`, `split` (training,
validation or test), `view`, `age` (years) and `sex` (F, M), and one column per finding, which holds 1, 0 or nothing where
nobody knows. What the table does not say of patient, view, age and sex is taken from the DICOM header, the patient as an
id that tells nothing. Films that the table gives one `patient_id`, and films that it leaves to one id of the header, are
one patient's, and so is whoever is both. Whatever else it holds, a name above all, is refused rather than carried along.
"""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

import numpy as np
import pandas as pd

from radlib import tasks
from radlib.datasets import Dataset, check_choice, unique_image_ids
from radlib.datasets.file_facts import file_facts
from radlib.datasets.label_tables import impossible_ages_note, read_table, years
from radlib.errors import DataError, UsageError
from radlib.registry import DATASETS
from radlib.value_types import WithinData

ABOUT = ("patient_id", "split", "view", "age", "sex")
READINGS = ("auto", "binary", "findings", "classes")
PARTS = {
    "train": "training",
    "val": "validation",
    **{part: part for part in ("training", "validation", "test")},
}
ENDINGS = (".dcm", ".dicom")


@DATASETS.register(
    title="A folder of CR and DX films with a table of labels",
    citation="Your own films.",
    licence="Yours.",
    needs_files=True,
)
def dicom_folder(
    folder: Path,
    *,
    table: Annotated[str, WithinData()] = "labels.csv",
    labels: Sequence[str] = (),
    reading: Literal["auto", "binary", "findings", "classes"] = "auto",
    modalities: Sequence[str] = ("CR", "DX"),
) -> Dataset:
    """Read the films that a labels table names, whatever a folder of CR and DX files looks like.

    Args:
        folder: The folder that holds the films, and the table.
        table: Name of the table in the folder, plain or .gz.
        labels: Its columns that are asked about, the first of a yes-or-no question; empty takes all that are not
            `file`, `patient_id`, `split`, `view`, `age` or `sex`.
        reading: `binary` (one label), `findings` (each for itself), `classes` (exactly one is true of each film), or
            `auto`: binary for one label, findings for several.
        modalities: Which a header may name: computed and digital radiography. Films of others, such as a CT slice that
            was filed among them, are left out and counted; a film whose header names none stays.

    Returns:
        The data set; the official parts, if the table has a column `split`.

    Raises:
        UsageError: For another reading.
        DataError: When the table is missing or has no row, an unknown column, part or value, names files that are not there,
            or none of the wanted modality.
    """
    check_choice("reading", reading, READINGS)
    rows = read_table(folder / table, ("file",), others=True, texts=ABOUT)
    if rows.empty:
        raise DataError(f"The table {table} names no film; give it one row for each.")
    chosen = _label_columns(rows, labels, table)
    paths = _film_paths(folder, rows["file"], table)
    from radlib import dicom  # here, because pydicom's import would cost those who have no DICOM

    facts = pd.DataFrame(file_facts(folder, paths, dicom.read_tags))
    ids = pd.Series(unique_image_ids(facts["image_id"].tolist()))
    patients = _patients(_said(rows, "patient_id", pd.Series("", rows.index)), facts["patient"])
    index = pd.DataFrame(
        {
            "image_id": ids,
            "path": facts["path"],
            "patient_id": patients.where(patients != "", ids),
            **{label: rows[label].astype("float32") for label in chosen},
            "view": _said(rows, "view", facts["view"]).str.upper(),
            "sex": _said(rows, "sex", facts["sex"]).str.upper().where(lambda sex: sex.isin(["F", "M"]), ""),
        }
    )
    index["age"], impossible = years(_said(rows, "age", facts["age"].astype(str)))
    if "split" in rows.columns:
        index["split"] = _parts(rows["split"], table)
    notes = _notes(folder, paths, patients, impossible, table)
    foreign = facts["modality"].ne("") & ~facts["modality"].isin(list(modalities))
    if foreign.any():
        notes.append(_foreign_note(facts.loc[foreign, "modality"], len(facts), modalities))
        index = index[~foreign.to_numpy()].reset_index(drop=True)
    task = _task(chosen, reading, table)
    if task.name == "binary" and (unknown := index[chosen[0]].isna()).any():
        notes.append(f"{int(unknown.sum())} films are left out: nobody knows whether they show {chosen[0]}.")
        index = index[~unknown].reset_index(drop=True)
    known = bool((patients != "").any())
    return Dataset(index, task, folder, tuple(notes), patients_known=known)


def _label_columns(rows: pd.DataFrame, asked: Sequence[str], table: str) -> list[str]:
    """Return the columns that hold labels, after making sure that there is no other kind of column."""
    others = [name for name in rows.columns if name not in ("file", *ABOUT)]
    chosen = [asked] if isinstance(asked, str) else list(asked) or others
    if missing := [name for name in chosen if name not in others]:
        raise DataError(f"The table {table} has no label column {missing[0]!r}; it has: {', '.join(others)}.")
    for name in others:
        values = pd.to_numeric(rows[name], errors="coerce")
        is_label = (values.isin((0, 1)) | rows[name].isna()).all()
        if name not in chosen or not is_label:
            raise DataError(
                f"The table {table} has an unknown column {name!r}; it may have file, {', '.join(ABOUT)} and "
                "columns of labels, which hold 1, 0 or nothing."
            )
    if not chosen:
        raise DataError(f"The table {table} has no column of labels; add one that holds 1, 0 or nothing.")
    return chosen


def _film_paths(folder: Path, names: pd.Series, table: str) -> list[Path]:
    """Return where the films of the table lie; names are only counted in errors, as they may be a patient's."""
    root = folder.resolve()
    relative = [PurePosixPath(str(name).strip().replace("\\", "/")) for name in names.fillna("")]
    paths = [_existing(folder / name) for name in relative]
    inside = [path.resolve().is_relative_to(root) and path.resolve() != root for path in paths]
    missing = [not path.is_file() for path in paths]
    for count, what, remedy in (
        (inside.count(False), "name no file inside the data folder", "give paths below it"),
        (missing.count(True), "name a file that is not there", "complete the folder, or take them out"),
        (len(paths) - len(set(paths)), "name a film that an earlier row names", "keep one row for each film"),
    ):
        if count:
            raise DataError(f"{count} rows of {table} {what}; {remedy}.")
    return paths


def _existing(path: Path) -> Path:
    """Return a path as it is, or with the ending that a table often leaves out."""
    with_ending = path.with_name(f"{path.name}.dcm") if path.name else path
    return with_ending if not path.is_file() and with_ending.is_file() else path


def _said(rows: pd.DataFrame, column: str, otherwise: pd.Series) -> pd.Series:
    """Return a column as text, and what the header says where the table has no such column or value."""
    if column not in rows.columns:
        return otherwise
    text = rows[column].fillna("").str.strip()
    return text.where(text != "", otherwise)


def _patients(said: pd.Series, header: pd.Series) -> pd.Series:
    """Return whose each film is: as the table says, and where it says nothing, as the header does.

    A header's id counts only where some film is left to it: hospitals write one id for all when they take the names
    out. Such a film is then of the same patient as all others with that id, whatever the table calls him.

    Args:
        said: The table's patient ids, empty where it says nothing.
        header: The headers', empty where they say nothing.

    Returns:
        Of every group of films that share an id of either kind, by any chain, its first id in the table, else that of
        the header; empty where neither says anything.
    """
    counts = header.where(header.isin(header[said == ""]), "")
    films = pd.Series(np.arange(len(said)), said.index)
    firsts = [films.groupby(ids).transform("min").where(ids != "", films) for ids in (said, counts)]
    ends = np.concatenate([films, films]), np.concatenate(firsts)
    from scipy import sparse  # here: it costs half a second
    from scipy.sparse import csgraph

    links = sparse.coo_array((np.ones(2 * len(films)), ends), (len(films), len(films)))
    group = csgraph.connected_components(links, directed=False)[1]
    named = pd.DataFrame({"unsaid": said == "", "id": said.where(said != "", header)}, said.index)
    ordered = named.assign(group=group).sort_values(["unsaid", "id"])
    return ordered.groupby("group")["id"].transform("first").sort_index()


def _parts(said: pd.Series, table: str) -> pd.Series:
    """Return the official part of each film."""
    parts = said.astype(str).str.strip().str.lower().map(PARTS)
    if unknown := int(parts.isna().sum()):
        raise DataError(
            f"{unknown} rows of {table} have a split other than training, validation or test; correct them, or remove "
            "the column to have the films split by patient."
        )
    return parts


def _notes(
    folder: Path, paths: Sequence[Path], patients: pd.Series, impossible: int, table: str
) -> list[str]:
    """Return what was left out and what is not known."""
    notes = []
    listed = set(paths)
    unlisted = sum(p.suffix.lower() in ENDINGS and p not in listed for p in folder.rglob("*"))
    if unlisted:
        notes.append(f"{unlisted} DICOM files of the folder are left out: {table} does not name them.")
    if unknown := int((patients == "").sum()):
        notes.append(
            f"{unknown} films have no patient id in table or header: each counts as a patient of its own."
        )
    if impossible:
        notes.append(impossible_ages_note(impossible))
    return notes


def _foreign_note(foreign: pd.Series, films: int, modalities: Sequence[str]) -> str:
    """Return what was left out for its modality."""
    counts = ", ".join(f"{count} {name}" for name, count in foreign.value_counts().items())
    wanted = " or ".join(modalities)
    if len(foreign) == films:
        raise DataError(
            f"No film of the table is {wanted} by its header ({counts}); name what you have with option 'modalities'."
        )
    return f"{len(foreign)} films are left out: their headers name another modality than {wanted} ({counts})."


def _task(labels: Sequence[str], reading: str, table: str) -> tasks.Task:
    if reading == "classes":
        return tasks.classes(labels)
    if reading == "binary" and len(labels) > 1:
        raise UsageError(
            f"A binary reading takes one label; {table} has {', '.join(labels)}: choose with option 'labels'."
        )
    return (
        tasks.binary(labels[0], f"no_{labels[0]}")
        if len(labels) == 1 and reading != "findings"
        else tasks.findings(labels)
    )
