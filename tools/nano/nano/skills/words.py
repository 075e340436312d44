"""Letters and lists: copy, reverse, upper case, spell, letters of a word, repeat, sort.

Quoted text is a run of letters to the tokenizer and unquoted known words are one token each. So answers are built
from what stands in the question (letters from quotes, words with a space before them), and nothing but `spell` and
`sort_words` needs to know how a known word is spelled. Held out is always the content (the word, the list), never the
wording; `spell` holds out the pair of the word and the wording, since a spelling must have been seen."""
import random

from nano.items import Item, Skill, ask, draw
from nano.skills.sentences import sentence
from nano.words import CITIES, DIGITS, LETTERS, NAMES, NOUNS, NUMBERS, word


def _random_text(rng: random.Random, alphabet: str, shortest: int, longest: int) -> str:
    return "".join(rng.choice(alphabet) for _ in range(rng.randint(shortest, longest)))


def _text_to_copy(rng: random.Random) -> str:
    kind = rng.random()
    if kind < .35:
        return word(rng, 3, 12)
    if kind < .5:
        return " ".join(rng.choice(NOUNS) for _ in range(rng.randint(2, 6)))
    if kind < .75:  # long strings: many labels, the cheapest way to learn to copy
        return _random_text(rng, LETTERS + DIGITS, 12, 40)
    return _random_text(rng, DIGITS, 3, 12) if kind < .87 else sentence(rng)


def copy(rng: random.Random, test: bool) -> Item:
    text = draw(rng, _text_to_copy, test, lambda x: f"copy {x}")
    form = rng.choice(['Repeat: "{}"', 'Say "{}".', 'Copy this text: "{}"', 'Write "{}" again.'])
    return ask("copy", form.format(text), text)


def _short_word(rng: random.Random, test: bool) -> str:
    """A word of 3 to 8 letters; in training now and then a shorter one, the easy end."""
    return _random_text(rng, LETTERS, 1, 3) if not test and rng.random() < .1 else word(rng, 3, 8)


def _new_word(rng: random.Random, test: bool, skill: str) -> str:
    return draw(rng, lambda r: _short_word(r, test), test, lambda x: f"{skill} {x}")


def reverse(rng: random.Random, test: bool) -> Item:
    w = _new_word(rng, test, "reverse")
    form = rng.choice(['Reverse the word "{}".', 'Write "{}" backwards.', 'Spell "{}" from the end to the start.'])
    return ask("reverse", form.format(w), w[::-1])


def upper(rng: random.Random, test: bool) -> Item:
    w = _new_word(rng, test, "upper")
    form = rng.choice(['Write "{}" in capital letters.', 'Make "{}" upper case.', 'Upper case: "{}"'])
    return ask("upper", form.format(w), w.upper())


def letter(rng: random.Random, test: bool) -> Item:
    w = _new_word(rng, test, "letter")
    place = rng.choice(["first", "last"])
    form = rng.choice(
        ['What is the {} letter of "{}"?', 'Tell me the {} letter of "{}".', 'Write the {} letter of "{}".'])
    return ask("letter", form.format(place, w), w[0] if place == "first" else w[-1])


def count(rng: random.Random, test: bool) -> Item:
    w = _new_word(rng, test, "count")
    form = rng.choice(['How many letters are in "{}"?', 'Count the letters of "{}".', 'How long is the word "{}"?'])
    return ask("count_letters", form.format(w), str(len(w)))


def repeat(rng: random.Random, test: bool) -> Item:
    """One line for each time: after a line break a word is letters again, as in the quotes."""
    w, n = draw(rng, lambda r: (_short_word(r, test)[:6], r.randint(2, 5)), test, lambda x: f"repeat {x}")
    form = rng.choice(['Say "{}" {} times.', 'Write "{}" {} times.', 'Repeat the word "{}" {} times.'])
    return ask("repeat", form.format(w, NUMBERS[n]), "\n".join([w] * n))


SPELL_FORMS = [
    "Spell the word {}.", "How do you spell {}?", "Write the letters of the word {}.",
    "Which letters are in the word {}?", "Spell {} for me."
]


def spell(rng: random.Random, test: bool) -> Item:
    w, form = draw(rng, lambda r: (r.choice(NOUNS + NAMES + CITIES), r.choice(SPELL_FORMS)), test,
                   lambda x: f"spell {x}")
    return ask("spell", form.format(w), "-".join(w))


UP, DOWN = ["", " from small to large"], [" from large to small", " in falling order"]


def _numbers(rng: random.Random, test: bool) -> list[int]:
    top = 10 if rng.random() < .6 else 100
    return rng.sample(range(top), rng.randint(3 if test else 2, 5))


def sort_numbers(rng: random.Random, test: bool) -> Item:
    """Held out: the set of numbers, in whatever order."""
    xs = draw(rng, lambda r: _numbers(r, test), test, lambda x: f"sort {sorted(x)}")
    down = rng.random() < .4
    form = rng.choice(["Sort these numbers{}: {}", "Put these numbers in order{}: {}", "Order these numbers{}: {}"])
    if down:
        form = form.replace(" in order", "")
    way = rng.choice(DOWN if down else UP)
    return ask("sort_numbers", form.format(way, ", ".join(map(str, xs))),
               ", ".join(map(str, sorted(xs, reverse=down))))


def _different_words(rng: random.Random, test: bool) -> list[str]:
    """Words whose first letters differ: the first letter decides the order."""
    pool = NOUNS if rng.random() < .7 else NAMES
    while True:
        xs = rng.sample(pool, rng.randint(3 if test else 2, 4))
        if len({x[0] for x in xs}) == len(xs):
            return xs


def sort_words(rng: random.Random, test: bool) -> Item:
    """Held out: the set of words. The answer starts with fixed words, so that each word keeps the space before it."""
    xs = draw(rng, lambda r: _different_words(r, test), test, lambda x: f"sort {sorted(x)}")
    form = rng.choice(["Sort these words: {}", "Put these words in alphabetical order: {}", "Sort from a to z: {}"])
    return ask("sort_words", form.format(", ".join(xs)), f"In order: {', '.join(sorted(xs))}.")


SKILLS = {
    "copy": Skill(copy, 5), "reverse": Skill(reverse, 3), "upper": Skill(upper, 2), "letter": Skill(letter, 1),
    "count_letters": Skill(count, 1.5), "repeat": Skill(repeat, 1), "spell": Skill(spell, 1),
    "sort_numbers": Skill(sort_numbers, 2), "sort_words": Skill(sort_words, 1.5)
}
