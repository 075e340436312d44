#!/usr/bin/env bash
# From a bare checkout to answers on the screen: dependencies, build, and nano, the small demonstration model that comes
# with facet, asked in words, by a picture, by a voice, and with a function that it may call. Run it again at will; what is
# done already is not done twice.
#
# usage: scripts/quickstart.sh [--gemma3] [PROMPT]
#   --gemma3   fetches Gemma 3 270M too (base, 253 MB) and has it continue a text
#   PROMPT     what nano is asked first ("Who are you?"), and the text that Gemma 3 continues
set -euo pipefail
cd "$(dirname "$0")/.."

gemma3=0
if [[ ${1:-} == --gemma3 ]]; then
  gemma3=1
  shift
fi
facet=build/release/facet
demo=models/nano/demo

step() { printf '\n[%3d s] %s\n' "$SECONDS" "$*" >&2; }

# show COMMAND...: as it may be typed, then what it answers.
show() {
  local word line='$'
  for word in "$@"; do
    if [[ $word =~ ^[[:alnum:]_./-]+$ ]]; then line+=" $word"; else line+=" ${word@Q}"; fi
  done
  printf '\n%s\n' "$line" >&2
  "$@"
}

ask() { show "$facet" run -m nano --temperature 0 --max-tokens 64 "$@"; }

show_nano() {
  ask "${1:-Who are you?}"
  ask --image "$demo/picture.png" "Which shape is it?"
  ask --audio "$demo/question.wav" "Answer the spoken question."
  ask --tools "$demo/tools.json" "What is the weather in Paris?"
}

continue_with_gemma3() {
  step "model (Gemma 3 270M, base, 253 MB)"
  local model
  model=$(scripts/fetch-model.sh)
  step "facet run (a base model: it continues the text)"
  show "$facet" run -m "$model" --raw --max-tokens 48 --temperature 0 --stats "${1:-The three primary colours are}"
}

step "1/4 dependencies"
scripts/install-deps.sh >&2

step "2/4 build ($facet)"
cmake --preset release >/dev/null
cmake --build --preset release --target facet cli_files >&2

step "3/4 tuning (which kernels and how many threads are fastest here)"
"$facet" doctor --tune >&2

step "4/4 facet run"
if [[ -f models/nano/nano-q8_0.gguf && -f models/nano/mmproj-nano-bf16.gguf ]]; then
  show_nano "$@"
else
  echo "models/nano/nano-q8_0.gguf is not in this checkout: Gemma 3 instead" >&2
  gemma3=1
fi
if [[ $gemma3 -eq 1 ]]; then continue_with_gemma3 "$@"; fi
step "done. Next: $facet --help"
