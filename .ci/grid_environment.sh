#!/usr/bin/env bash
# Build the environment in the folder $1 from which `radlib grid` starts Snakemake, unless it is there and up to date.
set -euo pipefail
venv=$1
unset PYTHONDONTWRITEBYTECODE VIRTUAL_ENV PYTHONPATH

[ "$(cat "$venv/.ready" 2>/dev/null)" = "$(cat environments/grid.txt)" ] && exit 0

echo "Building $venv, once; this takes a minute." >&2
rm -rf "$venv"
.venv/bin/python -m venv "$venv" # radlib's environment, which make has built before
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r environments/grid.txt
"$venv/bin/snakemake" --version >/dev/null
cp environments/grid.txt "$venv/.ready"
