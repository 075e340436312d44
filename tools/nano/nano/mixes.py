"""What each stage of training draws: weights are shares of the conversations that begin with the skill."""
from .data import Mix
from .skills.registry import PICTURES, SOUNDS, TEXT

# Copying comes first: most text skills grow from it, and it is learned fastest with few others.
FIRST = {"copy": 8, "reverse": 3, "upper": 3, "letter": 2, "repeat": 2, "spell": 3, "fact": 3, "drill": 3, "chat": 1, "ref": 3, "have": 3,
         "recall": 3, "translate_fr": 1, "translate_de": 1, "translate_es": 1}


def scaled(skills: dict, total: float) -> dict[str, float]:
    """The weights of the skills, scaled to a total."""
    weights = {name: skill.weight for name, skill in skills.items() if skill.weight > 0}
    return {name: total * w / sum(weights.values()) for name, w in weights.items()}


TEXT_MIX = scaled(TEXT, 50)
JOINT_MIX = TEXT_MIX | scaled(PICTURES, 25) | scaled(SOUNDS, 25)
# What the joint stage has learned gives room to what takes longer.
LATER = {"copy": 0.6, "upper": 0.6, "letter": 0.6, "repeat": 0.6, "code": 0.7, "ref": 0.7, "count_letters": 0.7, "shape": 0.6,
         "summary": 2, "schema": 1.6, "tool_choice": 1.5, "tool_parallel": 1.6, "tool_none": 1.6, "spell": 2, "sort_words": 1.7, "quote": 2,
         "subtract": 1.7, "add_plain": 1.4, "relation": 1.5, "both": 1.5, "compare": 1.3, "spoken_words": 1.5}
LATER_MIX = {name: weight * LATER.get(name, 1) for name, weight in JOINT_MIX.items()}
# What was nearly there, at a low rate, with a quarter of the rest: two processors do it in forty minutes.
POLISH = {"add_plain": 5, "have": 4, "schema": 4, "sort_numbers": 5, "sort_words": 5, "count_shapes": 4, "both": 3, "count_drill": 0.5, "drill": 0.5}
POLISH_MIX = {name: weight * (0.2 if name in SOUNDS else 0.25) for name, weight in LATER_MIX.items() if not name.endswith("drill")} | POLISH

# With hints: what is found by what stands behind it, and the pictures in which something has to be found.
HINTED = {"tool_choice": 6, "tool_drill": 5, "which_drill": 5, "tool_none": 5, "tool_parallel": 4, "quote": 5, "begin_drill": 3, "summary": 5,
          "count_drill": 3, "schema": 4, "sort_numbers": 4, "relation": 6, "compare": 8, "count_shapes": 6, "read_word": 6, "both": 2,
          "read_digits": 2, "lines": 0.05}
HINTED_MIX = {name: weight * (0.25 if name in SOUNDS else 0.35) for name, weight in LATER_MIX.items() if not name.endswith("drill")} | HINTED
# What the stage before forgot at its high rates comes back while they fall.
SETTLE = {"add_plain": 3, "both": 2.5, "sort_words": 2, "translate_de": 1.5, "have": 1.5, "translate_fr": 2.2, "subtract": 1.5, "schema": 3.2,
          "repeat": 1.7, "reverse": 1.7, "copy": 1.7, "read_digits": 1.7, "count_shapes": 2.2,
          "translate_es": 1.5, "spell": 1.5, "sort_numbers": 2.5, "code": 1.5,
          "recall": 1.5, "tool_choice": 1.2, "tool_parallel": 2.5, "tool_words": 5, "tool_none": 1.8, "add": 1.3, "fact": 1.3, "unknown": 1.3,
          "read_word": 2, "summary": 3, "compare": 2, "beeps": 1.5, "lines": 0.5}
SETTLE_MIX = {name: weight * SETTLE.get(name, 0.7) * (0.5 if name in SOUNDS else 0.8 if name in PICTURES else 1)
              for name, weight in LATER_MIX.items() if not name.endswith("drill")} | {"tool_drill": 1.0, "which_drill": 1.0, "count_drill": 1.0}
# Of nano-moe, which has copying and text behind it: everything at once, with hints.
WHOLE_MIX = {name: (LATER_MIX[name] + SETTLE_MIX.get(name, 0)) / 2 for name in LATER_MIX} | {"tool_words": 5, "needle": 0.4}
# What it knows by then gives room to what takes it longer, sums and tools before all.
LONGER = {"add": 1.8, "add_plain": 2.5, "subtract": 3, "drill": 2, "tool_choice": 2, "tool_parallel": 2, "tool_drill": 2, "which_drill": 2,
          "tool_none": 1, "tool_words": 1.3, "sort_numbers": 1.6, "count_letters": 3, "chat": 3, "fact": 1.2, "schema": 1, "translate_es": 1.3,
          "quote": 1, "copy": 0.8, "reverse": 0.8, "summary": 1.3, "compare": 1.2, "relation": 1, "count_shapes": 1.2, "both": 1, "read_word": 0.9}
LONGER_MIX = {name: weight * LONGER.get(name, 0.5) for name, weight in WHOLE_MIX.items()}

STAGES = {
    "first": Mix(FIRST, n_items=5, max_tokens=320),
    "text": Mix(TEXT_MIX, n_items=4, max_tokens=640),
    "joint": Mix(JOINT_MIX, n_items=4, max_tokens=640),
    "full": Mix(LATER_MIX | {"needle": 1.0}, n_items=4, max_tokens=4300),
    "hinted": Mix(HINTED_MIX, n_items=4, max_tokens=800),
    "settle": Mix(SETTLE_MIX, n_items=4, max_tokens=800),
    "whole": Mix(WHOLE_MIX, n_items=4, max_tokens=2100),
    "longer": Mix(LONGER_MIX, n_items=4, max_tokens=1200),
    "polish": Mix(POLISH_MIX, n_items=4, max_tokens=640),
}
