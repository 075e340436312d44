"""Scores of a model in training, by exact match without generating: an answer counts if each of its tokens is the likeliest given the
reference before it, which is the same as greedy decoding giving the reference."""
import random

import torch

from . import model as networks
from .data import Row, collate, cut, make_row
from .items import Item
from .skills.table import ALL
from .tokenizer import Encoder


def test_items(skill: str, n: int, seed: int = 2024) -> list[Item]:
    """n different items of the test half; fewer if the skill has fewer."""
    rng, items, seen = random.Random(f"{skill} {seed}"), [], set()
    for _ in range(20 * n):
        item = ALL[skill].make(rng, True)
        key = repr([(t.text if hasattr(t, "text") else t.values) for t in item.turns] + item.tools)
        if key not in seen or has_media(item):
            seen.add(key)
            items.append(item)
        if len(items) == n:
            break
    return items


def has_media(item: Item) -> bool:
    return any(getattr(t, "media", None) for t in item.turns)


def scored_row(item: Item, encoder: Encoder, large: bool) -> Row:
    """The conversation up to the answer that is asked for; labels on that answer alone."""
    row = make_row(item, encoder, large)
    wanted = max(row.labels) if item.scored < 0 else item.scored + 1
    end = max(i for i, label in enumerate(row.labels) if label == wanted) + 1
    return Row(row.ids[:end], [int(label == wanted) for label in row.labels[:end]], row.media)


@torch.no_grad()
def accuracy(model, encoder: Encoder, items: list[Item], large: bool, tokens: int = 6000) -> float:
    model.eval()
    rows = sorted((scored_row(item, encoder, large) for item in items), key=lambda r: (r.group, len(r.ids)))
    device, right = next(model.parameters()).device, 0
    for batch in cut(rows, tokens):
        logits, target, places = networks.labelled_logits(model, {k: v.to(device) for k, v in collate(batch).items()})
        good = torch.ones_like(places)
        good[places] = logits.argmax(-1) == target
        right += int(good.all(1).sum())
    model.train()
    return right / len(items)


def scores(model, encoder: Encoder, skills: list[str], n: int, large: bool) -> dict[str, float]:
    return {skill: round(accuracy(model, encoder, test_items(skill, n), large), 3) for skill in skills}
