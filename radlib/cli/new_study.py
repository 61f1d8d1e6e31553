"""A study for a folder of films that somebody points at: what `radlib new` says and writes.

What the folder tells is filled in; what it cannot tell stands beside as a comment with the line to change. Where nothing says
what is on the films, a table with a row for each is written, empty but for the names: to fill it in is all that is left to do.
Nothing that is there is written over.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from radlib.cli.study_text import study_text
from radlib.datasets.looking.folder_looks import FolderLook, look_at
from radlib.datasets.looking.prospects import answerable_margin
from radlib.datasets.looking.table_looks import TableLook, table_columns
from radlib.foundation.errors import DataError, SetupError, UsageError
from radlib.foundation.extras import pandas as pd
from radlib.foundation.plain_text import table_text
from radlib.foundation.storage import write_text
from radlib.imaging.film_walk import left_out_sentence

TABLE = "labels.csv"
FINDING = "pneumonia"  # heading of the empty column; to be renamed to what is looked for
OUTLINED = {
    "tb": "lung_fields",
    "breast_ultrasound": "breast_lesions",
}  # studies of the outlines on these films
MEDMNIST = ("pneumoniamnist", "breastmnist", "chestmnist")  # studies, called as the files are
TEST_SHARE = 0.25  # of the films, where no part is official: the setting's own


def write_study(folder: Path, study: Path) -> list[str]:
    """Look at a folder and write a study for it.

    Args:
        folder: With the films.
        study: The file to write, ending in .yaml.

    Returns:
        What was found and written, and what to do next, a line each.

    Raises:
        UsageError: When the study file is there already, or has another ending.
        DataError: When the folder holds no film.
        SetupError: When a file cannot be written.
    """
    if study.suffix not in (".yaml", ".yml"):
        raise UsageError(f"{study.name} is no name of a study; end it with .yaml.")
    if study.exists():
        raise UsageError(f"{study.name} is there already; give another name with --to, or take it away.")
    if not folder.is_dir():
        raise UsageError(f"{folder.name} is no folder; give the one that holds the films.")
    look = look_at(folder)
    if not look.films:
        others = _of_medmnist(folder) or left_out_sentence(look.left_out)
        raise DataError(f"{folder.name} holds no film. {others}".strip())
    dataset, options, table_lines = _read_as(look)
    lines = _found(look, dataset)
    _written(
        study, study_text(look, study.stem, dataset, options, answerable_margin(TEST_SHARE * look.rarer))
    )
    lines += [*table_lines, f"Written: {study}."]
    open_table = any(line.startswith("Written") for line in table_lines) and look.table is None
    first = [
        f"Fill in {TABLE}: 1 or 0 in the column {FINDING} (rename it to what you look for), nothing where nobody knows."
    ]
    lines += first * open_table
    return [
        *lines,
        f"Next: radlib check {study} --data {folder}",
        f"Then: radlib run --study {study} --data {folder}",
    ]


def _found(look: FolderLook, dataset: str) -> list[str]:
    """Return what lies in the folder, in sentences."""
    kinds = ", ".join(
        f"{count:,} {kind.upper() if kind != 'damaged' else kind}" for kind, count in look.kinds.items()
    )
    lines = [f"{_films(len(look.films))}: {kinds}."]
    if look.sample.side:
        lines.append(f"The middle one has {look.sample.side:,} pixels along its shorter side.")
    if look.classes:
        listed = ", ".join(f"{name!r} {count:,}" for name, count in look.classes.items())
        lines.append(
            f"They lie in class folders: {listed}{'; official parts: ' + ', '.join(look.parts) if look.parts else ''}."
        )
    if look.masks:
        study = OUTLINED.get(dataset, "")
        where = f"the study {study} learns them" if study else "what is asked here is yes or no"
        lines.append(
            f"{len(look.masks):,} other pictures outline something on a film and are left out: {where}."
        )
    lines += [_of_table(table) for table in look.tables]
    for name, counts in look.headers.items():
        if counts:
            listed = ", ".join(f"{value} {count:,}" for value, count in list(counts.items())[:6])
            lines.append(f"By their headers, {name.replace('_', ' ')}: {listed}.")
    lines.append(_patients(look, dataset))
    return [*lines, *filter(None, [look.sample.sentence(), left_out_sentence(look.left_out)])]


def _of_medmnist(folder: Path) -> str:
    """Return a sentence on the files of MedMNIST in a folder, which hold films that no walk finds; empty where there are none."""
    names = [name for name in MEDMNIST if list(folder.glob(f"{name}*.npz"))]
    asked = ", ".join(f"radlib run --study {name} --data {folder}" for name in names)
    return f"What is there of MedMNIST has studies of its own: {asked}." if names else ""


def _of_table(table: TableLook) -> str:
    if not table.names_films:
        return (
            f"{table.path.name} has {table.rows:,} rows and no column that names the films: it is not used."
        )
    labels = (
        ", ".join(f"{name!r} ({yes:,} yes, {no:,} no)" for name, (yes, no) in table.labels.items()) or "none"
    )
    about = f"; it also tells {', '.join(table.about)}" if table.about else ""
    return f"{table.path.name} names {_films(table.named)} in its column {table.names_films!r}; label columns: {labels}{about}."


def _patients(look: FolderLook, dataset: str) -> str:
    if look.teller is not None and "patient_id" in look.teller.about:
        return f"Whose films they are, {look.teller.path.name} says."
    if dataset == "kermany":
        return "They are named as those of Kermany et al. (2018): the names tell whose films they are."
    if look.patients:
        return f"The headers tell {look.patients:,} patients."
    if look.name_pattern:
        return f"Nothing tells whose films they are, but the names may: the pattern {look.name_pattern!r} is in the study, commented out."
    return "Nothing tells whose films they are: each counts as another patient's. Say so in a column patient_id if you can."


def _films(count: int) -> str:
    return f"{count:,} film" + ("" if count == 1 else "s")


def _read_as(look: FolderLook) -> tuple[str, dict[str, object], list[str]]:
    """Return the data set that reads the folder, its options, and what was written for it."""
    if look.public:
        return look.public, {}, []
    if look.table is not None:
        return _from_table(look, look.table)
    if look.classes:
        return "folders", {"reading": "classes"} if len(look.classes) > 2 else {}, []
    return "dicom_folder", {"table": TABLE}, _empty_table(look)


def _empty_table(look: FolderLook) -> list[str]:
    """Write a table with a row for each film, what another table tells of it beside, and a finding to fill in."""
    about = look.teller.about if look.teller is not None else {}
    told: dict[str, list[str]] = {}
    if look.teller is not None:
        paths, columns = _paths_by_name(look), [look.teller.names_films, *about.values()]
        for name, *cells in table_columns(look.teller.path, columns).to_numpy().tolist():
            told[paths.get(_key(name), name)] = cells
    files = [film.relative_to(look.folder).as_posix() for film in look.films]
    rows = [[file, *told.get(file, [""] * len(about))] for file in files]
    unknown = not look.patients and "patient_id" not in about
    return _write_table(look, ["file", *about], rows, [FINDING, *(["patient_id"] * unknown)])


def _from_table(look: FolderLook, table: TableLook) -> tuple[str, dict[str, object], list[str]]:
    """Return how a table that is there is read: as it is, or by a copy that radlib understands."""
    place = table.path.relative_to(look.folder).as_posix()
    if table.names_films.casefold() == "file" and all(
        what == heading for what, heading in table.about.items()
    ):
        return "dicom_folder", {"table": place, "labels": list(table.labels)}, []
    columns = {"file": table.names_films, **table.about, **{name: name for name in table.labels}}
    rows = table_columns(table.path, list(columns.values()))
    paths = _paths_by_name(look)
    files = [paths.get(_key(cell), cell) for cell in rows[table.names_films]]
    copied = rows.assign(**{table.names_films: files})
    kept = copied[[file in set(paths.values()) for file in files]]
    written = _write_table(look, list(columns), kept.to_numpy().tolist(), [])
    return "dicom_folder", {"table": TABLE, "labels": list(table.labels)}, written


def _paths_by_name(look: FolderLook) -> Mapping[str, str]:
    """Return the paths below the folder by what a table may call them; a name that several films have leads to none."""
    found: dict[str, str] = {}
    twice: set[str] = set()
    for film in look.films:
        below = film.relative_to(look.folder).as_posix()
        for key in {_key(below), _key(film.name), _key(film.stem)}:
            twice |= {key} & found.keys()
            found[key] = below
    return {key: path for key, path in found.items() if key not in twice}


def _key(name: str) -> str:
    return name.strip().replace("\\", "/").casefold()


def _write_table(
    look: FolderLook, columns: Sequence[str], rows: Sequence[Sequence[str]], empty: Sequence[str]
) -> list[str]:
    """Write `labels.csv` into the folder, with further columns that are empty.

    Raises:
        UsageError: When there is one already.
    """
    place = look.folder / TABLE
    if place.exists():
        raise UsageError(
            f"{TABLE} is there already and does not say what is on the films: it needs a column file and one per finding, with 1 "
            "or 0; complete it, or take it away to have one made."
        )
    table = pd.DataFrame([[*row, *[""] * len(empty)] for row in rows], columns=[*columns, *empty])
    _written(place, table_text(table))
    return [f"Written: {place}, with {len(rows):,} rows."]


def _written(path: Path, text: str) -> None:
    try:
        write_text(path, text)
    except OSError as error:
        raise SetupError(
            f"{path.name} cannot be written ({error.strerror}); choose another place with --to."
        ) from None
