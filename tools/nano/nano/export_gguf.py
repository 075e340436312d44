"""Hugging Face folder -> GGUF: the text model in one of three types, and its encoders of pictures and sound in a file beside it.

The text model and the encoders are named, shaped and typed as converters of published models do it, so that every runtime that takes
those takes these.
"""
import os
import re

import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType as Type
from safetensors.torch import load_file

from .export_hf import read_json
from .tokenizer import CONTROL, TAIL

TYPES = {"q8_0": Type.Q8_0, "q4_0": Type.Q4_0, "bf16": Type.BF16}
FILE_TYPES = {"q8_0": gguf.LlamaFileType.MOSTLY_Q8_0, "q4_0": gguf.LlamaFileType.MOSTLY_Q4_0, "bf16": gguf.LlamaFileType.MOSTLY_BF16}
MODEL_NAMES = {"embed_tokens.weight": "token_embd.weight", "norm.weight": "output_norm.weight",
               "embed_tokens_per_layer.weight": "per_layer_token_embd.weight",
               "per_layer_model_projection.weight": "per_layer_model_proj.weight",
               "per_layer_projection_norm.weight": "per_layer_proj_norm.weight"}
LAYER_NAMES = {"input_layernorm.weight": "attn_norm.weight", "self_attn.q_proj.weight": "attn_q.weight",
               "self_attn.k_proj.weight": "attn_k.weight", "self_attn.v_proj.weight": "attn_v.weight",
               "self_attn.o_proj.weight": "attn_output.weight", "self_attn.q_norm.weight": "attn_q_norm.weight",
               "self_attn.k_norm.weight": "attn_k_norm.weight", "post_attention_layernorm.weight": "post_attention_norm.weight",
               "pre_feedforward_layernorm.weight": "ffn_norm.weight", "mlp.gate_proj.weight": "ffn_gate.weight",
               "mlp.up_proj.weight": "ffn_up.weight", "mlp.down_proj.weight": "ffn_down.weight",
               "post_feedforward_layernorm.weight": "post_ffw_norm.weight", "layer_scalar": "layer_output_scale.weight",
               "per_layer_input_gate.weight": "inp_gate.weight", "per_layer_projection.weight": "proj.weight",
               "post_per_layer_input_norm.weight": "post_norm.weight", "router.proj.weight": "ffn_gate_inp.weight",
               "router.scale": "ffn_gate_inp.scale", "router.per_expert_scale": "ffn_down_exps.scale",
               "pre_feedforward_layernorm_2.weight": "pre_ffw_norm_2.weight",
               "post_feedforward_layernorm_1.weight": "post_ffw_norm_1.weight",
               "post_feedforward_layernorm_2.weight": "post_ffw_norm_2.weight",
               "experts.gate_up_proj": "ffn_gate_up_exps.weight", "experts.down_proj": "ffn_down_exps.weight"}
ENCODER_NAMES = {"vision_tower.patch_embedder.input_proj.weight": "v.patch_embd.weight",
                 "vision_tower.patch_embedder.position_embedding_table": "v.position_embd.weight",
                 "vision_tower.std_bias": "v.std_bias", "vision_tower.std_scale": "v.std_scale",
                 "embed_vision.embedding_projection.weight": "mm.input_projection.weight",
                 "audio_tower.subsample_conv_projection.layer0.conv.weight": "a.conv1d.0.weight",
                 "audio_tower.subsample_conv_projection.layer0.norm.weight": "a.conv1d.0.norm.weight",
                 "audio_tower.subsample_conv_projection.layer1.conv.weight": "a.conv1d.1.weight",
                 "audio_tower.subsample_conv_projection.layer1.norm.weight": "a.conv1d.1.norm.weight",
                 "audio_tower.subsample_conv_projection.input_proj_linear.weight": "a.input_projection.weight",
                 "audio_tower.output_proj.weight": "a.pre_encode.out.weight", "audio_tower.output_proj.bias": "a.pre_encode.out.bias",
                 "embed_audio.embedding_projection.weight": "mm.a.input_projection.weight"}
# Of a layer: stem of the name -> stem. What follows is `.weight`, or a limit of a clipped matrix.
VISION_STEMS = {"input_layernorm": "ln1", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
                "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm", "self_attn.o_proj": "attn_out",
                "post_attention_layernorm": "attn_post_norm", "pre_feedforward_layernorm": "ln2", "mlp.gate_proj": "ffn_gate",
                "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down", "post_feedforward_layernorm": "ffn_post_norm"}
AUDIO_STEMS = {"feed_forward1.pre_layer_norm": "ffn_norm", "feed_forward1.ffw_layer_1": "ffn_up", "feed_forward1.ffw_layer_2": "ffn_down",
               "feed_forward1.post_layer_norm": "ffn_post_norm", "feed_forward2.pre_layer_norm": "ffn_norm_1",
               "feed_forward2.ffw_layer_1": "ffn_up_1", "feed_forward2.ffw_layer_2": "ffn_down_1",
               "feed_forward2.post_layer_norm": "ffn_post_norm_1", "norm_pre_attn": "attn_pre_norm", "self_attn.q_proj": "attn_q",
               "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.relative_k_proj": "attn_k_rel",
               "self_attn.per_dim_scale": "per_dim_scale", "self_attn.post": "attn_out", "norm_post_attn": "attn_post_norm",
               "lconv1d.pre_layer_norm": "conv_norm", "lconv1d.linear_start": "conv_pw1", "lconv1d.depthwise_conv1d": "conv_dw",
               "lconv1d.conv_norm": "norm_conv", "lconv1d.linear_end": "conv_pw2", "norm_out": "ln2"}
LAYER = re.compile(r"layers\.(\d+)\.(.*)")
FLOAT_RANGE = np.finfo(np.float32).min, np.finfo(np.float32).max
PRINTED = range(48, 53), range(100, 102)                    # control tokens that runtimes must print: calls, results, quotes, thoughts


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


# ------------------------------------------------------------------------------------------------------------------- keys
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
    wide = c["use_double_wide_mlp"] and n_shared > 0        # layers without keys of their own have the wider feed-forward network
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
    if any(i in ids for ids in PRINTED):
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


# ---------------------------------------------------------------------------------------------------------------- tensors
def load(hf_folder: str) -> dict[str, np.ndarray]:
    """All weights in float32, under their names without "model."; layers by number."""
    weights = load_file(os.path.join(hf_folder, "model.safetensors"))
    number = re.compile(r"\d+")
    order = sorted(weights, key=lambda name: number.sub(lambda m: f"{int(m[0]):04}", name))
    return {name.removeprefix("model."): weights[name].to(torch.float32).numpy() for name in order}


def text_name(name: str) -> str | None:
    if not name.startswith("language_model."):
        return None
    name = name.removeprefix("language_model.")
    layer = LAYER.fullmatch(name)
    return f"blk.{layer[1]}.{LAYER_NAMES[layer[2]]}" if layer else MODEL_NAMES[name]


def encoder_name(name: str) -> str | None:
    if name.startswith("language_model.") or name == "lm_head.weight":
        return None
    if name in ENCODER_NAMES:
        return ENCODER_NAMES[name]
    letter, stems = ("v", VISION_STEMS) if name.startswith("vision_tower") else ("a", AUDIO_STEMS)
    layer = LAYER.search(name)
    own = layer[2].replace(".linear.weight", ".weight")
    stem, _, kind = own.rpartition(".") if own not in stems else (own, "", "weight")
    return f"{letter}.blk.{layer[1]}.{stems[stem]}.{kind}"


def text_type(name: str, x: np.ndarray, type: str) -> Type:
    """Vectors, the router and scales stay in float32; matrices take the file's type. Embeddings have eight bits at least, and the
    projection of per-layer embeddings, which is small and read for every token, is not quantised."""
    if x.ndim < 2 or "ffn_gate_inp" in name:
        return Type.F32
    if name == "per_layer_model_proj.weight" or x.shape[-1] % 32 != 0:
        return Type.BF16
    return Type.Q8_0 if name.endswith("token_embd.weight") and type == "q4_0" else TYPES[type]


def encoder_type(name: str, x: np.ndarray, type: str) -> Type:
    """Convolutions, patches and positions stay in float32."""
    if x.ndim < 2 or any(part in name for part in ("conv1d", "conv_dw", "a.input_projection", "patch_embd", "position_embd")):
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
    """What the angles of full attention are divided by: 1 for the pairs that turn, so much for the others that they stand still."""
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
