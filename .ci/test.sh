#!/usr/bin/env bash
# Run the tests with the environment in $1 and the markers in $2, by two workers: each trains in two threads and
# holds up to two gigabytes. Ends with the coverage of radlib and fails under what pyproject.toml asks for;
# `.venv/bin/coverage report` has it by file.
set -euo pipefail
unset PYTHONDONTWRITEBYTECODE
rm -f .coverage
TQDM_DISABLE=1 "$1/bin/python" -m pytest -n 2 -m "$2" --cov --cov-report= tests
"$1/bin/coverage" report | sed -n '1p;$p'
