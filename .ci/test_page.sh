#!/usr/bin/env bash
# Build the page and try all of it, steps in Node and the page in Chromium, with the environment in $1; in at most five minutes.
set -uo pipefail
missing=$(.ci/page_ready.sh)
case $? in
    0) ;;
    75) echo "skipped: $missing" && exit 0 ;;
    *) echo "$missing" && exit 1 ;;
esac
"$1/bin/python" -m pytest -q -p no:cacheprovider -k "not short_round" -m "not real_data" --durations=3 tests/deployment/page
