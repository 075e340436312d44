"""Training: stages of data under one schedule, resumable at any time.

A step sums the gradients of one batch of each group (text, pictures, sounds) with its hints, and of the towers' own lessons. The rate is
constant after a short warm-up, so training can go on for as long as there is time; a released model is a branch whose rate falls to zero
(`--decay`). A checkpoint holds weights, optimisers, and the place in the data.
"""
import json
import math
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator

import torch

from . import evaluate, model as networks, pretrain_vision
from .data import GROUPS, Mix, Stream
from .graphs import Gradients
from .hint_losses import Hinted
from .lessons import Heads, Lessons
from .mixes import STAGES
from .optimiser import make_optimisers, scale_rate
from .options import Options
from .pretrain_audio import quick_convolutions
from .skills.registry import SOUNDS
from .tokenizer import Encoder
from .voices import bank


class Routers:
    """Watches the routers of a mixture of experts for their balance loss, E * sum(load share * mean probability)."""

    def __init__(self, model):
        self.n_experts, self.seen = model.config.text_config.num_experts, []
        for layer in model.model.language_model.layers:
            layer.router.register_forward_hook(lambda module, inputs, out: self.seen.append((out[0], out[2])))

    def take(self) -> torch.Tensor:
        losses = []
        for probabilities, chosen in self.seen:
            ones = probabilities.new_full((chosen.numel(),), 1 / chosen.numel())
            share = probabilities.new_zeros(self.n_experts).index_add(0, chosen.flatten(), ones)
            losses.append(self.n_experts * (share * probabilities.flatten(0, -2).mean(0)).sum())
        self.seen = []
        return torch.stack(losses).mean()


class Run:
    """A model in training, with all that a checkpoint holds."""

    def __init__(self, options: Options):
        self.options, self.path = options, os.path.join(options.out, "last.pt")
        os.makedirs(options.out, exist_ok=True)
        self.model = networks.build(options.kind, seed=options.seed).to(options.device)
        networks.fuse(self.model)
        if options.device == "cpu":
            networks.compile_layers(self.model)
            if self.model.model.audio_tower is not None:
                quick_convolutions(self.model.model.audio_tower)
        self.optimisers = make_optimisers(self.model, options.lr, options.muon_lr)
        self.heads, self.hinted = Heads(self.model) if options.lessons else None, Hinted(self.model) if options.hints else None
        self.thrown_away = {name: heads.to(options.device) for name, heads in (("heads", self.heads), ("hinted", self.hinted)) if heads}
        self.head_optimisers = {name: self.head_optimiser(heads) for name, heads in self.thrown_away.items()}
        self.left, self.hint_log = 1.0, {}                  # left: share of the weight of lessons and hints
        self.hint_weight = torch.zeros((), device=options.device)   # a tensor, for recorded steps
        self.tokens, self.steps, self.chunks, self.stage_tokens = 0, 0, {}, {}
        if os.path.exists(self.path):
            self.load(self.path, with_optimiser=True)
        else:
            if options.start:
                self.load(options.start, with_optimiser=False)
            for part, file in options.parts.items():
                self.load_part(part, file)
        self.routers = Routers(self.model) if options.kind == "moe" else None
        self.gradients = Gradients(self.loss, options.device)
        self.log_file = open(os.path.join(options.out, "log.jsonl"), "a")

    def head_optimiser(self, heads: Heads | Hinted) -> torch.optim.Optimizer:
        optimiser = torch.optim.AdamW(heads.own_parameters(), lr=self.options.lr, betas=(0.9, 0.98), weight_decay=0.0, foreach=True)
        optimiser.param_groups[0]["base_lr"] = self.options.lr
        return optimiser

    def all_optimisers(self) -> list[torch.optim.Optimizer]:
        return [*self.optimisers, *self.head_optimisers.values()]

    def load(self, path: str, with_optimiser: bool) -> None:
        state = torch.load(path, map_location=self.options.device, weights_only=True)
        self.model.load_state_dict(state["model"])
        for name in state.get("heads", {}).keys() & self.thrown_away.keys():
            self.load_heads(self.thrown_away[name], state["heads"][name][0])
        if not with_optimiser:
            return
        self.tokens, self.steps, self.chunks, self.stage_tokens = (state[k] for k in ("tokens", "steps", "chunks", "stage_tokens"))
        for optimiser, saved in zip(self.optimisers, state["optimisers"]):
            optimiser.load_state_dict(saved)
        for name in state.get("heads", {}).keys() & self.thrown_away.keys():
            self.head_optimisers[name].load_state_dict(state["heads"][name][1])
        for optimiser in self.all_optimisers():
            for group in optimiser.param_groups:
                group["base_lr"] = self.options.lr if isinstance(optimiser, torch.optim.AdamW) else self.options.muon_lr

    def load_heads(self, heads: Heads | Hinted, weights: dict[str, torch.Tensor]) -> None:
        """Those that are as they were: a head that starts from nothing teaches nonsense at first."""
        own = own_state(heads)
        heads.load_state_dict({name: x for name, x in weights.items() if name in own and own[name].shape == x.shape}, strict=False)

    def load_part(self, part: str, path: str) -> None:
        """From a file of its own or from a checkpoint. A tower of nano becomes one of nano-moe: without bounds, and standardised, with what
        stands on it in the checkpoint."""
        file, target = torch.load(path, map_location=self.options.device, weights_only=True), self.model.get_submodule(part)
        state = {name.removeprefix(part + "."): x for name, x in file["model"].items() if name.startswith(part + ".")} if "model" in file else file
        own, is_new = target.state_dict(), "std_bias" not in state
        state = {name: x for name, x in state.items() if name in own or not name.endswith(("_min", "_max"))}
        target.load_state_dict({name: own[name] for name in ("std_bias", "std_scale") if name in own} | state)
        if "std_bias" in own and is_new:
            fit = pretrain_vision.standardise(target)
            if "model" in file:
                self.load_fitted(file, *fit)

    @torch.no_grad()
    def load_fitted(self, checkpoint: dict, matrix: torch.Tensor, shift: torch.Tensor) -> None:
        """What stands on a vision tower, after it was standardised: the projection, to which the shift is the same for all that is seen and
        which has no place for it, and the heads of lessons."""
        name = "model.embed_vision.embedding_projection.weight"
        self.model.get_parameter(name).copy_(checkpoint["model"][name] @ matrix)
        if self.heads and "heads" in checkpoint.get("heads", {}):
            weights, _ = checkpoint["heads"]["heads"]
            heads = {name: x for name, x in weights.items() if name.startswith("pupils.seeing.")}
            for name in [name for name in heads if name.endswith(".weight")]:
                bias = name.removesuffix("weight") + "bias"
                heads[bias] = heads[bias] + heads[name] @ shift
                heads[name] = heads[name] @ matrix
            self.load_heads(self.heads, heads)

    def save(self) -> None:
        state = {"model": self.model.state_dict(), "optimisers": [o.state_dict() for o in self.optimisers], "tokens": self.tokens,
                 "steps": self.steps, "chunks": self.chunks, "stage_tokens": self.stage_tokens, "kind": self.options.kind,
                 "heads": {name: (own_state(heads), self.head_optimisers[name].state_dict()) for name, heads in self.thrown_away.items()}}
        torch.save(state, self.path + ".new")
        os.replace(self.path + ".new", self.path)           # an interrupted write leaves the last checkpoint whole

    def take_hint_log(self) -> dict[str, dict[str, float]]:
        log, self.hint_log = self.hint_log, {}
        return {"hints": {part: round(float(torch.stack(x).mean()), 3) for part, x in log.items()}} if log else {}

    def log(self, **fields) -> None:
        print(json.dumps(fields), file=self.log_file, flush=True)

    def step(self, batches: dict[str, tuple[float, dict]]) -> dict[str, torch.Tensor]:
        """batches: name -> (weight of its loss, batch). Returns the losses."""
        tokens = sum(batch.pop("n_tokens", 0) for _, batch in batches.values())
        losses = {name: self.gradients.add(name, weight, batch) for name, (weight, batch) in batches.items()}
        parameters = [p for optimiser in self.all_optimisers() for group in optimiser.param_groups for p in group["params"] if p.grad is not None]
        torch.nn.utils.clip_grad_norm_(parameters, 1.0, foreach=True)
        for optimiser in self.all_optimisers():
            optimiser.step()
            optimiser.zero_grad(set_to_none=False)          # recorded steps add to the same memory
        self.tokens, self.steps = self.tokens + tokens, self.steps + 1
        self.stage_tokens[self.options.stage] = self.stage_tokens.get(self.options.stage, 0) + tokens
        return losses

    def loss(self, name: str, batch: dict) -> torch.Tensor:
        if name in ("seeing", "hearing"):
            return self.heads.loss(name, batch)
        loss = networks.loss_of(self.model, batch)
        if self.hinted:
            parts = self.hinted.losses(batch)
            loss = loss + self.hint_weight * sum(parts.values())
            if self.options.device == "cpu":                # what is recorded for a GPU tells nothing when it is replayed
                for part, x in parts.items():
                    self.hint_log.setdefault(part, []).append(x.detach())
        return loss + self.options.balance * self.routers.take() if self.routers else loss


def own_state(heads: Heads | Hinted) -> dict[str, torch.Tensor]:
    """What belongs to the heads alone, without the towers that they stand on."""
    own = {id(p) for p in heads.own_parameters()}
    return {name: p.detach() for name, p in heads.named_parameters() if id(p) in own}


class Feed:
    """The batches of each step. Each group has workers of its own, so that none waits for another; training goes on behind the last chunk
    that any of them has begun, so none is drawn twice. `left_out`: rows that fit no shape, by group."""

    def __init__(self, run: Run, mix: Mix):
        self.run, o = run, run.options
        if "audio" in mix.shares():
            bank()                                          # here, so that the workers share it
        self.shares, self.left_out = mix.shares(), Counter()
        self.streams = {name: self.loader(Stream(o.tokenizer, mix, name, o.seed, run.chunks.get(self.place(name), 0), int(o.batch * share),
                                                 o.kind == "moe", o.device != "cpu", o.hints > 0)) for name, share in self.shares.items()}
        self.lessons = {kind: self.loader(Lessons(kind, o.seed + run.steps, o.batch // 16)) for kind in run.heads.pupils} if run.heads else {}

    def loader(self, data: torch.utils.data.IterableDataset) -> Iterator:
        o = self.run.options
        return iter(torch.utils.data.DataLoader(data, batch_size=None, num_workers=o.workers, pin_memory=o.device != "cpu",
                                                prefetch_factor=4 if o.workers else None))

    def place(self, group: str) -> str:
        return f"{self.run.options.stage} {group}"

    def next(self) -> dict[str, tuple[float, dict]]:
        batches = {}
        for name, stream in self.streams.items():
            behind, batch = next(stream)
            self.run.chunks[self.place(name)] = max(behind, self.run.chunks.get(self.place(name), 0))
            self.left_out[name] += batch.pop("n_left_out", 0)
            batches[name] = self.shares[name], batch
        for kind, stream in self.lessons.items():
            batches[kind] = self.run.options.lessons * self.run.left, next(stream)
        return batches

    def take_left_out(self) -> dict[str, dict[str, int]]:
        log, self.left_out = +self.left_out, Counter()
        return {"left_out": dict(log)} if log else {}


def train(options: Options) -> None:
    torch.set_num_threads(options.threads)
    torch.set_float32_matmul_precision("high")
    run, mix = Run(options), STAGES[options.stage]
    if run.model.model.audio_tower is None:
        mix = mix.without(SOUNDS)
    feed, stopped = Feed(run, mix), stop_on_signal()
    skills = [name for group in feed.shares for name in GROUPS[group] if mix.weights.get(name, 0) > 0]
    tests = evaluate.Tests(skills, options.n_test, Encoder(options.tokenizer), options.kind == "moe") if options.n_test else None
    begin, first_token, recent = time.time(), run.tokens, []
    next_evaluation = begin + options.evaluate_every
    run.log(stage=options.stage, parameters=networks.parameter_counts(run.model), options=vars(options))
    for n in range(10 ** 9):
        done = max((time.time() - begin) / (60 * options.minutes), run.stage_tokens.get(options.stage, 0) / options.tokens)
        if done >= 1 or stopped:
            break
        run.left = min(1.0, (1 - done) / options.decay) if options.decay else 1.0
        run.hint_weight.fill_(options.hints * run.left)
        scale_rate(run.all_optimisers(), min(1, (n + 1) / options.warmup) * run.left)
        recent.append(run.step(feed.next()))
        due = time.time() > next_evaluation
        if due or run.steps % 25 == 0:
            means = {name: round(float(torch.stack([losses[name] for losses in recent]).mean()), 4) for name in recent[0]}
            if not all(map(math.isfinite, means.values())):
                raise SystemExit(f"the loss is no number: {means}; the last checkpoint is as it was")
            run.log(step=run.steps, tokens=run.tokens, seconds=round(time.time() - begin),
                    per_second=round((run.tokens - first_token) / (time.time() - begin)), **means, **run.take_hint_log(), **feed.take_left_out())
            recent = []
        if due:
            run.save()
            report(run, tests)
            next_evaluation = time.time() + options.evaluate_every
    run.save()
    if stopped:
        raise SystemExit(128 + signal.SIGTERM)              # not done: whoever called goes on later
    report(run, tests)


def stop_on_signal() -> list:
    """A list that gets an entry when the process is asked to end: training then writes its checkpoint first."""
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: asked.append(number))
    return asked


def report(run: Run, tests: evaluate.Tests | None) -> None:
    if not tests:
        return
    with torch.compiler.set_stance("force_eager"), torch.autocast(run.options.device, torch.bfloat16, enabled=run.options.device != "cpu"):
        scores = tests.scores(run.model)
    if run.routers:
        run.routers.seen = []
    run.log(tokens=run.tokens, steps=run.steps, stage=run.options.stage, scores=scores)
