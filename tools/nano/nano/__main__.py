"""python -m nano COMMAND: the steps from nothing to the released files, in the order of make.sh."""
import argparse
import json
import os
import sys

from .train import Options


def add_options(parser: argparse.ArgumentParser, required: tuple[str, ...]) -> None:
    """A flag for each field of train.Options."""
    for name, field in Options.__dataclass_fields__.items():
        kind = json.loads if field.type is dict else (lambda s: s == "1") if field.type is bool else field.type
        parser.add_argument("--" + name.replace("_", "-"), type=kind, default=argparse.SUPPRESS, required=name in required)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m nano", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    p = commands.add_parser("tokenizer", help="learn the tokenizer from generated texts")
    p.add_argument("--out", required=True)
    p = commands.add_parser("check", help="count what is trained and tested on; fails if a test item occurs in training")
    p.add_argument("--tokenizer", required=True)
    p = commands.add_parser("train", help="train, or go on training: a folder with last.pt is resumed")
    add_options(p, ("kind", "tokenizer", "out", "stage"))
    p = commands.add_parser("export", help="write a checkpoint as a Hugging Face folder and as GGUF files")
    p.add_argument("--checkpoint", required=True)
    p.add_argument("--tokenizer", required=True)
    p.add_argument("--out", required=True)
    p.add_argument("--name", default="nano")
    p = commands.add_parser("test-sets", help="write the released test sets")
    p.add_argument("--tokenizer", required=True)
    p.add_argument("--out", required=True)
    p = commands.add_parser("demo", help="write the files of the program's demonstration")
    p.add_argument("--out", required=True)
    p = commands.add_parser("score", help="score a Hugging Face folder on the released test sets, through transformers")
    p.add_argument("--model", required=True)
    p.add_argument("--sets", required=True)
    p.add_argument("--skills", nargs="*")
    p.add_argument("--limit", type=int)
    p = commands.add_parser("table", help="the table of scores in docs/nano.md")
    p.add_argument("columns", nargs="+", help="NAME=FILE: what `facet eval nano --json` or `score` printed")
    return parser.parse_args()


def export(checkpoint: str, tokenizer: str, out: str, name: str) -> None:
    """OUT/hf/NAME is the Hugging Face folder; OUT/NAME-TYPE.gguf and OUT/mmproj-NAME-bf16.gguf are the model and its encoders."""
    from . import export_gguf, export_hf
    folder = os.path.join(out, "hf", name)
    export_hf.export(checkpoint, tokenizer, folder)
    for kind in export_gguf.TYPES:
        export_gguf.export(folder, os.path.join(out, f"{name}-{kind}.gguf"), kind, name)
    export_gguf.export_mmproj(folder, os.path.join(out, f"mmproj-{name}-bf16.gguf"), name=name)


def run(a: argparse.Namespace) -> int:
    options = vars(a)
    command = options.pop("command")
    if command == "tokenizer":
        from . import corpus, tokenizer
        print(tokenizer.build(corpus.texts(1200), a.out), "learned pieces")
    elif command == "check":
        from . import check
        return int(check.main(a.tokenizer) > 0)
    elif command == "train":
        from .train import train
        train(Options(**options))
    elif command == "export":
        export(**options)
    elif command == "test-sets":
        from . import evalset
        evalset.write(a.out, a.tokenizer)
    elif command == "demo":
        from . import demo
        demo.write(a.out)
    elif command == "score":
        from . import score
        print(json.dumps({"skills": score.score(a.model, a.sets, a.skills, a.limit)}))
    elif command == "table":
        from . import table
        table.write(a.columns)
    return 0


if __name__ == "__main__":
    sys.exit(run(parse()))
