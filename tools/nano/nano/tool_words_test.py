"""Tools in many words. python -m unittest nano.tool_words_test"""
import random
import unittest

from .items import is_test
from .skills import tool_words, tools


class ToolWordsTest(unittest.TestCase):
    def test_verbs_are_inflected(self):
        for text, expected in {"look up* a word": "looks up a word", "switch* off": "switches off", "carry* it": "carries it",
                               "play* a song": "plays a song", "lock* or unlock* a door": "locks or unlocks a door", "a word": "a word"}.items():
            self.assertEqual(tool_words.third(text), expected)

    def test_each_kind_can_be_described_and_asked_for_in_both_halves(self):
        rng = random.Random(1)
        for kind in tools.KINDS:
            for unseen in (False, True):
                self.assertEqual(is_test(f"does {tool_words.does_of(rng, kind.words, unseen)}", 8), unseen)
            values = tools.draw_values(rng, kind, tools.Wording.UNSEEN)
            for _ in range(50):
                text = tools.request(rng, kind, values, tools.Wording.UNSEEN)
                self.assertEqual([v for v in values.values() if tools.said(v) not in text], [], text)

    def test_training_shows_no_description_of_the_test_half(self):
        rng = random.Random(5)

        def drawn(wording: tool_words.Wording) -> set[str]:
            return {tool_words.plain(tools.description(rng, kind, wording)) for kind in tools.KINDS for _ in range(1500)}
        self.assertEqual(drawn(tool_words.Wording.MANY) & drawn(tool_words.Wording.UNSEEN), set())

    def test_training_shows_no_topic_of_the_test_half(self):
        rng, seen = random.Random(2), set()
        for _ in range(2000):
            seen.add(tools.made_up(rng, unseen=False).words)
        self.assertEqual([t for t in seen if is_test(f"topic {t}", 6)], [])
        self.assertGreater(len(seen), 60)
        self.assertTrue(is_test(f"topic {tools.made_up(rng, unseen=True).words}", 6))

    def test_what_nobody_asks_for_is_not_required_and_not_given(self):
        rng, extra = random.Random(3), 0
        for _ in range(300):
            item = tools.tool_words(rng, True)
            call = item.turns[1].calls[0]
            schema = next(t for t in item.tools if t["name"] == call.name)["parameters"]
            self.assertEqual(set(call.args), set(schema["required"]))
            extra += len(schema["properties"]) > len(schema["required"])
        self.assertGreater(extra, 20)

    def test_plain_sets_keep_their_words(self):
        rng = random.Random(4)
        for _ in range(100):
            for tool in tools.tool_choice(rng, True).tools:
                self.assertIn(tool["description"], {about for kind in tools.KINDS for about in kind.about})


if __name__ == "__main__":
    unittest.main()
