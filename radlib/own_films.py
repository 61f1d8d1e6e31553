"""Films of one's own through a variant of a run, or through one that was exported: a table of answers.

Files are found, decoded and prepared exactly as the variant's record says; a file that cannot be read has a reason
in its row. With a site's own answers to some films the threshold can be chosen anew, see `site_threshold`.
"""

import dataclasses
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from radlib.array_rows import row_reference, split_reference
from radlib.datasets import unique_image_ids
from radlib.decode import Decoded, decode_films
from radlib.errors import DataError, SetupError, UsageError
from radlib.evaluation.choices import FILE as SELECTION
from radlib.evaluation.choices import thresholds
from radlib.evaluation.predictions import task_of
from radlib.evaluation.typical_films import embedder, read_typical, typical_path, warnings_of
from radlib.film_walk import left_out_sentence, walk
from radlib.images import Preprocessing, image_id
from radlib.inference import predict_files
from radlib.pixels import stored_films
from radlib.storage import file_sha256
from radlib.variants import Variant, library_versions, read_variant

TYPICAL = "typical_films.npz"  # beside an exported model
FILMS_AT_ONCE = 64


def predict_folder(variant: Path, films: Path, *, compared: bool = True) -> pd.DataFrame:
    """Predict unlabelled films with a variant of a run or an exported one.

    Args:
        variant: Its folder, or the `variant.json` in it.
        films: A folder of films (DICOM, PNG, JPEG), looked through with its folders; one film; or a row of an
            array file as `array_rows.row_reference` names it.
        compared: Whether films are compared with those that the variant was trained on, which takes longer.

    Returns:
        One row per film in the order of names, whatever its file is called: `file` (below `films`), `image_id`, per label
        `<label>_probability`, `<label>_decision` and `<label>_threshold` (of exclusive classes one
        `class_decision`), `reason`: empty, or why the file could not be read, without probability then; and where
        the variant knows what its training films look like, `warning`: empty, or in what a film is unlike them.

    Raises:
        DataError: When there is no film, or none can be read.
    """
    source, (films, row) = Path(variant), split_reference(films)
    source = source.parent if source.is_file() else source
    described, record = read_described(source)
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
            which = "The only file" if len(paths) == 1 else f"None of the {len(paths)} files"
            raise DataError(
                f"{which} of {films.name} can{'not' if len(paths) == 1 else ''} be read as a film."
            )
        model = intact_model(source / Path(described.file).name, described)
        with stored_films(decoded.pixels, decoded.positions) as stored:
            outputs = predict_files(model, described.format, stored, name=described.name)
        warned = _warnings(source, described, model, decoded) if compared else None
        del decoded  # its files go with the folder
    table = index.assign(file=[path.relative_to(root).as_posix() for path in paths])
    answers = answer_columns(described, record["thresholds"], outputs).assign(
        image_id=kept["image_id"].to_numpy()
    )
    answers = answers if warned is None else answers.assign(warning=warned)
    table = table[["file", "image_id"]].merge(answers, on="image_id", how="left")
    reasons = dict(zip(quarantine["image_id"], quarantine["reason"], strict=True))
    for column in [c for c in table if c.endswith("_decision") or c == "warning"]:
        table[column] = table[column].fillna("")
    table = table.assign(reason=[reasons.get(image, "") for image in table["image_id"]])
    return table[[*(c for c in table if c != "warning"), *(["warning"] if warned is not None else [])]]


def _warnings(source: Path, variant: Variant, model: Path, decoded: Decoded) -> list[str] | None:
    """Return a warning per decoded film; None where nothing is kept of the films that the variant was trained on."""
    found = read_typical(source / TYPICAL) or read_typical(typical_path(source.parent.parent, variant.key))
    if found is None or found.sha256 != variant.sha256:
        return None
    embed = embedder(model, variant.format)
    starts = range(0, len(decoded.positions), FILMS_AT_ONCE)
    parts = [decoded.pixels[decoded.positions[start : start + FILMS_AT_ONCE]] for start in starts]
    return [text for films in parts for text in warnings_of(found, films, embed)]


def intact_model(model: Path, variant: Variant) -> Path:
    """Return the path of a model file after checking that it is the one described."""
    if not model.is_file() or file_sha256(model) != variant.sha256:
        raise SetupError(f"{model.name} of {variant.name} is missing or damaged; export or build it again.")
    return model


def _film_files(folder: Path) -> list[Path]:
    """Return the films below a folder, and say what else lies there."""
    if not folder.is_dir():
        raise DataError(f"{folder.name} is neither a file nor a folder; give a folder of films, or one film.")
    found = walk(folder)
    if found.left_out:
        print(left_out_sentence(found.left_out), file=sys.stderr)
    return list(found.films)


def answer_columns(variant: Variant, chosen: list[float | None], outputs: np.ndarray) -> pd.DataFrame:
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


def read_described(folder: Path) -> tuple[Variant, dict[str, Any]]:
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
