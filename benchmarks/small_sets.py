"""Whether sets as small as a first try has them are learnt, and whether the epoch that is kept is a good one.

Two sets are made of the Kermany films (CC BY 4.0), which lie beside the checkout and not in it: 561 films of 340
patients as DICOM files with a table, split by patient; and 400 JPEG files in one folder per class. That gives 8 to 12
training steps an epoch. Every student, and one network with ImageNet weights, is trained for 8 epochs with three seeds.
What is reported is the validation AUROC of the network as it was stored, beside that of its best epoch.
"""

import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

EPOCHS = 8
SIDE = 64  # pixels
SEEDS = (0, 1, 2)
NETWORKS = ("student_small", "student_separable", "student_tiny", "mobilenet_v2")
WEIGHTS = "mobilenet_v2_alpha0.35_notop.h5"
TARGETS = {"auroc": 0.95, "below_best": 0.01}
SETS = {"dicom_folder": "561 DICOM films of 340 patients", "folders": "400 JPEG films in two folders"}


def measure(shared: Path | None = None) -> dict:
    """Return per set, network and seed what the kept epoch reads on validation films, and what the best one did.

    Args:
        shared: The folder that holds `data/kermany224` and `weights/imagenet`; None for `RADLIB_SHARED`, else the one
            beside the checkout.

    Raises:
        FileNotFoundError: When it is not there.
    """
    shared = shared or Path(os.environ.get("RADLIB_SHARED", Path(__file__).resolve().parents[2] / "shared"))
    films = pd.read_csv(shared / "data" / "kermany224" / "MANIFEST.csv")
    films = films[films["path"].str.startswith("train/")].reset_index(drop=True)
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for name, write in (("dicom_folder", write_dicom_set), ("folders", write_jpeg_set)):
            data = Path(folder) / name
            write(data, shared / "data" / "kermany224", films)
            found += train_all(name, data, shared / "weights" / "imagenet" / WEIGHTS, Path(folder))
    return {"epochs": EPOCHS, "targets": TARGETS, "found": found}


def table(result: dict) -> str:
    """Return the figures as lines of text."""
    targets = result["targets"]
    lines = [
        "",
        f"Small sets, {SIDE} px, {result['epochs']} epochs, three seeds: validation AUROC of the network that was kept",
        f"{'':52}{'steps':>7}{'kept epochs':>14}{'lowest':>9}{'target':>9}{'below its best':>16}{'target':>9}",
    ]
    frame = pd.DataFrame(result["found"])
    for (name, network), rows in frame.groupby(["set", "network"], sort=False):
        kept = ", ".join(str(n) for n in rows["kept_epoch"])
        lines.append(
            f"{f'{SETS[name]}, {network}':52}{rows['steps'].iloc[0]:>7}{kept:>14}{rows['auroc'].min():>9.4f}"
            f"{'≥ ' + str(targets['auroc']):>9}{rows['below_best'].max():>16.4f}{'≤ ' + str(targets['below_best']):>9}"
        )
    return "\n".join(lines)


def write_dicom_set(folder: Path, source: Path, films: pd.DataFrame) -> None:
    """Write 561 films of 340 patients as DICOM files, and `labels.csv`."""
    from PIL import Image

    from radlib.imaging.phantoms.dicom_writing import Header, StorageKind, write_film

    generator = np.random.default_rng(0)
    patients = generator.permutation(films["patient"].unique())[:340]
    theirs = films[films["patient"].isin(patients)].sample(frac=1, random_state=0)
    first = theirs.drop_duplicates("patient")
    chosen = pd.concat([first, theirs.drop(first.index).head(561 - len(first))])
    folder.mkdir()
    rows = []
    for number, film in enumerate(chosen.itertuples()):
        pixels = np.asarray(Image.open(source / film.path).convert("L"), np.float32) / 255
        header = Header(patient_id=film.patient, view="AP", age=3, sex="", name="")
        write_film(folder / f"IM{number:04}.dcm", pixels, StorageKind(bits=8), header)
        pneumonia = int("PNEUMONIA" in film.path)
        rows.append({"file": f"IM{number:04}.dcm", "patient_id": film.patient, "pneumonia": pneumonia})
    pd.DataFrame(rows).to_csv(folder / "labels.csv", index=False)


def write_jpeg_set(folder: Path, source: Path, films: pd.DataFrame) -> None:
    """Copy 200 films of each answer into the folders NORMAL and PNEUMONIA."""
    for answer in ("NORMAL", "PNEUMONIA"):
        (folder / answer).mkdir(parents=True)
        of_answer = films[films["path"].str.contains(f"/{answer}/")]
        for path in of_answer["path"].sample(200, random_state=0):
            shutil.copyfile(source / path, folder / answer / Path(path).name)


def train_all(name: str, data: Path, weights: Path, folder: Path) -> list[dict]:
    """Train every network on one set with every seed; return a row for each."""
    return [train_one(name, data, network, seed, weights, folder) for network in NETWORKS for seed in SEEDS]


def train_one(name: str, data: Path, network: str, seed: int, weights: Path, folder: Path) -> dict:
    """Train one network as `radlib run` would; return what was kept, and the best there was."""
    from radlib import open_films, open_run
    from radlib.training.baselines import load_network, read_history, train_baseline
    from radlib.training.learning_curves import best_position
    from radlib.training.training import validate

    with_weights = network == "mobilenet_v2"
    given = {"architecture_options": {"alpha": 0.35}, "weights": str(weights)} if with_weights else {}
    study = "dicom_folder"
    if name == "folders":  # as few settings as a study of one's own may have
        study = folder / "two_folders.yaml"
        study.write_text("name: two_folders\nparameters:\n  dataset: folders\n", encoding="utf-8")
    if not with_weights and study == "dicom_folder":
        given = {"architecture_options": {"width": 2.0}}  # the study's own
    run = open_run(
        str(folder / f"{name}-{network}-{seed}"), study=str(study), data=str(data), epochs=EPOCHS, seed=seed,
        image_size=SIDE, architecture=network, **given,
    )  # fmt: skip
    films = open_films(run)
    variant = train_baseline(run, films)
    history = read_history(run, variant)
    auroc = validate(load_network(run, variant), films.validation)["val_auroc"]
    return {
        "set": name,
        "network": network,
        "seed": seed,
        "steps": -(-len(films.training) // run.settings.batch_size),
        "epochs": len(history),
        "kept_epoch": best_position(history) + 1,
        "auroc": auroc,
        "below_best": float(history["val_auroc"].max() - auroc),
        "curve": [round(value, 4) for value in history["val_auroc"]],
    }
