"""How long one film takes from the command line: `radlib predict`, its start included.

Who sends one film waits for imports, not for the network. An untrained small network as a LiteRT file and a drawn DICOM
film are written once; then processes take turns: the command, the command without its comparison with training films,
and a bare process that imports NumPy, pydicom and LiteRT, decodes the same film and asks the same file, unconfined:
the floor. An earlier checkout of radlib, named by `RADLIB_BEFORE`, joins in.
"""

import dataclasses
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

SIDE = 64
BEFORE = "RADLIB_BEFORE"
FLOOR = """
import sys, numpy as np, pydicom
from ai_edge_litert.interpreter import Interpreter
from PIL import Image
model = Interpreter(sys.argv[1], num_threads=1)
model.allocate_tensors()
film = pydicom.dcmread(sys.argv[2]).pixel_array
grey = np.asarray(Image.fromarray(film.astype(np.float32) / film.max()).resize((64, 64)))
model.set_tensor(model.get_input_details()[0]["index"], grey.reshape(1, 64, 64, 1))
model.invoke()
print(model.get_tensor(model.get_output_details()[0]["index"]))
"""
CALL = "import sys; from radlib.cli.app import main; main(sys.argv[1:])"


def measure(rounds: int = 5) -> dict:
    """Return the median seconds of every way, and how many times slower than the floor it is."""
    with tempfile.TemporaryDirectory() as folder:
        variant, film = _write_variant(Path(folder)), _write_film(Path(folder))
        asked = ["predict", str(variant), str(film)]
        ways = {
            "radlib predict": ([sys.executable, "-c", CALL, *asked], None),
            "radlib predict --fast": ([sys.executable, "-c", CALL, *asked, "--fast"], None),
            "bare libraries": ([sys.executable, "-c", FLOOR, str(variant / "model.tflite"), str(film)], None),
        }
        if before := os.environ.get(BEFORE):
            ways["radlib predict, before"] = ([sys.executable, "-c", CALL, *asked], before)
        seconds: dict[str, list[float]] = {way: [] for way in ways}
        for number in range(rounds + 1):  # the first round fills the file cache
            for way, (command, package) in ways.items():
                taken = _run(command, package, Path(folder))
                if number:
                    seconds[way].append(taken)
    medians = {way: statistics.median(taken) for way, taken in seconds.items()}
    floor = medians["bare libraries"]
    return {
        "seconds": medians,
        "times_the_floor": {w: s / floor for w, s in medians.items()},
        "rounds": rounds,
    }


def table(result: dict) -> str:
    """Return the times as lines of text."""
    lines = ["", f"One film from the command line (medians of {result['rounds']} rounds in turn)"]
    lines.append(f"{'':30}{'seconds':>9}{'floor':>9}")
    for way, seconds in result["seconds"].items():
        lines.append(f"{way:30}{seconds:>9.2f}{result['times_the_floor'][way]:>8.1f}x")
    return "\n".join(lines)


def _run(command: list[str], package: str | None, folder: Path) -> float:
    environment = {**os.environ, "PYTHONPATH": package} if package else dict(os.environ)
    begun = time.perf_counter()
    subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=True)
    return time.perf_counter() - begun


def _write_variant(folder: Path) -> Path:
    """Write an untrained network as an exported variant with a description of its training films."""
    from radlib import architectures
    from radlib.evaluation.typical_films import embedder, typical_of
    from radlib.foundation.storage import file_sha256, write_json
    from radlib.imaging.images import Preprocessing
    from radlib.runs import tasks
    from radlib.runs.variants import Variant
    from radlib.techniques.quantization.converter import convert

    place, task = folder / "variant", tasks.binary("opacity")
    place.mkdir()
    network = architectures.build_network("student_small", {}, task, (SIDE, SIDE, 1))
    (place / "model.tflite").write_bytes(convert(network))
    sha256, preparation = file_sha256(place / "model.tflite"), Preprocessing(SIDE)
    variant = Variant("student_small/float32#0", "float32", None, (), "student_small", "binary", 0, "tflite",
                      "model.tflite", (place / "model.tflite").stat().st_size, sha256, task.outputs,
                      (SIDE, SIDE, 1), preparation.digest(), "")  # fmt: skip
    record = {"preparation": preparation.to_dict(), "thresholds": [0.5], "study": "benchmark"}
    write_json(place / "variant.json", {**dataclasses.asdict(variant), **record})
    films = np.random.default_rng(0).integers(0, 256, (64, SIDE, SIDE), np.uint8)
    typical = typical_of(films[:32], films[32:], embedder(place / "model.tflite", "tflite"), sha256)
    np.savez(place / "typical_films.npz", **vars(typical))
    return place


def _write_film(folder: Path) -> Path:
    from radlib.imaging.phantoms.dicom_writing import Header, StorageKind, write_film
    from radlib.imaging.phantoms.phantoms import draw_film, draw_patient

    generator, path = np.random.default_rng(0), folder / "film.dcm"
    film = draw_film(draw_patient(generator), "PA", False, generator).image
    write_film(path, film.clip(0, 1), StorageKind(12), Header("p", "PA", 40, "F", "n"))
    return path
