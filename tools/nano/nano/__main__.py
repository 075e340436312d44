"""python -m nano COMMAND: the steps from nothing to the released files, in the order of make.sh."""
import argparse
import json
import os
import pathlib
import sys
from collections.abc import Callable

from .options import HearingOptions, Options, SeeingOptions, add_flags


def voices(out: str, settings: int, jobs: int) -> None:
    """speak the bank of words, digits and questions"""
    from .voices import build
    print(build(pathlib.Path(out), settings, jobs))


def tokenizer(out: str) -> None:
    """learn the tokenizer from generated texts"""
    from . import corpus, tokenizer
    print(tokenizer.build(corpus.texts(1200), out), "learned pieces")


def check(tokenizer: str) -> int:
    """count what is trained and tested on; fails if a test item occurs in training, or where data are narrow"""
    from . import check
    return int(check.main(tokenizer) > 0)


def pretrain_vision(**options) -> None:
    """teach the vision tower to see, or go on with it"""
    from . import pretrain_vision
    pretrain_vision.train(SeeingOptions(**options))


def pretrain_audio(**options) -> None:
    """teach the audio tower to hear, or go on with it"""
    from . import pretrain_audio
    pretrain_audio.train(HearingOptions(**options))


def train(**options) -> None:
    """train, or go on training: a folder with last.pt is resumed"""
    from . import train
    train.train(Options(**options))


def import_gguf(files: list[str], kind: str, out: str, tokenizer: str) -> None:
    """write released files as a checkpoint and a tokenizer, to go on training from"""
    from . import import_gguf
    import_gguf.write(files, kind, out, tokenizer)


def export(checkpoint: str, tokenizer: str, out: str, name: str) -> None:
    """write a checkpoint as a Hugging Face folder, OUT/hf/NAME, and as GGUF files, OUT/NAME-TYPE.gguf and OUT/mmproj-NAME-bf16.gguf"""
    from . import export_gguf, export_hf
    folder = os.path.join(out, "hf", name)
    export_hf.export(checkpoint, tokenizer, folder)
    for kind in export_gguf.TYPES:
        export_gguf.export(folder, os.path.join(out, f"{name}-{kind}.gguf"), kind, name)
    export_gguf.export_mmproj(folder, os.path.join(out, f"mmproj-{name}-bf16.gguf"), name=name)


def test_sets(out: str, tokenizer: str) -> None:
    """write the released test sets"""
    from . import evalset
    evalset.write(out, tokenizer)


def demo(out: str) -> None:
    """write the files of the program's demonstration"""
    from . import demo
    demo.write(out)


def score(model: str, sets: str, skills: list[str] | None, without: list[str], limit: int | None, threads: int) -> None:
    """score a Hugging Face folder on the released test sets, through transformers; the last line is JSON"""
    import torch

    from . import score
    torch.set_num_threads(threads)
    print(json.dumps({"skills": score.score(model, sets, skills, without, limit)}))


def scores(out: str, rows: list[str]) -> None:
    """write rows of scores.json, which `facet eval --check` compares with"""
    from . import golden_scores
    golden_scores.write(pathlib.Path(out), rows)


def table(columns: list[str]) -> None:
    """print the table of scores in docs/nano.md"""
    from . import score_table
    score_table.write(columns)


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m nano", description=__doc__)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(run: Callable, *required: str) -> argparse.ArgumentParser:
        """A command is called as its function, and its help is what that says of itself. `required`: flags without which it cannot be."""
        p = commands.add_parser(run.__name__.replace("_", "-"), help=run.__doc__, description=run.__doc__)
        p.set_defaults(run=run)
        for name in required:
            p.add_argument("--" + name, required=True)
        return p

    p = command(voices, "out")
    p.add_argument("--settings", type=int, default=100, help="number of voice settings [100]")
    p.add_argument("--jobs", type=int, default=1, help="processes that speak at once [1]")
    command(tokenizer, "out")
    command(check, "tokenizer")
    add_flags(command(pretrain_vision), SeeingOptions)
    add_flags(command(pretrain_audio), HearingOptions)
    add_flags(command(train), Options)
    p = command(import_gguf)
    p.add_argument("--kind", choices=["e", "moe"], default="e")
    p.add_argument("--out", required=True, help="checkpoint to write")
    p.add_argument("--tokenizer", required=True, help="folder to write the tokenizer to")
    p.add_argument("files", nargs="+", help="the text model and its projector")
    command(export, "checkpoint", "tokenizer", "out").add_argument("--name", default="nano")
    command(test_sets, "tokenizer", "out")
    command(demo, "out")
    p = command(score, "model", "sets")
    p.add_argument("--skills", nargs="*", help="only these [all]")
    p.add_argument("--without", nargs="*", default=[], help="skills that are not asked")
    p.add_argument("--limit", type=int, help="the first so many questions of each skill [all]")
    p.add_argument("--threads", type=int, default=1, help="of the processor [1]")
    command(scores, "out").add_argument("rows", nargs="+", help="ROW=FILE: what `facet eval nano --json` printed")
    command(table).add_argument("columns", nargs="+", help="NAME=FILE: what `facet eval nano --json` or `score` printed")
    return parser


def main() -> int:
    options = vars(parser().parse_args())
    return options.pop("run")(**options) or 0


if __name__ == "__main__":
    sys.exit(main())
