"""Does memory stay flat while films stream through, and does training ever wait for them?

**stream** decodes thousands of small drawn films into a store in one go, as opening a data set does, and watches
the memory of the process and of its workers all the while. What counts is the slope: bytes per further film.

**training** runs radlib's own input pipeline (cache, augmentation, batches) into real training steps, and times
how long each step waits for its batch. The network is the smallest that studies train at this size, since the
fastest step leaves the pipeline the least time.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd

SIDE = 64  # of the streamed films, pixels
DRAWN = 200  # different films; the others are these with other noise
TARGETS = {"bytes_per_film": 1000.0, "waiting_share": 0.05}
WARM_UP = 0.2  # of the films, before memory is judged: interpreters and pools fill first


def measure_memory(films: int = 26_000) -> dict:
    """Return how memory grows while films stream through, in a process of its own.

    Returns:
        `films`, `decoded`, `seconds`, `peak_mb` and `bytes_per_film`: the slope of a line through all samples
        of the resident memory of the process and its workers, after a warm-up.
    """
    return _in_a_process("memory", films)


def measure_training(films: int = 2000, *, image_size: int = 128, steps: int = 300) -> dict:
    """Return which share of a training's time it waits for batches, in a process of its own.

    Returns:
        `films`, `image_size`, `network`, `steps`, `step_ms`, `waiting_share`, and `augmentation_ms` per film.
    """
    return _in_a_process("training", films, image_size, steps)


def _in_a_process(kind: str, *numbers: int) -> dict:
    command = [sys.executable, "-m", "benchmarks.streaming", kind, *map(str, numbers)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def _memory(films: int) -> dict:
    from radlib.imaging import images
    from radlib.imaging.decoding import decode
    from radlib.imaging.phantoms import dicom_writing
    from radlib.imaging.phantoms.phantoms import draw_film, draw_patient

    generator = np.random.default_rng(0)
    drawn = [
        draw_film(draw_patient(generator), "PA", False, generator, side=SIDE).image for _ in range(DRAWN)
    ]
    samples: list[tuple[int, int]] = []
    with tempfile.TemporaryDirectory(prefix="radlib-films-") as folder:
        paths = [Path(folder) / f"{number}.dcm" for number in range(films)]
        for number, path in enumerate(paths):
            noise = generator.standard_normal((SIDE, SIDE), np.float32) * np.float32(0.01)
            kind = dicom_writing.StorageKind(8, jpeg=True) if number % 2 else dicom_writing.StorageKind(12)
            header = dicom_writing.Header(f"P{number}", "PA", 50, "F", f"film{number}")
            dicom_writing.write_film(path, (drawn[number % DRAWN] + noise).clip(0, 1), kind, header)
        index = pd.DataFrame({"image_id": map(images.image_id, paths), "path": map(str, paths)})
        cache, record = Path(folder) / "cache", images.Preprocessing(SIDE)
        done = threading.Event()
        watch = threading.Thread(target=_watch, args=(cache, samples, done), daemon=True)
        watch.start()
        begun = time.perf_counter()
        decoded = decode.decode_films(index, record, cache)
        seconds = time.perf_counter() - begun
        done.set()
        watch.join()
        count = len(decoded.positions)
    counts, sizes = np.array(samples, np.float64).T
    late = counts > WARM_UP * films
    slope = float(np.polyfit(counts[late], sizes[late], 1)[0])
    peak = float(sizes.max()) / 1e6
    return {"films": films, "decoded": count, "seconds": seconds, "peak_mb": peak, "bytes_per_film": slope}


def _watch(cache: Path, samples: list[tuple[int, int]], done: threading.Event) -> None:
    """Note films written and bytes resident, twenty times a second."""
    while not done.wait(0.05):
        stores = list(cache.glob("films-*/pixels.raw"))
        if stores:
            samples.append((stores[0].stat().st_size // SIDE**2, _resident_bytes()))


def _resident_bytes() -> int:
    """Return the memory of this process and of all that descend from it, shared pages counted once each."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile
        parents[int(status.parent.name)] = int(fields[1])
    family, total = {os.getpid()}, 0
    while more := {child for child, parent in parents.items() if parent in family} - family:
        family |= more
    for process in family:
        try:
            fields = Path(f"/proc/{process}/statm").read_text().split()
        except OSError:
            continue
        total += (int(fields[1]) - int(fields[2])) * os.sysconf("SC_PAGE_SIZE")  # resident, less shared
    return total


def _training(films: int, image_size: int, steps: int) -> dict:
    from radlib.architectures.networks import build_network
    from radlib.datasets.films import Films
    from radlib.foundation import backend
    from radlib.imaging import images
    from radlib.imaging.augmentation import Augmentation
    from radlib.imaging.varied_films import augment_batch
    from radlib.runs import tasks
    from radlib.runs.settings import Settings
    from radlib.training.recipe import recipe_from

    generator = np.random.default_rng(0)
    with tempfile.TemporaryDirectory(prefix="radlib-films-") as folder:
        path = Path(folder) / "pixels.raw"
        generator.integers(0, 256, (films, image_size, image_size), np.uint8).tofile(path)
        pixels = np.memmap(path, np.uint8, "r", shape=(films, image_size, image_size))
        task = tasks.binary("opacity")
        names = [f"{number:012x}" for number in range(films)]
        index = pd.DataFrame({"image_id": names, "patient_id": names, "opacity": np.arange(films) % 2})
        selection = Films(
            index, pixels, np.arange(films), task.label_matrix(index), task, images.Preprocessing(image_size)
        )
        recipe = recipe_from(Settings())
        backend.make_deterministic(0)
        model = build_network("student_small", {}, task, (image_size, image_size, 1))
        model.compile(backend.keras().optimizers.Adam(), task.loss)
        waits, begun = _waits(model, selection, recipe, steps)
        seconds = time.perf_counter() - begun
        batch = pixels[: recipe.batch_size]
        started = time.perf_counter()
        for epoch in range(20):
            augment_batch(batch, Augmentation(), 0, epoch, range(len(batch)))
        augmentation = 1000 * (time.perf_counter() - started) / 20 / len(batch)
    return {
        "films": films,
        "image_size": image_size,
        "network": "student_small",
        "steps": len(waits),
        "step_ms": 1000 * seconds / len(waits),
        "waiting_share": sum(waits) / seconds,
        "augmentation_ms": augmentation,
    }


def _waits(model, films, recipe, steps: int) -> tuple[list[float], float]:
    """Train for some steps; return the seconds that each waited for its batch, and when the first began."""
    from radlib.training import training_films

    waits: list[float] = []
    begun, epoch = 0.0, 0
    while len(waits) < steps:
        batches = iter(training_films.epoch_batches(films, recipe, 0, epoch))
        if not epoch:
            for _ in range(5):  # compiling is no waiting
                model.train_on_batch(*next(batches))
            begun = time.perf_counter()
        while len(waits) < steps:
            asked = time.perf_counter()
            batch = next(batches, None)
            waits.append(time.perf_counter() - asked)
            if batch is None:
                break
            model.train_on_batch(*batch)
        epoch += 1
    return waits, begun


def memory_table(result: dict) -> str:
    """Return the growth of memory as a line of text."""
    return (
        f"{result['films']:,} drawn DICOM films decoded in {result['seconds']:.0f} s, {result['decoded']:,} of them "
        f"whole; peak memory, workers included, {result['peak_mb']:.0f} MB; {result['bytes_per_film']:,.0f} bytes "
        f"per further film   target under {TARGETS['bytes_per_film']:,.0f}"
    )


def training_table(result: dict) -> str:
    """Return the share of waiting as a line of text."""
    return (
        f"Training {result['network']} at {result['image_size']} px, {result['steps']} steps of "
        f"{result['step_ms']:.1f} ms: {100 * result['waiting_share']:.1f} % of the time waiting for films   "
        f"target under {100 * TARGETS['waiting_share']:.0f} %; augmentation {result['augmentation_ms']:.2f} ms a film"
    )


if __name__ == "__main__":
    measured = {"memory": _memory, "training": _training}[sys.argv[1]](*map(int, sys.argv[2:]))
    print(json.dumps(measured))
