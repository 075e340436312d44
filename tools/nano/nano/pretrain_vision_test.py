"""Tests of the vision tower's lessons. python -m unittest nano.pretrain_vision_test"""
import random
import unittest

import torch

from . import model, pretrain_vision


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
