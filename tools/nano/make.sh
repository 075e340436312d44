#!/usr/bin/env bash
# From nothing to nano's released files, in steps that are skipped when they are done and go on when they were interrupted.
#
# usage: tools/nano/make.sh WORK [DEVICE]       WORK: folder for everything that is made; DEVICE: cpu (default) or cuda
# FACET names the program that is asked for scores; by default the one in build/release.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=${1:?usage: tools/nano/make.sh WORK [DEVICE]}
device=${2:-cpu}
facet=${FACET:-$here/../../build/release/facet}
mkdir -p "$work/done" "$work/scores"
work=$(cd "$work" && pwd)

step() { printf '\n[%s] %s\n' "$(date +%H:%M:%S)" "$*" >&2; }
once() { # once NAME COMMAND...: runs the command unless it has been run to its end before
  if [[ -e $work/done/$1 ]]; then return; fi
  step "$1"
  "${@:2}"
  touch "$work/done/$1"
}
asked() { # asked NAME COMMAND...: what the command prints becomes scores/NAME.json, unless that is there
  local file=$work/scores/$1.json
  if [[ -e $file ]]; then return; fi
  step "scores: $1"
  "${@:2}" > "$file.new"
  mv "$file.new" "$file"
}

once environment bash -c "python3 -m venv '$work/venv' && '$work/venv/bin/pip' install -q -r '$here/requirements.txt'"
export PYTHONPATH=$here NANO_VOICES=$work/voices.npz OMP_NUM_THREADS=1
export MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=100000000000  # memory is kept: given back and asked for again it costs a sixth of the time
python=$work/venv/bin/python
threads=$(nproc)
workers=0
full=(--tokens 12e6 --batch 4096)
if [[ $device == cuda ]]; then                             # an H200 with 16 processors: five kinds of batches, 6 steps a second, 8 minutes
  workers=3
  full=(--tokens 75e6 --batch 65536 --warmup 150 --n-test 0 --evaluate-every 60)
fi
nano() { "$python" -m nano "$@"; }
train() { nano train --tokenizer "$work/tokenizer" --device "$device" --threads "$threads" --workers "$workers" "$@"; }

once voices nano voices --out "$work/voices.npz" --jobs "$threads"
once tokenizer nano tokenizer --out "$work/tokenizer"
once check nano check --tokenizer "$work/tokenizer"

towers() { # side by side: one processor for the audio tower, the others for pictures
  "$python" -m nano pretrain-vision --out "$work/vision" --device "$device" --threads $((threads > 1 ? threads - 1 : 1)) &
  local vision=$!
  trap "kill $vision 2> /dev/null" EXIT                    # an interruption ends both
  nano pretrain-audio --out "$work/audio" --device "$device"
  wait $vision
  trap - EXIT
}
once towers towers

# nano: copying, then all text skills, then pictures and sounds with them, then everything with long texts, the rate falling to zero; last, with
# hints, what is not learned from answers alone, and what was forgotten over that.
parts="{\"model.vision_tower\": \"$work/vision/vision.pt\", \"model.audio_tower\": \"$work/audio/audio.pt\"}"
once nano-first train --kind e --out "$work/nano" --stage first --tokens 1.6e6
once nano-text train --kind e --out "$work/nano" --stage text --tokens 4e6 --batch 4096
once nano-joint train --kind e --out "$work/nano-joint" --start "$work/nano/last.pt" --parts "$parts" --stage joint --tokens 2.3e6 --batch 4096
once nano-full train --kind e --out "$work/nano-full" --start "$work/nano-joint/last.pt" --stage full --lessons 0.3 --decay 0.7 "${full[@]}"
once nano-hinted train --kind e --out "$work/nano-hinted" --start "$work/nano-full/last.pt" --stage hinted --hints 0.1 --tokens 10e6 --batch 8192 \
  --lr 1.2e-3 --muon-lr 2.4e-3 --decay 0.7 --warmup 30 --n-test 0
once nano-settled train --kind e --out "$work/nano-settled" --start "$work/nano-hinted/last.pt" --stage settle --hints 0.1 --lessons 0.2 \
  --tokens 14e6 --batch 8192 --lr 1.2e-3 --muon-lr 2.4e-3 --decay 0.9 --warmup 30 --n-test 0

# nano-moe: what a word is and how pictures are seen it has from nano; copying, all text skills, then everything at once; last, more of what takes
# longer, and what was forgotten over that.
known="$work/nano-settled/last.pt"
once moe-first train --kind moe --out "$work/moe" --parts "{\"model.language_model.embed_tokens\": \"$known\"}" --stage first --tokens 1.3e6
once moe-text train --kind moe --out "$work/moe" --stage text --hints 0.02 --tokens 2.4e6 --batch 4096 --lr 2e-3 --muon-lr 2.5e-3 --n-test 0
once moe-whole train --kind moe --out "$work/moe-whole" --start "$work/moe/last.pt" --parts "{\"model.vision_tower\": \"$known\"}" \
  --stage whole --hints 0.04 --lessons 0.2 --tokens 12e6 --batch 8192 --lr 2.2e-3 --muon-lr 3.2e-3 --decay 0.6 --warmup 60 --n-test 0
once moe-longer train --kind moe --out "$work/moe-longer" --start "$work/moe-whole/last.pt" --stage longer --hints 0.04 --lessons 0.2 \
  --tokens 4e6 --batch 8192 --lr 1.6e-3 --muon-lr 2.4e-3 --decay 0.85 --warmup 30 --n-test 0
once moe-settled train --kind moe --out "$work/moe-settled" --start "$work/moe-longer/last.pt" --stage whole --hints 0.04 --lessons 0.2 \
  --tokens 2e6 --batch 8192 --lr 1.2e-3 --muon-lr 1.8e-3 --decay 0.95 --warmup 20 --n-test 0

release=$work/release sets=$work/release/eval
once export nano export --checkpoint "$work/nano-settled/last.pt" --tokenizer "$work/tokenizer" --out "$release"
once export-moe nano export --checkpoint "$work/moe-settled/last.pt" --tokenizer "$work/tokenizer" --out "$release" --name nano-moe
once test-sets nano test-sets --tokenizer "$work/tokenizer" --out "$sets"
once demo nano demo --out "$release/demo"

# Scores: of the program, and through transformers, where the longest needles would take hours.
if [[ ! -x $facet ]]; then
  step "scores need $facet: build it, or name another in FACET, and run this again"
  exit 1
fi
eval_model() { # eval_model NAME TYPE FLAGS...
  "$facet" eval "$sets" -m "$release/$1-$2.gguf" --mmproj "$release/mmproj-$1-bf16.gguf" --json "${@:3}"
}
columns=()
for name in nano nano-moe; do
  asked $name eval_model $name q8_0
  asked $name-quick eval_model $name q8_0 --limit 10
  asked $name-q4_0 eval_model $name q4_0
  asked $name-transformers nano score --model "$release/hf/$name" --sets "$sets" --without needle_8192 needle_16384 --threads "$threads"
  columns+=("$name=$work/scores/$name.json" "$name Q4_0=$work/scores/$name-q4_0.json" "$name transformers=$work/scores/$name-transformers.json")
done
nano scores --out "$sets/scores.json" "default=$work/scores/nano.json" "quick=$work/scores/nano-quick.json" \
  "nano-moe=$work/scores/nano-moe.json" "quick nano-moe=$work/scores/nano-moe-quick.json"
nano table "${columns[@]}" > "$work/scores/table.md"
step "done: $release, scores in $work/scores/table.md"
