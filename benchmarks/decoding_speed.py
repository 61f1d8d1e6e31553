"""How fast DICOM films become squares, and how much faster once they have been.

Drawn films of 1,024 × 1,024 pixels, half uncompressed with 12 bits and a window, half baseline JPEG as RSNA's,
are read from files (in the page cache) and made into squares of 224 × 224 pixels. Every round runs all ways one
after the other, so that a slow spell of the machine hits all; each way's time per film is the median over the
rounds. Decoders of the JPEG films are compared apart, and each is checked against pydicom's reading: a faster one
that changes a grey level does not count.
"""

import io
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pydicom
from PIL import Image
from pydicom.pixels import apply_modality_lut, apply_voi_lut

from radlib.imaging import images
from radlib.imaging.decoding import decode
from radlib.imaging.dicom import files as dicom
from radlib.imaging.phantoms import dicom_writing
from radlib.imaging.phantoms.phantoms import draw_film, draw_patient

SIDE, SQUARE = 1024, 224
DRAWN = 24  # different films; the others are these with other noise
RAW = dicom_writing.StorageKind(12, windowed=True, rescaled=True)
JPEG = dicom_writing.StorageKind(8, jpeg=True)
WAYS = {
    "usual": "pydicom pixel by pixel, its own choice of decoder",
    "here": "radlib, in this process",
    "one": "radlib, one worker process",
    "two": "radlib, two worker processes",
    "cached": "radlib, a second run: mapped, to float32 in [0, 1]",
}
SHARES = {"usual": 0.2}  # of the films; per film all the same
TARGETS = {"two_processes": 1.4, "cached": 10.0}


def measure(films: int = 400, *, rounds: int = 5) -> dict:
    """Return milliseconds per film of all ways, and the two ratios.

    Args:
        films: Files, half of each kind.
        rounds: Passes over them.
    """
    record = images.Preprocessing(SQUARE)
    with tempfile.TemporaryDirectory(prefix="radlib-films-") as folder:
        paths = write_films(Path(folder), films)
        ids = [images.image_id(path) for path in paths]  # brings them into the page cache, too
        index = pd.DataFrame({"image_id": ids, "path": [str(path) for path in paths]})
        cache = Path(folder) / "cache"
        decode.decode_films(index, record, cache)
        ways = {
            "usual": lambda chosen: [_usual(path, record) for path in chosen],
            "here": lambda chosen: [images.prepare(images.read_image(path), record) for path in chosen],
            "one": lambda chosen: _through_workers(chosen, record, 1),
            "two": lambda chosen: _through_workers(chosen, record, 2),
            "cached": lambda chosen: _cached(index, record, cache),
        }
        times: dict[str, list[float]] = {way: [] for way in WAYS}
        for _ in range(rounds):
            for way, run in ways.items():
                chosen = paths[: max(2, round(films * SHARES.get(way, 1)))]
                begun = time.perf_counter()
                run(chosen)
                times[way].append(1000 * (time.perf_counter() - begun) / len(chosen))
        decoders = compare_decoders([p for p in paths if p.name.startswith("jpeg")][:40], rounds)
    per_film = {way: statistics.median(values) for way, values in times.items()}
    fastest = min(per_film[way] for way in ("here", "one", "two"))
    return {
        "films": films,
        "rounds": rounds,
        "decoder": dicom.DECODERS[pydicom.uid.JPEGBaseline8Bit],
        "ms_per_film": per_film,
        "ms_per_film_by_round": times,
        "decoders": decoders,
        "ratios": {
            "two_processes": per_film["one"] / per_film["two"],
            "cached": fastest / per_film["cached"],
            "against_the_usual": per_film["usual"] / per_film["two"],
        },
        "targets": TARGETS,
    }


def write_films(folder: Path, films: int) -> list[Path]:
    """Write drawn films, uncompressed and JPEG in turns."""
    generator = np.random.default_rng(0)
    drawn = [
        draw_film(draw_patient(generator), view, number % 2 == 0, generator, side=SIDE).image
        for number, view in zip(range(min(DRAWN, films)), ("PA", "AP") * DRAWN, strict=False)
    ]
    paths = []
    for number in range(films):
        noise = generator.standard_normal((SIDE, SIDE), np.float32) * np.float32(0.004)
        kind, name = (RAW, "raw") if number % 2 else (JPEG, "jpeg")
        paths.append(folder / f"{name}{number}.dcm")
        header = dicom_writing.Header(f"P{number}", "PA", 50, "F", f"film{number}")
        dicom_writing.write_film(paths[-1], (drawn[number % len(drawn)] + noise).clip(0, 1), kind, header)
    return paths


def _usual(path: Path, record: images.Preprocessing) -> np.ndarray:
    """Read a film as most scripts do: every step on every pixel."""
    dataset = pydicom.dcmread(path)
    values = apply_voi_lut(apply_modality_lut(dataset.pixel_array, dataset), dataset).astype(np.float32)
    grey = (values - values.min()) / (values.max() - values.min())
    return images.prepare(grey, record)


def _through_workers(paths: list[Path], record: images.Preprocessing, workers: int) -> None:
    texts = [str(path) for path in paths]
    for reason, *_ in decode.decode_files(texts, record, workers=workers):
        if reason:
            raise RuntimeError(f"a drawn film {images.REASONS[reason]}")


def _cached(index: pd.DataFrame, record: images.Preprocessing, cache: Path) -> float:
    """Open the store as a run does, and take all films as a network would, in batches of 32."""
    decoded = decode.decode_films(index, record, cache)
    total = 0.0
    for start in range(0, len(decoded.positions), 32):
        batch = decoded.pixels[decoded.positions[start : start + 32]]
        total += float((batch.astype(np.float32) / np.float32(255))[:, 0, 0].sum())
    return total


def compare_decoders(paths: list[Path], rounds: int) -> list[dict]:
    """Return for each decoder of baseline JPEG its time per film, and whether it is exact."""
    frames = [pydicom.encaps.get_frame(pydicom.dcmread(p).PixelData, 0, number_of_frames=1) for p in paths]
    reference = [pydicom.dcmread(path).pixel_array for path in paths]
    found = []
    for name, decoder in decoders().items():
        seconds, worst = [], 0
        for _ in range(rounds):
            begun = time.perf_counter()
            decoded = [decoder(path, frame) for path, frame in zip(paths, frames, strict=True)]
            seconds.append((time.perf_counter() - begun) / len(paths))
        for film, expected in zip(decoded, reference, strict=True):
            same = film.shape == expected.shape
            worst = max(worst, int(np.abs(film.astype(int) - expected).max()) if same else 255)
        found.append({"name": name, "ms": 1000 * statistics.median(seconds), "exact": worst == 0})
    return found


def decoders() -> dict[str, Callable[[Path, bytes], np.ndarray]]:
    """Return the decoders of baseline JPEG that are installed: from file or frame to (h, w) uint8."""

    def through_pydicom(plugin: str) -> Callable[[Path, bytes], np.ndarray]:
        def read(path: Path, frame: bytes) -> np.ndarray:
            dataset = pydicom.dcmread(path)
            dataset.pixel_array_options(decoding_plugin=plugin)
            return dataset.pixel_array

        return read

    def half_scale(path: Path, frame: bytes) -> np.ndarray:
        picture = Image.open(io.BytesIO(frame))
        picture.draft("L", (SIDE // 2, SIDE // 2))
        return np.asarray(picture)

    found = {
        "radlib: Pillow": lambda path, frame: dicom._stored_values(
            pydicom.dcmread(path), pydicom.uid.JPEGBaseline8Bit
        ),
        "pydicom with Pillow": through_pydicom("pillow"),
        "pydicom's own choice": through_pydicom(""),
        "Pillow at half scale": half_scale,
    }
    available = pydicom.pixels.get_decoder(pydicom.uid.JPEGBaseline8Bit).available_plugins
    found |= {f"pydicom with {plugin}": through_pydicom(plugin) for plugin in available if plugin != "pillow"}
    try:
        import simplejpeg
    except ImportError:
        return found
    return found | {"simplejpeg": lambda path, frame: simplejpeg.decode_jpeg(frame, "GRAY")[..., 0]}


def table(result: dict) -> str:
    """Return times and ratios as lines of text."""
    ratios, targets = result["ratios"], result["targets"]
    lines = [
        f"{result['films']:,} DICOM films, {SIDE} × {SIDE}, half 12-bit uncompressed, half baseline JPEG, to "
        f"{SQUARE} × {SQUARE} (medians of {result['rounds']} interleaved rounds)",
        f"{'':58}{'ms/film':>9}",
        *(f"{text:58}{result['ms_per_film'][way]:>9.2f}" for way, text in WAYS.items()),
        f"{'two processes against one':58}{ratios['two_processes']:>8.2f}x   target {targets['two_processes']:g}x",
        f"{'a second run against the fastest decoding':58}{ratios['cached']:>8.1f}x   target {targets['cached']:g}x",
        f"{'two processes against the usual way':58}{ratios['against_the_usual']:>8.1f}x",
        f"{'Decoders of baseline JPEG (file to stored values)':58}{'ms/film':>9}",
    ]
    for decoder in result["decoders"]:
        lines.append(
            f"  {decoder['name']:56}{decoder['ms']:>9.2f}   {'' if decoder['exact'] else 'not '}exact"
        )
    return "\n".join(lines)
