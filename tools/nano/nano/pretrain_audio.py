"""Teaches the audio tower to hear before it meets the language model.

Learning sounds through the language model alone takes many clips, because an answer of two tokens says little about fifty soft
tokens. Here every soft token (40 ms) has a label, known because the recordings are put together from clips: which text of the
bank is being said (or silence, or the how-many-th beep) and in which third of it we are. A throw-away linear head sees what the
language model will see, the normalised output of the tower. The tower hears no future, so the beginning of a word cannot be told
yet; the weight of a label grows with the thirds.

    python -m nano.pretrain_audio --out FOLDER --minutes 30

FOLDER/audio.pt holds the tower's weights (averaged over the last steps, so that it is good at any time), FOLDER/state.pt
everything that is needed to go on after an interruption.
"""
import argparse
import math
import os
import pathlib
import random
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from nano.skills.sounds import beep_recording
from nano.voices import NUMBERS, RATE, FRENCH, QUESTIONS, TEXTS, WORDS, Bank, bank, features, recording

TOKEN = 640                                                # samples of a soft token
SECONDS = 3.2                                              # length of every recording: rows of a batch need no padding
SILENCE, BEEP = 0, len(TEXTS)                              # classes: silence, the texts from 1 on, then the beeps from BEEP + 1 on
MOST_BEEPS = 6
CLASSES = BEEP + 1 + MOST_BEEPS
WEIGHTS = torch.tensor([.1, .5, 1., .2])                   # of the three thirds, and of silence
GROUPS = {name: [f"{language}:{t}" for t in texts] for name, language, texts in (
    ("number", "en", NUMBERS), ("word", "en", WORDS), ("question", "en", QUESTIONS), ("french", "fr", FRENCH))}
SHARES = {"number": .38, "word": .52, "question": .1}      # of the parts of an English recording


# ------------------------------------------------------------------------------------------------ recordings with labels
def stretched(x: np.ndarray, factor: float) -> np.ndarray:
    """Faster or slower, and with it higher or lower."""
    return np.interp(np.arange(0, len(x) - 1, factor), np.arange(len(x)), x).astype(np.float32)


def parts_of_speech(rng: random.Random, clips: Bank, test: bool) -> tuple[list[np.ndarray], list[int], tuple[float, float]]:
    """Words, digits and questions in one voice, more than fill a recording."""
    voice, factor = clips.voice(rng, test), 1 if test else rng.uniform(.92, 1.08)
    french, parts, classes, total = rng.random() < .14, [], [], 0
    while total < SECONDS * RATE:
        group = "french" if french else rng.choices(list(SHARES), list(SHARES.values()))[0]
        text = rng.choice(GROUPS[group])
        parts.append(stretched(clips.clip(voice, text), factor))
        classes.append(1 + clips.index[text])
        total += len(parts[-1])
    low = rng.uniform(.05, .2)
    return parts, classes, (low, low + .2)


def labelled(rng: random.Random, test: bool) -> tuple[np.ndarray, list[tuple[int, int, int]]]:
    """A recording of SECONDS and its parts: (class, begin, end) in samples."""
    if rng.random() < .1:
        count = rng.randint(1, MOST_BEEPS)
        x, spans = beep_recording(rng, count, rng.uniform(300, 2000), rng.randint(80, 200))
        classes = [BEEP + 1 + i for i in range(count)]
    else:
        parts, classes, gap = parts_of_speech(rng, bank(), test)
        x, spans = recording(rng, parts, gap)
    n = int(SECONDS * RATE) + 1                            # one more sample, so that the last frame is whole
    return np.pad(x[:n], (0, max(0, n - len(x)))), [(c, *span) for c, span in zip(classes, spans)]


def targets(parts: list[tuple[int, int, int]], tokens: int) -> tuple[np.ndarray, np.ndarray]:
    """The class of each token and its third (0, 1, 2; 3 in silence), by the middle of the token."""
    classes, thirds = np.zeros(tokens, np.int64), np.full(tokens, 3, np.int64)
    middle = np.arange(tokens) * TOKEN + TOKEN // 2
    for c, begin, end in parts:
        inside = (middle >= begin) & (middle < end)
        classes[inside] = c
        thirds[inside] = (middle[inside] - begin) * 3 // (end - begin)
    return classes, thirds


def batch(rng: random.Random, size: int, test: bool) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, list]:
    """Features [size, frames, 128], classes and thirds [size, tokens], and the parts of each recording."""
    mels, classes, thirds, all_parts = [], [], [], []
    for _ in range(size):
        x, parts = labelled(rng, test)
        mel, tokens = features(x)
        c, t = targets(parts, tokens)
        mels.append(mel), classes.append(c), thirds.append(t), all_parts.append(parts)
    return torch.from_numpy(np.stack(mels)), torch.from_numpy(np.stack(classes)), torch.from_numpy(np.stack(thirds)), all_parts


# ------------------------------------------------------------------------------------------------ tower and head
class Hearing(nn.Module):
    """The tower with its throw-away head."""

    def __init__(self, tower: nn.Module):
        super().__init__()
        self.tower = tower
        self.head = nn.Linear(tower.config.output_proj_dims, CLASSES + 3)

    def forward(self, mel: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        x = self.tower(mel, torch.ones(mel.shape[:2], dtype=torch.bool)).last_hidden_state
        z = self.head(F.rms_norm(x, x.shape[-1:]))
        return z[..., :CLASSES], z[..., CLASSES:]


def loss_of(z: torch.Tensor, z_third: torch.Tensor, classes: torch.Tensor, thirds: torch.Tensor) -> torch.Tensor:
    weight = WEIGHTS[thirds]
    named = (F.cross_entropy(z.transpose(1, 2), classes, reduction="none") * weight).sum() / weight.sum()
    place = F.cross_entropy(z_third.transpose(1, 2), thirds % 3, reduction="none")[thirds < 3].mean()
    return named + .3 * place


@torch.no_grad()
def scores(model: Hearing, rounds: int = 12, size: int = 16, test: bool = True) -> dict[str, float]:
    """Accuracy in held-out voices: of tokens, and of whole parts (judged by their last third) by group."""
    rng, hits = random.Random(1), {"token": [0, 0]}
    group_of = {1 + TEXTS.index(t): name for name, texts in GROUPS.items() for t in texts}
    for _ in range(rounds):
        mel, classes, thirds, all_parts = batch(rng, size, test)
        z = model(mel)[0].log_softmax(-1)
        hits["token"][0] += int((z.argmax(-1) == classes).sum())
        hits["token"][1] += classes.numel()
        for row, third, parts in zip(z, thirds, all_parts):
            middle = torch.arange(len(third)) * TOKEN + TOKEN // 2
            for c, begin, end in parts:
                last = (middle >= begin) & (middle < end) & (third == 2)
                if end <= len(third) * TOKEN and last.any():
                    count = hits.setdefault(group_of.get(c, "beep"), [0, 0])
                    count[0] += int(row[last].sum(0).argmax()) == c
                    count[1] += 1
    return {name: hit / total for name, (hit, total) in hits.items()}


# ------------------------------------------------------------------------------------------------ training
def rate(done: float, step: int) -> float:
    """Share of the full learning rate: warm-up, constant, linear decay over the last half."""
    return min(1, (step + 1) / 100) * min(1, max(.02, 2 * (1 - done)))
