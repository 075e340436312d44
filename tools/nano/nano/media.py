"""A picture or a sound as the towers take it."""
from dataclasses import dataclass
from typing import Any

import numpy as np

from .drawing import pixels
from .items import Media
from .voices import features


@dataclass
class Prepared:
    """values: patches [P, 768] of a picture, log-mel frames [T, 128] of a sound; positions: [P, 2] of patches."""
    kind: str
    values: np.ndarray
    n_soft: int
    positions: np.ndarray | None = None
    truth: Any = None                                      # of a picture that was drawn here: what is in it

    @property
    def grid(self) -> tuple[int, int]:
        """Columns and rows of a picture's soft tokens."""
        columns, rows = self.positions.max(0) // 3 + 1
        return int(columns), int(rows)

    @property
    def cost(self) -> int:
        """What the tower's work is worth in positions of the language model."""
        return len(self.values) // 4 if self.kind == "image" else len(self.values)


def prepare(media: Media) -> Prepared:
    if media.kind == "image":
        patches, positions, n_soft = pixels(media)
        return Prepared("image", patches.astype(np.float32), n_soft, positions.astype(np.int64), media.truth)
    frames, n_soft = features(media.data)
    return Prepared("audio", frames.astype(np.float32), n_soft)
