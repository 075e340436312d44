"""GGUF -> checkpoint and tokenizer: training goes on from the released files where its own are lost.

Eight bits a weight cost a few steps of training; the optimiser starts anew.
"""
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


def write(files: list[str], kind: str, out: str, tokenizer_folder: str) -> None:
    torch.save(checkpoint(kind, files), out)
    write_tokenizer(files[0], tokenizer_folder)
