"""What quantization does to the scores of real networks: each cure alone, mixed precision, and others' recipes beside them.

Three networks are trained on the Kermany films (CC BY 4.0), which lie beside the checkout and not in it, by the recipe
of the study `kermany_methods`, three seeds each; what is trained already is kept below `outputs/quantizers`. Every way
to quantize starts from the same float32 file. What a way is worth is seen on validation films, as they are and as another
X-ray room would expose and frame them; the official test folder is scored last and decides nothing. A decision is
changed when the quantized network is on the other side of the threshold of the float network, which is Youden's on the
perturbed validation films.
"""

import contextlib
import io
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

SEEDS = (0, 1, 2)
VARIED = {
    "rotation_degrees": 8, "shift": 0.1, "zoom": 0.3, "stretch": 0.2, "brightness": 0.3, "contrast": 1.0, "gamma": 1.0,
}  # fmt: skip
RECIPE = {
    "dataset": "kermany", "id_scope": "folder", "validation_fraction": 0.12, "batch_size": 64, "label_smoothing": 0.1,
    "average_decay": 0.98, "class_weights": False, "patience": 0, "augmentation": VARIED,
    "operating_point_films": "perturbed", "perturbation": VARIED,
}  # fmt: skip
NETWORKS: dict[str, dict[str, Any]] = {
    "mobilenet_v2": {"image_size": 64, "epochs": 12, "learning_rate": 0.002,
                     "architecture_options": {"alpha": 0.35}, "weights": "mobilenet_v2_alpha0.35_notop.h5"},
    "vgg16": {"image_size": 32, "epochs": 6, "learning_rate": 0.0003},
    "student_small": {"image_size": 32, "epochs": 20, "learning_rate": 0.003, "architecture_options": {"width": 2.0}},
}  # fmt: skip
TARGETS = {"auroc": 0.005, "decisions": 0.01}
WAYS: dict[str, tuple[str, dict[str, Any]]] = {
    "int8, nothing corrected": ("int8", {"correct_bias": False}),
    "int8": ("int8", {}),
    "int8, equalized": ("int8", {"equalize": True}),
    "int8, equalized only": ("int8", {"equalize": True, "correct_bias": False}),
    "int8, ranges of least error": ("int8", {"ranges": "least_error"}),
    "int8, ranges by percentile": ("int8", {"ranges": "percentile"}),
    "int8, learned rounding": ("int8", {"rounding": "learned"}),
    "dynamic": ("dynamic", {}),
    "aeq_int4": ("aeq_int4", {}),
    "mixed precision": ("mixed_precision", {}),
    "mixed precision, learned rounding": ("mixed_precision", {"rounding": "learned"}),
    "mixed precision, half the bytes": ("mixed_precision", {"largest_noise": 1000.0}),
    "mixed precision, half, learned": ("mixed_precision", {"largest_noise": 1000.0, "rounding": "learned"}),
}
THEIRS = (
    "static_wi8_ai8",
    "dynamic_wi8_afp32",
    "weight_only_wi8_afp32",
    "dynamic_wi4_afp32",
    "weight_only_wi4_afp32",
)
THRESHOLDS = np.linspace(0.01, 0.99, 99)


def measure(
    films: int,
    *,
    folder: Path = Path("outputs/quantizers"),
    networks: Any = tuple(NETWORKS),
    seeds: Any = SEEDS,
) -> dict:
    """Return bytes and scores of every way, by network and seed.

    Args:
        films: Test films to score at most; 0 leaves the test folder closed.
        folder: Of the run that keeps the trained networks.
        networks: Of `NETWORKS`.
        seeds: Of the trainings.

    Raises:
        FileNotFoundError: When the films are not there.
    """
    shared = Path(os.environ.get("RADLIB_SHARED", Path(__file__).resolve().parents[2] / "shared"))
    os.environ.setdefault("RADLIB_WEIGHTS", str(shared / "weights" / "imagenet"))
    found = []
    for network in networks:
        for seed in seeds:
            found += of_network(folder, shared / "data" / "kermany224", network, seed, films)
    return {"targets": TARGETS, "found": found}


def of_network(folder: Path, data: Path, network: str, seed: int, films: int) -> list[dict]:
    """Return a row for every way to quantize one trained network."""
    from radlib import open_films, open_run
    from radlib.datasets.perturbed_films import perturbed
    from radlib.techniques.data import TechniqueData
    from radlib.techniques.quantization.converter import convert
    from radlib.training.baselines import load_network, train_baseline

    given = {**RECIPE, **NETWORKS[network], "architecture": network, "seed": seed}
    run = open_run(str(folder / f"{network}-{seed}"), study="kermany", data=str(data), chains=[], **given)
    splits = open_films(run)
    model = load_network(run, train_baseline(run, splits))
    scored = {
        "validation": splits.validation,
        "perturbed": perturbed(splits.validation, VARIED, seed),
        "test": splits.test.take(np.arange(min(films, len(splits.test)))),
    }
    images = {name: each.images(np.arange(len(each))) for name, each in scored.items() if len(each)}
    truth = {name: scored[name].labels[:, 0] for name in images}
    plain = convert(model)
    reference = {name: answers(plain, each) for name, each in images.items()}
    threshold = youden(truth["perturbed"], reference["perturbed"])
    training = TechniqueData(splits, run.settings, folder / "unused")
    rows = []
    for way, make in ways(model, plain, training).items():
        row: dict[str, Any] = {"network": network, "seed": seed, "way": way}
        try:
            with contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                content = make()
                given_answers = {name: answers(content, each) for name, each in images.items()}
        except Exception as error:  # others' recipes refuse networks in many ways, each of which is a result
            rows.append({**row, "refused": " ".join(str(error).split())[:200]})
            continue
        row["bytes"] = len(content)
        for name, found in given_answers.items():
            row[f"{name}_auroc"] = auroc(truth[name], found)
            row[f"{name}_loss"] = auroc(truth[name], reference[name]) - row[f"{name}_auroc"]
            row[f"{name}_changed"] = float(((found > threshold) != (reference[name] > threshold)).mean())
        rows.append(row)
    return rows


def ways(model: Any, plain: bytes, data: Any) -> dict[str, Callable[[], bytes]]:
    """Return what makes the file of each way: radlib's, then those of the AI Edge Quantizer as its authors call them."""
    from ai_edge_quantizer import recipe

    from radlib.foundation.registry import TECHNIQUES
    from radlib.techniques.quantization import converter

    def ours(technique: str, given: dict) -> Callable[[], bytes]:
        entry = TECHNIQUES[technique]
        return lambda: entry.function(plain, data, **entry.complete(given)).payload

    def converted() -> bytes:
        return converter.calibrated(model, data, 100, operations="TFLITE_BUILTINS_INT8").payload

    made: dict[str, Callable[[], bytes]] = {
        "float32": lambda: plain,
        "int8, TensorFlow's converter": converted,
    }
    made |= {way: ours(*asked) for way, asked in WAYS.items()}
    images, _ = data.representative(100, seed=data.settings.seed)
    for name in THEIRS:
        made[f"their {name}"] = lambda name=name: theirs(plain, getattr(recipe, name)(), images)
    return made


def theirs(plain: bytes, recipe: Any, images: np.ndarray) -> bytes:
    """Return what the AI Edge Quantizer makes by a recipe and a calibration of its own."""
    from ai_edge_litert.interpreter import Interpreter
    from ai_edge_quantizer import quantizer

    worker, ranges = quantizer.Quantizer(plain, recipe), None
    if worker.need_calibration:
        ((signature, ends),) = Interpreter(model_content=plain).get_signature_list().items()
        ranges = worker.calibrate({signature: [{ends["inputs"][0]: image[None]} for image in images]})
    return bytes(worker.quantize(ranges).quantized_model)


def answers(content: bytes, images: np.ndarray) -> np.ndarray:
    """Return the probability of the finding on each film, whatever number type the ends of the file have."""
    import tempfile

    from radlib.formats.predictors import open_model

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.tflite"
        path.write_bytes(content)
        with open_model(path) as predictor:
            return predictor.predict(images)[:, -1]


def auroc(truth: np.ndarray, found: np.ndarray) -> float:
    """Return the area under the ROC curve."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(truth, found))


def youden(truth: np.ndarray, found: np.ndarray) -> float:
    """Return the threshold of the largest sum of sensitivity and specificity."""
    gains = [(found > t)[truth == 1].mean() - (found > t)[truth == 0].mean() for t in THRESHOLDS]
    return float(THRESHOLDS[int(np.argmax(gains))])


def table(result: dict) -> str:
    """Return the figures as lines of text: means over seeds, and in brackets the worst of them."""
    frame, targets = pd.DataFrame(result["found"]), result["targets"]
    names = [name for name in ("validation", "perturbed", "test") if f"{name}_loss" in frame]
    lines = [
        "",
        "Quantized against float32: loss of AUROC and share of decisions changed, means over seeds (worst seed); targets "
        f"{targets['auroc']:g} and {targets['decisions']:.0%}",
        f"{'':52}{'KB':>9}" + "".join(f"{name:>20}{'decisions':>16}" for name in names),
    ]
    for (network, way), rows in frame.groupby(["network", "way"], sort=False):
        rows = rows.dropna(subset=["bytes"]) if "bytes" in rows else rows[:0]
        line = f"{f'{network}, {way}':52}"
        if not len(rows):
            lines.append(f"{line}{'refused':>9}")
            continue
        line += f"{rows['bytes'].mean() / 1000:>9.1f}"
        for name in names:
            loss, changed = rows[f"{name}_loss"], rows[f"{name}_changed"]
            line += f"{f'{loss.mean():+.4f} ({loss.max():+.4f})':>20}{f'{changed.mean():.1%} ({changed.max():.1%})':>16}"
        lines.append(line)
    return "\n".join(lines)
