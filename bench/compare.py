#!/usr/bin/env python3
"""facet beside llama.cpp: both on the same files, in turn, and medians of the rounds as a Markdown table.

A round is, for each model: `facet bench` and the same work in llama.cpp (peer_llama.mjs), then a start of each with a
prompt of some 16 tokens, which gives the time from execve to the first token and the peak of resident memory.
"""
import argparse
import dataclasses
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PEER_SCRIPT = pathlib.Path(__file__).resolve().parent / "peer_llama.mjs"
PROMPT = "Once upon a time there was a small village by the sea where"
START_CONTEXT = 4096
BEGIN, END = "<!-- compare.py: begin -->", "<!-- compare.py: end -->"


class CompareError(Exception):
    """One line: what is wrong, and what to do."""


@dataclasses.dataclass
class Child:
    """What a program that has ended printed, when it printed first, and the most memory it had."""
    output: str
    first_seconds: float
    peak_bytes: int


@dataclasses.dataclass
class Row:
    """A line of a model's table; value and peer are of one unit, and more is better unless `less` is set."""
    what: str
    unit: str
    value: float
    peer: float
    share: float | None = None
    detail: str = ""
    less: bool = False

    def ratio(self):
        return self.peer / self.value if self.less else self.value / self.peer


def last_line(text):
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no output"


def run_child(command):
    """Runs a command to its end; CompareError with the last line of its stderr if it fails."""
    with tempfile.TemporaryFile() as errors:
        start = time.monotonic()
        try:
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors)
        except OSError as error:
            raise CompareError(f"{command[0]}: {error.strerror}") from error
        try:
            first = child.stdout.read(1)
            first_seconds = time.monotonic() - start
            output = first + child.stdout.read()
            _, status, usage = os.wait4(child.pid, 0)
        except BaseException:
            child.kill()
            raise
        child.stdout.close()
        child.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        if child.returncode != 0:
            text = errors.read().decode(errors="replace") or output.decode(errors="replace")
            raise CompareError(f"{' '.join(map(str, command[:3]))} ended with {child.returncode}: {last_line(text)}")
    return Child(output.decode(errors="replace"), first_seconds, usage.ru_maxrss * 1024)


def parse_json(output, program):
    """The object that a program prints as its last line."""
    try:
        return json.loads(last_line(output))
    except json.JSONDecodeError as error:
        raise CompareError(f"{program}: expected a line of JSON, found: {last_line(output)[:100]}") from error


def facet_bench(options, model):
    """One run of facet bench a prompt's length; the first also decodes as long as asked."""
    runs = {}
    for n in options.prefill:
        command = [options.facet, "bench", "-m", model, "--json", "--prefill", n, "--repeats", options.repeats,
                   "--decode", 1 if runs else options.decode, "--sessions", options.sessions]
        if options.threads:
            command += ["--threads", options.threads]
        runs[n] = parse_json(run_child(list(map(str, command))).output, "facet bench")
    return runs


def facet_start(options, model, threads):
    return run_child([options.facet, "run", "-m", model, "--raw", PROMPT, "-n", "1", "--temperature", "0", "--ctx",
                      str(START_CONTEXT), "--threads", str(threads)])


def peer_bench(options, model, threads):
    command = ["node", PEER_SCRIPT, options.peer_dir, "bench", model, threads, ",".join(map(str, options.prefill)),
               options.decode, options.sessions, options.repeats]
    return parse_json(run_child(list(map(str, command))).output, "peer_llama.mjs")


def peer_start(options, model, threads):
    return run_child(list(map(str, ["node", PEER_SCRIPT, options.peer_dir, "start", model, threads, PROMPT,
                                    START_CONTEXT])))


def measure_round(options, model):
    facet = facet_bench(options, model)
    threads = next(iter(facet.values()))["threads"]
    return {"facet": facet, "peer": peer_bench(options, model, threads),
            "facet start": facet_start(options, model, threads), "peer start": peer_start(options, model, threads)}


def median_of(rounds, value):
    return statistics.median(value(r) for r in rounds)


def prefill_row(rounds, n):
    def figure(name):
        return median_of(rounds, lambda r: r["facet"][n]["prefill"][name])
    return Row(f"prefill of {n}", "tokens/s", figure("tokens_per_s"),
               median_of(rounds, lambda r: r["peer"]["prefill"][str(n)]), figure("share_of_ceiling"),
               f"{figure('gflop_s'):.0f} GFLOP/s")


def decode_row(rounds, n, sessions):
    def figure(name):
        return median_of(rounds, lambda r: r["facet"][n]["decode"][name])
    what = "decode" if sessions == 1 else f"decode, {sessions} sessions together"
    return Row(what, "tokens/s", figure("tokens_per_s"), median_of(rounds, lambda r: r["peer"]["decode"]),
               figure("share_of_ceiling"), f"{figure('gb_s'):.1f} GB/s")


def rows_of(rounds, sessions):
    """The table's lines for one model from what its rounds measured."""
    lengths = list(rounds[0]["facet"])
    rows = [prefill_row(rounds, n) for n in lengths] + [decode_row(rounds, lengths[0], sessions)]
    for what, unit, scale, field in (("start to first token", "ms", 1e3, "first_seconds"),
                                     ("peak memory", "MB", 1e-6, "peak_bytes")):
        facet, peer = (median_of(rounds, lambda r, who=who: getattr(r[f"{who} start"], field)) * scale
                       for who in ("facet", "peer"))
        rows.append(Row(what, unit, facet, peer, less=True))
    return rows


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def table(models):
    """Markdown of [(name, rows)]."""
    lines = ["| model | what | facet | of the ceiling | llama.cpp | ratio |", "|---|---|---|---|---|---|"]
    for name, rows in models:
        for i, row in enumerate(rows):
            figure = f"{number(row.value)} {row.unit}" + (f", {row.detail}" if row.detail else "")
            share = "" if row.share is None else f"{100 * row.share:.0f} %"
            lines.append(f"| {'' if i else name} | {row.what} | {figure} | {share} | {number(row.peer)} {row.unit} | "
                         f"{row.ratio():.1f} |")
    return "\n".join(lines)


def cpu_name(cpuinfo):
    for line in cpuinfo.splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def span(values, unit):
    low, high = min(values), max(values)
    return f"{low:.0f} {unit}" if round(low) == round(high) else f"{low:.0f} to {high:.0f} {unit}"


def conditions(all_rounds, options, cpu):
    """What the table was measured on, in a sentence or two."""
    runs = [run for r in all_rounds for run in r["facet"].values()]
    threads = runs[0]["threads"]
    ceilings = [span([run["ceiling"][name] for run in runs], unit)
                for name, unit in (("read_gb_s", "GB/s"), ("gflop_s", "GFLOP/s"))]
    rounds = f"medians of {options.rounds} rounds" if options.rounds > 1 else "one round"
    return (f"{cpu}, {threads} thread{'s' if threads > 1 else ''}, `{runs[0]['isa']}`; "
            f"{rounds} of facet and llama.cpp (node-llama-cpp {all_rounds[0]['peer']['version']}) in turn, decode of "
            f"{options.decode}.\nCeilings in these runs: {' and '.join(ceilings)}. Ratio: how many times faster, or "
            f"smaller. Start and memory:\n{START_CONTEXT:,} tokens of context, a prompt of some 16 tokens, file in the "
            "page cache.")


def replaced(document, text, name):
    """The document with `text` between its two markers."""
    if document.count(BEGIN) != 1 or document.count(END) != 1 or document.index(BEGIN) > document.index(END):
        raise CompareError(f"{name}: expected the lines {BEGIN} and {END}, once each; add them where the table belongs")
    head, tail = document.partition(BEGIN)[0], document.partition(END)[2]
    return f"{head}{BEGIN}\n{text}\n{END}{tail}"


def parse_model(text):
    """NAME=FILE or FILE; the name is the file's without its extension."""
    name, equals, path = text.partition("=")
    if not equals or os.path.exists(text):
        name, path = pathlib.Path(text).stem, text
    if not os.path.isfile(path):
        raise CompareError(f"{path}: no such file; --models takes GGUF files, each FILE or NAME=FILE")
    return name, path


def check_peer(peer_dir):
    if not shutil.which("node"):
        raise CompareError("llama.cpp runs through node, which is not there: install Node.js 20 or later")
    if not (pathlib.Path(peer_dir) / "node_modules" / "node-llama-cpp").is_dir():
        raise CompareError(f"{peer_dir}: no node_modules/node-llama-cpp; "
                           f"get it: (cd {peer_dir} && npm i --ignore-scripts node-llama-cpp)")


def counts(text):
    """Whole numbers above 0, separated by commas."""
    values = [positive(part) for part in text.split(",")]
    if len(set(values)) != len(values):
        raise argparse.ArgumentTypeError(f"expected different numbers, found {text}")
    return values


def positive(text):
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"expected a whole number above 0, found {text!r}")
    return int(text)


def parse_args(arguments):
    parser = argparse.ArgumentParser(prog="compare.py", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", required=True, metavar="[NAME=]FILE", help="GGUF files")
    parser.add_argument("--threads", type=positive, help="of both; by default what facet takes")
    parser.add_argument("--rounds", type=positive, default=3, help="runs of each program (3)")
    parser.add_argument("--repeats", type=positive, default=3, help="repeats inside a run; their median counts (3)")
    parser.add_argument("--prefill", type=counts, default=[128, 512], metavar="N,...", help="prompts (128,512)")
    parser.add_argument("--decode", type=positive, default=32, help="tokens computed one by one (32)")
    parser.add_argument("--sessions", type=positive, default=1, help="sessions decoded together (1)")
    parser.add_argument("--facet", default=str(ROOT / "build/release/facet"), help="the program (build/release/facet)")
    parser.add_argument("--peer-dir", default=".", help="folder whose node_modules holds node-llama-cpp (.)")
    parser.add_argument("--write", metavar="FILE", help=f"put the table between {BEGIN} and {END}")
    return parser.parse_args(arguments)


def warn_if_busy():
    load = os.getloadavg()[0]
    if load > 0.5:
        print(f"compare: warning: other programs keep {load:.1f} cores busy; wait, or keep no figure of this run",
              file=sys.stderr)


def measure(options, models):
    """[(name, rounds)]: all models once, then all again, so that the machine's moods fall on all alike."""
    measured = [(name, []) for name, _ in models]
    for i in range(options.rounds):
        for (name, path), (_, rounds) in zip(models, measured):
            print(f"compare: round {i + 1} of {options.rounds}, {name}", file=sys.stderr)
            rounds.append(measure_round(options, path))
    return measured


def compare(options):
    models = [parse_model(text) for text in options.models]
    check_peer(options.peer_dir)
    if not os.access(options.facet, os.X_OK):
        raise CompareError(f"{options.facet}: no program there; build it, or name it with --facet")
    document = pathlib.Path(options.write).read_text(encoding="utf-8") if options.write else None
    if options.write:
        replaced(document, "", options.write)  # what is wrong with the file is said before the minutes of measuring
    warn_if_busy()
    measured = measure(options, models)
    cpu = cpu_name(pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    text = conditions([r for _, rounds in measured for r in rounds], options, cpu) + "\n\n"
    text += table([(name, rows_of(rounds, options.sessions)) for name, rounds in measured])
    print(text)
    if options.write:
        pathlib.Path(options.write).write_text(replaced(document, text, options.write), encoding="utf-8")


def main(arguments):
    try:
        compare(parse_args(arguments))
    except CompareError as error:
        print(f"compare: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"compare: {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
