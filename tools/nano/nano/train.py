"""Training: stages of data under one schedule, resumable at any time.

The rate is constant after a short warm-up, so training can go on for as long as there is time; a released model is a branch with
the rate going to zero (`--decay`). A checkpoint holds weights, optimiser, and the place in the data.
"""
import contextlib
import json
import os
import signal
import time
from dataclasses import dataclass, field

import torch

from . import evaluate, model as networks
from .data import Mix, Stream
from .mixes import STAGES
from .pretrain_audio import quick_convolutions
from .optimiser import make_optimisers, scale_rate
from .tokenizer import Encoder


@dataclass
class Options:
    kind: str                                               # "e" or "moe"
    tokenizer: str                                          # folder
    out: str                                                # folder of this run: last.pt, log.jsonl
    stage: str                                              # name in mixes.STAGES
    minutes: float = 1e9                                    # of this call
    tokens: float = 1e12                                    # of this stage, calls before included
    decay: bool = False                                     # the rate falls linearly to zero as those tokens or minutes pass
    start: str = ""                                         # checkpoint to start from when the run has none yet
    towers: dict = field(default_factory=dict)              # name of a part of the model -> file with its weights
    lr: float = 3e-3
    muon_lr: float = 6e-3
    batch: int = 3072                                       # positions a step
    warmup: int = 100                                       # steps, of this call
    threads: int = 1
    workers: int = 0
    device: str = "cpu"
    seed: int = 1
    evaluate_every: float = 600.0                           # seconds; a checkpoint is written as often
    n_test: int = 40
    balance: float = 0.01                                   # weight of the experts' balance loss


class Routers:
    """Watches the routers of a mixture of experts: the balance loss E * sum(load share * mean probability), and the loads."""

    def __init__(self, model):
        self.n_experts, self.seen = model.config.text_config.num_experts, []
        for layer in model.model.language_model.layers:
            layer.router.register_forward_hook(lambda module, inputs, out: self.seen.append((out[0], out[2])))

    def take(self) -> tuple[torch.Tensor, dict]:
        losses, loads = [], []
        for probabilities, chosen in self.seen:
            share = torch.bincount(chosen.flatten(), minlength=self.n_experts).float() / chosen.numel()
            losses.append(self.n_experts * (share * probabilities.flatten(0, -2).mean(0)).sum())
            loads.append(share * self.n_experts)
        self.seen = []
        loads = torch.stack(loads)
        return torch.stack(losses).mean(), {"max_load": round(float(loads.max()), 2), "idle": int((loads < 0.1).sum())}


class Run:
    """A model in training, with all that a checkpoint holds."""

    def __init__(self, options: Options):
        self.options, self.path = options, os.path.join(options.out, "last.pt")
        os.makedirs(options.out, exist_ok=True)
        self.model = networks.build(options.kind, seed=options.seed).to(options.device)
        if options.device == "cpu" and self.model.model.audio_tower is not None:
            quick_convolutions(self.model.model.audio_tower)
        self.optimisers = make_optimisers(self.model, options.lr, options.muon_lr)
        self.tokens, self.steps, self.chunks, self.stage_tokens = 0, 0, {}, {}
        if os.path.exists(self.path):
            self.load(self.path, with_optimiser=True)
        else:
            if options.start:
                self.load(options.start, with_optimiser=False)
            for part, file in options.towers.items():
                self.load_part(part, file)
        self.routers = Routers(self.model) if options.kind == "moe" else None
        self.log_file = open(os.path.join(options.out, "log.jsonl"), "a")

    def load(self, path: str, with_optimiser: bool) -> None:
        state = torch.load(path, map_location=self.options.device, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.tokens, self.steps, self.chunks = state["tokens"], state["steps"], state["chunks"]
        self.stage_tokens = state.get("stage_tokens", {})
        if with_optimiser:
            for optimiser, saved in zip(self.optimisers, state["optimisers"]):
                optimiser.load_state_dict(saved)
                for group in optimiser.param_groups:
                    group["base_lr"] = self.options.lr if isinstance(optimiser, torch.optim.AdamW) else self.options.muon_lr

    def load_part(self, part: str, path: str) -> None:
        state = torch.load(path, map_location=self.options.device, weights_only=True)
        self.model.get_submodule(part).load_state_dict(state)

    def save(self) -> None:
        state = {"model": self.model.state_dict(), "optimisers": [o.state_dict() for o in self.optimisers], "tokens": self.tokens,
                 "steps": self.steps, "chunks": self.chunks,
                 "stage_tokens": self.stage_tokens, "kind": self.options.kind}
        torch.save(state, self.path + ".new")
        os.replace(self.path + ".new", self.path)           # an interrupted write leaves the last checkpoint whole

    def log(self, **fields) -> None:
        print(json.dumps(fields), file=self.log_file, flush=True)

    def step(self, batch: dict) -> tuple[float, int, dict]:
        batch = {k: v.to(self.options.device) for k, v in batch.items()}
        fast = self.options.device != "cpu" and "sounds" not in batch
        with torch.autocast(self.options.device, torch.bfloat16) if fast else contextlib.nullcontext():
            loss, n_labels = networks.loss_of(self.model, batch)
        total, loads = loss, {}
        if self.routers:
            balance, loads = self.routers.take()
            total = loss + self.options.balance * balance
        total.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        if torch.isfinite(norm):
            for optimiser in self.optimisers:
                optimiser.step()
        self.model.zero_grad(set_to_none=True)
        n_tokens, stage = int((batch["ids"] > 0).sum()), self.options.stage
        self.tokens += n_tokens
        self.stage_tokens[stage] = self.stage_tokens.get(stage, 0) + n_tokens
        self.steps += 1
        return loss.item(), n_labels, loads


def train(options: Options) -> None:
    torch.set_num_threads(options.threads)
    run, mix = Run(options), STAGES[options.stage]
    stream = Stream(options.tokenizer, mix, options.seed, run.chunks.get(options.stage, 0), options.batch, options.kind == "moe")
    batches = iter(torch.utils.data.DataLoader(stream, batch_size=None, num_workers=options.workers))
    stopped = stop_on_signal()
    begin, first_token, recent, loads = time.time(), run.tokens, [], {}
    next_evaluation = begin + options.evaluate_every
    run.log(stage=options.stage, parameters=networks.parameter_counts(run.model), options=vars(options))
    for n in range(10 ** 9):
        done = max((time.time() - begin) / (60 * options.minutes), run.stage_tokens.get(options.stage, 0) / options.tokens)
        if done >= 1 or stopped:
            break
        scale_rate(run.optimisers, min(1, (n + 1) / options.warmup) * (max(0.0, 1 - done) if options.decay else 1))
        run.chunks[options.stage], batch = next(batches)
        loss, n_labels, loads = run.step(batch)
        recent.append((loss * n_labels, n_labels))
        if run.steps % 25 == 0:
            mean = sum(a for a, _ in recent) / sum(b for _, b in recent)
            run.log(step=run.steps, tokens=run.tokens, loss=round(mean, 4), seconds=round(time.time() - begin),
                    per_second=round((run.tokens - first_token) / (time.time() - begin)), **loads)
            recent = []
        if time.time() > next_evaluation:
            run.save()
            report(run, mix)
            next_evaluation = time.time() + options.evaluate_every
    run.save()
    if stopped:
        raise SystemExit(128 + signal.SIGTERM)              # not done: whoever called goes on later
    report(run, mix)


def stop_on_signal() -> list:
    """A list that gets an entry when the process is asked to end: training then writes its checkpoint first."""
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: asked.append(number))
    return asked


def report(run: Run, mix: Mix) -> None:
    skills = [name for name, weight in mix.weights.items() if weight > 0]
    scores = evaluate.scores(run.model, Encoder(run.options.tokenizer), skills, run.options.n_test, run.options.kind == "moe")
    if run.routers:
        run.routers.seen = []
    run.log(tokens=run.tokens, steps=run.steps, stage=run.options.stage, scores=scores)
