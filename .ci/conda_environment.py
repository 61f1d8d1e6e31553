"""Write environment.yml for conda users: the same set, pinned like requirements.txt."""

import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent


def pins(lock: str) -> list[str]:
    """Return the `name==version ; marker` lines of a hashed lock, without the hashes."""
    joined = re.sub(r"\\\n\s+", " ", lock)
    lines = [re.sub(r"\s*--hash=\S+", "", line).strip() for line in joined.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def environment(lock: str) -> str:
    """Return the text of environment.yml."""
    head = [
        "# For conda users: the set of requirements.txt, which `make lock` writes together with this file.",
        "#   conda env create -f environment.yml && conda activate radlib && pip install --no-deps .",
        "name: radlib",
        "channels: [conda-forge]",
        "dependencies:",
        "  - python>=3.11,<3.14",
        "  - pip",
        "  - make",
        "  - pip:",
    ]
    return "\n".join([*head, *(f"      - {_quoted(pin)}" for pin in pins(lock))]) + "\n"


def _quoted(pin: str) -> str:
    return f'"{pin}"' if ";" in pin else pin


if __name__ == "__main__":
    text = environment((REPOSITORY / "requirements.txt").read_text(encoding="utf-8"))
    (REPOSITORY / "environment.yml").write_text(text, encoding="utf-8")
