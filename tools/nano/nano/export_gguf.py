"""Hugging Face folder -> GGUF: the text model in one of three types, its encoders of pictures and sound beside it.

Names, shapes and types are those of published models, so that every runtime that takes those takes these.
"""
import glob
import os
import re

import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType as Type
from safetensors.torch import load_file

from .export_hf import SOFT_TOKENS, read_json
from .gguf_names import encoder_name, text_name
from .tokenizer import CONTROL, TAIL

TYPES = {"q8_0": Type.Q8_0, "q4_0": Type.Q4_0, "bf16": Type.BF16}
FILE_TYPES = {"q8_0": gguf.LlamaFileType.MOSTLY_Q8_0, "q4_0": gguf.LlamaFileType.MOSTLY_Q4_0,
              "bf16": gguf.LlamaFileType.MOSTLY_BF16}
FLOAT_RANGE = np.finfo(np.float32).min, np.finfo(np.float32).max
# Control tokens that runtimes must print: calls, results, quotes, thoughts.
PRINTED = {48, 49, 50, 51, 52, 100, 101}


def export(hf_folder: str, out: str, type: str, name: str = "nano") -> None:
    """Writes the text model. `type`: q8_0, q4_0 (its embeddings q8_0) or bf16."""
    config = read_json(os.path.join(hf_folder, "config.json"))["text_config"]
    writer = gguf.GGUFWriter(out, "gemma4")
    writer.add_type(gguf.GGUFType.MODEL)
    writer.add_name(name)
    add_file_type(writer, type)
    add_sampling(writer, read_json(os.path.join(hf_folder, "generation_config.json")))
    add_text_keys(writer, config)
    add_tokenizer(writer, hf_folder)
    writer.add_tensor("rope_freqs.weight", rope_divisors(config))
    for their_name, x in load(hf_folder).items():
        our_name = text_name(their_name)
        if our_name:
            add(writer, our_name, x, text_type(our_name, x, type))
    write(writer)


def export_mmproj(hf_folder: str, out: str, type: str = "bf16", name: str = "nano") -> None:
    """Writes the encoders that the folder has: of pictures, and for kind "e" of sound."""
    config = read_json(os.path.join(hf_folder, "config.json"))
    writer = gguf.GGUFWriter(out, "clip")
    writer.add_type(gguf.GGUFType.MMPROJ)
    writer.add_name(name)
    add_file_type(writer, type)
    add_vision_keys(writer, config["vision_config"], config["text_config"]["hidden_size"])
    if config.get("audio_config"):
        add_audio_keys(writer, config["audio_config"], config["text_config"]["hidden_size"])
    for their_name, x in load(hf_folder).items():
        our_name = encoder_name(their_name)
        if our_name:
            add(writer, our_name, encoder_values(our_name, x), encoder_type(our_name, x, type))
    write(writer)


# ----------------------------------------------------------------------------------------------------------------- keys
def add_file_type(writer: gguf.GGUFWriter, type: str) -> None:
    writer.add_file_type(FILE_TYPES[type])
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)


def add_sampling(writer: gguf.GGUFWriter, generation: dict) -> None:
    writer.add_int32("general.sampling.top_k", generation["top_k"])
    writer.add_float32("general.sampling.top_p", generation["top_p"])
    writer.add_float32("general.sampling.temp", generation["temperature"])


def add_text_keys(writer: gguf.GGUFWriter, c: dict) -> None:
    local = [kind == "sliding_attention" for kind in c["layer_types"]]
    n_layers, n_shared, width = c["num_hidden_layers"], c["num_kv_shared_layers"], c["intermediate_size"]
    wide = c["use_double_wide_mlp"] and n_shared > 0        # layers without own keys: a wider feed-forward network
    n_kv, n_global_kv = c["num_key_value_heads"], c.get("num_global_key_value_heads") or c["num_key_value_heads"]
    writer.add_block_count(n_layers)
    writer.add_context_length(c["max_position_embeddings"])
    writer.add_embedding_length(c["hidden_size"])
    writer.add_feed_forward_length([width] * (n_layers - n_shared) + [2 * width] * n_shared if wide else width)
    writer.add_head_count(c["num_attention_heads"])
    writer.add_head_count_kv([n_kv if is_local else n_global_kv for is_local in local] if n_kv != n_global_kv else n_kv)
    writer.add_rope_freq_base(c["rope_parameters"]["full_attention"]["rope_theta"])
    writer.add_rope_freq_base_swa(c["rope_parameters"]["sliding_attention"]["rope_theta"])
    writer.add_layer_norm_rms_eps(c["rms_norm_eps"])
    if c["enable_moe_block"]:
        writer.add_expert_count(c["num_experts"])
        writer.add_expert_used_count(c["top_k_experts"])
        writer.add_expert_feed_forward_length(c["moe_intermediate_size"])
    writer.add_final_logit_softcapping(c["final_logit_softcapping"])
    writer.add_sliding_window(c["sliding_window"])
    writer.add_sliding_window_pattern(local)
    writer.add_shared_kv_layers(n_shared)
    writer.add_embedding_length_per_layer_input(c["hidden_size_per_layer_input"])
    for suffix, head in (("", c["global_head_dim"]), ("_swa", c["head_dim"])):
        for key in ("attention.key_length", "attention.value_length", "rope.dimension_count"):
            writer.add_uint32(f"gemma4.{key}{suffix}", head)


def add_tokenizer(writer: gguf.GGUFWriter, hf_folder: str) -> None:
    model = read_json(os.path.join(hf_folder, "tokenizer.json"))["model"]
    tokens = sorted(model["vocab"], key=model["vocab"].get)
    writer.add_tokenizer_model("gemma4")
    writer.add_token_list(tokens)
    writer.add_token_scores([-1000.0] * len(tokens))        # of no meaning: merges are ranked by their place
    writer.add_token_types([token_type(i, text) for i, text in enumerate(tokens)])
    writer.add_token_merges([merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]])
    ids = model["vocab"]
    writer.add_bos_token_id(ids["<bos>"])
    writer.add_eos_token_id(ids["<turn|>"])
    writer.add_unk_token_id(ids["<unk>"])
    writer.add_pad_token_id(ids["<pad>"])
    writer.add_mask_token_id(ids["<mask>"])
    writer.add_add_bos_token(True)
    writer.add_add_space_prefix(False)
    with open(os.path.join(hf_folder, "chat_template.jinja"), encoding="utf-8") as f:
        writer.add_chat_template(f.read())


def token_type(i: int, text: str) -> int:
    if i in PRINTED:
        return gguf.TokenType.USER_DEFINED
    if text in TAIL or CONTROL.get(i) == text:
        return gguf.TokenType.CONTROL
    if re.fullmatch(r"<0x[0-9A-F]{2}>", text):
        return gguf.TokenType.BYTE
    return gguf.TokenType.UNUSED if re.fullmatch(r"<unused\d+>", text) else gguf.TokenType.NORMAL


def add_vision_keys(writer: gguf.GGUFWriter, c: dict, n_embd: int) -> None:
    writer.add_clip_has_vision_encoder(True)
    writer.add_clip_vision_projector_type(gguf.VisionProjectorType.GEMMA4V)
    writer.add_vision_projection_dim(n_embd)
    writer.add_vision_image_size(224)                       # a placeholder: pictures keep their shape
    writer.add_vision_patch_size(c["patch_size"])
    writer.add_vision_embedding_length(c["hidden_size"])
    writer.add_vision_feed_forward_length(c["intermediate_size"])
    writer.add_vision_block_count(c["num_hidden_layers"])
    writer.add_vision_head_count(c["num_attention_heads"])
    writer.add_vision_attention_layernorm_eps(c["rms_norm_eps"])
    writer.add_vision_image_mean([0.0] * 3)
    writer.add_vision_image_std([1.0] * 3)
    writer.add_vision_projector_scale_factor(c["pooling_kernel_size"])
    side = c["patch_size"] * c["pooling_kernel_size"]
    writer.add_uint32("clip.vision.image_max_pixels", SOFT_TOKENS * side * side)


def add_audio_keys(writer: gguf.GGUFWriter, c: dict, n_embd: int) -> None:
    writer.add_clip_has_audio_encoder(True)
    writer.add_clip_audio_projector_type(gguf.VisionProjectorType.GEMMA4A)
    writer.add_audio_projection_dim(n_embd)
    writer.add_audio_embedding_length(c["hidden_size"])
    writer.add_audio_feed_forward_length(4 * c["hidden_size"])
    writer.add_audio_block_count(c["num_hidden_layers"])
    writer.add_audio_head_count(c["num_attention_heads"])
    writer.add_audio_num_mel_bins(128)
    writer.add_audio_attention_layernorm_eps(c["rms_norm_eps"])


# -------------------------------------------------------------------------------------------------------------- tensors
def load(hf_folder: str) -> dict[str, np.ndarray]:
    """All weights in float32, under their names without "model."; layers by number."""
    weights = {name: x for file in sorted(glob.glob(os.path.join(hf_folder, "*.safetensors"))) for name, x in load_file(file).items()}
    number = re.compile(r"\d+")
    order = sorted(weights, key=lambda name: number.sub(lambda m: f"{int(m[0]):04}", name))
    return {name.removeprefix("model."): weights[name].to(torch.float32).numpy() for name in order}


def text_type(name: str, x: np.ndarray, type: str) -> Type:
    """Vectors, the router and scales stay in float32; matrices take the file's type. Embeddings have eight bits at
    least, and the small projection of per-layer embeddings is not quantised."""
    if x.ndim < 2 or "ffn_gate_inp" in name:
        return Type.F32
    if name == "per_layer_model_proj.weight" or x.shape[-1] % 32 != 0:
        return Type.BF16
    return Type.Q8_0 if name.endswith("token_embd.weight") and type == "q4_0" else TYPES[type]


def encoder_type(name: str, x: np.ndarray, type: str) -> Type:
    """Convolutions, patches and positions stay in float32."""
    exact = ("conv1d", "conv_dw", "a.input_projection", "patch_embd", "position_embd")
    if x.ndim < 2 or any(part in name for part in exact):
        return Type.F32
    return TYPES[type] if x.shape[-1] % 32 == 0 else Type.F16


def encoder_values(name: str, x: np.ndarray) -> np.ndarray:
    """What is stored in another form than in the folder."""
    if name == "v.patch_embd.weight":                       # row, column, colour -> colour, row, column
        side = int(round((x.shape[1] / 3) ** 0.5))
        return x.reshape(-1, side, side, 3).transpose(0, 3, 1, 2)
    if name.endswith("per_dim_scale.weight"):               # stored after softplus
        return np.logaddexp(x, 0).astype(np.float32)
    if name.endswith("conv_dw.weight"):
        return x[:, 0]
    if name.endswith(("_min", "_max")):                     # limits that were never set are infinite
        return np.clip(x.reshape(1), *FLOAT_RANGE)
    return x


def rope_divisors(c: dict) -> np.ndarray:
    """What the angles of full attention are divided by: 1 for pairs that turn, very much for those that stand still."""
    head, share = c["global_head_dim"], c["rope_parameters"]["full_attention"]["partial_rotary_factor"]
    n_turning = int(share * head // 2)
    return np.array([1.0] * n_turning + [1e30] * (head // 2 - n_turning), np.float32)


def add(writer: gguf.GGUFWriter, name: str, x: np.ndarray, type: Type) -> None:
    x = np.ascontiguousarray(x.reshape(1) if x.ndim == 0 else x, np.float32)
    writer.add_tensor(name, gguf.quants.quantize(x, type), raw_dtype=type)


def write(writer: gguf.GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
