"""Summaries of lists by counting, and fields of a short letter.

One rule for summaries, told in the prompt: count each thing, in the order of its first place. Letters have an invented
sender, a receiver, city, date, amount and subject, and other names, sums and dates beside them. Held out: the list; the
values of the letter.
"""
import random

from nano.items import Item, Model, Skill, User, ask, draw
from nano.skills.sentences import REMEMBERED
from nano.words import CITIES, COLORS, MONTHS, NAMES, capital, listed, pseudo, with_article

COUNTABLE = """apple lemon orange banana grape melon carrot onion bean chair table lamp book pencil flower bird horse
goat tiger lion eagle guitar piano drum flute trumpet camera clock mirror candle basket bottle bucket hammer button
jacket shirt pillow""".split()
FRUIT = "apple lemon orange banana grape melon carrot onion bean".split()
DEEDS = "bought found ate sold".split()


def counted(things: list[str]) -> str:
    """Counts: apple 2, lemon 1. The thing first: how many there are can be looked for once it is written."""
    return "Counts: " + ", ".join(f"{t} {things.count(t)}" for t in dict.fromkeys(things)) + "."


def things_to_count(rng: random.Random, names: list[str], shortest: int, longest: int) -> tuple[str, ...]:
    kinds = rng.sample(names, rng.randint(2, 4))
    while True:
        things = [rng.choice(kinds) for _ in range(rng.randint(shortest, longest))]
        if len(set(things)) > 1 or shortest == 1:
            return tuple(sorted(things, key=things.index) if shortest == 1 and rng.random() < .5 else things)


def summary(rng: random.Random, test: bool) -> Item:
    """A plain list of 4 to 8 things or who bought what; in training down to one thing."""
    easy = not test and rng.random() < .3
    shortest, longest = (1, 4) if easy else (4, 8)
    told = rng.random() < .4
    names, longest = (FRUIT, min(longest, 6)) if told else (COUNTABLE, longest)
    things = list(draw(rng, lambda r: things_to_count(r, names, shortest, longest), test, lambda x: f"summary {x}"))
    if told:
        deed = rng.choice(DEEDS)
        people = rng.sample(NAMES, len(things))
        text = ", ".join(f"{who} {deed} {with_article(thing)}" for who, thing in zip(people, things)) + "."
        question = rng.choice(["Summarize by counting what they {}: {}", "Count what they {}: {}"]).format(deed, text)
    else:
        question = rng.choice(["Count the things in this list: {}.", "Summarize this list by counting: {}.",
                               "How many of each are in this list? {}."]).format(", ".join(things))
    return ask("summary", question, counted(things))


def count_drill(rng: random.Random, test: bool) -> Item:
    """How many of one thing, and of the others, are in a list: what a summary says at once, asked one by one."""
    def make(r: random.Random) -> tuple[str, ...]:
        kinds = r.sample(COUNTABLE, r.randint(1, 4))
        return tuple(r.choice(kinds) for _ in range(r.randint(2, 9)))
    things = list(draw(rng, make, test, lambda x: f"summary {x}"))
    turns = [User(f"Here is a list: {', '.join(things)}."), Model(REMEMBERED)]
    for thing in rng.sample(sorted(set(things)), len(set(things))):
        n = things.count(thing)
        turns += [User(f"How many {thing}s?"), Model(f"{n} {thing}{'s' if n > 1 else ''}.")]
    return Item("count_drill", turns)


# ------------------------------------------------------------------------------------------------ letters
HEADS = ["{city}, {date}.\nDear {receiver},", "{date}, {city}.\nDear {receiver},",
         "Dear {receiver},\nI write from {city} on {date}."]
ABOUT = ["This letter is about {subject}.", "I write about {subject}.", "It is about {subject}."]
PAY = ["Please pay {amount} soon.", "You must pay {amount}.", "Please send me {amount}.", "The bill is {amount}."]
OTHERS = ["I hope that you are well.", "The weather here is cloudy.", "My {kin} {other} sends you a greeting.",
          "The garden is full of flowers.",
          "I will visit you on {day}.", "Last year it was only {sum}.", "I have a new {thing}.",
          "The summer in {town} was good.",
          "We all miss you.", "I often think of {other}."]
ENDS = ["Yours, {sender}", "Your friend {sender}", "Greetings from {sender}"]
QUESTIONS = {"sender": ["Who wrote this letter?", "Who is the sender?", "Who sent this letter?"],
             "receiver": ["Who gets this letter?", "Who is the receiver?", "For whom is the letter?"],
             "date": ["When was the letter written?", "What is the date of the letter?", "Which date has the letter?"],
             "city": ["Where was the letter written?", "Which city does the letter come from?",
                      "What is the city of the sender?"],
             "amount": ["Which amount is to be paid?", "How much must be paid?", "What is the amount?"],
             "subject": ["What is the letter about?", "What is the subject?", "What is the subject of the letter?"]}


def some_date(rng: random.Random) -> str:
    return f"{rng.randint(1, 28)} {rng.choice(MONTHS)}"


def letter_values(rng: random.Random) -> dict[str, str]:
    sender, receiver = rng.sample(NAMES, 2)
    subject = rng.choice(COUNTABLE)
    return {"sender": f"{sender} {capital(pseudo(rng, 3, 6))}", "receiver": receiver, "date": some_date(rng),
            "city": rng.choice(CITIES),
            "amount": f"{rng.randint(2, 999)} euros",
            "subject": f"the {rng.choice(COLORS)} {subject}" if rng.random() < .4 else f"the {subject}"}


def letter(rng: random.Random, values: dict[str, str], easy: bool) -> str:
    """Four to seven sentences: head, subject, amount, one to four others in any order, and the end."""
    used = " ".join(values.values())
    filler = {"kin": rng.choice(["sister", "brother", "mother", "father"]),
              "other": rng.choice([n for n in NAMES if n not in used]),
              "day": some_date(rng), "sum": f"{rng.randint(2, 999)} euros",
              "thing": rng.choice([c for c in COUNTABLE if c not in used]),
              "town": rng.choice([c for c in CITIES if c not in used])}
    body = [rng.choice(ABOUT), rng.choice(PAY)] + rng.sample(OTHERS, 0 if easy else rng.randint(1, 4))
    rng.shuffle(body)
    # "It is about" must not point to another thing: the subject comes first when it is put so.
    body.sort(key=lambda line: line != ABOUT[2])
    return "\n".join([rng.choice(HEADS), " ".join(body), rng.choice(ENDS)]).format(**values, **filler)


def field_question(rng: random.Random, values: dict[str, str], several: bool) -> tuple[str, str]:
    """A question about one field, or a list of two to four fields."""
    if not several:
        name = rng.choice(list(QUESTIONS))
        return rng.choice(QUESTIONS[name]), capital(values[name]) + "."
    names = rng.sample(list(QUESTIONS), rng.randint(2, 4))
    asked = listed(names)
    question = rng.choice(["List {}.", "Tell me {}.", "Give me {}."]).format(asked)
    return question, " ".join(f"{capital(n)}: {values[n]}." for n in names)


def extract(rng: random.Random, test: bool) -> Item:
    """Fields of a letter; in training several questions about it follow one another."""
    values = draw(rng, letter_values, test, lambda x: f"letter {sorted(x.items())}")
    text = letter(rng, values, easy=not test and rng.random() < .3)
    assert all(v in text for v in values.values())
    question, answer = field_question(rng, values, rng.random() < .5)
    turns = [User(rng.choice(["{0}\n\n{1}", "{1}\n\n{0}", "Read this letter.\n\n{0}\n\n{1}"]).format(text, question)),
             Model(answer)]
    for _ in range(0 if test else rng.randint(0, 3)):
        question, answer = field_question(rng, values, rng.random() < .3)
        turns += [User(question), Model(answer)]
    return Item("extract", turns)


SKILLS = {"count_drill": Skill(count_drill, 1.5, drill=True), "summary": Skill(summary, 1.5), "extract": Skill(extract, 2.0)}
