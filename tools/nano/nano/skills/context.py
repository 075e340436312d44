"""Long context: keyed facts among filler sentences, and a sentence to be copied from a text.

Answers repeat the words of the fact, so that finding the place and copying on from it is all there is to learn. No
text starts with a name: a name always has a space before it and is the same token everywhere. Held out: the names
together with the values."""
import random
from dataclasses import dataclass

from nano.items import Item, Model, Skill, User, ask, draw
from nano.skills.sentences import OBJECTS, PEOPLE, REMEMBERED, filler, tokens
from nano.words import CITIES, COLORS, DIGITS, NAMES, ROOMS, pseudo

INTRODUCTIONS = ["Read this text:", "Remember this:", "Here is a text:", "Please remember:"]


def _digits(rng: random.Random) -> str:
    return "".join(rng.choice(DIGITS) for _ in range(rng.randint(3, 5)))


@dataclass(frozen=True)
class Kind:
    """A kind of keyed fact: the statement, the question, the answer, and where values come from."""
    fact: str
    question: str
    answer: str
    value: callable


KINDS = [
    Kind("The code of {} is {}.", "What is the code of {}?", "The code of {} is {}.", _digits),
    Kind("The number of {} is {}.", "What is the number of {}?", "The number of {} is {}.", _digits),
    Kind("The password of {} is {}.", "What is the password of {}?", "The password of {} is {}.",
         lambda r: pseudo(r, 4, 6)),
    Kind("The favorite color of {} is {}.", "What is the favorite color of {}?", "The favorite color of {} is {}.",
         lambda r: r.choice(COLORS)),
    Kind("The key of {} is in the {}.", "Where is the key of {}?", "The key of {} is in the {}.",
         lambda r: r.choice(ROOMS)),
    Kind("{} lives in {}.", "Where does {} live?", "In {1}.", lambda r: r.choice(CITIES)),
    Kind("{} works as a {}.", "What does {} work as?", "As a {1}.", lambda r: r.choice(PEOPLE))
]
CODE = KINDS[0]


def _facts(rng: random.Random, fewest: int, most: int) -> list[tuple[int, str, str]]:
    """(kind, name, value) of 1 to 4 facts: one kind for several people, a kind for each, or several kinds for one
    person."""
    n = rng.randint(fewest, most)
    way = rng.random()
    if way < .15:
        name = rng.choice(NAMES)
        return [(k, name, KINDS[k].value(rng)) for k in rng.sample(range(len(KINDS)), n)]
    one = rng.choice([0, 0, 0, 1, 2, 3, 4, 5, 6])
    kinds = [one if way < .7 else rng.randrange(len(KINDS)) for _ in range(n)]
    return [(k, name, KINDS[k].value(rng)) for k, name in zip(kinds, rng.sample(NAMES, n))]


def _scatter(rng: random.Random, sentences: list[str], n_tokens: int) -> str:
    """The sentences in their order, at random places in filler of about n_tokens tokens."""
    lines = filler(rng, n_tokens)
    places = sorted(rng.randint(0, len(lines)) for _ in sentences)
    for i, (place, s) in enumerate(zip(places, sentences)):
        lines.insert(place + i, s)
    return " ".join(lines)


def recall(rng: random.Random, test: bool, n_filler: int | None = None) -> Item:
    """1 to 4 facts (2 to 4 in the test), asked for in the same turn or in the next ones; n_filler tokens of filler,
    by default 0 to 400. The answers to several questions in one conversation are all labels."""
    if n_filler is None:
        n_filler = rng.choice([0, 0, 0, 0, 16, 32, 64, 128, 200, 400])
    facts = draw(rng, lambda r: _facts(r, 2 if test else 1, 4), test, lambda x: f"recall {sorted(x)}")
    text = f"{rng.choice(INTRODUCTIONS)} " + _scatter(rng, [KINDS[k].fact.format(n, v)
                                                            for k, n, v in facts], n_filler)
    asked = [(KINDS[k].question.format(n), KINDS[k].answer.format(n, v)) for k, n, v in rng.sample(facts, len(facts))]
    if rng.random() < .35:
        turns = [User(f"{text} {asked[0][0]}"), Model(asked[0][1])]
        asked = asked[1:]
    else:
        turns = [User(text), Model(REMEMBERED)]
    for question, answer in asked:
        turns += [User(question), Model(answer)]
    return Item("recall", turns)


def needle(rng: random.Random, test: bool, n_tokens: int) -> Item:
    """A prompt of about n_tokens tokens: the codes of 2 to 4 people somewhere in filler, and the question for one of
    them."""
    names = rng.sample(NAMES, rng.randint(2, 4))
    codes = draw(rng, lambda r: [_digits(r) for _ in names], test, lambda x: f"needle {sorted(zip(names, x))}")
    facts = [CODE.fact.format(n, c) for n, c in zip(names, codes)]
    i = rng.randrange(len(names))
    frame = f"{rng.choice(INTRODUCTIONS)} " + "{} " + CODE.question.format(names[i])
    chat = 12  # turn markers, roles, line breaks and <bos>
    text = _scatter(rng, facts, n_tokens - chat - tokens(frame) - sum(map(tokens, facts)))
    return ask("needle", frame.format(text), CODE.answer.format(names[i], codes[i]))


OPENINGS = ["Yesterday", "Today", "Last summer", "Last night", "This morning"]
DEEDS = ["{} bought a {} {}", "{} lost a {} {}", "{} found a {} {}", "{} sold a {} {}", "{} painted a {} {}"]


def _sentence_about(rng: random.Random, name: str) -> tuple[str, str]:
    """A name and a sentence about that person."""
    color, noun = rng.choice(COLORS), rng.choice(OBJECTS)
    text = f"{rng.choice(OPENINGS)} {rng.choice(DEEDS).format(name, color, noun)} in {rng.choice(CITIES)}."
    return name, text.replace(" a orange ", " an orange ")


def _sentences_about(rng: random.Random, test: bool, fewest: int) -> list[tuple[str, str]]:
    """Of up to five people. Held out: every sentence."""
    names = rng.sample(NAMES, rng.randint(fewest, 5))
    return [draw(rng, lambda r: _sentence_about(r, name), test, lambda x: f"quote {x}") for name in names]


def quote(rng: random.Random, test: bool) -> Item:
    """Copy one sentence of a text of 100 to 300 tokens (in training from one sentence up, and others after it)."""
    about = _sentences_about(rng, test, 2 if test else 1)
    name, answer = about[0]
    n_filler = rng.randint(100, 300) if test or rng.random() < .4 else rng.choice([0, 0, 20, 50])
    n_filler -= sum(tokens(s) for _, s in about)
    text = _scatter(rng, [s for _, s in rng.sample(about, len(about))], n_filler)
    forms = ["Copy the sentence about {}.", "Which sentence is about {}?", "Write the sentence about {} again."]
    form = rng.choice(forms)
    item = ask("quote", f"{rng.choice(INTRODUCTIONS)} {text} {form.format(name)}", answer)
    for name, answer in [] if test else about[1:]:
        item.turns += [User(rng.choice(forms).format(name)), Model(answer)]
    return item


# The drills below ask for what stands *before* the words that it is found by. Each asks for few of many: were all asked for, the model would
# learn to name what has not been named yet, and find nothing.
def begin_drill(rng: random.Random, test: bool) -> Item:
    """How sentences about people begin: what decides whether a quotation is right."""
    about = _sentences_about(rng, test, 3)
    text = _scatter(rng, [s for _, s in rng.sample(about, len(about))], rng.choice([0, 0, 20, 50, 100, 200]))
    turns = [User(f"{rng.choice(INTRODUCTIONS)} {text}"), Model(REMEMBERED)]
    for name, sentence in about[:rng.randint(1, 2)]:
        turns += [User(f"How does the sentence about {name} begin?"), Model(sentence[:sentence.index(name) + len(name)])]
    return Item("begin_drill", turns, scored=1)


def _list(rng: random.Random, test: bool, fewest: int, most: int) -> list[str]:
    return draw(rng, lambda r: r.sample(NAMES + CITIES + COLORS + OBJECTS, r.randint(fewest, most)), test, lambda x: f"before {x}")


def before_drill(rng: random.Random, test: bool) -> Item:
    """The word before a word of a list, or behind it."""
    words = _list(rng, test, 5, 16)
    turns = [User(f"Here is a list: {rng.choice([' ', ', ']).join(words)}."), Model(REMEMBERED)]
    for i in rng.sample(range(1, len(words)), 3):
        asked, answer, side = (words[i], words[i - 1], "before") if test or rng.random() < .75 else (words[i - 1], words[i], "after")
        turns += [User(f"What comes {side} {asked}?"), Model(f"{answer}.")]
    return Item("before_drill", turns, scored=1)


def backwards_drill(rng: random.Random, test: bool) -> Item:
    """A list backwards: every word of the answer stands before the last one."""
    words, between = _list(rng, test, 4, 24), rng.choice([" ", " ", ", "])
    return ask("backwards_drill", f"Write this list backwards: {between.join(words)}", between.join(words[::-1]))


# A fact about a person, the question whom it is about, and what can stand in both.
WHO = [("{} lives in {}.", "Who lives in {}?", CITIES), ("{} works as a {}.", "Who works as a {}?", PEOPLE),
       ("{} likes {}.", "Who likes {}?", COLORS), ("{} has the {}.", "Who has the {}?", OBJECTS), ("{} is in the {}.", "Who is in the {}?", ROOMS)]


def _people(rng: random.Random) -> list[tuple[str, str, str]]:
    """(fact, question, name) of several people; no two have the same answer."""
    one, drawn = rng.choice(WHO), {}
    for name in rng.sample(NAMES, rng.randint(3, 7)):
        fact, question, values = one if rng.random() < .6 else rng.choice(WHO)
        value = rng.choice(values)
        drawn.setdefault(question.format(value), (fact.format(name, value), question.format(value), name))
    return list(drawn.values())


def who_drill(rng: random.Random, test: bool) -> Item:
    """Which of several people a fact is about: a name, found by what stands behind it."""
    people = draw(rng, _people, test, lambda x: f"who {sorted(x)}")
    turns = [User(f"{rng.choice(INTRODUCTIONS)} {' '.join(fact for fact, _, _ in people)}"), Model(REMEMBERED)]
    for _, question, name in rng.sample(people, min(2, len(people))):
        turns += [User(question), Model(f"{name}.")]
    return Item("who_drill", turns, scored=1)


def long_needle(rng: random.Random, test: bool) -> Item:
    """A needle in 250 to 4000 tokens, for the stage that stretches the context."""
    return needle(rng, test, int(250 * 16 ** rng.random()))


SKILLS = {"recall": Skill(recall, 4), "quote": Skill(quote, 1), "needle": Skill(long_needle, 0)}
SKILLS |= {f.__name__: Skill(f, 1, drill=True) for f in (begin_drill, before_drill, backwards_drill, who_drill)}
