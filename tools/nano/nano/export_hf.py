"""Checkpoint -> Hugging Face folder: weights in bf16, configurations like published ones, tokenizer, chat template."""
import json
import os
import shutil

import torch

from . import model as networks

TEMPLATE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "chat_template.jinja")
LARGE_ONLY = "{#- large only -#}"
SHARD = "8MB"                                               # no released file is larger than 12 MB
SOFT_TOKENS = 70                                            # of a picture, unless a client asks for another number
PICTURES = {"do_convert_rgb": True, "do_rescale": True, "do_resize": True, "image_mean": [0.0] * 3,
            "image_std": [1.0] * 3, "max_soft_tokens": SOFT_TOKENS, "patch_size": 16, "pooling_kernel_size": 3,
            "resample": 3, "rescale_factor": 1 / 255}
STILLS = PICTURES | {"do_normalize": False, "image_processor_type": "Gemma4ImageProcessor"}
VIDEOS = PICTURES | {"do_normalize": True, "do_sample_frames": True, "num_frames": 32, "return_metadata": False,
                     "video_processor_type": "Gemma4VideoProcessor"}
SOUNDS = {"dither": 0.0, "feature_extractor_type": "Gemma4AudioFeatureExtractor", "feature_size": 128,
          "fft_length": 512, "fft_overdrive": False, "frame_length": 320, "hop_length": 160, "input_scale_factor": 1.0,
          "max_frequency": 8000.0, "mel_floor": 0.001, "min_frequency": 0.0, "padding_side": "right",
          "padding_value": 0.0, "preemphasis": 0.0, "preemphasis_htk_flavor": True, "return_attention_mask": True,
          "sampling_rate": 16000}
# Written out, since making the library's video processor needs a package that nothing else here does. Models that do
# not hear have the part for sounds as well: the library loads no processor without it.
PROCESSOR = {"processor_class": "Gemma4Processor", "audio_ms_per_token": 40, "audio_seq_length": 750,
             "image_seq_length": SOFT_TOKENS, "feature_extractor": SOUNDS, "image_processor": STILLS,
             "video_processor": VIDEOS}
GENERATION = {"bos_token_id": 2, "do_sample": True, "eos_token_id": [1, 106, 50], "pad_token_id": 0,
              "temperature": 1.0, "top_k": 64, "top_p": 0.95}


def chat_template(large: bool) -> str:
    """The chat template of the small or of the large models: the same but for lines that only the large ones have."""
    with open(TEMPLATE, encoding="utf-8") as f:
        lines = f.read().splitlines(keepends=True)
    if large:
        return "".join(line.replace(" " + LARGE_ONLY, "") for line in lines)
    return "".join(line for line in lines if LARGE_ONLY not in line)


def export(checkpoint: str, tokenizer_folder: str, out: str) -> None:
    """Writes the folder `out` anew from a checkpoint of train.py ({"model": weights, "kind": "e" or "moe", ...})."""
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    kind = state["kind"]
    model = networks.build(kind)
    model.load_state_dict(state["model"])
    shutil.rmtree(out, ignore_errors=True)
    model.to(torch.bfloat16).save_pretrained(out, max_shard_size=SHARD)
    for name in os.listdir(out):
        os.chmod(os.path.join(out, name), 0o644)            # the library's weights are its user's alone
    config = os.path.join(out, "config.json")
    write_json(config, hub_style(read_json(config), kind))
    write_json(os.path.join(out, "generation_config.json"), GENERATION)
    write_json(os.path.join(out, "processor_config.json"), PROCESSOR)
    save_tokenizer(tokenizer_folder, out)
    with open(os.path.join(out, "chat_template.jinja"), "w", encoding="utf-8") as f:
        f.write(chat_template(large=kind == "moe"))


def hub_style(config: dict, kind: str) -> dict:
    """The configuration as published models have it: two keys, not a list of layers, say how full attention differs."""
    text, wanted = config["text_config"], networks.text_config(kind)
    text.pop("per_layer_config", None)
    text["global_head_dim"] = wanted["global_head_dim"]
    text["num_global_key_value_heads"] = wanted.get("num_global_key_value_heads")
    return config


def save_tokenizer(folder: str, out: str) -> None:
    """The tokenizer as the processor wants it: the placeholder of videos is one of its special tokens. What the library
    adds to the configuration when it saves one that it has read is left out."""
    from transformers import AutoTokenizer
    video = ["<|video|>"]
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.add_special_tokens({"additional_special_tokens": video})
    tokenizer.save_pretrained(out)
    config = read_json(os.path.join(folder, "tokenizer_config.json"))
    config |= {"extra_special_tokens": video, "processor_class": "Gemma4Processor"}
    write_json(os.path.join(out, "tokenizer_config.json"), config)


def read_json(path: str) -> dict:
    with open(path, encoding="utf-8") as f:
        return json.load(f)


def write_json(path: str, value: dict) -> None:
    with open(path, "w", encoding="utf-8") as f:
        json.dump(value, f, indent=2, sort_keys=True, ensure_ascii=False)
        f.write("\n")
