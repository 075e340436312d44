"""Pictures that know what is in them, and the way from a picture to the patches of the vision tower.

All sizes are in pixels of the source. Every picture is resized so that one soft token covers about 22 of them, whatever
its size: a training picture of 9 to 20 soft tokens shows objects at the scale of a test picture of 70, at a fifth of
the cost.
"""
import functools
import math
import random
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from nano.items import Media

COLORS = dict(red=(220, 30, 30), green=(20, 150, 40), blue=(30, 60, 220), yellow=(240, 210, 20), black=(10, 10, 10),
              purple=(140, 30, 170), orange=(245, 130, 20), gray=(130, 130, 130))
INKS = "black blue red purple green".split()                        # dark enough for letters and lines
SHAPES = "circle square triangle star cross".split()
SHADES = [(255, 255, 255), (245, 245, 235), (225, 235, 245), (240, 225, 225), (225, 240, 225)]
FONTS = "DejaVuSans DejaVuSans-Bold DejaVuSansMono".split()
DIRECTIONS = "horizontal vertical rising falling".split()
OFFICIAL = (70, 140, 280, 560, 1120)                                # soft tokens the official processor accepts
CELL = 48                                                           # side of a soft token: 3 patches of 16 pixels
FULL = [(160, 160), (200, 150), (150, 200), (240, 136), (240, 120), (120, 200)]
SMALL = [(66, 66), (88, 66), (66, 88), (88, 88), (110, 66), (66, 110), (110, 88)]
WIDE = [(110, 66), (132, 66), (110, 88), (132, 44), (154, 44)]      # small, with room for a word
LARGE = [(768, 768), (960, 624), (624, 960), (912, 672), (672, 912)]     # sizes that a budget of 280 leaves as they are
TILES = [(144, 144), (192, 144), (144, 192), (192, 192), (240, 144)]    # the same scale on few soft tokens


@dataclass(frozen=True)
class Thing:
    shape: str
    color: str
    x: float
    y: float
    r: float
    turn: float = 0.0


@dataclass(frozen=True)
class Glyph:
    """A printed character and the centre of its place."""
    char: str
    x: float
    y: float


@dataclass
class Picture:
    size: tuple[int, int]
    shade: int = 0                                                  # index into SHADES
    things: list[Thing] = field(default_factory=list)
    glyphs: list[Glyph] = field(default_factory=list)
    hatch: tuple[str, tuple[int, int, int, int]] | None = None      # direction and box of a field of thin lines
    ink: str = ""                                                   # color of the characters
    image: Image.Image | None = None


def jitter(rng: random.Random, color: tuple[int, int, int]) -> tuple[int, ...]:
    return tuple(max(0, min(255, c + rng.randint(-14, 14))) for c in color)


def outline(t: Thing) -> list[tuple[float, float]]:
    """Corners of every shape but the circle."""
    if t.shape == "cross":
        w = .34
        pts = [(-w, -1), (w, -1), (w, -w), (1, -w), (1, w), (w, w)]
        pts += [(-x, -y) for x, y in pts]
        c, s = math.cos(t.turn), math.sin(t.turn)
        return [(t.x + t.r * (x * c - y * s), t.y + t.r * (x * s + y * c)) for x, y in pts]
    corners, start, radii = {"square": (4, math.pi / 4, [t.r]), "triangle": (3, -math.pi / 2, [t.r]),
                             "star": (10, -math.pi / 2, [t.r, t.r * .42])}[t.shape]
    out = []
    for i in range(corners):
        a, r = t.turn + start + 2 * math.pi * i / corners, radii[i % len(radii)]
        out.append((t.x + r * math.cos(a), t.y + r * math.sin(a)))
    return out


def fill(d: ImageDraw.ImageDraw, t: Thing, color) -> None:
    if t.shape == "circle":
        d.ellipse([t.x - t.r, t.y - t.r, t.x + t.r, t.y + t.r], fill=color)
    else:
        d.polygon(outline(t), fill=color)


def blank(rng: random.Random, size: tuple[int, int]) -> tuple[Picture, ImageDraw.ImageDraw]:
    p = Picture(size, rng.randrange(len(SHADES)))
    p.image = Image.new("RGB", size, SHADES[p.shade])
    return p, ImageDraw.Draw(p.image)


def draw_things(rng: random.Random, size: tuple[int, int], things: list[Thing], by_place: bool = False) -> Picture:
    """by_place: the tone of a thing follows from rng and its place alone, so that it stays while other things change."""
    p, d = blank(rng, size)
    seed = rng.getrandbits(32) if by_place else None
    for t in things:
        assert 0 <= t.x - t.r and t.x + t.r <= size[0] and 0 <= t.y - t.r and t.y + t.r <= size[1], (t, size)
        fill(d, t, jitter(random.Random(f"{seed} {t.x} {t.y}") if by_place else rng, COLORS[t.color]))
    p.things = list(things)
    return p


def scatter(rng: random.Random, size: tuple[int, int], n: int,
            r: tuple[float, float]) -> list[tuple[float, float, float]]:
    """n discs (x, y, radius) inside the picture that do not touch."""
    w, h = size
    while True:
        put = []
        for _ in range(60 * n):
            q = rng.uniform(*r)
            x, y = rng.uniform(q + 1, w - q - 1), rng.uniform(q + 1, h - q - 1)
            if all(math.hypot(x - a, y - b) > q + c + 3 for a, b, c in put):
                put.append((x, y, q))
            if len(put) == n:
                return put


@functools.lru_cache(None)
def font(name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(name + ".ttf", size)


def draw_text(rng: random.Random, canvas: tuple[int, int], text: str, face: str, size: int, spot: tuple[float, float],
              color: str) -> Picture:
    """One line of text. spot: where it stands in the room that is left, each 0 to 1. Too large a font shrinks."""
    w, h = canvas
    while font(face, size).getlength(text) > w - 6 or size * 1.1 > h:
        size -= 1
    f = font(face, size)
    x = 3 + spot[0] * (w - 6 - f.getlength(text))
    base = size * .85 + spot[1] * (h - size * 1.1)
    p, d = blank(rng, canvas)
    print_at(p, d, x, base, text, face, size, jitter(rng, COLORS[color]))
    p.ink = color
    return p


def print_at(p: Picture, d: ImageDraw.ImageDraw, x: float, base: float, text: str, face: str, size: int, ink) -> None:
    """Prints text from x on its base line, and notes its characters."""
    f = font(face, size)
    d.text((x, base), text, fill=ink, font=f, anchor="ls")
    for i, c in enumerate(text):
        p.glyphs.append(Glyph(c, x + (f.getlength(text[:i]) + f.getlength(text[:i + 1])) / 2, base - .3 * size))


def field_box(rng: random.Random, canvas: tuple[int, int]) -> tuple[int, int, int, int]:
    """A box (left, top, right, bottom) that fills half to nine tenths of either side."""
    (w, h), bw, bh = canvas, int(canvas[0] * rng.uniform(.5, .9)), int(canvas[1] * rng.uniform(.5, .9))
    x, y = rng.randint(0, w - bw), rng.randint(0, h - bh)
    return x, y, x + bw, y + bh


def draw_hatch(rng: random.Random, canvas: tuple[int, int], direction: str, box: tuple[int, int, int, int],
               color: str) -> Picture:
    """A field of lines one pixel wide, every third pixel. The ink is the same for every direction, so at half the size,
    where the lines melt into one tone, nothing tells them apart."""
    p, d = blank(rng, canvas)
    x0, y0, x1, y1 = box
    y, x = np.mgrid[y0:y1, x0:x1]
    along = {"horizontal": y, "vertical": x, "rising": x + y, "falling": x - y}[direction]
    a = np.array(p.image)
    a[y0:y1, x0:x1][(along + rng.randrange(3)) % 3 == 0] = jitter(rng, COLORS[color])
    p.image, p.hatch = Image.fromarray(a), (direction, box)
    return p


# ------------------------------------------------------------------------------------------------ pixels to patches
@functools.lru_cache(None)
def processor(budget: int):
    from transformers.models.gemma4.image_processing_pil_gemma4 import Gemma4ImageProcessorPil
    return Gemma4ImageProcessorPil(max_soft_tokens=budget)


def small_grid(im: Image.Image, cells: int) -> Image.Image:
    """The picture on about `cells` soft tokens, fewer than any official budget: for training only."""
    w, h = im.size
    f = math.sqrt(cells * CELL * CELL / (w * h))
    size = max(1, round(w * f / CELL)) * CELL, max(1, round(h * f / CELL)) * CELL
    return im if size == im.size else im.resize(size, Image.Resampling.BICUBIC)


def patches(im: Image.Image) -> tuple[np.ndarray, np.ndarray]:
    """A picture whose sides are multiples of 48 -> patches [P, 768] from 0 to 1 and positions [P, 2] (x, y), row by
    row, as the official processor makes them."""
    a = np.asarray(im, dtype=np.float32) * np.float32(1 / 255)
    h, w, _ = a.shape
    p = a.reshape(h // 16, 16, w // 16, 16, 3).transpose(0, 2, 1, 3, 4).reshape(-1, 768)
    y, x = np.mgrid[:h // 16, :w // 16]
    return p, np.stack([x.ravel(), y.ravel()], 1).astype(np.int64)


def pixels(media: Media, cells: int | None = None) -> tuple[np.ndarray, np.ndarray, int]:
    """-> patches [P, 768], positions [P, 2], number of soft tokens. An official budget goes through the official
    processor; any other budget (as in training items), or `cells`, is the size of a small grid."""
    budget = cells or media.budget or 70
    if budget in OFFICIAL:
        o = processor(budget)([media.data], return_tensors="np")
        n = int(o["num_soft_tokens_per_image"][0])
        px, pp = (np.asarray(o[name][0][:n * 9]) for name in ("pixel_values", "image_position_ids"))
        return px, pp.astype(np.int64), n
    px, pp = patches(small_grid(media.data, budget))
    return px, pp, len(px) // 9
