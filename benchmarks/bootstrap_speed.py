"""How long the intervals of a large study take: every film, finding, variant and draw of patients.

The files of predictions are written first and read again within the time, so that loading counts. Half of the
variants answer in 256 steps, so that ties are many. A sample of the draws is also made by scikit-learn with
sample weights: it says whether the numbers are equal, and how long it would have taken for all.
"""

import tempfile
import time
from pathlib import Path

import numpy as np

FINDINGS = 14
PATIENTS_PER_FILM = 6187 / 22433  # as in the ChestX-ray14 test part
PREVALENCES = np.geomspace(0.0019, 0.18, FINDINGS)  # from hernia to infiltration
TARGET_SECONDS = 10.0
CHECKED = 20


def measure(films: int = 22_433, *, variants: int = 20, draws: int = 1000) -> dict:
    """Return the seconds for all draws, loading included, and how far they are from scikit-learn's."""
    from radlib import metrics

    with tempfile.TemporaryDirectory() as folder:
        write_predictions(Path(folder), films, variants)
        started, processor = time.perf_counter(), time.process_time()
        loaded = [np.load(path) for path in sorted(Path(folder).glob("*.npz"))]
        y_true, patient_ids = loaded[0]["y_true"], loaded[0]["patient_id"]
        y_prob = np.stack([arrays["y_prob"] for arrays in loaded])
        read_seconds = time.perf_counter() - started
        counts = metrics.patient_draws(patient_ids, draws)
        found = metrics.auroc_draws_of_all(y_true, y_prob, counts)
        seconds, processor_seconds = time.perf_counter() - started, time.process_time() - processor
    largest_difference, one_seconds = compare(y_true, y_prob, counts, found)
    return {
        "films": films, "findings": FINDINGS, "variants": variants, "draws": draws,
        "read_seconds": read_seconds, "seconds": seconds, "processor_seconds": processor_seconds,
        "target_seconds": TARGET_SECONDS, "largest_difference": largest_difference, "checked": CHECKED,
        "times_faster": one_seconds * found.size / seconds,
    }  # fmt: skip


def write_predictions(folder: Path, films: int, variants: int) -> None:
    """Write a file of answers per variant, laid out as evaluation stores them."""
    generator = np.random.default_rng(0)
    patients = max(2, round(films * PATIENTS_PER_FILM))
    patient_id = np.sort(generator.integers(0, patients, films)).astype(str)
    y_true = (generator.random((films, FINDINGS)) < PREVALENCES).astype(np.float32)
    logit = 1.6 * y_true - 2 + generator.normal(size=y_true.shape)
    for variant in range(variants):
        y_prob = 1 / (1 + np.exp(-logit - 0.1 * variant * generator.normal(size=logit.shape)))
        if variant % 2:
            y_prob = np.round(y_prob * 255) / 255
        path = folder / f"{variant:03}.npz"
        np.savez(path, patient_id=patient_id, y_true=y_true, y_prob=y_prob.astype(np.float32))


def compare(y_true, y_prob, counts, found) -> tuple[float, float]:
    """Return the largest difference to scikit-learn over a sample of draws, and its seconds for one."""
    from sklearn.metrics import roc_auc_score

    generator = np.random.default_rng(1)
    sample = [tuple(int(generator.integers(0, n)) for n in found.shape) for _ in range(CHECKED)]
    started, expected = time.perf_counter(), []
    for variant, label, draw in sample:
        weights = counts[draw].astype(np.float64)
        expected.append(roc_auc_score(y_true[:, label], y_prob[variant, :, label], sample_weight=weights))
    seconds = (time.perf_counter() - started) / CHECKED
    return max(abs(found[place] - value) for place, value in zip(sample, expected, strict=True)), seconds
