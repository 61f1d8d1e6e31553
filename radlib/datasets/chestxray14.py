"""ChestX-ray14 of the NIH: 112,120 frontal films of 30,805 adults, fourteen findings read from reports by machine.

    Data_Entry_2017.csv or Data_Entry_2017_v2020.csv     findings, patient, age, view of every film
    images/*, images_001/images/*, …                     the films, in whatever folders; PNG, JPEG or DICOM
    train_val_list.txt, test_list.txt                    the official split
    patient_split.csv, or train_, val_ and test_list.txt the split of the CheXNet reproductions
    BBox_List_2017.csv                                   984 boxes drawn by a radiologist

Every table may be packed as .gz, and a part of the films is enough. Three things to know: the findings were mined from
reports, and the publishers expect no more than nine in ten to be right; the first table has ages such as 411 years; and
the official split and that of the CheXNet reproductions are different splits, whose figures do not compare.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from radlib.datasets.chestxray14_boxes import BOX_TABLE, film_boxes, film_stem
from radlib.datasets.dataset import Dataset, Survey, unique_image_ids
from radlib.datasets.fetching.sources import Source
from radlib.datasets.file_facts import file_facts
from radlib.datasets.tables.label_tables import find_table, read_table, shortened, years
from radlib.datasets.tables.table_files import read_rows
from radlib.foundation.errors import DataError
from radlib.foundation.extras import pandas as pd
from radlib.foundation.human_units import plural
from radlib.foundation.names import check_known
from radlib.foundation.registry import DATASETS
from radlib.imaging.film_walk import left_out_sentence, walk
from radlib.runs import tasks

ENTRY_TABLES = ("Data_Entry_2017_v2020.csv", "Data_Entry_2017.csv")
FINDINGS = (
    "Atelectasis", "Cardiomegaly", "Effusion", "Infiltration", "Mass", "Nodule", "Pneumonia", "Pneumothorax",
    "Consolidation", "Edema", "Emphysema", "Fibrosis", "Pleural_Thickening", "Hernia",
)  # fmt: skip
NONE = "No Finding"
ENTRY_COLUMNS = (
    "Image Index", "Finding Labels", "Patient ID", "Patient Age", "Patient Gender", "View Position",
)  # fmt: skip
FILM_NAME = re.compile(r"\d{8}_\d{3}(\.\w+)?")
SPLIT_LISTS: Mapping[str, Mapping[str, str]] = {
    "official": {"train_val_list.txt": "training", "test_list.txt": "test"},
    "reproduction": {"train_list.txt": "training", "val_list.txt": "validation", "test_list.txt": "test"},
}
SPLIT_TABLE = "patient_split.csv"
TABLES = (*ENTRY_TABLES, BOX_TABLE, SPLIT_TABLE, *{name for lists in SPLIT_LISTS.values() for name in lists})
FOLDS = {"train": "training", "val": "validation", "test": "test"}


def survey(folder: Path, **_: object) -> Survey:
    """Count the films, without reading one."""
    paths, left_out = _find_films(folder)[1:]
    return Survey(len(paths), left_out)


@DATASETS.register(
    title="Adult chest films: fourteen findings (NIH ChestX-ray14, 2017)",
    check=lambda options: chosen_findings(options["findings"]),
    citation=(
        "Wang X, Peng Y, Lu L, Lu Z, Bagheri M, Summers RM. ChestX-ray8: Hospital-scale Chest X-ray Database and "
        "Benchmarks on Weakly-Supervised Classification and Localization of Common Thorax Diseases. IEEE CVPR, 2017, "
        "3462-3471. Data provider: NIH Clinical Center, nihcc.app.box.com/v/ChestXray-NIHCC."
    ),
    licence="No restrictions on use; link, citation and acknowledgement of the NIH Clinical Center are asked for",
    needs_files=True,
    survey=survey,
    kaggle=("nih-chest-xrays", "data"),
    holds="Data_Entry_2017*",
    source=Source(
        kaggle="nih-chest-xrays/data",
        by_hand=(
            "download the films, Data_Entry_2017, BBox_List_2017 and the two lists of the split from "
            "nihcc.app.box.com/v/ChestXray-NIHCC, or sign in at kaggle.com/datasets/nih-chest-xrays/data, and put them into "
            "data/chestxray14, the films in whatever folders"
        ),
    ),
)
def chestxray14(
    folder: Path,
    *,
    split: Literal["auto", "official", "reproduction", "seeded"] = "auto",
    findings: Sequence[str] = (),
) -> Dataset:
    """Read the films of ChestX-ray14 that lie in a folder, with its tables.

    Args:
        folder: The folder that holds the tables, and the films in it or below.
        split: `official` (train_val_list.txt and test_list.txt), `reproduction` (that of the CheXNet reproductions:
            patient_split.csv, or train_list.txt, val_list.txt and test_list.txt), `seeded` (by patient, drawn here),
            or `auto`, the first of these that the folder has.
        findings: Which of the fourteen, e.g. `[pneumonia, effusion]`; empty takes all.

    Returns:
        The data set; a label per finding; with `view`, `age`, `sex`, and `boxes` where a radiologist drew some.

    Raises:
        UsageError: For another split or finding.
        DataError: When tables or columns are missing, or tables and films do not agree.
    """
    chosen = chosen_findings(findings)
    table, source = _read_entries(folder)
    names, paths, left_out = _find_films(folder)
    if unknown := len(set(names) - set(table.index)):
        raise DataError(
            f"{plural(unknown, 'film', 'are')} not in {source}; take them out, or complete the table."
        )
    entries = table.loc[names]
    ages, age_notes = years(entries["Patient Age"])
    facts = file_facts(folder, paths)
    index = pd.DataFrame(
        {
            "image_id": unique_image_ids([f["image_id"] for f in facts]),
            "path": [f["path"] for f in facts],
            "patient_id": entries["Patient ID"].to_numpy(),
            **_label_columns(entries["Finding Labels"], chosen),
            "view": entries["View Position"].to_numpy(),
            "age": ages.to_numpy(),
            "sex": entries["Patient Gender"].where(entries["Patient Gender"].isin(["F", "M"]), "").to_numpy(),
        }
    )
    notes = [f"{len(index):,} of the {len(table):,} films in {source} are here."]
    notes += age_notes
    parts, said = _split_parts(folder, split, names)
    if parts is not None:
        index["split"] = parts
    if (boxes := film_boxes(folder, names, index["path"], chosen)) is not None:
        index["boxes"] = boxes
    notes += [said, "The findings were mined from reports by machine; some are wrong."]
    notes += filter(None, [left_out_sentence(left_out)])
    return Dataset(index, tasks.findings([name.lower() for name in chosen]), folder, tuple(notes))


def chosen_findings(asked: Sequence[str]) -> list[str]:
    """Return findings as the table spells them, in its order."""
    known = {name.lower(): name for name in FINDINGS}
    wanted = [str(name).lower() for name in ([asked] if isinstance(asked, str) else asked)]
    for name in wanted:
        check_known("finding", name, known)
    return [name for key, name in known.items() if key in wanted or not wanted]


def _read_entries(folder: Path) -> "tuple[pd.DataFrame, str]":
    """Read the table of films, by name without ending; return it and which of its versions was found.

    The columns `OriginalImage[Width`, `Height]` and others have commas in their headings and are not needed.
    """
    path = find_table(folder, ENTRY_TABLES)
    if path is None:
        raise DataError(
            f"The table {ENTRY_TABLES[1]} is missing in {folder.name!r}; put it beside the films."
        )
    table = read_table(path, ENTRY_COLUMNS, others=True)
    table.index = pd.Index(table["Image Index"].map(film_stem))
    if not table.index.is_unique:
        raise DataError(f"{path.name} has a film twice; replace it by the published one.")
    return table, path.name


def _find_films(folder: Path) -> tuple[list[str], list[Path], dict[str, int]]:
    """Return names without ending, and paths, of all films, in the order of names; and how many files are none."""
    found = walk(folder, tables=[folder / f"{name}{packed}" for name in TABLES for packed in ("", ".gz")])
    paths = sorted((p for p in found.films if FILM_NAME.fullmatch(p.name)), key=lambda p: p.name)
    names = [path.stem for path in paths]
    left_out = {**found.left_out, "named otherwise than NNNNNNNN_NNN": len(found.films) - len(paths)}
    if not names:
        said = f"No film is in {folder.name!r} or below, named like NNNNNNNN_NNN.png; unpack them there."
        raise DataError(f"{said} {left_out_sentence(left_out)}".strip())
    if twice := len(names) - len(set(names)):
        raise DataError(f"{plural(twice, 'film', 'lie')} twice in {folder.name!r}; keep one copy of each.")
    return names, paths, left_out


def _label_columns(said: "pd.Series", findings: Sequence[str]) -> "dict[str, pd.Series]":
    """Return 1 or 0 per finding from text such as `Effusion|Mass`."""
    found = said.str.split("|").explode().str.strip()
    if unknown := sorted(set(found) - {*FINDINGS, NONE}):
        raise DataError(
            f"The column 'Finding Labels' has an unknown finding {shortened(unknown[0])!r}; correct it."
        )
    present = pd.crosstab(found.index, found).reindex(said.index, columns=FINDINGS, fill_value=0)
    return {name.lower(): present[name].clip(upper=1).astype("float32").to_numpy() for name in findings}


def _split_parts(folder: Path, split: str, names: Sequence[str]) -> tuple[list[str] | None, str]:
    """Return the part of each film by an asked or found split, None where it is drawn; and a sentence on it."""
    if split == "seeded":
        return None, "The split is drawn by patient, with the seed of the settings."
    for kind in SPLIT_LISTS if split == "auto" else (split,):
        parts = _published_parts(folder, kind)
        if parts is None:
            continue
        if not parts.index.is_unique:
            raise DataError(
                f"The lists of the {kind} split name a film twice; replace them by the published ones."
            )
        if missing := sum(name not in parts.index for name in names):
            raise DataError(
                f"{plural(missing, 'film', 'are')} in no list of the {kind} split; complete the lists."
            )
        said = {
            "official": "The split is the official one: train_val_list.txt and test_list.txt.",
            "reproduction": "The split is that of the CheXNet reproductions, not the official one.",
        }
        return parts[list(names)].tolist(), said[kind]
    if split != "auto":
        raise DataError(
            f"The lists of the {split} split are not in {folder.name!r}: {', '.join(SPLIT_LISTS[split])}"
            f"{f', or {SPLIT_TABLE}' if split == 'reproduction' else ''}; put them there, or choose another split."
        )
    return (
        None,
        "No list of a published split is here: the split is drawn by patient, with the seed of the settings.",
    )


def _published_parts(folder: Path, kind: str) -> "pd.Series | None":
    """Return the part of each film name in a published split; None when its files are not all there."""
    table = find_table(folder, [SPLIT_TABLE]) if kind == "reproduction" else None
    if table is not None:
        folds = read_table(table, ("Image Index", "fold"), others=True)
        if not folds["fold"].isin(FOLDS).all():
            raise DataError(f"{table.name} has a fold other than {', '.join(FOLDS)}; correct it.")
        return pd.Series(folds["fold"].map(FOLDS).to_numpy(), folds["Image Index"].map(film_stem))
    lists = {find_table(folder, [name]): part for name, part in SPLIT_LISTS[kind].items()}
    if None in lists:
        return None
    found = []
    for path, part in lists.items():
        # Lines are a name, or a name and fourteen digits; the first word is the name.
        films = [film_stem(cells[0].split()[0]) for _, cells in read_rows(path, ()) if cells[0]]
        found.append(pd.Series(part, pd.Index(films, dtype=object)))
    return pd.concat(found)
