"""`make test-arm`: bundles installed and asked on an arm64 board that is emulated, beside the same on the desk.

It shows that answers, decoded files and prepared films are the same on aarch64, and orders the variants by the instructions
of a call. It does not measure speed: an emulated millisecond is none of a board. Written to `outputs/arm/aarch64.json`.
"""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from answers import CUT
from board import PROCESSOR, Board, set_up
from comparing import compare, compare_films, is_integer
from containerfile import build
from counting import CALLS, instructions_per_call
from cutting import before_softmax
from debian import Unavailable
from radlib.deployment.bundle.skeletons import FILE as SKELETON
from radlib.foundation.errors import SetupError
from variants import INSTALLED, make_bundles

OUTPUT = Path(__file__).resolve().parents[2] / "outputs/arm"
LABEL = "correct on aarch64, speed not measured"
BOARD = "/board"  # where the bundles lie on the board
ANSWERS = Path(__file__).with_name("answers.py")


def main() -> int:
    """Run all checks; return the exit code: 0 also where they cannot be run here, which is said."""
    began = time.monotonic()
    try:
        board = set_up(OUTPUT / "cache")
        said("the board", began)
        variants = make_bundles(OUTPUT)
        steps = {name: cut(OUTPUT / "bundles" / name) for name in variants}
        said(f"{len(variants)} variants", began)
    except (Unavailable, SetupError) as reason:  # no packages, or no wheels
        print(f"skipped: {reason}")
        return 0
    installed = install(board, OUTPUT / "bundles")
    said("a bundle installed on it", began)
    found: dict[str, Any] = {
        "label": LABEL,
        "processor": f"{PROCESSOR}, emulated",
        **asked(board, installed, variants, steps),
    }
    said("answers compared", began)
    found["instructions"] = counted(board, installed, found["variants"])
    keep(found)
    said("instructions counted", began)
    found["container"] = contained(board, installed)
    keep(found)
    said("the Containerfile executed", began)
    show(found["variants"])
    wrong = faults(found)
    print("\n".join(wrong) or f"{LABEL}: {OUTPUT / 'aarch64.json'}")
    return int(bool(wrong))


def keep(found: dict[str, Any]) -> None:
    """Write what is known so far."""
    (OUTPUT / "aarch64.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def said(what: str, began: float) -> None:
    """Say how far it is."""
    print(f"{time.monotonic() - began:6.0f} s  {what}", flush=True)


def install(board: Board, bundles: Path) -> str:
    """Copy the bundles onto the board and install one by its own `install.sh`; return its folder there."""
    shutil.copytree(bundles, board.root / BOARD.lstrip("/"))
    for skeleton in (board.root / BOARD.lstrip("/")).glob(f"*/{SKELETON}"):
        # the board makes the LiteRT file itself, of this and the coded file
        (skeleton.parent / runs(skeleton.parent.name)).unlink()
    folder = f"{BOARD}/{INSTALLED}"
    board.do(["sh", "install.sh"], folder=folder)
    return folder


def cut(bundle: Path) -> float | None:
    """Lay the integers that go into a variant's softmax beside it as a file; return one step of that softmax, None without one."""
    found = before_softmax(bundle / runs(bundle.name))
    if found is None:
        return None
    (bundle / CUT).write_bytes(found[0])
    return found[1]


def asked(board: Board, installed: str, variants: dict, steps: dict[str, float | None]) -> dict[str, Any]:
    """Return what the board answers beside what the desk answers, of films and of every variant."""
    desk, there = OUTPUT / "desk.npz", board.root / "answers.npz"
    subprocess.run([sys.executable, ANSWERS, OUTPUT / "bundles", desk], check=True)
    shutil.copyfile(ANSWERS, board.root / "answers.py")
    board.do([f"{installed}/.venv/bin/python", "/answers.py", BOARD, "/answers.npz"])
    here, found = dict(np.load(desk)), dict(np.load(there))
    rows = {}
    for name, variant in variants.items():
        integer = is_integer(OUTPUT / "bundles" / name / runs(name))
        told = compare(here, found, name, integer, steps[name])
        rows[name] = {"variant": variant.name, "label": variant.label, "format": variant.format, **told}
    return {"films": compare_films(found), "variants": rows}


def runs(name: str) -> str:
    """Return the name of the LiteRT file of a bundle."""
    return json.loads((OUTPUT / "bundles" / name / "variant.json").read_text(encoding="utf-8"))["runs"]


def contained(board: Board, installed: str) -> dict[str, Any]:
    """Build the bundle's Containerfile in a plain root and read its films: no rights, no network, nothing written."""
    bundle = OUTPUT / "bundles" / Path(installed).name
    image = build((bundle / "Containerfile").read_text(encoding="utf-8"), bundle, board, OUTPUT / "cache")
    how = {"environment": image.environment, "user": image.user, "folder": image.folder, "written": False}
    seen = bundle / "conformance/films"
    done = image.board.run([*image.entrypoint, "--json", "/mnt"], seen=seen, **how)
    films = json.loads((bundle / "conformance/vectors.json").read_text(encoding="utf-8"))["films"]
    expected = {film["image_id"]: film["outputs"][-1] for film in films}
    found = {
        row["image_id"]: row["lung_opacity_probability"] for row in map(json.loads, done.stdout.splitlines())
    }
    return {
        "steps": image.steps,
        "user": image.user,
        "films": len(found),
        "correct": done.returncode == 0 and found == expected,
        "said": done.stderr[-500:],
    }


def counted(board: Board, installed: str, rows: dict) -> dict[str, Any]:
    """Add to each variant what a call of it takes; return how that was counted, or why it was not."""
    python, files = f"{installed}/.venv/bin/python", [f"{BOARD}/{name}/{runs(name)}" for name in rows]
    try:
        numbers = instructions_per_call(board, OUTPUT / "cache", python, files)
    except Unavailable as reason:
        return {"counted": False, "reason": str(reason)}
    for row, number in zip(rows.values(), numbers, strict=True):
        row["instructions_per_call"] = round(number)
    return {"counted": True, "calls": CALLS}


def faults(found: dict[str, Any]) -> list[str]:
    """Return a sentence for each thing that is not as it must be."""
    films, container = found["films"], found["container"]
    lines = [f"{name}: the board answers otherwise, by {row['largest_difference']:.2g}"
             for name, row in found["variants"].items() if not row["correct"]]  # fmt: skip
    lines += [f"{name}: the film is prepared otherwise on the board" for name in films["wrong"]]
    if not container["correct"]:
        lines.append(f"the container answers otherwise: {container['said']}")
    if not container["user"]:
        lines.append("the container runs as root")
    return lines


def show(rows: dict[str, dict]) -> None:
    """Print the variants, fewest instructions first."""
    print(f"{'variant':66}{'identical':>24}{'instructions a call':>22}")
    for name, row in sorted(rows.items(), key=lambda each: each[1].get("instructions_per_call", 0)):
        print(f"{name:66}{told(row):>24}{row.get('instructions_per_call', 0):>22,}")


def told(row: dict[str, Any]) -> str:
    """Return how a variant's answers compare, in a few words."""
    if row["identical"]:
        return "identical"
    if row.get("identical_before_softmax"):
        return f"to the softmax, {row['other']} of {row['films']}"
    return f"{row['largest_difference']:.1e}"


if __name__ == "__main__":
    sys.exit(main())
