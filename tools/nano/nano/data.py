"""Training batches: items become conversations, conversations rows of tokens, rows of similar length a batch.

What a chunk draws follows from the seed and its number, so interrupted training goes on with the next one; duplicates are
dropped within a call.
"""
import hashlib
import random
from collections import Counter
from collections.abc import Container, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import torch

from . import batch_shapes, chat, hints
from .items import Item, Model, Results, User
from .media import Prepared, prepare
from .skills.registry import ALL, PICTURES, SOUNDS, TEXT
from .tokenizer import Encoder

CHUNK = 256                                                 # rows that are drawn together and sorted by length, at least
GROUPS = {"text": TEXT, "image": PICTURES, "audio": SOUNDS}  # a batch holds rows of one group


@dataclass(frozen=True)
class Mix:
    """What a stage of training draws: a weight per skill, at most how many items a conversation, how long a row."""
    weights: dict[str, float]
    n_items: int = 4
    max_tokens: int = 640

    def shares(self) -> dict[str, float]:
        """The share of the weights that each group of skills has, of those that have any."""
        sums = {name: sum(self.weights.get(skill, 0) for skill in skills) for name, skills in GROUPS.items()}
        return {name: x / sum(sums.values()) for name, x in sums.items() if x}

    def without(self, skills: Container[str]) -> "Mix":
        return replace(self, weights={name: weight for name, weight in self.weights.items() if name not in skills})


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


def conversation(rng: random.Random, mix: Mix, group: str = "", test: bool = False) -> Item:
    """Several unrelated tasks in one chat, the first of a skill of the group if one is named. Tools and thinking are switched by the
    system turn, so at most one item brings them; a thought comes last, since earlier thoughts are not kept in the history."""
    names = [n for n in mix.weights if not group or n in GROUPS[group]]
    first = ALL[rng.choices(names, [mix.weights[n] for n in names])[0]].make(rng, test)
    has_media = any(isinstance(t, User) and t.media for t in first.turns)
    plain = [n for n in mix.weights if n in TEXT]
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
    turns = [in_some_order(rng, t) if not test else t for item in items for t in item.turns]
    return Item(first.skill, turns, first.tools, first.system, first.think, scored=asked_turn(rng, turns),
                purposes=first.purposes)


def in_some_order(rng: random.Random, turn: User | Model | Results) -> User | Model | Results:
    """Clients put the text of a turn before its pictures and sounds, or behind them."""
    return replace(turn, text_first=rng.random() < .5) if isinstance(turn, User) and turn.media else turn


def asked_turn(rng: random.Random, turns: list) -> int:
    """Which of the Model turns is taken for the one that is being asked for: half the time the last, else any."""
    n = sum(isinstance(t, Model) for t in turns)
    return n - 1 if rng.random() < .5 else rng.randrange(n)


@dataclass
class Row:
    ids: list[int]
    labels: list[int]
    media: list[Prepared]
    purposes: dict[str, str] = field(default_factory=dict)  # of Item

    @property
    def group(self) -> str:
        return "+".join(sorted({m.kind for m in self.media}))

    @property
    def large(self) -> bool:
        """Whether it has a picture of a larger budget than the smallest official one."""
        return any(m.kind == "image" and m.n_soft > 70 for m in self.media)


def make_row(item: Item, encoder: Encoder, large: bool = False) -> Row:
    prepared = {id(m): prepare(m) for t in item.turns if isinstance(t, User) for m in t.media}
    segments = chat.render(item, large, lambda media: prepared[id(media)].n_soft)
    ids, labels = encoder.segments(segments)
    return Row(ids, labels, list(prepared.values()), item.purposes)


def chunk(encoder: Encoder, mix: Mix, group: str, seed: int, index: int, tokens: int, large: bool, curator: Curator) -> list[Row]:
    """The rows of one chunk."""
    rng, rows = random.Random(f"{seed} {group} {index}"), []
    while len(rows) < max(CHUNK, tokens // 16):
        row = make_row(conversation(rng, mix, group), encoder, large)
        if curator.accept(row):
            rows.append(row)
    return rows


def sorted_batches(rows: list[Row], tokens: int, seed: int) -> list[list[Row]]:
    """Rows of similar length together, about `tokens` positions a batch. All pictures of a batch are as large as its largest, so the rows
    with large ones are apart."""
    by_length = sorted(rows, key=lambda r: len(r.ids))
    batches = [batch for large in (False, True) for batch in cut([r for r in by_length if r.large == large], tokens)]
    random.Random(seed).shuffle(batches)
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


@dataclass
class Stream(torch.utils.data.IterableDataset):
    """Endless batches of a group from chunk `start` on: (number of the chunk after this batch's, batch). Worker w of n makes every n-th
    chunk. `fixed`: in fixed shapes, as nano.batch_shapes makes them, with n_left_out: rows since the last batch that fit no shape.
    `hinted`: with what nano.hints makes."""
    tokenizer: str
    mix: Mix
    group: str
    seed: int
    start: int
    tokens: int
    large: bool
    fixed: bool = False
    hinted: bool = False

    def __iter__(self) -> Iterator[tuple[int, dict]]:
        worker = torch.utils.data.get_worker_info()
        index, step = self.start + (worker.id if worker else 0), worker.num_workers if worker else 1
        encoder, curator, shelf = Encoder(self.tokenizer), Curator(self.mix.max_tokens), batch_shapes.Shelf(self.group, self.tokens)
        reader = hints.Reader(encoder.tokenizer)
        while True:
            rows = chunk(encoder, self.mix, self.group, self.seed, index, self.tokens, self.large, curator)
            for some, batch in self.batches(rows, shelf, index):
                if self.hinted:
                    batch |= hints.tensors([reader.hints(row) for row in some], batch["ids"].shape[1], random.Random(index), self.fixed)
                yield index + 1, batch
            index += step

    def batches(self, rows: list[Row], shelf: batch_shapes.Shelf, index: int) -> Iterator[tuple[list[Row], dict]]:
        if self.fixed:
            return ((some, batch_shapes.collate(some, shape) | {"n_left_out": shelf.take_left_out()}) for some, shape in shelf.add(rows))
        return ((some, collate(some)) for some in sorted_batches(rows, self.tokens, index))


# ---------------------------------------------------------------------------------------------------------------- tensors
def collate(rows: list[Row]) -> dict[str, torch.Tensor]:
    """ids and labels [B, L], right padded; where logits are wanted (see `wanted`); pictures and sounds if there are any."""
    length = -(-max(len(r.ids) for r in rows) // 8) * 8      # what fused attention takes without a copy
    ids = torch.zeros(len(rows), length, dtype=torch.long)
    labels = torch.zeros_like(ids)
    for i, row in enumerate(rows):
        ids[i, :len(row.ids)] = torch.tensor(row.ids)
        labels[i, :len(row.labels)] = torch.tensor(row.labels)
    batch = {"ids": ids, "n_tokens": sum(len(r.ids) for r in rows)} | wanted(ids, labels)
    pictures = [m for r in rows for m in r.media if m.kind == "image"]
    sounds = [m for r in rows for m in r.media if m.kind == "audio"]
    if pictures:
        batch["pixels"], batch["positions"] = packed(pad(pictures, "values", 0.0)), pad(pictures, "positions", -1)
    if sounds:
        batch["sounds"] = pad(sounds, "values", 0.0)
        lengths = torch.tensor([len(m.values) for m in sounds])
        batch["sound_mask"] = torch.arange(batch["sounds"].shape[1])[None] < lengths[:, None]
    return batch


def wanted(ids: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
    """places [B, n]: positions whose next token has a label, filled up with others where a row has fewer than n; chosen [N]: those that
    have one, as indices into the flat places; target [N]: their next tokens."""
    asked = torch.zeros_like(ids, dtype=torch.bool)
    asked[:, :-1] = labels[:, 1:] > 0
    places = torch.argsort((~asked).int(), dim=1, stable=True)[:, :int(asked.sum(1).max())]
    chosen = asked.gather(1, places)
    return {"places": places, "chosen": chosen.flatten().nonzero()[:, 0], "target": ids.roll(-1, 1).gather(1, places)[chosen]}


def packed(pixels: torch.Tensor) -> torch.Tensor:
    """Pixels from 0 to 1 as the bytes that they were: a quarter of the way to the device."""
    return (pixels * 255).round().to(torch.uint8)


def pad(media: list[Prepared], name: str, fill: float) -> torch.Tensor:
    arrays = [torch.from_numpy(np.ascontiguousarray(getattr(m, name))) for m in media]
    out = torch.full((len(arrays), max(len(a) for a in arrays), *arrays[0].shape[1:]), fill, dtype=arrays[0].dtype)
    for i, a in enumerate(arrays):
        out[i, :len(a)] = a
    return out
