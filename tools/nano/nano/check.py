"""The rules that data must keep, with counts: no test item in training, no duplicates among what is trained on, lengths, balance."""
import random
from collections import Counter
from dataclasses import dataclass

from . import chat, leaks
from .data import CHUNK, Curator, Mix, conversation, make_row
from .items import Item, User
from .skills.table import ALL
from .tokenizer import Encoder


@dataclass
class Counts:
    """Of one skill: different training and test prompts drawn, test prompts that training has too, and the answers."""
    train: int
    test: int
    leaked: int
    answers: Counter

    @property
    def commonest(self) -> float:
        """Share of the commonest answer: what a model reaches that looks at nothing."""
        return self.answers.most_common(1)[0][1] / self.answers.total()


def fingerprint(item: Item) -> str:
    """What makes two items the same: the text of the prompt; for pictures and sounds their content as well."""
    return leaks.prompt(item) + "".join(str(hash(m.data.tobytes())) for t in item.turns if isinstance(t, User) for m in t.media)


def count(skill: str, n_train: int, n_test: int) -> Counts:
    rng = random.Random(f"check {skill}")
    train = {fingerprint(ALL[skill].make(rng, False)) for _ in range(n_train)}
    tests = [ALL[skill].make(rng, True) for _ in range(n_test)]
    prints = {fingerprint(t) for t in tests}
    answers = Counter(t.turns[chat.scored_turn(t)].text or "call" for t in tests)
    return Counts(len(train), len(prints), len(prints & train), answers)


def check_mix(encoder: Encoder, mix: Mix, n: int) -> Curator:
    """Draws n conversations of a stage and filters them as training does."""
    rng, curator = random.Random("check mix"), Curator(mix.max_tokens)
    for _ in range(n):
        curator.accept(make_row(conversation(rng, mix), encoder))
    return curator


def main(tokenizer_folder: str, n_train: int = 5000, n_test: int = 500) -> int:
    """Prints the counts; returns the number of leaked test prompts, which must be 0."""
    from .mixes import STAGES
    leaked = 0
    print(f"{'skill':18} {'train':>6} {'test':>5} {'leaked':>6}  commonest answer")
    for skill in ALL:
        c = count(skill, n_train, n_test)
        leaked += c.leaked
        print(f"{skill:18} {c.train:6} {c.test:5} {c.leaked:6}  {c.commonest:.0%}", flush=True)
    for name, mix in STAGES.items():
        print(name, dict(check_mix(Encoder(tokenizer_folder), mix, 2 * CHUNK).counts))
    return leaked
