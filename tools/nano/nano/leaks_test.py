"""The search for leaks finds one, whatever skill has it, and nothing where there is none."""
import contextlib
import io
import json
import pathlib
import random
import tempfile
import unittest

from . import leaks
from .items import Model, is_test
from .skills.text import TEXT
from .words import CAPITALS, CITIES, NAMES


def found(item) -> int:
    """What is found in a released set that asks this item's question alone."""
    line = {"messages": [{"role": "user", "content": item.turns[0].text}], "tools": [{"type": "function", "function": t} for t in item.tools]}
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        (pathlib.Path(folder) / "a_set.jsonl").write_text(json.dumps(line), encoding="utf-8")
        return leaks.main(folder, 20)


class Leaks(unittest.TestCase):
    def test_an_item_of_training_is_found(self):
        for skill in ("copy", "add", "schema"):
            self.assertEqual(found(TEXT[skill].make(random.Random(f"leaks {skill}"), False)), 1, skill)

    def test_an_item_of_the_test_half_is_not(self):
        self.assertEqual(found(TEXT["copy"].make(random.Random("leaks copy"), True)), 0)

    def test_skills_that_ask_the_same_hold_out_the_same(self):
        rng = random.Random(3)
        tests = {leaks.prompt(TEXT["add_plain"].make(rng, True)) for _ in range(2000)}
        self.assertEqual(tests & {leaks.prompt(TEXT["add"].make(rng, False)) for _ in range(20000)}, set())

    def test_training_quotes_no_sentence_of_the_test_half(self):
        rng = random.Random(4)
        quoted = [turn.text for _ in range(300) for turn in TEXT["quote"].make(rng, False).turns if isinstance(turn, Model)]
        self.assertGreater(len(quoted), 500)
        for sentence in quoted:
            name = next(n for n in NAMES if f" {n} " in sentence)
            self.assertFalse(is_test(f"quote {(name, sentence)}"), sentence)

    def test_what_has_an_answer_is_not_called_unknown(self):
        rng = random.Random(5)
        for _ in range(20000):
            question = TEXT["unknown"].make(rng, False).turns[0].text
            if question.startswith(("What is the capital", "Where is")):
                self.assertFalse([place for place in CITIES + list(CAPITALS) if place in question.rstrip("?").split()], question)


if __name__ == "__main__":
    unittest.main()
