"""A variant outside its run: a folder that a device can use, and films of one's own through a variant.

An exported folder holds all that is needed to get the same answers elsewhere: the model, what its outputs
mean, the threshold, how films are prepared, and examples with the answers expected. The examples are
drawn, never a patient's film. What runs them needs NumPy and LiteRT only.
"""

import dataclasses
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from radlib.array_rows import row_reference, split_reference
from radlib.datasets import unique_image_ids
from radlib.decode import decode_films
from radlib.errors import DataError, SetupError, UsageError
from radlib.evaluation.choices import FILE as SELECTION
from radlib.evaluation.choices import thresholds
from radlib.evaluation.predictions import task_of
from radlib.formats import open_model
from radlib.images import Preprocessing, image_id, prepare
from radlib.inference import predict_files
from radlib.phantoms import draw_film, draw_patient
from radlib.pixels import stored_films
from radlib.storage import disk_errors, file_sha256, write_json, write_text
from radlib.variants import Variant, library_versions, read_variant

NOTICE = "Research only, not a medical device."
ENDINGS = (".dcm", ".dicom", ".png", ".jpg", ".jpeg", "")  # what a file is, its content says

RUNNER = '''\
"""Run the model on its examples and compare; needs numpy and ai-edge-litert only."""
import json
import numpy as np
from ai_edge_litert.interpreter import Interpreter

with open("variant.json") as stream:
    record = json.load(stream)
golden = np.load("golden.npz")
model = Interpreter(record["file"], num_threads=1)
model.allocate_tensors()
source, target = model.get_input_details()[0], model.get_output_details()[0]
for film, expected in zip(golden["films"], golden["outputs"]):
    image = film.reshape(source["shape"]) / np.float32(255)  # grey in [0, 1]
    if source["dtype"] != np.float32:  # integer input: real = scale * (stored - zero point)
        scale, zero = source["quantization"]
        limits = np.iinfo(source["dtype"])
        image = np.clip(np.round(image / np.float32(scale)) + zero, limits.min, limits.max)
    model.set_tensor(source["index"], image.astype(source["dtype"]))
    model.invoke()
    answer = model.get_tensor(target["index"])[0].astype(np.float32)
    if target["dtype"] != np.float32:
        answer = (answer - target["quantization"][1]) * np.float32(target["quantization"][0])
    print(dict(zip(record["labels"], answer.tolist())), "largest difference", abs(answer - expected).max())
'''

README = """\
{name}

{notice}

{model}       the model: grey film, float32 in [0, 1] or stored integers, (1, {height}, {width}, 1)
variant.json       labels, threshold, how films are prepared, hashes, versions
golden.npz         films (uint8) and the outputs expected of them
run.py             runs the examples:  pip install numpy ai-edge-litert && python run.py

Outputs, in order: {labels}. {decision}
Films of your own must be prepared exactly as `preparation` in variant.json says; `radlib predict` does that:
  radlib predict THIS_FOLDER FOLDER_OF_FILMS
"""

DECISIONS = {
    False: "A film counts as positive at or above the threshold in variant.json.",
    True: "A film is of the class with the largest output.",
}


def export_variant(run_folder: Path, key: str, folder: Path) -> Path:
    """Write a variant as a folder that stands alone.

    Args:
        run_folder: The run's folder.
        key: Name of the variant's folder in it.
        folder: Where to; made if need be, files of an earlier export are replaced.

    Returns:
        `folder`.

    Raises:
        UsageError: When the variant does not exist or the folder holds something else.
    """
    source, folder = Path(run_folder) / "variants" / key, Path(folder)
    variant, record = _read(source)
    if folder.exists() and any(folder.iterdir()) and not (folder / "golden.npz").is_file():
        raise UsageError(f"{folder.name} is not empty and is no earlier export; choose another folder.")
    model = Path(variant.file).name
    height, width = variant.input_shape[:2]
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_intact(source / model, variant), folder / model)
        preparation = Preprocessing.from_dict(record["preparation"])
        _write_golden(folder / model, variant, preparation, folder / "golden.npz")
    write_json(folder / "variant.json", {**record, "file": model, "notice": NOTICE})
    text = README.format(
        name=variant.name,
        notice=NOTICE,
        model=model,
        height=height,
        width=width,
        labels=", ".join(variant.labels),
        decision=DECISIONS[task_of(variant).exclusive],
    )
    if variant.format == "tflite":
        write_text(folder / "run.py", RUNNER)
    else:
        text = "\n".join(line for line in text.split("\n") if not line.startswith("run.py"))
    write_text(folder / "README.txt", text)
    return folder


def predict_folder(variant: Path, films: Path) -> pd.DataFrame:
    """Predict unlabelled films with a variant of a run or an exported one.

    Args:
        variant: Its folder, or the `variant.json` in it.
        films: A folder of films (DICOM, PNG, JPEG), looked through with its folders; one film; or a row of an
            array file as `array_rows.row_reference` names it.

    Returns:
        One row per file in the order of names: `file` (below `films`), `image_id`, per label
        `<label>_probability`, `<label>_decision` and `<label>_threshold` (of exclusive classes one
        `class_decision`), and `reason`: empty, or why the file could not be read, without probability then.

    Raises:
        DataError: When there is no film, or none can be read.
    """
    source, (films, row) = Path(variant), split_reference(films)
    source = source.parent if source.is_file() else source
    described, record = _read(source)
    root = films.parent if films.is_file() else films
    paths = [films] if films.is_file() else _film_files(films)
    if not paths:
        raise DataError(
            f"{films.name} holds no film; give a folder with DICOM, PNG or JPEG files, or one file."
        )
    inside = [path == films or path.resolve().is_relative_to(root.resolve()) for path in paths]
    ids = unique_image_ids([image_id(p) if ok else "0" * 12 for p, ok in zip(paths, inside, strict=True)])
    named = [str(path) if row is None else row_reference(path, row) for path in paths]
    named = [name if ok else "" for name, ok in zip(named, inside, strict=True)]  # a link that leads out
    index = pd.DataFrame({"image_id": ids, "path": named})
    preparation = Preprocessing.from_dict(record["preparation"])
    with tempfile.TemporaryDirectory(prefix="radlib-") as scratch:
        decoded = decode_films(index, preparation, Path(scratch))
        kept, quarantine = decoded.kept, decoded.quarantine
        if not len(kept):
            raise DataError(f"None of the {len(paths)} files of {films.name} can be read as a film.")
        model = _intact(source / Path(described.file).name, described)
        with stored_films(decoded.pixels, decoded.positions) as stored:
            outputs = predict_files(model, described.format, stored, name=described.name)
        del decoded  # its files go with the folder
    table = index.assign(file=[path.relative_to(root).as_posix() for path in paths])
    answers = _answers(described, record["thresholds"], outputs).assign(image_id=kept["image_id"].to_numpy())
    table = table[["file", "image_id"]].merge(answers, on="image_id", how="left")
    reasons = dict(zip(quarantine["image_id"], quarantine["reason"], strict=True))
    for column in [c for c in table if c.endswith("_decision")]:
        table[column] = table[column].fillna("")
    return table.assign(reason=[reasons.get(image, "") for image in table["image_id"]])


def _intact(model: Path, variant: Variant) -> Path:
    """Return the path of a model file after checking that it is the one described."""
    if not model.is_file() or file_sha256(model) != variant.sha256:
        raise SetupError(f"{model.name} of {variant.name} is missing or damaged; export or build it again.")
    return model


def _film_files(folder: Path) -> list[Path]:
    """Return the files below a folder that may be films; hidden files and folders are left out."""
    files = (path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS and path.is_file())
    return sorted(path for path in files if "/." not in f"/{path.relative_to(folder).as_posix()}")


def _answers(variant: Variant, chosen: list[float | None], outputs: np.ndarray) -> pd.DataFrame:
    """Return probability, decision and threshold per label; no decision where no threshold was chosen."""
    task = task_of(variant)
    columns: dict[str, Any] = {}
    if task.exclusive:
        columns = {f"{label}_probability": outputs[:, n] for n, label in enumerate(task.labels)}
        return pd.DataFrame({**columns, "class_decision": np.array(task.labels)[outputs.argmax(axis=1)]})
    for label, threshold, probability in zip(task.labels, chosen, task.probabilities(outputs).T, strict=True):
        negative = task.outputs[0] if task.name == "binary" else f"no {label}"
        decision = "" if threshold is None else np.where(probability >= threshold, label, negative)
        columns[f"{label}_probability"] = probability
        columns[f"{label}_decision"] = decision
        columns[f"{label}_threshold"] = np.nan if threshold is None else threshold
    return pd.DataFrame(columns)


def _read(folder: Path) -> tuple[Variant, dict[str, Any]]:
    """Read a variant's folder, in a run or exported.

    Returns:
        The variant, and its record with `preparation` and `thresholds` (one per label, None where none was
        chosen on validation films).
    """
    path = folder / "variant.json"
    if not path.is_file():
        raise UsageError(
            f"{folder.name} holds no variant.json; give the folder of a variant, or of an export."
        )
    variant = read_variant(path)
    exported = json.loads(path.read_text(encoding="utf-8"))
    if "preparation" in exported:
        return variant, exported
    record = json.loads(json.dumps(dataclasses.asdict(variant)))
    selection = folder.parent.parent / SELECTION
    chosen: list[float | None] = [None] * len(task_of(variant).labels)
    if selection.is_file():
        entry = json.loads(selection.read_text(encoding="utf-8"))["variants"].get(variant.name, {})
        if entry.get("model_sha256") == variant.sha256:
            chosen = [None if np.isnan(value) else float(value) for value in thresholds(entry)]
    run = folder.parent.parent / "run.json"
    study = json.loads(run.read_text(encoding="utf-8"))["study"] if run.is_file() else ""
    return variant, {
        **record,
        "study": study,
        "thresholds": chosen,
        "preparation": json.loads((folder / "preprocessing.json").read_text(encoding="utf-8")),
        "libraries": library_versions(),
    }


def _write_golden(model: Path, variant: Variant, preparation: Preprocessing, path: Path) -> None:
    """Write drawn films, prepared as the variant wants them, and what the model answers to them here."""
    generator = np.random.default_rng(0)
    films = np.stack(
        [
            prepare(draw_film(draw_patient(generator), view, opacity, generator).image, preparation)
            for view in ("PA", "AP")
            for opacity in (False, True)
        ]
    )
    with open_model(model, variant.format) as predictor:
        outputs = predictor.predict(films)
    np.savez(path, films=films, outputs=outputs)
