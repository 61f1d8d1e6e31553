"""How many films a second training gets through, and what it spends its time on.

Whole epochs of a student at 32 px and of ResNet-18 at 128 px, on drawn noise that lies in memory, varied as a study varies it.
Beside them, in the same process, the network alone (the same batch again and again) and the variation alone: what a thread of
its own makes ready while the network is busy costs no time as long as the network is the slower of the two. With an
earlier checkout of radlib, named by `RADLIB_BEFORE`, both take turns.

    RADLIB_BEFORE=../before python -m benchmarks training_speed
"""

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

BEFORE = "RADLIB_BEFORE"
NETWORKS = {
    "student_small, 32 px": ("student_small", {"width": 2.0}, 32, 64, 2560),
    "student_small, 32 px, batches of 256": ("student_small", {"width": 2.0}, 32, 256, 2560),
    "resnet18, 128 px": ("resnet18", {"channels": 1, "input_range": "unit"}, 128, 64, 512),
}
CODE = """
import json, sys, time
import numpy as np, pandas as pd
sys.path.insert(0, sys.argv[2])
from radlib.architectures.networks import build_network
from radlib.datasets.films import Films
from radlib.foundation import backend
from radlib.imaging.augmentation import Augmentation
from radlib.imaging import images
from radlib.runs import tasks
from radlib.runs.settings import Settings
from radlib.training import training_films
from radlib.training.recipe import recipe_from

name, options, side, batch, count = json.loads(sys.argv[1])
pixels = np.random.default_rng(0).integers(0, 256, (count, side, side), np.uint8)
task, names = tasks.binary("opacity"), [f"{n:012x}" for n in range(count)]
index = pd.DataFrame({"image_id": names, "patient_id": names, "opacity": np.arange(count) % 2})
films = Films(index, pixels, np.arange(count), task.label_matrix(index), task, images.Preprocessing(side))
recipe = recipe_from(Settings(batch_size=batch, weight_decay=0.05))
backend.make_deterministic(0)
model = build_network(name, options, task, (side, side, 1))
model.compile(backend.keras().optimizers.AdamW(1e-3), task.loss)
steps = -(-count // batch)

def epoch(number):
    model.fit(training_films.epoch_batches(films, recipe, 0, number), steps_per_epoch=steps, verbose=0)

def network():
    for _ in range(steps):
        model.train_on_batch(*fixed)

def variation(number):
    for start in range(0, count, batch):
        training_films._varied(films, recipe, 0, number, np.arange(start, min(start + batch, count)))

fixed = films.images(np.arange(batch)), task.targets(films.labels[:batch])
epoch(0), network()  # compiling is no training
found = {}
for what, work in (("epoch", lambda: epoch(1)), ("network", network), ("variation", lambda: variation(1))):
    begun = time.perf_counter()
    work()
    found[what] = time.perf_counter() - begun
print(json.dumps(found))
"""


def measure(rounds: int = 3) -> dict:
    """Return for each network and each radlib the medians of films a second, of all and of each part."""
    checkouts = {"now": Path(__file__).resolve().parents[1]}
    if before := os.environ.get(BEFORE):
        checkouts["before"] = Path(before).resolve()
    seconds: dict[str, dict[str, list[dict]]] = {net: {c: [] for c in checkouts} for net in NETWORKS}
    for _ in range(rounds):
        for network, how in NETWORKS.items():
            for checkout, folder in checkouts.items():
                command = [sys.executable, "-c", CODE, json.dumps(how), str(folder)]
                environment = {**os.environ, "PYTHONPATH": str(folder)}
                done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
                seconds[network][checkout].append(json.loads(done.stdout.splitlines()[-1]))
    films = {network: how[4] for network, how in NETWORKS.items()}
    speeds = {
        network: {
            checkout: {part: films[network] / statistics.median(r[part] for r in runs) for part in runs[0]}
            for checkout, runs in of.items()
        }
        for network, of in seconds.items()
    }
    return {"films_per_second": speeds, "rounds": rounds, "target": 1.5}


def table(result: dict) -> str:
    """Return the speeds as lines of text."""
    lines = [f"Training, films a second (medians of {result['rounds']} rounds in turn)"]
    lines.append(
        f"{'':40}{'':>8}{'whole epochs':>14}{'network alone':>15}{'variation alone':>17}{'network is':>12}"
    )
    for network, of in result["films_per_second"].items():
        for checkout, speeds in of.items():
            share = speeds["epoch"] / speeds["network"]
            lines.append(
                f"{network:40}{checkout:>8}{speeds['epoch']:>14,.0f}{speeds['network']:>15,.0f}"
                f"{speeds['variation']:>17,.0f}{100 * share:>10.0f} %"
            )
        if "before" in of:
            ratio = of["now"]["epoch"] / of["before"]["epoch"]
            lines.append(f"{'':40}{'ratio':>8}{ratio:>13.2f}x   target {result['target']:g}x")
    return "\n".join(lines)
