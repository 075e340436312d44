"""Questions that lean on earlier turns: places in a list, and who has what.

A list comes in the first turn; later turns ask for its parts and grow short ("And the second one?", "And Ben?"), so
they mean something only after the turn before. Held out: the list."""
import random

from nano.items import Item, Model, Skill, User, draw
from nano.skills.sentences import OBJECTS, REMEMBERED
from nano.words import CITIES, COLORS, NAMES, NOUNS, ORDINALS, with_article



def _turns(statement: str, asked: list[tuple[str, str]]) -> list[User | Model]:
    turns = [User(statement), Model(REMEMBERED)]
    for question, answer in asked:
        turns += [User(question), Model(answer)]
    return turns


def ref(rng: random.Random, test: bool) -> Item:
    """Places in a list of 3 to 6 (in training from 2)."""
    xs = draw(rng, lambda r: r.sample(r.choice([NOUNS, NAMES, CITIES]), r.randint(3 if test else 2, 6)), test,
              lambda x: f"ref {x}")
    statement = rng.choice(["Here is my list: {}.", "Remember these: {}.",
                            "This is a list: {}."]).format(", ".join(xs))
    places = rng.sample(range(len(xs)), rng.randint(2, min(4, len(xs))))
    first = rng.choice(["What was the {} one?", "Tell me the {} one.", "Which was the {} one?"])
    asked = []
    for place in places:
        name = "last" if place == len(xs) - 1 and rng.random() < .5 else ORDINALS[place]
        form = rng.choice(["And the {} one?", "And the {}?", "What about the {} one?"]) if asked else first
        asked.append((form.format(name), f"The {name} one is {xs[place]}."))
    return Item("ref", _turns(statement, asked))


def _things(rng: random.Random, fewest: int) -> list[tuple[str, str, str]]:
    """(name, color, thing) of up to four people, with no name, color or thing twice."""
    n = rng.randint(fewest, 4)
    return list(zip(rng.sample(NAMES, n), rng.sample(COLORS, n), rng.sample(OBJECTS, n)))


def have(rng: random.Random, test: bool) -> Item:
    """Who has what: one kind of question for each conversation, first in full, then short."""
    things = draw(rng, lambda r: _things(r, 2 if test else 1), test, lambda x: f"have {x}")
    parts = ", ".join(f"{name} has {with_article(color)} {thing}" for name, color, thing in things)
    statement = f"{rng.choice(['Remember this:', 'Please remember:', 'Here is a list:'])} {parts}."
    kind, asked = rng.choice(["what", "what", "who", "color"]), []
    for name, color, thing in rng.sample(things, len(things)):
        full, short, answer = {
            "what": (f"What does {name} have?", f"And {name}?", f"{with_article(color)} {thing}.".replace("a", "A", 1)),
            "who": (f"Who has the {color} {thing}?", f"And the {color} {thing}?", f"That is {name}."),
            "color": (f"What color is the {thing}?", f"And the {thing}?", f"The {thing} is {color}.")
        }[kind]
        asked.append((short if asked and rng.random() < .7 else full, answer))
    return Item("have", _turns(statement, asked))


SKILLS = {"ref": Skill(ref, 3), "have": Skill(have, 2)}
