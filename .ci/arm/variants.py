"""A variant of every technique, made as the demo makes them but barely trained, and exported as bundles.

What they answer matters not, only that it is the same on both processors. The chains are those of the study `demo_all`,
which must name every technique.
"""

import hashlib
from pathlib import Path

import yaml

import radlib
from radlib import open_films, open_run
from radlib.deployment import export_variant
from radlib.runs.variants import Variant
from radlib.techniques.building import build_variants

STUDY = Path(__file__).resolve().parents[2] / "notebooks/studies/demo_all.yaml"
BRIEFLY = {"epochs": 3, "pruning_epochs": 1, "dataset_options": {"patients": 160}}
INSTALLED = "student_small--int8"  # the bundle that is set up on the board, with all it needs beside it
OPTIONS = {
    "clustering": {"clustering_epochs": 1},
    "distillation": {"epochs": 2},
    "miracle": {"posterior_epochs": 2, "rounds": 4, "steps_per_round": 20},
    "qat": {"qat_epochs": 1},
    "xnor_net": {"binary_epochs": 2},
}


def make_bundles(place: Path) -> dict[str, Variant]:
    """Return all variants by the names of the folders in `place/bundles` that they were exported to.

    Those that were made before are not made again, nor exported again by the same radlib.
    """
    place.mkdir(parents=True, exist_ok=True)
    study = yaml.safe_load(STUDY.read_text(encoding="utf-8"))
    study["parameters"] |= {**BRIEFLY, "technique_options": OPTIONS}
    written = place / "arm.yaml"
    written.write_text(yaml.safe_dump({**study, "name": "arm"}), encoding="utf-8")
    run = open_run(str(place / "run"), study=str(written), fresh=True)
    variants = build_variants(run, open_films(run))
    made, ours = {}, _digest_of_radlib()
    for variant in variants:
        name = variant.key.removesuffix("--seed0")
        made[name], bundle, mark = variant, place / "bundles" / name, place / "bundles" / f".{name}"
        if bundle.is_dir() and mark.is_file() and mark.read_text() == f"{ours} {variant.sha256}":
            continue
        wheels = "linux-aarch64" if name == INSTALLED else ""
        export_variant(run.folder, variant.key, bundle, unfinished=True, wheels=wheels)
        mark.write_text(f"{ours} {variant.sha256}")
    return made


def _digest_of_radlib() -> str:
    """Return a digest of the sources by which bundles are exported."""
    sources = sorted(Path(radlib.__file__).parent.rglob("*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
