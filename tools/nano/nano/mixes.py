"""What each stage of training draws: weights are shares of the conversations that begin with the skill."""
from .data import Mix
from .skills.table import PICTURES, SOUNDS, TEXT

# Copying comes first: most text skills grow from it, and it is learned fastest with few others.
FIRST = {"copy": 8, "reverse": 3, "upper": 3, "letter": 2, "repeat": 2, "spell": 3, "fact": 3, "drill": 3, "chat": 1, "ref": 3, "have": 3,
         "recall": 3, "translate_fr": 1, "translate_de": 1, "translate_es": 1}


def scaled(skills: dict, total: float) -> dict[str, float]:
    """The weights of the skills, scaled to a total."""
    weights = {name: skill.weight for name, skill in skills.items() if skill.weight > 0}
    return {name: total * w / sum(weights.values()) for name, w in weights.items()}


TEXT_MIX = scaled(TEXT, 50)

STAGES = {
    "first": Mix(FIRST, n_items=5, max_tokens=320),
    "text": Mix(TEXT_MIX, n_items=4, max_tokens=640),
    "joint": Mix(TEXT_MIX | scaled(PICTURES, 25) | scaled(SOUNDS, 25), n_items=4, max_tokens=640),
    "pictures": Mix(TEXT_MIX | scaled(PICTURES, 25), n_items=4, max_tokens=640),
    "long": Mix(TEXT_MIX | {"recall": 12, "quote": 4, "needle": 8}, n_items=3, max_tokens=2200),
}
