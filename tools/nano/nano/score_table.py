"""The table of scores in docs/nano.md: a column for each file that `facet eval nano --json` or `python -m nano score` printed."""
import json

EXACT = ("tool_choice", "tool_words", "copy", "quote", "recall", "needle_512", "needle_1024", "needle_2048")  # choosing a tool,
# and copying within 2k tokens
# The budget shows no thin lines, and chance has 25 % of four directions right: up to 37 within two standard deviations of 50 answers.
TOO_SMALL = {"lines_70": 37}


def target(skill: str) -> int:
    """In per cent."""
    return TOO_SMALL.get(skill) or (98 if skill in EXACT else 90)


def reaches(skill: str, accuracy: float) -> bool:
    """Whether the accuracy is at the skill's target, to a whole per cent as it is printed."""
    percent = round(100 * accuracy)
    return percent <= target(skill) if skill in TOO_SMALL else percent >= target(skill)


def read(path: str) -> dict[str, float]:
    """The accuracy of each skill that was asked: of one whose questions were all skipped it is null. Scores stand on the last line."""
    with open(path) as file:
        skills = json.loads(file.read().strip().splitlines()[-1])["skills"]
    return {skill: x["accuracy"] for skill, x in skills.items() if x["accuracy"] is not None}


def markdown(columns: dict[str, dict[str, float]]) -> str:
    """columns: name -> accuracy of each skill."""
    skills = sorted(set().union(*columns.values()))
    rows = [["skill", *columns, "target"], ["---"] * (len(columns) + 2)]
    for skill in skills:
        wanted = f"at most {target(skill)} (chance)" if skill in TOO_SMALL else str(target(skill))
        rows.append([f"`{skill}`", *(f"{100 * c[skill]:.0f}" if skill in c else "" for c in columns.values()), wanted])
    rows.append(["at target", *(f"{sum(reaches(s, x) for s, x in c.items())} of {len(c)}" for c in columns.values()), ""])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def write(columns: list[str]) -> None:
    """columns: NAME=FILE."""
    print(markdown({name: read(file) for name, _, file in (c.partition("=") for c in columns)}), end="")
