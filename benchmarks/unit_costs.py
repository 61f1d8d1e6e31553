"""What one film costs at each station, on one processor core: the units of which larger plans are made (`scale_plan`).

    decode      a DICOM file of 1,024 pixels (half 12-bit raw, half baseline JPEG) and a raw one of 3,000 pixels, as digital
                radiography writes them, to a square
    answer      the square through an int8 LiteRT file, one thread
    look        one look of `radlib read --watch` at a folder, per film that lies in it
    copies      the search for copies among n films, which grows with n²: seconds of two sizes and the power between them
    train       a film through one step of training, augmentation included, on all cores
    report      a film through every table behind the verdicts, per variant

Every unit is the median of several rounds in which all stations take turns. Bytes are counted, not timed.
"""

import contextlib
import math
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from benchmarks import copies_speed, decoding_speed
from radlib.architectures.networks import build_network
from radlib.deployment.reading.arrivals import Arrivals, Pace
from radlib.formats.predictors import open_model
from radlib.foundation import backend
from radlib.imaging import images
from radlib.imaging.augmentation import Augmentation
from radlib.imaging.phantoms import dicom_writing
from radlib.imaging.phantoms.phantoms import draw_film, draw_patient
from radlib.imaging.varied_films import augment_batch
from radlib.runs import tasks
from radlib.techniques.quantization.converter import convert

SQUARE = 96  # pixels
LARGE_SIDE, LARGE_FILMS = 3000, 4
IN_THE_FOLDER = 20_000
COPIES = 10_000, 20_000
BATCH = 64
NETWORKS = {"student_residual": {"first_strides": 2}, "resnet18": {"channels": 1, "input_range": "unit"}}


def measure(films: int = 100, *, rounds: int = 3) -> dict:
    """Return `milliseconds` per film by station, `bytes` per film by place, and `power`, with which the search for copies grows.

    Args:
        films: Of 1,024 pixels.
        rounds: In which the stations take turns.
    """
    with tempfile.TemporaryDirectory(prefix="radlib-costs-") as scratch, contextlib.ExitStack() as stack:
        stations, sizes = _stations(Path(scratch), films, stack)
        times: dict[str, list[float]] = {name: [] for name in stations}
        for number in range(rounds + 1):  # the first warms up
            for name, (count, work) in stations.items():
                begun = time.perf_counter()
                work()
                if number:
                    times[name].append(1000 * (time.perf_counter() - begun) / count)
    found = [copies_speed.measure(count)["processor_seconds"] for count in COPIES]
    return {
        "milliseconds": {name: statistics.median(values) for name, values in times.items()},
        "bytes": sizes,
        "copies_seconds": dict(zip(COPIES, found, strict=True)),
        "power": math.log(found[1] / found[0]) / math.log(COPIES[1] / COPIES[0]),
        "cores": os.cpu_count(),
        "rounds": rounds,
    }


def _stations(
    scratch: Path, films: int, stack: contextlib.ExitStack
) -> tuple[dict[str, tuple[int, Callable[[], object]]], dict[str, float]]:
    """Return what is timed, with the number of films in it, and the bytes of a film at each place."""
    record, large = images.Preprocessing(SQUARE), _large_films(scratch)
    usual = decoding_speed.write_films(scratch, films)
    square = images.prepare(images.read_image(usual[0]), record)
    many = np.repeat(square[None], BATCH, axis=0)
    watched = _full_folder(scratch / "watched")
    stations: dict[str, tuple[int, Callable[[], object]]] = {
        "decode, 1,024 px": (films, lambda: [images.prepare(images.read_image(p), record) for p in usual]),
        "decode, 3,000 px": (
            LARGE_FILMS,
            lambda: [images.prepare(images.read_image(p), record) for p in large],
        ),
        "look of --watch": (IN_THE_FOLDER, lambda: list(watched.at_rest())),
    }
    sizes = {
        "file, 1,024 px": statistics.mean(path.stat().st_size for path in usual),
        "file, 3,000 px": float(large[0].stat().st_size),
        "square, 96 px": float(square.nbytes),
        "square, 224 px": 224.0**2,
    }
    for name, options in NETWORKS.items():
        network = build_network(name, options, tasks.binary("opacity"), (SQUARE, SQUARE, 1))
        path = scratch / f"{name}.tflite"
        path.write_bytes(convert(network))
        predictor = stack.enter_context(open_model(path))
        stations[f"answer, {name}"] = BATCH, lambda ask=predictor.predict: ask(many)
        stations[f"train, {name}"] = BATCH, _trained(network, many)
    return stations, sizes


def _trained(network: object, films: np.ndarray) -> Callable[[], object]:
    """Return a step of training on some films, varied first."""
    network.compile(backend.keras().optimizers.AdamW(1e-3), "categorical_crossentropy")  # type: ignore[attr-defined]
    targets = np.eye(2, dtype=np.float32)[np.arange(len(films)) % 2]

    def step() -> object:
        varied = augment_batch(films, Augmentation(), 0, 0, range(len(films)))
        return network.train_on_batch(varied.reshape(len(films), SQUARE, SQUARE, 1), targets)  # type: ignore[attr-defined]

    return step


def _large_films(folder: Path) -> list[Path]:
    generator = np.random.default_rng(0)
    image = draw_film(draw_patient(generator), "PA", False, generator, side=LARGE_SIDE).image
    paths = [folder / f"large{number}.dcm" for number in range(LARGE_FILMS)]
    for path in paths:
        header = dicom_writing.Header(path.stem, "PA", 50, "F", path.stem)
        dicom_writing.write_film(
            path, image, dicom_writing.StorageKind(16, windowed=True, rescaled=True), header
        )
    return paths


def _full_folder(folder: Path) -> Arrivals:
    """Return a folder with many films that were all answered, as `--watch` sees it."""
    folder.mkdir()
    for number in range(IN_THE_FOLDER):
        (folder / f"{number}.dcm").touch()
    arrivals = Arrivals(folder, Pace(settle_s=0))
    for look, _ in arrivals.at_rest():
        arrivals.settle(look)
    return arrivals


def rows(result: dict) -> Iterator[tuple[str, str]]:
    """Yield every unit as (what, how much)."""
    for name, value in result["milliseconds"].items():
        yield name, f"{value:.2f} ms" if value >= 0.1 else f"{1000 * value:.1f} µs"
    for name, value in result["bytes"].items():
        yield name, f"{value:,.0f} bytes"
    first, second = result["copies_seconds"].values()
    yield (
        f"copies among {COPIES[0]:,} and {COPIES[1]:,}",
        f"{first:.1f} and {second:.1f} s: grows as n^{result['power']:.1f}",
    )
