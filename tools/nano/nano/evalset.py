"""The released test sets: one file of JSON lines a skill, pictures and sounds beside them. Format: docs/cli.md, `facet eval`."""
import json
import os
import random
import subprocess
import wave
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from . import chat
from .evaluate import test_items
from .items import Call, Item, Media, Model, Results, User
from .skills.registry import ALL, PICTURES, SOUNDS
from .skills.context import needle
from .tokenizer import Encoder
from .voices import RATE

NEEDLE_LENGTHS = {512: 50, 1024: 50, 2048: 50, 4096: 20, 8192: 20, 16384: 20}          # tokens of context -> items


# ------------------------------------------------------------------------------------------------------------------ writing
class Writer:
    """Writes items of one skill after the other into a folder."""

    def __init__(self, folder: str, encoder: Encoder):
        self.folder, self.encoder = folder, encoder
        os.makedirs(os.path.join(folder, "media"), exist_ok=True)

    def skill(self, name: str, items: list[Item]) -> None:
        with open(os.path.join(self.folder, name + ".jsonl"), "w") as f:
            for i, item in enumerate(items):
                print(json.dumps(self.line(f"{name}-{i}", item), ensure_ascii=False), file=f)

    def line(self, key: str, item: Item) -> dict:
        end = chat.scored_turn(item)
        answer = item.turns[end]
        line = {"id": key, "messages": self.messages(key, item, end)}
        if item.tools:
            line["tools"] = [{"type": "function", "function": tool} for tool in item.tools]
        if item.think:
            line["think"] = True
        line["expect"] = expectation(item, answer)
        written = (answer.thought or "") + "".join(map(chat.call_text, answer.calls)) + answer.text
        line["max_tokens"] = len(self.encoder.encode(written)) + 32
        return line

    def messages(self, key: str, item: Item, end: int) -> list[dict]:
        out = [{"role": "system", "content": item.system}] if item.system else []
        n_calls = 0
        for turn in item.turns[:end]:
            if isinstance(turn, User):
                parts = [self.media(f"{key}-{k}", media) for k, media in enumerate(turn.media)]
                text = [{"type": "text", "text": turn.text}]
                out.append({"role": "user", "content": (text + parts if turn.text_first else parts + text) if parts else turn.text})
            elif isinstance(turn, Results):
                first = n_calls - len(turn.values)
                out += [{"role": "tool", "tool_call_id": f"call_{first + k}", "content": text} for k, (_, text) in enumerate(turn.values)]
            elif turn.calls:
                calls = [{"id": f"call_{n_calls + k}", "type": "function", "function": {"name": c.name, "arguments": c.args}}
                         for k, c in enumerate(turn.calls)]
                n_calls += len(calls)
                out.append({"role": "assistant", "content": turn.text or None, "tool_calls": calls})
            else:
                out.append({"role": "assistant", "content": turn.text})
        return out

    def media(self, name: str, media: Media) -> dict:
        if media.kind == "image":
            path = f"media/{name}.png"
            media.data.save(os.path.join(self.folder, path), optimize=True)
            return {"type": "image", "path": path, "budget": media.budget or 70}
        path = f"media/{name}.opus"
        encode_sound(media.data, os.path.join(self.folder, path))
        return {"type": "audio", "path": path}


def expectation(item: Item, answer: Model) -> dict:
    if answer.calls:
        return {"calls": [{"name": c.name, "arguments": c.args} for c in answer.calls]}
    return item.check or {"text": answer.text}


def encode_sound(samples: np.ndarray, path: str) -> None:
    """Opus at 32 kbit/s: a tenth of the size of the samples, and the way that speech is usually stored."""
    pcm = (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-f", "s16le", "-ar", str(RATE), "-ac", "1", "-i", "-", "-c:a", "libopus",
                    "-b:a", "32k", "-bitexact", path], input=pcm, check=True)


def text_first(n: int) -> list[Item]:
    """The text before its pictures and sounds, as many clients send them; of each skill in turn, without the one that must fail."""
    rng, skills = random.Random("text_first"), [skill for name, skill in (PICTURES | SOUNDS).items() if name != "lines_70"]
    items = [skills[i % len(skills)].make(rng, True) for i in range(n)]
    return [replace(item, turns=[replace(t, text_first=True) if isinstance(t, User) else t for t in item.turns]) for item in items]


def write(folder: str, tokenizer_folder: str, n_text: int = 100, n_media: int = 50) -> None:
    writer = Writer(folder, Encoder(tokenizer_folder))
    for name, skill in ALL.items():
        if not skill.drill and name != "needle":
            writer.skill(name, test_items(name, n_media if name in PICTURES | SOUNDS else n_text))
    writer.skill("text_first", text_first(2 * n_media))
    for length, n in NEEDLE_LENGTHS.items():
        rng = random.Random(f"needle {length}")
        writer.skill(f"needle_{length}", [needle(rng, True, length) for _ in range(n)])


# ------------------------------------------------------------------------------------------------------------------ reading
def read(folder: str, name: str) -> Iterator[tuple[dict, Item]]:
    """The lines of a skill, each as it stands and as an item that ends in the expected answer."""
    with open(os.path.join(folder, name + ".jsonl")) as f:
        for text in f:
            line = json.loads(text)
            yield line, item_of(line, folder, name)


def item_of(line: dict, folder: str, skill: str) -> Item:
    turns, names, system = [], {}, ""
    for message in line["messages"]:
        content, role = message["content"], message["role"]
        if role == "system":
            system = content
        elif role == "user":
            parts = content if isinstance(content, list) else [{"type": "text", "text": content}]
            turns.append(User("".join(p["text"] for p in parts if p["type"] == "text"),
                              [load(p, folder) for p in parts if p["type"] != "text"]))
        elif role == "tool":
            if not isinstance(turns[-1], Results):
                turns.append(Results([]))
            turns[-1].values.append((names[message["tool_call_id"]], content))
        else:
            calls = message.get("tool_calls", [])
            names |= {c["id"]: c["function"]["name"] for c in calls}
            turns.append(Model(content or "", calls=[Call(c["function"]["name"], c["function"]["arguments"]) for c in calls]))
    expect = line["expect"]
    turns.append(Model(expect.get("text", ""), calls=[Call(c["name"], c["arguments"]) for c in expect.get("calls", [])]))
    check = expect if "json" in expect or "python" in expect else None
    return Item(skill, turns, [t["function"] for t in line.get("tools", [])], system, line.get("think", False), check)


def load(part: dict, folder: str) -> Media:
    path = os.path.join(folder, part["path"])
    if part["type"] == "image":
        from PIL import Image
        return Media("image", Image.open(path).convert("RGB"), part.get("budget"))
    return Media("audio", decode_sound(path))


def decode_sound(path: str) -> np.ndarray:
    if path.endswith(".wav"):
        with wave.open(path) as f:
            return np.frombuffer(f.readframes(f.getnframes()), "<i2").astype(np.float32) / 32768
    pcm = subprocess.run(["ffmpeg", "-v", "error", "-i", path, "-f", "f32le", "-ac", "1", "-ar", str(RATE), "-"],
                         capture_output=True, check=True).stdout
    return np.frombuffer(pcm, "<f4")
