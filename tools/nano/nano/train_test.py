"""Tests of what a run starts from. python -m unittest nano.train_test"""
import os
import tempfile
import unittest

import torch

from . import model
from .train import Options, Run

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

    def run_with(self, path: str) -> dict[str, torch.Tensor]:
        return Run(Options("moe", "", os.path.join(self.folder.name, "out"), "first", parts={TOWER: path})).model.state_dict()

    def test_a_tower_of_nano_becomes_one_of_nano_moe(self):
        path, tower = self.checkpoint("e")
        state = self.run_with(path)
        for name in tower.keys() & state.keys():
            self.assertTrue(torch.equal(state[name], tower[name]), name)
        self.assertGreater(float((state[f"{TOWER}.std_scale"] - 1).abs().max()), .01)

    def test_a_tower_of_nano_moe_stays_as_it_is(self):
        path, tower = self.checkpoint("moe", std_scale=torch.full((96,), 3.0))
        state = self.run_with(path)
        for name, x in tower.items():
            self.assertTrue(torch.equal(state[name], x), name)

    def test_a_part_that_lacks_something_is_refused(self):
        path = os.path.join(self.folder.name, "part.pt")
        torch.save({"patch_embedder.input_proj.weight": torch.zeros(96, 768)}, path)
        with self.assertRaisesRegex(RuntimeError, "Missing key"):
            self.run_with(path)


if __name__ == "__main__":
    unittest.main()
