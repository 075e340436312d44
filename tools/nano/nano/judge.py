"""Whether an answer is right, by the rules of `facet eval` (src/evaluation/expectation.h): nothing is partly right. Plain Python.

Calls are read as the family writes them, closing brackets that are missing at the end aside; facet mends more of what is not well formed.
"""
import json
import pathlib
import re
import resource
import subprocess
import sys

from .tokenizer import QUOTE

CASES = pathlib.Path(__file__).parents[3] / "src/evaluation/python_cases.py"      # the program's own judge of functions
SECONDS, MEMORY, LONGEST = 10, 1 << 30, 64 << 10            # its limits: of all cases; bytes; bytes of a function
BLANKS = " \t\r\n"
ENDS = re.compile(r"<turn\|>|<eos>|<\|tool_response>")
THOUGHT = re.compile(r"<\|channel>.*?(?:<channel\|>|$)", re.S)
CALL = re.compile(r"<\|tool_call>(.*?)(?:<tool_call\|>|$)", re.S)
CALLED = re.compile(r"\s*call:\s*([^\n{]*[^\s{])\s*")
KEY = re.compile(rf"[\s,]*(?:{re.escape(QUOTE)})?([^:,{{}}\[\]]*?)(?:{re.escape(QUOTE)})?\s*:\s*")
BARE = re.compile(r"[^,}\]]*")
WORDS = {"True": True, "False": False, "None": None}
NEXT = re.compile(r"[\s,]*")


# ------------------------------------------------------------------------------------------------ reading answers
def read(written: str) -> tuple[str, list[dict]]:
    """The content and the calls of an answer, with control tokens, as the model wrote it."""
    text, calls = THOUGHT.sub("", ENDS.split(written)[0]), []
    for body in CALL.findall(text):
        if named := CALLED.match(body):
            calls.append({"name": named[1], "arguments": value(body, named.end())[0] or {}})
    return CALL.sub("", text).strip(BLANKS), calls


def value(text: str, at: int) -> tuple[object, int]:
    """The value of an argument that begins here, and where it ends."""
    if text.startswith(QUOTE, at):
        string = text[at + len(QUOTE):].partition(QUOTE)[0]
        return string, at + len(string) + 2 * len(QUOTE)
    if text.startswith("{", at):
        return members(text, at + 1)
    if text.startswith("[", at):
        return elements(text, at + 1)
    run = BARE.match(text, at)
    return scalar(run[0].strip()), run.end()


def members(text: str, at: int) -> tuple[dict, int]:
    out = {}
    while key := KEY.match(text, at):
        out[key[1]], at = value(text, key.end())
    return out, NEXT.match(text, at).end() + 1


def elements(text: str, at: int) -> tuple[list, int]:
    out = []
    while (at := NEXT.match(text, at).end()) < len(text) and text[at] not in "]}":
        element, at = value(text, at)
        out.append(element)
    return out, at + 1


def scalar(run: str) -> object:
    """A number, a truth or nothing as JSON and Python write it; else the text itself."""
    try:
        return WORDS[run] if run in WORDS else parse(run)
    except ValueError:
        return run


def parse(text: str) -> object:
    def refuse(name: str) -> None:
        raise ValueError(f"{name} is no JSON")
    return json.loads(text, parse_constant=refuse)


# ------------------------------------------------------------------------------------------------ judging
def is_right(expect: dict, written: str) -> bool:
    content, calls = read(written)
    if "calls" in expect:
        return same(calls, expect["calls"])
    if calls:
        return False
    if "json" in expect:
        try:
            return same(parse(content), expect["json"])
        except ValueError:
            return False
    if "python" in expect:
        return runs(content, expect["python"]["cases"])
    return content == expect["text"].strip(BLANKS)


def same(a: object, b: object) -> bool:
    """Equal as JSON: the order of members does not count and 2 is 2.0, but true is not 1."""
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    return a == b


def runs(function: str, cases: list) -> bool:
    """Whether the function that was written gives what is expected."""
    if len(function.encode()) > LONGEST or "\0" in function:
        return False
    try:
        done = subprocess.run([sys.executable, "-I", "-B", "-c", CASES.read_text(encoding="utf-8"), function, json.dumps(cases)],
                              capture_output=True, timeout=SECONDS,
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)))
    except subprocess.TimeoutExpired:
        return False
    return done.stdout == b"right\n"
