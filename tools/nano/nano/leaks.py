"""Whether test questions occur in training: python3 -m nano.leaks FOLDER [N]

Draws N training items of every skill on text and looks for the released questions (FOLDER/*.jsonl) among all of them, whatever skill asked.
Plain Python, so that every test run of the project can do it. Exit status 1 if one is found.
"""
import json
import pathlib
import random
import sys

from . import chat
from .items import Call, Item, Model, User
from .skills.text import TEXT


def prompt(item: Item) -> str:
    """All that a model sees before the answer that is asked for, media and the switch for thinking aside."""
    said = []
    for turn in item.turns[:chat.scored_turn(item)]:
        if isinstance(turn, User):
            said.append(turn.text)
        elif isinstance(turn, Model):
            said.append("".join(map(chat.call_text, turn.calls)) + turn.text)
        else:
            said += [text for _, text in turn.values]
    return json.dumps([item.system, item.tools, said])


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
    return json.dumps([system, [t["function"] for t in line.get("tools", [])], said])


def training(n: int) -> set[str]:
    """The prompts of n training items of each skill on text."""
    prompts = set()
    for name, skill in TEXT.items():
        rng = random.Random(f"leaks {name}")
        prompts |= {prompt(skill.make(rng, False)) for _ in range(n)}
    return prompts


def released(path: pathlib.Path) -> list[str]:
    """The prompts of a released set that are text alone: what a picture shows cannot be compared."""
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [released_prompt(line) for line in lines if all(isinstance(message["content"], str | None) for message in line["messages"])]


def main(folder: str, n_train: int = 1000) -> int:
    """The number of released questions that training has."""
    train, found = training(n_train), 0
    for path in sorted(pathlib.Path(folder).glob("*.jsonl")):
        if prompts := released(path):
            both = [p for p in prompts if p in train]
            print(f"{path.stem}: {len(prompts)} questions, {len(both)} of them in training", *both[:3], sep="\n  ")
            found += len(both)
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], *map(int, sys.argv[2:])) > 0)
