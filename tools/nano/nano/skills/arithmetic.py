"""Sums: step by step in the thought channel, small ones at once, and drill of the digit facts.

A thought first writes both numbers with the same number of digits, then one line for each column from the right: the
sum of the column and, after the comma, the result so far. So each line looks at fixed places and the last line ends
in the answer:

    347+085
    7+5=12, 2
    4+8+1=13, 32
    3+0+1=4, 432

`drill` asks for the same column sums in bulk, since the digit facts are what a small model learns last. Held out: the
pair of numbers in either order (`subtract`, `add` and `add_plain` together above one digit), the list (`drill`); sums of two
single digits must all be known, so of those the pair of sum and wording is held out."""
import random

from nano.items import Item, Model, Skill, User, ask, draw

FORMS = [
    "What is {} + {}?", "Add {} and {}.", "How much is {} + {}?", "Calculate {} + {}.",
    "What is the sum of {} and {}?"
]
MINUS = ["What is {} - {}?", "How much is {} - {}?", "Calculate {} - {}."]


def addition_steps(a: int, b: int) -> str:
    width = max(len(str(a)), len(str(b)))
    lines, carry, result = [f"{a:0{width}}+{b:0{width}}"], 0, ""
    for x, y in zip(reversed(f"{a:0{width}}"), reversed(f"{b:0{width}}")):
        column = int(x) + int(y) + carry
        carry, digit = divmod(column, 10)
        last = len(lines) == width
        result = (str(column) if last else str(digit)) + result
        lines.append(f"{x}+{y}{'+1' if column > int(x) + int(y) else ''}={column}, {result}")
    assert result == str(a + b)
    return "\n".join(lines)


def _summands(rng: random.Random, test: bool) -> tuple[int, int]:
    """Two numbers of two or three digits; in training also a shorter second one, and columns without a carry."""
    digits = rng.choice([2, 2, 3])
    a = rng.randint(10**(digits - 1), 10**digits - 1)
    b = rng.randint(10, 10**digits - 1) if test or rng.random() < .8 else rng.randint(1, 9)
    return (a, b) if rng.random() < .5 else (b, a)


def _pair(a: int, b: int) -> str:
    """What is held out of sums, whichever skill asks for them."""
    return f"{'sum' if min(a, b) < 10 else 'add'} {min(a, b)} {max(a, b)}"


def add(rng: random.Random, test: bool) -> Item:
    a, b = draw(rng, lambda r: _summands(r, test), test, lambda x: _pair(*x))
    question = rng.choice(FORMS).format(a, b)
    return Item("add", [User(question), Model(str(a + b), thought=addition_steps(a, b))], think=True)


def subtraction_steps(a: int, b: int) -> str:
    """Two digits each, a >= b; a column that would fall below zero borrows ten from the next one."""
    lines, borrow = [f"{a:02}-{b:02}"], a % 10 < b % 10
    units = a % 10 + 10 * borrow
    lines.append(f"{units}-{b % 10}={units - b % 10}, {units - b % 10}")
    tens = a // 10 - borrow
    lines.append(f"{tens}-{b // 10}={tens - b // 10}, {a - b}")
    assert 10 * (tens - b // 10) + units - b % 10 == a - b
    return "\n".join(lines)


def subtract(rng: random.Random, test: bool) -> Item:
    def make(r: random.Random) -> tuple[int, int]:
        a, b = r.randint(10, 99), r.randint(1, 99)
        return max(a, b), min(a, b)

    a, b = draw(rng, make, test, lambda x: f"subtract {x}")
    question = rng.choice(MINUS).format(a, b)
    return Item("subtract", [User(question), Model(str(a - b), thought=subtraction_steps(a, b))], think=True)


def _small_sum(rng: random.Random) -> tuple[int, int, str]:
    a = rng.randint(0, 9) if rng.random() < .4 else rng.randint(10, 99)
    b = rng.randint(0, 9)
    return (a, b, rng.choice(FORMS)) if rng.random() < .5 else (b, a, rng.choice(FORMS))


def _small_key(x: tuple[int, int, str]) -> str:
    a, b, form = x
    return f"sum {x}" if max(a, b) < 10 else _pair(a, b)


def add_plain(rng: random.Random, test: bool) -> Item:
    a, b, form = draw(rng, _small_sum, test, _small_key)
    return ask("add_plain", form.format(a, b), str(a + b))


def _columns(rng: random.Random) -> list[str]:
    out = []
    for _ in range(rng.randint(3, 8)):
        a, b, way = rng.randint(0, 9), rng.randint(0, 9), rng.random()
        if way < .75:
            out.append(f"{a}+{b}" + ("+1" if way < .4 else ""))
        else:
            out.append(f"{a + b}-{b}")
    return out


def _value(column: str) -> int:
    return sum(map(int, column.replace("-", "+-").split("+")))


def drill(rng: random.Random, test: bool) -> Item:
    """A list of column sums and differences; the answer repeats each with its result, as the lines of a thought do."""
    columns = draw(rng, _columns, test, lambda x: f"drill {x}")
    form = rng.choice(["Work out: {}", "Calculate each: {}", "Solve these: {}"])
    return ask("drill", form.format(", ".join(columns)), ", ".join(f"{c}={_value(c)}" for c in columns))


SKILLS = {
    "add": Skill(add, 4), "subtract": Skill(subtract, 1), "add_plain": Skill(add_plain, 1.5),
    "drill": Skill(drill, 2, drill=True)
}
