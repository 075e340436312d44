"""Steps of training that are recorded once a shape and then replayed: a small model's step is thousands of small kernels, and a GPU waits for
the processor that starts them one by one."""
from collections.abc import Callable

import torch


class Gradients:
    """Adds the gradients of loss(name, batch) to those of the parameters, in 16 bits where that is enough."""

    def __init__(self, loss: Callable[[str, dict], torch.Tensor], device: str):
        self.loss, self.device = loss, device
        self.recorded: dict[tuple, tuple] = {}
        self.pool = torch.cuda.graph_pool_handle() if device != "cpu" else None

    def add(self, name: str, weight: float, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        """batch: tensors on the host. Returns the loss without its weight."""
        if self.device == "cpu":
            loss = self.loss(name, widened(batch))
            (weight * loss).backward()
            return loss.detach()
        key = name, *(tuple(x.shape) for x in batch.values())
        if key not in self.recorded:
            self.recorded[key] = self.record(name, batch)
        graph, inputs, factor, result = self.recorded[key]
        for k, x in batch.items():
            inputs[k].copy_(x, non_blocking=True)
        factor.fill_(weight)
        graph.replay()
        return result.clone()

    def record(self, name: str, batch: dict[str, torch.Tensor]) -> tuple:
        inputs = {k: x.to(self.device) for k, x in batch.items()}
        factor, result = torch.zeros((), device=self.device), torch.zeros((), device=self.device)

        def step() -> None:
            with torch.autocast(self.device, torch.bfloat16, cache_enabled=False):
                loss = self.loss(name, widened(inputs))
            (factor * loss).backward()
            result.copy_(loss.detach())
        aside = torch.cuda.Stream()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):                      # the first times allocate and choose kernels; with a factor of 0 they teach nothing
            for _ in range(2):
                step()
        torch.cuda.current_stream().wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self.pool, capture_error_mode="thread_local"):    # others pin memory meanwhile
            step()
        return graph, inputs, factor, result


def widened(batch: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Pixels travel as bytes."""
    return batch | {"pixels": batch["pixels"].float() * (1 / 255)} if "pixels" in batch else batch
