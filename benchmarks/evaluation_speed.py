"""How fast thousands of decoded films are evaluated, against the three usual ways.

All four do the same work: decoded films (uint8, 224 × 224) to probabilities of one MobileNetV2 1.0. radlib's
engine and the usual LiteRT loop run its int8 file, the two Keras ways the float32 network it was made from.
Every round runs a slice of each, one after the other, so that a slow spell of the machine hits all; each way's
time per film is the median over the rounds. Starts (imports, opening, workers) are timed apart. Every way
runs in a process of its own, which waits while another's slice runs.
"""

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np

IMAGE_SIZE = 224
WAYS = {
    "engine": "radlib: 2 processes, one thread and one film each",
    "one_image": "Keras predict, one film a call (the references' loop)",
    "batched": "Keras predict, 32 films a batch",
    "litert": "LiteRT loop, one process, default options",
}
TARGETS = {"one_image": 40.0, "batched": 5.0, "litert": 1.8}
SHARES = {"engine": 1.0, "one_image": 0.012, "batched": 0.064, "litert": 0.2}  # of the films, in all rounds
FEWEST_FILMS = {"engine": 1, "one_image": 10, "batched": 32, "litert": 50}  # in one round
ROUNDS = 5
SIZES_FOR_MEMORY = (1000, 3000, 6000)


def measure(films: int = 5000, *, rounds: int = ROUNDS) -> dict:
    """Return seconds per film and ratios of all ways, and how memory grows with the number of films.

    Args:
        films: That the engine evaluates in all; the slow ways run a share of them (the result says how many)
            and are compared per film.
        rounds: Slices that the work is cut into.
    """
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder), films)
        counts = {way: max(FEWEST_FILMS[way], round(films * SHARES[way] / rounds)) for way in WAYS}
        counts["batched"] = max(32, counts["batched"] // 32 * 32)
        times: dict[str, list[float]] = {way: [] for way in WAYS}
        with contextlib.ExitStack() as stack:
            processes = {way: stack.enter_context(_process(way, folder)) for way in WAYS}
            starts = {way: _answer(process)["start_seconds"] for way, process in processes.items()}
            for round_number in range(rounds):
                for way, process in processes.items():
                    first = round_number * counts[way] % max(1, films - counts[way] + 1)
                    process.stdin.write(f"{first} {counts[way]}\n")
                    process.stdin.flush()
                    times[way].append(_answer(process)["seconds"] / counts[way])
        memory = memory_growth(Path(folder))
    per_film = {way: statistics.median(seconds) for way, seconds in times.items()}
    return {
        "network": f"MobileNetV2 1.0, {IMAGE_SIZE} px",
        "rounds": rounds,
        "films": {way: rounds * count for way, count in counts.items()},
        "start_seconds": starts,
        "ms_per_film": {way: 1000 * seconds for way, seconds in per_film.items()},
        "ms_per_film_by_round": {way: [1000 * s for s in seconds] for way, seconds in times.items()},
        "times_faster": {way: per_film[way] / per_film["engine"] for way in TARGETS},
        "targets": TARGETS,
        "memory": memory,
    }


def prepare(folder: Path, films: int) -> None:
    """Write the network as Keras and int8 LiteRT file, and a file of random decoded films."""
    from radlib.architectures.networks import build_network
    from radlib.formats.predictors import save_model
    from radlib.foundation import backend
    from radlib.runs import tasks

    model = build_network("mobilenet_v2", {}, tasks.binary("opacity"), (IMAGE_SIZE, IMAGE_SIZE, 1))
    save_model(model, folder / "model.keras")
    generator = np.random.default_rng(0)
    count = max(films, *SIZES_FOR_MEMORY)
    pixels = np.lib.format.open_memmap(folder / "films.npy", "w+", np.uint8, (count, IMAGE_SIZE, IMAGE_SIZE))
    for start in range(0, count, 500):
        stop = min(start + 500, count)
        pixels[start:stop] = generator.integers(0, 256, (stop - start, IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    tensorflow = backend.tensorflow()
    converter = tensorflow.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tensorflow.lite.Optimize.DEFAULT]
    examples = (pixels[:20] / np.float32(255))[..., None]
    converter.representative_dataset = lambda: ([example[None]] for example in examples)
    converter.target_spec.supported_ops = [tensorflow.lite.OpsSet.TFLITE_BUILTINS_INT8]
    with backend.quiet_stderr(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TensorFlow says that it has no statistics, and goes on to take them
        (folder / "model.tflite").write_bytes(converter.convert())


def memory_growth(folder: Path) -> dict:
    """Return the peak memory of an evaluation, its process and its workers, for several numbers of films."""
    peaks = {}
    for count in SIZES_FOR_MEMORY:
        with _process("peak", str(folder)) as process:
            _answer(process)
            process.stdin.write(f"0 {count}\n")
            process.stdin.flush()
            peaks[count] = _answer(process)["peak_bytes"]
    sizes, values = np.array(list(peaks)), np.array(list(peaks.values()))
    slope = float(np.polyfit(sizes, values, 1)[0])
    return {
        "peak_bytes": {str(count): peak for count, peak in peaks.items()},
        "bytes_per_film": slope,
        "film_bytes": IMAGE_SIZE * IMAGE_SIZE,
    }


@contextlib.contextmanager
def _process(way: str, folder: str) -> Iterator[subprocess.Popen]:
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.evaluation_speed", way, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield process
    finally:
        process.communicate()


def _answer(process: subprocess.Popen) -> dict:
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"{process.args[-2]!r} ended with status {process.wait()}")
    return json.loads(line)


def _serve(way: str, folder: Path) -> None:
    """Run one way: open, say how long that took, then time slices until the input ends."""
    begun = time.perf_counter()
    pixels = np.load(folder / "films.npy", mmap_mode="r")
    run, close = _OPENERS[way](folder, pixels)
    run(0, FEWEST_FILMS.get(way, 1))  # the first call compiles
    print(json.dumps({"start_seconds": time.perf_counter() - begun}), flush=True)
    for line in sys.stdin:
        first, count = map(int, line.split())
        begun = time.perf_counter()
        facts = run(first, count)
        seconds = time.perf_counter() - begun
        print(json.dumps({"seconds": seconds, **(facts or {})}), flush=True)
    close()


def _open_engine(folder: Path, pixels: np.ndarray):
    from radlib.evaluation.inference import predict_files
    from radlib.evaluation.workers import Workers

    workers = Workers(2)
    workers.start()

    def run(first: int, count: int) -> None:
        predict_files(folder / "model.tflite", "tflite", pixels[first : first + count], workers=workers)

    return run, workers.close


def _open_peak(folder: Path, pixels: np.ndarray):
    from radlib.evaluation.inference import predict_files
    from radlib.evaluation.workers import Workers

    workers = Workers(2)
    workers.start()

    def run(first: int, count: int) -> dict:
        predict_files(folder / "model.tflite", "tflite", pixels[first : first + count], workers=workers)
        team = [os.getpid(), *(process.pid for process in workers._team.values())]
        return {"peak_bytes": sum(_peak_bytes(number) for number in team)}

    return run, workers.close


def _peak_bytes(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text()
    return 1024 * int(status.split("VmHWM:")[1].split()[0])


def _open_one_image(folder: Path, pixels: np.ndarray):
    from radlib.formats.keras import load_model

    model = load_model(folder / "model.keras")

    def run(first: int, count: int) -> None:
        for film in pixels[first : first + count]:
            model.predict((film / np.float32(255))[None, ..., None], verbose=0)

    return run, lambda: None


def _open_batched(folder: Path, pixels: np.ndarray):
    from radlib.formats.keras import load_model

    model = load_model(folder / "model.keras")

    def run(first: int, count: int) -> None:
        images = (pixels[first : first + count] / np.float32(255))[..., None]
        model.predict(images, batch_size=32, verbose=0)

    return run, lambda: None


def _open_litert(folder: Path, pixels: np.ndarray):
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(folder / "model.tflite"))
    interpreter.allocate_tensors()
    source, target = interpreter.get_input_details()[0], interpreter.get_output_details()[0]

    def run(first: int, count: int) -> None:
        for film in pixels[first : first + count]:
            interpreter.set_tensor(source["index"], (film / np.float32(255))[None, ..., None])
            interpreter.invoke()
            interpreter.get_tensor(target["index"])

    return run, lambda: None


_OPENERS = {
    "engine": _open_engine,
    "one_image": _open_one_image,
    "batched": _open_batched,
    "litert": _open_litert,
    "peak": _open_peak,
}

if __name__ == "__main__":
    _serve(sys.argv[1], Path(sys.argv[2]))
