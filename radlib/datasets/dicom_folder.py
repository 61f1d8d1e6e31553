"""A hospital's own films: any folder of CR and DX files, and one table that says what is on them.

    films/                     in whatever folders, whatever the files are called
    films/labels.csv           file,pneumonia,effusion,split
                               2024/03/IM0001.dcm,1,0,training
                               2024/03/IM0002,0,,test

Columns of the table: `file` (path of the film below the folder; required), any of `patient_id`, `split` (training,
validation or test), `view`, `age` (years) and `sex` (F, M, O), and one column per finding, which holds 1 or 0 (or yes, no,
true, false, positive, negative), or nothing where nobody knows; what other words mean, option `label_values` says. However
a spreadsheet writes the table, it is read, see `table_files`. What it does not say of patient, view, age and sex is taken
from the DICOM header, the patient as an id that tells nothing. Films that the table gives one `patient_id`, and films that
it leaves to one id of the header, are one patient's, and so is whoever is both. Whatever else it holds, a name above all,
is refused rather than carried along, or ignored where option `labels` names the findings.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np

from radlib.datasets.dataset import Dataset, Survey, unique_image_ids
from radlib.datasets.file_facts import file_facts
from radlib.datasets.tables.header_filters import of_the_kind, peculiar_notes
from radlib.datasets.tables.label_columns import (
    ABOUT,
    ages_of,
    findings_of,
    ignored_note,
    parts_of,
    said_or,
    sexes_of,
)
from radlib.datasets.tables.label_tables import read_table
from radlib.datasets.tables.label_values import label_notes, meanings
from radlib.datasets.tables.table_films import film_paths, unlisted_note
from radlib.foundation.errors import DataError, UsageError
from radlib.foundation.extras import pandas as pd
from radlib.foundation.human_units import plural
from radlib.foundation.registry import DATASETS
from radlib.foundation.value_types import WithinData
from radlib.imaging import film_walk
from radlib.runs import tasks


def survey(folder: Path, *, table: str, labels: Sequence[str], label_values: Any, **_: Any) -> Survey:
    """Check the table and count the films that it names, without reading one; other films and files are left out."""
    place = _table_path(folder, table)
    rows = read_table(place, ("file",), others=True, optional=ABOUT)
    findings_of(rows, labels, meanings(label_values), place.name)
    walked = film_walk.walk(folder, tables=[place])
    named = set(film_paths(folder, walked.films, rows["file"], place.name))
    unlisted = sum(path not in named for path in walked.films)
    return Survey(len(named), {**walked.left_out, f"films that {place.name} does not name": unlisted})


@DATASETS.register(
    title="A folder of CR and DX films with a table of labels",
    citation="Your own films.",
    licence="Yours.",
    needs_files=True,
    survey=survey,
)
def dicom_folder(
    folder: Path,
    *,
    table: Annotated[str, WithinData()] = "labels.csv",
    labels: Sequence[str] = (),
    reading: Literal["auto", "binary", "findings", "classes"] = "auto",
    modalities: Sequence[str] = ("CR", "DX"),
    body_parts: Sequence[str] = ("CHEST",),
    label_values: Mapping[str, int | str] | str | None = None,
) -> Dataset:
    """Read the films that a labels table names, whatever a folder of CR and DX files looks like.

    Args:
        folder: The folder that holds the films, and the table.
        table: Name of the table in the folder, plain or .gz.
        labels: Its columns that are asked about, the first of a yes-or-no question; empty takes all that are not
            `file`, `patient_id`, `split`, `view`, `age` or `sex`, and any other column is refused.
        reading: `binary` (one label), `findings` (each for itself), `classes` (exactly one is true of each film), or
            `auto`: binary for one label, findings for several.
        modalities: Which a header may name: computed and digital radiography. Films of others, such as a CT slice that
            was filed among them, are left out and counted; a film whose header names none stays.
        body_parts: Which a header may name, by DICOM's terms, OTHER for what is none of them; CHEST stands for thorax and
            lung, too. Films of others, such as a leg, are left out and counted; a film whose header names none stays.
            Empty takes all.
        label_values: What words in the columns of labels mean, beside yes and no, true and false, positive and negative:
            1, 0 or unknown for each, such as `{ja: 1, nein: 0}`; for the -1 of uncertain labels also the policies u_zeros,
            u_ones and u_ignore of Irvin et al. (2019), as `{"-1": u_zeros}` or plainly `u_zeros`.

    Returns:
        The data set; the official parts, if the table has a column `split`.

    Raises:
        UsageError: For another reading, a meaning that is none, or a table that lies outside the folder.
        DataError: When the table is missing or has no row, an unknown column, part or value, names files that are not there,
            or none of the wanted modality and body part.
    """
    meant = meanings(label_values)
    place = _table_path(folder, table)
    rows = read_table(place, ("file",), others=True, optional=ABOUT)
    if rows.empty:
        raise DataError(f"The table {place.name} names no film; give it one row for each.")
    chosen = findings_of(rows, labels, meant, place.name)
    walked = film_walk.walk(folder, tables=[place])
    paths = film_paths(folder, walked.films, rows["file"], place.name)
    from radlib.imaging.dicom import (
        files as dicom,  # here, because pydicom's import would cost those who have no DICOM
    )

    facts = pd.DataFrame(file_facts(folder, paths, dicom.read_tags), rows.index)
    patients = _patients(said_or(rows, "patient_id", pd.Series("", rows.index)), facts["patient"])
    index, notes = _index(rows, facts, chosen, patients, place.name)
    kept, kind_notes = of_the_kind(facts, modalities, body_parts)
    notes = [
        *unlisted_note(walked, paths, place.name),
        *ignored_note(rows, chosen, place.name),
        *notes,
        *label_notes({label: rows[cells.name] for label, cells in chosen.items()}, meant),
        *kind_notes,
        *peculiar_notes(facts[kept]),
    ]
    index, task = index[kept], _task(list(chosen), reading, place.name)
    if not (task.exclusive or task.unknown_teaches) and (unknown := index[task.labels[0]].isna()).any():
        count = int(unknown.sum())
        if unknown.all():
            raise DataError(
                f"The table {place.name} says of no film whether it shows {task.labels[0]}; fill in 1 or 0 in that column."
            )
        notes.append(
            f"{plural(count, 'film', 'are')} left out: nobody knows whether {task.labels[0]} is to be seen."
        )
        index = index[~unknown]
    known = bool((patients[index.index] != "").any())
    return Dataset(index.reset_index(drop=True), task, folder, tuple(notes), patients_known=known)


def _index(
    rows: "pd.DataFrame",
    facts: "pd.DataFrame",
    chosen: "Mapping[str, pd.Series]",
    patients: "pd.Series",
    table: str,
) -> "tuple[pd.DataFrame, list[str]]":
    """Return what table and headers say of each film, and sentences on what they do not."""
    ids = pd.Series(unique_image_ids(facts["image_id"].tolist()), rows.index)
    ages, age_notes = ages_of(rows, facts["age"])
    sexes, sex_notes = sexes_of(rows, facts["sex"])
    index = pd.DataFrame(
        {
            "image_id": ids,
            "path": facts["path"],
            "patient_id": patients.where(patients != "", ids),
            **chosen,
            "view": said_or(rows, "view", facts["view"]).str.upper(),
            "sex": sexes,
            "age": ages,
        }
    )
    if "split" in rows.columns:
        index["split"] = parts_of(rows["split"], table)
    unknown = int((patients == "").sum())
    said = f"{plural(unknown, 'film', 'have')} no patient id in table or header: each counts as a patient of its own."
    return index, [*[said] * (unknown > 0), *age_notes, *sex_notes]


def _table_path(folder: Path, table: str) -> Path:
    """Return where the table lies, which must be in the data folder: a study from elsewhere may name any path."""
    place = folder / table
    if not place.resolve().is_relative_to(folder.resolve()):
        raise UsageError(
            f"The table {place.name!r} lies outside the data folder; put it there and give its name with option 'table'."
        )
    return place


def _patients(said: "pd.Series", header: "pd.Series") -> "pd.Series":
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
