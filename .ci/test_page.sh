#!/usr/bin/env bash
# Build the page and try it, steps in Node and the page in Chromium, with the environment in $1; what is missing is said.
set -euo pipefail
skip() {
    echo "skipped: $1"
    exit 0
}
node -e 'process.exit(process.versions.node.split(".")[0] < 20)' 2>/dev/null || skip "Node 20 is not installed"
[ -n "${RADLIB_CHROMIUM:-}" ] || command -v chromium >/dev/null || command -v chromium-browser >/dev/null ||
    skip "Chromium is not installed, and RADLIB_CHROMIUM names none"
make --no-print-directory page || skip "the packages that the page is built of cannot be had"
(cd page && npm run --silent lint)
"$1/bin/python" -m pytest -q -p no:cacheprovider tests/deployment/page
