"""What each stage of training draws. Copying comes first: most text skills grow from it, and it is learned fastest alone."""
from .data import Mix
from .skills import PICTURES, SOUNDS, TEXT

FIRST = {"copy": 8, "reverse": 3, "upper": 3, "letter": 2, "repeat": 2, "spell": 3, "fact": 3, "drill": 3, "chat": 1, "ref": 3, "have": 3,
         "recall": 3, "translate_fr": 1, "translate_de": 1, "translate_es": 1}
TEXT_MIX = {name: skill.weight for name, skill in TEXT.items()}

STAGES = {
    "first": Mix(FIRST, n_items=5, max_tokens=320),
    "text": Mix(TEXT_MIX, n_items=4, max_tokens=640),
}
