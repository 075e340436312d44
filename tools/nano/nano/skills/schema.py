"""Structured output: values from a short text, as JSON by a schema in the prompt.

Schemas come in a compact form, {"name": string, "age": integer}, and as a small JSON Schema. Which values are asked
for, in which order and under which keys varies, and the text holds more than is asked. The answer is compact JSON with
the keys in the schema's order. Held out: the combination of text and keys; half of the keys of a test are built from
known words in a way that training has not shown ("my_city", "townInfo").
"""
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nano.items import Item, Skill, ask, draw
from nano.skills.json_shapes import BOOLEAN, INTEGER, NUMBER, STRING, STRINGS, conforms, enum, leaves, record
from nano.words import CITIES, COLORS, DAYS, EVENTS, NAMES, ROOMS, capital, listed, pseudo

JOBS = "doctor teacher farmer baker sailor painter singer driver soldier".split()
THINGS = "chair table lamp book pencil guitar violin drum flute camera radio clock mirror basket jacket carpet".split()
LIKES = "bread cheese honey milk juice coffee rice corn butter summer winter music".split()
MATERIALS = "wood glass iron leather cotton paper stone silver".split()
PETS, VEHICLES = "dog cat horse bird".split(), "train bus boat plane".split()


@dataclass(frozen=True)
class Part:
    """What a text says in one clause: the clause and the values in it by field."""
    clause: str
    values: dict[str, Any]


@dataclass(frozen=True)
class Field:
    """Possible keys and the schema; a list of words makes the schema an enumeration now and then."""
    keys: str
    schema: dict
    choices: list[str] | None = None


FIELDS = {
    "name": Field("name person who", STRING), "age": Field("age years", INTEGER),
    "city": Field("city town place home", STRING),
    "job": Field("job work profession", STRING, JOBS), "height": Field("height size meters", NUMBER),
    "married": Field("married is_married", BOOLEAN), "likes": Field("likes loves favorites", STRINGS),
    "pet": Field("pet animal", {}), "kind": Field("kind animal type", STRING, PETS),
    "called": Field("name called", STRING),
    "thing": Field("thing item product article", STRING), "color": Field("color paint tone", STRING, COLORS),
    "price": Field("price cost euros", NUMBER), "weight": Field("weight kilos", INTEGER),
    "new": Field("new is_new", BOOLEAN),
    "origin": Field("origin from source", STRING), "materials": Field("materials made_of parts", STRINGS),
    "vehicle": Field("vehicle kind type", STRING, VEHICLES), "goal": Field("goal to target destination", STRING),
    "day": Field("day weekday date", STRING, DAYS), "hour": Field("hour time at", INTEGER),
    "when": Field("when start slot", {}),
    "late": Field("late is_late delayed", BOOLEAN), "stops": Field("stops cities via", STRINGS),
    "seats": Field("seats chairs", INTEGER),
    "title": Field("title event name", STRING, EVENTS), "room": Field("room where place", STRING),
    "guests": Field("guests visitors", INTEGER), "free": Field("free is_free", BOOLEAN),
    "people": Field("people persons names", STRINGS), "rooms": Field("rooms number_of_rooms", INTEGER),
    "garden": Field("garden has_garden", BOOLEAN), "rent": Field("rent price euros", INTEGER),
    "owner": Field("owner person who", STRING),
}
OBJECTS = {"pet": ("kind", "called"), "when": ("day", "hour")}


# ------------------------------------------------------------------------------------------------ texts
def several(rng: random.Random, values: list[str]) -> list[str]:
    return rng.sample(values, rng.randint(1, 3))


def truth(rng: random.Random, field: str, yes: str, no: str) -> Part:
    value = rng.random() < .5
    return Part(yes if value else no, {field: value})


def one(rng: random.Random, field: str, clause: str, values: list) -> Part:
    value = rng.choice(values)
    return Part(clause.format(value), {field: value})


def some(rng: random.Random, field: str, clause: str, values: list[str]) -> Part:
    value = several(rng, values)
    return Part(clause.format(listed(value)), {field: value})


def moment(rng: random.Random, clause: str) -> Part:
    """A day and an hour: as an object or one by one, as the schema likes."""
    day, hour = rng.choice(DAYS), rng.randint(7, 22)
    return Part(clause.format(day, hour), {"day": day, "hour": hour, "when": {"day": day, "hour": hour}})


def halves(low: int, high: int) -> list[float]:
    return [n + .5 for n in range(low, high)]


def person(rng: random.Random) -> tuple[Part, list[Part]]:
    name, animal, called = rng.choice(NAMES), rng.choice(PETS), capital(pseudo(rng, 3, 5))
    return Part(name, {"name": name}), [
        one(rng, "age", "is {} years old", list(range(18, 90))), one(rng, "city", "lives in {}", CITIES),
        one(rng, "job", "works as a {}", JOBS),
        one(rng, "height", "is {} meters tall", [n / 100 for n in range(151, 200) if n % 10]),
        truth(rng, "married", "is married", "is not married"), some(rng, "likes", "likes {}", LIKES),
        Part(f"has a {animal} called {called}", {"pet": {"kind": animal, "called": called}})]


def product(rng: random.Random) -> tuple[Part, list[Part]]:
    color, thing = rng.choice(COLORS), rng.choice(THINGS)
    return Part(f"The {color} {thing}", {"color": color, "thing": thing}), [
        one(rng, "price", "costs {} euros", halves(2, 60)), one(rng, "weight", "weighs {} kilos", list(range(2, 40))),
        truth(rng, "new", "is new", "is not new"), one(rng, "origin", "comes from {}", CITIES),
        some(rng, "materials", "is made of {}", MATERIALS)]


def trip(rng: random.Random) -> tuple[Part, list[Part]]:
    vehicle, (goal, *cities) = rng.choice(VEHICLES), rng.sample(CITIES, 8)
    return Part(f"The {vehicle} to {goal}", {"vehicle": vehicle, "goal": goal}), [
        moment(rng, "leaves on {} at {}"), one(rng, "price", "costs {} euros", halves(2, 90)),
        truth(rng, "late", "is late", "is on time"),
        some(rng, "stops", "stops in {}", cities), one(rng, "seats", "has {} seats", list(range(8, 99)))]


def event(rng: random.Random) -> tuple[Part, list[Part]]:
    title = rng.choice(EVENTS)
    return Part(f"The {title}", {"title": title}), [
        moment(rng, "is on {} at {}"), one(rng, "room", "takes place in the {}", ROOMS),
        one(rng, "guests", "has {} guests", list(range(2, 60))), truth(rng, "free", "is free", "is not free"),
        some(rng, "people", "is for {}", NAMES)]


def home(rng: random.Random) -> tuple[Part, list[Part]]:
    city = rng.choice(CITIES)
    return Part(f"The house in {city}", {"city": city}), [
        one(rng, "rooms", "has {} rooms", list(range(2, 13))), truth(rng, "garden", "has a garden", "has no garden"),
        one(rng, "rent", "costs {} euros a month", list(range(200, 2000, 10))),
        one(rng, "owner", "belongs to {}", NAMES),
        one(rng, "color", "is {}", COLORS)]


def tell(rng: random.Random, subject: str, clauses: list[str]) -> str:
    """One or two clauses a sentence."""
    sentences = []
    while clauses:
        n = rng.randint(1, 2)
        sentences.append(f"{subject} {' and '.join(clauses[:n])}.")
        clauses = clauses[n:]
    return " ".join(sentences)


# ------------------------------------------------------------------------------------------------ schemas
def built_key(rng: random.Random, bare: str) -> str:
    """A key that contains a known one: my_city, cityInfo, City."""
    style = rng.random()
    if style < .2:
        return capital(bare)
    if style < .6:
        return f"{rng.choice(['my', 'the', 'main', 'first', 'user', 'this', 'text', pseudo(rng, 2, 3)])}_{bare}"
    end = rng.choice("info value field data text".split() + [pseudo(rng, 2, 3)])
    return f"{bare}_{end}" if style < .8 else bare + capital(end)


def make_key(rng: random.Random, test: bool, name: str) -> str:
    bare = rng.choice(FIELDS[name].keys.split())
    if rng.random() < (.5 if test else .6):
        return bare
    return draw(rng, lambda r: built_key(r, bare), test, lambda key: f"key {key}")


def make_field(rng: random.Random, test: bool, name: str, value: Any) -> tuple[str, dict, Any]:
    """A key, the schema of the field and its value, with drawn keys inside an object."""
    key, f = make_key(rng, test, name), FIELDS[name]
    if name in OBJECTS:
        inner = OBJECTS[name] if rng.random() < .5 else OBJECTS[name][::-1]
        while True:
            parts = [make_field(rng, test, n, value[n]) for n in inner]
            if len({k for k, _, _ in parts}) == len(parts):
                return key, record({k: s for k, s, _ in parts}), {k: v for k, _, v in parts}
    if f.choices and rng.random() < .4:
        others = rng.sample([c for c in f.choices if c != value], rng.randint(1, 2))
        return key, enum(sorted([*others, value], key=f.choices.index)), value
    return key, f.schema, value


def compact(schema: dict) -> str:
    """{"name": string, "color": "red" | "blue", "likes": [string]}"""
    if schema["type"] == "object":
        return "{" + ", ".join(f'"{k}": {compact(s)}' for k, s in schema["properties"].items()) + "}"
    if schema["type"] == "array":
        return f"[{compact(schema['items'])}]"
    return " | ".join(f'"{v}"' for v in schema["enum"]) if "enum" in schema else schema["type"]


def dumps(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def full(schema: dict) -> str:
    """A JSON Schema on one line, without the list of required keys: all of them are."""
    def shorter(s: dict) -> dict:
        out = {k: v for k, v in s.items() if k != "required"}
        if "properties" in s:
            out["properties"] = {k: shorter(v) for k, v in s["properties"].items()}
        return out
    return dumps(shorter(schema))


def choose_fields(rng: random.Random, known: dict[str, Any], n: int) -> list[str]:
    """Up to n fields in random order; a moment is asked for whole or in pieces, not both."""
    names = rng.sample(list(known), min(n, len(known)))
    return [x for x in names if x not in OBJECTS["when"] or "when" not in names]


FORMS = ["Answer as JSON by this schema: {schema}\n{text}", "{text}\nAnswer as JSON by this schema: {schema}",
         "Write the facts as JSON. Schema: {schema}\nText: {text}", "{text}\nFill this schema: {schema}"]


def schema(rng: random.Random, test: bool) -> Item:
    """Values of a text by a schema; in training down to one value of a one-clause text."""
    def make(r: random.Random) -> tuple[str, dict, dict, bool]:
        subject, parts = r.choice(RECORDS)(r)
        long_form = r.random() < .35
        easy = not test and r.random() < .5
        n = r.randint(1, 2 if easy else 3) if long_form or easy else r.randint(2, 4)
        said = r.sample(parts, min(len(parts), r.randint(max(1, n - 1), n + 1)))
        known = {k: v for part in [subject, *said] for k, v in part.values.items()}
        names = choose_fields(r, known, n)
        while True:
            fields = [make_field(r, test, name, known[name]) for name in names]
            if len({k for k, _, _ in fields}) == len(fields):
                break
        text = tell(r, subject.clause, [part.clause for part in said])
        return text, record({k: s for k, s, _ in fields}), {k: v for k, _, v in fields}, long_form
    text, shape, value, long_form = draw(rng, make, test, lambda x: f"schema {x[0]} {list(x[1]['properties'])}")
    assert conforms(value, shape) and list(value) == list(shape["properties"])
    assert all(isinstance(leaf, bool) or str(leaf) in text for leaf in leaves(value)), (text, value)
    answer = dumps(value)
    assert json.loads(answer) == value
    question = rng.choice(FORMS).format(schema=(full if long_form else compact)(shape), text=text)
    return ask("schema", question, answer, check={"json": value})


RECORDS: list[Callable[[random.Random], tuple[Part, list[Part]]]] = [person, person, product, trip, event, home]
SKILLS = {"schema": Skill(schema, 3.0)}
