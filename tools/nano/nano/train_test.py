"""Tests of what a run starts from and is fed with. python -m unittest nano.train_test"""
import os
import random
import tempfile
import types
import unittest

import torch

from . import corpus, data, model, pretrain_vision, tokenizer
from .lessons import Heads
from .skills.registry import SOUNDS, TEXT
from .train import Feed, Options, Run, own_state

TOWER = "model.vision_tower"


class Parts(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def checkpoint(self, kind: str, **changed: torch.Tensor) -> tuple[str, dict[str, torch.Tensor]]:
        state = model.build(kind, seed=5).state_dict()
        state |= {f"{TOWER}.{name}": x for name, x in changed.items()}
        path = os.path.join(self.folder.name, f"{kind}.pt")
        torch.save({"model": state}, path)
        return path, {name: x for name, x in state.items() if name.startswith(TOWER)}

    def run_with(self, path: str, **options) -> Run:
        return Run(Options("moe", "", os.path.join(self.folder.name, "out"), "first", parts={TOWER: path}, **options))

    def test_a_tower_of_nano_becomes_one_of_nano_moe(self):
        path, tower = self.checkpoint("e")
        state = self.run_with(path).model.state_dict()
        for name in tower.keys() & state.keys():
            self.assertTrue(torch.equal(state[name], tower[name]), name)
        self.assertGreater(float((state[f"{TOWER}.std_scale"] - 1).abs().max()), .01)

    def test_a_tower_of_nano_moe_stays_as_it_is(self):
        path, tower = self.checkpoint("moe", std_scale=torch.full((96,), 3.0))
        state = self.run_with(path).model.state_dict()
        for name, x in tower.items():
            self.assertTrue(torch.equal(state[name], x), name)

    def test_a_part_that_lacks_something_is_refused(self):
        path = os.path.join(self.folder.name, "part.pt")
        torch.save({"patch_embedder.input_proj.weight": torch.zeros(96, 768)}, path)
        with self.assertRaisesRegex(RuntimeError, "Missing key"):
            self.run_with(path)

    @torch.no_grad()
    def test_what_stands_on_a_tower_of_nano_says_about_the_same_on_that_of_nano_moe(self):
        nano = model.build("e", seed=5)
        heads = Heads(nano)
        path = os.path.join(self.folder.name, "e.pt")
        torch.save({"model": nano.state_dict(), "heads": {"heads": (own_state(heads), {})}}, path)
        run = self.run_with(path, lessons=0.2)
        batch = pretrain_vision.make_batch(random.Random(7), (4, 4), (0, 0), 4000)

        def check(before: torch.Tensor, after: torch.Tensor, name: str) -> None:
            """A part of the variance differs: a fiftieth for a tower that has learned."""
            self.assertLess(float((after - before).square().mean() / (before - before.mean(0)).square().mean()), .4, name)

        before, after = heads.pupils["seeing"](batch), run.heads.pupils["seeing"](batch)
        for name, x in before.items():
            check(x.flatten(0, -2), after[name].flatten(0, -2), name)
        patches = [batch[name] for name in ("pixels", "positions", "real")]
        seen = [net.model.embed_vision(inputs_embeds=pretrain_vision.encode(net.model.vision_tower, *patches)) for net in (nano, run.model)]
        check(*(x.flatten(0, 1) - x.flatten(0, 1).mean(0) for x in seen), "projection")


class Feeding(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        tokenizer.build(corpus.texts(20, skills=TEXT), cls.folder.name)

    def fed(self, chunks: dict[str, int], n: int) -> set[bytes]:
        """n batches of a feed with two workers."""
        options = Options("e", self.folder.name, "", "first", workers=2, batch=2048)
        feed = Feed(types.SimpleNamespace(options=options, chunks=chunks, heads=None), data.Mix({"copy": 1.0}))
        return {feed.next()["text"][1]["ids"].numpy().tobytes() for _ in range(n)}

    def test_nothing_is_drawn_again_after_an_interruption(self):
        chunks = {}
        before = self.fed(chunks, 3)                        # of chunk 0, of chunk 1, of chunk 0 again
        self.assertEqual(chunks, {"first text": 2})
        self.assertEqual(before & self.fed(chunks, 3), set())

    def test_what_is_not_heard_leaves_its_share_to_the_rest(self):
        mix = data.Mix({"copy": 2.0, "shape": 1.0, "beeps": 1.0})
        self.assertEqual(mix.without(SOUNDS).shares(), {"text": 2 / 3, "image": 1 / 3})


if __name__ == "__main__":
    unittest.main()
