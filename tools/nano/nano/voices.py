"""The bank of spoken clips: digits, a hundred words, French digits and whole questions, in many voices of espeak-ng.

A voice setting is an accent, a variant, a speed and a pitch; it belongs to the training or the test half as a whole,
by its hash. `python -m nano voices --out FILE` builds the bank (interrupted, it goes on where it stopped); readers find
it through the environment variable NANO_VOICES. espeak-ng is called through its C library: a process for each clip
takes ten times as long.
"""
import ctypes
import ctypes.util
import functools
import math
import multiprocessing
import os
import pathlib
import random
from dataclasses import dataclass

import numpy as np

from .items import is_test
from .words import COLORS, NUMBERS, ROOMS

RATE = 16000
DIGITS = NUMBERS[:10]
FRENCH = "zéro un deux trois quatre cinq six sept huit neuf".split()
INSTRUMENTS = "piano guitar violin drum flute trumpet radio".split()
DOORS = "door window gate".split()
PEOPLE = "Anna Ben Carla David Emma Felix Greta Hugo".split()
PLACES = "Paris Berlin London Rome Madrid Tokyo Vienna Moscow".split()
THINGS = """apple bread chair table house river mountain lamp book pencil paper stone tree flower bird horse sheep goat
mouse tiger lion eagle snake fish boat train bridge street market school church castle island forest winter summer
silver gold butter cheese honey milk water coffee lemon cherry banana candle""".split()
WORDS = (COLORS + ROOMS + "light on off timer minutes play call weather open close".split() + INSTRUMENTS + DOORS
         + PEOPLE + PLACES + THINGS)
assert len(WORDS) == len(set(WORDS)) == 100 and not set(WORDS) & set(NUMBERS)

QUESTIONS = ["Who are you?", "What can you do?", "How are you?", "Hello!", "Thank you!", "Goodbye!"]
QUESTIONS += [f"What is the capital of {c}?" for c in "France Germany Spain Italy England Japan Russia Austria".split()]
QUESTIONS += [f"How many legs does a {a} have?" for a in "dog bird spider bee".split()]
QUESTIONS += [f"What is the opposite of {a}?" for a in "hot big day up old".split()]
QUESTIONS += [f"What color is {a}?" for a in ("the sky", "the sun", "grass")]
SUMS = [(1, 1), (2, 3), (4, 4), (3, 6)]
QUESTIONS += [f"What is {NUMBERS[a]} plus {NUMBERS[b]}?" for a, b in SUMS]

TEXTS = [f"en:{w}" for w in NUMBERS + WORDS + QUESTIONS] + [f"fr:{w}" for w in FRENCH]

# Names of espeak-ng's files: "en" is British English.
ENGLISH_VOICES = "en-us en-us en-us en en en-gb-x-rp en-gb-scotland".split()
FRENCH_VOICES = "fr fr fr-be fr-ch".split()
VARIANTS = " +m1 +m2 +m3 +m4 +m5 +m6 +m7 +f1 +f2 +f3 +f4".split(" ")
TEST_SETTINGS = 7                                          # one setting in seven is held out


@dataclass(frozen=True)
class Setting:
    english: str
    french: str
    variant: str
    speed: int
    pitch: int

    def key(self) -> str:
        return f"{self.english}|{self.french}|{self.variant}|{self.speed}|{self.pitch}"


def settings(count: int, seed: int = 0) -> list[Setting]:
    """The first `count` voice settings of a seed: more of them extend a bank, they do not change it."""
    rng, out = random.Random(seed), {}
    while len(out) < count:
        s = Setting(rng.choice(ENGLISH_VOICES), rng.choice(FRENCH_VOICES), rng.choice(VARIANTS), rng.randint(120, 200),
                    rng.randint(25, 75))
        out[s.key()] = s
    return list(out.values())


class Espeak:
    """espeak-ng's C interface, as far as it is needed: text in, samples out. One instance per process."""
    SYNCHRONOUS, UTF8, SPEED, PITCH = 2, 1, 1, 3

    def __init__(self):
        self.library = ctypes.CDLL(ctypes.util.find_library("espeak-ng") or "libespeak-ng.so.1")
        self.rate = self.library.espeak_Initialize(self.SYNCHRONOUS, 500, None, 0)
        if self.rate <= 0:
            raise RuntimeError("espeak-ng does not start")
        self.chunks: list[np.ndarray] = []
        kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
        self.callback = kind(self._receive)                # kept: the library holds only the address
        self.library.espeak_SetSynthCallback(self.callback)

    def _receive(self, samples, count, _events) -> int:
        if samples and count > 0:
            self.chunks.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0

    def say(self, text: str, voice: str, speed: int, pitch: int) -> np.ndarray:
        """float32 samples at 16 kHz without the silence around them."""
        self.chunks.clear()
        if self.library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise RuntimeError(f"espeak-ng has no voice {voice}")
        self.library.espeak_SetParameter(self.SPEED, speed, 0)
        self.library.espeak_SetParameter(self.PITCH, pitch, 0)
        raw = text.encode()
        self.library.espeak_Synth(raw, len(raw) + 1, 0, 0, 0, self.UTF8, None, None)
        return trimmed(resampled(np.concatenate(self.chunks).astype(np.float32) / 32768, self.rate))


def resampled(x: np.ndarray, rate: int) -> np.ndarray:
    from scipy.signal import resample_poly
    g = math.gcd(RATE, rate)
    return resample_poly(x, RATE // g, rate // g).astype(np.float32)


def trimmed(x: np.ndarray, level: float = .01) -> np.ndarray:
    """Without silence, but with 10 ms before and 25 ms after the loud part, where soft consonants live."""
    loud = np.flatnonzero(np.abs(x) > level)
    if len(loud) < RATE // 50:
        raise RuntimeError("a clip is silent")
    return x[max(0, loud[0] - RATE // 100):loud[-1] + RATE // 40]


def build_setting(espeak: Espeak, s: Setting) -> tuple[np.ndarray, np.ndarray]:
    """All texts in one voice: int16 samples in a row, and where each text ends."""
    clips = []
    for text in TEXTS:
        language, words = text.split(":", 1)
        x = espeak.say(words, (s.english if language == "en" else s.french) + s.variant, s.speed, s.pitch)
        clips.append(np.clip(x * 32767, -32767, 32767).astype(np.int16))
    return np.concatenate(clips), np.cumsum([len(c) for c in clips])


@functools.lru_cache(None)
def espeak() -> Espeak:
    return Espeak()


def build_part(path: pathlib.Path, s: Setting) -> None:
    if not path.exists():
        x, e = build_setting(espeak(), s)
        np.savez(path.with_suffix(".tmp.npz"), samples=x, ends=e)
        path.with_suffix(".tmp.npz").rename(path)


def build(out: pathlib.Path, count: int, jobs: int) -> str:
    """Builds the bank and says what is in it; the finished settings of an interrupted run wait in a folder beside it."""
    parts = out.with_name(out.name + ".parts")
    parts.mkdir(parents=True, exist_ok=True)
    chosen = settings(count)
    paths = [parts / f"{i:04}.npz" for i in range(count)]
    with multiprocessing.Pool(jobs) as pool:
        pool.starmap(build_part, zip(paths, chosen), chunksize=1)
    samples, ends = [], []
    for path in paths:
        with np.load(path) as part:
            if len(part["ends"]) != len(TEXTS):
                raise SystemExit(f"{path} is of another list of texts: remove {parts}")
            samples.append(part["samples"])
            ends.append(part["ends"])
    temporary = out.with_name(out.name + ".tmp.npz")
    np.savez(temporary, settings=np.array([s.key() for s in chosen]), texts=np.array(TEXTS), ends=np.stack(ends),
             sizes=np.array([len(x) for x in samples]), samples=np.concatenate(samples))
    temporary.rename(out)
    for path in parts.glob("*.npz"):
        path.unlink()
    parts.rmdir()
    made = Bank(str(out))
    minutes = len(made.samples) / RATE / 60
    return f"{len(made.settings)} voices ({len(made.test)} held out), {len(TEXTS)} texts, {minutes:.0f} minutes of sound"


class Bank:
    """Clips by text and setting. `train` and `test` are the numbers of the settings of each half."""

    def __init__(self, path: str):
        with np.load(path) as z:
            if list(z["texts"]) != TEXTS:
                raise RuntimeError(f"{path} is of another list of texts: build it again")
            self.settings, self.samples, self.ends = list(z["settings"]), z["samples"], z["ends"]
            self.starts = np.concatenate([[0], np.cumsum(z["sizes"])])
        self.index = {text: i for i, text in enumerate(TEXTS)}
        held_out = [is_test(f"voice {s}", TEST_SETTINGS) for s in self.settings]
        self.train = [i for i, t in enumerate(held_out) if not t]
        self.test = [i for i, t in enumerate(held_out) if t]

    def clip(self, setting: int, text: str) -> np.ndarray:
        k = self.index[text]
        begin = self.ends[setting, k - 1] if k else 0
        at = self.starts[setting]
        return self.samples[at + begin:at + self.ends[setting, k]].astype(np.float32) / 32768

    def voice(self, rng: random.Random, test: bool) -> int:
        return rng.choice(self.test if test else self.train)


@functools.lru_cache(None)
def bank() -> Bank:
    path = os.environ.get("NANO_VOICES")
    if not path:
        raise RuntimeError("NANO_VOICES must name the bank of clips (python -m nano voices --out FILE)")
    return Bank(path)


# ------------------------------------------------------------------------------------------------ recordings
def seconds(rng: random.Random, low: float, high: float) -> int:
    """A random time as a number of samples."""
    return int(rng.uniform(low, high) * RATE)


def recording(rng: random.Random, parts: list[np.ndarray],
              gap: tuple[float, float] = (.06, .2)) -> tuple[np.ndarray, list[tuple[int, int]]]:
    """Parts with gaps between them, as one recording with some gain and noise; and where each part begins and ends.
    The shortest gap is longer than a soft token (40 ms), so that two equal words in a row stay two."""
    at, spans, pieces = seconds(rng, .02, .15), [], []
    for part in parts:
        pieces.append((at, part))
        spans.append((at, at + len(part)))
        at += len(part) + seconds(rng, *gap)
    x = np.zeros(spans[-1][1] + seconds(rng, .08, .2), np.float32)
    for begin, part in pieces:
        x[begin:begin + len(part)] = part
    x *= rng.uniform(.3, 1.2)
    noise = rng.choice([0, .0005, .002, .004])
    if noise:
        x += np.random.default_rng(rng.getrandbits(32)).normal(0, noise, len(x)).astype(np.float32)
    return np.clip(x, -1, 1), spans


def spoken(rng: random.Random, texts: list[str], test: bool) -> np.ndarray:
    """Texts of the bank in one voice, one after the other."""
    v = bank().voice(rng, test)
    return recording(rng, [bank().clip(v, t) for t in texts])[0]


def beep(rng: random.Random, length: int, hertz: float, shape: str) -> np.ndarray:
    """A tone with soft ends (5 ms)."""
    phase = 2 * np.pi * hertz * np.arange(length, dtype=np.float32) / RATE
    x = np.sin(phase) if shape == "sine" else np.tanh(3 * np.sin(phase))
    ramp = np.minimum(1, np.arange(length) / (.005 * RATE))
    return (x * ramp * ramp[::-1] * rng.uniform(.15, .4)).astype(np.float32)


# ------------------------------------------------------------------------------------------------ features
@functools.lru_cache(None)
def extractor():
    from transformers import Gemma4AudioFeatureExtractor
    return Gemma4AudioFeatureExtractor()


def official_features(samples: np.ndarray) -> np.ndarray:
    """Log-mel frames [frames, 128] of the official extractor, without the frames that it only adds as padding."""
    mel = extractor()([samples], sampling_rate=RATE, return_tensors="np")["input_features"][0]
    return mel[:frame_count(samples)].astype(np.float32)


def frame_count(samples: np.ndarray) -> int:
    """A frame every 10 ms; the first is centred on the first sample, the last lies inside the recording."""
    return max(0, (len(samples) - 1) // 160)


@functools.lru_cache(None)
def tables() -> tuple[np.ndarray, np.ndarray]:
    """Window and mel filters of the official extractor in f32, after a comparison of what they give with its result."""
    e = extractor()
    assert (e.frame_length, e.hop_length, e.fft_length, e.preemphasis, e.dither) == (320, 160, 512, 0, 0)
    window, filters = e.window.astype(np.float32), e.mel_filters.astype(np.float32)
    probe = np.random.default_rng(0).normal(0, .1, 5000).astype(np.float32)
    assert np.abs(log_mel(probe, window, filters) - official_features(probe)).max() < 1e-4
    return window, filters


def log_mel(samples: np.ndarray, window: np.ndarray, filters: np.ndarray) -> np.ndarray:
    from scipy.fft import rfft
    padded = np.pad(samples.astype(np.float32), (160, 160))
    frames = np.lib.stride_tricks.sliding_window_view(padded, 320)[::160][:frame_count(samples)] * window
    return np.log(np.abs(rfft(frames, 512, axis=-1)) @ filters + np.float32(1e-3))


def features(samples: np.ndarray) -> tuple[np.ndarray, int]:
    """Log-mel frames [frames, 128] and the number of soft tokens (40 ms) that the audio tower makes of them: the
    official extractor's result up to rounding, in f32 throughout, which takes less than half the time (0.4 ms per
    second of sound)."""
    mel = log_mel(samples, *tables())
    return mel, math.ceil(len(mel) / 4)
