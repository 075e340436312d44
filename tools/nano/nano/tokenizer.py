"""nano's tokenizer: byte-fallback BPE in the layout of the family, trained on our own texts.

Learned merges form prefix tries: a word grows from the space or apostrophe before it, a capitalised word from its capital, a key leftwards
from its colon. A word in quotes, an identifier, an unknown name or a number is therefore a run of single characters, and copying,
spelling and unseen tool names need no knowledge of how pieces are spelled.
"""
import collections
import os
import re
from collections.abc import Iterable

VOCAB_SIZE = 4096
QUOTE = '<|"|>'
CONTROL = {0: "<pad>", 1: "<eos>", 2: "<bos>", 3: "<unk>", 4: "<mask>", 5: "[multimodal]", 46: "<|tool>", 47: "<tool|>", 48: "<|tool_call>",
           49: "<tool_call|>", 50: "<|tool_response>", 51: "<tool_response|>", 52: QUOTE, 98: "<|think|>", 100: "<|channel>",
           101: "<channel|>", 105: "<|turn>", 106: "<turn|>"}
TAIL = ["<|image>", "<|audio>", "<|image|>", "<|audio|>", "<image|>", "<audio|>", "<|video|>"]
N_SPARE = 3                                                 # unused entries behind the media tokens, as in the family's files
N_RUNS = 31                                                 # longest run of newlines, spaces or tabs that is one token
SPACE = "\u2581"
HTML = ("table caption thead tbody tfoot tr th td /table /caption /thead /tbody /tfoot /tr /th /td h1 h2 h3 h4 h5 h6 "
        "blockquote /h1 /h2 /h3 /h4 /h5 /h6 /blockquote strong em b i u s sub sup code /strong /em /b /i /u /s /sub "
        "/sup /code a html body img span bbox ul li div iframe footer /a /html /body /img /span /bbox /ul /li /div "
        "/iframe /footer").split()
CHARACTERS = [SPACE] + [chr(c) for c in range(33, 127)] + list("äöüßÄÖÜéèàçêîôûùœñáíóúÉÀÇ¿¡°€…–’“”«»")
NAMED = {"std_token": "<|tool>", "etd_token": "<tool|>", "stc_token": "<|tool_call>", "etc_token": "<tool_call|>",
         "str_token": "<|tool_response>", "etr_token": "<tool_response|>", "escape_token": QUOTE, "think_token": "<|think|>",
         "soc_token": "<|channel>", "eoc_token": "<channel|>", "sot_token": "<|turn>", "eot_token": "<turn|>",
         "boi_token": "<|image>", "eoi_token": "<image|>", "image_token": "<|image|>", "boa_token": "<|audio>",
         "eoa_token": "<audio|>", "audio_token": "<|audio|>"}
FIRST_BYTE, FIRST_LEARNED = 238, 494
FIRST_TAB = VOCAB_SIZE - N_RUNS - len(TAIL) - N_SPARE
LOWER, UPPER = "a-zäöüßéèàçêîôûùœñáíóú", "A-ZÄÖÜÉÀÇ"
WORD = re.compile(rf" [{LOWER}{UPPER}]+|'[{LOWER}]+|(?<![{LOWER}{UPPER}])[{UPPER}][{LOWER}]+|[{LOWER}]+:")
MARKUP = re.compile(r"<\|[a-z_\"]*\|?>|<[a-z_]+\|>|\n")
BARE = ("user", "model", "system", "thought")                # words that stand after a control token, without a space


def control_id(text: str) -> int:
    """Id of a control token or of a media token."""
    if text in TAIL:
        return FIRST_TAB + N_RUNS + TAIL.index(text)
    return next(i for i, s in CONTROL.items() if s == text)


def count_words(texts: Iterable[str]) -> collections.Counter:
    words: collections.Counter = collections.Counter()
    for text in texts:
        for part in MARKUP.split(text):
            words.update(w.replace(" ", SPACE) for w in WORD.findall(part))
    words.update({w: 10 ** 9 for w in BARE})
    return words


def chain(word: str) -> list[tuple[str, str]]:
    """The merges that make a word, one character at a time."""
    if word.endswith(":"):
        return [(word[i], word[i + 1:]) for i in range(len(word) - 2, -1, -1)]
    return [(word[:i], word[i]) for i in range(1, len(word))]


def learn_merges(words: collections.Counter, least: int = 8) -> list[tuple[str, str]]:
    """Merges by gain (tokens saved) until the room is used. Ranked by kind, so that ' t' wins over the 'th' of 'thought'."""
    room, have, merges = FIRST_TAB - FIRST_LEARNED - len(CHARACTERS), set(CHARACTERS), []
    for word, count in sorted(words.items(), key=lambda x: (-x[1] * (len(x[0]) - 1), x[0])):
        new = [(a, b) for a, b in chain(word) if a + b not in have]
        if count < least or len(new) > room or any(c not in have for c in word):
            continue
        merges += new
        have.update(a + b for a, b in new)
        room -= len(new)

    def kind(merge: tuple[str, str]) -> int:
        left, right = merge
        return 0 if left[0] in (SPACE, "'") else 1 if left[0].isupper() else 2 if right.endswith(":") else 3
    return sorted(merges, key=kind)


def vocabulary(merges: list[tuple[str, str]]) -> list[str]:
    vocab: list[str | None] = [None] * VOCAB_SIZE
    for i, text in CONTROL.items():
        vocab[i] = text
    for k in range(1, N_RUNS + 1):
        vocab[106 + k] = "\n" * k
        vocab[FIRST_TAB + k - 1] = "\t" * k
    for k in range(2, N_RUNS + 1):
        vocab[136 + k] = SPACE * k
    vocab[168:168 + len(HTML)] = [f"<{tag}>" for tag in HTML]
    vocab[FIRST_BYTE:FIRST_BYTE + 256] = [f"<0x{b:02X}>" for b in range(256)]
    learned = CHARACTERS + [a + b for a, b in merges]
    vocab[FIRST_LEARNED:FIRST_LEARNED + len(learned)] = learned
    vocab[VOCAB_SIZE - N_SPARE - len(TAIL):VOCAB_SIZE - N_SPARE] = TAIL
    unused = iter(range(VOCAB_SIZE))
    return [text if text is not None else f"<unused{next(unused)}>" for text in vocab]


def run_merges() -> list[tuple[str, str]]:
    pairs = [(c * left, c * (total - left)) for c in ("\n", SPACE, "\t") for total in range(N_RUNS, 1, -1) for left in range(total - 1, 0, -1)]
    return sorted(pairs, key=lambda m: (-len(m[0] + m[1]), -len(m[0])))


def build(texts: Iterable[str], folder: str) -> int:
    """Learns the tokenizer from texts and writes it as a Hugging Face folder. Returns the number of learned pieces."""
    merges = learn_merges(count_words(texts))
    write(vocabulary(merges), run_merges() + merges, folder)
    return len(merges)


def write(pieces: list[str], merges: list[tuple[str, str]], folder: str) -> None:
    """The Hugging Face folder of a tokenizer; a piece's id is its place."""
    from transformers import GemmaTokenizer
    ids = {text: i for i, text in enumerate(pieces)}
    assert len(ids) == VOCAB_SIZE
    tokenizer = GemmaTokenizer(vocab=ids, merges=merges, add_bos_token=False, padding_side="left",
                               extra_special_tokens=dict(NAMED), additional_special_tokens=["<|video|>"])
    for text in list(CONTROL.values()) + TAIL:
        assert text == "[multimodal]" or tokenizer.convert_tokens_to_ids(text) == ids[text], text
    assert len(tokenizer) == VOCAB_SIZE
    tokenizer.save_pretrained(folder)


class Encoder:
    """Segments of text -> ids and labels."""

    def __init__(self, folder: str):
        from tokenizers import Tokenizer
        self.tokenizer = Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()

    def encode(self, text: str) -> list[int]:
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def decode(self, ids: Iterable[int]) -> str:
        return self.tokenizer.decode(list(ids), skip_special_tokens=False)

    def segments(self, segments: list[tuple[str, int]]) -> tuple[list[int], list[int]]:
        """Ids of <bos> and the segments, and per token the number its segment carries (0: not a label)."""
        ids, labels = [control_id("<bos>")], [0]
        for (_, label), encoding in zip(segments, self.tokenizer.encode_batch([s for s, _ in segments], add_special_tokens=False)):
            ids += encoding.ids
            labels += [label] * len(encoding.ids)
        return ids, labels
