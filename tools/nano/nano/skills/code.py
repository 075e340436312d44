"""One-line Python functions from a description, judged by running them.

A description is put together from small parts: an operation on a number, text, list or pair, two operations one after
the other, an operation on each element of a list, a choice of elements, and a summary of the chosen ones. Each part
carries its wording, its code and, written apart from the code, what it does; an item runs its own answer on its cases
and compares. Held out: the whole description (operations, constants and wording together)."""
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nano.items import Item, Skill, ask, draw
from nano.words import NOUNS

REQUESTS = [
    "Write a Python function that {}.", "Give me a Python function that {}.", "Python: a function that {}.",
    "I need a Python function that {}."
]


@dataclass(frozen=True)
class Op:
    """An operation: wordings (with {n} for a constant), code on x, and what it does to a value v, given
    the constant c."""
    words: list[str]
    code: str
    does: Callable[[Any, Any], Any]
    constants: str = ""  # kind of constant: "", "number", "letter", "separator"


# ------------------------------------------------------------------------------------------------ numbers
MAPS = [
    Op(["adds {n} to {it}", "increases {it} by {n}"], "x + {n}", lambda v, c: v + c, "number"),
    Op(["subtracts {n} from {it}", "decreases {it} by {n}"], "x - {n}", lambda v, c: v - c, "number"),
    Op(["multiplies {it} by {n}"], "x * {n}", lambda v, c: c * v, "number"),
    Op(["doubles {it}"], "x * 2", lambda v, c: v + v),
    Op(["triples {it}"], "x * 3", lambda v, c: v + v + v),
    Op(["squares {it}", "gives the square of {it}"], "x ** 2", lambda v, c: v * v),
    Op(["negates {it}"], "-x", lambda v, c: 0 - v)
]
NUMBER_OPS = MAPS + [
    Op(["cubes {it}"], "x ** 3", lambda v, c: v * v * v),
    Op(["gives the absolute value of {it}"], "abs(x)", lambda v, c: max(v, -v)),
    Op(["divides {it} by {n} and rounds down", "gives the quotient of {it} and {n}"], "x // {n}",
       lambda v, c: divmod(v, c)[0], "number"),
    Op(["gives the remainder of {it} divided by {n}"], "x % {n}", lambda v, c: divmod(v, c)[1], "number"),
    Op(["turns {it} into a string"], "str(x)", lambda v, c: f"{v}")
]
TESTS = [
    Op(["even"], "x % 2 == 0", lambda v, c: not v & 1),
    Op(["odd"], "x % 2 == 1", lambda v, c: bool(v & 1)),
    Op(["positive"], "x > 0", lambda v, c: 0 < v),
    Op(["negative"], "x < 0", lambda v, c: 0 > v),
    Op(["greater than {n}", "larger than {n}"], "x > {n}", lambda v, c: v >= c + 1, "number"),
    Op(["less than {n}", "smaller than {n}"], "x < {n}", lambda v, c: v <= c - 1, "number"),
    Op(["equal to {n}"], "x == {n}", lambda v, c: v - c == 0, "number"),
    Op(["divisible by {n}"], "x % {n} == 0", lambda v, c: v // c * c == v, "number")
]

# ------------------------------------------------------------------------------------------------ lists, texts, pairs
SUMMARIES = [
    Op(["gives the sum of {it}", "adds up {it}"], "sum({})", lambda v, c: sum(v)),
    Op(["gives the number of {it}", "counts {it}"], "len({})", lambda v, c: sum(1 for _ in v))
]
LIST_OPS = [
    Op(["gives the sum of a list", "adds up a list"], "sum(x)", lambda v, c: sum(v)),
    Op(["gives the length of a list"], "len(x)", lambda v, c: sum(1 for _ in v)),
    Op(["gives the maximum of a list", "gives the largest number of a list"], "max(x)", lambda v, c: sorted(v)[-1]),
    Op(["gives the minimum of a list", "gives the smallest number of a list"], "min(x)", lambda v, c: sorted(v)[0]),
    Op(["gives the first element of a list"], "x[0]", lambda v, c: list(v)[0]),
    Op(["gives the last element of a list"], "x[-1]", lambda v, c: v[len(v) - 1]),
    Op(["reverses a list"], "x[::-1]", lambda v, c: list(reversed(v))),
    Op(["sorts a list"], "sorted(x)", lambda v, c: _sorted(v)),
    Op(["sorts a list from large to small"], "sorted(x)[::-1]", lambda v, c: list(reversed(_sorted(v)))),
    Op(["gives the average of a list"], "sum(x) / len(x)", lambda v, c: sum(v) / sum(1 for _ in v)),
    Op(["gives the first {n} elements of a list"], "x[:{n}]", lambda v, c: [e for i, e in enumerate(v) if i < c],
       "few"),
    Op(["gives the last {n} elements of a list"], "x[-{n}:]", lambda v, c: list(reversed(list(reversed(v))[:c])),
       "few"),
    Op(["skips the first {n} elements of a list"], "x[{n}:]", lambda v, c: [e for i, e in enumerate(v) if i >= c],
       "few"),
    Op(["gives element {n} of a list"], "x[{n}]", lambda v, c: list(v)[c], "few"),
    Op(["counts {n} in a list"], "x.count({n})", lambda v, c: sum(e == c for e in v), "number"),
    Op(["tells if {n} is in a list"], "{n} in x", lambda v, c: any(e == c for e in v), "number"),
    Op(["appends {n} to a list"], "x + [{n}]", lambda v, c: [*v, c], "number")
]
TEXT_OPS = [
    Op(["gives the length of a string"], "len(x)", lambda v, c: sum(1 for _ in v)),
    Op(["reverses a string"], "x[::-1]", lambda v, c: "".join(reversed(v))),
    Op(["makes a string upper case"], "x.upper()",
       lambda v, c: "".join(chr(ord(e) - 32) if "a" <= e <= "z" else e for e in v)),
    Op(["makes a string lower case"], "x.lower()",
       lambda v, c: "".join(chr(ord(e) + 32) if "A" <= e <= "Z" else e for e in v)),
    Op(["gives the first letter of a string"], "x[0]", lambda v, c: list(v)[0]),
    Op(["gives the last letter of a string"], "x[-1]", lambda v, c: list(v)[len(v) - 1]),
    Op(["splits a string into words"], "x.split()", lambda v, c: v.split(" ")),
    Op(["counts the words of a string"], "len(x.split())", lambda v, c: v.count(" ") + 1),
    Op(["tells if a string is a palindrome"], "x == x[::-1]",
       lambda v, c: all(a == b for a, b in zip(v, reversed(v)))),
    Op(["turns a string into a number"], "int(x)",
       lambda v, c: sum(10**i * "0123456789".index(d) for i, d in enumerate(reversed(v)))),
    Op(["repeats a string {n} times"], "x * {n}", lambda v, c: "".join(v for _ in range(c)), "few"),
    Op(["gives the first {n} letters of a string"], "x[:{n}]",
       lambda v, c: "".join(e for i, e in enumerate(v) if i < c), "few"),
    Op(["gives the last {n} letters of a string"], "x[-{n}:]",
       lambda v, c: "".join(reversed("".join(reversed(v))[:c])), "few"),
    Op(['counts the letter "{n}" in a string', 'counts "{n}" in a string'], 'x.count("{n}")',
       lambda v, c: sum(e == c for e in v), "letter"),
    Op(['removes the letter "{n}" from a string'], 'x.replace("{n}", "")',
       lambda v, c: "".join(e for e in v if e != c), "letter"),
    Op(['tells if a string starts with "{n}"'], 'x.startswith("{n}")', lambda v, c: v[0] == c, "letter"),
    Op(['tells if a string ends with "{n}"'], 'x.endswith("{n}")', lambda v, c: v[-1] == c, "letter"),
    Op(['tells if "{n}" is in a string'], '"{n}" in x', lambda v, c: v.find(c) >= 0, "letter"),
    Op(['adds "{n}" to the end of a string'], 'x + "{n}"', lambda v, c: f"{v}{c}", "letter"),
    Op(['adds "{n}" to the start of a string'], '"{n}" + x', lambda v, c: f"{c}{v}", "letter")
]
WORD_OPS = [
    Op(['joins a list of words with "{n}"'], '"{n}".join(x)', lambda v, c: "".join(f"{c}{e}" for e in v)[1:],
       "separator"),
    Op(["gives the longest word of a list"], "max(x, key=len)", lambda v, c: max(v, key=lambda w: len(w))),
    Op(["gives the lengths of a list of words"], "[len(y) for y in x]", lambda v, c: list(map(len, v))),
    Op(["makes a list of words upper case"], "[y.upper() for y in x]", lambda v, c: " ".join(v).upper().split())
]
PAIR_OPS = [
    Op(["adds two numbers", "gives the sum of two numbers"], "x + y", lambda v, c: sum(v)),
    Op(["subtracts the second number from the first", "gives the difference of two numbers"], "x - y",
       lambda v, c: -v[1] + v[0]),
    Op(["multiplies two numbers", "gives the product of two numbers"], "x * y", lambda v, c: v[1] * v[0]),
    Op(["gives the larger of two numbers"], "max(x, y)", lambda v, c: sorted(v)[1]),
    Op(["gives the smaller of two numbers"], "min(x, y)", lambda v, c: sorted(v)[0]),
    Op(["tells if two numbers are equal"], "x == y", lambda v, c: v[0] - v[1] == 0),
    Op(["adds two numbers and then adds {n}"], "x + y + {n}", lambda v, c: sum([*v, c]), "number"),
    Op(["multiplies two numbers and then adds {n}"], "x * y + {n}", lambda v, c: v[1] * v[0] + c, "number")
]


def _sorted(values: list[int]) -> list[int]:
    out: list[int] = []
    for v in values:
        out.insert(sum(o <= v for o in out), v)
    return out


# ------------------------------------------------------------------------------------------------ cases
TEXTS = ["level", "noon", "Anna", "banana", "Hello", "a big tree", "the old house", "x", "abcde", "river bank"]


def _edges(c: Any) -> list[int]:
    """Numbers around the constant, or around zero: here a neighbouring answer shows."""
    middle = c if isinstance(c, int) else 0
    return [middle - 1, middle, middle + 1]


def _number(rng: random.Random, c: Any, case: int) -> list:
    if case < 3:
        return [_edges(c)[case]]
    return [c * rng.randint(-3, 5)] if case == 3 and isinstance(c, int) else [rng.randint(-12, 30)]


def _list(rng: random.Random, c: Any, case: int) -> list:
    numbers = _edges(c) + rng.sample(range(-12, 31), rng.randint(6, 8))
    rng.shuffle(numbers)
    return [[v for v in numbers if v != c] if case == 0 else numbers]


def _text(rng: random.Random, c: Any, case: int) -> list:
    text = rng.choice(TEXTS) if rng.random() < .6 else rng.choice(NOUNS)
    if isinstance(c, str) and rng.random() < .7:
        text = rng.choice([text + c, c + text, c + text[1:] + c + c])
    return [text]


def _words(rng: random.Random, c: Any, case: int) -> list:
    return [rng.sample(NOUNS, rng.randint(2, 4))]


def _pair(rng: random.Random, c: Any, case: int) -> list:
    a = rng.randint(-9, 20)
    return [a, a if rng.random() < .3 else rng.randint(-9, 20)]


def _numeral(rng: random.Random, c: Any, case: int) -> list:
    return [str(rng.randint(0, 999))]


# ------------------------------------------------------------------------------------------------ descriptions
@dataclass(frozen=True)
class Function:
    """A whole function: description, code, what it does to its argument, and how arguments are drawn."""
    description: str
    code: str
    does: Callable[[Any], Any]
    arguments: Callable[[random.Random, Any, int], list]
    constant: Any = None


def _constant(rng: random.Random, op: Op) -> Any:
    return {
        "": lambda: None, "number": lambda: rng.randint(2, 20), "few": lambda: rng.randint(2, 5),
        "letter": lambda: rng.choice("abcdefghijklmnoprstuwxyz"), "separator": lambda: rng.choice("-+,;:/_*")
    }[op.constants]()


def _put(text: str, c: Any, it: str = "") -> str:
    return text.replace("{n}", str(c)).replace("{it}", it)


def _single(rng: random.Random) -> Function:
    """One operation."""
    ops, arguments = rng.choice([(NUMBER_OPS, _number), (LIST_OPS, _list), (TEXT_OPS, _text), (WORD_OPS, _words),
                                 (PAIR_OPS, _pair)])
    op = rng.choice(ops)
    c = _constant(rng, op)
    if op.code == "int(x)":
        arguments = _numeral
    does = (lambda *v: op.does(v, c)) if ops is PAIR_OPS else (lambda v: op.does(v, c))
    return Function(_put(rng.choice(op.words), c, "a number"), _put(op.code, c), does, arguments, c)


def _test(rng: random.Random) -> Function:
    op = rng.choice(TESTS)
    c = _constant(rng, op)
    return Function(f"tells if a number is {_put(rng.choice(op.words), c)}", _put(op.code, c),
                    lambda v: op.does(v, c), _number, c)


def _chain(rng: random.Random) -> Function:
    """Two operations on a number, one after the other."""
    first, then = rng.choice(MAPS), rng.choice(MAPS[:3])
    c, d = _constant(rng, first), _constant(rng, then)
    description = f"{_put(rng.choice(first.words), c, 'a number')} and then {_put(then.words[0], d, 'it')}"
    return Function(description,
                    _put(then.code, d).replace("x", f"({_put(first.code, c)})"),
                    lambda v: then.does(first.does(v, c), d), _number)


def _each(rng: random.Random) -> Function:
    """An operation on each element."""
    op = rng.choice(MAPS)
    c = _constant(rng, op)
    return Function(_put(rng.choice(op.words), c, "each number of a list"),
                    f"[{_put(op.code, c).replace('x', 'y')} for y in x]", lambda v: [op.does(e, c) for e in v], _list)


def _chosen(rng: random.Random) -> tuple[str, str, Callable[[list], list], Any]:
    """The elements that pass a test: in words, as a Python list, as a function, and the constant."""
    op = rng.choice(TESTS)
    c = _constant(rng, op)
    words = _put(rng.choice(op.words), c)
    which = f"the {words} numbers of a list" if not op.constants else f"the numbers of a list that are {words}"
    chosen = f"[y for y in x if {_put(op.code, c).replace('x', 'y')}]"
    return which, chosen, lambda v: [e for e in v if op.does(e, c)], c


def _filter(rng: random.Random) -> Function:
    which, code, does, c = _chosen(rng)
    return Function(f"{rng.choice(['keeps', 'gives'])} {which}", code, does, _list, c)


def _summary(rng: random.Random) -> Function:
    which, code, does, c = _chosen(rng)
    op = rng.choice(SUMMARIES)
    return Function(_put(rng.choice(op.words), None, which), op.code.format(code), lambda v: op.does(does(v), None),
                    _list, c)


MAKERS = {_single: 5, _test: 1.5, _chain: 2, _each: 1.5, _filter: 1.5, _summary: 1.5}


def _cases(rng: random.Random, f: Function, n: int = 6) -> list[list]:
    """Arguments and results; not all results are equal, so that a constant answer fails."""
    for _ in range(200):
        cases = [[a, f.does(*a)] for a in (f.arguments(rng, f.constant, i) for i in range(n))]
        if any(result != cases[0][1] for _, result in cases):
            return cases
    raise AssertionError(f"no cases for {f.description}")


def code(rng: random.Random, test: bool) -> Item:
    def make(r: random.Random) -> tuple[str, Function]:
        f = r.choices(list(MAKERS), list(MAKERS.values()))[0](r)
        return r.choice(REQUESTS).format(f.description), f

    request, f = draw(rng, make, test, lambda x: f"code {x[0]}")
    cases = _cases(rng, f)
    answer = ("lambda x, y: " if f.arguments is _pair else "lambda x: ") + f.code
    function = eval(answer)  # our own text: the check of the answer
    for arguments, result in cases:
        got = function(*arguments)
        assert got == result and type(got) is type(result), (request, answer, arguments, got, result)
    return ask("code", request, answer, check={"python": {"cases": cases}})


SKILLS = {"code": Skill(code, 3)}
