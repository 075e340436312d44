"""Teaches the vision tower to see before it meets the language model.

Learning pictures through the language model alone takes very many of them, because an answer of two tokens says little
about sixty soft tokens. Here every soft token has labels, known because the pictures are drawn: the shape and the
colour that cover it, how many objects touch it and have their centre in it, where that centre is, up to three
characters whose centre it holds, the direction of thin lines, its own place in the picture; the mean of all soft tokens
tells the number of objects and the place of a single one. Throw-away linear heads see what the language model will see,
the normalised output of the tower.

    python -m nano pretrain-vision --out FOLDER

FOLDER/vision.pt holds the tower's weights (averaged over the last steps, so that it is good at any time),
FOLDER/state.pt everything that is needed to go on after an interruption, FOLDER/log.jsonl losses and accuracies.
"""
import json
import math
import os
import pathlib
import random
import time

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw
from torch import nn

from nano import drawing
from nano.batch_shapes import by_soft_token
from nano.drawing import CELL, DIRECTIONS, Picture, Thing
from nano.options import SeeingOptions
from nano.skills import pictures
from nano.words import DIGITS, LETTERS

CHARS = LETTERS + DIGITS
SLOTS = 3                                                  # characters of a soft token, from left to right
IGNORE = -100
FINE = 12                                                  # pixels per soft token where covered area is counted
SIZES = dict(shape=6, color=9, shade=5, touch=4, centre=3, hatch=5)     # classes of a soft token; 0 is none
OFFICIAL_GRIDS = [(8, 8), (9, 7), (7, 9), (11, 6), (11, 5), (6, 10)]
WEIGHTS = dict(shape=1.5, color=.5, shade=.1, touch=.5, centre=.7, hatch=.7, chars=3., offset=1., place_of_cell=1.,
               count=.5, place=.3)


# ------------------------------------------------------------------------------------------------ pictures with labels
def page(rng: random.Random, test: bool, canvas: tuple[int, int]) -> Picture:
    """Words and numbers on several lines: many labelled characters in one picture."""
    w, h = canvas
    face, size, _, color = pictures.style(rng)
    p, d = drawing.blank(rng, canvas)
    ink, y = drawing.jitter(rng, drawing.COLORS[color]), rng.uniform(0, size * .4)
    while y + size * 1.1 <= h:
        x = rng.uniform(2, size)
        for _ in range(6):                                 # what does not fit is left out
            text = (pictures.new_word if rng.random() < .65 else pictures.number)(rng, test)[0]
            if x + drawing.font(face, size).getlength(text) <= w - 2:
                drawing.print_at(p, d, x, y + size * .85, text, face, size, ink)
                x += drawing.font(face, size).getlength(text) + size * rng.uniform(.35, .8)
        y += size * rng.uniform(1.05, 1.4)
    p.ink = color
    return p


def one_line(rng: random.Random, test: bool, canvas: tuple[int, int]) -> Picture:
    make = rng.choice([pictures.known_word, pictures.new_word, pictures.number])
    text, *how = make(rng, test)
    return drawing.draw_text(rng, canvas, text, *how)


def field_of_lines(rng: random.Random, canvas: tuple[int, int]) -> Picture:
    box = drawing.field_box(rng, canvas)
    return drawing.draw_hatch(rng, canvas, rng.choice(DIRECTIONS), box, rng.choice(drawing.INKS))


def sample(rng: random.Random, test: bool, grid: tuple[int, int]) -> tuple[Picture, int]:
    """A picture for a grid of soft tokens and the place (index into PLACES) of its object where there is just one."""
    kind, scale = rng.random(), rng.uniform(19, 24)
    canvas = round(grid[0] * scale), round(grid[1] * scale)
    if kind < .15:
        return pictures.one(rng, test, canvas, pictures.TRAIN_PAIRS)
    if kind < .37:
        things = pictures.several(rng, test, canvas, rng.randint(1, 6), alike=.3)
        return drawing.draw_things(rng, canvas, things), IGNORE
    if kind < .95:
        return (page if rng.random() < .8 else one_line)(rng, test, canvas), IGNORE
    return field_of_lines(rng, (grid[0] * CELL, grid[1] * CELL)), IGNORE


def areas(p: Picture, grid: tuple[int, int]) -> np.ndarray:
    """Share of each soft token that each object covers: [cells, objects]."""
    gw, gh = grid
    fx, fy = gw * FINE / p.size[0], gh * FINE / p.size[1]
    im = Image.new("L", (gw * FINE, gh * FINE))
    d = ImageDraw.Draw(im)
    for i, t in enumerate(p.things):
        drawing.fill(d, Thing(t.shape, t.color, t.x * fx, t.y * fy, t.r * fx, t.turn), i + 1)
    ids = np.asarray(im).reshape(gh, FINE, gw, FINE).transpose(0, 2, 1, 3).reshape(gh * gw, -1)
    return np.stack([(ids == i + 1).mean(1) for i in range(len(p.things))], 1)


def thing_labels(p: Picture, grid: tuple[int, int], out: dict[str, np.ndarray]) -> None:
    """Which object covers a cell, how many touch it or have their centre there, how far its object's centre is."""
    gw, gh = grid
    share = areas(p, grid)
    most, top = share.max(1), share.argmax(1)
    shapes = np.array([1 + drawing.SHAPES.index(t.shape) for t in p.things])
    colors = np.array([1 + list(drawing.COLORS).index(t.color) for t in p.things])
    for name, classes in (("shape", shapes), ("color", colors)):
        out[name] = np.where(most > .12, classes[top], np.where(most > .03, IGNORE, 0))
    out["touch"] = np.minimum((share > .04).sum(1), 3)
    cx, cy = (np.array([getattr(t, a) * g / s for t in p.things]) for a, g, s in zip("xy", grid, p.size))
    np.add.at(out["centre"], np.minimum(cy.astype(int), gh - 1) * gw + np.minimum(cx.astype(int), gw - 1), 1)
    out["centre"] = np.minimum(out["centre"], 2)
    cell = np.arange(gw * gh)
    offset = np.stack([cx[top] - cell % gw - .5, cy[top] - cell // gw - .5], 1)
    out["offset"] = np.where((most > .12)[:, None], offset, np.nan)
    out["count"] = np.array(len(p.things))


def glyph_labels(p: Picture, grid: tuple[int, int], out: dict[str, np.ndarray]) -> None:
    gw, gh = grid
    at: dict[int, list] = {}
    for g in p.glyphs:
        x, y = g.x * gw / p.size[0], g.y * gh / p.size[1]
        at.setdefault(min(int(y), gh - 1) * gw + min(int(x), gw - 1), []).append((x, g.char))
    out["color"][:] = IGNORE
    for cell, chars in at.items():
        out["color"][cell] = 1 + list(drawing.COLORS).index(p.ink)
        for slot, (_, c) in enumerate(sorted(chars)[:SLOTS]):
            out["chars"][cell, slot] = 1 + CHARS.index(c)


def hatch_labels(p: Picture, grid: tuple[int, int], out: dict[str, np.ndarray]) -> None:
    gw, gh = grid
    direction, (x0, y0, x1, y1) = p.hatch
    x, y = np.arange(gw), np.arange(gh)
    wide = np.clip(np.minimum(x1, (x + 1) * CELL) - np.maximum(x0, x * CELL), 0, CELL) / CELL
    high = np.clip(np.minimum(y1, (y + 1) * CELL) - np.maximum(y0, y * CELL), 0, CELL) / CELL
    share = (high[:, None] * wide[None]).ravel()
    out["hatch"] = np.where(share > .3, 1 + DIRECTIONS.index(direction), np.where(share > .05, IGNORE, 0))
    out["color"][:] = IGNORE


def labels(p: Picture, grid: tuple[int, int], place: int) -> dict[str, np.ndarray]:
    gw, gh = grid
    n, cell = gw * gh, np.arange(gw * gh)
    out = {name: np.zeros(n, np.int64) for name in SIZES}
    out["shade"][:] = p.shade
    out["chars"] = np.zeros((n, SLOTS), np.int64)
    out["offset"] = np.full((n, 2), np.nan)
    out["place_of_cell"] = np.stack([(cell % gw + .5) / gw, (cell // gw + .5) / gh], 1)
    out["count"], out["place"] = np.array(0), np.array(place)
    for part, fill in ((p.things, thing_labels), (p.glyphs, glyph_labels), (p.hatch, hatch_labels)):
        if part:
            fill(p, grid, out)
    return out


def choose_grid(rng: random.Random) -> tuple[tuple[int, int], tuple[int, int]]:
    """A grid of soft tokens and the position of its corner, not (0, 0) where the tower sees a part of a large picture,
    so that the rows of the table of positions that only large budgets use are trained too."""
    kind = rng.random()
    if kind < .2:
        return rng.choice(OFFICIAL_GRIDS), (0, 0)
    if kind < .225:
        return rng.choice([(11, 11), (13, 10), (10, 13)]), (0, 0)
    while True:
        grid = rng.randint(2, 7), rng.randint(2, 6)
        if 9 <= grid[0] * grid[1] <= 24:
            break
    return grid, (rng.randint(0, 15), rng.randint(0, 15)) if kind < .3 else (0, 0)


def make_batch(rng: random.Random, grid: tuple[int, int], corner: tuple[int, int], patches: int,
               test: bool = False) -> dict:
    """Pictures on one grid, about `patches` patches in all: no padding, no mask."""
    pixels, rows = [], []
    for _ in range(max(1, patches // (9 * grid[0] * grid[1]))):
        p, place = sample(rng, test, grid)
        im = p.image.resize((grid[0] * CELL, grid[1] * CELL), Image.Resampling.BICUBIC)
        values, positions = drawing.patches(im)
        order = by_soft_token(positions)
        pixels.append(values[order].reshape(-1, 9, 768))
        rows.append(labels(p, grid, place))
    batch = {name: torch.from_numpy(np.stack([r[name] for r in rows])) for name in rows[0]}
    if corner != (0, 0):                                   # where a cell lies in the picture is unknown then
        batch["place_of_cell"][:] = math.nan
        batch["place"][:] = IGNORE
    batch["pixels"] = torch.from_numpy(np.stack(pixels))
    positions = torch.from_numpy(positions[order] + 3 * np.array(corner)).view(-1, 9, 2)
    batch["positions"] = positions.expand(len(rows), -1, -1, -1)
    batch["real"] = torch.ones(batch["pixels"].shape[:2], dtype=torch.bool)
    return batch


def on_device(batch: dict[str, torch.Tensor], device: str | torch.device) -> dict[str, torch.Tensor]:
    return {name: x.to(device) for name, x in batch.items()}


# ------------------------------------------------------------------------------------------------ tower and heads
def new_tower():
    from transformers import Gemma4VisionConfig
    from transformers.models.gemma4.modeling_gemma4 import Gemma4VisionModel

    from nano.model import initialise, vision_config
    cfg = Gemma4VisionConfig(**vision_config())
    cfg._attn_implementation = "sdpa"
    tower = Gemma4VisionModel(cfg).float()
    initialise(tower)
    smooth_positions(tower.patch_embedder.position_embedding_table)
    whiten(tower.patch_embedder.input_proj.weight)
    return tower


@torch.no_grad()
def smooth_positions(table: torch.Tensor, std: float = .05) -> None:
    """Waves of many lengths in place of noise: neighbours start alike, so rarely trained rows mean something."""
    _, n, width = table.shape
    length = torch.exp(torch.empty(2, 1, width).uniform_(math.log(6), math.log(4 * n)))
    phase = torch.empty(2, 1, width).uniform_(0, 2 * math.pi)
    table.copy_(std * 2 ** .5 * torch.cos(2 * math.pi * torch.arange(n)[None, :, None] / length + phase))


@torch.no_grad()
def whiten(projection: torch.Tensor, rounds: int = 16, seed: int = 0) -> None:
    """The projection of patches starts with their strongest principal components, made equally strong, then rotated at
    random. With random weights the background would be nearly all that the first layers see."""
    rng, width = random.Random(seed), len(projection)
    moment = 0
    for _ in range(rounds):
        x = 2 * make_batch(rng, *choose_grid(rng), 2000)["pixels"].flatten(0, 2) - 1
        moment = moment + x.mT @ x / (rounds * len(x))
    value, vector = torch.linalg.eigh(moment)
    value, vector = value[-width:], vector[:, -width:]
    rotation = torch.linalg.qr(torch.randn(width, width))[0]
    projection.copy_(rotation @ ((value + .01 * value.median()) ** -.5 * vector).mT)


def encode(tower, pixels: torch.Tensor, positions: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
    """The tower's soft tokens [B, cells, width] from patches [B, cells, 9, 768] that are ordered by cell, with their positions and which
    cells there really are: by its own modules, but without the scatter of the pooler, which allows no other corner than (0, 0)."""
    pixels, positions, padding = pixels.flatten(1, 2), positions.flatten(1, 2), ~real.repeat_interleave(9, 1)
    h = tower.patch_embedder(pixels, positions, padding)
    rope = tower.encoder.rotary_emb(h, positions)
    seen = ~padding
    seen[:, 0] = True                                       # something to look at where there is no picture at all
    for layer in tower.encoder.layers:
        h = layer(h, attention_mask=seen[:, None, None], position_embeddings=rope, position_ids=positions)
    h = h.unflatten(1, (-1, 9)).float().mean(2) * h.shape[-1] ** .5
    return (h - tower.std_bias) * tower.std_scale if tower.config.standardize else h


@torch.no_grad()
def standardise(tower, rounds: int = 16, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Sets what the towers of large models end with: of what they say of pictures, each channel gets a mean of 0 and a deviation of 1. Returns
    (matrix, shift) for what stands on the tower: what it said, normalised, is about matrix @ what it says now, normalised, + shift."""
    rng, says, device = random.Random(seed), [], tower.std_bias.device
    tower.std_bias.zero_()
    tower.std_scale.fill_(1)
    for _ in range(rounds):
        batch = make_batch(rng, *choose_grid(rng), 2000)
        says.append(encode(tower, *(batch[name].to(device) for name in ("pixels", "positions", "real"))).flatten(0, 1))
    said = torch.cat(says)
    tower.std_bias.copy_(said.mean(0))
    tower.std_scale.copy_(1 / said.std(0).clamp(min=1e-6))
    says = F.rms_norm((said - tower.std_bias) * tower.std_scale, said.shape[-1:])
    fit = torch.linalg.lstsq(F.pad(says, (0, 1), value=1.0), F.rms_norm(said, said.shape[-1:])).solution
    return fit[:-1].mT, fit[-1]


class Seeing(nn.Module):
    """The tower with its throw-away heads."""

    def __init__(self, tower: nn.Module):
        super().__init__()
        self.tower = tower
        for module in tower.modules():                     # no bounds are set yet, and a clamp to infinity costs time
            if hasattr(module, "use_clipped_linears"):
                module.use_clipped_linears = False
        width = tower.config.hidden_size
        sizes = {**SIZES, **{f"char{i}": 1 + len(CHARS) for i in range(SLOTS)}, "offset": 2, "place_of_cell": 2}
        self.heads = nn.ModuleDict({name: nn.Linear(width, n) for name, n in sizes.items()})
        self.whole = nn.ModuleDict({"count": nn.Linear(width, 7), "place": nn.Linear(width, 5)})

    def forward(self, batch: dict) -> dict[str, torch.Tensor]:
        x = encode(self.tower, batch["pixels"], batch["positions"], batch["real"])
        x = F.rms_norm(x, x.shape[-1:])
        out = {name: head(x) for name, head in self.heads.items()}
        real = batch["real"][..., None]
        mean = (x * real).sum(1) / real.sum(1).clamp(min=1)
        return out | {name: head(mean) for name, head in self.whole.items()}


def mean_of(losses: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Weighted mean; 0 if nothing has weight."""
    return (losses * weight).sum() / weight.sum().clamp(min=1e-6)


def named(z: torch.Tensor, target: torch.Tensor, none: float = 1.) -> torch.Tensor:
    """Cross entropy in which the class 0 weighs less, since it is by far the commonest."""
    z, target = z.flatten(0, -2), target.flatten()
    weight = torch.where(target == 0, none, (target != IGNORE).float())
    return mean_of(F.cross_entropy(z, target, ignore_index=IGNORE, reduction="none"), weight)


def loss_of(z: dict[str, torch.Tensor], batch: dict) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    parts = {name: named(z[name], batch[name], 1 if name == "shade" else .25) for name in SIZES}
    parts["chars"] = sum(named(z[f"char{i}"], batch["chars"][..., i], .15) for i in range(SLOTS)) / SLOTS
    for name in ("offset", "place_of_cell"):
        known = ~batch[name].isnan().any(-1)
        losses = F.smooth_l1_loss(z[name].float(), batch[name].nan_to_num().float(), beta=.25, reduction="none")
        parts[name] = mean_of(losses.mean(-1), known.float())
    for name in ("count", "place"):
        parts[name] = named(z[name], batch[name])
    return sum(WEIGHTS[name] * x for name, x in parts.items()), {name: x.detach() for name, x in parts.items()}


@torch.no_grad()
def scores(model: Seeing, grids: list[tuple[int, int]], patches: int = 4000) -> dict[str, float]:
    """Held-out accuracies of the soft tokens whose label is not none; `read`: of whole pictures of print."""
    rng, hits, device = random.Random(1), {}, next(model.parameters()).device

    def add(name: str, right: torch.Tensor) -> None:
        hit = hits.setdefault(name, [0, 0])
        hit[0] += int(right.sum())
        hit[1] += right.numel()
    for grid in grids:
        batch = on_device(make_batch(rng, grid, (0, 0), patches, test=True), device)
        z = model(batch)
        for name in SIZES:
            some = batch[name] > 0
            add(name, (z[name].argmax(-1) == batch[name])[some])
        right = torch.stack([z[f"char{i}"].argmax(-1) == batch["chars"][..., i] for i in range(SLOTS)]).all(0)
        some = batch["chars"][..., 0] > 0
        add("chars", right[some])
        add("no_char", right[~some])
        add("read", right.all(1)[some.any(1)])
        near = (z["offset"] - batch["offset"]).abs().amax(-1) < .5
        add("offset", near[~batch["offset"].isnan().any(-1)])
        add("place_of_cell", ((z["place_of_cell"] - batch["place_of_cell"]).abs() * torch.tensor(grid, device=device)).amax(-1) < .5)
        add("count", (z["count"].argmax(-1) == batch["count"])[batch["count"] > 0])
        add("place", (z["place"].argmax(-1) == batch["place"])[batch["place"] >= 0])
    return {name: round(hit / max(1, n), 3) for name, (hit, n) in hits.items()}


# ------------------------------------------------------------------------------------------------ training
def rate(done: float, step: int) -> float:
    """Share of the full learning rate: warm-up, then half a cosine."""
    return min(1, (step + 1) / 100) * max(.02, .5 + .5 * math.cos(math.pi * min(1, done)))


class Run:
    """Everything that has to survive an interruption."""

    def __init__(self, options: SeeingOptions):
        from nano.optimiser import make_optimisers
        torch.manual_seed(options.seed)
        self.options, self.rng, self.step, self.seconds, self.pictures = options, random.Random(options.seed), 0, 0.0, 0
        self.model = Seeing(new_tower()).to(options.device)
        heads = [*self.model.heads.parameters(), *self.model.whole.parameters()]
        self.optimisers = make_optimisers(self.model.tower, options.lr, options.muon_lr)
        self.optimisers.append(torch.optim.AdamW(heads, lr=options.lr, betas=(.9, .98), weight_decay=0.0, foreach=True))
        for group in self.optimisers[-1].param_groups:
            group["base_lr"] = group["lr"]
        self.mean = {name: x.clone() for name, x in self.model.state_dict().items()}
        if self.file("state.pt").exists():
            self.restore()

    def file(self, name: str) -> pathlib.Path:
        return pathlib.Path(self.options.out) / name

    def save(self) -> None:
        tower = {name.removeprefix("tower."): x for name, x in self.mean.items() if name.startswith("tower.")}
        state = dict(model=self.model.state_dict(), mean=self.mean, rng=self.rng.getstate(), step=self.step,
                     optimisers=[o.state_dict() for o in self.optimisers], seconds=self.seconds, pictures=self.pictures)
        for name, value in (("vision.pt", tower), ("state.pt", state)):
            torch.save(value, self.file(name + ".new"))
            os.replace(self.file(name + ".new"), self.file(name))

    def restore(self) -> None:
        state = torch.load(self.file("state.pt"), map_location=self.options.device, weights_only=False)
        self.model.load_state_dict(state["model"])
        self.mean = state["mean"]
        for optimiser, values in zip(self.optimisers, state["optimisers"]):
            optimiser.load_state_dict(values)
        self.rng.setstate(state["rng"])
        self.step, self.seconds, self.pictures = state["step"], state["seconds"], state["pictures"]

    def train_step(self) -> dict[str, float]:
        from nano.optimiser import scale_rate
        scale_rate(self.optimisers, rate(self.seconds / (60 * self.options.minutes), self.step))
        batch = on_device(make_batch(self.rng, *choose_grid(self.rng), self.options.batch), self.options.device)
        loss, parts = loss_of(self.model(batch), batch)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        if torch.isfinite(norm):
            for optimiser in self.optimisers:
                optimiser.step()
        self.model.zero_grad(set_to_none=True)
        self.step, self.pictures = self.step + 1, self.pictures + len(batch["pixels"])
        keep = min(.995, 1 - 1 / (1 + self.step / 4))
        with torch.no_grad():
            for name, x in self.model.named_parameters():
                self.mean[name].lerp_(x, 1 - keep)
        return {name: float(x) for name, x in parts.items()} | {"loss": float(loss.detach())}

    def held_out(self) -> dict[str, dict[str, float]]:
        """Scores of the averaged weights."""
        now = {name: x.clone() for name, x in self.model.state_dict().items()}
        self.model.load_state_dict(self.mean)
        grids = {"small": [(4, 3), (5, 2), (4, 4), (3, 5)], "70": [(8, 8), (11, 6), (6, 10)]}
        out = {name: scores(self.model, some) for name, some in grids.items()}
        self.model.load_state_dict(now)
        return out


def train(options: SeeingOptions) -> None:
    torch.set_num_threads(options.threads)
    pathlib.Path(options.out).mkdir(parents=True, exist_ok=True)
    run, sums = Run(options), {}
    saved, last = time.time(), time.time()
    log = open(run.file("log.jsonl"), "a")

    def write(**values) -> None:
        line = json.dumps(dict(step=run.step, seconds=round(run.seconds), pictures=run.pictures, **values))
        print(line, file=log, flush=True)
        print(line, flush=True)
    while run.seconds < 60 * options.minutes:
        for name, x in run.train_step().items():
            sums.setdefault(name, []).append(x)
        now = time.time()
        run.seconds, last = run.seconds + now - last, now
        if run.step % 100 == 0:
            write(**{name: round(float(np.nanmean(x)), 3) for name, x in sums.items()})
            sums = {}
        if now - saved > 60 * options.save_minutes:
            run.save()
            write(held_out=run.held_out())
            saved = last = time.time()
    run.save()
    write(held_out=run.held_out())
