"""The published answers of a reproduced CheXNet to 22,433 films of ChestX-ray14, and copies of them, degraded."""

from pathlib import Path

import numpy as np
import pandas as pd
from scipy import special


def answers(shared: Path) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, pd.Series]:
    """Return a row per film (patient, age, sex, view), labels and probabilities, and the published AUROCs."""
    folder = shared / "data" / "chestxray14"
    published = pd.read_csv(folder / "chexnet_reproduction_auc.csv").set_index("label")["auc"]
    predictions = pd.read_csv(folder / "chexnet_reproduction_test_predictions.csv.gz")
    entries = pd.read_csv(folder / "Data_Entry_2017_v2020.csv.gz").set_index("Image Index")
    entries = entries.loc[predictions["Image Index"]]
    films = pd.DataFrame(
        {
            "patient": entries["Patient ID"].to_numpy(),
            "age": entries["Patient Age"].to_numpy(dtype=float),
            "sex": entries["Patient Gender"].to_numpy(),
            "view": entries["View Position"].to_numpy(),
        }
    )
    found = entries["Finding Labels"].str.split("|")
    truth = np.column_stack(
        [[name in films_findings for films_findings in found] for name in published.index]
    )
    prob = predictions[[f"prob_{name}" for name in published.index]].to_numpy(dtype=np.float32)
    return films, truth.astype(np.float32), prob, published


def rounded(prob: np.ndarray, bits: int) -> np.ndarray:
    """Return probabilities in equal steps, as an integer output has them."""
    steps = 2**bits - 1
    return np.round(prob * steps) / steps


def noisy(prob: np.ndarray, column: int, scale: float, seed: int = 0) -> np.ndarray:
    """Return probabilities with noise on the logits of one finding."""
    changed = special.logit(np.clip(prob.astype(float), 1e-9, 1 - 1e-9))
    changed[:, column] += scale * np.random.default_rng(seed).normal(size=len(changed))
    return special.expit(changed)


def shifted(prob: np.ndarray, films: np.ndarray, by: float) -> np.ndarray:
    """Return probabilities with the logits of some films moved."""
    return special.expit(special.logit(np.clip(prob.astype(float), 1e-9, 1 - 1e-9)) + by * films[:, None])
