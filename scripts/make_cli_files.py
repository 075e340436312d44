#!/usr/bin/env python3
"""Makes the man page and the shell completions of facet from what `facet --help` and its subcommands print.

usage: make_cli_files.py FACET MAN_TEMPLATE OUT_DIR

Writes OUT_DIR/facet.1, facet.bash, _facet and facet.fish. The template holds the parts of the man page that no --help says;
its line @COMMANDS@ is replaced by the commands and their options.
"""
import dataclasses
import pathlib
import re
import subprocess
import sys

# What a value of this type name is completed with.
FILES = {"FILE", "PATH", "MODEL"}


@dataclasses.dataclass
class Option:
    names: list  # ["-m", "--model"]
    value: str  # type name; "" for a flag
    choices: list
    text: str


@dataclasses.dataclass
class Command:
    path: list  # ["eval", "perplexity"]
    text: str
    positionals: list  # of (name, text); the name ends in ... where several may stand
    options: list
    subcommands: list  # of Command


def help_items(lines):
    """(section, left column, description) of each entry of a CLI11 help text."""
    section, left, text = "", None, ""
    for line in lines + [""]:
        continues = re.match(r"^ {20,}(\S.*)", line)
        if left and continues:
            text = f"{text} {continues[1]}".strip()
            continue
        if left:
            yield section, left, text
            left = None
        if heading := re.match(r"^(\S.*):$", line):
            section = heading[1]
        elif item := re.match(r"^  (\S.*?)(?: {2,}(.*))?$", line):
            left, text = item[1], item[2] or ""


def parse_option(left, text):
    names, _, value = left.partition(" ")
    choices = re.search(r"\{(.*)\}", value)
    return Option(names.split(","), re.split(r"[: ]", value)[0], choices[1].split(",") if choices else [], text)


def parse_help(path, text, read_help):
    lines = text.splitlines()
    command = Command(path, lines[0].strip(), [], [], [])
    for section, left, description in help_items(lines):
        if left.startswith("-"):
            command.options.append(parse_option(left, description))
        elif section == "Positionals":
            repeats = "..." if left.endswith("...") or "... " in left else ""
            command.positionals.append((left.split(" ")[0] + repeats, description))
        elif section == "Subcommands":
            below = path + [left]
            command.subcommands.append(parse_help(below, read_help(below), read_help))
    return command


def all_commands(command):
    yield command
    for below in command.subcommands:
        yield from all_commands(below)


# Man page

def roff(text):
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    return "\\&" + escaped if escaped.startswith(".") else escaped


def man_entry(term, text):
    return f".TP\n{term}\n{roff(text)}\n"


def man_option(option):
    names = ", ".join(f"\\fB{roff(name)}\\fR" for name in option.names)
    value = "|".join(option.choices) or option.value
    return man_entry(f"{names} \\fI{roff(value)}\\fR" if value else names, option.text)


def man_commands(root):
    out = []
    for command in all_commands(root):
        if not command.path:
            continue
        usage = " ".join(f"\\fI{name}\\fR" for name, _ in command.positionals)
        out.append(f".SS \\fBfacet {' '.join(command.path)}\\fR {usage}\n{roff(command.text)}.\n")
        out += [man_entry(f"\\fI{name}\\fR", text) for name, text in command.positionals]
        out += [man_option(option) for option in command.options if "--help" not in option.names]
    return "".join(out)


# Completions

def words_of(command):
    return [name for option in command.options for name in option.names] + [below.path[-1] for below in command.subcommands]


def bash_completion(root):
    commands = [command for command in all_commands(root)]
    known = " | ".join(f'"{" ".join(c.path)}"' for c in commands if c.path)
    values, words = [], []
    for command in commands:
        path = " ".join(command.path)
        for option in command.options:
            pattern = " | ".join(f'"{path}:{name}"' for name in option.names)
            if option.choices:
                values.append(f'    {pattern}) COMPREPLY=($(compgen -W "{" ".join(option.choices)}" -- "$cur")); return ;;')
            elif option.value in FILES:
                values.append(f'    {pattern}) _facet_files; return ;;')
            elif option.value:
                values.append(f"    {pattern}) return ;;")
        words.append(f'    "{path}") words="{" ".join(words_of(command))}" ;;')
    newline = "\n"
    return f"""# bash completion of facet
_facet_files() {{
  local models=${{FACET_HOME:-${{XDG_DATA_HOME:-$HOME/.local/share}}/facet}}/models
  COMPREPLY=($(compgen -f -- "$cur") $(cd "$models" 2>/dev/null && compgen -f -- "$cur"))
  compopt -o filenames 2>/dev/null
}}

_facet() {{
  local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD - 1]}} path="" word words
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case "${{path:+$path }}$word" in
      {known}) path="${{path:+$path }}$word" ;;
    esac
  done
  case "$path:$prev" in
{newline.join(values)}
  esac
  case "$path" in
{newline.join(words)}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  if [[ ${{#COMPREPLY[@]}} -eq 0 && -n $path ]]; then _facet_files; fi
}}
complete -F _facet facet
"""


def zsh_quote(text):
    return re.sub(r"([\[\]:\\])", r"\\\1", text).replace("'", "'\\''")


def zsh_option(option):
    if option.choices:
        action = f":{option.value}:({' '.join(option.choices)})"
    elif option.value in FILES:
        action = f":{option.value}:_facet_files"
    else:
        action = f":{option.value}: " if option.value else ""
    return [f"'*{name}[{zsh_quote(option.text)}]{action}'" for name in option.names]


def zsh_function(command):
    name = "_facet" + "".join(f"_{word}" for word in command.path)
    arguments = [argument for option in command.options for argument in zsh_option(option)]
    body = ["  local state line", "  _arguments -C \\"] if command.subcommands else ["  _arguments \\"]
    body += [f"    {argument} \\" for argument in arguments]
    if not command.subcommands:
        return "\n".join([f"{name}() {{", *body, "    '*:file:_facet_files'", "}"])
    body += ["    '1:command:->command' \\", "    '*::argument:->argument'", "  case $state in", "    command)", "      local -a commands=("]
    body += [f"        '{below.path[-1]}:{zsh_quote(below.text)}'" for below in command.subcommands]
    arguments = "; _facet_files" if command.positionals else ""
    body += ["      )", f"      _describe command commands{arguments} ;;", "    argument)", "      case $line[1] in"]
    body += [f"        {below.path[-1]}) {name}_{below.path[-1]} ;;" for below in command.subcommands]
    body += ["      esac ;;", "  esac"]
    return "\n".join([f"{name}() {{", *body, "}"])


def zsh_completion(root):
    functions = "\n\n".join(zsh_function(command) for command in all_commands(root))
    return f"""#compdef facet
# zsh completion of facet
_facet_files() {{
  _alternative "files:file:_files" "models:model in the library:_files -W ${{FACET_HOME:-${{XDG_DATA_HOME:-$HOME/.local/share}}/facet}}/models"
}}

{functions}

_facet "$@"
"""


def fish_quote(text):
    return text.replace("\\", "\\\\").replace("'", "\\'")


def fish_completion(root):
    lines = ["# fish completion of facet"]
    for command in all_commands(root):
        seen = "; and ".join(f"__fish_seen_subcommand_from {word}" for word in command.path) or "__fish_use_subcommand"
        for option in command.options:
            names = " ".join(f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names)
            if option.choices:
                value = f" -x -a '{' '.join(option.choices)}'"
            else:
                value = "" if not option.value else " -r -F" if option.value in FILES else " -x"
            lines.append(f"complete -c facet -n '{seen}' {names}{value} -d '{fish_quote(option.text)}'")
        for below in command.subcommands:
            lines.append(f"complete -c facet -n '{seen}' -f -a {below.path[-1]} -d '{fish_quote(below.text)}'")
    return "\n".join(lines) + "\n"


def read_commands(facet):
    """The command line of the program at path `facet`."""
    def read_help(path):
        return subprocess.run([facet, *path, "--help"], check=True, capture_output=True, text=True).stdout

    return parse_help([], read_help([]), read_help)


def main(facet, template, out_dir):
    root = read_commands(facet)
    out = pathlib.Path(out_dir)
    out.mkdir(parents=True, exist_ok=True)
    man = pathlib.Path(template).read_text(encoding="utf-8").replace("@COMMANDS@\n", man_commands(root))
    for name, text in {"facet.1": man, "facet.bash": bash_completion(root), "_facet": zsh_completion(root),
                       "facet.fish": fish_completion(root)}.items():
        (out / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
