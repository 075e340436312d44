"""The settings of what trains: a field is a flag of `python -m nano`, its help is the flag's."""
import argparse
import json
from dataclasses import MISSING, dataclass, field, fields
from typing import Any


def option(help: str, default: Any = MISSING) -> Any:
    """A field; without a default its flag has to be given. `dict` as the default: a new one."""
    return field(metadata={"help": help}, **({"default_factory": dict} if default is dict else {"default": default}))


def add_flags(parser: argparse.ArgumentParser, options: type) -> None:
    """A flag for each field of a class of options."""
    for f in fields(options):
        shown = f"{f.default:g}" if isinstance(f.default, float) else f.default
        parser.add_argument("--" + f.name.replace("_", "-"), type=json.loads if f.type is dict else f.type, default=argparse.SUPPRESS,
                            required=f.default is MISSING and f.default_factory is MISSING,
                            help=f.metadata["help"] + (f" [{shown}]" if f.default not in (MISSING, "", 0) else ""))


@dataclass
class Options:
    """Of the whole model's training."""
    kind: str = option('"e" (nano) or "moe" (nano-moe)')
    tokenizer: str = option("its folder")
    out: str = option("folder of this run: last.pt, log.jsonl")
    stage: str = option("name in mixes.STAGES")
    minutes: float = option("of this call", 1e9)
    tokens: float = option("of this stage, calls before included", 1e12)
    decay: float = option("over this last share of minutes or tokens the rate falls linearly to zero", 0.0)
    start: str = option("checkpoint to start from when the run has none yet", "")
    parts: dict = option("JSON: name of a part of the model -> file with its weights, or a checkpoint", dict)
    lr: float = option("learning rate of AdamW", 3e-3)
    muon_lr: float = option("learning rate of Muon", 6e-3)
    batch: int = option("positions a step, shared out among the groups", 3072)
    lessons: float = option("weight of the towers' own lessons; 0: none", 0.0)
    hints: float = option("weight of each kind of hint for the language model; 0: none", 0.0)
    warmup: int = option("steps, of this call", 100)
    threads: int = option("of the processor", 1)
    workers: int = option("processes that make each group's batches", 0)
    device: str = option("cpu or cuda", "cpu")
    seed: int = option("of weights and data", 1)
    evaluate_every: float = option("seconds; a checkpoint is written as often", 600.0)
    n_test: int = option("test items a skill at each evaluation; 0: no evaluation", 40)
    balance: float = option("weight of the experts' balance loss", 0.01)


@dataclass
class SeeingOptions:
    """Of the vision tower's first lessons."""
    out: str = option("folder of vision.pt, state.pt and log.jsonl; one with state.pt is gone on with")
    minutes: float = option("in all", 40.0)
    save_minutes: float = option("minutes between two checkpoints", 3.0)
    batch: int = option("patches a step", 2000)
    lr: float = option("learning rate of AdamW", 3e-3)
    muon_lr: float = option("learning rate of Muon", 1e-2)
    threads: int = option("of the processor", 1)
    device: str = option("cpu or cuda", "cpu")
    seed: int = option("of weights and pictures", 0)


@dataclass
class HearingOptions:
    """Of the audio tower's first lessons."""
    out: str = option("folder of audio.pt and state.pt; one with state.pt is gone on with")
    minutes: float = option("of processor time, in all", 12.0)
    save_minutes: float = option("of processor time, between two checkpoints", 1.0)
    batch: int = option("recordings of 3.2 s a step", 8)
    lr: float = option("learning rate of AdamW", 3e-3)
    muon_lr: float = option("learning rate of Muon", 5e-3)
    threads: int = option("of the processor", 1)
    device: str = option("cpu or cuda", "cpu")
    seed: int = option("of weights and recordings", 0)
