"""Muon for matrices, AdamW for the rest."""
import torch


class Muon(torch.optim.Optimizer):
    """Momentum made orthogonal by five Newton-Schulz steps; an update has the root mean square of 0.2 that AdamW's have.
    Source: Jordan et al., Muon: an optimizer for hidden layers in neural networks, 2024."""

    def __init__(self, params, lr: float, momentum: float = 0.95):
        super().__init__(params, dict(lr=lr, momentum=momentum))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            by_shape: dict[tuple, list] = {}
            for p in group["params"]:
                if p.grad is None:
                    continue
                mean = self.state[p].setdefault("momentum", torch.zeros_like(p))
                mean.lerp_(p.grad, 1 - group["momentum"])
                update = p.grad.lerp(mean, group["momentum"])
                update = update if update.dim() == 3 else update[None]
                by_shape.setdefault(tuple(update.shape[1:]), []).append((p, update))
            for (rows, cols), updates in by_shape.items():
                x = orthogonal(torch.cat([u for _, u in updates])) * (0.2 * max(rows, cols) ** 0.5)
                for (p, u), part in zip(updates, x.split([len(u) for _, u in updates])):
                    p.add_(part.reshape(p.shape), alpha=-group["lr"])


def orthogonal(x: torch.Tensor, steps: int = 5) -> torch.Tensor:
    """x [N, rows, cols] with singular values near 1, by Newton-Schulz steps."""
    tall = x.shape[-2] > x.shape[-1]
    x = x.mT if tall else x
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(steps):
        square = x @ x.mT
        x = 3.4445 * x + (-4.775 * square + 2.0315 * square @ square) @ x
    return x.mT if tall else x


NOT_MUON = ("embed_tokens", "lm_head", "position_embedding", "conv", "router")


def make_optimisers(model, lr: float, muon_lr: float) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside the layers; AdamW for embeddings, norms, tables of positions, convolutions and routers."""
    matrices, rest = [], []
    for name, p in model.named_parameters():
        if p.requires_grad:
            (matrices if p.dim() in (2, 3) and not any(part in name for part in NOT_MUON) else rest).append(p)
    optimisers = [torch.optim.AdamW(rest, lr=lr, betas=(0.9, 0.98), eps=1e-9, weight_decay=0.0, foreach=True), Muon(matrices, lr=muon_lr)]
    for optimiser in optimisers:
        for group in optimiser.param_groups:
            group["base_lr"] = group["lr"]
    return optimisers


def scale_rate(optimisers: list[torch.optim.Optimizer], factor: float) -> None:
    for optimiser in optimisers:
        for group in optimiser.param_groups:
            group["lr"] = group["base_lr"] * factor
