"""Batches of fixed shapes say what batches of any shape say. python -m unittest nano.batch_shapes_test (NANO_VOICES names the bank of clips)"""
import os
import random
import tempfile
import unittest

import torch

from . import batch_shapes, corpus, data, model, tokenizer
from .graphs import widened
from .mixes import STAGES
from .skills.registry import PICTURES, TEXT


class BatchShapesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        tokenizer.build(corpus.texts(100, skills=TEXT | PICTURES), cls.folder.name)
        cls.encoder = tokenizer.Encoder(cls.folder.name)

    def check(self, kind: str, group: str) -> None:
        net, rng, seen = model.build(kind, seed=3), random.Random(5), set()
        for _ in range(30):
            row = data.make_row(data.conversation(rng, STAGES["full"], group), self.encoder, kind == "moe")
            shape = next(s for s in batch_shapes.SHAPES[group] if s.fits(row))
            if shape in seen:
                continue
            seen.add(shape)
            batches = [{k: v for k, v in b.items() if k != "n_tokens"} for b in (data.collate([row]), batch_shapes.collate([row], shape))]
            with torch.no_grad():
                free, fixed = (model.loss_of(net, widened(b)) for b in batches)
            self.assertAlmostEqual(float(free), float(fixed), delta=1e-4)
        self.assertGreater(len(seen), 2)

    def test_text(self):
        self.check("e", "text")

    def test_pictures(self):
        self.check("e", "image")

    def test_pictures_that_are_seen_from_both_sides(self):
        self.check("moe", "image")

    @unittest.skipUnless("NANO_VOICES" in os.environ, "NANO_VOICES names no bank of clips")
    def test_sounds(self):
        self.check("e", "audio")

    def test_rows_that_fit_no_shape_are_counted(self):
        shelf = batch_shapes.Shelf("text", 256)
        short, long = (data.Row([1] * n, [0] * (n - 1) + [1], []) for n in (8, 9999))
        full = list(shelf.add([short, long, short, long]))
        self.assertEqual([(len(rows), shape.length) for rows, shape in full], [(2, 128)])
        self.assertEqual((shelf.take_left_out(), shelf.take_left_out()), (2, 0))

    def test_fewer_and_larger_kernels_give_the_same(self):
        for kind in ("e", "moe"):
            net, rng = model.build(kind, seed=3), random.Random(7)
            rows = [data.make_row(data.conversation(rng, STAGES["text"], "text"), self.encoder, kind == "moe") for _ in range(3)]
            batch = data.collate(rows)
            with torch.no_grad():
                before = float(model.loss_of(net, batch))
                model.fuse(net)
                self.assertAlmostEqual(before, float(model.loss_of(net, batch)), delta=1e-4)


if __name__ == "__main__":
    unittest.main()
