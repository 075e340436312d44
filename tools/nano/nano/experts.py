"""The experts of a layer while it is trained: the official module's weights and its result, without its search for each expert's tokens."""
import torch
import torch.nn.functional as F
from transformers.models.gemma4.modeling_gemma4 import Gemma4TextExperts


def experts(module: Gemma4TextExperts, x: torch.Tensor, index: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """x [N, hidden]; index, weights [N, chosen]."""
    return (all_experts if x.is_cuda else chosen_experts)(module, x, index, weights)


def all_experts(module: Gemma4TextExperts, x: torch.Tensor, index: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Every expert for every token, weighed by zero where it was not chosen: one matrix product of a shape that is known beforehand, which
    a GPU can record."""
    share = weights.new_zeros(len(x), module.num_experts).scatter(1, index, weights)
    gate, up = F.linear(x, module.gate_up_proj.flatten(0, 1)).unflatten(1, (module.num_experts, 2, -1)).unbind(2)
    inner = module.act_fn(gate) * up * share[..., None].to(x.dtype)
    return F.linear(inner.flatten(1), module.down_proj.transpose(0, 1).flatten(1)).to(x.dtype)


@torch.compiler.disable                                     # how many tokens an expert has is data
def chosen_experts(module: Gemma4TextExperts, x: torch.Tensor, index: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """The tokens of each expert in one product: on a processor three and a half times as fast as all experts (of 16 with 4 chosen)."""
    return Chosen.apply(x, index, weights, module.gate_up_proj, module.down_proj)


def by_expert(rows: torch.Tensor, counts: list[int], matrices: torch.Tensor) -> torch.Tensor:
    """rows @ matrix of their expert; rows [sum of counts, n] stand expert by expert, matrices [experts, n, m]."""
    return torch.cat([some @ matrix for some, matrix in zip(rows.split(counts), matrices)])


def matrix_gradients(d_rows: torch.Tensor, inputs: torch.Tensor, counts: list[int]) -> torch.Tensor:
    """Of the matrices [experts, n, m] that made rows [sum of counts, n] of inputs [sum of counts, m]."""
    return torch.stack([a.mT @ b for a, b in zip(d_rows.split(counts), inputs.split(counts))])


class Chosen(torch.autograd.Function):
    """Rows are pairs of a token and one of its experts, in the order of the experts. Written out, as it keeps the rows in that order from the
    forward to the backward pass. The activation is the family's, gelu_pytorch_tanh."""

    @staticmethod
    def forward(ctx, x, index, weights, gate_up_proj, down_proj):
        chosen = index.flatten()
        order, ctx.counts = chosen.argsort(stable=True), torch.bincount(chosen, minlength=len(gate_up_proj)).tolist()
        place = torch.empty_like(order)                     # of each pair among the rows
        place[order] = torch.arange(len(order))
        gate_up = by_expert(x[order // index.shape[1]], ctx.counts, gate_up_proj.mT)
        gate, up = gate_up.chunk(2, -1)
        inner = F.gelu(gate, approximate="tanh") * up
        outer = by_expert(inner, ctx.counts, down_proj.mT)
        ctx.save_for_backward(x, order, place, weights, gate_up, inner, outer, gate_up_proj, down_proj)
        return (outer[place].unflatten(0, index.shape) * weights[..., None]).sum(1)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, d_out):
        x, order, place, weights, gate_up, inner, outer, gate_up_proj, down_proj = ctx.saved_tensors
        token, (gate, up) = order // weights.shape[1], gate_up.chunk(2, -1)
        d_rows = d_out[token]
        d_weights = (d_rows * outer).sum(-1)[place].view_as(weights)
        d_outer = d_rows * weights.flatten()[order][:, None]
        d_inner = by_expert(d_outer, ctx.counts, down_proj)
        d_gate = torch.ops.aten.gelu_backward(d_inner * up, gate, approximate="tanh")
        d_gate_up = torch.cat([d_gate, d_inner * F.gelu(gate, approximate="tanh")], -1)
        d_x = by_expert(d_gate_up, ctx.counts, gate_up_proj)[place].unflatten(0, weights.shape).sum(1)
        return d_x, None, d_weights, matrix_gradients(d_gate_up, x[token], ctx.counts), matrix_gradients(d_outer, inner, ctx.counts)
