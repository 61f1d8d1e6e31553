"""What an export says of itself, in a text for people."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from radlib.deployment.bench.subjects import ORIGINAL_FILE
from radlib.deployment.bundle.skeletons import FILE as SKELETON
from radlib.deployment.export_state import UNFINISHED, sentences
from radlib.deployment.folder_shift import REFERENCE
from radlib.deployment.reading.answering import TYPICAL
from radlib.deployment.threshold_files import exact
from radlib.metrics.operating_points import ThresholdRule
from radlib.runs import seen_films
from radlib.runs.tasks import task_of
from radlib.runs.variants import Variant

NOTICE = "Research only, not a medical device."

README = """\
{first}{name}

{notice}

{state}{contents}

As deployed, the network is {deployed:,} bytes ({files}); that is what the device needs to run it.
Outputs, in order: {labels}. {decision}
On a device (64-bit Linux, Python 3.11 to 3.13), once:
  sh install.sh          without network too, where wheels/ for this machine lies here (radlib export --wheels)
Then, on DICOM, PNG and JPEG films:
  ./read FILMS --csv answers.csv{pictures}
  ./read --watch FOLDER --csv answers.csv{pictures}
Films must be prepared exactly as specification.json says; ./read and radlib predict do that, and answer the same.
"""

CONTENTS = {
    "variant.json": "labels, threshold, how films are prepared, hashes, versions",
    "golden.npz": "",  # see `EXAMPLES`
    TYPICAL: "what the training films look like, as a few numbers: films unlike them are warned of (no film is in it)",
    REFERENCE: "what the test films look like, as a few numbers each, to compare a folder with (no film, no id is in it)",
    seen_films.FILE: "digests by which films that the model has learnt from are known again (no film, no id is in it)",
    "read": "reads films:  ./read FILMS, ./read --help",
    "bench": "measures what the model costs on this machine:  ./bench, ./bench --help",
    "install.sh": "sets this folder up on a device, once",
    "requirements.txt": "what it installs: radlib's wheel, and the libraries it was tried with",
    "Containerfile": "makes an image of this folder for whoever runs containers; how is said in it",
    "wheels": "their wheels, to be set up without network",
    "specification.json": "every step from a film's file to the decision, for whoever writes another reader",
    "conformance": "drawn films of every kind and the bytes after each step, by which such a reader proves itself",
    ORIGINAL_FILE: "the float32 original that it was made from, which ./bench times in turns with it",
    "micro": "what a microcontroller's firmware takes: the model as a C array, its operators, a check of sizes",
    "run.py": "runs the examples:  pip install numpy ai-edge-litert && python run.py",
}
MODEL = "the model: grey film, float32 in [0, 1] or stored integers, (1, {height}, {width}, 1)"
DECODED = (
    "the same network decoded, as LiteRT runs it in float32: {size:,} bytes, where {model} has {coded:,}"
)
FILLED = "with {model} it makes {runs}, the very bytes, which then need not be sent"

MOST_PROBABLE = "A film is of the class with the largest output."
BOXED = (
    "A box is where the map of its label has a peak, a cell that none of its neighbours exceeds, of at least {least:g}; how large it is and "
    "where in the cell its centre lies stand in the other maps. Boxes are in pixels of the film."
)
OUTLINED = "A pixel belongs to an outline where its probability is at least {least:g}; masks are as large as the film."
# By how a task's answers are kept, `Task.record`.
FIXED: Mapping[str, str] = {"masks": OUTLINED, "boxes": BOXED}
PICTURES: Mapping[str, str] = {"probabilities": "", "masks": " --masks MASKS", "boxes": " --boxes boxes.csv"}
EXAMPLES: Mapping[str, str] = {
    "probabilities": "films (uint8) and the outputs expected of them",
    "boxes": "films (uint8), outputs, the boxes expected of them, and those that rounding may draw or leave out (undecided)",
    "masks": "films (uint8), the masks expected of them, and which pixels rounding may turn (undecided)",
}


def readme(folder: Path, variant: Variant, record: dict[str, Any], model: str, runs: str) -> str:
    """Return the text of an export's README; what is missing comes first.

    Args:
        folder: With the other files.
        variant: What is exported.
        record: What variant.json holds.
        model: Name of the model file.
        runs: Name of the file that LiteRT runs.
    """
    said = "\n".join(sentences(record)) + "\n\n"
    warned = record["state"] == UNFINISHED or "alarm" in record
    return README.format(
        first=said if warned else "",
        name=variant.name,
        notice=NOTICE,
        state="" if warned else said,
        contents=_contents(folder, variant, record, model, runs),
        deployed=record["deployed"]["bytes"],
        files=" and ".join(record["deployed"]["files"]),
        labels=", ".join(variant.labels),
        decision=_decision(variant, record),
        pictures=PICTURES[task_of(variant).record],
    )


def _decision(variant: Variant, record: dict[str, Any]) -> str:
    """Return how a film is decided on, with the thresholds in full."""
    task = task_of(variant)
    if task.exclusive:
        return MOST_PROBABLE
    if task.fixed_threshold is not None:
        return FIXED[task.record].format(least=task.fixed_threshold)
    chosen = dict(zip(task.labels, record["thresholds"], strict=True))
    stated = ", ".join(f"{label} {exact(value)}" for label, value in chosen.items() if value is not None)
    without = ", ".join(label for label, value in chosen.items() if value is None)
    site = record["thresholds_from"].get("chosen_on") == "films of a site"
    lines = []
    if stated:
        whose = (
            "chosen anew on films of one site, for its use only"
            if site
            else f"chosen on validation films by {_rule(record)}"
        )
        lines.append(f"A film counts as positive at or above the threshold ({whose}): {stated}.")
    if without:
        lines.append(f"There is no threshold for {without}: no decision may be made.")
    return " ".join(lines)


def _rule(record: dict[str, Any]) -> str:
    return ThresholdRule(**record.get("threshold_rule", {})).words


def _contents(folder: Path, variant: Variant, record: dict[str, Any], model: str, runs: str) -> str:
    """Return a line for each file of an export."""
    height, width = variant.input_shape[:2]
    files = {model: MODEL.format(height=height, width=width)}
    if runs != model:
        size = (folder / runs).stat().st_size
        files[runs] = DECODED.format(size=size, model=model, coded=variant.size_bytes)
    files |= CONTENTS | {"golden.npz": EXAMPLES[task_of(variant).record]}
    files[SKELETON] = FILLED.format(model=model, runs=runs)
    return "\n".join(f"{name:21}{what}" for name, what in files.items() if (folder / name).exists())
