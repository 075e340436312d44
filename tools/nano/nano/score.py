"""Scores of a released model on the released test sets, through the official implementation alone: its processor, its chat template
and its `generate`."""
import itertools
import json
import os
import sys
from collections.abc import Container, Iterator

import torch
import transformers
from transformers import AutoProcessor, Gemma4ForConditionalGeneration

from .evalset import read
from .items import Item, Media
from .judge import is_right
from .tokenizer import Encoder, control_id

ATTENTION = {"text_config": "sdpa", "vision_config": "sdpa", "audio_config": "eager"}     # fused where the library can: needles are long
BATCH_CHARACTERS = 100_000                                  # of prompts, as JSON: for more of them attention has no memory
BATCH = 20                                                  # items that are answered at once
STOPS = [control_id("<eos>"), control_id("<turn|>"), control_id("<|tool_response>")]


class Player:
    """A model folder that answers items greedily. Its `hears`: whether it takes sounds."""

    def __init__(self, folder: str, dtype: torch.dtype = torch.float32):
        transformers.logging.set_verbosity_error()
        self.model = Gemma4ForConditionalGeneration.from_pretrained(folder, dtype=dtype, attn_implementation=ATTENTION).eval()
        self.hears = self.model.config.audio_config is not None
        self.processor, self.encoder = AutoProcessor.from_pretrained(folder), Encoder(folder)

    @torch.no_grad()
    def answers(self, lines: list[dict], items: list[Item]) -> list[str]:
        """Of one batch as `batches` makes them, alike in their media. Padded on the left."""
        prompts = [self.processor.apply_chat_template(template_messages(line), tools=line.get("tools"), add_generation_prompt=True,
                                                      tokenize=False, enable_thinking=line.get("think", False)) for line in lines]
        pictures, sounds = [[media_of(item, kind) for item in items] for kind in ("image", "audio")]
        kw = {"images": [[m.data for m in some] for some in pictures], "max_soft_tokens": pictures[0][0].budget} if pictures[0] else {}
        if sounds[0]:
            kw["audio"] = [m.data for some in sounds for m in some]
        inputs = self.processor(text=prompts, padding=True, padding_side="left", **kw, return_tensors="pt")
        n_new = max(line["max_tokens"] for line in lines)
        out = self.model.generate(**inputs, do_sample=False, max_new_tokens=n_new, eos_token_id=STOPS, pad_token_id=0)
        n = inputs["input_ids"].shape[1]
        return [self.encoder.decode(until_stop(ids[n:n + line["max_tokens"]].tolist())) for ids, line in zip(out, lines)]


def until_stop(ids: list[int]) -> list[int]:
    """Up to the first token that ends an answer, with it: behind it the other answers of a batch go on."""
    return ids[:next((i + 1 for i, token in enumerate(ids) if token in STOPS), len(ids))]


def media_of(item: Item, kind: str) -> list[Media]:
    return [m for t in item.turns for m in getattr(t, "media", []) if m.kind == kind]


def batches(examples: list[tuple[dict, Item]], n_items: int) -> Iterator[list[tuple[dict, Item]]]:
    """Of alike examples: the same media, about the same length; n_items, fewer where they are long."""
    def group(example: tuple[dict, Item]) -> list[tuple[str, int]]:
        return [(m.kind, m.budget or 0) for kind in ("image", "audio") for m in media_of(example[1], kind)]

    def length(example: tuple[dict, Item]) -> int:
        return len(json.dumps(example[0]["messages"])) + len(json.dumps(example[0].get("tools", [])))

    batch: list[tuple[dict, Item]] = []
    for example in sorted(examples, key=lambda e: (group(e), length(e))):
        n_fit = max(1, min(n_items, BATCH_CHARACTERS // length(example)))
        if batch and (len(batch) >= n_fit or group(batch[0]) != group(example)):
            yield batch
            batch = []
        batch.append(example)
    if batch:
        yield batch


def template_messages(line: dict) -> list[dict]:
    """Messages as apply_chat_template takes them: media parts without their data."""
    def content(value):
        return [{"type": p["type"]} if p["type"] != "text" else p for p in value] if isinstance(value, list) else value
    return [dict(m, content=content(m["content"])) for m in line["messages"]]


def score(folder: str, evaluation: str, skills: list[str] | None = None, without: Container[str] = (), limit: int | None = None) -> dict[str, dict]:
    """skill -> accuracy and number of questions, of all or the named skills but for `without`. What is done is told on standard error."""
    player, out = Player(folder), {}
    names = skills or sorted(f[:-6] for f in os.listdir(evaluation) if f.endswith(".jsonl"))
    for name in (name for name in names if name not in without):
        examples = [e for e in itertools.islice(read(evaluation, name), limit) if player.hears or not media_of(e[1], "audio")]
        if not examples:
            continue
        right = []
        for batch in batches(examples, BATCH):
            written = player.answers([line for line, _ in batch], [item for _, item in batch])
            right += [is_right(line["expect"], text) for (line, _), text in zip(batch, written)]
        out[name] = {"accuracy": round(sum(right) / len(right), 4), "n": len(right)}
        print(name, out[name], file=sys.stderr, flush=True)
    return out
