"""Hints for the language model while it is trained: where an answer has to look, and what has to be known there.

An answer says only by its first tokens that something had to be found. Where it is found by what stands *behind* it (a tool by its description, a
sentence by a name in it), or where it is a cell of a picture, learning that from answers alone takes very long. So heads of the first layer
with global attention are told where to look at the first tokens of an answer, and of the layer before it, where two pictures are compared
(`Look`); the values of the global layer are asked for what has to be known (facts). nano.hint_losses makes losses of both.
"""
import random
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from . import pretrain_vision
from .drawing import SHAPES
from .skills.tools import KINDS, NO_TOOL
from .tokenizer import QUOTE, SPACE, VOCAB_SIZE

FIRST, SECOND = 1, 3                                        # the heads that are told: one of each half, as each half has values of its own
FIRSTS = 4                                                  # so many first tokens of a sentence or of a tool's name have to be known
CLEAR = 100                                                 # cells of a picture that local attention sees at once, two pictures of them as well
BINS = 8                                                    # of a place across or down a picture
GROUPS = sorted({kind.group for kind in KINDS})             # what a tool is for
N_CHARACTERS = 1 + len(pretrain_vision.CHARS)               # the first is none
CLASSES = {f"first{k}": VOCAB_SIZE for k in range(FIRSTS)} | {   # a fact -> how many answers it has
    "nth": 10,                                              # which occurrence of a word in a list this is
    "kind": len(GROUPS),                                    # what a tool is for, at the end of its description and of a request for it
    "topic": VOCAB_SIZE,                                    # the same of a tool that is made up: the first token of what it is about
    "asked": len(GROUPS), "asked_topic": VOCAB_SIZE,        # both of an answer's attention
    "so_far": 7,                                            # shapes in a picture up to this cell
    "across": BINS, "down": BINS,                           # where a cell with a shape is
    "changed": 4,                                           # nothing, colour, shape, number: against the same cell of the first picture
    "char0": N_CHARACTERS, "char1": N_CHARACTERS}           # characters in a cell
MOST = 512                                                  # looks of a layer, and facts of a kind, of a batch at most
NONE = -100                                                 # the class of a fact that fills up


@dataclass(frozen=True)
class Look:
    """The attention of a head of the global layer (near: of the layer before it) at a position belongs on places."""
    at: int
    places: list[int]
    head: int
    near: bool = False


@dataclass
class Hints:
    looks: list[Look] = field(default_factory=list)
    facts: list[tuple[str, int, int]] = field(default_factory=list)      # name in CLASSES, position, class


@dataclass(frozen=True)
class Part:
    """A sentence, or name and description of a tool. It begins with tokens[begin:name_end] and is found by tokens[words:end]."""
    begin: int
    name_end: int
    words: int
    end: int
    purpose: tuple[str, int] | None = None                  # of a tool: "kind" or "topic", and its class


@dataclass(frozen=True)
class Seen:
    """A picture in a row: what is in it, its columns and rows, the labels of its cells, and where in the row its first cell is."""
    truth: Any
    grid: tuple[int, int]
    labels: dict[str, np.ndarray]
    begin: int

    @property
    def n_cells(self) -> int:
        return self.grid[0] * self.grid[1]

    def places(self, mask: np.ndarray) -> list[int]:
        return [self.begin + int(i) for i in np.flatnonzero(mask)]

    def places_of(self, thing) -> list[int]:
        return self.places(self.labels["shape"] == 1 + SHAPES.index(thing.shape))

    def place_of(self, glyph) -> int:
        (w, h), (width, height) = self.grid, self.truth.size
        return self.begin + min(int(glyph.y * h / height), h - 1) * w + min(int(glyph.x * w / width), w - 1)


class Reader:
    """Reads the hints off a row of tokens."""

    def __init__(self, tokenizer):
        self.pieces = [tokenizer.id_to_token(i) or "" for i in range(tokenizer.get_vocab_size())]
        self.tokenizer = tokenizer

    def hints(self, row) -> Hints:
        """row: data.Row."""
        return RowReader([self.pieces[i] for i in row.ids], row, {name: self.purpose(text) for name, text in row.purposes.items()}).read()

    def purpose(self, text: str) -> tuple[str, int]:
        if text in GROUPS:
            return "kind", GROUPS.index(text)
        return "topic", self.tokenizer.encode(f" {text}", add_special_tokens=False).ids[0]


class RowReader:
    def __init__(self, pieces: list[str], row, purposes: dict[str, tuple[str, int]]):
        self.pieces, self.labels, self.row, self.out, self.purposes = pieces, row.labels, row, Hints(), purposes
        self.tools: dict[tuple[str, ...], Part] = {}
        self.sentences: list[Part] = []
        self.pictures: list[Seen] = []

    def read(self) -> Hints:
        self.find_parts()
        self.know_beginnings()
        self.know_lists()
        if all(m.truth is not None for m in self.row.media):
            self.know_pictures()
        for begin in (i for i in range(1, len(self.labels)) if self.labels[i] and self.labels[i] != self.labels[i - 1]):
            end = next((i for i in range(begin, len(self.labels)) if self.labels[i] != self.labels[begin]), len(self.labels))
            self.look(begin, end)
        return self.out

    def know(self, name: str, at: int, answer: int) -> None:
        self.out.facts.append((name, at, int(answer)))

    def tell(self, at: int, places: list[int], *heads: int) -> None:
        """A token is predicted by the position before it: `at` is that position."""
        self.out.looks += [Look(at, places, head) for head in heads or (FIRST, SECOND)]

    # ------------------------------------------------------------------------------------------------------------------ text
    def find_parts(self) -> None:
        """The declared tools by their names, and the sentences of more than two words outside of answers."""
        pieces, i, begin = self.pieces, 0, None
        while i < len(pieces):
            if pieces[i] == "declaration:":
                brace = pieces.index("{", i)
                end = pieces.index(QUOTE, brace + 3)
                self.tools[tuple(pieces[i + 1:brace])] = Part(i + 1, brace, brace + 2, end, self.purposes.get("".join(pieces[i + 1:brace])))
                i, begin = pieces.index("<tool|>", i), None
            elif self.labels[i] or pieces[i].startswith("<"):
                begin = None
            elif pieces[i] in (".", ":", "?", "\n"):
                if pieces[i] == "." and begin is not None and i - begin > 2:
                    self.sentences.append(Part(begin, i, begin + 1, i))
                begin = i + 1
            i += 1

    def is_list(self, part: Part) -> bool:
        return "," in self.pieces[part.begin:part.end]

    def know_beginnings(self) -> None:
        plain = [s for s in self.sentences if not self.is_list(s) and '"' not in self.pieces[s.begin:s.end]]
        for part in [*self.tools.values(), *plain]:
            for at in range(part.words, part.end):
                for k in range(min(FIRSTS, part.name_end - part.begin, at - part.begin)):
                    self.know(f"first{k}", at, self.row.ids[part.begin + k])
            if part.purpose:
                for at in (part.end - 2, part.end - 1):
                    self.know(part.purpose[0], at, part.purpose[1])

    def know_lists(self) -> None:
        for part in filter(self.is_list, self.sentences):
            words = self.pieces[part.begin:part.end]
            for i, word in enumerate(words):
                if word.startswith(SPACE):
                    self.know("nth", part.begin + i, min(9, words[:i + 1].count(word)))

    def look(self, begin: int, end: int) -> None:
        """Where the answer in [begin, end) has to look."""
        pieces = self.pieces
        text = "".join(pieces[begin:end]).replace(SPACE, " ")
        if pieces[begin] == "<|tool_call>" or self.tools and text.startswith(NO_TOOL):
            self.look_at_tools(begin, end)
            return
        named = next((part for name, part in self.tools.items() if tuple(pieces[begin:begin + len(name)]) == name), None)
        if named:
            self.look_at_part(begin - 1, min(named.name_end - named.begin, FIRSTS), named)
        elif not (self.pictures and self.look_at_pictures(begin, end)):
            self.look_at_counted(begin, end)
            copied = self.longest(begin)
            if copied:
                self.look_at_part(begin - 1, min(3, end - begin), copied)

    def look_at_part(self, at: int, n: int, part: Part) -> None:
        """At n positions from `at` on; of a tool to the end of its description, where it is known what it is for."""
        for i in range(at, at + n):
            self.tell(i, list(range(part.end - 2 if part.purpose else part.words, part.end)))
            if part.purpose:
                self.know({"kind": "asked", "topic": "asked_topic"}[part.purpose[0]], i, part.purpose[1])

    def look_at_tools(self, begin: int, end: int) -> None:
        """Before the first call and at the first letters of each name; to <bos> where no tool fits."""
        if self.pieces[begin] != "<|tool_call>":
            self.tell(begin - 1, [0])
        purposes = set()
        for at in range(begin, end):
            if self.pieces[at] == "call:":
                brace = self.pieces.index("{", at)
                part = self.tools[tuple(self.pieces[at + 1:brace])]
                purposes.add(part.purpose)
                if at == begin + 1:
                    self.look_at_part(begin - 1, 1, part)
                self.look_at_part(at, min(brace - at - 1, FIRSTS), part)
                self.look_at_arguments(brace + 1, self.pieces.index("<tool_call|>", brace), part)
        request_end = begin - 5                             # <turn|> \n <|turn> model \n
        if len(purposes) == 1 and None not in purposes and self.pieces[request_end] == "<turn|>":
            name, answer = purposes.pop()
            for at in (request_end - 1, request_end):
                self.know(name, at, answer)

    def look_at_arguments(self, begin: int, end: int, tool: Part) -> None:
        """Of the arguments in [begin, end): their names to the declaration, strings and numbers to the request, each where it is found once."""
        asked = max(i for i in range(begin) if self.pieces[i] == "<|turn>" and self.pieces[i + 1] == "user")
        request = range(asked + 2, self.pieces.index("<turn|>", asked))
        declaration = range(tool.end, self.pieces.index("<tool|>", tool.end))
        at = begin
        while at < end:
            stop = at
            if self.pieces[at] == QUOTE:
                stop = self.pieces.index(QUOTE, at + 1)
                self.look_at_copied(at + 1, stop, request)
                stop += 1
            elif self.pieces[at].isdigit():
                while self.pieces[stop].isdigit():
                    stop += 1
                self.look_at_copied(at, stop, request)
            else:                                           # a name ends with its colon; true and false are in no declaration
                while self.pieces[stop] not in ",{}[]" and not self.pieces[stop].endswith(":"):
                    stop += 1
                stop += self.pieces[stop].endswith(":")
                self.look_at_copied(at, stop, declaration)
            at = max(stop, at + 1)

    def look_at_copied(self, begin: int, end: int, within: range) -> None:
        """The first tokens of [begin, end) to where they are copied from, if all of them stand once within the range."""
        text, value = "".join(self.pieces[i] for i in within), "".join(self.pieces[begin:end])
        places = [i for i in within for _ in self.pieces[i]]        # of each character
        if value and text.count(value) == 1:
            character = text.index(value)
            for i in range(begin, min(end, begin + FIRSTS)):
                self.tell(i - 1, [places[character]])
                character += len(self.pieces[i])

    def look_at_counted(self, begin: int, end: int) -> None:
        """Of a list of counts: at each thing to the first of them, at its number to all of them. Of each it is known which one it is (the hint
        `nth`), so their mean tells how many there are."""
        pieces = self.pieces
        if pieces[begin:begin + 2] != ["Counts", ":"]:
            return
        for at in (i for i in range(begin, end) if pieces[i][1:].isalpha() and pieces[i][0] == SPACE):
            places = [i for i in range(begin) if not self.labels[i] and pieces[i] == pieces[at]]
            if places:
                self.tell(at - 1, places[:1])
                self.tell(at + 1, places)

    def longest(self, begin: int) -> Part | None:
        """The sentence before the answer that shares most of its beginning with it, of two words at least, if it is the only one."""
        def common(s: Part) -> int:
            pairs = zip(self.pieces[s.begin:s.end], self.pieces[begin:])
            return next((n for n, (a, b) in enumerate(pairs) if a.lstrip(SPACE) != b.lstrip(SPACE)), s.end - s.begin)
        scores = [common(s) if s.end < begin else 0 for s in self.sentences]
        best = max(scores, default=0)
        return self.sentences[scores.index(best)] if best > 1 and scores.count(best) == 1 else None

    # -------------------------------------------------------------------------------------------------------------- pictures
    def know_pictures(self) -> None:
        at = 0
        for m in self.row.media:
            at = self.pieces.index("<|image|>", at)
            self.pictures.append(Seen(m.truth, m.grid, pretrain_vision.labels(m.truth, m.grid, 0), at))
            at += m.n_soft
        for p in self.pictures:
            self.know_cells(p)
        if self.are_alike():
            a, b = self.pictures
            for i, change in enumerate(self.changes()):
                if change > 0 or change == 0 and b.labels["shape"][i] > 0:      # background that has not changed would be nearly all
                    self.know("changed", b.begin + i, change)
                self.out.looks.append(Look(b.begin + i, [a.begin + i], FIRST, near=True))

    def know_cells(self, p: Seen) -> None:
        if p.truth.things and p.n_cells <= CLEAR:
            so_far = p.labels["centre"].cumsum()
            for i, n in enumerate([*so_far, so_far[-1]]):       # the last is of the token that ends the picture
                self.know("so_far", p.begin + i, min(6, n))
        for i in np.flatnonzero(p.labels["chars"][:, 0]):
            for k in range(2):
                self.know(f"char{k}", p.begin + int(i), p.labels["chars"][i, k])
        for i in np.flatnonzero(p.labels["shape"] > 0):
            x, y = p.labels["place_of_cell"][i]
            self.know("across", p.begin + int(i), BINS * x)
            self.know("down", p.begin + int(i), BINS * y)

    def are_alike(self) -> bool:
        return len(self.pictures) == 2 and self.pictures[0].grid == self.pictures[1].grid and self.pictures[0].n_cells <= CLEAR

    def changes(self) -> np.ndarray:
        """Of each cell of the second picture: the class of "changed"; -1 where it is not clear."""
        a, b = (p.labels for p in self.pictures)
        out = np.where(a["shape"] != b["shape"], 2, np.where(a["color"] != b["color"], 1, 0))
        out[(a["shape"] == 0) != (b["shape"] == 0)] = 3
        out[(a["shape"] < 0) | (b["shape"] < 0)] = -1
        return out

    def look_at_pictures(self, begin: int, end: int) -> bool:
        """To the letters of a word one by one, the shapes that a question names, what has changed, the end of a picture, where all has been
        counted. Returns whether the answer is about a picture."""
        if len(self.pictures) == 2:
            if self.are_alike():
                self.tell(begin - 1, self.pictures[1].places(self.changes() > 0) or [0])
            return True
        picture, glyphs = self.pictures[0], self.pictures[0].truth.glyphs
        if glyphs and "".join(self.pieces[begin:end - 1]) == "".join(g.char for g in glyphs):
            letter = 0
            for i in range(begin, end - 1):
                self.tell(i - 1, [picture.place_of(glyphs[letter])], FIRST)
                letter += len(self.pieces[i])
            self.tell(end - 2, [picture.place_of(glyphs[-1])], FIRST)
            return True
        return bool(picture.truth.things) and self.look_at_things(begin, picture)

    def look_at_things(self, begin: int, picture: Seen) -> bool:
        asked = max(i for i in range(begin) if self.pieces[i] == "<|turn>" and self.pieces[i + 1] == "user")
        question, things = self.pieces[asked:begin], picture.truth.things
        named = [t for piece in question for t in things if piece == SPACE + t.shape]
        if len(things) == 2 and named:
            other = next(t for t in things if t is not named[0])
            for thing, head in ((named[0], FIRST), (other, SECOND)):
                if picture.places_of(thing):
                    self.tell(begin - 1, picture.places_of(thing), head)
        elif len(things) == 1 and picture.places_of(things[0]) and self.pieces[begin] in ("A", "An"):
            for at in (begin - 1, begin):
                self.tell(at, picture.places_of(things[0]), FIRST)
        elif SPACE + "many" in question or "Count" in question:
            self.tell(begin - 1, [picture.begin + picture.n_cells])
        return self.labels[begin] == 1                      # later answers may be about something else


# ---------------------------------------------------------------------------------------------------------------- tensors
def tensors(hints: list[Hints], length: int, rng: random.Random, fixed: bool = False) -> dict[str, torch.Tensor]:
    """Of a batch, for each layer that is told ("look": the global one, "near"): NAME_at [N, 3]: row, position, head; NAME_in [N, length]: whether a
    position is one of the places. For each fact fact_NAME [N, 3]: row, position, class. At most MOST of each, and `fixed`: just as many, filled
    up with what is no loss; otherwise what is empty is left out."""
    out = {}
    for name in ("look", "near"):
        looks = some([(b, x) for b, h in enumerate(hints) for x in h.looks if x.near == (name == "near")], rng)
        n = MOST if fixed else len(looks)
        if n:
            at, inside = torch.zeros(n, 3, dtype=torch.long), torch.zeros(n, length, dtype=torch.bool)
            for i, (b, x) in enumerate(looks):
                at[i] = torch.tensor((b, x.at, x.head))
                inside[i, x.places] = True
            inside[len(looks):, 0] = True                   # a first position sees itself alone
            out |= {f"{name}_at": at, f"{name}_in": inside}
    for name in CLASSES:
        facts = some([(b, at, answer) for b, h in enumerate(hints) for fact, at, answer in h.facts if fact == name], rng)
        facts += [(0, 0, NONE)] * (MOST - len(facts)) if fixed else []
        if facts:
            out[f"fact_{name}"] = torch.tensor(facts)
    return out


def some(things: list, rng: random.Random) -> list:
    return rng.sample(things, MOST) if len(things) > MOST else things
