"""Tool calls: choosing among declared tools, typed arguments, using results, two calls at once, no call when none fits.

Held out: the names of the tools; every tool name in a test prompt is unseen in training. For the skill that is judged
by the answer to a result, the pair of arguments and result is held out as well; in `tool_words` what the tools do, in its
wording, and the topics of made-up ones. The description of a tool decides, because names may be invented and the names of
parameters vary; the type of a parameter varies too ("state": "on" or "enabled": true).
"""
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from nano.items import Call, Item, Model, Results, Skill, User, draw, is_test
from nano.skills import chat, words
from nano.skills.json_shapes import BOOLEAN, INTEGER, NUMBER, STRING, STRINGS, conforms, enum, leaves, record
from nano.skills import tool_words as wordings
from nano.skills.tool_words import Wording
from nano.words import CITIES, COLORS, DAYS, EVENTS, NAMES, ROOMS, capital, listed, pseudo, word

FOODS = """apple bread sugar salt pepper butter cheese honey milk water juice coffee lemon melon potato carrot onion
rice corn""".split()
THINGS = """chair table lamp book pencil guitar violin piano drum flute camera radio clock mirror basket hammer jacket
carpet""".split()
APPS = "camera clock radio mail photo game map book".split()
DOORS = "front back garden cellar kitchen".split()
LANGUAGES = "French German Spanish Italian".split()
CURRENCIES = "dollars pounds francs crowns".split()
ONCE = {"every day": True, "only once": False}
NO_TOOL, FAILED = "I have no tool for that.", "Sorry, that did not work."


@dataclass(frozen=True)
class Form:
    """One way to declare a parameter: its possible names, its schema (which may be drawn, knowing the value) and how
    the value of the text becomes the argument."""
    names: str
    schema: dict | Callable[[random.Random, Any], dict]
    convert: Callable[[Any], Any] = lambda v: v


@dataclass(frozen=True)
class Kind:
    """A kind of tool. `slots` are the values that the request and the answer mention; a parameter takes one slot, or
    several as an object. `results` are pairs (result, answer), in which {r} is a drawn value. `pairs` ask for two sets
    of values at once. `does` are patterns of what it does (nano.skills.tool_words) when it is not known by its words."""
    words: str
    about: list[str]
    slots: dict[str, Callable[[random.Random], Any]]
    params: list[tuple[str, list[Form]]]
    requests: list[str]
    results: list[tuple[str, str]]
    drawn: Callable[[random.Random], str] = lambda rng: ""
    pairs: list[str] = field(default_factory=list)
    does: list[str] = field(default_factory=list)

    @property
    def group(self) -> str:
        """Kinds with the same first word are too similar to be declared together."""
        return self.words.split()[0]

    @property
    def enumerated(self) -> bool:
        """Whether a declaration may fit the values that it was made for and no others."""
        return any(callable(form.schema) for _, forms in self.params for form in forms)


def one_of(values: list) -> Callable[[random.Random], Any]:
    return lambda rng: rng.choice(values)


def between(low: int, high: int) -> Callable[[random.Random], int]:
    return lambda rng: rng.randint(low, high)


def some_of(values: list[str]) -> Callable[[random.Random], Any]:
    def choose(rng: random.Random, value: str) -> dict:
        return enum(sorted(rng.sample([v for v in values if v != value], rng.randint(1, 2)) + [value]))
    return choose


def title(rng: random.Random) -> str:
    return word(rng, 3, 7) if rng.random() < .8 else f"{rng.choice(THINGS)} {rng.choice(COLORS)}"


def foods(rng: random.Random) -> list[str]:
    return rng.sample(FOODS, rng.randint(1, 3))


def clock(rng: random.Random) -> str:
    return f"{rng.randint(0, 23)}:{rng.randint(10, 59)}"


def said(value: Any) -> str:
    """How a value reads in a sentence."""
    return listed(value) if isinstance(value, list) else str(value)


PARAM = {
    "city": [Form("city place town location", STRING)],
    "start": [Form("start origin departure", STRING)],
    "goal": [Form("goal target destination", STRING)],
    "hour": [Form("hour time at", INTEGER)],
    "often": [Form("daily repeat every_day", BOOLEAN, ONCE.get)],
    "song": [Form("song title track", STRING)],
    "name": [Form("to person receiver", STRING)],
    "text": [Form("text body content", STRING)],
    "room": [Form("room where place", STRING)],
    "state": [Form("state mode power", enum(["on", "off"])), Form("on enabled active", BOOLEAN, lambda v: v == "on")],
    "color": [Form("color paint tone", some_of(COLORS)), Form("color tone", STRING)],
    "thing": [Form("item thing article", STRING)],
    "minutes": [Form("minutes duration length", INTEGER)],
    "word": [Form("word term text", STRING)],
    "language": [Form("language target into", some_of(LANGUAGES)), Form("language target into", STRING)],
    "foods": [Form("items things list", STRINGS)],
    "event": [Form("title event name", STRING)],
    "degrees": [Form("degrees temperature value", NUMBER)],
    "topic": [Form("query topic words", STRING)],
    "app": [Form("app program name", STRING)],
    "people": [Form("people persons guests", INTEGER)],
    "day": [Form("day weekday date", STRING)],
    "door": [Form("door name which", STRING)],
    "action": [Form("action mode", enum(["lock", "unlock"])), Form("locked closed", BOOLEAN, lambda v: v == "lock")],
    "level": [Form("level volume percent", INTEGER)],
    "euros": [Form("euros amount value", INTEGER)],
    "currency": [Form("currency target unit", some_of(CURRENCIES)), Form("currency target unit", STRING)],
}
NOTES = {"city": "The city.", "start": "The first city.", "goal": "The last city.", "hour": "From 0 to 23.",
         "often": "True: every day.",
         "song": "The song.", "name": "The person.", "text": "The message.", "room": "The room.", "color": "The color.",
         "thing": "The thing.", "minutes": "The minutes.", "foods": "What to buy.", "degrees": "The degrees.",
         "app": "The app.",
         "people": "How many people.", "day": "The day.", "door": "The door.", "level": "From 0 to 99.",
         "euros": "The euros."}


def done(answer: str) -> list[tuple[str, str]]:
    return [(r, answer) for r in ("ok", "done")]


def params(*slots: str) -> list[tuple[str, list[Form]]]:
    return [(s, PARAM[s]) for s in slots]


KINDS = [
    Kind("weather forecast sky", ["Gets the weather of a city.", "Tells the weather in a place.",
                                  "Weather report for a town."],
         {"city": one_of(CITIES)}, params("city"),
         ["What is the weather in {city}?", "How is the weather in {city}?", "Tell me the weather in {city}."],
         [(w, "The weather in {city} is %s." % w) for w in "sunny rainy cloudy windy".split()]
         + [("{r} degrees", "It is {r} degrees in {city}.")] * 2,
         lambda rng: str(rng.randint(2, 39)), ["What is the weather in {city} and in {city2}?",
                                               "Compare the weather in {city} and {city2}."]),
    Kind("alarm wake clock", ["Sets an alarm.", "Sets an alarm at an hour.", "Wakes a person at an hour."],
         {"hour": between(1, 23)}, params("hour"),
         ["Set an alarm for {hour}.", "Wake me up at {hour}.", "I need an alarm at {hour}."],
         done("The alarm is set for {hour}."),
         pairs=["Set alarms for {hour} and {hour2}.", "Wake me up at {hour} and at {hour2}."]),
    Kind("alarm wake clock", ["Sets an alarm.", "Sets an alarm at an hour.", "Wakes a person at an hour."],
         {"hour": between(1, 23), "often": one_of(list(ONCE))}, params("hour", "often"),
         ["Set an alarm for {hour}, {often}.", "Wake me up at {hour}, {often}.", "I need an alarm at {hour}, {often}."],
         done("The alarm is set for {hour}, {often}.")),
    Kind("music song player", ["Plays music.", "Plays a song by title.", "Starts a song."], {"song": title},
         params("song"),
         ['Play the song "{song}".', 'Play "{song}", please.', 'I want to hear "{song}".'],
         done('I am playing "{song}".')),
    Kind("message mail chat", ["Sends a message to a person.", "Writes a message to a friend.",
                               "Sends a text to somebody."],
         {"name": one_of(NAMES), "text": title}, params("name", "text"),
         ['Send "{text}" to {name}.', 'Write {name} the message "{text}".', 'Tell {name} "{text}".'],
         done("The message to {name} is sent."), pairs=['Send "{text}" to {name} and "{text2}" to {name2}.']),
    Kind("light lamp", ["Turns a light on or off.", "Switches the lamp of a room.", "Controls the light in a room."],
         {"room": one_of(ROOMS), "state": one_of(["on", "off"])}, params("room", "state"),
         ["Turn {state} the light in the {room}.", "Switch {state} the lamp in the {room}.",
          "Turn the light in the {room} {state}."],
         done("The light in the {room} is {state}."),
         pairs=["Turn the light in the {room} {state} and in the {room2} {state2}."]),
    Kind("light color paint", ["Changes the color of a lamp.", "Sets the color of the light.", "Gives a lamp a color."],
         {"room": one_of(ROOMS), "color": one_of(COLORS)}, params("room", "color"),
         ["Make the light in the {room} {color}.", "Set the lamp in the {room} to {color}.",
          "I want {color} light in the {room}."],
         done("The light in the {room} is {color}.")),
    Kind("price shop cost", ["Finds the price of a thing.", "Tells what a thing costs.",
                             "Price of an article in the shop."],
         {"thing": one_of(THINGS)}, params("thing"),
         ["What does the {thing} cost?", "What is the price of the {thing}?", "How much is the {thing}?"],
         [("{r}", "The {thing} costs {r} euros."), ("{r} euros", "The {thing} costs {r} euros.")],
         lambda rng: str(rng.randint(2, 99)), ["What do the {thing} and the {thing2} cost?"]),
    Kind("train travel ticket", ["Finds the next train.", "Train times between two cities.",
                                 "Next train from city to city."],
         {"start": one_of(CITIES), "goal": one_of(CITIES)}, params("start", "goal"),
         ["When does the next train from {start} to {goal} leave?", "Find a train from {start} to {goal}.",
          "I want to take the train from {start} to {goal}."],
         [("{r}", "The next train to {goal} leaves at {r}."), ("{r} today", "The next train to {goal} leaves at {r}."),
          ("no train", "There is no train to {goal}.")], clock),
    Kind("timer countdown watch", ["Starts a timer.", "Counts down some minutes.", "Timer for some minutes."],
         {"minutes": between(2, 59)}, params("minutes"),
         ["Start a timer of {minutes} minutes.", "Timer for {minutes} minutes, please.",
          "Count down {minutes} minutes."],
         done("The timer runs for {minutes} minutes."), pairs=["Start timers of {minutes} and {minutes2} minutes."]),
    Kind("translate language words", ["Translates a word.", "Finds a word in another language.",
                                      "Looks up a foreign word."],
         {"word": title, "language": one_of(LANGUAGES)}, params("word", "language"),
         ['Translate "{word}" into {language}.', 'What is "{word}" in {language}?',
          'How do you say "{word}" in {language}?'],
         [("{r}", 'It is "{r}" in {language}.')], pseudo),
    Kind("list shopping basket", ["Adds things to the shopping list.", "Puts items on a list.",
                                  "Writes what we must buy."],
         {"foods": foods}, params("foods"),
         ["Add {foods} to my shopping list.", "Put {foods} on the shopping list.", "We need to buy {foods}."],
         done("The list has {foods}.")),
    Kind("calendar event plan", ["Adds an event to the calendar.", "Plans an event.", "Puts an event in the calendar."],
         {"event": one_of(EVENTS), "day": one_of(DAYS), "hour": between(8, 22)},
         params("event") + [("day hour", [Form("when slot", {})])],
         ["Put a {event} on {day} at {hour} in my calendar.", "Plan a {event} for {day} at {hour}.",
          "I have a {event} on {day} at {hour}."], done("The {event} is on {day} at {hour}.")),
    Kind("heating thermostat warm", ["Sets the heating of a room.", "Heats a room.", "Sets how warm a room is."],
         {"room": one_of(ROOMS), "degrees": lambda rng: rng.randint(15, 27) + .5}, params("room", "degrees"),
         ["Heat the {room} to {degrees} degrees.", "Set the heating in the {room} to {degrees} degrees.",
          "I want {degrees} degrees in the {room}."], done("The {room} is set to {degrees} degrees.")),
    Kind("search web find", ["Searches the web.", "Finds pages about a word.", "Looks for pages on the web."],
         {"topic": title}, params("topic"),
         ['Search the web for "{topic}".', 'Find pages about "{topic}".', 'Look for "{topic}" on the web.'],
         [("{r} pages", 'I found {r} pages about "{topic}".'), ("nothing", 'I found nothing about "{topic}".')],
         lambda rng: str(rng.randint(2, 99))),
    Kind("app program open", ["Opens an app.", "Starts a program by name.", "Starts an app on the phone."],
         {"app": one_of(APPS)},
         params("app"), ["Open the {app} app.", "Start the {app} app.", "I want to use the {app} app."],
         done("The {app} app is open."), pairs=["Open the {app} app and the {app2} app."]),
    Kind("table restaurant dinner", ["Books a table.", "Books a table in a restaurant.",
                                     "Finds a table for some people."],
         {"people": between(2, 12), "day": one_of(DAYS)}, params("people", "day"),
         ["Book a table for {people} people on {day}.", "I need a table for {people} people on {day}.",
          "On {day} we want a table for {people} people."], done("The table for {people} people is booked for {day}.")),
    Kind("door lock key", ["Locks or unlocks a door.", "Controls the lock of a door.", "Opens or closes a lock."],
         {"action": one_of(["lock", "unlock"]), "door": one_of(DOORS)}, params("action", "door"),
         ["Please {action} the {door} door.", "Can you {action} the {door} door?",
          "I want you to {action} the {door} door."],
         done("The {door} door is {action}ed."),
         pairs=["Please {action} the {door} door and {action2} the {door2} door."]),
    Kind("volume sound loud", ["Sets the volume.", "Sets how loud it is.", "Changes the volume of the sound."],
         {"level": between(0, 99)}, params("level"),
         ["Set the volume to {level}.", "Change the volume to {level}.", "I want the volume at {level}."],
         done("The volume is {level}.")),
    Kind("money exchange bank", ["Changes euros into other money.", "Tells what euros are worth.", "Changes money."],
         {"euros": between(2, 99), "currency": one_of(CURRENCIES)}, params("euros", "currency"),
         ["Change {euros} euros into {currency}.", "What are {euros} euros in {currency}?",
          "How many {currency} are {euros} euros?"],
         [("{r}", "{euros} euros are {r} {currency}.")], lambda rng: str(rng.randint(2, 999))),
]

TELLING = [k for k in KINDS if any(result not in ("ok", "done") for result, _ in k.results)]    # with a result to use

VERBS = "get find fetch query read show load run make start create build do call ask set".split()
SERVICES = "tool service api now helper".split()


def tool_name(rng: random.Random, test: bool, kind: Kind) -> str:
    """A name of the wanted half: telling (get_weather, weather_api, getWeather) or invented."""
    def make(r: random.Random) -> str:
        key, style = r.choice(kind.words.split()), r.random()
        if style < .35:
            return f"{r.choice(VERBS)}_{key}"
        if style < .5:
            return f"{key}_{r.choice(SERVICES + [pseudo(r, 2, 5)])}"
        if style < .6:
            return r.choice(VERBS) + capital(key)
        return pseudo(r, 3, 6) + (f"_{pseudo(r, 3, 5)}" if r.random() < .5 else str(r.randint(0, 9)))
    return draw(rng, make, test, lambda name: f"tool {name}")


@dataclass
class Tool:
    """A declared tool: for each parameter its name, its slots and how the text's value becomes the argument."""
    kind: Kind
    name: str
    fields: list[tuple[str, list[str], Any]]
    declaration: dict

    def arguments(self, values: dict[str, Any]) -> dict[str, Any]:
        args = {}
        for name, slots, convert in self.fields:
            args[name] = convert[0](values[slots[0]]) if len(slots) == 1 else {
                key: to(values[slot]) for slot, key, to in zip(slots, *zip(*convert))}
        assert conforms(args, self.declaration["parameters"]), (args, self.declaration)
        return args


def made_up(rng: random.Random, unseen: bool) -> Kind:
    """A kind of tool that tells something of a thing, or does something with one."""
    if rng.random() < .55:
        topic, holder = wordings.topic(rng, wordings.TOPICS, unseen), rng.choice(wordings.HOLDERS)
        patterns = [p.replace("{topic}", topic).replace("{holder}", holder) for p in wordings.TELLS]
        asks = [a.replace("{topic}", topic) for a in wordings.TELL_ASKS]
        names = f"{wordings.TELL_PARAMS} {holder} {holder}_name"
        results = [("{r}", f"The {topic} of {{x}} is {{r}}.")]
    else:
        topic, act = wordings.topic(rng, wordings.OBJECTS, unseen), rng.choice(wordings.ACTS)
        patterns = [p.replace("{topic}", topic).replace("{act}", act) for p in wordings.MOVES]
        asks = [a.replace("{topic}", topic).replace("{act}", act) for a in wordings.MOVE_ASKS]
        names = f"{wordings.MOVE_PARAMS} {topic} {topic}_id"
        results = done("Done.")
    return Kind(topic, [], {"x": wordings.someone}, [("x", [Form(names, STRING)])], asks, results, drawn=lambda r: pseudo(r, 3, 6), does=patterns)


def any_kind(rng: random.Random, wording: Wording, known: list[Kind] = KINDS) -> Kind:
    """One of the known kinds, or one that is made up."""
    if wording is not Wording.PLAIN and rng.random() < {Wording.MANY: .25, Wording.UNSEEN: .4}[wording]:
        return made_up(rng, wording is Wording.UNSEEN)
    return rng.choice(known)


def description(rng: random.Random, kind: Kind, wording: Wording) -> str:
    if wording is Wording.PLAIN or kind.about and wording is Wording.MANY and rng.random() < .35:
        return rng.choice(kind.about)
    if kind.does:
        return wordings.describe(rng, wordings.does(rng, kind.does))
    unseen, shown = wording is Wording.UNSEEN, set(map(wordings.plain, kind.about))
    while True:
        text = wordings.describe(rng, wordings.does_of(rng, kind.words, unseen))
        if not unseen or wordings.plain(text) not in shown:     # training takes from `about` too
            return text


def request(rng: random.Random, kind: Kind, values: dict[str, Any], wording: Wording) -> str:
    """What a user says who wants the tool to be called with the values."""
    if wording is Wording.PLAIN or kind.about and rng.random() < .4:
        return spell(rng.choice(kind.requests), values)
    slots = set(kind.slots)
    asks = kind.requests if kind.does else [a for a in wordings.ASKS[kind.words] if set(re.findall(r"{(\w+)}", a)) == slots]
    return wordings.polite(rng, spell(wordings.say(rng, rng.choice(asks)), values))


def vary(rng: random.Random, properties: dict[str, dict]) -> dict[str, dict]:
    """Notes to parameters and ones that nobody asks for."""
    for name, schema in properties.items():
        if "description" not in schema and rng.random() < .3:
            properties[name] = schema | {"description": wordings.note(rng, name)}
    more = wordings.optional(rng, set(properties)) if properties and rng.random() < .2 else None
    return dict(rng.sample(list((properties | dict([more])).items()), len(properties) + 1)) if more else properties


def declare(rng: random.Random, test: bool, kind: Kind, values: dict[str, Any], bare: bool = False, wording: Wording = Wording.PLAIN) -> Tool:
    """Declares a tool of the kind, with drawn names. Enumerations of drawn choices contain the given values."""
    wanted = [] if bare else kind.params
    for _ in range(100):
        fields, properties = [], {}
        for slots, forms in wanted:
            slots, form = slots.split(), rng.choice(forms)
            name = rng.choice(form.names.split())
            if len(slots) > 1:
                inner = [rng.choice(PARAM[s]) for s in slots]
                keys = [rng.choice(f.names.split()) for f in inner]
                schema = record({k: f.schema for k, f in zip(keys, inner)})
                fields.append((name, slots, [(k, f.convert) for k, f in zip(keys, inner)]))
            else:
                schema = dict(form.schema(rng, values[slots[0]]) if callable(form.schema) else form.schema)
                if rng.random() < .1 and slots[0] in NOTES:
                    schema["description"] = NOTES[slots[0]]
                fields.append((name, slots, [form.convert]))
            properties[name] = schema
        if len(properties) == len(wanted):
            break
    assert len(properties) == len(wanted)
    name, required = tool_name(rng, test, kind), list(properties)
    if wording is not Wording.PLAIN:
        properties = vary(rng, properties)
    return Tool(kind, name, fields, {"name": name, "description": description(rng, kind, wording),
                                     "parameters": record(properties) | {"required": required}})


def draw_values(rng: random.Random, kind: Kind, wording: Wording) -> dict[str, Any]:
    """Values of all slots; two cities of one request differ."""
    while True:
        values = {slot: make(rng) for slot, make in kind.slots.items()}
        if wording is not Wording.PLAIN:
            values = wordings.widened(rng, values)
        if "goal" not in values or values["start"] != values["goal"]:
            return values


def spell(template: str, values: dict[str, Any], result: str = "") -> str:
    return template.format(r=result, **{k: said(v) for k, v in values.items()})


def usual(test: bool) -> Wording:
    return Wording.PLAIN if test else Wording.MANY


def count_of_tools(rng: random.Random, test: bool) -> int:
    """One to five tools, fewer of them in training, where the easy end comes first."""
    return rng.randint(1, 5) if test else rng.choices([1, 2, 3, 4, 5], [.28, .3, .18, .14, .1])[0]


def toolbox(rng: random.Random, test: bool, wanted: list[tuple[Kind, dict]], n: int,
            exclude: set[str] = frozenset(), bare: bool = False, wording: Wording | None = None) -> list[Tool]:
    """At least n tools, first the wanted ones in their order; bare ones take no arguments."""
    wording = wording or usual(test)
    taken = {kind.group for kind, _ in wanted} | set(exclude)
    chosen = list(wanted)
    while len(chosen) < n:
        kind = any_kind(rng, wording)
        if kind.group not in taken:
            taken.add(kind.group)
            chosen.append((kind, draw_values(rng, kind, wording)))
    while True:
        tools = [declare(rng, test, kind, values, bare, wording) for kind, values in chosen]
        if len({t.name for t in tools}) == len(tools):
            return tools


def declarations(rng: random.Random, tools: list[Tool], test: bool) -> list[dict]:
    assert all(is_test(f"tool {t.name}") == test for t in tools)
    found = [t.declaration for t in tools]
    rng.shuffle(found)
    return found


def outcome(rng: random.Random, kind: Kind, values: dict[str, Any]) -> tuple[str, str]:
    """A result of the tool and the answer that it leads to; now and then the tool fails."""
    if rng.random() < .06:
        return rng.choice(["error", "failed"]), FAILED
    result, answer = rng.choice(kind.results)
    drawn = kind.drawn(rng)
    return result.format(r=drawn), spell(answer, values, drawn)


def check_call(request: str, args: dict[str, Any]) -> None:
    """Every argument that is not a truth value stands in the request."""
    for leaf in leaves(args):
        assert isinstance(leaf, bool) or str(leaf) in request, (request, args)


def purposes(tools: list[Tool]) -> dict[str, str]:
    return {tool.name: tool.kind.group for tool in tools}


def exchange(rng: random.Random, tool: Tool, values: dict[str, Any], wording: Wording, result: tuple[str, str] | None = None) -> list:
    """Request, call, result and answer."""
    text = request(rng, tool.kind, values, wording)
    args = tool.arguments(values)
    check_call(text, args)
    result, answer = result or outcome(rng, tool.kind, values)
    return [User(text), Model(calls=[Call(tool.name, args)]), Results([(tool.name, result)]), Model(answer)]


def one_call(rng: random.Random, test: bool, wording: Wording, skill: str) -> Item:
    """One of the declared tools fits; the call is judged. In training a second request may follow, to another tool or
    the same."""
    kind = any_kind(rng, wording)
    values = draw_values(rng, kind, wording)
    tools = toolbox(rng, test, [(kind, values)], count_of_tools(rng, test), wording=wording)
    turns = exchange(rng, tools[0], values, wording)
    if not test and rng.random() < .35:
        again = rng.choice([t for t in tools if not t.kind.enumerated] or [None])
        if again:
            turns += exchange(rng, again, draw_values(rng, again.kind, wording), wording)
    return Item(skill, turns, declarations(rng, tools, test), scored=0, purposes=purposes(tools))


def tool_choice(rng: random.Random, test: bool) -> Item:
    """Tools in the words of this file."""
    return one_call(rng, test, usual(test), "tool_choice")


def tool_words(rng: random.Random, test: bool) -> Item:
    """Tools in other words, and tools that are made up."""
    return one_call(rng, test, Wording.UNSEEN if test else Wording.MANY, "tool_words")


def tool_result(rng: random.Random, test: bool) -> Item:
    """Call and result are in the history; the answer that uses the result is judged."""
    def make(r: random.Random) -> tuple:
        kind = r.choice(TELLING if r.random() < .7 else KINDS)
        values = draw_values(r, kind, usual(test))
        return kind, values, outcome(r, kind, values)
    kind, values, result = draw(rng, make, test, lambda x: f"result {x[0].group} {sorted(x[1].items())} {x[2][0]}")
    tools = toolbox(rng, test, [(kind, values)], min(3, count_of_tools(rng, test)))
    return Item("tool_result", exchange(rng, tools[0], values, usual(test), result), declarations(rng, tools, test), scored=1,
                purposes=purposes(tools))


def both(rng: random.Random, first: str, second: str) -> str:
    """Two requests in one turn."""
    return rng.choice(["{0} {1}", "{0} Then: {1}", "{0} And also: {1}", "First: {0} Second: {1}"]).format(first, second)


def same_tool_twice(rng: random.Random, test: bool) -> tuple[list[Tool], list[Tool], list[dict], str]:
    """Two requests to one tool: (tools, the used ones, their values, text)."""
    wording = usual(test)
    kind = any_kind(rng, wording, [k for k in KINDS if not k.enumerated])
    while True:
        values = [draw_values(rng, kind, wording) for _ in range(2)]
        if all(values[0][s] != values[1][s] for s in kind.slots if s not in ("state", "action", "often")):
            break
    tools = toolbox(rng, test, [(kind, values[0])], count_of_tools(rng, test))
    if kind.pairs and rng.random() < .6:
        text = spell(rng.choice(kind.pairs), values[0] | {k + "2": v for k, v in values[1].items()})
    else:
        text = both(rng, *(request(rng, kind, v, wording) for v in values))
    return tools, [tools[0]] * 2, values, text


def two_tools(rng: random.Random, test: bool) -> tuple[list[Tool], list[Tool], list[dict], str]:
    """A request to one tool and a request to another: (tools, the used ones, their values, text)."""
    wording = usual(test)
    kinds = [any_kind(rng, wording)]
    kinds.append(rng.choice([k for k in KINDS if k.group != kinds[0].group]))
    values = [draw_values(rng, k, wording) for k in kinds]
    tools = toolbox(rng, test, list(zip(kinds, values)), max(2, count_of_tools(rng, test)))
    return tools, tools[:2], values, both(rng, *(request(rng, k, v, wording) for k, v in zip(kinds, values)))


def tool_parallel(rng: random.Random, test: bool) -> Item:
    """Two requests in one turn, of two tools or of one tool with other arguments; both calls are judged, in order."""
    tools, used, values, text = rng.choice([same_tool_twice, two_tools])(rng, test)
    calls = [Call(t.name, t.arguments(v)) for t, v in zip(used, values)]
    for call in calls:
        check_call(text, call.args)
    results = [outcome(rng, t.kind, v) for t, v in zip(used, values)]
    turns = [User(text), Model(calls=calls), Results([(c.name, r) for c, (r, _) in zip(calls, results)]),
             Model(" ".join(answer for _, answer in results))]
    return Item("tool_parallel", turns, declarations(rng, tools, test), scored=0, purposes=purposes(tools))


def plain_question(rng: random.Random, test: bool) -> list:
    """Something that is answered without any tool, as if none were declared."""
    make = rng.choices([chat.chat, chat.fact, words.copy], [.35, .4, .25])[0]
    return make(rng, test).turns


def tool_none(rng: random.Random, test: bool) -> Item:
    """No declared tool fits: a request for a missing tool is declined, small talk and simple questions are answered.
    The web search would fit too much, so it is not declared here."""
    wording = usual(test)
    missing = any_kind(rng, wording, [k for k in KINDS if k.group != "search"])
    n = min(4, count_of_tools(rng, test))
    tools = toolbox(rng, test, [], n, {"search", missing.group})
    if rng.random() < .6:
        turns = [User(request(rng, missing, draw_values(rng, missing, wording), wording)), Model(NO_TOOL)]
    else:
        turns = plain_question(rng, test)
    if not test and rng.random() < .3:                     # a fitting request beside it shows the difference
        usable = rng.choice([t for t in tools if not t.kind.enumerated] or [None])
        if usable:
            more = exchange(rng, usable, draw_values(rng, usable.kind, wording), wording)
            turns = turns + more if rng.random() < .5 else more + turns
    return Item("tool_none", turns, declarations(rng, tools, test), purposes=purposes(tools))


def tool_drill(rng: random.Random, test: bool) -> Item:
    """Two requests to tools of one toolbox, half the time of tools without parameters, whose names are all that there is to a call. Few of
    them are asked for, or it would be learned to call what has not been called yet."""
    bare = rng.random() < .5
    tools = toolbox(rng, test, [], rng.randint(3, 7 if bare else 5), {"search"}, bare)
    usable = [t for t in tools if bare or not t.kind.enumerated]
    turns = []
    for tool in rng.sample(usable, min(2, len(usable))):
        turns += exchange(rng, tool, draw_values(rng, tool.kind, usual(test)), usual(test))
    if rng.random() < .3 or not turns:
        kind = rng.choice([k for k in KINDS if k.group not in {t.kind.group for t in tools} | {"search"}])
        more = [User(request(rng, kind, draw_values(rng, kind, usual(test)), usual(test))), Model(NO_TOOL)]
        turns = more + turns if rng.random() < .5 else turns + more
    return Item("tool_drill", turns, declarations(rng, tools, test), scored=0, purposes=purposes(tools))


def which_drill(rng: random.Random, test: bool) -> Item:
    """The name alone of the tool for a request, or of the one with a description: what decides whether a call is right."""
    tools = toolbox(rng, test, [], rng.randint(4, 8), {"search"}, bare=True)
    missing = [k for k in KINDS if k.group not in {t.kind.group for t in tools} | {"search"}]
    asked = [(tool.kind, tool.declaration["description"], f"{tool.name}.") for tool in rng.sample(tools, 3)]
    if not test and rng.random() < .3:
        asked.insert(rng.randint(0, 3), (rng.choice(missing), "", "None."))
    turns = []
    for kind, about, answer in asked:
        text = about if about and rng.random() < .4 else request(rng, kind, draw_values(rng, kind, usual(test)), usual(test))
        turns += [User(f"Which tool: {text}"), Model(answer)]
    return Item("which_drill", turns, declarations(rng, tools, test), scored=0, purposes=purposes(tools))


SKILLS = {"which_drill": Skill(which_drill, 2.0, drill=True), "tool_drill": Skill(tool_drill, 2.0, drill=True),
          "tool_choice": Skill(tool_choice, 4.0), "tool_words": Skill(tool_words, 3.0), "tool_result": Skill(tool_result, 1.0),
          "tool_parallel": Skill(tool_parallel, 2.0), "tool_none": Skill(tool_none, 1.5)}
