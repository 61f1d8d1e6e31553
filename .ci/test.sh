#!/usr/bin/env bash
# Run the tests with the environment in $1 and the markers in $2, by two workers: each trains in two threads and
# holds up to two gigabytes. Ends with the coverage of radlib and fails when it is too low; `.ci/covered.py files`
# has it by file.
set -euo pipefail
unset PYTHONDONTWRITEBYTECODE
rm -f .coverage
TQDM_DISABLE=1 "$1/bin/python" -W "ignore:Unable to activate pytest branch coverage:RuntimeWarning" \
    -m slipcover --json --out .coverage -m pytest -n 2 -m "$2" tests
"$1/bin/python" .ci/covered.py
