#!/usr/bin/env python3
"""Makes the tokenizer.json of Gemma 4 from that of Gemma 3: the same pieces and merges, other control tokens.

usage: make_real_tokenizer.py GEMMA3_TOKENIZER_JSON OUT

Gemma 4 keeps Gemma 3's 262,144 ids; its 24 control strings stand at the ids below, unused entries are renumbered, and
nothing else (HTML tags, runs of newlines and spaces) is an added token any more.
"""
import json
import sys

CONTROL = {
    0: "<pad>", 1: "<eos>", 2: "<bos>", 3: "<unk>", 4: "<mask>", 46: "<|tool>", 47: "<tool|>", 48: "<|tool_call>",
    49: "<tool_call|>", 50: "<|tool_response>", 51: "<tool_response|>", 52: '<|"|>', 98: "<|think|>", 100: "<|channel>",
    101: "<channel|>", 105: "<|turn>", 106: "<turn|>", 255999: "<|image>", 256000: "<|audio>", 258880: "<|image|>",
    258881: "<|audio|>", 258882: "<image|>", 258883: "<audio|>", 258884: "<|video|>",
}
N_TOKENS = 262144


def main(source, target):
    with open(source, encoding="utf-8") as f:
        gemma3 = json.load(f)
    pieces = {i: t for t, i in gemma3["model"]["vocab"].items()}
    n_unused = 0
    for i in range(N_TOKENS):
        if i in CONTROL:
            pieces[i] = CONTROL[i]
        elif pieces[i].startswith("<unused") or pieces[i].startswith("<start_of_") or pieces[i].startswith("<end_of_"):
            pieces[i] = f"<unused{n_unused}>"
            n_unused += 1
    vocab = {pieces[i]: i for i in range(N_TOKENS)}
    if len(vocab) != N_TOKENS:
        sys.exit(f"{source}: {len(vocab)} distinct pieces, expected {N_TOKENS}")
    gemma4 = {
        "version": "1.0",
        "added_tokens": [{"id": i, "content": t, "single_word": False, "lstrip": False, "rstrip": False,
                          "normalized": False, "special": True} for i, t in sorted(CONTROL.items())],
        "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"},
        "pre_tokenizer": {"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious", "invert": False},
        "decoder": {"type": "Sequence", "decoders": [
            {"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"}]},
        "model": {"type": "BPE", "unk_token": "<unk>", "fuse_unk": True, "byte_fallback": True, "vocab": vocab,
                  "merges": gemma3["model"]["merges"]},
    }
    with open(target, "w", encoding="utf-8") as f:
        json.dump(gemma4, f, ensure_ascii=False)


main(*sys.argv[1:])
