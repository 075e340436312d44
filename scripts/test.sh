#!/usr/bin/env bash
# Everything that must hold: builds, runs every test, and ends with "N passed, N failed, N skipped".
#   scripts/test.sh [--fast]     --fast: unit tests of the release build only
set -uo pipefail
cd "$(dirname "$0")/.."
scripts/install-deps.sh --test || exit 1
exec python3 scripts/run_tests.py "$@"
