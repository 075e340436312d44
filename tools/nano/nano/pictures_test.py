"""What pictures show, and what their skills hold out."""
import random
import unittest

from . import drawing
from .drawing import Thing
from .items import is_test
from .skills import pictures


class PicturesTest(unittest.TestCase):
    def test_what_stays_keeps_its_tone_while_others_come_and_go(self):
        a, b, c = things = [Thing("circle", color, x, 50, 20) for color, x in (("red", 30), ("blue", 100), ("gray", 170))]
        pictures_of = [drawing.draw_things(random.Random(7), (200, 100), ts, by_place=True).image for ts in (things, [c, b], [a, b, c])]
        self.assertEqual(pictures_of[0].tobytes(), pictures_of[2].tobytes())
        for kept in (b, c):
            self.assertEqual(*(im.getpixel((kept.x, kept.y)) for im in pictures_of[:2]))
        self.assertNotEqual(*(im.getpixel((a.x, a.y)) for im in pictures_of[:2]))

    def test_known_words_keep_their_looks_apart(self):
        rng, known = random.Random(1), 0
        for make, test in ((pictures.known_word, False), (pictures.known_word, True), (pictures.new_word, False), (pictures.new_word, True)):
            for _ in range(300):
                text, *style = make(rng, test)
                if text in pictures.KNOWN:
                    known += 1
                    self.assertEqual(is_test(pictures.look(text, *style)), test)
                else:
                    self.assertEqual(is_test(f"printed {text}"), test)
        self.assertGreater(known, 650)


if __name__ == "__main__":
    unittest.main()
