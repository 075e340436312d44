"""Prints items of a module of skills: python -m nano.skills.show chat [N]"""
import importlib
import random
import sys

from nano.items import Item, Model, User


def show(item: Item) -> None:
    print(f"--- {item.skill}" + (" (think)" if item.think else "") + (f" {item.check}" if item.check else ""))
    for turn in item.turns:
        if isinstance(turn, User):
            print("  >", turn.text)
        elif isinstance(turn, Model):
            print("  <", *([f"[{turn.thought!r}]"] if turn.thought is not None else []), repr(turn.text), *turn.calls)
        else:
            print("  =", turn.values)


if __name__ == "__main__":
    skills = importlib.import_module("nano.skills." + sys.argv[1]).SKILLS
    for name, skill in skills.items():
        rng = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 0)
        for k in range(int(sys.argv[2]) if len(sys.argv) > 2 else 3):
            show(skill.make(rng, k % 2 == 1))
