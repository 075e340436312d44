#!/usr/bin/env bash
# Installs what a build needs on Debian 12+ or Ubuntu 22.04+: only what is missing, as root or through sudo.
#
# usage: scripts/install-deps.sh [--test]
#   --test   also what scripts/test.sh needs: clang with libFuzzer, clang-format, valgrind; a cross compiler and an
#            emulator for ARM; node and a browser for the tests of the page
# What each library is for: docs/dependencies.md.
set -euo pipefail

usage() { sed -n '2,7s/^# \{0,1\}//p' "$0"; }

packages=(
  g++ cmake ninja-build pkg-config
  libfmt-dev nlohmann-json3-dev libcli11-dev libsimdjson-dev libxxhash-dev libutf8proc-dev libedit-dev
  libjpeg-dev libpng-dev libwebp-dev libgif-dev  # pictures
  libavformat-dev libavcodec-dev libavutil-dev libswscale-dev libsoxr-dev portaudio19-dev  # sound and video, microphone
  libssl-dev  # checksums, TLS
  zlib1g-dev  # the page, compressed
  libboost-dev libsqlite3-dev libspdlog-dev prometheus-cpp-dev libcurl4-openssl-dev  # the server
  libzip-dev libexpat1-dev  # DOCX
  poppler-utils  # pages of PDF, drawn by its program
  libgtest-dev libbenchmark-dev
  ca-certificates python3 python3-pip  # the scripts that fetch models, and the checks
)
# Debian packs libFuzzer apart from clang; Ubuntu 22.04 packs them together and has no package of this name, nor one of
# chromium.
test_packages=(clang clang-format libclang-rt-dev python3-venv nodejs npm chromium)
if [[ $(uname -m) == x86_64 ]]; then test_packages+=(g++-aarch64-linux-gnu qemu-user valgrind); fi

for arg in "$@"; do
  case $arg in
    --test) packages+=("${test_packages[@]}") ;;
    -h | --help) usage; exit 0 ;;
    *) echo "install-deps: unknown option $arg" >&2; usage >&2; exit 2 ;;
  esac
done

if ! command -v apt-get >/dev/null; then
  echo "install-deps: no apt-get here. Install by hand what these Debian packages hold (docs/dependencies.md), or" \
    "use vcpkg.json: ${packages[*]}" >&2
  exit 1
fi

# Node's own packages bring npm themselves, and Debian's npm cannot stand beside them: there the command counts.
is_installed() {
  case $1 in
    nodejs) command -v node >/dev/null && return ;;
    npm) command -v npm >/dev/null && return ;;
  esac
  [[ $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}
is_available() { [[ -n $(apt-cache show "$1" 2>/dev/null) ]]; }

as_root() {
  if [[ $EUID -eq 0 ]]; then
    env DEBIAN_FRONTEND=noninteractive "$@"
  elif command -v sudo >/dev/null; then
    sudo env DEBIAN_FRONTEND=noninteractive "$@"
  else
    echo "install-deps: needs root; there is no sudo, so run as root: $*" >&2
    return 1
  fi
}

# A bare system may have been given its trusted certificates as this one file, which the package ca-certificates writes
# over. Certificates that only the old file has, such as those of a company's proxy, are put where the package keeps them.
bundle=/etc/ssl/certs/ca-certificates.crt
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
if [[ -s $bundle ]] && ! is_installed ca-certificates; then cp "$bundle" "$scratch/old-bundle"; fi

restore_own_certificates() {
  [[ -e $scratch/old-bundle ]] || return 0
  awk -v dir="$scratch" '
    /BEGIN CERTIFICATE/ { pem = "" }
    { pem = pem $0 "\n" }
    /END CERTIFICATE/ && NR == FNR { known[pem] = 1 }
    /END CERTIFICATE/ && NR != FNR && !(pem in known) { file = dir "/own-" ++n ".crt"; printf "%s", pem > file; close(file) }
  ' "$bundle" "$scratch/old-bundle"
  compgen -G "$scratch/own-*.crt" >/dev/null || return 0
  as_root cp "$scratch"/own-*.crt /usr/local/share/ca-certificates/
  as_root update-ca-certificates >/dev/null
}

missing=()
for package in "${packages[@]}"; do is_installed "$package" || missing+=("$package"); done
if [[ ${#missing[@]} -eq 0 ]]; then
  echo "install-deps: all ${#packages[@]} packages are there"
  exit 0
fi

# A machine just booted may still be running its own updates: wait for the lock.
apt=(apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0)
as_root "${apt[@]}" update
wanted=()
for package in "${missing[@]}"; do
  if [[ $package =~ ^(libclang-rt-dev|chromium)$ ]] && ! is_available "$package"; then continue; fi
  wanted+=("$package")
done
if [[ ${#wanted[@]} -eq 0 ]]; then
  echo "install-deps: all packages that this system has are there"
  exit 0
fi
echo "install-deps: installing ${wanted[*]}"
as_root "${apt[@]}" install -y --no-install-recommends "${wanted[@]}" >/dev/null
restore_own_certificates
echo "install-deps: done in $SECONDS s, with $(g++ --version | head -n 1)"
