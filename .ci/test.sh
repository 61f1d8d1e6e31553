#!/usr/bin/env bash
# Run the tests with the environment in $1 and the markers in $2, by two workers: each trains in two threads and
# holds up to two gigabytes. Ends with the coverage of radlib and fails when it is too low; `.ci/covered.py files`
# has it by file. The page for browsers is built and tried, too, or it is said in one line why it is not.
set -euo pipefail
unset PYTHONDONTWRITEBYTECODE
missing=$(.ci/page_ready.sh) || {
    [ $? -eq 75 ] || { echo "$missing" && exit 1; }
    export RADLIB_PAGE_MISSING="$missing"
    echo "The page is not tried in a browser: $missing."
}
rm -f .coverage
TQDM_DISABLE=1 "$1/bin/python" -W "ignore:Unable to activate pytest branch coverage:RuntimeWarning" \
    -m slipcover --json --out .coverage -m pytest -n 2 -m "$2" tests
"$1/bin/python" .ci/covered.py
