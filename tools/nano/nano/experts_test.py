"""Tests of experts: the official module's results and gradients. python -m unittest nano.experts_test"""
import unittest

import torch

from . import experts, model


class Experts(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(1)
        self.module = model.build("moe").model.language_model.layers[0].experts

    def results(self, function, index):
        x = torch.randn(len(index), 192, generator=torch.Generator().manual_seed(2)).requires_grad_()
        weights = torch.rand(index.shape, generator=torch.Generator().manual_seed(3)).requires_grad_()
        self.module.zero_grad()
        out = function(self.module, x, index, weights)
        (out * torch.arange(192)).sum().backward()
        return [out.detach(), x.grad, weights.grad, *(p.grad.clone() for p in self.module.parameters())]

    def assert_official(self, index):
        official = self.results(type(self.module).forward, index)
        for function in (experts.all_experts, experts.chosen_experts):
            for got, wanted in zip(self.results(function, index), official, strict=True):
                torch.testing.assert_close(got, wanted, rtol=1e-4, atol=1e-4 * float(wanted.abs().max()))

    def test_any_choice(self):
        self.assert_official(torch.stack([torch.randperm(16)[:4] for _ in range(50)]))

    def test_experts_that_nobody_chose(self):
        self.assert_official(torch.tensor([[15, 3, 2, 1], [3, 15, 2, 1]]))


if __name__ == "__main__":
    unittest.main()
