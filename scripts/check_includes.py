#!/usr/bin/env python3
"""Prints every include that does not point down the layers; exits 1 when there is one."""
import re
import sys
from pathlib import Path

SRC = Path(__file__).resolve().parent.parent / "src"
ALLOWED = {
    "base": set(),
    "quant": {"base"},
    "gguf": {"quant", "base"},
    "safetensors": {"quant", "base"},
    "text": {"base"},
    "media": {"base"},
    "kernels": {"quant", "base"},
    "ops": {"kernels", "quant", "base"},
    "model": {"ops", "gguf", "safetensors", "quant", "base"},
    "runtime": {"model", "text", "media", "ops", "gguf", "safetensors", "quant", "kernels", "base"},
    "server": {"runtime", "text", "media", "base"},
    "train": {"runtime", "model", "ops", "text", "safetensors", "quant", "base"},
    "apps": {"server", "train", "runtime", "model", "ops", "kernels", "text", "media", "gguf", "safetensors", "quant", "base"},
}


def main():
    offenders = []
    for path in sorted(SRC.rglob("*.h")) + sorted(SRC.rglob("*.cpp")):
        layer = path.relative_to(SRC).parts[0]
        if layer not in ALLOWED:
            offenders.append(f"{path.relative_to(SRC)}: folder {layer}/ has no place in the layers")
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            match = re.match(r'\s*#include "([a-z_]+)/', line)
            if match and match[1] != layer and match[1] not in ALLOWED[layer]:
                offenders.append(f"{path.relative_to(SRC)}:{number}: {layer} may not include {match[1]}")
    print("\n".join(offenders) if offenders else "includes point down")
    return 1 if offenders else 0


sys.exit(main())
