"""Batches of a few fixed shapes, for a GPU: what is done for a shape can be recorded once and replayed (nano.graphs).

A picture's patches are ordered by the soft token that they belong to, so pooling is a mean over nine neighbours; soft tokens carry the
place in the text where they go. What fills a batch up is never looked at.
"""
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

NOTHING = -100                                              # target of a place that is not to be predicted


@dataclass(frozen=True)
class Shape:
    """Rows of at most `length` tokens, `labels` of them labelled, each with `media` pictures or sounds of up to `soft` soft tokens."""
    length: int
    labels: int
    media: int = 0
    soft: int = 0

    def fits(self, row) -> bool:
        return (len(row.ids) <= self.length and sum(map(bool, row.labels)) <= self.labels and len(row.media) == self.media
                and all(m.n_soft <= self.soft for m in row.media))

    def rows(self, tokens: int) -> int:
        """Rows of a batch that costs as much as `tokens` positions of text."""
        return max(1, tokens // (self.length + 3 * self.media * self.soft))


SHAPES = {
    "text": [Shape(128, 80), Shape(256, 140), Shape(448, 240), Shape(640, 400), Shape(1280, 320), Shape(2304, 320), Shape(4304, 320)],
    "image": [Shape(64, 32, 1, 24), Shape(160, 80, 1, 24), Shape(448, 256, 1, 24), Shape(160, 80, 1, 72), Shape(448, 256, 1, 72),
              Shape(448, 256, 1, 144), Shape(640, 256, 1, 288), Shape(160, 80, 2, 24), Shape(448, 256, 2, 24), Shape(640, 256, 2, 72)],
    "audio": [Shape(64, 32, 1, 40), Shape(160, 80, 1, 40), Shape(160, 80, 1, 96), Shape(448, 256, 1, 96), Shape(640, 256, 1, 96)],
}


class Shelf:
    """Collects rows by shape and hands out full batches. Rows that fit no shape are left out and counted."""

    def __init__(self, group: str, tokens: int):
        self.tokens, self.waiting, self.left_out = tokens, {shape: [] for shape in SHAPES[group]}, 0

    def add(self, rows: list) -> Iterator[tuple[list, Shape]]:
        for row in rows:
            shape = next((s for s in self.waiting if s.fits(row)), None)
            if shape is None:
                self.left_out += 1
                continue
            waiting = self.waiting[shape]
            waiting.append(row)
            if len(waiting) == shape.rows(self.tokens):
                yield waiting, shape
                self.waiting[shape] = []

    def take_left_out(self) -> int:
        """How many were left out since this was asked last."""
        n, self.left_out = self.left_out, 0
        return n


def collate(rows: list, shape: Shape) -> dict:
    """As data.collate, but filled up to the shape: places and target [B, labels]; pixels [B media, soft, 9, 768], real [B media, soft];
    sounds [B, 4 soft, 128]; soft_at [B media, soft]: flat positions in ids, B length for none."""
    n, media = len(rows), [m for row in rows for m in row.media]
    ids, places = np.zeros((n, shape.length), np.int64), np.zeros((n, shape.labels), np.int64)
    target, soft_at = np.full((n, shape.labels), NOTHING), np.full((n, shape.media * shape.soft), n * shape.length)
    for i, row in enumerate(rows):
        ids[i, :len(row.ids)] = row.ids
        asked = np.flatnonzero(np.asarray(row.labels)[1:])      # position k predicts token k + 1
        places[i, :len(asked)] = asked
        target[i, :len(asked)] = ids[i, asked + 1]
        if row.media:
            soft_at[i] = places_of_media(ids[i], row.media, shape) + i * shape.length
    batch = {"ids": ids, "places": places, "target": target}
    if media and media[0].kind == "image":
        batch |= pictures(media, shape.soft)
    elif media:
        batch |= sounds(media, shape.soft)
    if media:
        batch["soft_at"] = np.minimum(soft_at, n * shape.length).reshape(n * shape.media, shape.soft)
    return {k: torch.from_numpy(v) for k, v in batch.items()} | {"n_tokens": sum(len(r.ids) for r in rows)}


def places_of_media(ids: np.ndarray, media: list, shape: Shape) -> np.ndarray:
    """Where in a row each soft token of its media goes; far outside where there is none."""
    from .tokenizer import control_id
    where = np.flatnonzero(ids == control_id("<|image|>" if media[0].kind == "image" else "<|audio|>"))
    out, begin = np.full((shape.media, shape.soft), 1 << 40), 0
    for k, m in enumerate(media):
        out[k, :m.n_soft] = where[begin:begin + m.n_soft]
        begin += m.n_soft
    assert begin == len(where)
    return out.ravel()


def pictures(media: list, soft: int) -> dict[str, np.ndarray]:
    pixels, positions = np.zeros((len(media), soft, 9, 768), np.uint8), np.zeros((len(media), soft, 9, 2), np.int64)
    real = np.zeros((len(media), soft), bool)
    for i, m in enumerate(media):
        order = by_soft_token(m.positions)
        pixels[i, :m.n_soft] = np.rint(m.values[order] * 255).reshape(-1, 9, 768)
        positions[i, :m.n_soft] = m.positions[order].reshape(-1, 9, 2)
        real[i, :m.n_soft] = True
    return {"pixels": pixels, "positions": positions, "real": real}


def by_soft_token(positions: np.ndarray) -> np.ndarray:
    """The order of patches [P, 2] (x, y) that brings the nine of each soft token together."""
    x, y = positions[:, 0] // 3, positions[:, 1] // 3
    return np.argsort(y * (x.max() + 1) + x, kind="stable")


def sounds(media: list, soft: int) -> dict[str, np.ndarray]:
    out, mask = np.zeros((len(media), 4 * soft, 128), np.float32), np.zeros((len(media), 4 * soft), bool)
    for i, m in enumerate(media):
        out[i, :len(m.values)] = m.values
        mask[i, :len(m.values)] = True
    return {"sounds": out, "sound_mask": mask}
