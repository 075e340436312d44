"""The search for leaks finds one, and nothing where there is none."""
import json
import pathlib
import random
import tempfile
import unittest

from . import leaks
from .skills.text import TEXT


def found_in(item) -> list[str]:
    """What is found in a released set that asks this item's question alone."""
    line = {"messages": [{"role": "user", "content": item.turns[0].text}]}
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "copy.jsonl").write_text(json.dumps(line), encoding="utf-8")
        return leaks.leaked(folder, "copy", 50)[1]


class Leaks(unittest.TestCase):
    def test_an_item_of_training_is_found(self):
        self.assertEqual(len(found_in(TEXT["copy"].make(random.Random("leaks copy"), False))), 1)

    def test_an_item_of_the_test_half_is_not(self):
        self.assertEqual(found_in(TEXT["copy"].make(random.Random("leaks copy"), True)), [])


if __name__ == "__main__":
    unittest.main()
