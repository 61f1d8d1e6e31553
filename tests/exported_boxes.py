"""Bundles of networks that find the drawn rectangles by a rule, so that nothing is trained: bright middles are centres."""

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import radlib
from box_runs import NETWORK, SIDE
from drawn import drawn_boxes
from radlib.datasets.films import FilmSplits
from radlib.deployment.export import export_variant
from radlib.evaluation.training_films import describe_films
from radlib.formats.predictors import save_model
from radlib.foundation import backend
from radlib.foundation.storage import write_json
from radlib.report.boxes.box_results import box_results
from radlib.runs.runs import Run, open_run
from radlib.runs.variants import Step, Variant, variant_name

HEAT = {"original": 6.9, "clustering": 6.9001}  # how bright a middle must be, times 12
# What follows from the mean grey of 8 × 8 pixels: factor and constant of heat, width, height, right and down, before the sigmoid.
FACTORS, CONSTANTS = (12.0, 4.0, -4.0, 3.0, -2.0), (0.0, -3.2, 1.6, -1.8, 1.3)


def box_rule(bright: float):
    """Return a Keras network that marks a box around bright middles, as large and as shifted as they are bright."""
    keras = backend.keras()
    film = keras.Input((SIDE, SIDE, 1), name="film")
    mean = keras.layers.Conv2D(1, 8, strides=4, padding="same", name="mean")(film)
    model = keras.Model(film, keras.layers.Conv2D(5, 1, activation="sigmoid", name="predictions")(mean))
    model.get_layer("mean").set_weights([np.full((8, 8, 1, 1), 1 / 64, np.float32), np.zeros(1, np.float32)])
    factors = np.reshape(np.array(FACTORS, np.float32), (1, 1, 1, 5))
    constants = np.array(CONSTANTS, np.float32)
    constants[0] = -bright
    model.get_layer("predictions").set_weights([factors, constants])
    return model


def exported_boxes(folder: Path, chains: Sequence[str]) -> list[Path]:
    """Return bundles of a tested run's variants below `folder`: the original (`original`) and LiteRT files of it.

    Args:
        folder: Where to; made.
        chains: `original`, `float32`, `int8`, or `int8_io` with integers at both ends.
    """
    folder.mkdir(parents=True, exist_ok=True)
    study = folder / "boxed.yaml"
    study.write_text(
        f"name: boxed\ntitle: Boxed rectangles\ntest_is_public: false\nparameters: {{architecture: {NETWORK}, image_size: {SIDE}, "
        "margin: 0.06, stress_films: 0, bootstrap_draws: 100, latency_calls: 50, chains: [clustering]}\n"
    )
    run, films = open_run(str(folder / "run"), study=str(study)), drawn_boxes(test=160)
    for chain in dict.fromkeys([*HEAT, *chains]):
        _add(run, films, chain)
    radlib.select(run, films)
    radlib.predict(run, films, run.variants(), split="test")
    describe_films(run, films, run.variants())
    box_results(run).to_csv(run.path("results.csv"), index=False)
    return [export_variant(run.folder, f"{NETWORK}--{chain}--seed0", folder / chain) for chain in chains]


def _litert(films: FilmSplits, chain: str) -> bytes:
    tensorflow = backend.tensorflow()
    converter = tensorflow.lite.TFLiteConverter.from_keras_model(box_rule(HEAT["original"]))
    if chain != "float32":
        images = films.training.images(slice(0, 32))
        converter.optimizations = [tensorflow.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([image[None]] for image in images)
        converter.target_spec.supported_ops = [tensorflow.lite.OpsSet.TFLITE_BUILTINS_INT8]
    if chain == "int8_io":
        converter.inference_input_type = converter.inference_output_type = tensorflow.int8
    with backend.quiet_stderr(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TensorFlow says that it has no statistics, and goes on to take them
        content: bytes = converter.convert()
    return content


def _add(run: Run, films: FilmSplits, chain: str) -> Variant:
    original, keras = chain == "original", chain in HEAT
    file = "model.keras" if keras else "model.tflite"

    def build(folder: Path) -> dict:
        save_model(box_rule(HEAT[chain]) if keras else _litert(films, chain), folder / file)
        write_json(folder / "preprocessing.json", films.preprocessing.to_dict())
        return {
            "file": file,
            "label": chain.replace("_", " "),
            "parent": None if original else variant_name(NETWORK, "", 0),
            "chain": () if original else (Step(chain, {}, 1),),
            "architecture": NETWORK,
            "task": films.training.task.name,
            "seed": 0,
            "format": "keras" if keras else "tflite",
            "labels": films.training.task.outputs,
            "input_shape": (SIDE, SIDE, 1),
            "preprocessing": films.preprocessing.digest(),
        }

    return run.load_or_build(variant_name(NETWORK, "" if original else chain, 0), {"chain": chain}, build)
