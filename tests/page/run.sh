#!/usr/bin/env bash
# The page in a real browser, asked of a real server with the built-in model. Exit status 77 where something is missing;
# the last line says what.
#
# usage: tests/page/run.sh FACET [TEST_FILE...]
# FACET is the program. Each test file gives its servers a FACET_HOME of their own, below the one made here.
set -euo pipefail
facet=$(realpath "$1")
shift
cd "$(dirname "$0")"

skip() { echo "needs $1"; exit 77; }

command -v node >/dev/null || skip "node: scripts/install-deps.sh --test"
for browser in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
  if [[ -n $browser ]] && chromium=$(command -v "$browser"); then break; fi
done
[[ -n ${chromium:-} ]] || skip "chromium: scripts/install-deps.sh --test"
[[ -d node_modules/playwright-core ]] || skip "playwright-core: npm ci --prefix tests/page"

home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
FACET=$facet CHROMIUM=$chromium FACET_HOME=$home TMPDIR=$home node --test --test-concurrency=1 "$@"
