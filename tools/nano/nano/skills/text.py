"""All skills on text. Plain Python: nothing else has to be installed to draw their items."""
from . import arithmetic, chat, code, context, dialog, languages, schema, summary, tools, words

TEXT = {name: skill for module in (arithmetic, chat, code, context, dialog, languages, schema, summary, tools, words)
        for name, skill in module.SKILLS.items()}
