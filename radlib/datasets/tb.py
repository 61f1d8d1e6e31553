"""Tuberculosis on chest films of two hospitals: Shenzhen, China, to learn from, and Montgomery County, USA, to be examined in.

    …/CHNCXR_0001_0.png, …/MCUCXR_0104_1.png             the films, in whatever folders; the last figure is the label
    …/masks/*, …/leftMask/*, …/*_mask.png                masks of the lungs, which are left out
    …/ClinicalReadings/CHNCXR_0001_0.txt                 sex, age and a reading, as published
    MANIFEST.csv                                         or one table of these: path, sex, age, findings

The hospital tells scanner, borders and markers, so a split at random over both measures the source as well; and one hospital's
films say nothing of how a network reads the next. By default the split is the hospital: whatever is chosen is chosen on
Shenzhen's films, and Montgomery's are the test. The running number tells the label in Shenzhen, so nobody may split by it.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from radlib.datasets.dataset import Dataset, Survey, unique_image_ids
from radlib.datasets.fetching.sources import Source
from radlib.datasets.file_facts import file_facts
from radlib.datasets.tables.label_tables import read_table, sexes, years
from radlib.foundation.errors import DataError
from radlib.foundation.extras import pandas as pd
from radlib.foundation.human_units import plural
from radlib.foundation.registry import DATASETS
from radlib.imaging.film_walk import FilmFolder, left_out_sentence, walk
from radlib.runs import tasks

HOSPITALS = {"CHNCXR": "Shenzhen", "MCUCXR": "Montgomery"}
FILM = re.compile(r"(CHNCXR|MCUCXR)_\d{4}_([01])")
ENDINGS = ("", ".png", ".jpg", ".jpeg", ".dcm")
TABLE = "MANIFEST.csv"
MASKS = "masks of lungs"
READINGS = "ClinicalReadings"
SAME_PATIENT = re.compile(r"same pt as ((?:MCUCXR_\d{4}_[01][, ]*)+)")  # as the readings of Montgomery put it
SEX = re.compile(r"\b(female|male)\b|sex:\s*([FM])\b", re.IGNORECASE)
AGE = re.compile(r"(\d+)\s*(y|yr|yrs|year|years|m|months?|d|days?)\b", re.IGNORECASE)
CHILD_YEARS = 16


def survey(folder: Path, *, hospital: str, **_: object) -> Survey:
    """Count the films that are used, without reading one."""
    paths, left_out = hospital_films(folder, hospital)
    return Survey(len(paths), left_out)


@DATASETS.register(
    title="Tuberculosis on adult chest films of two hospitals: Shenzhen and Montgomery (NLM, 2014)",
    citation=(
        "Jaeger S, Candemir S, Antani S, Wang YX, Lu PX, Thoma G. Two public chest X-ray datasets for computer-aided "
        "screening of pulmonary diseases. Quant Imaging Med Surg 4(6), 2014, 475-477. Source of the films: National Library "
        "of Medicine, NIH, Bethesda, MD, USA; Shenzhen No. 3 People's Hospital, Guangdong Medical College, China."
    ),
    licence="Available to the research community; the National Library of Medicine asks to be named, and for the citation",
    needs_files=True,
    survey=survey,
    kaggle=("pulmonary-chest-xray-abnormalities",),
    source=Source(
        kaggle="kmader/pulmonary-chest-xray-abnormalities",
        by_hand=(
            "download the sets of Shenzhen and Montgomery County from the tuberculosis page of lhncbc.nlm.nih.gov, or sign in at "
            "kaggle.com/datasets/kmader/pulmonary-chest-xray-abnormalities, and put both into data/tb, in whatever folders"
        ),
    ),
)
def tb(
    folder: Path,
    *,
    hospital: Literal["both", "shenzhen", "montgomery"] = "both",
    split: Literal["hospital", "seeded"] = "hospital",
) -> Dataset:
    """Read the tuberculosis films of Shenzhen and Montgomery: normal or not, by the last figure of their names.

    Args:
        folder: The folder that holds the films, in it or below, with the readings beside them.
        hospital: `both`, or one alone: `shenzhen` or `montgomery`.
        split: `hospital`: with both, Montgomery's films are the test, and a part of Shenzhen's patients is drawn to choose
            on. `seeded`: all parts are drawn by patient; so they are where there is one hospital alone.

    Returns:
        The data set; label `tuberculosis` (of some films a scar, or a treated or an improving case); with `source` (the
        hospital), `age` and `sex` as far as the readings say.

    Raises:
        DataError: When there are no films, one lies there twice, or a hospital that is asked for has none.
    """
    paths, left_out = hospital_films(folder, hospital)
    stems = [path.stem for path in paths]
    facts = file_facts(folder, paths)
    known = pd.DataFrame({"image_id": unique_image_ids([f["image_id"] for f in facts])})
    known["path"] = [f["path"] for f in facts]
    known["source"] = [HOSPITALS[stem[:6]] for stem in stems]
    known["tuberculosis"] = [float(stem[-1]) for stem in stems]
    said, notes = readings_of(folder, stems)
    known = pd.concat([known, said.drop(columns="findings")], axis=1)
    known["patient_id"] = patients_of(said["findings"].tolist(), stems)
    if hospital == "both" and split == "hospital":
        known["split"] = ["test" if source == "Montgomery" else "training" for source in known["source"]]
        notes.append(
            "The split is the hospital: Montgomery's films are the test, and nothing is chosen on them."
        )
    if (shenzhen := (known["source"] == "Shenzhen")).any():
        notes.append(f"Nobody published whose the {int(shenzhen.sum())} films of Shenzhen are.")
    notes += [*_child_notes(known), *filter(None, [left_out_sentence(left_out)])]
    task = tasks.binary("tuberculosis")
    return Dataset(known, task, folder, tuple(notes), patients_known=not shenzhen.all())


def hospital_films(folder: Path, hospital: str) -> tuple[list[Path], dict[str, int]]:
    """Return the films of one hospital or of both, in the order of their names, and how many files are not used.

    Raises:
        DataError: When a hospital has none, or a film lies there twice.
    """
    found, films, masks = walked(folder)
    asked = [name for name in HOSPITALS.values() if hospital in ("both", name.lower())]
    paths = [path for path in films if HOSPITALS[path.name[:6]] in asked]
    there = {HOSPITALS[path.name[:6]] for path in paths}
    if missing := [name for name in asked if name not in there]:
        prefix = next(prefix for prefix, name in HOSPITALS.items() if name == missing[0])
        raise DataError(
            f"No film of {missing[0]} is in {folder.name!r} or below, named like {prefix}_0001_0.png; unpack them there, or "
            "choose with option 'hospital'."
        )
    stems = [path.stem for path in paths]
    if twice := len(stems) - len(set(stems)):
        raise DataError(f"{plural(twice, 'film', 'lie')} twice in {folder.name!r}; keep one copy of each.")
    others = len(found.films) - len(films) - len(masks)
    left_out = {
        **found.left_out,
        MASKS: len(masks),
        "of the other hospital": len(films) - len(paths),
        "named otherwise than CHNCXR_NNNN_N and MCUCXR_NNNN_N": others,
    }
    return paths, {key: count for key, count in left_out.items() if count}


def walked(folder: Path) -> tuple[FilmFolder, list[Path], list[Path]]:
    """Return what lies in a folder, its films of either hospital, and the masks of lungs, by name."""
    tables = [folder / TABLE, *folder.glob(f"**/{READINGS}/*.txt")]
    found = walk(folder, tables=tables)
    masks = [path for path in found.films if is_mask(path, folder)]
    films = [
        path
        for path in found.films
        if FILM.fullmatch(path.stem) and path.suffix.lower() in ENDINGS and not is_mask(path, folder)
    ]
    return found, sorted(films, key=lambda path: path.name), masks


def is_mask(path: Path, folder: Path) -> bool:
    """Tell whether a picture is a mask: it is called so, or lies in a folder that is."""
    parts = path.relative_to(folder).parts
    return path.stem.lower().endswith("_mask") or any("mask" in part.lower() for part in parts[:-1])


def readings_of(folder: Path, stems: Sequence[str]) -> "tuple[pd.DataFrame, list[str]]":
    """Return sex, age and reading of each film from the table or the published texts, and sentences on what is unknown."""
    table = folder / TABLE
    said = _from_table(table, stems) if table.is_file() else _from_texts(folder, stems)
    ages, age_notes = years(said["age"])
    known_sex, sex_notes = sexes(said["sex"])
    notes = [*age_notes, *sex_notes]
    if contradicted := int((said["sex_conflict"] == "1").sum()):
        notes.append(
            f"The sex of {plural(contradicted, 'film')} is taken as unknown: two tables contradict each other."
        )
    known_sex = known_sex.where(said["sex_conflict"] != "1", None)
    return pd.DataFrame({"age": ages, "sex": known_sex, "findings": said["findings"]}), notes


def _from_table(table: Path, stems: Sequence[str]) -> "pd.DataFrame":
    """Return text of the table in the order of the films."""
    columns = ("sex", "age", "findings")
    rows = read_table(table, ("path", *columns), others=True, optional=("sex_conflict",))
    rows.index = pd.Index([Path(name).stem for name in rows["path"]])
    if not rows.index.is_unique:
        raise DataError(f"{table.name} has a film twice; keep one row for each.")
    if missing := sum(stem not in rows.index for stem in stems):
        raise DataError(
            f"{plural(missing, 'film', 'are')} not in {table.name}; complete the table, or take it away."
        )
    if "sex_conflict" not in rows:
        rows["sex_conflict"] = ""
    return rows.loc[list(stems), [*columns, "sex_conflict"]].reset_index(drop=True)


def _from_texts(folder: Path, stems: Sequence[str]) -> "pd.DataFrame":
    """Return what the published texts say of the films: `male 45yrs`, or `Patient's Sex: F` and `Patient's Age: 027Y`."""
    texts: Mapping[str, Path] = {path.stem: path for path in folder.glob(f"**/{READINGS}/*.txt")}
    rows = []
    for stem in stems:
        text = texts[stem].read_text(encoding="latin-1") if stem in texts else ""
        sex, age = SEX.search(text), AGE.search(text)
        who = (sex[1] or sex[2]) if sex else ""
        rows.append((who, f"{age[1]} {age[2]}" if age else "", text))
    return pd.DataFrame(rows, columns=["sex", "age", "findings"], dtype=str).assign(sex_conflict="")


def patients_of(findings: Sequence[str], stems: Sequence[str]) -> list[str]:
    """Return whose each film is: as a reading names an earlier film of the patient, else a patient of its own.

    Args:
        findings: The reading of each film, such as `stable (same pt as MCUCXR_0113_1)`.
        stems: Their names, in order.
    """
    patients: dict[str, str] = {}
    for stem, text in zip(stems, findings, strict=True):
        earlier = SAME_PATIENT.search(text)
        named = FILM.search(earlier[1]) if earlier else None
        patients[stem] = patients.get(named[0], named[0]) if named else stem
    return list(patients.values())


def _child_notes(known: "pd.DataFrame") -> list[str]:
    """Say how age and label are tied: in these hospitals, whoever is a child is seldom ill."""
    children = known[known["age"] < CHILD_YEARS]
    normal = int((children["tuberculosis"] == 0).sum())
    said = f"{plural(len(children), 'film', 'are')} of patients under {CHILD_YEARS}, {normal} of them normal: age and label are tied."
    return [said] * (len(children) > 0)
