"""How long the evidence of a large study takes: every table behind the verdicts, from stored predictions alone.

A run of the size of ChestX-ray14's test part is written as evaluation leaves it: 25,000 films of 6,900 patients, 14
findings, an original and eight variants, age, sex and view of each film, and validation answers. Then every table of
the report is made and timed apart. The bootstrap's draws of patients are made once and shared, and stand with
whichever table asks first.
"""

import dataclasses
import hashlib
import json
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from benchmarks.bootstrap_speed import FINDINGS, PATIENTS_PER_FILM, PREVALENCES

CHAINS = (
    "", "float32", "dynamic", "float16", "int8",
    "magnitude_pruning", "magnitude_pruning+dynamic", "magnitude_pruning+float16", "magnitude_pruning+int8",
)  # fmt: skip
TARGET_SECONDS = 180.0
LABELS = tuple(f"finding_{n:02}" for n in range(FINDINGS))


def measure(films: int = 25_000, *, draws: int = 1000) -> dict:
    """Return the seconds of every table of a report of this size, on the wall and of the processor."""
    from radlib.report import readings, tables, writing

    with tempfile.TemporaryDirectory() as folder:
        run = write_run(Path(folder), films, draws)
        seconds = {}

        def timed(name, make):
            started, processor = time.perf_counter(), time.process_time()
            made = make()
            seconds[name] = (time.perf_counter() - started, time.process_time() - processor)
            return made

        read = timed("reading", lambda: readings.read(run))
        results = timed("results", lambda: tables.results(run, readings=read))
        for name in ("comparisons", "per_label"):
            timed(name, lambda name=name: getattr(tables, name)(run, readings=read))
        for name, make in writing.EVIDENCE.items():
            timed(name, lambda make=make: make(run, readings=read))
    return {
        "films": films, "findings": FINDINGS, "variants": len(results), "draws": draws,
        "seconds": {name: wall for name, (wall, _) in seconds.items()},
        "processor_seconds": {name: busy for name, (_, busy) in seconds.items()},
        "target_seconds": TARGET_SECONDS,
    }  # fmt: skip


def table(result: dict) -> str:
    """Return the times as lines of text."""
    work = " × ".join(f"{result[name]:,} {name}" for name in ("films", "findings", "variants", "draws"))
    lines = ["", f"Evidence of a large run, {work}", f"{'':44}{'seconds':>9}{'share':>8}{'processor s':>13}"]
    total, busy = (sum(result[name].values()) for name in ("seconds", "processor_seconds"))
    for name, wall in result["seconds"].items():
        lines.append(f"{name:44}{wall:>9.1f}{wall / total:>8.0%}{result['processor_seconds'][name]:>13.1f}")
    lines.append(f"{'all':44}{total:>9.1f}{'':8}{busy:>13.1f}   target {result['target_seconds']:.0f} s")
    return "\n".join(lines)


def write_run(folder: Path, films: int, draws: int):
    """Write the files of a run as evaluation leaves them, without models, and return the run."""
    from radlib.runs.runs import open_run

    study = {
        "name": "large",
        "title": "Large",
        "parameters": {"chains": list(CHAINS[1:]), "bootstrap_draws": draws},
    }
    (folder / "large.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
    run = open_run(str(folder / "run"), study=str(folder / "large.yaml"))
    for name in ("predictions", "measurements"):
        run.path(name).mkdir(exist_ok=True)
    ids, selection = _write_answers(run, films)
    _json(run.path("selection.json"), {"winner": selection[4][0], "nearest": None, "margin": 0.01,
                                       "variants": dict(selection)})  # fmt: skip
    generator = np.random.default_rng(2)
    ages, sexes, views = ("2–17", "18–39", "40–64", "65 and older"), ("F", "M"), ("PA", "AP")
    groups = {"age_group": ages, "sex": sexes, "view": views}
    drawn = {name: generator.choice(values, films) for name, values in groups.items()}
    pd.DataFrame({"image_id": ids, **drawn}).to_csv(run.path("groups.csv"), index=False)
    return run


def _write_answers(run, films: int) -> tuple[np.ndarray, list]:
    generator = np.random.default_rng(0)
    ids = np.array([hashlib.sha256(str(n).encode()).hexdigest()[:12] for n in range(films)])
    splits, chosen = {}, []
    for split, count in (("test", films), ("validation", films // 3)):
        patients = np.sort(generator.integers(0, max(2, round(count * PATIENTS_PER_FILM)), count)).astype(str)
        truth = (generator.random((count, FINDINGS)) < PREVALENCES).astype(np.float32)
        splits[split] = (patients, truth, 1.6 * truth - 2 + generator.normal(size=truth.shape))
    for place, chain in enumerate(CHAINS):
        variant = _write_variant(run, chain)
        for split, (patients, truth, logit) in splits.items():
            prob = 1 / (1 + np.exp(-logit - 0.1 * place * generator.normal(size=logit.shape)))
            prob = (np.round(prob * 255) / 255 if "int8" in chain else prob).astype(np.float32)
            np.savez(run.path("predictions", f"{variant.key}.{split}.npz"), image_id=ids[: len(truth)],
                     patient_id=patients, y_true=truth, y_prob=prob, model_sha256=variant.sha256)  # fmt: skip
        chosen.append((variant.name, {"threshold": [0.25] * FINDINGS, "validation_auroc": 0.85}))
    return ids, chosen


def _write_variant(run, chain: str):
    from radlib.runs.variants import Step, Variant, variant_key, variant_name

    name = variant_name(run.network, chain, 0)
    file = f"variants/{variant_key(name)}/model.tflite"
    variant = Variant(
        name=name, label=chain or "original", parent=variant_name(run.network, "", 0) if chain else None,
        chain=tuple(Step(link, {}, 1) for link in chain.split("+") if link),
        architecture=run.settings.architecture, task="findings", seed=0, format="tflite" if chain else "keras",
        file=file, size_bytes=1_000_000, sha256=hashlib.sha256(name.encode()).hexdigest(), labels=LABELS,
        input_shape=(224, 224, 1), preprocessing="0" * 16, spec="0" * 16,
    )  # fmt: skip
    run.path(file).parent.mkdir(parents=True, exist_ok=True)
    _json(run.path("variants", variant_key(name), "variant.json"), dataclasses.asdict(variant))
    return variant


def _json(path: Path, content: dict) -> None:
    path.write_text(json.dumps(content), encoding="utf-8")
