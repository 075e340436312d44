#!/usr/bin/env python3
"""Prints the includes that point up, and intrinsics outside kernels/: exit status 1 if there are any.

usage: check_includes.py [SRC]     (default: src beside this script's folder)

Folders of src/ are layers. Each may include itself and what its arrows lead to, directly or through others.
"""
import pathlib
import re
import sys

ARROWS = {
    "apps": ["server", "train", "documents", "evaluation"],
    "server": ["runtime", "http", "documents"],
    "train": ["runtime"],
    "runtime": ["model", "text", "media", "constraint"],
    "model": ["ops", "gguf", "safetensors"],
    "ops": ["kernels"],
    "kernels": ["quant"],
    "gguf": ["quant"],
    "safetensors": ["quant"],
    "text": ["base"],
    "constraint": ["base"],
    "media": ["base"],
    "documents": ["base"],
    "evaluation": ["text"],
    "quant": ["base"],
    "http": ["base"],
    "base": [],
}
# Reached by the arrows, yet no business of theirs: kernels stand behind Ops, and the server knows requests, not tensors.
HIDDEN = {
    "model": {"kernels"},
    "runtime": {"kernels"},
    "server": {"kernels", "ops", "quant", "gguf", "safetensors"},
    "train": {"kernels"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')
INTRINSICS = re.compile(r"^(\w*intrin|arm_neon|arm_sve|wasm_simd128)\.h$")


def reachable(folder):
    found = {folder}
    for below in ARROWS[folder]:
        found |= reachable(below)
    return found


def allowed(folder):
    return reachable(folder) - HIDDEN.get(folder, set())


def offenders(src):
    """Lines `path:line: why` for every include that breaks the rules."""
    found = []
    for path in sorted(src.rglob("*")):
        if path.suffix not in (".h", ".cpp", ".inl", ".def", ".cu", ".cuh"):
            continue
        folder = path.relative_to(src).parts[0]
        if folder not in ARROWS:
            found.append(f"{path}: folder {folder} has no place in the layers of check_includes.py")
            continue
        may_use = allowed(folder)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            quoted, system = match.groups()
            target = quoted.split("/")[0] if quoted else None
            if target in ARROWS and target not in may_use:
                found.append(f"{path}:{number}: {folder} may not include {quoted}")
            elif system and INTRINSICS.match(system) and folder != "kernels":
                found.append(f"{path}:{number}: <{system}> belongs in kernels/")
    return found


def main(argv):
    src = pathlib.Path(argv[0] if argv else pathlib.Path(__file__).resolve().parent.parent / "src")
    found = offenders(src)
    print("\n".join(found) if found else f"includes of {src}: all point down")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
