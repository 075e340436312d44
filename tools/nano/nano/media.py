"""A picture or a sound as the towers take it."""
from dataclasses import dataclass

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

    @property
    def cost(self) -> int:
        """What the tower's work is worth in positions of the language model."""
        return len(self.values) // 4 if self.kind == "image" else len(self.values)


def prepare(media: Media) -> Prepared:
    if media.kind == "image":
        patches, positions, n_soft = pixels(media)
        return Prepared("image", patches.astype(np.float32), n_soft, positions.astype(np.int64))
    frames, n_soft = features(media.data)
    return Prepared("audio", frames.astype(np.float32), n_soft)
