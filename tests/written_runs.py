"""Runs as evaluation leaves them, written by other means: answers, choices and measurements that are made up."""

import dataclasses
import hashlib
import html.parser
import json

import numpy as np
import pandas as pd
import yaml
from scipy import special

from radlib.runs.runs import open_run
from radlib.runs.variants import Step, Variant, variant_key, variant_name

CHAINS = (
    "", "float32", "dynamic", "float16", "int8",
    "magnitude_pruning", "magnitude_pruning+dynamic", "magnitude_pruning+float16", "magnitude_pruning+int8",
)  # fmt: skip

LABELS = {
    "": "original",
    "magnitude_pruning": "pruned",
    **{c: c.replace("magnitude_pruning", "pruned").replace("+", " + ") for c in CHAINS[1:5] + CHAINS[6:]},
}

SHARE_OF_BYTES = {
    "": 1.1,
    "float32": 1.02,
    "dynamic": 0.27,
    "float16": 0.52,
    "int8": 0.26,
    "magnitude_pruning": 1.1,
}

PARAMETERS = 410_000

NASTY = "<script>alert('x')</script> & | *stars* `ticks`"


def write_run(
    folder, *, networks=({"architecture": "student_small"},), seeds=(0,), chains=CHAINS, films=400, task="binary",
    notes="The films are drawn, not taken: the figures say nothing about patients.", title="Demo on drawn films",
    drop=(), predicted=True, measured=True, overlapping=0, pairs=(),
):  # fmt: skip
    """Write the files of a run as evaluation leaves them, and return the run."""
    folder.mkdir(parents=True, exist_ok=True)
    study = {
        "name": "fake", "title": title, "notes": notes, "networks": list(networks), "seeds": list(seeds),
        "parameters": {"chains": [c for c in chains if c], "bootstrap_draws": 200, "id_scope": "folder", "pairs": list(pairs)},
    }  # fmt: skip
    (folder / "fake.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
    run = open_run(str(folder / "run"), study=str(folder / "fake.yaml"))
    generator = np.random.default_rng(0)
    labels = ("normal", "pneumonia") if task == "binary" else ("mass", "nodule", "hernia")
    columns = 1 if task == "binary" else len(labels)
    truth = generator.integers(0, 2, (films, columns)).astype(np.float32)
    if task == "findings":
        truth[::5, 1] = np.nan
        truth[:, 2] = 0
    patients = np.array([f"test/P{n}" for n in np.sort(generator.integers(0, films // 2, films))])
    ids = np.array([hashlib.sha256(bytes([n // 256, n % 256])).hexdigest()[:12] for n in range(films)])
    signal = generator.normal(size=(films, columns)) + 2.6 * np.nan_to_num(truth) - 1.3
    selection, measurements = {}, []
    for one in run.networks():
        for chain in chains:
            variant = _write_variant(run, one, chain, task, labels)
            logit = signal + generator.normal(size=signal.shape) * (0.05 + 0.5 * ("pruning" in chain))
            prob = (1 / (1 + np.exp(-logit))).astype(np.float32)
            if predicted and chain not in drop:
                path = run.path("predictions", f"{variant.key}.test.npz")
                path.parent.mkdir(exist_ok=True)
                np.savez(path, image_id=ids, patient_id=patients, y_true=truth, y_prob=prob,
                         outputs=np.concatenate([1 - prob, prob], axis=1), model_sha256=variant.sha256)  # fmt: skip
            threshold = 0.45 if task == "binary" else [0.4, 0.5, None]
            selection[variant.name] = {
                "threshold": threshold,
                "validation_auroc": 0.99,
                "operating_auroc": 0.98,
            }
            measurements += _measurements(variant, chain)
    winner = variant_name(run.network, "int8" if "int8" in chains else "", seeds[0])
    chosen = {"rule": "youden", "films": "perturbed", "margin": 0.01, "winner": winner, "nearest": None}
    _json(run.path("selection.json"), {**chosen, "variants": selection})
    if measured:
        pd.DataFrame(measurements).to_csv(run.path("measurements.csv"), index=False)
    splits = [{"split": s, "films": n, "patients": n // 2, "pneumonia": n // 3} for s, n in
              (("training", 900), ("validation", 150), ("test", films))]  # fmt: skip
    dataset = {
        "title": "Drawn chest films",
        "licence": "CC0",
        "citation": "none",
        "notes": ["Nothing was cleaned."],
    }
    _json(run.path("films.json"), {
        "dataset": dataset, "splits": splits, "overlapping_test_films": ids[:overlapping].tolist(),
    })  # fmt: skip
    run.path("quarantine.csv").write_text("image_id,reason\nabc123abc123,truncated\nabc123abc124,truncated\n")
    return run


def _json(path, content):
    path.write_text(json.dumps(content), encoding="utf-8")


def _write_variant(run, one, chain, task, labels):
    name = variant_name(one.network, chain, one.settings.seed)
    kind = "keras" if chain in ("", "magnitude_pruning") else "tflite"
    file = f"variants/{variant_key(name)}/model.{kind}"
    size = int(SHARE_OF_BYTES[chain.split("+")[-1]] * 4 * PARAMETERS)
    variant = Variant(
        name=name, label=LABELS[chain], parent=None if not chain else variant_name(one.network, "", one.settings.seed),
        chain=tuple(Step(t, {}, 1) for t in chain.split("+") if t), architecture=one.settings.architecture, task=task,
        seed=one.settings.seed, format=kind, file=file, size_bytes=size,
        sha256=hashlib.sha256(name.encode()).hexdigest(), labels=tuple(labels), input_shape=(64, 64, 1),
        preprocessing="0" * 16, spec="0" * 16,
    )  # fmt: skip
    run.path(file).parent.mkdir(parents=True, exist_ok=True)
    _json(run.path("variants", variant_key(name), "variant.json"), dataclasses.asdict(variant))
    return variant


def _measurements(variant, chain):
    last = chain.split("+")[-1]
    milliseconds = {
        "": 12.0,
        "float32": 1.9,
        "dynamic": 1.3,
        "float16": 1.91,
        "int8": 0.62,
        "magnitude_pruning": 12.4,
    }
    values = {
        "size_bytes": variant.size_bytes,
        "deflated_bytes": int(variant.size_bytes * (0.35 if "pruning" in chain else 0.9)),
        "parameters": PARAMETERS,
        "nonzero_parameters": PARAMETERS // 5 if "pruning" in chain else PARAMETERS,
        "macs": 21_000_000,
        "fp32_weight_bytes": 4 * PARAMETERS,
        "latency_p50_ms": milliseconds[last],
        "latency_p95_ms": milliseconds[last] * 1.3,
        "peak_memory_bytes": 9_400_000,
    }
    place = {
        "variant": variant.name,
        "device": "x86_64, two processors, Linux",
        "delegate": "XNNPACK",
        "threads": 1,
    }
    place["runtime"] = "Keras" if variant.format == "keras" else "LiteRT"
    return [{**place, "metric": m, "value": v, "unit": "x", "kind": "measured"} for m, v in values.items()]


class Checker(html.parser.HTMLParser):
    """Collect what a browser would load, run or show."""

    void = frozenset({"meta", "img", "br", "hr", "link", "input", "source"})

    def __init__(self):
        super().__init__()
        self.tags, self.open, self.links, self.alts, self.text = [], [], [], [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        if tag not in self.void:
            self.open.append(tag)
        for name, value in attributes:
            if name in ("src", "href", "action", "data", "srcset"):
                self.links.append(value)
            if tag == "img" and name == "alt":
                self.alts.append(value)

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "script"):
            self.text.append(data)


def checked(path):
    checker = Checker()
    checker.feed(path.read_text(encoding="utf-8"))
    checker.close()
    assert not checker.open
    return checker


def answer(run, chain, change):
    """Replace what a variant answered to the test films: `change` takes and returns its file's arrays."""
    variant = next(v for v in run.variants() if v.chain_text == (chain or "original"))
    path = run.path("predictions", f"{variant.key}.test.npz")
    arrays = change(dict(np.load(path)))
    np.savez(path, **arrays)
    return arrays


def noisy(scale, column=0):
    def change(arrays):
        logit = special.logit(np.clip(arrays["y_prob"].astype(float), 1e-6, 1 - 1e-6))
        logit[:, column] += scale * np.random.default_rng(9).normal(size=len(logit))
        return {**arrays, "y_prob": special.expit(logit)}

    return change
