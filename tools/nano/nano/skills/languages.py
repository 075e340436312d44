"""Translation of simple sentences between English and French, German and Spanish, both ways.

A sentence is built once from the tables below and written in all four languages, with gender, case, contraction,
elision and agreement. Words and patterns are chosen so that each sentence has one translation: French partitives stand
for bare English mass nouns, Spanish adjectives follow the noun and Spanish leaves out "I", objects are things (no
personal "a"), German has the contracted "im". Held out: the English sentence, in all languages and directions at once.
Each word and each pattern occurs in training.
"""
import random
import re
from collections.abc import Callable
from dataclasses import dataclass

from nano.items import Item, Model, Skill, User, draw

Text = dict[str, str]                                      # language -> text
LANGUAGES = {"fr": "French", "de": "German", "es": "Spanish"}


@dataclass(frozen=True)
class Noun:
    en: str
    fr: str
    fr_gender: str
    de: str
    de_gender: str
    es: str
    es_gender: str


@dataclass(frozen=True)
class Adjective:
    """French: masculine, feminine, masculine before a vowel; Spanish: masculine, feminine; German: the stem."""
    en: str
    fr: tuple[str, str, str]
    de: str
    es: tuple[str, str]
    before: bool                                           # French: before the noun


@dataclass(frozen=True)
class Verb:
    """Third and first person singular of the present tense, and the objects that make sense."""
    en: tuple[str, str]
    fr: tuple[str, str]
    de: tuple[str, str]
    es: tuple[str, str]
    objects: str = ""


def _nouns(text: str) -> dict[str, Noun]:
    return {line.split()[0]: Noun(*line.split()) for line in text.strip().split("\n")}


PEOPLE = _nouns("""
man homme m Mann m hombre m
woman femme f Frau f mujer f
boy garçon m Junge m niño m
girl fille f Mädchen n niña f
king roi m König m rey m
queen reine f Königin f reina f
doctor médecin m Arzt m médico m
teacher professeur m Lehrer m profesor m
farmer fermier m Bauer m granjero m
father père m Vater m padre m
mother mère f Mutter f madre f
brother frère m Bruder m hermano m
sister sœur f Schwester f hermana f
friend ami m Freund m amigo m""")
FAMILY = "father mother brother sister friend".split()     # "my ..." only
ANIMALS = _nouns("""
dog chien m Hund m perro m
cat chat m Katze f gato m
horse cheval m Pferd n caballo m
bird oiseau m Vogel m pájaro m
mouse souris f Maus f ratón m
fish poisson m Fisch m pez m
cow vache f Kuh f vaca f
sheep mouton m Schaf n oveja f""")
DRINKS = _nouns("""
milk lait m Milch f leche f
water eau f Wasser n agua f
coffee café m Kaffee m café m
tea thé m Tee m té m""")
FOODS = _nouns("""
bread pain m Brot n pan m
cheese fromage m Käse m queso m
rice riz m Reis m arroz m
meat viande f Fleisch n carne f""")
THINGS = _nouns("""
book livre m Buch n libro m
letter lettre f Brief m carta f
chair chaise f Stuhl m silla f
table table f Tisch m mesa f
lamp lampe f Lampe f lámpara f
apple pomme f Apfel m manzana f
flower fleur f Blume f flor f
bottle bouteille f Flasche f botella f
shirt chemise f Hemd n camisa f
key clé f Schlüssel m llave f
hat chapeau m Hut m sombrero m
door porte f Tür f puerta f
window fenêtre f Fenster n ventana f
tree arbre m Baum m árbol m
bridge pont m Brücke f puente m
car voiture f Auto n coche m
boat bateau m Boot n barco m
house maison f Haus n casa f""")
PLACES = _nouns("""
garden jardin m Garten m jardín m
kitchen cuisine f Küche f cocina f
school école f Schule f escuela f
forest forêt f Wald m bosque m
city ville f Stadt f ciudad f
castle château m Schloss n castillo m""")
NOUNS = PEOPLE | ANIMALS | DRINKS | FOODS | THINGS | PLACES
SMALL = "book letter chair lamp apple flower bottle shirt key hat".split()
LARGE = "car boat house".split()
INSIDE = [*PLACES, "house", "car", "boat"]
ON_TOP, BELOW = "table chair bridge".split(), "table chair bridge tree".split()
OBLIQUE = {"Junge": "Jungen", "Bauer": "Bauern"}           # German nouns with another form outside the nominative
FRENCH_VOWEL = {"homme", "ami", "oiseau", "eau", "arbre", "école"}      # the article loses its vowel before these

ADJECTIVES = {a.en: a for a in (
    Adjective("big", ("grand", "grande", "grand"), "groß", ("grande", "grande"), True),
    Adjective("small", ("petit", "petite", "petit"), "klein", ("pequeño", "pequeña"), True),
    Adjective("old", ("vieux", "vieille", "vieil"), "alt", ("viejo", "vieja"), True),
    Adjective("young", ("jeune", "jeune", "jeune"), "jung", ("joven", "joven"), True),
    Adjective("new", ("nouveau", "nouvelle", "nouvel"), "neu", ("nuevo", "nueva"), True),
    Adjective("beautiful", ("beau", "belle", "bel"), "schön", ("hermoso", "hermosa"), True),
    Adjective("strong", ("fort", "forte", "fort"), "stark", ("fuerte", "fuerte"), False),
    Adjective("red", ("rouge", "rouge", "rouge"), "rot", ("rojo", "roja"), False),
    Adjective("white", ("blanc", "blanche", "blanc"), "weiß", ("blanco", "blanca"), False),
    Adjective("black", ("noir", "noire", "noir"), "schwarz", ("negro", "negra"), False),
    Adjective("green", ("vert", "verte", "vert"), "grün", ("verde", "verde"), False),
    Adjective("blue", ("bleu", "bleue", "bleu"), "blau", ("azul", "azul"), False))}
PERSON_ADJECTIVES, ANIMAL_ADJECTIVES = "small old young strong".split(), "big small old young strong".split()
THING_ADJECTIVES = "big small old new beautiful red white black green blue".split()

EATS = Verb(("eats", "eat"), ("mange", "mange"), ("isst", "esse"), ("come", "como"), "apple")
DRINKS_VERB = Verb(("drinks", "drink"), ("boit", "bois"), ("trinkt", "trinke"), ("bebe", "bebo"))
TRANSITIVE = [
    EATS,
    Verb(("sees", "see"), ("voit", "vois"), ("sieht", "sehe"), ("ve", "veo"),
         "tree bridge door window garden castle forest small large"),
    Verb(("has", "have"), ("a", "ai"), ("hat", "habe"), ("tiene", "tengo"), "garden castle small large"),
    Verb(("buys", "buy"), ("achète", "achète"), ("kauft", "kaufe"), ("compra", "compro"), "garden small large"),
    Verb(("sells", "sell"), ("vend", "vends"), ("verkauft", "verkaufe"), ("vende", "vendo"), "garden small large"),
    Verb(("takes", "take"), ("prend", "prends"), ("nimmt", "nehme"), ("toma", "tomo"), "small"),
    Verb(("looks for", "look for"), ("cherche", "cherche"), ("sucht", "suche"), ("busca", "busco"),
         "kitchen school castle bridge small large"),
    Verb(("reads", "read"), ("lit", "lis"), ("liest", "lese"), ("lee", "leo"), "book letter"),
    Verb(("writes", "write"), ("écrit", "écris"), ("schreibt", "schreibe"), ("escribe", "escribo"), "book letter")]
INTRANSITIVE = [
    Verb(("sleeps", "sleep"), ("dort", "dors"), ("schläft", "schlafe"), ("duerme", "duermo")),
    Verb(("works", "work"), ("travaille", "travaille"), ("arbeitet", "arbeite"), ("trabaja", "trabajo")),
    Verb(("sings", "sing"), ("chante", "chante"), ("singt", "singe"), ("canta", "canto")),
    Verb(("plays", "play"), ("joue", "joue"), ("spielt", "spiele"), ("juega", "juego")),
    Verb(("runs", "run"), ("court", "cours"), ("rennt", "renne"), ("corre", "corro")),
    Verb(("comes", "come"), ("vient", "viens"), ("kommt", "komme"), ("viene", "vengo"))]
ANIMAL_VERBS = {"sleeps", "runs", "comes", "plays", "sees", "looks for"}
PREPOSITIONS = {"in": ("dans", "in", "en"), "on": ("sur", "auf", "sobre"), "under": ("sous", "unter", "debajo de"),
                "with": ("avec", "mit", "con")}

# German articles and adjective endings: case -> gender -> form
DEFINITE = {"nom": dict(m="der", f="die", n="das"), "acc": dict(m="den", f="die", n="das"),
            "dat": dict(m="dem", f="der", n="dem")}
EIN_ENDING = {"nom": dict(m="", f="e", n=""), "acc": dict(m="en", f="e", n=""), "dat": dict(m="em", f="er", n="em")}
WEAK = {"nom": dict(m="e", f="e", n="e"), "acc": dict(m="en", f="e", n="e"), "dat": dict(m="en", f="en", n="en")}
MIXED = {"nom": dict(m="er", f="e", n="es"), "acc": dict(m="en", f="e", n="es"), "dat": dict(m="en", f="en", n="en")}


@dataclass(frozen=True)
class Phrase:
    """A noun phrase: the, a, my or nothing (mass nouns), an adjective perhaps, and the noun."""
    det: str
    noun: Noun
    adjective: Adjective | None = None

    def en(self) -> str:
        words = ([self.adjective.en] if self.adjective else []) + [self.noun.en]
        det = "an" if self.det == "a" and words[0][0] in "aeiou" else self.det
        return " ".join(([det] if det else []) + words)

    def fr(self) -> str:
        feminine, words = self.noun.fr_gender == "f", [self.noun.fr]
        if self.adjective:
            masculine, fem, vowel = self.adjective.fr
            form = fem if feminine else vowel if self.adjective.before and self.noun.fr in FRENCH_VOWEL else masculine
            words.insert(0 if self.adjective.before else 1, form)
        elided = words[0] in FRENCH_VOWEL
        the = "l'" if elided else "la " if feminine else "le "
        det = {"the": the, "a": "une " if feminine else "un ", "my": "ma " if feminine and not elided else "mon ",
               "": "du " if the == "le " else "de " + the}[self.det]
        return det + " ".join(words)

    def de(self, case: str = "nom") -> str:
        gender, noun = self.noun.de_gender, self.noun.de if case == "nom" else OBLIQUE.get(self.noun.de, self.noun.de)
        if not self.det:
            return noun
        stem = {"a": "ein", "my": "mein"}.get(self.det)
        det = stem + EIN_ENDING[case][gender] if stem else DEFINITE[case][gender]
        ending = (WEAK if self.det == "the" else MIXED)[case][gender]
        return " ".join([det] + ([self.adjective.de + ending] if self.adjective else []) + [noun])

    def es(self) -> str:
        feminine = self.noun.es_gender == "f"
        the = "el" if self.noun.es == "agua" or not feminine else "la"
        det = {"the": the, "a": "una" if feminine else "un", "my": "mi", "": ""}[self.det]
        words = [det, self.noun.es, self.adjective.es[feminine] if self.adjective else ""]
        return " ".join(w for w in words if w)

    def all(self, case: str = "nom") -> Text:
        return {"en": self.en(), "fr": self.fr(), "de": self.de(case), "es": self.es()}


def join(*parts: Text, end: str = ".") -> Text:
    """A sentence from parts that have the same order in all languages. French has a space before the question mark."""
    out = {}
    for language in ("en", *LANGUAGES):
        text = " ".join(p[language] for p in parts if p[language])
        first = 1 if text[0] == "¿" else 0
        space = " " if language == "fr" and end == "?" else ""
        out[language] = text[:first] + text[first].upper() + text[first + 1:] + space + end
    return out


def same(en: str, fr: str, de: str, es: str) -> Text:
    return {"en": en, "fr": fr, "de": de, "es": es}


# ------------------------------------------------------------------------------------------------ parts of sentences
def quality(rng: random.Random, noun: Noun) -> Adjective:
    """An adjective that fits. A "grand homme" is a great man, so people are not big."""
    fitting = PERSON_ADJECTIVES if noun.en in PEOPLE else ANIMAL_ADJECTIVES if noun.en in ANIMALS else THING_ADJECTIVES
    return ADJECTIVES[rng.choice(fitting)]


def living(rng: random.Random, adjective: bool = True, animals: float = .35) -> Phrase:
    """Somebody who does something: the man, the old man, my father, the dog."""
    if rng.random() < animals:
        noun = rng.choice(list(ANIMALS.values()))
    else:
        noun = rng.choice(list(PEOPLE.values()))
    if noun.en in FAMILY:
        return Phrase("my", noun)
    return Phrase("the", noun, quality(rng, noun) if adjective and rng.random() < .3 else None)


def thing(rng: random.Random, names: list[str], adjective: float = .4, indefinite: float = .5) -> Phrase:
    noun = NOUNS[rng.choice(names)]
    described = noun.en in THINGS and rng.random() < adjective
    return Phrase("a" if rng.random() < indefinite else "the", noun, quality(rng, noun) if described else None)


def acts(subject: Phrase | None, verb: Verb) -> Text:
    """Subject and verb; without a subject: I. French "je" loses its vowel, Spanish leaves the pronoun out."""
    k = 1 if subject is None else 0
    if subject:
        who = subject.all()
        return {x: f"{who[x]} {getattr(verb, x)[k]}" for x in who}
    je = "j'" if verb.fr[1][0] in "aeéi" else "je "
    return same(f"I {verb.en[1]}", je + verb.fr[1], f"ich {verb.de[1]}", verb.es[1])


def objects(verb: Verb) -> list[str]:
    return [n for word in verb.objects.split() for n in {"small": SMALL, "large": LARGE}.get(word, [word])]


def at(preposition: str, place: Phrase) -> Text:
    """Preposition and place or company: German dative with "im", Spanish "del"."""
    fr, de, es = PREPOSITIONS[preposition]
    out = same(f"{preposition} {place.en()}", f"{fr} {place.fr()}", f"{de} {place.de('dat')}", f"{es} {place.es()}")
    out["de"] = re.sub(r"^in dem ", "im ", out["de"])
    out["es"] = re.sub(r"^debajo de el ", "debajo del ", out["es"])
    return out


def does(verb: Verb, subject: Phrase) -> bool:
    """Whether the sentence makes sense: animals do only some things."""
    return subject.noun.en in PEOPLE or verb.en[0] in ANIMAL_VERBS and (subject.noun.en, verb.en[0]) != ("fish", "runs")


# ------------------------------------------------------------------------------------------------ patterns of sentences
def s_consume(rng: random.Random) -> Text:
    """The cat drinks milk. I eat bread."""
    subject = None if rng.random() < .25 else living(rng)
    verb, what = rng.choice([(DRINKS_VERB, DRINKS), (EATS, FOODS)])
    return join(acts(subject, verb), Phrase("", rng.choice(list(what.values()))).all())


def s_object(rng: random.Random) -> Text:
    """The girl sees the red house. I have a book."""
    subject, verb = actor(rng, TRANSITIVE)
    what = thing(rng, objects(verb), indefinite=1 if verb.en[0] == "has" else .5)
    return join(acts(None if rng.random() < .25 else subject, verb), what.all("acc"))


def s_is(rng: random.Random) -> Text:
    """The house is old. My brother is strong."""
    subject = living(rng, adjective=False) if rng.random() < .5 else thing(rng, list(THINGS), 0, 0)
    a = quality(rng, subject.noun)
    is_so = same(a.en, a.fr[subject.noun.fr_gender == "f"], a.de, a.es[subject.noun.es_gender == "f"])
    return join(subject.all(), same("is", "est", "ist", "es"), is_so)


def s_place(rng: random.Random) -> Text:
    """The dog is in the garden. The key is under the table."""
    where = rng.choice(["in", "in", "on", "under"])
    if where == "in":
        subject, place = rng.choice([living(rng), thing(rng, SMALL, .3, 0)]), rng.choice(INSIDE)
    else:
        subject = thing(rng, SMALL + list(DRINKS), .3, 0) if rng.random() < .7 else living(rng, animals=1)
        place = rng.choice(ON_TOP if where == "on" else BELOW)
    if subject.noun.en == place:
        return s_place(rng)
    return join(subject.all(), same("is", "est", "ist", "está"), at(where, Phrase("the", NOUNS[place])))


def s_where(rng: random.Random) -> Text:
    """Where is the cat?"""
    subject = living(rng) if rng.random() < .5 else thing(rng, [*SMALL, *LARGE, *PLACES], .4, 0)
    return join(same("where is", "où est", "wo ist", "¿dónde está"), subject.all(), end="?")


def s_this(rng: random.Random) -> Text:
    """This is a big dog. No people: Spanish "esto" is for things."""
    if rng.random() < .3:
        noun = rng.choice(list(ANIMALS.values()))
        phrase = Phrase("a", noun, quality(rng, noun) if rng.random() < .5 else None)
    else:
        phrase = thing(rng, [*THINGS, *PLACES], .5, 1)
    return join(same("this is", "c'est", "das ist", "esto es"), phrase.all())


def actor(rng: random.Random, verbs: list[Verb]) -> tuple[Phrase, Verb]:
    """A subject and a verb that go together."""
    while True:
        subject, verb = living(rng), rng.choice(verbs)
        if does(verb, subject):
            return subject, verb


def s_intransitive(rng: random.Random) -> Text:
    """The king works today. The dog sleeps. I work."""
    subject, verb = actor(rng, INTRANSITIVE)
    today = [same("today", "aujourd'hui", "heute", "hoy")] if rng.random() < .5 else []
    return join(acts(None if rng.random() < .15 else subject, verb), *today)


def s_not(rng: random.Random) -> Text:
    """The dog does not sleep."""
    subject, verb = actor(rng, INTRANSITIVE)
    negated = same(f"does not {verb.en[1]}", f"ne {verb.fr[0]} pas", f"{verb.de[0]} nicht", f"no {verb.es[0]}")
    return join(subject.all(), negated)


def s_with(rng: random.Random) -> Text:
    """The boy plays with the dog."""
    subject, verb = actor(rng, INTRANSITIVE[1:])
    while True:
        other = living(rng, adjective=False)
        if other.noun != subject.noun:
            return join(acts(subject, verb), at("with", other))


SENTENCES: list[tuple[Callable[[random.Random], Text], float]] = [
    (s_consume, 1), (s_object, 3), (s_is, 1.5), (s_place, 2), (s_where, 1), (s_this, 1), (s_intransitive, 1),
    (s_not, 1), (s_with, 1)]


def sentence(rng: random.Random) -> Text:
    return rng.choices([s for s, _ in SENTENCES], [w for _, w in SENTENCES])[0](rng)


def noun_phrase(rng: random.Random) -> Text:
    """The red house, a dog, my father: the easy end."""
    phrase = living(rng) if rng.random() < .4 else thing(rng, list(NOUNS), .6, 0)
    if phrase.noun.en in FAMILY:
        phrase = Phrase("my", phrase.noun)
    elif phrase.noun.en not in {*DRINKS, *FOODS} and rng.random() < .4:
        phrase = Phrase("a", phrase.noun, phrase.adjective)
    return join(phrase.all(), end="")


# ------------------------------------------------------------------------------------------------ checks of the tables
def _known_words() -> dict[str, set[str]]:
    """Every form that the tables allow, by language."""
    known: dict[str, set[str]] = {x: set() for x in ("en", *LANGUAGES)}
    known["en"] |= {"the", "a", "an", "my", "i", "is", "where", "this", "does", "not", "today", *PREPOSITIONS}
    known["fr"] |= set("le la l un une du de mon ma est où c ne pas aujourd hui je j".split())
    known["de"] |= set("ist wo das nicht heute ich im".split()) | {f for t in DEFINITE.values() for f in t.values()}
    known["de"] |= {stem + e for stem in ("ein", "mein") for t in EIN_ENDING.values() for e in t.values()}
    known["es"] |= set("el la un una mi es está dónde esto no hoy debajo de del".split())
    for n in NOUNS.values():
        for language in known:
            known[language].add(getattr(n, language).lower())
    known["de"] |= {o.lower() for o in OBLIQUE.values()}
    for a in ADJECTIVES.values():
        known["en"].add(a.en)
        known["fr"] |= set(a.fr)
        known["de"] |= {a.de + e for e in ("", "e", "en", "er", "es")}
        known["es"] |= set(a.es)
    for v in [*TRANSITIVE, *INTRANSITIVE, DRINKS_VERB]:
        for language in known:
            known[language] |= {w for form in getattr(v, language) for w in form.split()}
    for fr, de, es in PREPOSITIONS.values():
        known["fr"].add(fr), known["de"].add(de), known["es"].add(es)
    return known


KNOWN = _known_words()
for _language in ("en", *LANGUAGES):                       # no two nouns or adjectives share a translation
    assert len({getattr(n, _language) for n in NOUNS.values()}) == len(NOUNS)
    assert len({getattr(a, _language) for a in ADJECTIVES.values()}) == len(ADJECTIVES)
assert all(n.fr_gender in "mf" and n.de_gender in "mfn" and n.es_gender in "mf" for n in NOUNS.values())
assert all(n.de[0].isupper() for n in NOUNS.values())


def check(text: Text) -> Text:
    for language, line in text.items():
        words = re.findall(r"[^\W\d_]+", line)
        assert words and all(w.lower() in KNOWN[language] for w in words), (language, line)
    return text


# ------------------------------------------------------------------------------------------------ skills
WORDINGS = ["Translate to {}: {}", "Translate into {}: {}", "Say in {}: {}", "How do you say this in {}? {}"]


def translate(skill: str, language: str, rng: random.Random, test: bool) -> Item:
    """One sentence, to the language or back to English. In training also noun phrases, and now and then the same
    sentence once more in another language ("And in German?")."""
    make = noun_phrase if not test and rng.random() < .25 else sentence
    text = check(draw(rng, make, test, lambda x: f"translate {x['en']}"))
    source, target = ("en", language) if rng.random() < .5 else (language, "en")
    turns = [User(rng.choice(WORDINGS).format({"en": "English", **LANGUAGES}[target], text[source])),
             Model(text[target])]
    if not test and rng.random() < .1:
        other = rng.choice([x for x in LANGUAGES if x != language])
        turns += [User(f"And in {LANGUAGES[other]}?"), Model(text[other])]
    return Item(skill, turns)


def _skill(language: str) -> Skill:
    name = f"translate_{language}"
    return Skill(lambda rng, test: translate(name, language, rng, test), 2.0)


SKILLS = {f"translate_{language}": _skill(language) for language in LANGUAGES}
