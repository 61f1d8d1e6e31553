"""A run whose networks outline the drawn squares by a rule, so that nothing is trained: bright where its surroundings are bright."""

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import radlib
from drawn import SIDE, drawn_outlines
from radlib.datasets.films import FilmSplits
from radlib.deployment.export import export_variant
from radlib.evaluation.training_films import describe_films
from radlib.formats.predictors import save_model
from radlib.foundation import backend
from radlib.foundation.storage import write_json
from radlib.report.outlines.outline_results import outline_results
from radlib.runs.runs import Run, open_run
from radlib.runs.variants import Step, Variant, variant_name

NETWORK = "outline_student"
CHAINS = {"": 0.43, "clustering": 0.430001, "magnitude_pruning": 0.55}  # grey above which a pixel is outlined


def ruler(least: float):
    """Return a Keras network that outlines where the mean grey of 3 × 3 pixels is at least so high."""
    keras = backend.keras()
    film = keras.Input((SIDE, SIDE, 1), name="film")
    mean = keras.layers.Conv2D(1, 3, padding="same", name="mean")(film)
    model = keras.Model(film, keras.layers.Conv2D(1, 1, activation="sigmoid", name="predictions")(mean))
    model.get_layer("mean").set_weights([np.full((3, 3, 1, 1), 1 / 9, np.float32), np.zeros(1, np.float32)])
    sharp = np.full((1, 1, 1, 1), 40.0, np.float32), np.full(1, -40.0 * least, np.float32)
    model.get_layer("predictions").set_weights(sharp)
    return model


def outline_run(
    folder: Path, *, test: int = 160, parameters: str = "", stress_films: int = 0
) -> tuple[Run, FilmSplits]:
    """Return a run with an original, a variant that outlines nearly alike and one that misses edges, and its films."""
    folder.mkdir(parents=True, exist_ok=True)
    study = folder / "outlined.yaml"
    study.write_text(
        f"name: outlined\ntitle: Outlined squares\ntest_is_public: false\nparameters: {{architecture: {NETWORK}, image_size: {SIDE}, "
        f"margin: 0.06, stress_films: {stress_films}, bootstrap_draws: 200, latency_calls: 50, chains: [clustering, magnitude_pruning]"
        f"{parameters}}}\n"
    )
    run, films = open_run(str(folder / "out"), study=str(study)), drawn_outlines(test=test)
    for place, (chain, least) in enumerate(CHAINS.items()):
        _add(run, films, chain, least, smaller=place * 1000)
    return run, films


def add_litert(run: Run, films: FilmSplits, chain: str) -> Variant:
    """Add the original as a LiteRT file: `float32`, `int8`, or `int8_io` with integers at both ends."""
    tensorflow = backend.tensorflow()
    converter = tensorflow.lite.TFLiteConverter.from_keras_model(ruler(CHAINS[""]))
    if chain != "float32":
        images = films.training.images(slice(0, 32))
        converter.optimizations = [tensorflow.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([image[None]] for image in images)
        converter.target_spec.supported_ops = [tensorflow.lite.OpsSet.TFLITE_BUILTINS_INT8]
    if chain == "int8_io":
        converter.inference_input_type = converter.inference_output_type = tensorflow.int8
    with backend.quiet_stderr(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TensorFlow says that it has no statistics, and goes on to take them
        content = converter.convert()
    return _add(run, films, chain, CHAINS[""], len(CHAINS) * 1000, content)


def exported_outlines(folder: Path, chains: Sequence[str]) -> list[Path]:
    """Return bundles of a tested run's variants below `folder`: the original (`original`) and LiteRT files of it."""
    run, films = outline_run(folder / "run")
    for chain in chains:
        if chain != "original":
            add_litert(run, films, chain)
    radlib.select(run, films)
    radlib.predict(run, films, run.variants(), split="test")
    describe_films(run, films, run.variants())
    outline_results(run).to_csv(run.path("results.csv"), index=False)
    return [export_variant(run.folder, f"{NETWORK}--{chain}--seed0", folder / chain) for chain in chains]


def _add(
    run: Run, films: FilmSplits, chain: str, least: float, smaller: int, litert: bytes | None = None
) -> Variant:
    file = "model.keras" if litert is None else "model.tflite"

    def build(folder: Path) -> dict:
        save_model(ruler(least) if litert is None else litert, folder / file)
        write_json(folder / "preprocessing.json", films.preprocessing.to_dict())
        return {
            "file": file,
            "label": chain.replace("_", " ") or "original",
            "parent": variant_name(NETWORK, "", 0) if chain else None,
            "chain": tuple(Step(name, {}, 1) for name in chain.split("+") if name),
            "architecture": NETWORK,
            "task": films.training.task.name,
            "seed": 0,
            "format": "keras" if litert is None else "tflite",
            "labels": films.training.task.outputs,
            "input_shape": (SIDE, SIDE, 1),
            "preprocessing": films.preprocessing.digest(),
        }

    return run.load_or_build(variant_name(NETWORK, chain, 0), {"chain": chain, "smaller": smaller}, build)
