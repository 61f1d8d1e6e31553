"""A Containerfile built in a plain root instead of by a container engine: each of its steps, in order.

What FROM names is not fetched: every stage begins with the plain Debian of `board`, which has no more than a slim image of
Python. What this does not know it refuses, so that no step is left out unseen.
"""

import json
import shlex
import shutil
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from board import Board

TOLD = ("LABEL", "EXPOSE", "VOLUME", "STOPSIGNAL")  # say something to an engine, and do nothing


@dataclass
class Stage:
    """What has been built so far of one stage.

    Attributes:
        board: Its root.
        environment: What ENV has set.
        folder: WORKDIR.
        user: USER, as a number.
        entrypoint: The words of ENTRYPOINT.
        steps: The instructions that were executed.
    """

    board: Board
    environment: dict[str, str] = field(default_factory=dict)
    folder: str = "/"
    user: int = 0
    entrypoint: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)


def instructions(text: str) -> list[tuple[str, str]]:
    """Return (instruction, its argument) of each step, continued lines joined and comments left out.

    Raises:
        ValueError: For a line that holds an instruction alone.
    """
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    found = []
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        if not line.strip():
            continue
        word, _, rest = line.strip().partition(" ")
        if not rest.strip():
            raise ValueError(f"a step without argument: {line.strip()!r}")
        found.append((word.upper(), rest.strip()))
    return found


def build(text: str, context: Path, plain: Board, place: Path) -> Stage:
    """Execute a Containerfile; return its last stage.

    Args:
        text: Its content.
        context: The folder that COPY takes files from.
        plain: The board whose root every stage begins with.
        place: Where the stages' roots go.

    Raises:
        ValueError: For a step that is not known here.
        RuntimeError: When a step fails.
    """
    stages: dict[str, Stage] = {}
    stage: Stage | None = None
    for instruction, said in instructions(text):
        if instruction == "FROM":
            name = said.split(" AS ")[-1] if " AS " in said else str(len(stages))
            root = place / f"stage{len(stages)}"
            shutil.rmtree(root, ignore_errors=True)
            shutil.copytree(plain.root, root, symlinks=True)
            stage = stages[name] = Stage(Board(root, plain.emulator))
        elif stage is None:
            raise ValueError(f"{instruction} before the first FROM")
        else:
            _step(stage, instruction, said, context, stages)
            stage.steps.append(f"{instruction} {said}")
    if stage is None:
        raise ValueError("no FROM")
    return stage


def _step(stage: Stage, instruction: str, said: str, context: Path, stages: dict[str, Stage]) -> None:
    """Execute one step."""
    match instruction:
        case "RUN":
            command = json.loads(said) if said.startswith("[") else ["/bin/sh", "-c", said]
            stage.board.do(
                command, environment=stage.environment, user=stage.user, folder=stage.folder, network=True
            )
        case "COPY":
            _copy(stage, said, context, stages)
        case "ENV":
            stage.environment |= dict(pair.split("=", 1) for pair in shlex.split(said))
        case "USER":
            stage.user = int(said.split(":")[0])  # a name would need its entry in a file of the image
        case "WORKDIR":
            stage.folder = str(PurePosixPath(stage.folder) / said)
            _inside(stage, stage.folder).mkdir(parents=True, exist_ok=True)
        case "ENTRYPOINT":
            stage.entrypoint = json.loads(said)
        case _ if instruction not in TOLD:
            raise ValueError(f"{instruction} is not known here; teach it to containerfile.py")


def _copy(stage: Stage, said: str, context: Path, stages: dict[str, Stage]) -> None:
    """Copy files of the context or of an earlier stage; a folder's content, as an engine does."""
    *options, source, target = shlex.split(said)
    taken, sources = Path(context), {}
    for option in options:
        name, _, value = option.partition("=")
        if name != "--from":
            raise ValueError(f"COPY {option} is not known here; teach it to containerfile.py")
        taken, sources = stages[value].board.root, stages
    path = taken / source.lstrip("/") if sources else taken / source
    goal = _inside(stage, str(PurePosixPath(stage.folder) / target))
    if path.is_dir():
        shutil.copytree(path, goal, symlinks=True, dirs_exist_ok=True)
    else:
        goal = goal / path.name if target.endswith("/") else goal
        goal.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, goal)


def _inside(stage: Stage, path: str) -> Path:
    return stage.board.root / path.lstrip("/")
