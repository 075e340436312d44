#!/usr/bin/env bash
# From a fresh clone to a running model: installs what is missing, builds, fetches a small real model, asks it something.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s\n' "$*"; }
step "1/4 what a build needs"
scripts/install-deps.sh
step "2/4 build (build/release/facet)"
cmake --preset release -DFACET_TESTS=OFF -DFACET_BENCHMARKS=OFF >/dev/null
cmake --build --preset release --target facet
step "3/4 a real model: Gemma 3 270M"
scripts/fetch-model.sh
step "4/4 its answer (a base model: it continues the text)"
build/release/facet run -m gemma-3-270m-q4_k_m --raw "The three primary colours are" -n 48 --temperature 0 --stats
printf '\nNow try: build/release/facet --help\n'
