#!/usr/bin/env bash
# From a bare checkout to words on the screen: dependencies, build, a small model, one prompt. Run it again at will;
# what is done already is not done twice.
#
# usage: scripts/quickstart.sh [PROMPT]
set -euo pipefail
cd "$(dirname "$0")/.."

prompt=${1:-The three primary colours are}

step() { printf '\n[%3d s] %s\n' "$SECONDS" "$*" >&2; }

step "1/5 dependencies"
scripts/install-deps.sh >&2

step "2/5 build (build/release/facet)"
cmake --preset release >/dev/null
cmake --build --preset release --target facet cli_files >&2

step "3/5 tuning (which kernels and how many threads are fastest here)"
build/release/facet doctor --tune >&2

step "4/5 model (Gemma 3 270M, base, 253 MB)"
model=$(scripts/fetch-model.sh)

step "5/5 facet run (a base model: it continues the text)"
build/release/facet run -m "$model" --raw --max-tokens 48 --temperature 0 --stats "$prompt"
step "done. Next: build/release/facet --help"
