"""The program `bench` of a bundle: a few lines that call the radlib which `install.sh` put beside it."""

BENCH_SCRIPT = """\
#!/bin/sh
# What this variant costs on this machine: ./bench, or ./bench --help for what can be asked.
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
if [ ! -x "$here/.venv/bin/radlib" ]; then
    echo "radlib is not installed here yet; run $here/install.sh first." >&2
    exit 5
fi
exec "$here/.venv/bin/radlib" bench "$here" "$@"
"""
