#!/usr/bin/env bash
# Random texts under the masks of real schemas, judged by the Python package `jsonschema`: tests/structure/. Needs the
# release build, the vocabulary of scripts/fetch-test-assets.sh and the schemas of the conformance files.
#
# usage: scripts/structure_walks.sh [N_WALKS] [SEED]
#   N_WALKS  500; by night 20000
# Exit status: 0 all obey, 1 something was wrong, 3 something that it needs is not here, which the last line names.
set -euo pipefail
cd "$(dirname "$0")/.."

schemas=${FACET_CONFORMANCE:-../shared/conformance}/maskbench_sample.jsonl
tokenizer=${FACET_TEST_ASSETS:-build/assets}/gemma4-tokenizer.json
venv=build/walks-venv
walks=build/report/walks.jsonl

for file in "$schemas" "$tokenizer"; do
  if [[ ! -f $file ]]; then
    echo "needs $file, which is not on this machine"
    exit 3
  fi
done
if ! "$venv/bin/python" -c 'import jsonschema' 2>/dev/null &&
  ! { python3 -m venv "$venv" && "$venv/bin/pip" install --quiet jsonschema==4.26.0; } >&2; then
  echo "needs the Python package jsonschema, which could not be installed"
  exit 3
fi
mkdir -p "$(dirname "$walks")"
build/release/tests/structure_walks "$schemas" "$tokenizer" "${1:-500}" "${2:-1}" >"$walks"
"$venv/bin/python" tests/structure/check_walks.py "$schemas" "$walks"
