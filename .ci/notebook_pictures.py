"""The small pictures of the README's table of notebooks: from each, the one that people are to remember.

It is the output of the cell tagged `remember`, or else the last picture, on white and as small as a table wants it. Nothing is
executed: what is shown is what is committed.
"""

import base64
import hashlib
import io
from pathlib import Path

import nbformat
from PIL import Image
from PIL.PngImagePlugin import PngInfo

REPOSITORY = Path(__file__).resolve().parent.parent
FOLDER = REPOSITORY / "docs" / "notebooks"
SIZE = 320, 180  # pixels; shown at half of it, so that it is sharp on a fine screen
COLOURS = 128
SOURCE = "source-sha256"  # of the picture in the notebook, kept in the small one


def pictured(notebook: Path) -> nbformat.NotebookNode | None:
    """Return the cell whose picture is shown; None where a notebook has none."""
    cells = [cell for cell in nbformat.read(notebook, as_version=4).cells if png(cell)]
    tagged = [cell for cell in cells if "remember" in cell.metadata.get("tags", [])]
    return next(iter([*tagged, *cells[-1:]]), None)


def png(cell: nbformat.NotebookNode) -> str:
    """Return a cell's last picture in base 64; empty where it has none."""
    found = [output.get("data", {}).get("image/png", "") for output in cell.get("outputs", [])]
    return next((text for text in reversed(found) if text), "")


def small(cell: nbformat.NotebookNode) -> Image.Image:
    """Return a cell's picture, whole, in the middle of a white one of the table's size."""
    image = Image.open(io.BytesIO(base64.b64decode(png(cell)))).convert("RGBA")
    image.thumbnail(SIZE, Image.Resampling.LANCZOS)
    white = Image.new("RGBA", SIZE, "white")
    white.alpha_composite(image, ((SIZE[0] - image.width) // 2, (SIZE[1] - image.height) // 2))
    return white.convert("RGB")


def cell_of_table(notebook: Path) -> str:
    """Return a notebook's picture as it stands in the README."""
    cell = pictured(notebook)
    if cell is None:
        return ""
    told = cell.metadata.get("alt", f"A picture of {notebook.stem}").replace('"', "'").replace("|", "/")
    return f'<img src="docs/notebooks/{notebook.stem}.png" width="{SIZE[0] // 2}" alt="{told}">'


def digest(cell: nbformat.NotebookNode) -> str:
    """Return the SHA-256 of a cell's picture as the notebook holds it."""
    return hashlib.sha256(png(cell).strip().encode()).hexdigest()


def outdated(notebook: Path) -> bool:
    """Return whether a notebook's small picture is missing, or was made of another one."""
    cell, path = pictured(notebook), FOLDER / f"{notebook.stem}.png"
    if cell is None or not path.is_file():
        return (cell is None) == path.is_file()
    with Image.open(path) as image:
        return image.info.get(SOURCE) != digest(cell)


def write() -> None:
    """Write the pictures that are outdated."""
    FOLDER.mkdir(exist_ok=True)
    for notebook in sorted((REPOSITORY / "notebooks").glob("*.ipynb")):
        cell = pictured(notebook)
        if cell is not None and outdated(notebook):
            info = PngInfo()
            info.add_text(SOURCE, digest(cell))
            image = small(cell).quantize(COLOURS, dither=Image.Dither.NONE)
            image.save(FOLDER / f"{notebook.stem}.png", optimize=True, pnginfo=info)


if __name__ == "__main__":
    write()
