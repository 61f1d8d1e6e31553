"""The boxes that a radiologist drew on 984 films of ChestX-ray14, in the pixels of whatever copies of the films are there."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from radlib.datasets.tables.label_tables import find_table, numbers_of, read_table

BOX_NAMES = {"Infiltrate": "Infiltration"}  # the table of boxes calls it so
BOX_COLUMNS = ("Image Index", "Finding Label", "Bbox [x", "y", "w", "h]")
PUBLISHED_SIDE = 1024  # pixels of the published films, in which the boxes are given
BOX_TABLE = "BBox_List_2017.csv"


def film_stem(film: str) -> str:
    """Return a film's name without its ending, since copies are JPEG where the tables say .png."""
    return str(film).strip().rpartition(".")[0] or str(film).strip()


def film_boxes(
    folder: Path, names: Sequence[str], paths: Sequence[str], findings: Sequence[str]
) -> list[list[tuple[float, ...]]] | None:
    """Return the boxes of each film in its stored pixels, None where there is no table of boxes."""
    path = find_table(folder, [BOX_TABLE])
    if path is None:
        return None
    table = read_table(path, BOX_COLUMNS, others=True)
    table = table.assign(**{name: numbers_of(table, name, path.name) for name in BOX_COLUMNS[2:]})
    table = table[table["Finding Label"].replace(BOX_NAMES).isin(findings)]
    by_film = table.groupby(table["Image Index"].map(film_stem))[list(BOX_COLUMNS[2:])]
    drawn = {film: rows.to_numpy(float) for film, rows in by_film}
    return [
        [tuple(map(float, box)) for box in drawn[name] * _scale(film)] if name in drawn and film else []
        for name, film in zip(names, paths, strict=True)
    ]


def _scale(path: str) -> tuple[float, float, float, float]:
    """Return what turns (x, y, width, height) on a published film into pixels of this copy of it."""
    try:
        with Image.open(path, formats=("JPEG", "PNG")) as film:
            across, down = film.width / PUBLISHED_SIDE, film.height / PUBLISHED_SIDE
    except Exception:  # decoders raise a dozen kinds; decoding will say what is wrong with the film
        return 1.0, 1.0, 1.0, 1.0
    return across, down, across, down
