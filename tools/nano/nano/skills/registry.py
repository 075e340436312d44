"""All skills by name."""
from . import pictures, sounds
from .text import TEXT

PICTURES = dict(pictures.SKILLS)
SOUNDS = dict(sounds.SKILLS)
ALL = TEXT | PICTURES | SOUNDS
assert len(ALL) == len(TEXT) + len(PICTURES) + len(SOUNDS), "two skills have one name"
