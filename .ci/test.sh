#!/usr/bin/env bash
# Run the tests with the environment in $1 and the markers in $2: everything under tests/, and the committed
# notebooks through nbval into empty temporary outputs.
set -euo pipefail
unset PYTHONDONTWRITEBYTECODE
outputs=$(mktemp -d)
trap 'rm -rf "$outputs"' EXIT
RADLIB_OUTPUTS=$outputs TQDM_DISABLE=1 "$1/bin/python" -m pytest -m "$2" \
    --nbval-lax --nbval-current-env --nbval-cell-timeout 900 --nbval-sanitize-with tests/notebooks/nbval.cfg \
    tests notebooks
