#!/usr/bin/env python3
"""Prints the commands in documents that facet would not take, and what the command line has that its document leaves out.

usage: check_docs.py FACET DOCUMENT...

In code blocks, every `facet ...` (with any folder before it) must name a command, flags, values and arguments that
`facet --help` and its subcommands know, and every `scripts/...` a file of the project. A document named cli.md must have a
heading `facet NAME` for every command, and every flag, as code.
"""
import pathlib
import re
import shlex
import sys

import make_cli_files

ROOT = pathlib.Path(__file__).resolve().parent.parent
SEPARATORS = {"|", "||", "&&", ";", "&", "(", ")"}


def code_lines(markdown):
    """(line number, command line) of the code blocks, joined where a backslash continues them."""
    inside, pending, start = False, "", 0
    for number, line in enumerate(markdown.splitlines(), 1):
        if line.lstrip().startswith("```"):
            inside = not inside
            pending = ""
        elif inside:
            start = start if pending else number
            pending += line.rstrip("\\") if line.endswith("\\") else line
            if not line.endswith("\\"):
                yield start, pending
                pending = ""


def simple_commands(line):
    """The words of each command of a shell line, without variables set before it and what it is redirected to."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = "#"
    words, redirected = [], False
    for word in [*lexer, ";"]:
        if set(word) <= set("|&;()<>"):
            if word in SEPARATORS and words:
                yield words
                words = []
            redirected = "<" in word or ">" in word
            if ">" in word and words and words[-1].isdigit():
                words.pop()  # 2> is a redirection of stream 2
        elif redirected:
            redirected = False
        elif words or not re.fullmatch(r"\w+=.*", word):
            words.append(word)


def find_option(command, name):
    return next((option for option in command.options if name in option.names), None)


def check_words(root, words):
    """What is wrong with the arguments of facet, or None."""
    command, positionals, rest = root, 0, list(words)
    while rest:
        word = rest.pop(0)
        name = " ".join(["facet", *command.path])
        below = next((c for c in command.subcommands if c.path[-1] == word), None)
        if below is not None and positionals == 0:
            command = below
        elif word.startswith("-") and len(word) > 1:
            flag, equals, value = word.partition("=")
            option = find_option(command, flag)
            if option is None:
                return f"{name} has no {flag}"
            if option.value and not equals:
                if not rest:
                    return f"{name} {flag} needs a value"
                value = rest.pop(0)
            if option.choices and value not in option.choices:
                return f"{name} {flag} takes {', '.join(option.choices)}, not {value}"
        elif command.subcommands and not command.positionals:
            return f"{name} has no command {word}"
        else:
            positionals += 1
    many = any(name.endswith("...") for name, _ in command.positionals)
    if positionals > len(command.positionals) and not many:
        return f"facet {' '.join(command.path)} takes {len(command.positionals)} arguments, not {positionals}"
    return None


def check_line(root, line):
    try:
        commands = list(simple_commands(line))
    except ValueError as error:
        # An apostrophe in what a program prints is no command of ours.
        return f"cannot be parsed: {error}" if re.match(r"\s*(\S*/)?facet ", line) else None
    for words in commands:
        if words[0].startswith("scripts/") and not (ROOT / words[0]).exists():
            return f"{words[0]} is not there"
        if words[0].split("/")[-1] == "facet" and (wrong := check_words(root, words[1:])):
            return wrong
    return None


def left_out(root, markdown):
    """Commands and flags that a description of the command line leaves out."""
    headings = re.findall(r"^#+ .*", markdown, re.MULTILINE)
    code = re.findall(r"`([^`\n]+)`", markdown)
    for command in make_cli_files.all_commands(root):
        name = " ".join(["facet", *command.path])
        if command.path and not command.subcommands and not any(f"`{name}" in heading for heading in headings):
            yield f"no heading for {name}"
        for option in command.options:
            flag = re.compile(rf"(?<![\w-]){re.escape(option.names[-1])}(?![\w-])")
            if not any(flag.search(span) for span in code):
                yield f"{name} {option.names[-1]} is not described"


def check_document(root, path):
    markdown = path.read_text(encoding="utf-8")
    for number, line in code_lines(markdown):
        if wrong := check_line(root, line):
            yield f"{path}:{number}: {wrong}"
    if path.name == "cli.md":
        for missing in left_out(root, markdown):
            yield f"{path}: {missing}"


def main(facet, documents):
    root = make_cli_files.read_commands(facet)
    found = [wrong for document in documents for wrong in check_document(root, pathlib.Path(document))]
    print("\n".join(found) if found else f"{len(documents)} documents agree with {facet} --help")
    return 1 if found else 0


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2:]))
