"""Configurations of nano and nano-moe, their initialisation, and a training forward pass on the official modules.

The official implementation is used as it is; what this file replaces for speed is exact: fused norms, the experts of nano.experts, on a CPU plain
attention in place of the fused kernel and compiled layers; layers that share keys and values compute only the positions with a label.
"""
import copy
import functools
import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")
import torch
import torch.nn.functional as F
import transformers
from transformers import Gemma4Config, Gemma4ForConditionalGeneration
from transformers.models.gemma4.modeling_gemma4 import Gemma4RMSNorm, Gemma4TextExperts

from . import pretrain_audio, pretrain_vision
from .batch_shapes import NOTHING
from .experts import experts
from .tokenizer import VOCAB_SIZE, control_id

transformers.logging.set_verbosity_error()

ROPE = {"sliding_attention": {"rope_type": "default", "rope_theta": 10000.0},
        "full_attention": {"rope_type": "proportional", "partial_rotary_factor": 0.25, "rope_theta": 1000000.0}}
COMMON = dict(vocab_size=VOCAB_SIZE, hidden_size=192, num_attention_heads=4, num_key_value_heads=2, head_dim=32, global_head_dim=64,
              sliding_window=128, max_position_embeddings=32768, rope_parameters=ROPE, final_logit_softcapping=30.0)
VISION = dict(hidden_size=96, intermediate_size=192, num_hidden_layers=4, num_attention_heads=3, num_key_value_heads=3, head_dim=32,
              position_embedding_size=256, pooling_kernel_size=3, patch_size=16)
AUDIO = dict(hidden_size=96, num_hidden_layers=3, num_attention_heads=3, subsampling_conv_channels=[128, 16], output_proj_dims=96,
             use_clipped_linears=True)


def layer_types(n: int, period: int) -> list[str]:
    return ["full_attention" if (i + 1) % period == 0 else "sliding_attention" for i in range(n)]


def text_config(kind: str) -> dict:
    """kind "e": the type of E2B and E4B (shared KV, per-layer embeddings). "moe": the type of 26B-A4B (experts, K = V)."""
    if kind == "e":
        return dict(COMMON, intermediate_size=384, num_hidden_layers=8, layer_types=layer_types(8, 4), num_kv_shared_layers=4,
                    use_double_wide_mlp=True, vocab_size_per_layer_input=VOCAB_SIZE, hidden_size_per_layer_input=32)
    return dict(COMMON, intermediate_size=256, num_hidden_layers=6, layer_types=layer_types(6, 3), num_kv_shared_layers=0,
                hidden_size_per_layer_input=0, num_global_key_value_heads=1, attention_k_eq_v=True, enable_moe_block=True,
                num_experts=16, top_k_experts=4, moe_intermediate_size=64, use_bidirectional_attention="vision")


def vision_config(kind: str = "e") -> dict:
    return dict(VISION, use_clipped_linears=kind == "e", standardize=kind != "e")


def audio_config() -> dict:
    return copy.deepcopy(AUDIO)


def config(kind: str, vision: bool = True, audio: bool = True) -> Gemma4Config:
    ids = dict(boi_token_id=control_id("<|image>"), eoi_token_id=control_id("<image|>"), image_token_id=control_id("<|image|>"),
               boa_token_id=control_id("<|audio>"), eoa_token_index=control_id("<audio|>"), audio_token_id=control_id("<|audio|>"),
               video_token_id=control_id("<|video|>"))
    return Gemma4Config(text_config=text_config(kind), vision_config=vision_config(kind) if vision else None,
                        audio_config=audio_config() if audio and kind == "e" else None, **ids)


def build(kind: str, vision: bool = True, audio: bool = True, seed: int = 0) -> Gemma4ForConditionalGeneration:
    """A new model, initialised for training from nothing."""
    torch.manual_seed(seed)
    cfg = config(kind, vision, audio)
    cfg._attn_implementation = "nano"
    for part in (cfg.text_config, cfg.vision_config):
        if part is not None:
            part._attn_implementation = "nano"
    if cfg.audio_config is not None:
        cfg.audio_config._attn_implementation = "eager"
    model = Gemma4ForConditionalGeneration(cfg).float()
    initialise(model)
    compute_labelled_only(model)
    return model


# ---------------------------------------------------------------------------------------------------------- initialisation
@torch.no_grad()
def initialise(model: torch.nn.Module) -> None:
    """Starts weights where training from nothing works. Attention scores are not scaled and q and k are normalised, so their norms
    start at d^-1/4; post norms set the size of an update, so they start at (2 L)^-1/2; the tied embedding is scaled by
    sqrt(hidden), so its deviation is hidden^-1/2; the vision tower's table of positions is not all ones."""
    text = getattr(model.config, "text_config", None)
    n_layers = {"language_model": text.num_hidden_layers if text else 1, "vision_tower": VISION["num_hidden_layers"]}
    for name, p in model.named_parameters():
        tower = "vision_tower" if "vision_tower" in name or text is None else "language_model"
        if p.dim() == 1:
            if name.endswith(("q_norm.weight", "k_norm.weight")):
                p.fill_(p.numel() ** -0.25)
            elif "post_" in name and "audio_tower" not in name:
                p.fill_((2 * n_layers[tower]) ** -0.5)
        elif name.endswith(("embed_tokens.weight", "embed_tokens_per_layer.weight")):
            width = text.hidden_size if name.endswith("embed_tokens.weight") else text.hidden_size_per_layer_input
            p.normal_(0, width ** -0.5)
            p[0].zero_()
        elif name.endswith("position_embedding_table"):
            p.normal_(0, 0.05)
        elif "conv1d" in name or p.dim() == 4:
            p.normal_(0, p[0].numel() ** -0.5)
        elif p.dim() >= 2 and not name.endswith("lm_head.weight"):
            p.normal_(0, p.shape[-1] ** -0.5)


# ---------------------------------------------------------------------------------------------------------- training forward
def attention(module, q, k, v, mask, dropout=0.0, scaling=1.0, **kw):
    if hasattr(module, "seen"):                             # of a layer that is given hints (nano.hint_losses)
        module.seen[module.layer_idx] = q, k, v
    is_fused = q.is_cuda or not hasattr(module, "layer_type")   # on a CPU in the vision tower alone, whose matrices are the largest
    return (fused_attention if is_fused else plain_attention)(q, k, v, mask, scaling), None


def fused_attention(q, k, v, mask, scaling):
    k, v = (x.repeat_interleave(q.shape[1] // x.shape[1], 1) for x in (k, v))
    return F.scaled_dot_product_attention(q, k.to(q.dtype), v.to(q.dtype), attn_mask=mask, scale=scaling).transpose(1, 2)


def plain_attention(q, k, v, mask, scaling):
    """Attention as two matrix products; the query heads of one KV head are rows of one matrix."""
    n_rows, n_heads, n_q, width = q.shape
    n_kv = k.shape[1]
    s = (q.reshape(n_rows, n_kv, n_heads // n_kv * n_q, width) @ k.transpose(-1, -2)).view(n_rows, n_kv, n_heads // n_kv, n_q, -1)
    if scaling != 1.0:
        s = s * scaling
    if mask is not None:
        s = s.masked_fill(~mask[:, :, None], -1e30)
    p = s.softmax(-1).view(n_rows, n_kv, n_heads // n_kv * n_q, -1)
    return (p @ v).view(n_rows, n_heads, n_q, width).transpose(1, 2)


transformers.AttentionInterface.register("nano", attention)
transformers.AttentionMaskInterface.register("nano", transformers.masking_utils.sdpa_mask)


def compute_labelled_only(model) -> None:
    """Layers that share keys and values compute only the positions in `labelled`: exact, and most of the work is there. It uses
    the hook by which the library itself keeps the last position alone."""
    text = model.model.language_model
    text.labelled = None

    def keep(hidden, ple, pos, masks, logits_to_keep, past_key_values=None, **kw):
        rows = text.labelled
        if rows is None:
            return hidden, ple, pos, masks
        batch, _, width = hidden.shape
        n = rows.shape[1]
        hidden = hidden.gather(1, rows[..., None].expand(batch, n, width))
        if ple is not None:
            ple = ple.gather(1, rows[..., None, None].expand(batch, n, *ple.shape[2:]))
        pos = {key: tuple(x[0][rows] for x in value) for key, value in pos.items()}
        masks = {key: value[0, 0][rows][:, None] if len(value) == 1 else
                 value.gather(2, rows[:, None, :, None].expand(batch, 1, n, value.shape[-1])) for key, value in masks.items()}
        return hidden, ple, pos, masks
    text._maybe_slice_kv_shared_inputs = keep


def fuse(model) -> None:
    """Fewer and larger kernels with the same result."""
    for module in model.modules():
        if isinstance(module, Gemma4RMSNorm):
            module.forward = functools.partial(normed, module)
        elif isinstance(module, Gemma4TextExperts):
            module.forward = functools.partial(experts, module)


def compile_layers(model) -> None:
    """Fewer passes over memory: what lies between the matrix products of a layer becomes loops, which takes some minutes the first time."""
    torch._dynamo.config.recompile_limit = 64               # a layer is compiled with and without each of its masks, hints and pictures
    for layer in model.model.language_model.layers:
        layer.forward = torch.compile(layer.forward, dynamic=True)


def normed(norm: Gemma4RMSNorm, x: torch.Tensor) -> torch.Tensor:
    return F.rms_norm(x.float(), x.shape[-1:], norm.weight if norm.with_scale else None, norm.eps).type_as(x)


def labelled_logits(model, batch: dict) -> torch.Tensor:
    """batch: as data.collate or batch_shapes.collate makes it. Returns logits [N, vocabulary] for batch["target"]."""
    places = batch["places"]
    cfg, text = model.config.text_config, model.model.language_model
    gathers = cfg.num_kv_shared_layers > 0
    text.labelled = places if gathers else None
    hidden = (run_fixed if "soft_at" in batch else run)(model, batch, attention_masks(cfg, batch))
    text.labelled = None
    if not gathers:
        hidden = hidden.gather(1, places[..., None].expand(*places.shape, hidden.shape[-1]))
    hidden = hidden.flatten(0, 1)
    if "chosen" in batch:
        hidden = hidden[batch["chosen"]]
    cap = cfg.final_logit_softcapping
    return cap * torch.tanh(model.lm_head(hidden).float() / cap)


def attention_masks(cfg, batch: dict) -> dict[str, torch.Tensor]:
    """Large models see a picture from both sides, in their local layers alone."""
    ids = batch["ids"]
    i = torch.arange(ids.shape[1], device=ids.device)
    distance = (i[:, None] - i[None])[None, None]
    causal = distance >= 0
    near = causal
    if cfg.use_bidirectional_attention == "vision" and "pixels" in batch:
        near = near | same_picture(ids)[:, None]
    return {"full_attention": causal, "sliding_attention": near & (distance < cfg.sliding_window)}


def same_picture(ids: torch.Tensor) -> torch.Tensor:
    """[B, L, L]: whether two positions are soft tokens of one picture."""
    soft = ids == control_id("<|image|>")
    begins = soft & ~torch.cat([torch.zeros_like(soft[:, :1]), soft[:, :-1]], 1)
    number = begins.long().cumsum(1) * soft
    return (number[:, :, None] == number[:, None]) & soft[:, :, None]


def run(model, batch: dict, masks: dict) -> torch.Tensor:
    media = {}
    if "pixels" in batch:
        media.update(pixel_values=batch["pixels"], image_position_ids=batch["positions"])
    if "sounds" in batch:
        media.update(input_features=batch["sounds"], input_features_mask=batch["sound_mask"])
    net = model.model if media else model.model.language_model
    return net(input_ids=batch["ids"], attention_mask=masks, use_cache=False, **media).last_hidden_state


def run_fixed(model, batch: dict, masks: dict) -> torch.Tensor:
    """The same for batches of fixed shapes with media (nano.batch_shapes): what the library does, without asking how many soft tokens there are."""
    net, text, ids = model.model, model.model.language_model, batch["ids"]
    soft = (ids == control_id("<|image|>")) | (ids == control_id("<|audio|>"))
    plain = ids.masked_fill(soft, 0)
    embeddings = text.embed_tokens(plain)
    per_layer = text.get_per_layer_inputs(plain) if text.hidden_size_per_layer_input else None
    if "pixels" in batch:
        features = net.embed_vision(inputs_embeds=pretrain_vision.encode(net.vision_tower, batch["pixels"], batch["positions"], batch["real"]))
    else:
        features = net.embed_audio(inputs_embeds=pretrain_audio.encode(net.audio_tower, batch["sounds"], batch["sound_mask"]))
    flat = F.pad(embeddings.flatten(0, 1), (0, 0, 0, 1))     # a last row takes what goes nowhere
    flat = flat.index_copy(0, batch["soft_at"].flatten(), features.flatten(0, 1).to(flat.dtype))
    return text(inputs_embeds=flat[:-1].view_as(embeddings), per_layer_inputs=per_layer, attention_mask=masks, use_cache=False).last_hidden_state


def loss_of(model, batch: dict) -> torch.Tensor:
    """Mean cross entropy of the labelled tokens."""
    return F.cross_entropy(labelled_logits(model, batch), batch["target"].flatten(), ignore_index=NOTHING)


def parameter_counts(model) -> dict[str, int]:
    parts = {"text": model.model.language_model, "vision": getattr(model.model, "vision_tower", None),
             "audio": getattr(model.model, "audio_tower", None)}
    counts = {name: sum(p.numel() for p in part.parameters()) for name, part in parts.items() if part is not None}
    counts["all"] = sum(p.numel() for p in model.parameters())
    return counts
