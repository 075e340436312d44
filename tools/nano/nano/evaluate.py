"""Scores of a model in training, by exact match without generating: an answer counts if each of its tokens is the likeliest given the
reference before it, which is the same as greedy decoding giving the reference."""
import random

import torch

from . import model as networks
from .data import Row, collate, cut, make_row
from .graphs import widened
from .items import Item
from .skills.registry import ALL
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


class Tests:
    """n test items of each skill as rows, drawn once: a training run asks them again and again."""

    def __init__(self, skills: list[str], n: int, encoder: Encoder, large: bool):
        self.rows = {skill: sorted((scored_row(item, encoder, large) for item in test_items(skill, n)), key=lambda r: (r.group, len(r.ids)))
                     for skill in skills}

    def scores(self, model) -> dict[str, float]:
        return {skill: round(accuracy(model, rows), 3) for skill, rows in self.rows.items()}


@torch.no_grad()
def accuracy(model, rows: list[Row], tokens: int = 6000) -> float:
    """The share of rows, sorted by group and length, whose labelled tokens are all the likeliest ones."""
    model.eval()
    device, right = next(model.parameters()).device, 0
    for some in cut(rows, tokens):
        batch = widened({k: v.to(device) for k, v in collate(some).items() if k != "n_tokens"})
        wrong = (networks.labelled_logits(model, batch).argmax(-1) != batch["target"]).float()
        row = batch["chosen"] // batch["places"].shape[1]
        right += int((torch.zeros(len(some), device=device).index_add(0, row, wrong) == 0).sum())
    model.train()
    return right / len(rows)
