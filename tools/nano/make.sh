#!/usr/bin/env bash
# From nothing to nano's released files, in steps that are skipped when they are done and go on when they were interrupted.
#
# usage: tools/nano/make.sh WORK [DEVICE]       WORK: folder for everything that is made; DEVICE, of nano's stage full: cpu (default) or cuda
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=${1:?usage: tools/nano/make.sh WORK [DEVICE]}
device=${2:-cpu}
mkdir -p "$work"
work=$(cd "$work" && pwd)

step() { printf '\n[%s] %s\n' "$(date +%H:%M:%S)" "$*" >&2; }
once() { # once NAME COMMAND...: runs the command unless it has been run to its end before
  if [[ -e $work/done/$1 ]]; then return; fi
  step "$1"
  "${@:2}"
  mkdir -p "$work/done"
  touch "$work/done/$1"
}

once environment bash -c "python3 -m venv '$work/venv' && '$work/venv/bin/pip' install -q -r '$here/requirements.txt'"
export PYTHONPATH=$here NANO_VOICES=$work/voices.npz OMP_NUM_THREADS=1
export MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=100000000000  # memory is kept: given back and asked for again it costs a sixth of the time
nano() { "$work/venv/bin/python" -m "nano$@"; }
train() { nano "" train --tokenizer "$work/tokenizer" "$@"; }

once voices nano .voices --out "$work/voices.npz" --jobs "$(nproc)"
once tokenizer nano "" tokenizer --out "$work/tokenizer"
once check nano "" check --tokenizer "$work/tokenizer"
once vision nano .pretrain_vision --out "$work/vision"
once audio nano .pretrain_audio --out "$work/audio"

# nano: copying, then all text skills, then pictures and sounds with them, then everything with long texts, the rate falling to zero; last, with
# hints, what is not learned from answers alone, and what was forgotten over that.
towers="{\"model.vision_tower\": \"$work/vision/vision.pt\", \"model.audio_tower\": \"$work/audio/audio.pt\"}"
once nano-first train --kind e --out "$work/nano" --stage first --tokens 1.6e6
once nano-text train --kind e --out "$work/nano" --stage text --tokens 4e6 --batch 4096
once nano-joint train --kind e --out "$work/nano-joint" --start "$work/nano/last.pt" --parts "$towers" --stage joint --tokens 2.3e6 --batch 4096
if [[ $device == cuda ]]; then                             # 6 steps a second on an H200 with 16 processors
  how=(--device cuda --minutes 8 --batch 65536 --workers 3 --warmup 150 --n-test 0 --evaluate-every 60)
else
  how=(--tokens 12e6 --batch 4096)
fi
once nano-full train --kind e --out "$work/nano-full" --start "$work/nano-joint/last.pt" --stage full --lessons 0.3 --decay 0.7 "${how[@]}"
once nano-hinted train --kind e --out "$work/nano-hinted" --start "$work/nano-full/last.pt" --stage hinted --hints 0.1 --tokens 10e6 --batch 8192 \
  --lr 1.2e-3 --muon-lr 2.4e-3 --decay 0.7 --warmup 30 --n-test 0 --threads "$(nproc)"
once nano-settled train --kind e --out "$work/nano-settled" --start "$work/nano-hinted/last.pt" --stage settle --hints 0.1 --lessons 0.2 \
  --tokens 14e6 --batch 8192 --lr 1.2e-3 --muon-lr 2.4e-3 --decay 0.9 --warmup 30 --n-test 0 --threads "$(nproc)"

# nano-moe: what a word is and how pictures are seen it has from nano; copying, all text skills, then everything at once.
known="$work/nano-settled/last.pt"
once moe-first train --kind moe --out "$work/moe" --parts "{\"model.language_model.embed_tokens\": \"$known\"}" --stage first --tokens 1.3e6 \
  --threads "$(nproc)"
once moe-text train --kind moe --out "$work/moe" --stage text --hints 0.02 --tokens 2.4e6 --batch 4096 --lr 2e-3 --muon-lr 2.5e-3 --n-test 0 \
  --threads "$(nproc)"
once moe-whole train --kind moe --out "$work/moe-whole" --start "$work/moe/last.pt" --parts "{\"model.vision_tower\": \"$known\"}" \
  --stage whole --hints 0.04 --lessons 0.2 --tokens 14e6 --batch 8192 --lr 2.2e-3 --muon-lr 3.2e-3 --decay 0.6 --warmup 60 --n-test 0 \
  --threads "$(nproc)"

once export nano "" export --checkpoint "$work/nano-settled/last.pt" --tokenizer "$work/tokenizer" --out "$work/release"
once export-moe nano "" export --checkpoint "$work/moe-whole/last.pt" --tokenizer "$work/tokenizer" --out "$work/release" --name nano-moe
once test-sets nano "" test-sets --tokenizer "$work/tokenizer" --out "$work/release/eval"
once demo nano "" demo --out "$work/release/demo"
once score nano "" score --model "$work/release/hf/nano" --sets "$work/release/eval"
once score-moe nano "" score --model "$work/release/hf/nano-moe" --sets "$work/release/eval"
step "done: $work/release"
