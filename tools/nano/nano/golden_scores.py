"""What was reached, for `facet eval SET --check`: scores.json, {"ROW": {"SKILL": accuracy}}, from what `facet eval SET --json` printed."""
import json
import os
import pathlib

from .score_table import read


def updated(golden: dict[str, dict[str, float]], rows: list[str]) -> dict[str, dict[str, float]]:
    """With each ROW=FILE of `rows` in place of the row of that name, or behind the others. A row has the skills that were asked."""
    named = {name: read(file) for name, _, file in (row.partition("=") for row in rows)}
    return golden | {name: {skill: round(x, 4) for skill, x in sorted(scores.items())} for name, scores in named.items()}


def write(path: pathlib.Path, rows: list[str]) -> None:
    golden = json.loads(path.read_text()) if path.exists() else {}
    new = path.with_suffix(".new")
    new.write_text(json.dumps(updated(golden, rows), indent=1) + "\n")
    os.replace(new, path)
