"""Scores of a released model on the released test sets, through the official implementation alone: its processor, its chat template
and its `generate`."""
import inspect
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator

import torch
import transformers
from transformers import AutoProcessor, Gemma4ForConditionalGeneration

from . import chat
from .evalset import read
from .items import Item, Media
from .tokenizer import Encoder, control_id

ATTENTION = {"text_config": "sdpa", "vision_config": "sdpa", "audio_config": "eager"}     # fused where the library can: needles are long
BATCH_CHARACTERS = 100_000                                  # of prompts, as JSON: for more of them attention has no memory
BATCH = 20                                                  # items that are answered at once
STOPS = [control_id("<eos>"), control_id("<turn|>"), control_id("<|tool_response>")]


def same(a, b) -> bool:
    """Equal as JSON: a tuple is a list and 2 is 2.0, but true is not 1."""
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    return a == b


PYTHON_PROGRAM = "import json, sys\n" + inspect.getsource(same) + """
task = json.load(sys.stdin)
f = eval(task["code"])
print(json.dumps(all(same(f(*args), expected) for args, expected in task["cases"])))"""


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


def visible(text: str) -> str:
    """The answer without thought and without the token that ends it."""
    text = text.split("<channel|>")[-1]
    for stop in ("<turn|>", "<eos>"):
        text = text.split(stop)[0]
    return text.strip()


def is_right(line: dict, item: Item, written: str) -> bool:
    expect, text = line["expect"], visible(written)
    if "calls" in expect:
        return text[max(text.find("<|tool_call>"), 0):].removesuffix("<|tool_response>") == "".join(map(chat.call_text, item.turns[-1].calls))
    if "json" in expect:
        try:
            return same(json.loads(text), expect["json"])
        except ValueError:
            return False
    if "python" in expect:
        return runs(text, expect["python"]["cases"])
    return text == expect["text"].strip()


def runs(code: str, cases: list) -> bool:
    """Whether the function that was written gives what is expected, in a process of its own."""
    try:
        done = subprocess.run([sys.executable, "-I", "-c", PYTHON_PROGRAM], input=json.dumps({"code": code, "cases": cases}),
                              capture_output=True, text=True, timeout=5)
    except subprocess.TimeoutExpired:
        return False
    return done.stdout.strip() == "true"


def score(folder: str, evaluation: str, skills: list[str] | None = None, limit: int | None = None) -> dict[str, dict]:
    player, out = Player(folder), {}
    for name in skills or sorted(f[:-6] for f in os.listdir(evaluation) if f.endswith(".jsonl")):
        examples = [e for e in itertools.islice(read(evaluation, name), limit) if player.hears or not media_of(e[1], "audio")]
        if not examples:
            continue
        right = []
        for batch in batches(examples, BATCH):
            written = player.answers([line for line, _ in batch], [item for _, item in batch])
            right += [is_right(line, item, text) for (line, item), text in zip(batch, written)]
        out[name] = {"accuracy": round(sum(right) / len(right), 4), "n": len(right)}
        print(name, out[name], flush=True)
    return out
