#!/usr/bin/env bash
# Build the environment in the folder $1 in which `radlib import` converts PyTorch programs and ONNX files, unless it is
# there and up to date. It stands apart from radlib's own, whose TensorFlow wants other versions of what these bring.
set -euo pipefail
venv=$1
unset PYTHONDONTWRITEBYTECODE VIRTUAL_ENV PYTHONPATH
export UV_PYTHON_DOWNLOADS=never

wanted=$(cat environments/import.txt environments/import-without-dependencies.txt)
[ "$(cat "$venv/.ready" 2>/dev/null)" = "$wanted" ] && exit 0

python=.venv/bin/python # that of radlib's environment, which make has built before
echo "Building $venv with $("$python" --version 2>&1), once; this takes some minutes and 2 GB." >&2
rm -rf "$venv"
if command -v uv >/dev/null 2>&1 && uv --version >/dev/null 2>&1; then
    uv venv --quiet --python "$python" "$venv"
    install=(uv pip install --quiet --python "$venv/bin/python")
else
    "$python" -m venv "$venv"
    install=("$venv/bin/python" -m pip install --quiet --disable-pip-version-check)
fi
"${install[@]}" -r environments/import.txt
"${install[@]}" --no-deps -r environments/import-without-dependencies.txt
"$venv/bin/python" -I -c "import litert_torch, onnx, torch" 2>/dev/null
echo "$wanted" >"$venv/.ready"
