"""Plain sentences about a small everyday world: filler for long texts and material for copying.

No sentence names a person, a code or a home, so filler never answers a question about a keyed fact. Every word is an
everyday word with its own token, so `tokens` is exact as long as the tokenizer has them all."""
import random

REMEMBERED = "I will remember that."
PEOPLE = "doctor teacher farmer baker sailor painter singer driver soldier king queen prince".split()
ANIMALS = "bird horse sheep goat mouse tiger lion snake".split()
THINGS = "table house door lamp book pencil chair basket bottle bucket candle clock mirror carpet boat tower".split()
OBJECTS = """book lamp pencil chair table basket bottle bucket candle clock mirror carpet pillow jacket shirt guitar
violin piano drum flute camera radio hammer needle button blanket bread boat""".split()  # what a person can have
PLACES = "river mountain garden window street market school church castle forest beach kitchen cellar gate".split()
INSIDE = "garden market school church castle forest valley kitchen bedroom cellar".split()
ADJECTIVES = "old new big small cold warm clean dirty dark quiet".split()
TIMES = "summer winter spring autumn morning evening night".split()
ACTIONS = [
    "walks to the {place}", "waits near the {place}", "looks at the {thing}", "sits near the {place}",
    "needs a new {thing}", "sleeps in the {inside}", "cleans the {thing}", "comes from the {place}",
    "sings in the {inside}", "opens the door of the {inside}"
]
FORMS = [
    "The {person} {action}.", "The {person} {action}.", "In the {time} the {person} {action}.",
    "The {thing} is {adjective}.", "The {thing} is near the {place}.", "A {animal} sleeps near the {place}.",
    "A {animal} walks to the {place}.", "The {place} is {adjective} in the {time}.",
    "The {adjective} {thing} is in the {inside}.", "There is a {adjective} {thing} near the {place}."
]


def sentence(rng: random.Random) -> str:
    """One of about 19 000 sentences."""
    form = rng.choice(FORMS).replace("{action}", rng.choice(ACTIONS))
    text = form.format(person=rng.choice(PEOPLE), animal=rng.choice(ANIMALS), thing=rng.choice(THINGS),
                       place=rng.choice(PLACES), inside=rng.choice(INSIDE), adjective=rng.choice(ADJECTIVES),
                       time=rng.choice(TIMES))
    return text.replace(" a old ", " an old ")


def tokens(text: str) -> int:
    """The number of tokens of a text of known words: one per word, digit and punctuation mark, one for the space of a
    number."""
    return sum(1 + sum(not c.isalpha() for c in w) for w in text.split())


def filler(rng: random.Random, n_tokens: int) -> list[str]:
    """Sentences of about n_tokens tokens in all (never more)."""
    out, left = [], n_tokens
    while True:
        s = sentence(rng)
        left -= tokens(s)
        if left < 0:
            return out
        out.append(s)
