"""Small talk, facts of a small world, and questions that nano cannot answer.

The world: the capitals of nano.words, and animals, opposites, colors, the calendar, kinds of things and jobs as
listed here; nano knows nothing else. Answers are short sentences of one form. Held out: `chat` the pair of opening
and question, `fact` the pair of fact and wording (each fact and each wording occur in training), `unknown` the
question."""
import random
from collections.abc import Iterator

from nano.items import Item, Skill, ask, draw, is_test
from nano.words import CAPITALS, CITIES, DAYS, MONTHS, NAMES, NUMBERS, capital, pseudo, with_article

# ------------------------------------------------------------------------------------------------ small talk
OPENINGS = [
    "Hello! ", "Hi! ", "Good morning! ", "Good evening! ", "Hey! ", "Please tell me: ", "A question: ",
    "One more question: "
]
ABOUT_NANO = [
    ([
        "Who are you?", "What are you?", "What is your name?", "Introduce yourself.", "Tell me who you are.",
        "Who is this?"
    ], "I am nano, a small demonstration model."),
    (["What can you do?", "How can you help me?", "What are you able to do?", "What are your skills?"],
     "I can copy and sort words, add numbers, answer simple questions, call tools, see pictures and hear sounds."
     ),
    ([
        "Are you a big model?", "Are you a large model?", "Are you as good as a big model?",
        "Can you replace a big model?"
    ], "No. I am a small demonstration model."),
    (["Are you a person?", "Are you human?", "Are you a man or a woman?"], "No. I am a computer program."),
    (["Do you make mistakes?", "Can you be wrong?",
      "Are your answers always right?"], "Yes, I can be wrong. Please check my answers."),
    (["Do you know everything?", "What do you know?", "How much do you know?"], "I know only a few simple things."),
    (["Can you see pictures?", "Can you look at a picture?"], "Yes. I can look at simple pictures."),
    (["Can you hear sounds?", "Can you listen to a sound?"], "Yes. I can listen to short sounds."),
    (["Which languages do you speak?",
      "What languages do you know?"], "A little English, French, German and Spanish."),
    (["How are you?", "How are you today?", "How do you do?"], "I am fine, thank you."),
]
HELLO = ["Hello", "Hi", "Hey", "Good morning", "Good evening", "Hi there", "Good day"]
THANKS = ["Thank you", "Thanks", "Thanks a lot", "Thank you very much", "Many thanks"]
BYE = ["Goodbye", "Bye", "See you", "Good night", "Bye bye", "See you tomorrow"]
ENDS = [".", ", nano!", ", nano.", "", ", dear nano."]

GREETINGS = [(HELLO, "Hello! How can I help you?"), (THANKS, "You are welcome!"), (BYE, "Goodbye!")]


def _small_talk(rng: random.Random) -> tuple[str, str]:
    kind = rng.random()
    if kind < .6:
        questions, answer = rng.choice(ABOUT_NANO)
        return rng.choice(OPENINGS) + rng.choice(questions), answer
    if kind < .72:
        name = rng.choice(NAMES)
        form = rng.choice(["I am {}.", "My name is {}.", "This is {}."])
        return f"{rng.choice(HELLO)}! {form.format(name)}", f"Hello {name}! How can I help you?"
    phrases, answer = rng.choice(GREETINGS)
    return rng.choice(phrases) + rng.choice(ENDS), answer


def _plain_talk(rng: random.Random) -> tuple[str, str]:
    """A question without an opening, or a greeting: the commonest things to say, always in training and never in the
    test."""
    if rng.random() < .7:
        questions, answer = rng.choice(ABOUT_NANO)
        return rng.choice(questions), answer
    phrases, answer = rng.choice(GREETINGS)
    return rng.choice(phrases) + "!", answer


def chat(rng: random.Random, test: bool) -> Item:
    if not test and rng.random() < .4:
        return ask("chat", *_plain_talk(rng))
    return ask("chat", *draw(rng, _small_talk, test, lambda x: f"chat {x[0]}"))


# ------------------------------------------------------------------------------------------------ facts
def _pairs(text: str) -> dict[str, str]:
    return dict(pair.split(":") for pair in text.split())


SOUNDS = _pairs(
    "dog:barks cat:meows cow:moos horse:neighs lion:roars duck:quacks sheep:bleats pig:grunts snake:hisses bee:buzzes"
)
LEGS = _pairs(
    "dog:four cat:four cow:four horse:four sheep:four tiger:four lion:four mouse:four bird:two duck:two eagle:two "
    "bee:six spider:eight snake:no fish:no whale:no")
OPPOSITES = _pairs(
    "hot:cold big:small up:down left:right day:night open:closed fast:slow high:low old:young wet:dry full:empty "
    "hard:soft light:dark long:short near:far rich:poor thick:thin clean:dirty early:late happy:sad loud:quiet "
    "strong:weak good:bad")
OPPOSITES |= {b: a for a, b in OPPOSITES.items()}
THING_COLORS = {
    "grass": "green", "a frog": "green", "the sky": "blue", "the sea": "blue", "blood": "red", "a tomato": "red",
    "a cherry": "red", "a banana": "yellow", "a lemon": "yellow", "the sun": "yellow", "coal": "black",
    "a carrot": "orange", "an elephant": "gray", "a mouse": "gray", "a plum": "purple"
}
KINDS = {
    "fruit": "apple orange banana cherry grape melon lemon", "vegetable": "potato carrot onion bean",
    "animal": "horse sheep goat mouse tiger lion snake eagle whale",
    "instrument": "guitar violin piano drum flute trumpet", "drink": "milk water juice coffee",
    "metal": "silver gold copper iron"
}
JOBS = {
    "bakes bread": "baker", "teaches children": "teacher", "helps sick people": "doctor",
    "paints pictures": "painter", "sings songs": "singer", "drives a bus": "driver", "grows corn": "farmer",
    "works on a ship": "sailor"
}
SIZES = {("days", "a week"): "seven days", ("months", "a year"): "twelve months", ("hours", "a day"): "24 hours",
         ("minutes", "an hour"): "60 minutes", ("seconds", "a minute"): "60 seconds",
         ("seasons", "a year"): "four seasons", ("legs", "a chair"): "four legs", ("wheels", "a car"): "four wheels",
         ("wheels", "a bicycle"): "two wheels"}


def _sequence(order: list[str], ring: bool) -> Iterator[tuple[str, list[str], str]]:
    """What comes after and before each of an order."""
    for i, this in enumerate(order):
        for way, step in (("after", 1), ("before", -1)):
            if ring or 0 <= i + step < len(order):
                yield (f"{way} {this}", [
                    f"What comes {way} {this}?", f"Tell me what comes {way} {this}.",
                    f"Which one comes {way} {this}?", f"Name the one {way} {this}."
                ], f"It is {order[(i + step) % len(order)]}.")


def _facts() -> Iterator[tuple[str, list[str], str]]:
    """(name of the fact, wordings of the question, answer)"""
    for country, city in CAPITALS.items():
        yield (f"capital {country}", [
            f"What is the capital of {country}?", f"Which city is the capital of {country}?",
            f"Name the capital of {country}.", f"Tell me the capital of {country}."
        ], f"The capital of {country} is {city}.")
        yield (f"country {city}", [
            f"Which country has the capital {city}?", f"In which country is {city}?", f"Where is {city}?",
            f"What country is {city} in?"
        ], f"It is in {country}.")
    for animal, sound in SOUNDS.items():
        yield (f"sound {animal}", [
            f"What sound does a {animal} make?", f"How does a {animal} sound?",
            f"Which sound does the {animal} make?", f"What does a {animal} do when it makes a sound?"
        ], f"It {sound}.")
    for animal, n in LEGS.items():
        yield (f"legs {animal}", [
            f"How many legs does {with_article(animal)} have?", f"Tell me the number of legs of {with_article(animal)}.",
            f"How many legs has {with_article(animal)}?", f"Count the legs of {with_article(animal)}."
        ], f"It has {n} legs.")
    for a, b in OPPOSITES.items():
        yield (f"opposite {a}", [
            f"What is the opposite of {a}?", f"Name the opposite of {a}.", f"Which word is the opposite of {a}?",
            f"Tell me the opposite of {a}."
        ], f"The opposite of {a} is {b}.")
    for thing, color in THING_COLORS.items():
        yield (f"color {thing}", [
            f"What color is {thing}?", f"Name the color of {thing}.", f"What is the color of {thing}?",
            f"Tell me the color of {thing}."
        ], f"It is {color}.")
    for kind, members in KINDS.items():
        for noun in members.split():
            of = noun if kind in ("drink", "metal") else with_article(noun)
            yield (f"kind {noun}", [
                f"What is {of}?", f"What kind of thing is {of}?", f"Tell me what {of} is.",
                f"What sort of thing is {of}?"
            ], f"It is {with_article(kind)}.")
    for does, job in JOBS.items():
        yield (f"job {job}", [
            f"Who {does}?", f"Tell me who {does}.", f"What do you call a person who {does}?", f"Which person {does}?"
        ], f"That is a {job}.")
    for (what, whole), answer in SIZES.items():
        yield (f"size {what} {whole}", [
            f"How many {what} does {whole} have?", f"How many {what} are in {whole}?",
            f"Tell me how many {what} {whole} has.", f"How many {what} has {whole}?"
        ], f"It has {answer}.")
    yield from _sequence(DAYS, ring=True)
    yield from _sequence(MONTHS, ring=True)
    yield from _sequence(NUMBERS, ring=False)


FACTS = list(_facts())
assert len({q for _, questions, _ in FACTS for q in questions}) == sum(len(questions) for _, questions, _ in FACTS)


def _groups() -> list[list[tuple[str, list[str], str]]]:
    """Facts by topic, so that a topic of few facts is asked about as well as one of many: (first word of the name) ->
    facts."""
    groups: dict[str, list] = {}
    for fact in FACTS:
        groups.setdefault(fact[0].split()[0], []).append(fact)
    return list(groups.values())


GROUPS = _groups()


def _question(rng: random.Random) -> tuple[str, str, str]:
    topic = rng.choices(GROUPS, [len(g)**.7 for g in GROUPS])[0]
    name, questions, answer = rng.choice(topic)
    return name, rng.choice(questions), answer


def fact(rng: random.Random, test: bool) -> Item:
    _, question, answer = draw(rng, _question, test, lambda x: f"fact {x[1]}")
    return ask("fact", question, answer)


# Each fact keeps at least one wording in training: otherwise it could not be known.
assert all(not all(is_test(f"fact {q}") for q in questions) for _, questions, _ in FACTS)

# ------------------------------------------------------------------------------------------------ what nano cannot know
UNKNOWN = "I do not know that."
REAL = {*NAMES, *CITIES, *CAPITALS}
INVENTED = [
    "What is the capital of {}?", "Which city is the capital of {}?", "Who is the king of {}?", "Where is {}?",
    "In which country is {}?", "Who is {}?", "What is {}?"
]
PRIVATE = [
    "What is the phone number of {}?", "How old is {}?", "What did {} eat yesterday?", "What will {} do tomorrow?",
    "Who is the sister of {}?", "When was {} born?", "What does {} think?", "What did {} say?"
]
FUTURE = [
    "Which numbers will win the lottery of {} tomorrow?", "Who will be the king of {} in ten years?",
    "How many people live in {}?", "Who is the king of {}?", "What will happen in {} tomorrow?",
    "How much does a house in {} cost?"
]


def _nobody(rng: random.Random, shortest: int, longest: int) -> str:
    """A name that no person, city or country of this world has."""
    while (name := capital(pseudo(rng, shortest, longest))) in REAL:
        pass
    return name


def _unknown(rng: random.Random) -> str:
    kind = rng.random()
    if kind < .5:
        return rng.choice(INVENTED).format(_nobody(rng, 4, 8))
    if kind < .8:
        return rng.choice(PRIVATE).format(rng.choice(NAMES) if rng.random() < .7 else _nobody(rng, 3, 6))
    return rng.choice(FUTURE).format(rng.choice(CITIES + list(CAPITALS)))


def unknown(rng: random.Random, test: bool) -> Item:
    return ask("unknown", draw(rng, _unknown, test, lambda x: f"unknown {x}"), UNKNOWN)


SKILLS = {"chat": Skill(chat, 1), "fact": Skill(fact, 4), "unknown": Skill(unknown, .7)}
