#!/usr/bin/env bash
# Build the page, to be tried in a browser. What cannot be had here (Node, its packages, Chromium) is one line and exit
# code 75; a page that cannot be built of them, or a lock that its packages do not fit, is a fault.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
LONGEST_SECONDS=180 # for the packages
absent() {
    echo "$1"
    exit 75
}
node -e 'process.exitCode = Number(parseInt(process.versions.node) < 20)' 2>/dev/null && command -v npm >/dev/null ||
    absent "Node 20 with npm is not installed"
[ -n "${RADLIB_CHROMIUM:-}" ] || command -v chromium >/dev/null || command -v chromium-browser >/dev/null ||
    absent "Chromium is not installed, and RADLIB_CHROMIUM names none"
if ! said=$(timeout $LONGEST_SECONDS make --silent --no-print-directory page/node_modules/.package-lock.json 2>&1); then
    if grep -qE "EUSAGE|EINTEGRITY|EBADENGINE" <<<"$said"; then
        echo "$said"
        exit 1
    fi
    absent "the packages that the page is built of cannot be had"
fi
make --silent --no-print-directory page && cd page && npm run --silent lint
