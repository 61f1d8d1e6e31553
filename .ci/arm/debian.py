"""Programs of Debian for another processor, unpacked into a folder: nothing is installed, no rights are needed.

apt resolves and fetches with a state of its own, an empty list of what is installed, and the site and the keys that this
machine's own configuration names; `dpkg-deb` unpacks. No maintainer script runs: what they would have made, and what is
needed, is made in `board`.
"""

import os
import shutil
import subprocess
from pathlib import Path

KEYS = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


class Unavailable(Exception):
    """This machine cannot do it; the message says what it lacks, in one sentence."""


def unpack(place: Path, suite: str, architecture: str, packages: tuple[str, ...]) -> Path:
    """Unpack packages and all that they need into a folder, once.

    Args:
        place: The folder; whole when its `.unpacked` names what was asked for.
        suite: Of Debian, such as `trixie`.
        architecture: Such as `arm64`.
        packages: Their names, or patterns of apt's.

    Raises:
        Unavailable: When apt is not here or cannot fetch them.
    """
    wanted, mark = " ".join((suite, architecture, *packages)), place / ".unpacked"
    if mark.is_file() and mark.read_text() == wanted:
        return place
    shutil.rmtree(place, ignore_errors=True)
    state = place.with_name(f"{place.name}.apt")
    options = _private_state(state, suite, architecture)
    _run(["apt-get", *options, "--quiet", "update"])
    _run(["apt-get", *options, "--quiet", "--yes", "--download-only", "install", *packages])
    place.mkdir(parents=True)
    for archive in sorted((state / "cache/archives").glob("*.deb")):
        _run(["dpkg-deb", "--extract", str(archive), str(place)])
    shutil.rmtree(state)
    mark.write_text(wanted)
    return place


def _private_state(state: Path, suite: str, architecture: str) -> list[str]:
    """Make the folders in which apt works apart from this machine's own; return its options."""
    shutil.rmtree(state, ignore_errors=True)
    for folder in ("state/lists/partial", "cache/archives/partial"):
        (state / folder).mkdir(parents=True)
    (state / "status").touch()
    signed = f" [signed-by={KEYS}]" if KEYS.is_file() else ""
    (state / "sources.list").write_text(f"deb{signed} {_site()} {suite} main\n")
    settings = {
        "APT::Architecture": architecture,
        "APT::Architectures": architecture,
        "APT::Architectures::": architecture,
        "APT::Install-Recommends": "0",
        "APT::Sandbox::User": "",
        "Dir::Etc::SourceList": state / "sources.list",
        "Dir::Etc::SourceParts": "-",
        "Dir::State": state / "state",
        "Dir::State::status": state / "status",
        "Dir::Cache": state / "cache",
    }
    return [part for name, value in settings.items() for part in ("-o", f"{name}={value}")]


def _site() -> str:
    """Return where this machine gets Debian from: `DEBIAN_SITE`, or what apt's own configuration names."""
    if said := os.environ.get("DEBIAN_SITE"):
        return said
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise Unavailable("apt-get and dpkg-deb are not here to fetch programs for arm64")
    told = _run(["apt-get", "indextargets", "--format", "$(ORIGIN)\t$(SITE)", "Created-By: Packages"])
    sites = [line.split("\t")[1] for line in told.splitlines() if line.startswith("Debian\t")]
    plain = [site for site in sites if "security" not in site]
    if not plain:
        raise Unavailable("apt is configured for no site of Debian; name one in DEBIAN_SITE")
    return plain[0]


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip() or "no word").splitlines()[-1]
        raise Unavailable(f"{Path(command[0]).name} failed: {last}")
    return done.stdout
