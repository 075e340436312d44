"""GGUF -> checkpoint and tokenizer: training goes on from the released files where its own are lost.

Eight bits a weight cost a few steps of training; the optimiser starts anew.
"""
import argparse

import gguf
import numpy as np
import torch

from . import model as networks, tokenizer
from .gguf_names import encoder_name, text_name

FLOAT_MAX = np.finfo(np.float32).max


def checkpoint(kind: str, files: list[str]) -> dict:
    """What train.py takes by `--start`; `files`: the text model and, for its encoders, the projector."""
    tensors = {tensor.name: gguf.quants.dequantize(tensor.data, tensor.tensor_type)
               for file in files for tensor in gguf.GGUFReader(file).tensors}
    state = {}
    for their_name, value in networks.build(kind).state_dict().items():
        name = their_name.removeprefix("model.")
        our_name = "token_embd.weight" if name == "lm_head.weight" else text_name(name) or encoder_name(name)
        if our_name not in tensors:
            raise KeyError(f"{our_name} ({their_name}) is in none of {', '.join(files)}")
        x = training_values(our_name, np.array(tensors[our_name], np.float32))
        state[their_name] = torch.from_numpy(np.ascontiguousarray(x.reshape(value.shape)))
    return {"model": state, "kind": kind, "tokens": 0, "steps": 0, "chunks": {}, "stage_tokens": {}}


def write_tokenizer(file: str, folder: str) -> None:
    fields = gguf.GGUFReader(file).fields
    texts = {key: fields[f"tokenizer.ggml.{key}"].contents() for key in ("tokens", "merges")}
    tokenizer.write(texts["tokens"], [tuple(merge.split(" ")) for merge in texts["merges"]], folder)


def training_values(name: str, x: np.ndarray) -> np.ndarray:
    """The inverse of export_gguf.encoder_values."""
    if name == "v.patch_embd.weight":                       # colour, row, column -> row, column, colour
        return x.transpose(0, 2, 3, 1)
    if name.endswith("per_dim_scale.weight"):               # softplus -> its argument
        return np.log(np.expm1(x))
    if name.endswith(("_min", "_max")):
        return np.where(np.abs(x) >= FLOAT_MAX, np.copysign(np.inf, x), x)
    return x


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", choices=["e", "moe"], default="e")
    parser.add_argument("--out", required=True, help="checkpoint to write")
    parser.add_argument("--tokenizer", required=True, help="folder to write the tokenizer to")
    parser.add_argument("files", nargs="+", help="the text model and its projector")
    args = parser.parse_args()
    torch.save(checkpoint(args.kind, args.files), args.out)
    write_tokenizer(args.files[0], args.tokenizer)
