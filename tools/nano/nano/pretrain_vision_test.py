"""Tests of what the vision tower starts with and ends with. python -m unittest nano.pretrain_vision_test"""
import random
import unittest

import torch

from . import model, pretrain_vision


class Whitened(unittest.TestCase):
    def test_a_new_tower_sees_all_that_patches_have_equally_strong(self):
        torch.manual_seed(0)
        tower, rng = pretrain_vision.new_tower(), random.Random(8)
        patches = torch.cat([pretrain_vision.make_batch(rng, *pretrain_vision.choose_grid(rng), 2000)["pixels"].flatten(0, 2) for _ in range(12)])
        with torch.no_grad():
            strength = tower.patch_embedder.input_proj(2 * patches - 1).square().mean(0)
        self.assertLess(float((strength - 1).abs().max()), .5)


class Standardised(unittest.TestCase):
    def test_what_the_tower_of_a_large_model_says_has_mean_0_and_deviation_1(self):
        tower = model.build("moe").model.vision_tower
        pretrain_vision.standardise(tower)
        rng, says = random.Random(7), []
        for _ in range(12):
            batch = pretrain_vision.make_batch(rng, *pretrain_vision.choose_grid(rng), 2000)
            with torch.no_grad():
                says.append(pretrain_vision.encode(tower, batch["pixels"], batch["positions"], batch["real"])[batch["real"]])
        self.assertLess(float(torch.cat(says).mean(0).abs().mean()), .1)
        self.assertLess(float((torch.cat(says).std(0) - 1).abs().mean()), .1)


if __name__ == "__main__":
    unittest.main()
