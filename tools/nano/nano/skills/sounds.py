"""Skills on sounds: spoken digits, words, commands and questions, French digits, beeps.

Held out in every skill that speaks: the voice settings of the test half (accent, variant, speed and pitch together),
and beyond that the content where there is enough of it, as each function says. Clips come from the bank of
nano/voices.py.
"""
import random
from collections.abc import Callable

import numpy as np

from nano.items import Call, Item, Media, Model, Skill, User, draw, is_test
from nano.skills import chat
from nano.voices import (DIGITS, DOORS, FRENCH, INSTRUMENTS, PEOPLE, PLACES, QUESTIONS, SUMS, WORDS, beep, recording,
                         spoken)
from nano.words import NUMBERS, ROOMS, capital

SPOKEN_DIGITS = ["Which digits do you hear?", "Write down the spoken digits.", "Which number is spoken?"]
SPOKEN_WORDS = ["Which words do you hear?", "Write down the spoken words.", "Which words are spoken?"]
SPOKEN_WORD = ["Which word do you hear?", "Write down the spoken word.", "Which word is spoken?"]
BEEPS = ["How many beeps do you hear?", "Count the beeps.", "How many beeps are there?"]
IN_ENGLISH = ["What number is this in English?", "Say these French digits in English.",
              "Translate the spoken digits into English."]
ANSWER = ["Answer the spoken question.", "Answer the question in the recording.", "Listen and answer."]
# What the family is asked for a transcript with; the language may be named. Training shows it beside the short questions.
TRANSCRIBE = """Transcribe the following speech segment in {}.

Follow these specific instructions for formatting the answer:
* Only output the transcription, with no newlines.
* When transcribing numbers, write the digits, i.e. write 1.7 and not one point seven, and write 3 instead of three."""
OBEY = ["Do what is said.", "Follow the spoken command.", "Do what you hear."]


def hear(skill: str, samples: np.ndarray, question: str, answer: str) -> Item:
    return Item(skill, [User(question, [Media("audio", samples)]), Model(answer)])


def written_down(rng: random.Random, test: bool, questions: list[str]) -> str:
    """A question for what is said; in training sometimes the family's own instruction."""
    if not test and rng.random() < .25:
        return TRANSCRIBE.format(rng.choice(["its original language", "English into English text"]))
    return rng.choice(questions)


def digit_string(rng: random.Random, test: bool, longest: int) -> str:
    """Held out: strings of two and more digits. One digit has only its voice held out."""
    n = rng.randint(1, longest)
    if n == 1:
        return str(rng.randrange(10))
    return draw(rng, lambda r: "".join(r.choice("0123456789") for _ in range(n)), test, lambda s: f"spoken {s}")


def spoken_digits(rng: random.Random, test: bool) -> Item:
    """One to four digits -> "472". Held out: voices; strings of two and more digits."""
    number = digit_string(rng, test, 4)
    samples = spoken(rng, [f"en:{DIGITS[int(d)]}" for d in number], test)
    return hear("spoken_digits", samples, written_down(rng, test, SPOKEN_DIGITS), number)


def french_digits(rng: random.Random, test: bool) -> Item:
    """One to three French digits -> "seven two". Held out: voices; strings of two and more digits."""
    number = digit_string(rng, test, 3)
    answer = " ".join(DIGITS[int(d)] for d in number)
    samples = spoken(rng, [f"fr:{FRENCH[int(d)]}" for d in number], test)
    return hear("french_digits", samples, rng.choice(IN_ENGLISH), answer)


def spoken_word(rng: random.Random, test: bool) -> Item:
    """One of the hundred words -> "apple". Held out: voices."""
    word = rng.choice(WORDS)
    return hear("spoken_word", spoken(rng, [f"en:{word}"], test), written_down(rng, test, SPOKEN_WORD), word)


def spoken_words(rng: random.Random, test: bool) -> Item:
    """Two or three of the hundred words -> "red apple". Held out: voices; the words in their order."""
    words = draw(rng, lambda r: r.sample(WORDS, r.randint(2, 3)), test, lambda w: f"spoken {' '.join(w)}")
    samples = spoken(rng, [f"en:{w}" for w in words], test)
    return hear("spoken_words", samples, written_down(rng, test, SPOKEN_WORDS), " ".join(words))


def beeps(rng: random.Random, test: bool) -> Item:
    """One to six beeps -> "Four.". Held out: count, pitch and length together."""
    def make(r):
        return r.randint(1, 6), r.randrange(300, 2001, 25), r.randrange(80, 201, 10)
    count, hertz, length = draw(rng, make, test, lambda x: f"beeps {x}")
    return hear("beeps", beep_recording(rng, count, hertz, length)[0], rng.choice(BEEPS), f"{capital(NUMBERS[count])}.")


def beep_recording(rng: random.Random, count: int, hertz: float,
                   milliseconds: int) -> tuple[np.ndarray, list[tuple[int, int]]]:
    """Equal tones with gaps that differ a little; and where each begins and ends."""
    tone = beep(rng, milliseconds * 16, hertz, rng.choice(["sine", "rich"]))
    gap = rng.uniform(.09, .22)
    return recording(rng, [tone] * count, (gap, gap * 1.25))


def answers() -> dict[str, str]:
    """The answers to the spoken questions: those that the same questions get in writing (nano.skills.chat)."""
    written = {q: answer for _, questions, answer in chat.FACTS for q in questions}
    written |= {q: answer for questions, answer in chat.ABOUT_NANO for q in questions}
    written |= {f"{phrase}!": answer for phrases, answer in chat.GREETINGS for phrase in phrases}
    written |= {f"What is {NUMBERS[a]} plus {NUMBERS[b]}?": str(a + b) for a, b in SUMS}
    return {q: written[q] for q in QUESTIONS}


ANSWERS = answers()


def spoken_question(rng: random.Random, test: bool) -> Item:
    """A question spoken as one sentence -> its answer. Held out: voices (the questions are a small fixed set)."""
    question = rng.choice(QUESTIONS)
    return hear("spoken_question", spoken(rng, [f"en:{question}"], test), rng.choice(ANSWER), ANSWERS[question])


# ------------------------------------------------------------------------------------------------ commands
# Only names of the training half: those of the other half are what the tests of written tool calls have never shown.
TOOL_NAMES = {kind: [name for name in names.split() if not is_test(f"tool {name}")] for kind, names in dict(
    light="set_light light_tool switch_light", timer="set_timer timer_tool start_timer",
    play="play_music music_tool start_music", call="call_person call_tool ask_call",
    weather="get_weather weather_tool find_weather", door="set_door door_tool run_door").items()}
assert all(TOOL_NAMES.values())


def declaration(kind: str, name: str) -> dict:
    """The function declaration of a kind of tool under a name."""
    word = dict(type="string")
    description, properties = dict(
        light=("Turns a light on or off.", dict(room=word, state=dict(type="string", enum=["on", "off"]))),
        timer=("Starts a timer with minutes.", dict(minutes=dict(type="integer"))),
        play=("Plays music.", dict(instrument=word)),
        call=("Calls a person.", dict(name=word)),
        weather=("Gets the weather of a city.", dict(city=word)),
        door=("Opens or closes something.", dict(what=word, action=dict(type="string", enum=["open", "close"]))))[kind]
    parameters = dict(type="object", properties=properties, required=list(properties))
    return dict(name=name, description=description, parameters=parameters)


def order(rng: random.Random) -> tuple[str, list[str], dict]:
    """A kind of tool, the spoken words of a command and the arguments that it asks for."""
    kind = rng.choice(["light", "light", "timer", "play", "call", "weather", "door"])
    pick: Callable[[list[str]], str] = rng.choice
    if kind == "light":
        room, state = pick(ROOMS), pick(["on", "off"])
        return kind, ["light", room, state], dict(room=room, state=state)
    if kind == "timer":
        minutes = rng.randint(2, 12)
        return kind, ["timer", NUMBERS[minutes], "minutes"], dict(minutes=minutes)
    if kind == "door":
        what, action = pick(DOORS), pick(["open", "close"])
        return kind, [action, what], dict(what=what, action=action)
    values, argument = dict(play=(INSTRUMENTS, "instrument"), call=(PEOPLE, "name"), weather=(PLACES, "city"))[kind]
    value = pick(values)
    return kind, [kind, value], {argument: value}


def command(rng: random.Random, test: bool) -> Item:
    """A spoken command, one to three declared tools -> one call. Held out: voices; the words together with the name of
    the tool."""
    def make(r):
        kind, words, arguments = order(r)
        return kind, words, arguments, r.choice(TOOL_NAMES[kind])
    kind, words, arguments, name = draw(rng, make, test, lambda x: f"command {' '.join(x[1])} {x[3]}", 5)
    others = rng.sample([k for k in TOOL_NAMES if k != kind], rng.randint(0, 2))
    tools = [declaration(kind, name)] + [declaration(k, rng.choice(TOOL_NAMES[k])) for k in others]
    purposes = {tool["name"]: "music" if k == "play" else k for tool, k in zip(tools, [kind, *others])}
    rng.shuffle(tools)
    assert set(arguments) == set(declaration(kind, name)["parameters"]["required"])
    samples = spoken(rng, [f"en:{w}" for w in words], test)
    turns = [User(rng.choice(OBEY), [Media("audio", samples)]), Model(calls=[Call(name, arguments)])]
    return Item("command", turns, tools=tools, purposes=purposes)


SKILLS = dict(spoken_digits=Skill(spoken_digits, 3), spoken_word=Skill(spoken_word, 2),
              spoken_words=Skill(spoken_words, 2), beeps=Skill(beeps, 1), command=Skill(command, 2),
              french_digits=Skill(french_digits, 1.5), spoken_question=Skill(spoken_question, 1))
