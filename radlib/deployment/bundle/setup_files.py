"""The files by which a bundle is set up and started: a few lines of shell each, and what they install."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from radlib.deployment.bundle.container_file import CONTAINERFILE, FILE as CONTAINER
from radlib.deployment.bundle.own_wheel import write_wheel
from radlib.deployment.bundle.requirements import fetch_wheels, pinned
from radlib.foundation.storage import write_text

REQUIREMENTS, INSTALL = "requirements.txt", "install.sh"
STARTERS: Mapping[str, str] = {  # command of radlib -> what it does
    "read": "reads films",
    "bench": "measures what the model costs on this machine",
}

START = """\
#!/bin/sh
# {does}, see README.txt; ./{command} --help says how. Set up once by: sh install.sh
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
if [ ! -x "$here/.venv/bin/python" ]; then
    echo "This bundle is not set up; run: sh $here/install.sh" >&2
    exit 5
fi
exec "$here/.venv/bin/python" -m radlib.cli.app {command} "$here" "$@"
"""

INSTALLER = """\
#!/bin/sh
# Sets up this bundle beside itself, in .venv: with wheels/ that were laid here without any network, else with pip's own index.
set -eu
cd -- "$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)"
python=
for each in ${PYTHON:-} python3 python3.13 python3.12 python3.11; do
    if "$each" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
        python=$each
        break
    fi
done
if [ -z "$python" ]; then
    echo "Python 3.11, 3.12 or 3.13 is needed and none was found; install it, or name it: PYTHON=/path/to/python sh install.sh" >&2
    exit 5
fi
if ! "$python" -m venv .venv; then
    echo "$python cannot make a virtual environment; on Debian and Raspberry Pi OS: sudo apt install python3-venv" >&2
    exit 5
fi
wheels=wheels/linux-$(uname -m)
if [ -d "$wheels" ]; then
    set -- --no-index --find-links "$wheels"
else
    set --
fi
if ! .venv/bin/python -m pip install --quiet --disable-pip-version-check "$@" -r requirements.txt; then
    echo "The libraries could not be installed: give this machine a network, or wheels made for it by:" >&2
    echo "  radlib export VARIANT FOLDER --wheels linux-$(uname -m)" >&2
    exit 5
fi
.venv/bin/python -m compileall -q .venv >/dev/null 2>&1 || true
echo "Set up. Read films by: ./read FILM"
"""


def write_setup(folder: Path, platforms: Sequence[str]) -> None:
    """Write what sets up a bundle and starts it.

    Args:
        folder: Of the bundle.
        platforms: For which the libraries' wheels are laid beside it.

    Raises:
        SetupError: When a wheel cannot be had.
    """
    wheel, needed = write_wheel(folder), pinned()
    write_text(folder / REQUIREMENTS, "\n".join([f"./{wheel.name}", *needed, ""]))
    write_text(folder / INSTALL, INSTALLER)
    write_text(folder / CONTAINER, CONTAINERFILE)
    for command, does in STARTERS.items():
        write_text(folder / command, START.format(command=command, does=does.capitalize()))
    for name in (INSTALL, *STARTERS):
        (folder / name).chmod(0o755)
    fetch_wheels(folder, needed, platforms)
