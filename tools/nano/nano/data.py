"""Training batches: items become conversations, conversations rows of tokens, rows of similar length a batch.

What a chunk draws follows from the seed and its number, so interrupted training goes on with the next one; duplicates are
dropped within a call.
"""
import hashlib
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from . import chat
from .items import Item, Model, User
from .media import Prepared, prepare
from .skills.table import ALL, TEXT
from .tokenizer import Encoder, control_id

CHUNK = 256                                                 # rows that are drawn together and sorted by length


@dataclass(frozen=True)
class Mix:
    """What a stage of training draws: a weight per skill, at most how many items a conversation, how long a row."""
    weights: dict[str, float]
    n_items: int = 4
    max_tokens: int = 640


class Curator:
    """Keeps what is good to learn from: no duplicates, no row that is too long; counts what it turned away."""

    def __init__(self, max_tokens: int, remember: int = 1_000_000):
        self.max_tokens, self.remember = max_tokens, remember
        self.seen: set[bytes] = set()
        self.counts: Counter = Counter()

    def accept(self, row: "Row") -> bool:
        if len(row.ids) > self.max_tokens:
            self.counts["too long"] += 1
            return False
        content = hashlib.md5(np.asarray(row.ids, np.int16).tobytes())
        for m in row.media:
            content.update(m.values.tobytes())
        key = content.digest()[:8]
        if key in self.seen:
            self.counts["duplicate"] += 1
            return False
        if len(self.seen) < self.remember:
            self.seen.add(key)
        self.counts["kept"] += 1
        return True


def is_plain(item: Item) -> bool:
    """Whether the item can stand among others in one conversation."""
    return not (item.tools or item.think or item.system or any(isinstance(t, User) and t.media for t in item.turns))


def conversation(rng: random.Random, mix: Mix, test: bool = False) -> Item:
    """Several unrelated tasks in one chat. Tools and thinking are switched by the system turn, so at most one item brings them; a
    thought comes last, since earlier thoughts are not kept in the history."""
    names = list(mix.weights)
    first = ALL[rng.choices(names, list(mix.weights.values()))[0]].make(rng, test)
    has_media = any(isinstance(t, User) and t.media for t in first.turns)
    plain = [n for n in names if n in TEXT]
    room = rng.randint(0, 1 if has_media else mix.n_items - 1) if plain else 0
    weights = [mix.weights[n] for n in plain]
    others = [ALL[n].make(rng, test) for n in rng.choices(plain, weights, k=room)] if room else []
    others = [o for o in others if is_plain(o)]
    if first.think:
        items = others[:2] + [first]
    else:
        items = others[:2] + [first] if first.tools or first.system else [first] + others
        if first.tools:
            rng.shuffle(items)
    turns = [t for item in items for t in item.turns]
    return Item(first.skill, turns, first.tools, first.system, first.think, scored=asked_turn(rng, turns))


def asked_turn(rng: random.Random, turns: list) -> int:
    """Which of the Model turns is taken for the one that is being asked for: half the time the last, else any."""
    n = sum(isinstance(t, Model) for t in turns)
    return n - 1 if rng.random() < .5 else rng.randrange(n)


@dataclass
class Row:
    ids: list[int]
    labels: list[int]
    media: list[Prepared]

    @property
    def group(self) -> str:
        return "+".join(sorted({m.kind for m in self.media}))


def make_row(item: Item, encoder: Encoder, large: bool = False) -> Row:
    prepared = {id(m): prepare(m) for t in item.turns if isinstance(t, User) for m in t.media}
    segments = chat.render(item, large, lambda media: prepared[id(media)].n_soft)
    ids, labels = encoder.segments(segments)
    return Row(ids, labels, list(prepared.values()))


def chunk(encoder: Encoder, mix: Mix, seed: int, index: int, tokens: int, large: bool, curator: Curator) -> list[list[Row]]:
    """The batches of one chunk: rows sorted by length within their group, cut at about `tokens` positions."""
    rng, rows = random.Random(f"{seed} {index}"), []
    while len(rows) < CHUNK:
        row = make_row(conversation(rng, mix), encoder, large)
        if curator.accept(row):
            rows.append(row)
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.group, []).append(row)
    batches = []
    for group in groups.values():
        batches += cut(sorted(group, key=lambda r: len(r.ids)), tokens)
    rng.shuffle(batches)
    return batches


def cut(rows: list[Row], tokens: int) -> list[list[Row]]:
    """Cuts sorted rows into batches of at most `tokens` positions; a picture's patches and a sound's frames count as well."""
    batches, current, cost = [], [], 0
    for row in rows:
        extra = sum(m.cost for m in row.media)
        if current and (len(current) + 1) * len(row.ids) + cost + extra > tokens:
            batches.append(current)
            current, cost = [], 0
        current.append(row)
        cost += extra
    return batches + [current] if current else batches


class Stream(torch.utils.data.IterableDataset):
    """Endless batches from chunk `start` on: (number of the chunk after this batch's, batch). Worker w of n makes every n-th chunk."""

    def __init__(self, tokenizer_folder: str, mix: Mix, seed: int, start: int, tokens: int, large: bool):
        self.folder, self.mix, self.seed, self.start, self.tokens, self.large = tokenizer_folder, mix, seed, start, tokens, large

    def __iter__(self) -> Iterator[tuple[int, dict]]:
        worker = torch.utils.data.get_worker_info()
        index, step = self.start + (worker.id if worker else 0), worker.num_workers if worker else 1
        encoder, curator = Encoder(self.folder), Curator(self.mix.max_tokens)
        while True:
            for rows in chunk(encoder, self.mix, self.seed, index, self.tokens, self.large, curator):
                yield index + 1, collate(rows)
            index += step


# ---------------------------------------------------------------------------------------------------------------- tensors
def collate(rows: list[Row]) -> dict[str, torch.Tensor]:
    length = max(len(r.ids) for r in rows)
    ids = torch.zeros(len(rows), length, dtype=torch.long)
    labels = torch.zeros_like(ids)
    for i, row in enumerate(rows):
        ids[i, :len(row.ids)] = torch.tensor(row.ids)
        labels[i, :len(row.labels)] = torch.tensor(row.labels)
    batch = {"ids": ids, "labels": labels}
    pictures = [m for r in rows for m in r.media if m.kind == "image"]
    sounds = [m for r in rows for m in r.media if m.kind == "audio"]
    if pictures:
        batch["pixels"], batch["positions"] = pad(pictures, "values", 0.0), pad(pictures, "positions", -1)
        batch["same_picture"] = same_picture(ids)
    if sounds:
        batch["sounds"] = pad(sounds, "values", 0.0)
        lengths = torch.tensor([len(m.values) for m in sounds])
        batch["sound_mask"] = torch.arange(batch["sounds"].shape[1])[None] < lengths[:, None]
    return batch


def pad(media: list[Prepared], name: str, fill: float) -> torch.Tensor:
    arrays = [torch.from_numpy(np.ascontiguousarray(getattr(m, name))) for m in media]
    out = torch.full((len(arrays), max(len(a) for a in arrays), *arrays[0].shape[1:]), fill, dtype=arrays[0].dtype)
    for i, a in enumerate(arrays):
        out[i, :len(a)] = a
    return out


def same_picture(ids: torch.Tensor) -> torch.Tensor:
    """[B, L, L]: whether two positions are soft tokens of one picture."""
    soft = ids == control_id("<|image|>")
    begins = soft & ~torch.cat([torch.zeros_like(soft[:, :1]), soft[:, :-1]], 1)
    number = begins.long().cumsum(1) * soft
    return (number[:, :, None] == number[:, None]) & soft[:, :, None]
