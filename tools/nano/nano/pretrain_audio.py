"""Teaches the audio tower to hear before it meets the language model.

Learning sounds through the language model alone takes many clips, because an answer of two tokens says little about
fifty soft tokens. Here every soft token (40 ms) has a label, known because the recordings are put together from clips:
which text of the bank is being said (or silence, or the how-many-th beep) and in which third of it we are. A throw-away
linear head sees what the language model will see, the normalised output of the tower. The tower hears no future, so the
beginning of a word cannot be told yet; the weight of a label grows with the thirds.

    python -m nano pretrain-audio --out FOLDER

FOLDER/audio.pt holds the tower's weights (averaged over the last steps, so that it is good at any time),
FOLDER/state.pt everything that is needed to go on after an interruption.
"""
import copy
import functools
import pathlib
import random
import time
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from nano.optimiser import make_optimisers, scale_rate
from nano.options import HearingOptions
from nano.skills.sounds import beep_recording
from nano.voices import FRENCH, QUESTIONS, RATE, TEXTS, WORDS, Bank, bank, features, recording
from nano.words import NUMBERS

TOKEN = 640                                                # samples of a soft token
SECONDS = 3.2                                              # length of every recording: rows of a batch need no padding
MOST_BEEPS = 6
BEEP = len(TEXTS)                             # classes: 0 silence, 1 to BEEP the texts, then first to sixth beep
CLASSES = BEEP + 1 + MOST_BEEPS
WEIGHTS = .1, .5, 1., .2                   # of the three thirds, and of silence
GROUPS = {name: [f"{language}:{t}" for t in texts] for name, language, texts in (
    ("number", "en", NUMBERS), ("word", "en", WORDS), ("question", "en", QUESTIONS), ("french", "fr", FRENCH))}
SHARES = {"number": .26, "word": .64, "question": .1}      # of the parts of an English recording


# ---------------------------------------------------------------------------------------------- recordings with labels
def stretched(x: np.ndarray, factor: float) -> np.ndarray:
    """Faster or slower, and with it higher or lower."""
    return np.interp(np.arange(0, len(x) - 1, factor), np.arange(len(x)), x).astype(np.float32)


def speech(rng: random.Random, clips: Bank, test: bool) -> tuple[list[np.ndarray], list[int], tuple[float, float]]:
    """Words, digits and questions in one voice, more than fill a recording."""
    voice, factor = clips.voice(rng, test), 1 if test else rng.uniform(.92, 1.08)
    french, parts, classes, total = rng.random() < .14, [], [], 0
    while total < SECONDS * RATE:
        group = "french" if french else rng.choices(list(SHARES), list(SHARES.values()))[0]
        text = rng.choice(GROUPS[group])
        parts.append(stretched(clips.clip(voice, text), factor))
        classes.append(1 + clips.index[text])
        total += len(parts[-1])
    low = rng.uniform(.05, .15)
    return parts, classes, (low, low + .1)


def labelled(rng: random.Random, test: bool) -> tuple[np.ndarray, list[tuple[int, int, int]]]:
    """A recording of SECONDS and its parts: (class, begin, end) in samples."""
    if rng.random() < .1:
        count = rng.randint(1, MOST_BEEPS)
        x, spans = beep_recording(rng, count, rng.uniform(300, 2000), rng.randint(80, 200))
        classes = [BEEP + 1 + i for i in range(count)]
    else:
        parts, classes, gap = speech(rng, bank(), test)
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
    return *(torch.from_numpy(np.stack(x)) for x in (mels, classes, thirds)), all_parts


# ------------------------------------------------------------------------------------------------ tower and head
def quick_convolutions(tower: nn.Module) -> None:
    """Makes a step of training of the tower more than twice as fast on a CPU, with the same result up to rounding: in
    its two convolutions channels come last from the start, as the norm behind each wants them, and the first, whose
    nine inputs are too few for the library's kernels, is a matrix product."""
    front = tower.subsample_conv_projection
    for layer, convolution in ((front.layer0, nine_inputs), (front.layer1, channels_last)):
        layer.forward = functools.partial(convolved, layer, convolution)


def convolved(layer: nn.Module, convolution: Callable, x: torch.Tensor, mask: torch.Tensor | None = None) -> tuple:
    """The layer's own forward pass but for the layout: convolution, norm over the channels, ReLU."""
    if mask is not None:
        x, mask = x * mask[:, None, :, None], mask[:, ::2]
    return F.relu(layer.norm(convolution(x, layer.conv.weight))).permute(0, 3, 1, 2), mask


def nine_inputs(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """[N, 1, H, W] -> [N, H/2, W/2, channels]"""
    windows = F.pad(x, (1, 1, 1, 1)).unfold(2, 3, 2).unfold(3, 3, 2)[:, 0]
    n, h, w = windows.shape[:3]
    rows = windows.reshape(n * h, w, 9)                    # many small products: the gradient of one large one is slow
    return torch.bmm(rows, weight.reshape(-1, 9).t().expand(n * h, -1, -1)).view(n, h, w, -1)


def channels_last(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    x, weight = (t.contiguous(memory_format=torch.channels_last) for t in (x, weight))
    return F.conv2d(x, weight, None, 2, 1).permute(0, 2, 3, 1)


def encode(tower, mel: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
    """The tower's soft tokens [B, tokens, width], by its own modules. mask: which frames there really are, the first ones of a row. The
    tower hears no future, so its attention needs no mask for the others; what it must not reach is the same in every row."""
    h, _ = tower.subsample_conv_projection(mel, mask)
    position = tower.rel_pos_enc(h)
    for layer in tower.layers:
        h = layer(h, attention_mask=window(tower, h), position_embeddings=position)
    return tower.output_proj(h)


def window(tower, h: torch.Tensor) -> torch.Tensor:
    """What a token may look at, in the blocks of the tower's attention."""
    c, n = tower.config, h.shape[1]
    assert c.attention_context_right == 0
    i = torch.arange(n, device=h.device)
    distance = i[:, None] - i[None]
    mask = torch.zeros(1, 1, n, n, device=h.device).masked_fill((distance < 0) | (distance >= c.attention_context_left - 1), -1e30)
    return tower._convert_4d_mask_to_blocked_5d(mask)


class Hearing(nn.Module):
    """The tower with its throw-away head."""

    def __init__(self, tower: nn.Module):
        super().__init__()
        self.tower = tower
        self.head = nn.Linear(tower.config.output_proj_dims, CLASSES + 3)

    def forward(self, mel: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        x = encode(self.tower, mel)
        z = self.head(F.rms_norm(x, x.shape[-1:]))
        return z[..., :CLASSES], z[..., CLASSES:]


def loss_of(z: torch.Tensor, z_third: torch.Tensor, classes: torch.Tensor, thirds: torch.Tensor) -> torch.Tensor:
    weight = sum(w * (thirds == i) for i, w in enumerate(WEIGHTS))
    named = (F.cross_entropy(z.transpose(1, 2), classes, reduction="none") * weight).sum() / weight.sum()
    spoken = (thirds < 3).float()
    place = (F.cross_entropy(z_third.transpose(1, 2), thirds % 3, reduction="none") * spoken).sum() / spoken.sum().clamp(min=1)
    return named + .3 * place


@torch.no_grad()
def scores(model: Hearing, rounds: int) -> dict[str, float]:
    """Accuracy in held-out voices: of tokens, and of whole parts (judged by their last third) by group."""
    rng, hits, device = random.Random(1), {"token": [0, 0]}, next(model.parameters()).device
    group_of = {1 + TEXTS.index(t): name for name, texts in GROUPS.items() for t in texts}
    for _ in range(rounds):
        mel, classes, thirds, all_parts = batch(rng, 16, True)
        z = model(mel.to(device))[0].log_softmax(-1).cpu()
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
    """Share of the full learning rate: warm-up, constant, linear decay over the second half."""
    return min(1, (step + 1) / 50) * min(1, max(.02, 2 * (1 - done)))


class Training:
    """Everything that goes on after an interruption: weights, their running mean, optimisers, random numbers, processor time."""

    def __init__(self, options: HearingOptions):
        from nano.model import build
        self.options, self.folder = options, pathlib.Path(options.out)
        self.model = Hearing(build("e", vision=False, seed=options.seed).model.audio_tower).to(options.device)
        self.mean = copy.deepcopy(self.model)
        if options.device == "cpu":
            for model in (self.model, self.mean):
                quick_convolutions(model.tower)
        self.optimisers = make_optimisers(self.model, options.lr, options.muon_lr)
        self.rng, self.step, self.seconds = random.Random(options.seed), 0, 0.
        if (self.folder / "state.pt").exists():
            self.load()

    def advance(self) -> float:
        """One step; returns the loss."""
        start = time.process_time()
        mel, classes, thirds = (x.to(self.options.device) for x in batch(self.rng, self.options.batch, False)[:3])
        loss = loss_of(*self.model(mel), classes, thirds)
        for optimiser in self.optimisers:
            optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.)
        scale_rate(self.optimisers, rate(self.seconds / (60 * self.options.minutes), self.step))
        for optimiser in self.optimisers:
            optimiser.step()
        self.step += 1
        keep = min(.995, self.step / (self.step + 10))
        with torch.no_grad():
            for m, p in zip(self.mean.parameters(), self.model.parameters()):
                m.lerp_(p, 1 - keep)
        self.seconds += time.process_time() - start
        return float(loss.detach())

    def save(self) -> None:
        state = dict(model=self.model.state_dict(), mean=self.mean.state_dict(), rng=self.rng.getstate(),
                     step=self.step, seconds=self.seconds, optimisers=[o.state_dict() for o in self.optimisers])
        write(self.folder / "state.pt", state)
        write(self.folder / "audio.pt", self.mean.tower.state_dict())

    def load(self) -> None:
        state = torch.load(self.folder / "state.pt", map_location=self.options.device, weights_only=False)
        self.model.load_state_dict(state["model"])
        self.mean.load_state_dict(state["mean"])
        for optimiser, saved in zip(self.optimisers, state["optimisers"]):
            optimiser.load_state_dict(saved)
        self.rng.setstate(state["rng"])
        self.step, self.seconds = state["step"], state["seconds"]


def write(path: pathlib.Path, value: object) -> None:
    """Never leaves half a file under the final name."""
    temporary = path.with_suffix(".tmp")
    torch.save(value, temporary)
    temporary.rename(path)


def train(options: HearingOptions) -> None:
    torch.set_num_threads(options.threads)
    pathlib.Path(options.out).mkdir(parents=True, exist_ok=True)
    run, total, losses = Training(options), options.minutes * 60, []
    saved = run.seconds
    while run.seconds < total:
        losses.append(run.advance())
        if run.seconds - saved > options.save_minutes * 60 or run.seconds >= total:
            run.save()
            saved = run.seconds
            found = scores(run.mean, 4 if run.seconds < total else 20)
            print(f"{run.seconds / 60:5.1f} min  step {run.step}  loss {np.mean(losses[-100:]):.3f}  held-out voices:",
                  " ".join(f"{name} {value:.3f}" for name, value in found.items()), flush=True)
