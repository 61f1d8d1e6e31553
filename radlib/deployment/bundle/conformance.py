"""Vectors by which another reader proves itself: drawn films of every kind, and the bytes after each step.

The films are drawn, never a patient's. The bytes come from the very functions that read films on the desk. Raw little-endian numbers
in a file each, so that a browser can read them; `vectors.json` says shape, type and digest. What happens after `grey`
does not depend on the kind of file, so most films have only `levels` and the answer of it, and a few have every step.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from radlib.deployment.bundle import drawn_dicom, drawn_pictures
from radlib.deployment.bundle.specification import FILE as SPECIFICATION
from radlib.formats.predictors import grey_levels
from radlib.formats.tflite import TensorEnd, to_stored
from radlib.foundation.storage import file_sha256, write_json
from radlib.imaging.images import Preprocessing, image_id, preparation_steps, reading_steps
from radlib.imaging.phantoms.phantoms import draw_film, draw_patient

FOLDER, VECTORS = "conformance", "vectors.json"
FORMAT, VERSION = "radlib-conformance", 1
IN_FULL = ("dicom_12_bits_window", "png_16_bits", "jpeg_grey", "png_larger", "png_tall", "png_as_large")
SEED = 17

Vector = tuple[Mapping[str, Any], Mapping[str, np.ndarray]]  # what is said of a film, and arrays by step
Ask = Callable[[np.ndarray, tuple[int, int]], Vector]


def write_conformance(
    folder: Path, preparation: Preprocessing, source: TensorEnd | None = None, ask: Ask | None = None
) -> Path:
    """Write films, the bytes after each step, and what says where they are.

    Args:
        folder: Where to; made.
        preparation: What is done to a grey film.
        source: The tensor that takes a film; None leaves this step out.
        ask: From a prepared film, uint8 (s, s), and its size as it is stored, to what is answered; None leaves this out.

    Returns:
        The path of `vectors.json`.
    """
    films = []
    (folder / "films").mkdir(parents=True)
    (folder / "bytes").mkdir()
    for name, path in _written(folder / "films", preparation.image_size):
        steps = dict(film_steps(path, preparation, source))
        answer, arrays = ask(steps["levels"], steps["grey"].shape) if ask else ({}, {})
        kept = {**steps, **arrays} if name in IN_FULL else {**_in_short(steps), **_drawn(arrays)}
        films.append({
            "name": name,
            "file": f"films/{path.name}",
            "kind": name.partition("_")[0],
            "image_id": image_id(path),
            "sha256": file_sha256(path),
            "steps": [_keep(folder, f"{name}.{step}", step, array) for step, array in kept.items()],
            **answer,
        })  # fmt: skip
    write_json(folder / VECTORS, {
        "format": FORMAT, "version": VERSION, "specification": f"../{SPECIFICATION}", "films": films,
    })  # fmt: skip
    return folder / VECTORS


def film_steps(
    path: Path, preparation: Preprocessing, source: TensorEnd | None
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield a film after every step, by the steps' names in the specification."""
    steps = reading_steps(path, window=preparation.window)
    yield from steps.items()
    levels = np.zeros(0)
    for step, levels in preparation_steps(steps["grey"], preparation):
        yield step, levels
    if source is not None:
        yield "tensor", to_stored(grey_levels(), source.tensor())[levels].reshape(source.shape)


def _in_short(steps: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the steps up to `grey`, and `levels`."""
    names = list(steps)
    kept = [*names[: names.index("grey") + 1], "levels"]
    return {name: steps[name] for name in kept}


def _drawn(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return what is kept of the answer to a film that is not shown in full: what is drawn, not the numbers behind it."""
    return {name: array for name, array in arrays.items() if name != "outputs"}


def _keep(folder: Path, name: str, step: str, array: np.ndarray) -> dict[str, Any]:
    """Write an array as raw little-endian numbers, and return what says so."""
    path = folder / "bytes" / f"{name}.bin"
    array = array.astype(np.float64) if step in ("modality", "voi") else array  # integers in some films only
    content = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False)
    path.write_bytes(content.tobytes())
    return {
        "step": step, "file": f"bytes/{path.name}", "shape": list(array.shape), "dtype": array.dtype.name,
        "sha256": file_sha256(path),
    }  # fmt: skip


def _written(folder: Path, side: int) -> Iterator[tuple[str, Path]]:
    """Write the drawn films; yield their names and files. Most are small, some are larger than what they become."""
    generator = np.random.default_rng(SEED)
    drawing = draw_film(draw_patient(generator), "PA", True, generator, side=256).image

    def cut(height: int, width: int) -> np.ndarray:
        rows, columns = (np.arange(n) * 256 // n for n in (height, width))
        return drawing[rows][:, columns]

    for name in drawn_dicom.FILMS:
        path = folder / f"dicom_{name}.dcm"
        drawn_dicom.write_dicom(path, cut(53, 41), name)
        yield path.stem, path
    for name, (ending, _) in drawn_pictures.FILMS.items():
        path = folder / f"{'png' if ending == '.png' else 'jpeg'}_{name}{ending}"
        drawn_pictures.write_picture(path, cut(47, 58), name)
        yield path.stem, path
    shapes = {
        "larger": (side * 5 // 4 + 3, side * 3 // 2 + 1), "tall": (side * 2 + 5, 7), "as_large": (side, side),
        "one_row": (1, 31),
    }  # fmt: skip
    for name, shape in shapes.items():
        path = folder / f"png_{name}.png"
        drawn_pictures.write_picture(path, cut(*shape), "8_bits")
        yield path.stem, path
