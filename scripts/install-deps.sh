#!/usr/bin/env bash
# Installs what a build of facet needs on Debian 12+ or Ubuntu 22.04+; what is there already is left alone.
#   scripts/install-deps.sh [--test]     --test: also what the whole test suite needs (clang for fuzzing, formatting)
set -euo pipefail

packages=(g++ cmake ninja-build nlohmann-json3-dev libcli11-dev libfmt-dev libedit-dev libxxhash-dev libsimdjson-dev
  libgtest-dev libbenchmark-dev python3 python3-pip ca-certificates git)
[[ ${1:-} == --test ]] && packages+=(clang libclang-rt-dev clang-format)

if ! command -v apt-get >/dev/null; then
  echo "install-deps: this script knows Debian and Ubuntu; elsewhere install: ${packages[*]} (or use vcpkg.json)" >&2
  exit 1
fi

# libclang-rt-dev is versioned on Debian 12.
if [[ ${1:-} == --test ]] && ! apt-cache show libclang-rt-dev 2>/dev/null | grep -q ^Package; then
  packages=("${packages[@]/libclang-rt-dev/libclang-rt-14-dev}")
fi

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if [[ ${#missing[@]} == 0 ]]; then
  echo "install-deps: everything is there"
  exit 0
fi

as_root=()
if [[ $(id -u) != 0 ]]; then
  command -v sudo >/dev/null || { echo "install-deps: run as root, or install sudo; missing: ${missing[*]}" >&2; exit 1; }
  as_root=(sudo)
fi
echo "install-deps: installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
echo "install-deps: done"
