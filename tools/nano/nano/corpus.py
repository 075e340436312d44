"""Texts for the tokenizer: conversations without their media."""
import random

from . import chat
from .items import Skill
from .skills.registry import ALL


def texts(n_per_skill: int, seed: int = 0, skills: dict[str, Skill] = ALL) -> list[str]:
    """Every skill in equal number, so that the words of rare skills get their tokens too."""
    rng = random.Random(seed)
    return [chat.text_of(skill.make(rng, False)) for _, skill in sorted(skills.items()) for _ in range(n_per_skill)]
