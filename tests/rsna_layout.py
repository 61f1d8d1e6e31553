"""Real films in RSNA's layout: DICOM files and the two tables, made from the films of ChestX-ray14 beside the checkout."""

import uuid
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from radlib.datasets.rsna import CLASS_COLUMNS, CLASSES_TABLE, IMAGES_FOLDER, LABEL_COLUMNS, LABELS_TABLE
from radlib.imaging.phantoms.dicom_writing import Header, draw_storage_kind, write_film

OPACITIES = {"Infiltration", "Pneumonia", "Consolidation"}  # the findings that RSNA's readers looked for
SIDE = 256  # pixels of the films beside the checkout; boxes are given on 1024


def make_rsna_layout(source: Path, folder: Path, *, limit: int | None = None) -> pd.DataFrame:
    """Write the films of ChestX-ray14 as DICOM files of all the kinds that X-ray rooms produce.

    Args:
        source: The folder with `images256/`, `images256.csv` and `BBox_List_2017.csv.gz`.
        folder: Where to write.
        limit: How many films, all when None.

    Returns:
        The source's rows with the `name` that each film was given.
    """
    films = pd.read_csv(source / "images256.csv").iloc[:limit]
    boxes = pd.read_csv(source / "BBox_List_2017.csv.gz").groupby("Image Index")
    generator = np.random.default_rng(0)
    (folder / IMAGES_FOLDER).mkdir(parents=True)
    labels, classes, names = [], [], []
    for film in films.to_dict("records"):
        name = str(uuid.UUID(bytes=generator.bytes(16), version=4))
        with Image.open(source / "images256" / film["file"]) as picture:
            pixels = np.asarray(picture.convert("L"), np.float32) / 255
        header = Header(
            patient_id=str(film["Patient ID"]),
            view=film["View Position"],
            age=film["Patient Age"],
            sex=film["Patient Gender"],
            name=name,
        )
        write_film(folder / IMAGES_FOLDER / f"{name}.dcm", pixels, draw_storage_kind(generator), header)
        findings = set(film["Finding Labels"].split("|"))
        opacity = bool(findings & OPACITIES)
        kind = (
            "Lung Opacity"
            if opacity
            else "Normal"
            if findings == {"No Finding"}
            else "No Lung Opacity / Not Normal"
        )
        drawn = [(None,) * 4]
        if opacity:
            known = film["Image Index"] in boxes.groups
            given = boxes.get_group(film["Image Index"]) if known else None
            drawn = (
                given[["Bbox [x", "y", "w", "h]"]].to_numpy() * SIDE / 1024
                if known
                else [(96.0, 96.0, 64.0, 64.0)]
            )
        labels += [(name, *box, int(opacity)) for box in drawn]
        classes += [(name, kind)] * len(drawn)
        names.append(name)
    pd.DataFrame(labels, columns=LABEL_COLUMNS).to_csv(folder / LABELS_TABLE, index=False)
    pd.DataFrame(classes, columns=CLASS_COLUMNS).to_csv(folder / CLASSES_TABLE, index=False)
    return films.assign(
        name=names, opacity=[bool(set(f.split("|")) & OPACITIES) for f in films["Finding Labels"]]
    )
