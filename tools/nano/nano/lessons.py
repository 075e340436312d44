"""Lessons that the towers go on having while the whole model is trained: a label on every soft token (pretrain_vision, pretrain_audio),
since an answer of a few tokens says little about seventy of them. The heads are thrown away with the run."""
import random
from collections.abc import Iterator
from dataclasses import dataclass

import torch

from . import pretrain_audio, pretrain_vision
from .data import packed

RECORDING = 160                                             # positions that 3.2 s of sound are worth: half its frames


@dataclass
class Lessons(torch.utils.data.IterableDataset):
    """Endless batches of "seeing" or "hearing", of about `size` positions' worth of work."""
    kind: str
    seed: int
    size: int

    def __iter__(self) -> Iterator[dict]:
        worker = torch.utils.data.get_worker_info()
        rng = random.Random(f"{self.kind} {self.seed} {worker.id if worker else 0}")
        while True:
            yield self.seeing(rng) if self.kind == "seeing" else self.hearing(rng)

    def seeing(self, rng: random.Random) -> dict:
        """Pictures of several grids, filled up to one number of soft tokens."""
        soft = 72 if rng.random() < .25 else 24
        parts, n = [], max(1, self.size // (3 * soft))
        while sum(len(p["real"]) for p in parts) < n:
            grid, corner = pretrain_vision.choose_grid(rng)
            if grid[0] * grid[1] <= soft and (soft == 24 or grid[0] * grid[1] > 24):
                parts.append(pretrain_vision.make_batch(rng, grid, corner, 9 * grid[0] * grid[1]))
        batch = {k: torch.cat([filled(k, p[k], soft) for p in parts]) for k in parts[0]}
        return batch | {"pixels": packed(batch["pixels"])}

    def hearing(self, rng: random.Random) -> dict:
        mel, classes, thirds, _ = pretrain_audio.batch(rng, max(1, self.size // RECORDING), False)
        return {"mel": mel, "classes": classes, "thirds": thirds}


def filled(name: str, x: torch.Tensor, soft: int) -> torch.Tensor:
    """A field of a batch with as many soft tokens; those that are added have no label."""
    if name in ("count", "place"):
        return x
    nothing = 0 if name in ("pixels", "positions", "real") else float("nan") if x.is_floating_point() else pretrain_vision.IGNORE
    out = x.new_full((len(x), soft, *x.shape[2:]), nothing)
    out[:, :x.shape[1]] = x
    return out


class Heads(torch.nn.Module):
    """The throw-away heads of a model's towers."""

    def __init__(self, model):
        super().__init__()
        towers = {"seeing": (model.model.vision_tower, pretrain_vision.Seeing), "hearing": (model.model.audio_tower, pretrain_audio.Hearing)}
        self.pupils = torch.nn.ModuleDict({kind: pupil(tower) for kind, (tower, pupil) in towers.items() if tower is not None})

    def own_parameters(self) -> list[torch.nn.Parameter]:
        return [p for name, p in self.named_parameters() if ".tower." not in name]

    def loss(self, kind: str, batch: dict) -> torch.Tensor:
        if kind == "seeing":
            return pretrain_vision.loss_of(self.pupils[kind](batch), batch)[0]
        return pretrain_audio.loss_of(*self.pupils[kind](batch["mel"]), batch["classes"], batch["thirds"])
