"""A variant outside its run: a folder that a device can use.

An exported folder holds all that is needed to get the same answers elsewhere: the model, what its outputs
mean, the threshold, how films are prepared, and examples with the answers expected. The examples are
drawn, never a patient's film. What runs them needs NumPy and LiteRT only.

A file of few coded bits is made to be sent; LiteRT cannot run it. So beside a Keras or a coded file lies the same
network as a LiteRT file, decoded and converted on the way out, with float32 weights: the coded file for those who
decode it where it is used, the other for those who cannot.
"""

import shutil
from pathlib import Path

import numpy as np

from radlib.errors import UsageError
from radlib.evaluation.predictions import task_of
from radlib.evaluation.typical_films import read_typical, typical_path
from radlib.formats import load_network, open_model, save_model
from radlib.images import Preprocessing, prepare
from radlib.own_films import TYPICAL, intact_model, predict_folder, read_described
from radlib.phantoms import draw_film, draw_patient
from radlib.plain_text import plain
from radlib.storage import disk_errors, write_json, write_text
from radlib.techniques.quantization import convert
from radlib.variants import Variant

__all__ = ["export_variant", "predict_folder"]

NOTICE = "Research only, not a medical device."
RUNNABLE = "model.tflite"

RUNNER = '''\
"""Run the model on its examples and compare; needs numpy and ai-edge-litert only."""
import json
import numpy as np
from ai_edge_litert.interpreter import Interpreter

with open("variant.json") as stream:
    record = json.load(stream)
golden = np.load("golden.npz")
model = Interpreter(record["runs"], num_threads=1)
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

{contents}

Outputs, in order: {labels}. {decision}
Films of your own must be prepared exactly as `preparation` in variant.json says; `radlib predict` does that:
  radlib predict THIS_FOLDER FOLDER_OF_FILMS
"""

CONTENTS = {
    "variant.json": "labels, threshold, how films are prepared, hashes, versions",
    "golden.npz": "films (uint8) and the outputs expected of them",
    TYPICAL: "what the training films look like, as a few numbers: films unlike them are warned of (no film is in it)",
    "run.py": "runs the examples:  pip install numpy ai-edge-litert && python run.py",
}
MODEL = "the model: grey film, float32 in [0, 1] or stored integers, (1, {height}, {width}, 1)"
DECODED = (
    "the same network decoded, as LiteRT runs it in float32: {size:,} bytes, where {model} has {coded:,}"
)

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
    variant, record = read_described(source)
    if folder.exists() and any(folder.iterdir()) and not (folder / "golden.npz").is_file():
        raise UsageError(f"{folder.name} is not empty and is no earlier export; choose another folder.")
    model = Path(variant.file).name
    runs = model if variant.format == "tflite" else RUNNABLE
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(intact_model(source / model, variant), folder / model)
        preparation = Preprocessing.from_dict(record["preparation"])
        if runs != model:
            save_model(convert(load_network(source / model, variant.format)), folder / runs)
        _write_golden(folder / model, variant, preparation, folder / "golden.npz")
        _write_typical(Path(run_folder), variant, folder / TYPICAL)
    write_json(folder / "variant.json", {**record, "file": model, "runs": runs, "notice": NOTICE})
    write_text(folder / "run.py", RUNNER)
    text = README.format(
        name=variant.name,
        notice=NOTICE,
        contents=_contents(folder, variant, model, runs),
        labels=", ".join(variant.labels),
        decision=DECISIONS[task_of(variant).exclusive],
    )
    write_text(folder / "README.txt", plain(text))
    return folder


def _contents(folder: Path, variant: Variant, model: str, runs: str) -> str:
    """Return a line for each file of an export."""
    height, width = variant.input_shape[:2]
    files = {model: MODEL.format(height=height, width=width)}
    if runs != model:
        size = (folder / runs).stat().st_size
        files[runs] = DECODED.format(size=size, model=model, coded=variant.size_bytes)
    files |= CONTENTS
    return "\n".join(f"{name:19}{what}" for name, what in files.items() if (folder / name).is_file())


def _write_typical(run_folder: Path, variant: Variant, path: Path) -> None:
    """Copy what is kept of the training films, where it belongs to this model file."""
    source = typical_path(run_folder, variant.key)
    path.unlink(missing_ok=True)
    if (found := read_typical(source)) is not None and found.sha256 == variant.sha256:
        shutil.copyfile(source, path)


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
