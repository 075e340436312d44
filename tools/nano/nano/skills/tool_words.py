"""The many ways to describe a tool and to ask for one.

A pattern is a sentence in which [a|b|] stands for one of a few wordings, verb* for a verb that is inflected ("Get*" reads Get or Gets), and {slot}
for a value. Held out: what a tool does, in its wording; the topics of tools that are made up.
"""
import random
import re
from enum import Enum
from typing import Any

from nano.items import draw, is_test
from nano.skills.json_shapes import BOOLEAN, INTEGER, STRING, enum
from nano.words import NAMES, NOUNS, capital, pseudo


class Wording(Enum):
    """How tools are described and asked for: as in most test sets, as in training, or as training has not shown it."""
    PLAIN = "plain"
    MANY = "many"
    UNSEEN = "unseen"


# What a kind of tool does, by its words in nano.skills.tools. Without a verb it is a name for what one gets.
DOES = {
    "weather forecast sky": [
        "[get|find|fetch|check|show|look up|tell|report|return]* the [|current |latest |local ]weather[| forecast| report| conditions]"
        "[| of| in| for| at] [a|the|a given|one|any|some] [city|place|town|location|area]", "[get|find|check|report|tell]* the [|current ]weather",
        "the [|current ]weather [of|in|for] a [city|place|town|location]",
        "[weather|current weather|weather forecast][| for a city| in a place| for a location| service]",
        "[tell|report|find]* [what the weather is like|how warm it is|the temperature] in a [city|place|town]"],
    "alarm wake clock": ["[set|create|add|make|schedule]* an alarm[| clock][| for| at][| a given| an| some] [hour|time]",
        "[set|create|add]* [alarms|a new alarm|an alarm clock]", "[wake]* [the user|somebody|a person|me] [up|up at a time|at a given hour]",
        "[alarm clock|an alarm for an hour|morning alarm]"],
    "music song player": ["[play|start|put on]* [music|a song|a track|some music|a given song][| by title| by name| for the user| on the speaker]",
        "[music player|player of songs|songs by title|play back of music]"],
    "message mail chat": [
        "[send|write]* [a message|a text|a text message|a short message|an email|a mail|a chat message] to [a person|a friend|somebody|someone"
        "|a contact|a receiver]", "[send]* [messages|emails|a text message|mail]", "[message|mail|chat][| service| to a person| to a friend]"],
    "light lamp": ["[turn|switch]* [a light|the light|lights|a lamp|the lamp][| in a room| of a room] on or off",
        "[turn|switch]* [on or off|on and off] [a light|the lights|the lamps]",
        "[control|switch|set]* [the light|the lights|a lamp|the lamps][| in a room| of a room| at home]",
        "[light switch|lights of a room|smart lamp]"],
    "light color paint": ["[change|set|choose|adjust]* the color of [a lamp|the light|the lights|a light|lamps][| in a room]",
        "[make|turn]* [a lamp|the light] [a color|colored]", "[color of a lamp|light colors|colored light in a room]"],
    "price shop cost": ["[get|find|check|look up|show|tell|return]* the [|current ]price of [a thing|an item|an article|a product|something]"
        "[| in the shop| in a store]", "[tell|find|say]* [what a thing costs|how much an item costs|how much something is]",
        "[prices|price of a product|shop prices|cost of a thing]"],
    "train travel ticket": ["[find|get|search|look up|show|check]* [the next train|trains|train times|a train|train connections]"
        "[| between two cities| from one city to another| from city to city]", "[tell]* when the [next train|train] [leaves|goes|departs]",
        "[train times|next train|timetable of trains|train connections between cities]"],
    "timer countdown watch": ["[start|set|create|run]* a [timer|countdown][| for some minutes| of some minutes| in minutes| with a duration]",
        "[count]* down [some minutes|minutes|a number of minutes]", "[timer|kitchen timer|countdown timer|timer with minutes]"],
    "translate language words": [
        "[translate]* [a word|words|text|a term|a given word][| into another language| to another language| into a language]",
        "[find|look up]* [a word in another language|a foreign word|the translation of a word]", "[translation of a word|translator|foreign words]"],
    "list shopping basket": ["[add|put|write]* [things|items|food|products|one or more items] [to|on|onto] [the|a] shopping list",
        "[add]* to the [shopping list|basket]", "[write|note]* [what we must buy|what to buy|things to buy]",
        "[shopping list|list of things to buy|the basket]"],
    "calendar event plan": ["[add|put|create|save|schedule]* [an event|a new event|an appointment|an entry] [to|in|into] [the|a|my] calendar",
        "[create|plan|schedule|make]* [an event|events|a calendar event|an appointment]", "[calendar|calendar events|new calendar entry]"],
    "heating thermostat warm": ["[set|change|adjust|control]* the [heating|thermostat|temperature of a room|heating of a room|room temperature]",
        "[heat|warm]* [a room|the house|a given room]", "[set|say]* how warm [a room|it] is", "[heating|thermostat|heating of a room|room heating]"],
    "search web find": ["[search|browse]* the [web|internet|net][| for a topic| for information| for a query| for pages]",
        "[find|look for|get]* [pages|web pages|information|results][| on the web| on the internet| about a topic| about a word]",
        "[web search|internet search|search engine]"],
    "app program open": ["[open|start|launch|run]* [an app|a program|an application|apps|a given app][| by name| on the phone]",
        "[app launcher|programs of the phone|apps to open]"],
    "table restaurant dinner": [
        "[book|reserve|get]* a table[| in a restaurant| at a restaurant| for dinner| for some people| for a number of people]",
        "[make]* a [reservation|booking] [in|at] a restaurant", "[find]* a table for [some people|guests|a day]",
        "[restaurant booking|table reservation|restaurant tables]"],
    "door lock key": ["lock* [or|and] unlock* [a door|the door|doors|a given door]", "[control|change]* the lock of [a door|the house|the doors]",
        "open* or close* [a lock|the lock of a door]", "[door lock|lock of a door|smart lock|keys of the house]"],
    "volume sound loud": ["[set|change|adjust|control]* the [volume|sound volume|loudness][| of the sound| of the speaker| in percent]",
        "[set|say]* how loud [it|the sound|the music] is", "[volume|volume of the sound|volume control|loudness]"],
    "money exchange bank": [
        "[change|convert|exchange]* [euros|money|an amount of euros|an amount][| into other money| to another currency| into a currency]",
        "[tell|find]* what [euros|an amount of euros] [are worth|is worth|is in a currency]", "[money exchange|currency converter|exchange rates]"],
}

# More requests; of each kind those that name all its values.
ASKS = {
    "weather forecast sky": ["What's the weather [in|like in] {city}?", "[Show|Get|Check|Give me] the weather [in|for|of] {city}.",
        "What is the weather like in {city}[| today| now| tomorrow]?", "How is the weather [today |now |]in {city}?",
        "[Weather|The weather] in {city}[, please.|?|.]", "Is it [raining|sunny|cold|warm] in {city}?",
        "[What is|Tell me] the [current |]weather [in|for] {city}[|, please]."],
    "alarm wake clock": ["[Set|Create|Make] an alarm [at|for] {hour}[.| o'clock.]", "I [must|have to|want to] get up at {hour}.",
        "Alarm at {hour}[, please.|.]", "[Set|Create] an alarm at {hour}, {often}.", "Wake me at {hour}, {often}[, please|]."],
    "music song player": ['[Put on|Start] "{song}".', 'Let me hear "{song}".', '[Start|Play|Put on] the [track|song|music] "{song}".',
        "[Play|Start|Put on] {song}."],
    "message mail chat": ['Send {name} the [text|message|mail] "{text}".', '[Write|Mail|Text] "{text}" to {name}.',
        'Send a [message|text|mail] to {name}: "{text}".', 'Let {name} know "{text}".'],
    "light lamp": ["{state}, the light in the {room}.", "[Turn|Switch] the [lamp|lights|lamps] in the {room} {state}.",
        "[Turn|Switch] {state} the {room} [light|lamp|lights].", "[Turn|Switch] the {room} [light|lights|lamp] {state}.",
        "I want the light in the {room} {state}."],
    "light color paint": ["[Turn|Change|Set] the light in the {room} to {color}.", "[Make|Turn] the {room} [lamp|light] {color}.",
        "The lamp in the {room} should be {color}.", "Change the color of the lamp in the {room} to {color}."],
    "price shop cost": ["[Find|Get|Check|Show me|Tell me] the price of the {thing}.", "What's the price of [the|a] {thing}?",
        "How much does [the|a] {thing} cost?", "Price of the {thing}[, please.|?]"],
    "train travel ticket": ["When [is|goes] the next train from {start} to {goal}?", "[Show me|Get|Find me] the next train from {start} to {goal}.",
        "[Is there a|Which] train from {start} to {goal}?", "I [must|need to|want to] go from {start} to {goal} by train."],
    "timer countdown watch": ["[Set|Run|Start] a timer for {minutes} minutes.", "[Start|Set] a {minutes} minute [timer|countdown].",
        "Tell me when {minutes} minutes are over.", "I need a timer of {minutes} minutes."],
    "translate language words": ['[Translate|Put] the word "{word}" [into|to] {language}.', "What's \"{word}\" in {language}?",
        'I need "{word}" in {language}.', "[Translate|Say] {word} [in|into] {language}.", 'What does "{word}" mean in {language}?'],
    "list shopping basket": ["[Put|Write|Add] {foods} [on|onto|to] [the|my|our] [shopping list|list].",
        "[I|We] [need|must buy|want to buy] {foods}.", "[Remember|Remind me] to buy {foods}.", "Shopping list: {foods}."],
    "calendar event plan": ["[Add|Schedule|Save|Create] a {event} on {day} at {hour}.",
        "[Add|Put] the {event} on {day} at {hour} [to|into] [my|the] calendar.", "There is a {event} on {day} at {hour}.",
        "On {day} at {hour} I have a {event}."],
    "heating thermostat warm": ["[Set|Bring|Warm] the {room} to {degrees} degrees.", "[Make|Have] it {degrees} degrees in the {room}.",
        "The {room} should have {degrees} degrees.", "[Set|Put] the thermostat in the {room} to {degrees}."],
    "search web find": ["[Search|Look] for {topic}.", 'Search the [internet|net|web] for "{topic}".', 'What does the web say about "{topic}"?',
        'Find [something|information|news] about "{topic}".', "[Search|Find|Google] {topic} [on the web|online]."],
    "app program open": ["[Open|Start|Launch|Run] the {app}.", "[Open|Launch|Run] my {app} app.", "Show me the {app} app.",
        "[Open|Start|Launch] {app}."],
    "table restaurant dinner": ["[Reserve|Book|Get] a table [on|for] {day} for {people} people.",
        "[We are|We will be] {people} people on {day}, [book|reserve] a table.", "Dinner for {people} people on {day}[, please.|.]",
        "A table for {people} on {day}[, please.|.]"],
    "door lock key": ["{action} the {door} door.", "The {door} door, {action} it.", "I need you to {action} the {door} door[| now].",
        "[Go and|Now] {action} the {door} door."],
    "volume sound loud": ["[Set|Turn|Put|Bring] the [volume|sound] to {level}[| percent].", "[Make|Have] the volume {level}.",
        "Volume {level}[, please.|.]", "Volume to {level}[, please.|.]"],
    "money exchange bank": ["[Convert|Exchange] {euros} euros [to|into] {currency}.", "How much [is|are] {euros} euros in {currency}?",
        "I want to change {euros} euros into {currency}.", "{euros} euros in {currency}[, please.|?]"],
}

# Tools that are made up: they tell something of a thing, or do something with one.
TOPICS = """age size weight height width depth speed score rank owner author birthday address status balance recipe history meaning origin population
distance route menu rating salary shape value email website password label category brand model version year news result grade pressure humidity
rainfall river mountain leader anthem flag island animal plant father mother teacher doctor friend boss team""".split() + [
    "stock price", "zip code", "job title", "home page", "opening hours", "bank balance", "blood type", "flight status"]
OBJECTS = """file folder photo document invoice package parcel report note page video contact account car bike order flight hotel task project
backup record question picture robot printer server device window machine oven engine garage lawn pool job process database branch container
comment post poll playlist podcast payment bill customer""".split()
ACTS = """read write delete remove copy rename print share upload download cancel track repair clean wash paint sell buy rent return save archive
start stop check count move update edit send""".split()
HOLDERS = "person city company country product user thing student player book client animal".split()
TELLS = ["[get|find|look up|fetch|show|return|tell|check]* the [|current |latest ]{topic} of [a|an|the|a given] {holder}",
         "[get|find|fetch|return]* [a|the] {holder}[| and its| with the] {topic}", "[get|show|return|find]* the {topic}", "{topic} of a {holder}",
         "the {topic} for [a|one|any] {holder}", "{holder} {topic}"]
MOVES = ["{act}* [a|one|the|an existing|a given] {topic}[| by name| by id| for the user]", "{act}* {topic}s",
         "[let]* [you|users|a person] {act} a {topic}"]
TELL_ASKS = ["What is the {topic} of {x}?", "What's {x}'s {topic}?", "[Find|Get|Show me|Tell me|Look up|Give me] the {topic} of {x}.",
             "[I need|I want to know] the {topic} of {x}.", "[Check|Get] the {topic} for {x}.", "Do you know the {topic} of {x}?",
             "{x}: [what is the|the] {topic}?"]
MOVE_ASKS = ["[{act}|Please {act}] the {topic} {x}.", "[{act}|Please {act}] {topic} {x}.", "I want [you |]to {act} the {topic} {x}.",
             "[Can|Could] you {act} the {topic} {x}?", "The {topic} {x}: {act} it."]
TELL_PARAMS, MOVE_PARAMS = "name id query key subject target", "name id path target which"

ANY_TEXT, PLACES, FILES = {"song", "text", "topic", "word", "thing"}, {"city", "start", "goal", "name"}, "txt pdf csv json png".split()

NOTES = ["[The|A] {what}[.|]", "[Name of the|The name of the|Which|The given] {what}[.|]", "[The {what}|{what}] to [use|take|look for|work on][.|]",
         "{what} [value|name|of the request][.|]"]
OPTIONAL = {"unit units": enum(["celsius", "fahrenheit"]), "limit max_results n": INTEGER, "verbose details debug": BOOLEAN,
            "format style": enum(["short", "long"]), "priority": enum(["low", "high"]),
            "lang locale": STRING | {"description": "Language of the result"}}
IMPERATIVES = set("""Set Play Send Turn Switch Make Find Start Add Put Plan Heat Search Look Open Book Change Translate Tell Count Write Wake Show Get
Give Check Create Schedule Save Convert Exchange Reserve Launch Run Bring Warm Let""".split())


def say(rng: random.Random, pattern: str) -> str:
    """A sentence of the pattern; verbs keep their marks, values their places."""
    return re.sub(r"\[([^]]*)\]", lambda m: rng.choice(m[1].split("|")), pattern)


def third(text: str) -> str:
    """The marked verbs in the third person; of "look up*" the first word is the verb."""
    def change(m: re.Match) -> str:
        verb, rest = m[1], m[2]
        return (verb[:-1] + "ies" if re.search("[^aeiou]y$", verb) else verb + ("es" if verb.endswith(("ch", "sh", "ss", "x")) else "s")) + rest
    return re.sub(r"(\w+)((?: (?:up|on|for))?)\*", change, text)


def polite(rng: random.Random, text: str) -> str:
    """The same request in another tone."""
    chance = rng.random()
    first = text.split()[0]
    if first in IMPERATIVES and chance < .3:
        lower = text[0].lower() + text[1:]
        plain = lower.rstrip(".")
        return rng.choice([f"Please {lower}", f"Can you {plain}?", f"Could you {plain}?", f"{capital(plain)}, please.", f"I want you to {lower}",
                           f"Hey, {lower}"])
    if chance > .92:
        return text.rstrip(".?")
    return text


def does(rng: random.Random, patterns: list[str]) -> str:
    return say(rng, rng.choice(patterns))


def does_of(rng: random.Random, words: str, unseen: bool) -> str:
    """What a kind of tool does, of the wanted half."""
    return draw(rng, lambda r: does(r, DOES[words]), unseen, lambda text: f"does {text}", 8)


def plain(text: str) -> str:
    """What makes two descriptions the same."""
    return text.lower().rstrip(".")


def describe(rng: random.Random, text: str) -> str:
    """A description of a tool that does this."""
    if "*" in text:
        bare, inflected = text.replace("*", ""), third(text)
        text = rng.choices([bare, inflected, say(rng, f"[Use this to|Use this tool to|Tool to|Function to|A tool to|Call this to] {bare}"),
                            say(rng, f"[This tool|A tool that|A function that|This function|It] {inflected}")], [4, 4, 1, 1])[0]
    text = re.sub(r"\b([Aa]) (?=[aeiou](?!se))", r"\1n ", text)
    if rng.random() < .85:
        text = capital(text)
    return text + ("." if rng.random() < .55 else "")


def note(rng: random.Random, what: str) -> str:
    """A description of a parameter."""
    return capital(say(rng, rng.choice(NOTES)).format(what=what.replace("_", " ")))


def optional(rng: random.Random, taken: set[str]) -> tuple[str, dict] | None:
    """A parameter that nobody asks for, with a name that is not taken."""
    names, schema = rng.choice(list(OPTIONAL.items()))
    name = rng.choice(names.split())
    return None if name in taken else (name, schema)


def someone(rng: random.Random) -> str:
    """What a made-up tool is asked about."""
    return rng.choice([rng.choice(NAMES), rng.choice(NOUNS), anything(rng), capital(pseudo(rng, 3, 7)), str(rng.randint(2, 999))])


def anything(rng: random.Random) -> str:
    """A value that is in no list: one or two words, invented or not, the name of a file."""
    first, second = (rng.choice(NOUNS) if rng.random() < .4 else pseudo(rng, 3, 8) for _ in range(2))
    return rng.choice([first, capital(first), capital(second), f"{first} {second}", f"{capital(first)} {capital(second)}",
                       f"{first}.{rng.choice(FILES)}"])


def widened(rng: random.Random, values: dict[str, Any]) -> dict[str, Any]:
    """Now and then another value where any would do."""
    def other(slot: str, value: Any) -> Any:
        if slot in ANY_TEXT and rng.random() < .3:
            return anything(rng)
        return capital(pseudo(rng, 4, 8)) if slot in PLACES and rng.random() < .3 else value
    return {slot: other(slot, value) for slot, value in values.items()}


def topic(rng: random.Random, topics: list[str], unseen: bool) -> str:
    return draw(rng, lambda r: r.choice(topics), unseen, lambda t: f"topic {t}", 6)
