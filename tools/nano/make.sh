#!/usr/bin/env bash
# From nothing to nano's released files, in steps that are skipped when they are done and go on when they were interrupted.
#
# usage: tools/nano/make.sh WORK [DEVICE]       WORK: folder for everything that is made; DEVICE: cpu (default) or cuda
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
nano() { "$work/venv/bin/python" -m "nano$@"; }
train() { nano "" train --device "$device" --tokenizer "$work/tokenizer" "$@"; }

once voices nano .voices --out "$work/voices.npz"
once tokenizer nano "" tokenizer --out "$work/tokenizer"
once check nano "" check --tokenizer "$work/tokenizer"
once vision nano .pretrain_vision --out "$work/vision" --minutes 60 &
once audio nano .pretrain_audio --out "$work/audio" --minutes 60
wait
