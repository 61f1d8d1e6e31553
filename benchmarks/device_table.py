"""Which technique's files go onto which device: bytes, bytes as deployed, LiteRT, the micro runtime, and an arm64 board.

    python -m benchmarks.device_table RUN [--arm outputs/arm/aarch64.json] [--to docs/results/device]

RUN is the folder of a finished run, best of the study `demo_all`, which names every technique. Every file is tried, none is
judged by its name: it is opened by LiteRT; the file that LiteRT runs is tried in the micro runtime on drawn films; a coded file
is decoded with its skeleton in a process that has no TensorFlow. What `make test-arm` wrote fills the last columns. Joules are the estimate of
`radlib.evaluation.energy_estimate`, and only their ratio says something.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from radlib.deployment.bundle.deployed import deployed, write_skeleton
from radlib.deployment.export import drawn_films
from radlib.deployment.micro.trial import micro_trial
from radlib.evaluation.energy_estimate import estimated_energy
from radlib.formats.predictors import load_network, open_model, save_model
from radlib.foundation.errors import SetupError
from radlib.foundation.record_files import read_object
from radlib.foundation.storage import file_sha256, write_json, write_text
from radlib.imaging.images import Preprocessing
from radlib.runs.runs import Run, reopen_run
from radlib.runs.variants import Variant, library_versions

WITHOUT = "tensorflow", "tf_keras", "keras"
DECODED = """\
import sys; sys.modules.update(dict.fromkeys({without!r}))
from pathlib import Path
from radlib.deployment.bundle.deployed import runnable
from radlib.runs.variants import read_variant
runnable(Path({folder!r}), read_variant(Path({record!r})), {{"runs": "model.tflite", "hashes": {{"model.tflite": {sha256!r}}}}})
"""
COLUMNS = (
    "Technique", "Network", "Format", "Bytes", "As deployed", "Smaller as deployed", "LiteRT", "Micro runtime", "Coded",
    "Energy, estimated", "Same on arm64", "Instructions a call",
)  # fmt: skip
NOT_KNOWN = "–"


def measure(folder: Path, arm: Path | None = None) -> dict[str, Any]:
    """Try the file of every variant of a run.

    Args:
        folder: Of the run.
        arm: What `make test-arm` wrote; None where it did not run.

    Returns:
        `study`, `libraries` and `rows`: what is known of each variant, see `tried`.
    """
    run = reopen_run(folder)
    board = _board(arm)
    rows = []
    asked = {variant.name for variant in run.candidates()}
    for variant in run.variants():
        if variant.name not in asked:  # a link on the way of a chain, or of an earlier study
            continue
        rows.append(
            tried(run, variant) | {"arm": board.get(variant.key.removesuffix(f"--seed{variant.seed}"))}
        )
        print(
            f"{variant.name}: {'runs' if rows[-1]['litert'] else rows[-1]['litert_reason']}", file=sys.stderr
        )
    originals = {r["network"]: r for r in rows if r["chain"] == "original"}
    for row in rows:
        before = originals.get(row["network"], {})
        row["share_deployed"] = _ratio(before.get("deployed_bytes"), row["deployed_bytes"])
        row["share_energy"] = _ratio(row["joules_per_call"], before.get("joules_per_call"))
    return {"study": run.study.name, "libraries": library_versions(), "rows": rows}


def tried(run: Run, variant: Variant) -> dict[str, Any]:
    """Return what one variant's file does: bytes, whether LiteRT, the micro runtime and its own decoder run it, and the estimate."""
    stored = run.model_path(variant)
    row: dict[str, Any] = {
        "variant": variant.name, "network": variant.network, "chain": variant.chain_text, "format": variant.format,
        "size_bytes": variant.size_bytes, "litert": False, "litert_reason": "", "deployed_bytes": None,
        "joules_per_call": None, "micro": None, "micro_reason": "", "arena_bytes": None, "steps_apart": None, "operators": [],
        "decodes": None, "deployed_files": [stored.name],
    }  # fmt: skip
    record = run.path("variants", variant.key, "preprocessing.json")
    films = drawn_films(Preprocessing.from_dict(read_object(record)))
    with tempfile.TemporaryDirectory(prefix="radlib-device-") as scratch:
        runs = stored if variant.format == "tflite" else _converted(run, variant, Path(scratch), row)
        row["litert_bytes"] = runs.stat().st_size
        row["deployed_bytes"] = row["deployed_bytes"] or row["litert_bytes"]
        try:
            with open_model(runs, "tflite") as predictor:
                predictor.predict(films)
            row["litert"] = True
        except SetupError as refused:
            return row | {"litert_reason": str(refused)}
        row["joules_per_call"] = estimated_energy(runs)["joules_per_call"]
        trial = micro_trial(runs, films)
        row |= {
            "micro": trial.same_answers if trial.runs is not None else None, "micro_reason": trial.why_not,
            "arena_bytes": trial.arena_bytes, "operators": list(trial.operators),
            "steps_apart": round(trial.largest_difference / trial.step, 3) if trial.runs and trial.step else None,
        }  # fmt: skip
    return row


def _converted(run: Run, variant: Variant, folder: Path, row: dict[str, Any]) -> Path:
    """Return the LiteRT file of a Keras or coded one, as an export makes it; note what is sent, and whether it decodes alone.

    A coded file is sent with its skeleton, and a process without TensorFlow must make the very LiteRT file of both.
    """
    from radlib.techniques.quantization.converter import convert

    stored, runs = run.model_path(variant), folder / "model.tflite"
    network = load_network(stored, variant.format)
    save_model(convert(network), runs)
    shutil.copyfile(stored, folder / stored.name)
    write_skeleton(folder, variant, network, runs.name)
    sent = deployed(folder, variant, runs.name)
    row |= {"deployed_bytes": sent["bytes"], "deployed_files": sent["files"]}
    if variant.format != "keras":
        aside, sha256 = runs.rename(folder / "aside"), file_sha256(folder / "aside")
        record = run.path("variants", variant.key, "variant.json").resolve()
        code = DECODED.format(without=WITHOUT, folder=str(folder), record=str(record), sha256=sha256)
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
        row["decodes"] = done.returncode == 0
        aside.replace(runs)
    return runs


def _board(arm: Path | None) -> dict[str, Any]:
    """Return what `make test-arm` found, by the variant's key without its seed."""
    return (
        json.loads(arm.read_text(encoding="utf-8"))["variants"] if arm is not None and arm.is_file() else {}
    )


def _ratio(first: float | None, second: float | None) -> float | None:
    return first / second if first and second else None


def table(result: dict[str, Any]) -> str:
    """Return the rows as a table of Markdown."""
    lines = ["| " + " | ".join(COLUMNS) + " |", "|---" * len(COLUMNS) + "|"]
    for row in result["rows"]:
        cells = (
            row["chain"].replace("|", "\\|"), row["network"], row["format"], f"{row['size_bytes']:,}", _bytes(row),
            NOT_KNOWN if row["share_deployed"] is None else f"{row['share_deployed']:.1f} ×",
            "yes" if row["litert"] else f"no: {row['litert_reason']}", _micro(row),
            {None: NOT_KNOWN, True: "decodes", False: "no, it needs TensorFlow"}[row["decodes"]],
            NOT_KNOWN if row["share_energy"] is None else f"{100 * row['share_energy']:.0f} % of the original’s", *_arm(row["arm"]),
        )  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _bytes(row: dict[str, Any]) -> str:
    converted = "" if row["format"] == "tflite" else " (as LiteRT, float32)"
    return (
        f"{row['deployed_bytes']:,}{' (with its skeleton)' if len(row['deployed_files']) > 1 else converted}"
    )


def _micro(row: dict[str, Any]) -> str:
    if not row["micro"]:
        return NOT_KNOWN if row["micro"] is None else f"no: {row['micro_reason']}"
    steps = row["steps_apart"]
    apart = "" if steps is None else f", {steps:g} step{'' if steps == 1 else 's'} from LiteRT"
    flash = "yes" if row["format"] == "tflite" else f"as LiteRT of {row['litert_bytes']:,} bytes"
    return f"{flash}, arena {row['arena_bytes']:,} bytes{apart}"


def _arm(found: dict[str, Any] | None) -> tuple[str, str]:
    """Return the two columns of the board."""
    if found is None:
        return NOT_KNOWN, NOT_KNOWN
    same = "identical" if found["identical"] else f"within {found['largest_difference']:.1e}"
    if found.get("identical_before_softmax") and not found["identical"]:
        same = f"identical to the softmax, {found['other']} of {found['films']} answers one step off"
    if not found["correct"]:
        same = f"no: off by {found['largest_difference']:.1e}"
    calls = found.get("instructions_per_call")
    return same, NOT_KNOWN if calls is None else f"{calls:,}"


def page(result: dict[str, Any], with_arm: bool) -> str:
    """Return the page: what was tried, and the table."""
    board = (
        "The last columns are those of `make test-arm`: correct on aarch64, speed not measured. LiteRT's softmax of integers takes real\n"
        "  exponentials, so where an answer lies between two codes it may be the next one on another processor."
        if with_arm
        else "`make test-arm` had not run when this was made: its columns are empty."
    )
    libraries = ", ".join(f"{name} {version}" for name, version in result["libraries"].items())
    return f"""\
# Which technique goes onto which device

Made by `python -m benchmarks.device_table RUN`, from a run of the study `{result["study"]}`: networks on drawn films, so
that sizes and answers count here and not how well they read. Every file was tried; `techniques.json` has all that was found.

- **As deployed** is all that a device is sent of the network: the file itself; of a Keras file the float32 LiteRT file; of a
  coded file that and its skeleton, of which the device makes the LiteRT file (or the LiteRT file, where that is smaller).
- **Coded**: whether a process without TensorFlow made the very LiteRT file of the coded file and its skeleton.
- **Micro runtime** is TensorFlow Lite Micro on a machine of 64 bits, with its reference kernels, on drawn films: the bytes of
  arena that it used, and how far its answers lie from those of LiteRT's reference kernels, in steps of their grid. Nothing
  is decoded there: of a Keras or coded file its flash holds the LiteRT file.
- **Energy** is an estimate from counted operations and bytes, no measurement.
- {board}

{table(result)}

{libraries}
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.device_table", description=__doc__.split("\n")[0]
    )
    parser.add_argument("run", type=Path, help="folder of a finished run")
    parser.add_argument("--arm", type=Path, help="what make test-arm wrote")
    parser.add_argument("--to", type=Path, default=Path("docs/results/device"), help="folder to write to")
    given = parser.parse_args()
    result = measure(given.run, given.arm)
    write_json(given.to / "techniques.json", result)
    write_text(given.to / "README.md", page(result, with_arm=any(row["arm"] for row in result["rows"])))
    print(given.to / "README.md")


if __name__ == "__main__":
    main()
