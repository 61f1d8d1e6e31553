"""Films of any folder as conformance vectors of a bundle: what the desk makes of each, for the page to be held against."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from pydicom import uid

from dicom_films import film_header, save_film
from radlib.deployment.described_variants import read_described
from radlib.evaluation.deciding import Answer, Decider
from radlib.formats.predictors import open_model
from radlib.imaging.images import Preprocessing, UnreadableImage, prepare, read_image
from radlib.runs.tasks import task_of


def with_films(bundle: Path, films: Sequence[Path], folder: Path) -> Path:
    """Copy a bundle with other films as its vectors; those that the desk cannot read are named with the reason.

    Args:
        bundle: What `radlib export` wrote.
        films: The films.
        folder: Where to; made.
    """
    shutil.copytree(bundle, folder, ignore=shutil.ignore_patterns("conformance", "*.whl"))
    (folder / "conformance" / "films").mkdir(parents=True)
    (folder / "conformance" / "bytes").mkdir()
    variant, record = read_described(bundle)
    preparation, task = Preprocessing.from_dict(record["preparation"]), task_of(variant)
    decider, vectors = Decider(task, record["thresholds"]), []
    with open_model(bundle / record.get("runs", record["file"]), "tflite") as model:
        for number, film in enumerate(films):
            copy = folder / "conformance" / "films" / f"{number:03d}{film.suffix}"
            shutil.copyfile(film, copy)
            vector = {"name": copy.stem, "file": f"films/{copy.name}", "kind": _kind(copy), "steps": []}
            try:
                grey = read_image(copy, window=preparation.window)
            except UnreadableImage as error:
                vectors.append({**vector, "reason": error.reason})
                continue
            levels = prepare(grey, preparation)
            outputs = model.predict(levels[None])[0]
            row = decider.row(Answer("", "", outputs))
            vector["steps"] = [
                _keep(folder, copy.stem, step, array) for step, array in (("grey", grey), ("levels", levels))
            ]
            decisions = {label: row.get(f"{label}_decision", "") for label in task.labels}
            vectors.append({**vector, "outputs": outputs.tolist(), "decisions": decisions})
    (folder / "conformance" / "vectors.json").write_text(json.dumps({"films": vectors}))
    return folder


def odd_films(folder: Path) -> list[Path]:
    """Draw films of kinds that hardly anybody has: inks, single bits, and words that no film has.

    Args:
        folder: Where to; made.
    """
    folder.mkdir()
    grey = np.random.default_rng(0).integers(0, 256, (24, 31), dtype=np.uint8)
    grey[:12] //= 3
    colours = np.stack([grey, np.roll(grey, 3, 0), np.roll(grey, 5, 1)], axis=-1)
    inks = folder / "inks.jpg"
    Image.fromarray(colours).convert("CMYK").save(inks, quality=95)
    content = inks.read_bytes()
    mark = content.index(b"\xff\xee")
    end = mark + 2 + int.from_bytes(content[mark + 2 : mark + 4], "big")
    transform = content.index(b"Adobe") + 11
    (folder / "inks_mixed.jpg").write_bytes(content[:transform] + b"\x02" + content[transform + 1 :])
    (folder / "inks_without_mark.jpg").write_bytes(content[:mark] + content[end:])
    bits = np.packbits(grey > 100, bitorder="little").tobytes()
    words = {1: bits, 4: bits, 12: grey.astype("<u2").tobytes(), 32: grey.astype("<u4").tobytes()}
    for allocated, pixels in words.items():
        for photometric in ("MONOCHROME1", "MONOCHROME2"):
            header = film_header(grey)
            header.SamplesPerPixel, header.PixelRepresentation = 1, 0
            header.BitsAllocated = header.BitsStored = allocated
            header.HighBit, header.PhotometricInterpretation = allocated - 1, photometric
            save_film(header, folder / f"{photometric}_{allocated}.dcm", pixels, uid.ExplicitVRLittleEndian)
    header.BitsAllocated = header.BitsStored = 1
    header.HighBit = 0
    save_film(header, folder / "bits_cut_short.dcm", bits[: len(bits) // 2], uid.ExplicitVRLittleEndian)
    return sorted(folder.iterdir())


def _kind(film: Path) -> str:
    return {".png": "png", ".dcm": "dicom"}.get(film.suffix, "jpeg")


def _keep(folder: Path, name: str, step: str, array: np.ndarray) -> dict:
    path = folder / "conformance" / "bytes" / f"{name}.{step}.bin"
    path.write_bytes(np.ascontiguousarray(array).tobytes())
    return {"step": step, "file": f"bytes/{path.name}", "shape": list(array.shape), "dtype": array.dtype.name}
