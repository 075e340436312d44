"""The skills of nano: one module per group of skills, each exporting SKILLS (name -> items.Skill)."""
from . import arithmetic, chat, code, context, dialog, languages, pictures, schema, sounds, summary, tools, words

TEXT = {name: skill for module in (arithmetic, chat, code, context, dialog, languages, schema, summary, tools, words)
        for name, skill in module.SKILLS.items()}
PICTURES = dict(pictures.SKILLS)
SOUNDS = dict(sounds.SKILLS)
ALL = TEXT | PICTURES | SOUNDS
assert len(ALL) == len(TEXT) + len(PICTURES) + len(SOUNDS), "two skills have one name"
