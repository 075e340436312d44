"""Prints items of a module of skills and counts what leaks: python -m nano.skills.show chat [N]"""
import importlib
import random
import sys

from nano.items import Item, Model, User


def prompt(item: Item) -> str:
    """What a test asks: everything before the scored answer."""
    last = [i for i, t in enumerate(item.turns) if isinstance(t, Model)][item.scored]
    return repr((item.system, item.tools, item.think, item.turns[:last]))


def show(item: Item) -> None:
    print(f"--- {item.skill}" + (" (think)" if item.think else "") + (f" {item.check}" if item.check else ""))
    for turn in item.turns:
        if isinstance(turn, User):
            print("  >", turn.text)
        elif isinstance(turn, Model):
            print("  <", *([f"[{turn.thought!r}]"] if turn.thought is not None else []), repr(turn.text), *turn.calls)
        else:
            print("  =", turn.values)


def leaks(make, n_train: int = 5000, n_test: int = 500) -> str:
    rng = random.Random(5)
    train = {prompt(make(rng, False)) for _ in range(n_train)}
    test = [prompt(make(rng, True)) for _ in range(n_test)]
    leaked = sum(t in train for t in test)
    return f"train {len(train)} distinct of {n_train}, test {len(set(test))} of {n_test}, leaked {leaked}"


if __name__ == "__main__":
    skills = importlib.import_module("nano.skills." + sys.argv[1]).SKILLS
    for name, skill in skills.items():
        rng = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 0)
        for k in range(int(sys.argv[2]) if len(sys.argv) > 2 else 3):
            show(skill.make(rng, k % 2 == 1))
        print(f"{name:12s} {leaks(skill.make)}")
