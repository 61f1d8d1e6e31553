"""What a device installs: radlib's wheel and exactly the libraries that it was tried with here; and their wheels, when asked for.

Pip fetches the wheels for other machines; where from is pip's to know (its configuration), and no address is written here.
"""

import importlib.metadata
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from radlib.foundation.errors import MissingExtra, SetupError, UsageError

PLATFORMS = ("linux-aarch64", "linux-x86_64")
PYTHONS = ("3.11", "3.12", "3.13")
GLIBC = range(17, 32)  # minor versions of glibc 2 whose wheels run on Debian 11 and later
WHEELS = "wheels"
LONGEST_S = 1800.0  # for one platform and one Python


def pinned() -> list[str]:
    """Return radlib's base libraries and all that they need, as `name==version` of what is installed here, sorted."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    found: dict[str, str] = {}
    waiting = list(importlib.metadata.requires("radlib") or [])
    while waiting:
        requirement = Requirement(waiting.pop())
        name = canonicalize_name(requirement.name)
        if name in found or (
            requirement.marker is not None and not requirement.marker.evaluate({"extra": ""})
        ):
            continue
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            raise MissingExtra(
                f"{name}, which a device needs, is not installed here; pip install radlib anew."
            ) from None
        waiting += importlib.metadata.requires(name) or []
    return [f"{name}=={version}" for name, version in sorted(found.items())]


def checked_platforms(text: str) -> list[str]:
    """Return the platforms that a list with commas names.

    Raises:
        UsageError: For one that there is none of.
    """
    named = [each.strip() for each in text.split(",") if each.strip()]
    for each in named:
        if each not in PLATFORMS:
            raise UsageError(f"There are no wheels for {each!r}; name some of: {', '.join(PLATFORMS)}.")
    return list(dict.fromkeys(named))


def fetch_wheels(folder: Path, requirements: Sequence[str], platforms: Sequence[str]) -> None:
    """Lay the libraries' wheels into `folder/wheels/PLATFORM`, for every Python that radlib runs on.

    Args:
        folder: Of the bundle.
        requirements: As `pinned` returns them.
        platforms: Of `PLATFORMS`.

    Raises:
        SetupError: When pip cannot have one of them, with what to do.
    """
    for platform in platforms:
        for python in PYTHONS:
            _fetch(folder / WHEELS / platform, requirements, platform, python)


def _fetch(folder: Path, requirements: Sequence[str], platform: str, python: str) -> None:
    machine = platform.partition("-")[2]
    tags = [f"manylinux_2_{minor}_{machine}" for minor in reversed(GLIBC)] + [f"manylinux2014_{machine}"]
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input", "--no-deps",
        "--only-binary", ":all:", "--python-version", python, "--implementation", "cp", "--abi",
        f"cp{python.replace('.', '')}", "--abi", "abi3", "--abi", "none",
        *(part for tag in tags for part in ("--platform", tag)), "--dest", str(folder), *requirements,
    ]  # fmt: skip
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", check=False, timeout=LONGEST_S
        )
    except subprocess.TimeoutExpired:
        raise SetupError(_sentence(platform, python, "it took too long")) from None
    if done.returncode:
        raise SetupError(_sentence(platform, python, _why(done.stderr)))


def _why(said: str) -> str:
    """Return why pip failed, in words without an address."""
    if "No module named pip" in said:
        return "pip is not installed here"
    if "No space left" in said:
        return "no space is left"
    missing = [
        line.rpartition(" for ")[2].strip()
        for line in said.splitlines()
        if "No matching distribution" in line
    ]
    if missing and "Retrying" not in said and "onnection" not in said:
        return f"there is no wheel of {missing[0].rstrip('.')[:60]} where pip looks"
    return "there is no network, or no package index that pip can reach"


def _sentence(platform: str, python: str, why: str) -> str:
    return (
        f"The wheels for {platform} and Python {python} cannot be fetched: {why}; export without --wheels and install where "
        "there is a network, or try again."
    )
