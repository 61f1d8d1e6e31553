#!/usr/bin/env bash
# Build the environment in the folder $1 from the hashed lock, unless it is there and up to date.
# Bytecode is compiled once: that halves every later start. Ends with one sentence when this machine has no
# Python that the libraries support.
set -euo pipefail
venv=$1
unset PYTHONDONTWRITEBYTECODE VIRTUAL_ENV PYTHONPATH
export UV_PYTHON_DOWNLOADS=never

digest() { cat "$@" | { sha256sum 2>/dev/null || shasum -a 256; } | cut -d ' ' -f 1; }
libraries=$(digest requirements.txt)
project=$(digest pyproject.toml)
[ "$(cat "$venv/.ready" 2>/dev/null)" = "$libraries $project" ] && exit 0

has_uv() { command -v uv >/dev/null 2>&1 && uv --version >/dev/null 2>&1; }

find_python() { # the first that runs and is supported: a python3.x on the path may be a shim that does not
    local works='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'
    for candidate in ${PYTHON:-python3 python3.12 python3.11 python3.13 python}; do
        if "$candidate" -c "$works" >/dev/null 2>&1; then
            "$candidate" -c 'import sys; print(sys.executable)'
            return
        fi
    done
    local found
    found=$("${PYTHON:-python3}" -c 'import platform; print("Python", platform.python_version())' 2>/dev/null) || found="no Python"
    echo "radlib needs Python 3.11, 3.12 or 3.13 and found ${found}; install one of these, or name it: make demo PYTHON=/path/to/python3.12" >&2
    exit 5
}

if [ "$(cut -d ' ' -f 1 "$venv/.ready" 2>/dev/null)" != "$libraries" ]; then
    python=$(find_python)
    echo "Building $venv with $("$python" --version 2>&1), once; this takes a minute or two." >&2
    rm -rf "$venv"
    if has_uv; then
        uv venv --quiet --seed --python "$python" "$venv" # with pip, which fetches the wheels of an export
        uv pip install --quiet --python "$venv/bin/python" --require-hashes --compile-bytecode -r requirements.txt
    else
        if ! "$python" -m venv "$venv" >/dev/null 2>&1; then
            echo "Python's venv module is incomplete here; install it (on Debian and Ubuntu: apt install python3-venv) and run the same command again." >&2
            exit 5
        fi
        "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
        "$venv/bin/python" -m compileall -q -j 0 "$venv"/lib >/dev/null || true
    fi
    echo "$libraries" >"$venv/.ready"
fi

if has_uv; then
    uv pip install --quiet --python "$venv/bin/python" --no-deps --no-build-isolation -e .
else
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
fi
"$venv/bin/python" -m compileall -q radlib >/dev/null || true
echo "$libraries $project" >"$venv/.ready"
