"""Pictures: shapes, colours, counting, places, relations, printed words and numbers, two pictures compared, thin lines.

Training items mostly use a small picture whose `budget` is a small number of soft tokens (see `drawing.pixels`); test
items use full pictures at the smallest official budget. The pairs of colour and shape that `both` tests appear in no
training picture at all.
"""
import random

from nano import drawing
from nano.drawing import Picture, Thing, patches, pixels, small_grid
from nano.items import Item, Media, Model, Skill, User, draw, is_test
from nano.words import DIGITS, NOUNS, NUMBERS, capital, letters, pseudo, with_article

PAIRS = [(c, s) for c in drawing.COLORS for s in drawing.SHAPES]
TEST_PAIRS = [(c, drawing.SHAPES[3 * i % 5]) for i, c in enumerate(drawing.COLORS)]      # one of each colour
TRAIN_PAIRS = [p for p in PAIRS if p not in TEST_PAIRS]
WORDS = [w for w in NOUNS if len(w) <= 7]
KNOWN = [w for w in WORDS if not is_test(f"printed {w}")]
PLACES = ["top left", "top right", "bottom left", "bottom right", "center"]
SPOTS = [(.25, .25), (.75, .25), (.25, .75), (.75, .75), (.5, .5)]
RELATIONS = {"left of": "right of", "right of": "left of", "above": "below", "below": "above"}
ASK = dict(
    shape=["Which shape is it?", "What shape do you see?", "Name the shape."],
    colour=["Which color is it?", "What color does the shape have?", "Name the color."],
    both=["Describe the picture.", "What do you see?", "What is in the picture?"],
    place=["Where is the shape?", "In which part of the picture is the shape?", "Where in the picture is it?"],
    count=["How many shapes are there?", "Count the shapes.", "How many shapes do you see?"],
    word=["Read the word.", "Which word is printed here?", "What is written in the picture?"],
    digits=["Read the number.", "Which number is printed here?", "What number do you see?"],
    same=["Are both pictures the same?", "Do the two pictures show the same?", "Are the pictures the same?"],
    changed=["What changed?", "What is different in the second picture?", "What changed in the second picture?"],
    lines=["In which direction do the lines run?", "Which direction do the lines have?", "Name the direction."],
)
View = tuple[tuple[int, int], int]


# ------------------------------------------------------------------------------------------------ how it is looked at
def view(rng: random.Random, test: bool, small: list[tuple[int, int]] = drawing.SMALL, budget: int = 70) -> View:
    """Size of the picture and its soft tokens. A share of the training pictures is as large as those of the test."""
    if test:
        return rng.choice(drawing.FULL), budget
    kind = rng.random()
    if kind < .22:
        return rng.choice(drawing.FULL), 70 if kind < .19 else 140
    w, h = rng.choice(small)
    return (w, h), max(4, round(w * h / rng.uniform(19, 24) ** 2))


def media(p: Picture, budget: int) -> Media:
    return Media("image", p.image, budget, p)


def talk(rng: random.Random, skill: str, images: list[Media], asked: list[tuple[str, str]]) -> Item:
    """A conversation about the pictures; the last question is the one that a test asks."""
    turns = []
    for i, (q, a) in enumerate(asked):
        turns += [User(q, images if i == 0 else []), Model(a)]
    return Item(skill, turns)


# ------------------------------------------------------------------------------------------------ one shape
def one(rng: random.Random, test: bool, size: tuple[int, int], pairs: list[tuple[str, str]]) -> tuple[Picture, int]:
    """A picture of one shape and its place. Held out: colour, shape, place and rough size together."""
    (w, h), m = size, min(size)

    def make(r: random.Random) -> tuple[Thing, int]:
        (c, s), place = r.choice(pairs), r.randrange(5)
        q = r.uniform(12, .38 * m) if r.random() < .5 else r.uniform(.13 * m, .2 * m)
        x = min(max(w * (SPOTS[place][0] + r.uniform(-.06, .06)), q), w - q)
        y = min(max(h * (SPOTS[place][1] + r.uniform(-.06, .06)), q), h - q)
        return Thing(s, c, x, y, q, r.uniform(-.25, .25)), place
    t, place = draw(rng, make, test, lambda x: f"one {layout([x[0]], size)} {int(x[0].r / 4)}")
    return drawing.draw_things(rng, size, [t]), place


def is_clear(t: Thing, size: tuple[int, int]) -> bool:
    """Whether the shape is small enough to be in one part of the picture."""
    return t.r <= .2 * min(size)


def answer_one(kind: str, t: Thing, place: int) -> str:
    return {"shape": capital(with_article(t.shape)) + ".", "colour": capital(t.color) + ".",
            "both": capital(with_article(f"{t.color} {t.shape}")) + ".", "place": capital(PLACES[place]) + "."}[kind]


def about_one(kind: str, rng: random.Random, test: bool, budget: int = 70) -> Item:
    """Shape, colour, both or place of the only shape; in training often several of them. Held out for `both`: the pair
    of colour and shape; for the others colour, shape, place and rough size together."""
    size, budget = view(rng, test, budget=budget)
    while True:
        p, place = one(rng, test, size, TEST_PAIRS if test and kind == "both" else TRAIN_PAIRS)
        t = p.things[0]
        if kind != "place" or is_clear(t, size):
            break
    kinds = [kind]
    if not test and rng.random() < .6:
        others = [k for k in ("shape", "colour", "both", "place") if k != kind and (k != "place" or is_clear(t, size))]
        kinds += rng.sample(others, rng.randint(1, 2))
    rng.shuffle(kinds)
    return talk(rng, kind, [media(p, budget)], [(rng.choice(ASK[k]), answer_one(k, t, place)) for k in kinds])


# ------------------------------------------------------------------------------------------------ several shapes
def several(rng: random.Random, test: bool, size: tuple[int, int], n: int, alike: float = .5) -> list[Thing]:
    """n shapes that do not touch. Held out: the arrangement (shapes, colours and places to a tenth of the picture)."""
    m = min(size)

    def make(r: random.Random) -> list[Thing]:
        pairs = [r.choice(TRAIN_PAIRS)] * n if r.random() < alike else [r.choice(TRAIN_PAIRS) for _ in range(n)]
        put = drawing.scatter(r, size, n, (.09 * m, .13 * m))
        return [Thing(s, c, x, y, q, r.uniform(-.3, .3)) for (c, s), (x, y, q) in zip(pairs, put)]
    return draw(rng, make, test, lambda ts: "several " + layout(ts, size))


def layout(things: list[Thing], size: tuple[int, int]) -> str:
    return str(sorted((t.shape, t.color, int(10 * t.x / size[0]), int(10 * t.y / size[1])) for t in things))


def count_shapes(rng: random.Random, test: bool, budget: int = 70) -> Item:
    """How many shapes, one to six. Held out: the arrangement."""
    size, budget = view(rng, test, budget=budget)
    things = several(rng, test, size, rng.randint(1, 6))
    p = drawing.draw_things(rng, size, things)
    return talk(rng, "count_shapes", [media(p, budget)], [(rng.choice(ASK["count"]), capital(NUMBERS[len(things)]) + ".")])


def two_apart(rng: random.Random, test: bool, size: tuple[int, int]) -> tuple[list[Thing], str]:
    """Two different shapes and where the first is, seen from the second: one axis clearly decides."""
    (w, h), m = size, min(size)

    def make(r: random.Random):
        (c1, s1), (c2, s2) = r.choice(TRAIN_PAIRS), r.choice(TRAIN_PAIRS)
        a, b = drawing.scatter(r, size, 2, (.11 * m, .16 * m))
        return [Thing(s1, c1, *a, r.uniform(-.2, .2)), Thing(s2, c2, *b, r.uniform(-.2, .2))]
    while True:
        a, b = things = draw(rng, make, test, lambda ts: "two " + layout(ts, size))
        dx, dy = a.x - b.x, a.y - b.y
        near, far = sorted((abs(dx), abs(dy)))
        if a.shape != b.shape and near < .4 * far:
            side = ("left of" if dx < 0 else "right of") if abs(dx) > abs(dy) else ("above" if dy < 0 else "below")
            return things, side


def relation(rng: random.Random, test: bool, budget: int = 70) -> Item:
    """Where one of two shapes is, seen from the other, as words or as yes and no. Held out: the arrangement."""
    size, budget = view(rng, test, budget=budget)
    things, side = two_apart(rng, test, size)

    def question() -> tuple[str, str]:
        a, b, true = (*things, side) if rng.random() < .5 else (*reversed(things), RELATIONS[side])
        if rng.random() < .5:
            ask = rng.choice(["Where is the %s?", "Where do you see the %s?"])
            return ask % a.shape, capital(f"{true} the {b.shape}.")
        false = rng.choice([RELATIONS[true], rng.choice([x for x in RELATIONS if x != true])])
        said = true if rng.random() < .5 else false
        return f"Is the {a.shape} {said} the {b.shape}?", "Yes." if said == true else "No."
    p = drawing.draw_things(rng, size, things)
    return talk(rng, "relation", [media(p, budget)], [question() for _ in range(1 if test else rng.randint(2, 6))])


# ------------------------------------------------------------------------------------------------ two pictures
def change(rng: random.Random, size: tuple[int, int], things: list[Thing], what: str) -> list[Thing]:
    """The same shapes with one colour, one shape or the number changed."""
    if what == "nothing":
        return things
    if what == "number":
        if len(things) > 1 and rng.random() < .5:
            return rng.sample(things, len(things) - 1)
        m = min(size)
        while True:
            (x, y, q), = drawing.scatter(rng, size, 1, (.12 * m, .17 * m))
            if all((x - t.x) ** 2 + (y - t.y) ** 2 > (q + t.r + 3) ** 2 for t in things):
                c, s = rng.choice(TRAIN_PAIRS)
                return things + [Thing(s, c, x, y, q)]
    i = rng.randrange(len(things))
    t = things[i]
    new = what == "color", what == "shape"
    c, s = rng.choice([(c, s) for c, s in TRAIN_PAIRS if (c != t.color, s != t.shape) == new])
    return things[:i] + [Thing(s, c, t.x, t.y, t.r, t.turn)] + things[i + 1:]


def compare(rng: random.Random, test: bool, budget: int = 70) -> Item:
    """Two pictures: whether they are the same, or what changed (colour, shape, number). Held out: the first picture."""
    size, budget = view(rng, test, small=drawing.SMALL[:3], budget=budget)
    m = min(size)

    def make(r: random.Random) -> list[Thing]:
        put = drawing.scatter(r, size, r.choice([1, 1, 2, 3]), (.12 * m, .17 * m))
        pairs = [r.choice(TRAIN_PAIRS) for _ in put]
        return [Thing(s, c, *at, r.uniform(-.2, .2)) for (c, s), at in zip(pairs, put)]
    things = draw(rng, make, test, lambda ts: "compare " + layout(ts, size))
    kinds = rng.sample(["same", "changed"], 2)
    what = rng.choice(["nothing"] * (3 if kinds[0] == "same" else 1) + ["color", "shape", "number"])
    answer = dict(same="Yes.", changed="Nothing.") if what == "nothing" else dict(same="No.", changed=f"The {what}.")
    seed = rng.getrandbits(32)                                      # the same background and tones in both
    both = [drawing.draw_things(random.Random(seed), size, ts, by_place=True) for ts in (things, change(rng, size, things, what))]
    assert (both[0].image.tobytes() == both[1].image.tobytes()) == (what == "nothing")
    kinds = kinds[:1] if test or rng.random() < .5 else kinds
    return talk(rng, "compare", [media(p, budget) for p in both], [(rng.choice(ASK[k]), answer[k]) for k in kinds])


# ------------------------------------------------------------------------------------------------ print
def style(rng: random.Random) -> tuple[str, int, tuple[float, float], str]:
    return rng.choice(drawing.FONTS), rng.randint(22, 34), (rng.random(), rng.random()), rng.choice(drawing.INKS)


def look(text: str, face: str, size: int, spot: tuple[float, float], color: str) -> str:
    """What is held out of known words: the word with its font, rough size and place."""
    return f"look {text} {face} {size // 6} {int(2 * spot[0])} {int(2 * spot[1])}"


def known_word(rng: random.Random, test: bool) -> tuple:
    return draw(rng, lambda r: (r.choice(KNOWN), *style(r)), test, lambda x: look(*x))


def new_word(rng: random.Random, test: bool) -> tuple:
    """Any word or string of letters from the wanted half; the test has everyday words that training never shows."""
    def make(r: random.Random) -> str:
        kind = r.random()
        return r.choice(WORDS) if kind < .3 else pseudo(r, 3, 6) if kind < .8 else letters(r, 1, 5)
    text = draw(rng, make, test, lambda w: f"printed {w}")
    return draw(rng, lambda r: (text, *style(r)), test, lambda x: look(*x)) if text in KNOWN else (text, *style(rng))


def number(rng: random.Random, test: bool) -> tuple:
    """A number of one to four digits. Held out: the number; of single digits the look."""
    def make(r: random.Random) -> tuple:
        return "".join(r.choice(DIGITS) for _ in range(r.choice([1, 2, 2, 3, 3, 4]))), *style(r)
    return draw(rng, make, test, lambda x: f"number {x[0]}" if len(x[0]) > 1 else look(*x))


def printed(skill: str, ask: str, make, rng: random.Random, test: bool, budget: int = 70) -> Item:
    size, budget = view(rng, test, small=drawing.WIDE, budget=budget)
    text, *how = make(rng, test)
    p = drawing.draw_text(rng, size, text, *how)
    assert "".join(g.char for g in p.glyphs) == text
    return talk(rng, skill, [media(p, budget)], [(rng.choice(ASK[ask]), text)])


def read_word(rng: random.Random, test: bool, budget: int = 70) -> Item:
    """A printed word. Training mixes everyday words with invented ones, so that letters are read and not words guessed.
    Held out: the look of a known word (font, size, place)."""
    make = known_word if test or rng.random() < .5 else new_word
    return printed("read_word", "word", make, rng, test, budget)


def read_new_word(rng: random.Random, test: bool, budget: int = 70) -> Item:
    """A printed word that training never showed."""
    return printed("read_new_word", "word", new_word, rng, test, budget)


def read_digits(rng: random.Random, test: bool, budget: int = 70) -> Item:
    """A printed number of one to four digits. Held out: the number."""
    return printed("read_digits", "digits", number, rng, test, budget)


# ------------------------------------------------------------------------------------------------ thin lines
def lines(rng: random.Random, test: bool, budget: int = 280) -> Item:
    """The direction of thin lines, three pixels apart in a large picture: a budget of 280 shows them as they are, 70
    gives an even tone. Training mostly uses tiles of the same scale. Held out: the field's box."""
    if test:
        size = rng.choice(drawing.LARGE)
    else:
        size = rng.choice(drawing.LARGE if rng.random() < .25 else drawing.TILES)
        budget = 280 if size in drawing.LARGE else size[0] * size[1] // drawing.CELL ** 2
    def make(r: random.Random) -> tuple:
        return r.choice(drawing.DIRECTIONS), drawing.field_box(r, size)
    direction, box = draw(rng, make, test, lambda x: f"lines {x}")
    p = drawing.draw_hatch(rng, size, direction, box, rng.choice(drawing.INKS))
    return talk(rng, "lines", [media(p, budget)], [(rng.choice(ASK["lines"]), capital(direction) + ".")])


# ------------------------------------------------------------------------------------------------ the list
def at(make, budget: int, skill: str):
    """The same test at another budget."""
    def f(rng: random.Random, test: bool) -> Item:
        item = make(rng, test, budget=budget)
        item.skill = skill
        return item
    return f


def kind_of_one(kind: str):
    return lambda rng, test, budget=70: about_one(kind, rng, test, budget)


MAKERS = {kind: kind_of_one(kind) for kind in ("shape", "colour", "both", "place")}
MAKERS |= {f.__name__: f for f in (count_shapes, relation, compare, read_word, read_digits, lines)}
WEIGHTS = dict(shape=1, colour=.4, both=1, place=1, count_shapes=1.5, relation=1.5, compare=1.5, read_word=2.5, read_digits=2,
               lines=.7)
SKILLS = {name: Skill(make, WEIGHTS[name]) for name, make in MAKERS.items()}
SKILLS["read_new_word"] = Skill(read_new_word, 0)                  # tests only: training has them in read_word
SKILLS["lines_70"] = Skill(at(lines, 70, "lines_70"), 0)           # the budget that must fail
SKILLS["shape_140"] = Skill(at(MAKERS["shape"], 140, "shape_140"), 0)
SKILLS["read_digits_140"] = Skill(at(read_digits, 140, "read_digits_140"), 0)
