"""python -m nano COMMAND: the steps from nothing to the released files (see tools/nano/README.md)."""
import argparse
import json

from .train import Options, train


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m nano", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    p = commands.add_parser("tokenizer", help="learn the tokenizer from generated texts")
    p.add_argument("--out", required=True)
    p = commands.add_parser("train", help="train, or go on training: a folder with last.pt is resumed")
    for name, field in Options.__dataclass_fields__.items():
        kind = json.loads if field.type is dict else (lambda s: s == "1") if field.type is bool else field.type
        required = name in ("kind", "tokenizer", "out", "stage")
        p.add_argument("--" + name.replace("_", "-"), type=kind, default=argparse.SUPPRESS, required=required)
    return parser.parse_args()


def main() -> None:
    options = vars(parse())
    command = options.pop("command")
    if command == "tokenizer":
        from . import corpus, tokenizer
        print(tokenizer.build(corpus.texts(1200), options["out"]), "learned pieces")
    else:
        train(Options(**options))


if __name__ == "__main__":
    main()
