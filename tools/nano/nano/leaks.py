"""Whether test questions occur in training: python3 -m nano.leaks FOLDER [N]

Draws N training items of every skill on text and looks for the released questions (FOLDER/SKILL.jsonl) among them.
Plain Python, so that every test run of the project can do it. Exit status 1 if one is found.
"""
import json
import os
import random
import sys

from . import chat
from .items import Call, Item, Model, User
from .skills.text import TEXT


def prompt(item: Item) -> str:
    """All that a model sees before the answer that is asked for, media aside."""
    said = []
    for turn in item.turns[:chat.scored_turn(item)]:
        if isinstance(turn, User):
            said.append(turn.text)
        elif isinstance(turn, Model):
            said.append("".join(map(chat.call_text, turn.calls)) + turn.text)
        else:
            said += [text for _, text in turn.values]
    return json.dumps([item.system, item.think, item.tools, said])


def released_prompt(line: dict) -> str:
    """The same of a line of a released set."""
    system, said = "", []
    for message in line["messages"]:
        content = message["content"] or ""
        if isinstance(content, list):
            content = "".join(part["text"] for part in content if part["type"] == "text")
        if message["role"] == "system":
            system = content
            continue
        calls = [Call(c["function"]["name"], c["function"]["arguments"]) for c in message.get("tool_calls", [])]
        said.append("".join(map(chat.call_text, calls)) + content)
    return json.dumps([system, line.get("think", False), [t["function"] for t in line.get("tools", [])], said])


def leaked(folder: str, skill: str, n_train: int) -> tuple[int, list[str]]:
    """How many questions the released set of a skill has, and those that training has as well."""
    with open(os.path.join(folder, skill + ".jsonl"), encoding="utf-8") as f:
        released = [released_prompt(json.loads(line)) for line in f]
    rng = random.Random(f"leaks {skill}")
    train = {prompt(TEXT[skill].make(rng, False)) for _ in range(n_train)}
    return len(released), [p for p in released if p in train]


def main(folder: str, n_train: int = 1000) -> int:
    found = 0
    for skill in sorted(TEXT):
        if os.path.exists(os.path.join(folder, skill + ".jsonl")):
            n, both = leaked(folder, skill, n_train)
            print(f"{skill}: {n} questions, {len(both)} among {n_train} of training", *both[:3], sep="\n  ")
            found += len(both)
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], *map(int, sys.argv[2:])))
