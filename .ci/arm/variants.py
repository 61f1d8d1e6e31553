"""A variant of every technique, made as the demo makes them but barely trained, and exported as bundles.

What they answer matters not, only that it is the same on both processors. The chains are those of the study `demo_all`,
which must name every technique.
"""

import shutil
from pathlib import Path

import yaml

from radlib import open_films, open_run
from radlib.deployment import export_variant
from radlib.runs.variants import Variant
from radlib.techniques.building import build_variants

STUDY = Path(__file__).resolve().parents[2] / "notebooks/studies/demo_all.yaml"
BRIEFLY = {"epochs": 3, "pruning_epochs": 1, "dataset_options": {"patients": 160}}
OPTIONS = {
    "clustering": {"clustering_epochs": 1},
    "distillation": {"epochs": 2},
    "miracle": {"posterior_epochs": 2, "rounds": 4, "steps_per_round": 20},
    "qat": {"qat_epochs": 1},
    "xnor_net": {"binary_epochs": 2},
}


def make_bundles(place: Path) -> dict[str, Variant]:
    """Return all variants by the names of the folders in `place/bundles` that they were exported to.

    Those that were made before are not made again; they are exported again.
    """
    place.mkdir(parents=True, exist_ok=True)
    study = yaml.safe_load(STUDY.read_text(encoding="utf-8"))
    study["parameters"] |= {**BRIEFLY, "technique_options": OPTIONS}
    ours = place / "arm.yaml"
    ours.write_text(yaml.safe_dump({**study, "name": "arm"}), encoding="utf-8")
    run = open_run(str(place / "run"), study=str(ours), fresh=True)
    variants = build_variants(run, open_films(run))
    shutil.rmtree(place / "bundles", ignore_errors=True)
    made = {}
    for variant in variants:
        name = variant.key.removesuffix("--seed0")
        export_variant(run.folder, variant.key, place / "bundles" / name, unfinished=True)
        made[name] = variant
    return made
