"""Tests of how released models are scored. python -m unittest nano.score_test"""
import unittest

from . import score
from .items import Item, Media, User


def example(name: str, text: str, *media: Media) -> tuple[dict, Item]:
    return {"id": name, "messages": [{"role": "user", "content": text}]}, Item("any", [User(text, list(media))])


class Answers(unittest.TestCase):
    def test_an_answer_ends_with_its_first_stop(self):
        stop = score.STOPS[1]
        self.assertEqual(score.until_stop([7, 8, stop, 0, 0]), [7, 8, stop])
        self.assertEqual(score.until_stop([stop, 7, stop]), [stop])
        self.assertEqual(score.until_stop([7, 8]), [7, 8])


class Batches(unittest.TestCase):
    def test_each_example_is_in_one_batch_among_those_with_alike_media(self):
        some = [example(f"t{i}", "x" * i) for i in range(7)]
        seen = [example(f"i{i}", "x", Media("image", None, 70 + 70 * (i % 2))) for i in range(4)]
        heard = [example(f"s{i}", "x", Media("audio", None)) for i in range(2)]
        batches = [[line["id"] for line, _ in batch] for batch in score.batches(some + seen + heard, 3)]
        self.assertEqual(sorted(name for batch in batches for name in batch), sorted(line["id"] for line, _ in some + seen + heard))
        self.assertLessEqual(max(map(len, batches)), 3)
        for alike in (["i0", "i2"], ["i1", "i3"], ["s0", "s1"]):
            self.assertIn(alike, batches)

    def test_long_ones_stand_alone(self):
        long = [example(f"n{i}", "x" * (score.BATCH_CHARACTERS * 2 // 3)) for i in range(2)]
        self.assertEqual([len(batch) for batch in score.batches(long, 20)], [1, 1])


if __name__ == "__main__":
    unittest.main()
