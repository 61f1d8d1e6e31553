"""A run with small stored variants, built without the training and the techniques of radlib."""

import functools
import io
import tempfile
import warnings
from pathlib import Path

import numpy as np

from drawn import SIDE, drawn_splits, small_network
from made_once import made_once
from radlib.datasets.films import FilmSplits
from radlib.formats.predictors import save_model
from radlib.foundation import backend
from radlib.foundation.registry import FORMATS
from radlib.foundation.storage import write_json
from radlib.runs import tasks
from radlib.runs.runs import Run, open_run
from radlib.runs.variants import Step, Variant, variant_name

NETWORK = "student_small"
CHAINS = ("", "float32", "int8", "int8_io")


@functools.cache
def model_bytes() -> dict[str, bytes]:
    """Return the bytes of one trained network by chain: as Keras file, and converted by TensorFlow itself."""

    def write(path: Path) -> None:
        with path.open("wb") as file:
            np.savez(file, **{f"of {c}": np.frombuffer(made, np.uint8) for c, made in _made().items()})

    with np.load(io.BytesIO(made_once("stored.npz", write))) as arrays:
        return {chain: arrays[f"of {chain}"].tobytes() for chain in CHAINS}


def _made() -> dict[str, bytes]:
    films, tensorflow = drawn_splits(), backend.tensorflow()
    model = small_network()
    images = films.training.images()
    model.compile("adam", "categorical_crossentropy")
    model.fit(images, films.training.task.targets(films.training.labels), epochs=8, verbose=0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        save_model(model, path)
        made = {"": path.read_bytes()}
    for chain in CHAINS[1:]:
        converter = tensorflow.lite.TFLiteConverter.from_keras_model(model)
        if chain != "float32":
            converter.optimizations = [tensorflow.lite.Optimize.DEFAULT]
            converter.representative_dataset = lambda: ([image[None]] for image in images[:32])
            converter.target_spec.supported_ops = [tensorflow.lite.OpsSet.TFLITE_BUILTINS_INT8]
        if chain == "int8_io":
            converter.inference_input_type = converter.inference_output_type = tensorflow.int8
        with backend.quiet_stderr(), warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # TensorFlow says that it has no statistics, and goes on to take them
            made[chain] = converter.convert()
    return made


def add_variant(
    run: Run, films: FilmSplits, chain: str, *, seed: int = 0, content: bytes = b"", format: str = ""
) -> Variant:
    """Store one variant in a run."""
    format = format or ("tflite" if chain else "keras")
    file = f"model{FORMATS[format].facts['suffix']}"

    def build(folder: Path) -> dict:
        (folder / file).write_bytes(content or model_bytes()[chain])
        write_json(folder / "preprocessing.json", films.preprocessing.to_dict())
        return {
            "file": file,
            "label": chain or "original",
            "parent": variant_name(NETWORK, "", seed) if chain else None,
            "chain": tuple(Step(name, {}, 1) for name in chain.split("+") if name),
            "architecture": NETWORK,
            "task": films.training.task.name,
            "seed": seed,
            "format": format,
            "labels": films.training.task.outputs,
            "input_shape": (SIDE, SIDE, 1),
            "preprocessing": films.preprocessing.digest(),
        }

    spec = {"chain": chain, "content": len(content)}
    return run.load_or_build(variant_name(NETWORK, chain, seed), spec, build)


def stored_run(
    folder: Path, *, chains: tuple[str, ...] = CHAINS, public: bool = False
) -> tuple[Run, FilmSplits]:
    """Return a run in `folder` with a variant per chain, and its films."""
    study = folder / "squares.yaml"
    study.write_text(
        f"name: squares\ntest_is_public: {str(public).lower()}\n"
        f"parameters: {{architecture: {NETWORK}, image_size: {SIDE}, latency_calls: 50}}\n"
    )
    run, films = open_run(str(folder / "out"), study=str(study)), drawn_splits()
    for chain in chains:
        add_variant(run, films, chain)
    return run, films


def random_films(count: int, seed: int = 0) -> np.ndarray:
    """Return noise, uint8 (count, SIDE, SIDE)."""
    return np.random.default_rng(seed).integers(0, 256, (count, SIDE, SIDE), dtype=np.uint8)


BINARY = tasks.binary("lung opacity")


def variant(task: tasks.Task) -> Variant:
    """Return the record of an int8 variant that no run holds."""
    return Variant("n/int8#0", "int8", None, (), "n", task.name, 0, "tflite", "model.tflite", 1, "s", task.outputs,
                   (8, 8, 1), "p", "d")  # fmt: skip
