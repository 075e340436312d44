"""What hints (nano.hints) are worth: losses of attention and of values, with linear heads that are thrown away with the run."""
import torch
import torch.nn.functional as F

from .hints import CLASSES, FIRST, NONE, SECOND

ASKED = "asked", "asked_topic"                              # facts that queries have to know; of the others values


class Hinted(torch.nn.Module):
    """The linear heads of a model that is given hints, and what the two layers that are told saw last."""

    def __init__(self, model):
        super().__init__()
        cfg, layers = model.config.text_config, model.model.language_model.layers
        self.deep = cfg.layer_types.index("full_attention")
        self.window, self.seen = cfg.sliding_window, {}
        for layer in (self.deep - 1, self.deep):
            layers[layer].self_attn.seen = self.seen        # model.attention writes there
        attention = layers[self.deep].self_attn
        width = dict.fromkeys(ASKED, 2 * attention.head_dim)
        self.heads = torch.nn.ModuleDict({name: torch.nn.Linear(width.get(name, attention.k_proj.out_features), n) for name, n in CLASSES.items()})

    def own_parameters(self) -> list[torch.nn.Parameter]:
        return list(self.parameters())

    def losses(self, batch: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """batch: with what hints.tensors made, right after the model has seen it. Returns a loss for each kind of hint that it has."""
        (queries, keys, values), (near_queries, near_keys, _) = self.seen[self.deep], self.seen[self.deep - 1]
        self.seen.clear()                                   # their memory is not kept longer than needed
        out = {}
        if "look_at" in batch:
            out["look"] = attention_loss(queries, keys, batch["look_at"], batch["look_in"], keys.shape[2])
        if "near_at" in batch:
            out["near"] = attention_loss(near_queries, near_keys, batch["near_at"], batch["near_in"], self.window)
        values, asked = values.transpose(1, 2).flatten(2), queries[:, [FIRST, SECOND]].transpose(1, 2).flatten(2)
        for name, head in self.heads.items():
            if f"fact_{name}" in batch:
                row, at, answer = batch[f"fact_{name}"].T
                scores = head((asked if name in ASKED else values)[row, at]).float()
                out[name] = F.cross_entropy(scores, answer, ignore_index=NONE, reduction="sum") / (answer != NONE).sum().clamp(min=1)
        return out


def attention_loss(q: torch.Tensor, k: torch.Tensor, asked: torch.Tensor, inside: torch.Tensor, window: int) -> torch.Tensor:
    """Mean of -log of the attention on the right places. q [B, heads, L, width], k [B, key heads, L, width], asked [N, 3]: row, position, head;
    inside [N, L]. What fills up looks from position 0 and is not counted."""
    row, at, head = asked.T
    behind = at[:, None] - torch.arange(k.shape[2], device=k.device)
    scores = (k[row, head * k.shape[1] // q.shape[1]] @ q[row, head, at][:, :, None])[..., 0].float()
    scores = scores.masked_fill((behind < 0) | (behind >= window), -1e30)
    losses = scores.logsumexp(-1) - scores.masked_fill(~inside, -1e30).logsumexp(-1)
    return (losses * (at > 0)).sum() / (at > 0).sum().clamp(min=1)
