"""Everyday words that the skills share. A word means the same everywhere, so that each skill helps the others."""
NOUNS = """apple bread chair table house river mountain garden window door lamp book pencil paper stone tree flower bird horse
sheep goat mouse tiger lion eagle snake fish whale boat train plane bridge road street market school church castle tower island forest
desert valley beach cloud storm winter summer spring autumn morning evening night silver gold copper iron glass wood cotton leather
sugar salt pepper butter cheese honey milk water juice coffee lemon orange cherry banana grape melon potato carrot onion bean rice corn
doctor teacher farmer baker sailor painter singer driver soldier king queen prince friend sister brother mother father cousin guitar
violin piano drum flute trumpet camera radio clock mirror candle basket bottle bucket hammer needle button jacket shirt glove boot
pillow blanket carpet curtain kitchen bedroom cellar attic fence gate wall roof floor""".split()
NAMES = """Anna Ben Carla David Emma Felix Greta Hugo Irene Jonas Karin Leo Maria Nils Olga Paul Rosa Simon Tina Victor Wanda Yusuf
Zoe Alice Bruno Clara Denis Elena Frank Gina Henry Ivan Julia Kevin Laura Marco Nora Oscar Petra Robin""".split()
CAPITALS = dict(pair.split(":") for pair in """France:Paris Germany:Berlin Spain:Madrid Italy:Rome Portugal:Lisbon
Austria:Vienna Poland:Warsaw Greece:Athens Norway:Oslo Sweden:Stockholm Finland:Helsinki Denmark:Copenhagen Ireland:Dublin
England:London Russia:Moscow Turkey:Ankara Egypt:Cairo Kenya:Nairobi Ghana:Accra Morocco:Rabat China:Beijing Japan:Tokyo India:Delhi
Thailand:Bangkok Vietnam:Hanoi Peru:Lima Chile:Santiago Cuba:Havana Canada:Ottawa Hungary:Budapest""".split())
CITIES = list(CAPITALS.values())
ROOMS = "kitchen bedroom cellar attic garden hall office bathroom".split()
COLORS = "red green blue yellow black purple orange gray".split()
NUMBERS = "zero one two three four five six seven eight nine ten eleven twelve".split()
ORDINALS = "first second third fourth fifth sixth".split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = "January February March April May June July August September October November December".split()
EVENTS = "meeting party concert lesson dinner lunch visit test".split()
LETTERS = "abcdefghijklmnopqrstuvwxyz"
DIGITS = "0123456789"
CONSONANTS, VOWELS = "bcdfghjklmnprstvwz", "aeiou"


def pseudo(rng, shortest: int = 3, longest: int = 8) -> str:
    """An invented word that can be pronounced."""
    n, word = rng.randint(shortest, longest), ""
    while len(word) < n:
        word += rng.choice(CONSONANTS) + rng.choice(VOWELS) + (rng.choice("nrslt") if rng.random() < .3 else "")
    return word[:n]


def letters(rng, shortest: int = 3, longest: int = 8) -> str:
    return "".join(rng.choice(LETTERS) for _ in range(rng.randint(shortest, longest)))


def word(rng, shortest: int = 3, longest: int = 8) -> str:
    """A known word, an invented one or a string of letters."""
    kind = rng.random()
    if kind < .3:
        return rng.choice(NOUNS)
    return pseudo(rng, shortest, longest) if kind < .75 else letters(rng, shortest, longest)


def with_article(noun: str) -> str:
    return ("an " if noun[0] in "aeiou" else "a ") + noun


def listed(words: list[str]) -> str:
    """How a list reads in a sentence: milk, bread and rice."""
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]


def capital(text: str) -> str:
    """The text with its first letter in upper case."""
    return text[0].upper() + text[1:]
