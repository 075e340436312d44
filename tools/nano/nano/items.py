"""Items of training and test data: one task in the form of a chat, and the rule that keeps test items out of training."""
import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Media:
    """A picture (PIL image) or a sound (float32 samples, 16 kHz, mono) beside a user's text."""
    kind: str                                     # "image" or "audio"
    data: Any
    budget: int | None = None                     # soft tokens of a picture; None: the default of the processor
    truth: Any = None                             # what is in a picture (drawing.Picture), for hints in training


@dataclass
class User:
    text: str
    media: list[Media] = field(default_factory=list)
    text_first: bool = False                      # pictures and sounds follow the text, as many clients send them


@dataclass
class Call:
    name: str
    args: dict[str, Any]


@dataclass
class Model:
    text: str = ""
    thought: str | None = None
    calls: list[Call] = field(default_factory=list)


@dataclass
class Results:
    """What the tools answered, in the order of the calls: (name of the tool, text)."""
    values: list[tuple[str, str]]


@dataclass
class Item:
    skill: str
    turns: list[User | Model | Results]
    tools: list[dict] = field(default_factory=list)       # function declarations {name, description, parameters}
    system: str = ""
    think: bool = False
    check: dict | None = None                              # how a test answer is judged; None: it equals the reference
    scored: int = -1                                       # which of the Model turns a test asks for
    purposes: dict[str, str] = field(default_factory=dict)  # what each tool is for, by its name, for hints in training


@dataclass(frozen=True)
class Skill:
    make: Callable[[random.Random, bool], Item]            # (rng, test) -> Item
    weight: float = 1.0                                    # share in the training mix
    drill: bool = False                                    # an exercise that only training has


TEST_SHARE = 10                                            # one item in ten belongs to the test half


def is_test(key: object, share: int = TEST_SHARE) -> bool:
    """Whether an item with this content belongs to the test half. The one rule behind every split: it looks at the content
    alone, so the halves are disjoint whatever is drawn, in whatever order."""
    return int(hashlib.md5(str(key).encode()).hexdigest()[:8], 16) % share == 0


def draw(rng: random.Random, make: Callable[[random.Random], Any], test: bool,
         key: Callable[[Any], object] = lambda x: x, share: int = TEST_SHARE) -> Any:
    """Draws from make(rng) until the item lies in the wanted half."""
    for _ in range(10000):
        item = make(rng)
        if is_test(key(item), share) == test:
            return item
    raise RuntimeError("no item in this half: the set of possible items is too small for a split")


def ask(skill: str, question: str, answer: str, **kw) -> Item:
    """The commonest item: one question, one answer."""
    return Item(skill, [User(question), Model(answer)], **kw)
