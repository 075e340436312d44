"""Training: stages of data under one schedule, resumable at any time.

A step sums the gradients of one batch of each group (text, pictures, sounds), and of the towers' own lessons. The rate is constant after
a short warm-up, so training can go on for as long as there is time; a released model is a branch whose rate falls to zero (`--decay`). A
checkpoint holds weights, optimisers, and the place in the data.
"""
import json
import math
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import torch

from . import evaluate, model as networks
from .data import GROUPS, Mix, Stream
from .graphs import Gradients
from .lessons import Heads, Lessons
from .mixes import STAGES
from .optimiser import make_optimisers, scale_rate
from .pretrain_audio import quick_convolutions
from .tokenizer import Encoder
from .voices import bank


@dataclass
class Options:
    kind: str                                               # "e" or "moe"
    tokenizer: str                                          # folder
    out: str                                                # folder of this run: last.pt, log.jsonl
    stage: str                                              # name in mixes.STAGES
    minutes: float = 1e9                                    # of this call
    tokens: float = 1e12                                    # of this stage, calls before included
    decay: float = 0.0                                      # over this last share of them the rate falls linearly to zero
    start: str = ""                                         # checkpoint to start from when the run has none yet
    towers: dict = field(default_factory=dict)              # name of a part of the model -> file with its weights
    lr: float = 3e-3
    muon_lr: float = 6e-3
    batch: int = 3072                                       # positions a step, shared out among the groups
    lessons: float = 0.0                                    # weight of the towers' own lessons; 0: none
    warmup: int = 100                                       # steps, of this call
    threads: int = 1
    workers: int = 0                                        # processes that make each group's batches
    device: str = "cpu"
    seed: int = 1
    evaluate_every: float = 600.0                           # seconds; a checkpoint is written as often
    n_test: int = 40                                        # test items a skill at each evaluation; 0: no evaluation
    balance: float = 0.01                                   # weight of the experts' balance loss


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
        if options.device != "cpu":
            networks.for_gpu(self.model)
        elif self.model.model.audio_tower is not None:
            quick_convolutions(self.model.model.audio_tower)
        self.optimisers = make_optimisers(self.model, options.lr, options.muon_lr)
        self.heads = self.make_heads() if options.lessons else None
        self.tokens, self.steps, self.chunks, self.stage_tokens = 0, 0, {}, {}
        if os.path.exists(self.path):
            self.load(self.path, with_optimiser=True)
        else:
            if options.start:
                self.load(options.start, with_optimiser=False)
            for part, file in options.towers.items():
                self.load_part(part, file)
        self.routers = Routers(self.model) if options.kind == "moe" else None
        self.gradients = Gradients(self.loss, options.device)
        self.log_file = open(os.path.join(options.out, "log.jsonl"), "a")

    def make_heads(self) -> Heads:
        heads = Heads(self.model).to(self.options.device)
        self.optimisers.append(torch.optim.AdamW(heads.own_parameters(), lr=self.options.lr, betas=(0.9, 0.98), weight_decay=0.0, foreach=True))
        self.optimisers[-1].param_groups[0]["base_lr"] = self.options.lr
        return heads

    def load(self, path: str, with_optimiser: bool) -> None:
        state = torch.load(path, map_location=self.options.device, weights_only=True)
        self.model.load_state_dict(state["model"])
        if not with_optimiser:
            return
        self.tokens, self.steps, self.chunks, self.stage_tokens = (state[k] for k in ("tokens", "steps", "chunks", "stage_tokens"))
        if self.heads and "heads" in state:
            self.heads.load_state_dict(state["heads"])
        for optimiser, saved in zip(self.optimisers, state["optimisers"]):
            optimiser.load_state_dict(saved)
            for group in optimiser.param_groups:
                group["base_lr"] = self.options.lr if isinstance(optimiser, torch.optim.AdamW) else self.options.muon_lr

    def load_part(self, part: str, path: str) -> None:
        state = torch.load(path, map_location=self.options.device, weights_only=True)
        self.model.get_submodule(part).load_state_dict(state)

    def save(self) -> None:
        state = {"model": self.model.state_dict(), "optimisers": [o.state_dict() for o in self.optimisers], "tokens": self.tokens,
                 "steps": self.steps, "chunks": self.chunks, "stage_tokens": self.stage_tokens, "kind": self.options.kind}
        if self.heads:
            state["heads"] = self.heads.state_dict()
        torch.save(state, self.path + ".new")
        os.replace(self.path + ".new", self.path)           # an interrupted write leaves the last checkpoint whole

    def log(self, **fields) -> None:
        print(json.dumps(fields), file=self.log_file, flush=True)

    def step(self, batches: dict[str, tuple[float, dict]]) -> dict[str, torch.Tensor]:
        """batches: name -> (weight of its loss, batch). Returns the losses."""
        tokens = sum(batch.pop("n_tokens", 0) for _, batch in batches.values())
        losses = {name: self.gradients.add(name, weight, batch) for name, (weight, batch) in batches.items()}
        parameters = [p for optimiser in self.optimisers for group in optimiser.param_groups for p in group["params"] if p.grad is not None]
        torch.nn.utils.clip_grad_norm_(parameters, 1.0, foreach=True)
        for optimiser in self.optimisers:
            optimiser.step()
            optimiser.zero_grad(set_to_none=False)          # recorded steps add to the same memory
        self.tokens, self.steps = self.tokens + tokens, self.steps + 1
        self.stage_tokens[self.options.stage] = self.stage_tokens.get(self.options.stage, 0) + tokens
        return losses

    def loss(self, name: str, batch: dict) -> torch.Tensor:
        if name in ("seeing", "hearing"):
            return self.heads.loss(name, batch)
        loss = networks.loss_of(self.model, batch)
        return loss + self.options.balance * self.routers.take() if self.routers else loss


class Feed:
    """The batches of each step. Each group has workers of its own, so that none waits for another."""

    def __init__(self, run: Run, mix: Mix):
        self.run, o = run, run.options
        if "audio" in mix.shares():
            bank()                                          # here, so that the workers share it
        self.shares = {name: share for name, share in mix.shares().items() if o.kind == "e" or name != "audio"}
        self.streams = {name: self.loader(Stream(o.tokenizer, mix, name, o.seed, run.chunks.get(self.place(name), 0),
                                                 int(o.batch * share), o.kind == "moe", o.device != "cpu")) for name, share in self.shares.items()}
        self.lessons = {kind: self.loader(Lessons(kind, o.seed + run.steps, o.batch // 16)) for kind in run.heads.pupils} if run.heads else {}

    def loader(self, data: torch.utils.data.IterableDataset) -> Iterator:
        o = self.run.options
        return iter(torch.utils.data.DataLoader(data, batch_size=None, num_workers=o.workers, pin_memory=o.device != "cpu",
                                                prefetch_factor=4 if o.workers else None))

    def place(self, group: str) -> str:
        return f"{self.run.options.stage} {group}"

    def next(self, lessons: float) -> dict[str, tuple[float, dict]]:
        """lessons: what is left of the weight of the towers' lessons."""
        batches = {}
        for name, stream in self.streams.items():
            self.run.chunks[self.place(name)], batch = next(stream)
            batches[name] = self.shares[name], batch
        for kind, stream in self.lessons.items():
            batches[kind] = lessons, next(stream)
        return batches


def train(options: Options) -> None:
    torch.set_num_threads(options.threads)
    torch.set_float32_matmul_precision("high")
    run, mix = Run(options), STAGES[options.stage]
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
        left = min(1.0, (1 - done) / options.decay) if options.decay else 1.0
        scale_rate(run.optimisers, min(1, (n + 1) / options.warmup) * left)
        recent.append(run.step(feed.next(options.lessons * left)))
        due = time.time() > next_evaluation
        if due or run.steps % 25 == 0:
            means = {name: round(float(torch.stack([losses[name] for losses in recent]).mean()), 4) for name in recent[0]}
            if not all(map(math.isfinite, means.values())):
                raise SystemExit(f"the loss is no number: {means}; the last checkpoint is as it was")
            run.log(step=run.steps, tokens=run.tokens, seconds=round(time.time() - begin),
                    per_second=round((run.tokens - first_token) / (time.time() - begin)), **means)
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
    with torch.autocast(run.options.device, torch.bfloat16, enabled=run.options.device != "cpu"):
        scores = tests.scores(run.model)
    if run.routers:
        run.routers.seen = []
    run.log(tokens=run.tokens, steps=run.steps, stage=run.options.stage, scores=scores)
