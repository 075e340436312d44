"""The rules that data must keep, counted: no test item in training, prompts that differ, answers in balance, few rows that training turns away."""
import random
from collections import Counter
from dataclasses import dataclass

from . import chat, leaks
from .data import CHUNK, Curator, Mix, conversation, make_row
from .items import Item, User
from .skills.registry import ALL
from .tokenizer import Encoder

N_TRAIN, N_TEST = 5000, 500                                 # items of each skill that are drawn
# Limits on shares, and where data are narrow by nature.
LEAST_DIFFERENT = 0.4                                       # of the prompts drawn for training, those that differ from each other
FEW_DIFFERENT = {"chat": 0.1, "fact": 0.15,                 # what it knows and says of itself, in some wordings each
                 "spell": 0.15}                             # a list of words
MOST_ALIKE = 0.35                                           # of answers, the commonest: several skills have four answers
MANY_ALIKE = {"unknown": 1.0,                               # has one answer
              "tool_none": 0.7}                             # no tool fits, but for the requests that keep this from being always right
MOST_TURNED_AWAY = 0.05                                     # of conversations
MANY_TURNED_AWAY = {"first": 0.15}                          # its rows are short


@dataclass
class Counts:
    """Of one skill: training and test prompts drawn and how many of them are different, test prompts that training has too, and the answers."""
    n_train: int
    train: int
    test: int
    leaked: int
    answers: Counter

    @property
    def different(self) -> float:
        return self.train / self.n_train

    @property
    def commonest(self) -> float:
        """Share of the commonest answer: what a model reaches that looks at nothing."""
        return self.answers.most_common(1)[0][1] / self.answers.total()


def fingerprint(item: Item) -> str:
    """What makes two items the same: the text of the prompt; for pictures and sounds their content as well."""
    return leaks.prompt(item) + "".join(str(hash(m.data.tobytes())) for t in item.turns if isinstance(t, User) for m in t.media)


def answer(item: Item) -> str:
    turn = item.turns[chat.scored_turn(item)]
    return "".join(map(chat.call_text, turn.calls)) + turn.text


def count(skill: str, n_train: int = N_TRAIN, n_test: int = N_TEST) -> Counts:
    rng = random.Random(f"check {skill}")
    train = {fingerprint(ALL[skill].make(rng, False)) for _ in range(n_train)}
    tests = [ALL[skill].make(rng, True) for _ in range(n_test)]
    prints = {fingerprint(t) for t in tests}
    return Counts(n_train, len(train), len(prints), len(prints & train), Counter(map(answer, tests)))


def count_mix(encoder: Encoder, mix: Mix, n: int = 2 * CHUNK) -> Counter:
    """Draws n conversations of a stage and filters them as training does: how many are kept, and why others are not."""
    rng, curator = random.Random("check mix"), Curator(mix.max_tokens)
    for _ in range(n):
        curator.accept(make_row(conversation(rng, mix), encoder))
    return curator.counts


def faults(skill: str, c: Counts) -> list[str]:
    found = [f"{skill}: {c.leaked} test prompts occur in training"] if c.leaked else []
    if c.different < (least := FEW_DIFFERENT.get(skill, LEAST_DIFFERENT)):
        found.append(f"{skill}: {c.different:.0%} of {c.n_train} training prompts are different; {least:.0%} have to be")
    if c.commonest > (most := MANY_ALIKE.get(skill, MOST_ALIKE)):
        found.append(f"{skill}: {c.commonest:.0%} of answers are {c.answers.most_common(1)[0][0]!r}; {most:.0%} may be")
    return found


def faults_of_mix(stage: str, counts: Counter) -> list[str]:
    turned_away = (counts.total() - counts["kept"]) / counts.total()
    most = MANY_TURNED_AWAY.get(stage, MOST_TURNED_AWAY)
    return [f"stage {stage}: {turned_away:.0%} of conversations are turned away; {most:.0%} may be"] if turned_away > most else []


def main(tokenizer_folder: str) -> int:
    """Prints the counts and what is wrong with them; returns how much is."""
    from .mixes import STAGES
    found, encoder = [], Encoder(tokenizer_folder)
    print(f"{'skill':18} {'train':>6} {'test':>5} {'leaked':>6}  commonest answer")
    for skill in ALL:
        c = count(skill)
        found += faults(skill, c)
        print(f"{skill:18} {c.train:6} {c.test:5} {c.leaked:6}  {c.commonest:.0%}", flush=True)
    for name, mix in STAGES.items():
        counts = count_mix(encoder, mix)
        found += faults_of_mix(name, counts)
        print(name, dict(counts))
    for fault in found:
        print("wrong:", fault)
    return len(found)
