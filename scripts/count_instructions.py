#!/usr/bin/env python3
"""Instructions of fixed workloads, counted by valgrind, beside those in bench/instructions.json.

usage: count_instructions.py [--build build/release] [--update]

Unlike a time, a count is the same on a busy machine. Only functions of namespace facet are counted, with the AVX2
kernels and one thread: what libraries do is left out. A case fails when it takes over 3 % more than the file says;
--update writes the file, which belongs into the commit that changes the work. Counts are of one compiler: with another
all is skipped.
Prints `PASS|FAIL|SKIP NAME  DETAIL` a case, closes with the counts, and is 1 if any failed.
"""
import argparse
import collections
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
RECORD = ROOT / "bench" / "instructions.json"
GROWTH = 0.03
NAMED_GROWTH = 0.002  # of the whole: functions that grew by less are not named
SHOWN_SHARE = 0.01  # functions below it are not recorded by name
TEXT = ("Once upon a time there was a small village by the sea; 12 boats, three wells and one clock that nobody had "
        "wound. Жили-были старик со старухой. 春が来た。 ") * 3

Workload = collections.namedtuple("Workload", "name needs command")
COST = re.compile(r"^(?:[+-]?\d+|\*) (\d+)")
NAME = re.compile(r"^(c?fn)=\((\d+)\)(?: (.*))?$")


class CountError(Exception):
    """One line: what is wrong, and what to do."""


def parse_profile(lines):
    """callgrind's file of one or more parts -> for each part the instructions of each function itself."""
    names, parts, current, of_call = {}, [], None, False
    for line in lines:
        if line.startswith("part:"):
            parts.append(collections.Counter())
        elif match := NAME.match(line):
            kind, number, name = match.groups()
            if name is not None:
                names[number] = name
            if kind == "fn":
                current = number
        elif line.startswith("calls="):
            of_call = True  # the next line is what the called function took
        elif match := COST.match(line):
            if not of_call and parts:
                parts[-1][names[current]] += int(match.group(1))
            of_call = False
    return parts


def short_name(function):
    """A function without its parameters and the namespaces that all have; lambdas count as their function."""
    name = function.replace("(anonymous namespace)::", "").replace("facet::", "")
    return re.split(r"\(|<void |::\{lambda|'\d", name.removeprefix("void "))[0]


def of_facet(functions):
    counts = collections.Counter()
    for function, n in functions.items():
        if "facet::" in function:
            counts[short_name(function)] += n
    return counts


def profile(command, *options):
    """The parts of a command's profile and its output."""
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "callgrind.out"
        result = subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", *options, *command],
                                capture_output=True, text=True, env={**os.environ, "FACET_ISA": "avx2"}, check=False)
        if result.returncode != 0:
            raise CountError(f"{' '.join(command[:2])} ended with {result.returncode} under valgrind: "
                             + (result.stderr.strip().splitlines() or ["no output"])[-1])
        with open(out, encoding="utf-8") as file:
            return parse_profile(file), result.stdout


def count_kernels(program):
    """Case -> instructions by function: every second part is a case, those between are preparations."""
    if not program.exists():
        raise CountError(f"{program}: not built: cmake --build --preset release --target benchmarks")
    parts, output = profile([str(program)], "--dump-before=end_of_case", "--combine-dumps=yes")
    cases = output.splitlines()
    if len(parts) != 2 * len(cases) + 1:
        raise CountError(f"{program}: {len(cases)} cases in {len(parts)} parts; expected {2 * len(cases) + 1}")
    return {f"kernel {case}": of_facet(part) for case, part in zip(cases, parts[1::2])}


def workloads(build):
    goldens = pathlib.Path(os.environ.get("FACET_GOLDENS", ROOT.parent / "shared" / "goldens"))
    model = goldens / "tiny-e2b" / "gguf" / "tiny-e2b-q4_0.gguf"
    real = ROOT / "build" / "assets" / "gemma-3-270m-q4_k_m.gguf"
    run = [str(build / "facet"), "run", "-m", str(model), "--threads", "1", "--temperature", "0", "--draft", "off",
           "--raw"]  # whether drafts pay is decided by the clock
    return [Workload("start and prompt, tiny E2B", model, run + [TEXT, "-n", "1"]),
            Workload("32 tokens, tiny E2B", model, run + ["Once", "-n", "32"]),
            Workload("tokenizer, Gemma 3", real, [str(build / "facet"), "tokenize", "-m", str(real), TEXT])]


def record_of(counts):
    """What the file keeps of a case: the sum, and what makes up most of it."""
    total = sum(counts.values())
    return {"instructions": total,
            "functions": {name: n for name, n in counts.most_common() if n >= SHOWN_SHARE * total}}


def judge(counts, recorded):
    """(verdict, detail) of a case against the file's entry, None if it has none."""
    total = sum(counts.values())
    if recorded is None:
        return "FAIL", f"{total:,} instructions, not yet in {RECORD.name}: run scripts/count_instructions.py --update"
    before = recorded["instructions"]
    detail = f"{before:,} -> {total:,} instructions, {100 * (total / before - 1):+.1f} %"
    if total <= (1 + GROWTH) * before:
        return "PASS", detail
    grown = sorted(((n - recorded["functions"].get(f, 0), f) for f, n in record_of(counts)["functions"].items()),
                   reverse=True)
    return "FAIL", "; ".join([detail] + [f"{f} {more:+,}" for more, f in grown[:3] if more > NAMED_GROWTH * before])


def compiler_of(build):
    cache = build / "CMakeCache.txt"
    if not cache.exists():
        raise CountError(f"{build}: no build there: cmake --preset release && cmake --build --preset release")
    match = re.search(r"^CMAKE_CXX_COMPILER:\w+=(.*)$", cache.read_text(encoding="utf-8"), re.MULTILINE)
    output = subprocess.run([match.group(1), "--version"], capture_output=True, text=True, check=True).stdout
    return output.splitlines()[0].partition(" ")[2]  # without the name it was called by: c++, g++


def why_not_here(cpuinfo):
    """Why nothing can be counted on this machine, or an empty text."""
    if not re.search(r"^flags\s*:.*\bavx2\b", cpuinfo, re.MULTILINE):
        return "counts are of the AVX2 kernels, which this CPU cannot run"
    if not shutil.which("valgrind"):
        return "needs valgrind: scripts/install-deps.sh --test"
    return ""


def read_record():
    return json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {"compiler": "", "cases": {}}


def count_all(build):
    """Case -> instructions by function, and [(case, why)] of what cannot be counted here."""
    counts, absent = count_kernels(build / "bench" / "kernels_count"), []
    for workload in workloads(build):
        if workload.needs.exists():
            parts, _ = profile(workload.command)
            counts[workload.name] = of_facet(sum(parts, collections.Counter()))
        else:
            absent.append((workload.name, f"needs {workload.needs}, which is not on this machine"))
    return counts, absent


def verdicts(build):
    """[(verdict, case, detail)]"""
    record = read_record()
    if compiler_of(build) != record["compiler"]:
        return [("SKIP", "all", f"counted with {record['compiler']}; this build is by {compiler_of(build)}")]
    counts, absent = count_all(build)
    skipped = dict(absent)
    gone = [("FAIL", name, f"is in {RECORD.name} and no longer counted: run scripts/count_instructions.py --update")
            for name in record["cases"] if name not in counts and name not in skipped]
    judged = [(name, judge(counts[name], record["cases"].get(name))) for name in counts]
    return ([(verdict, name, detail) for name, (verdict, detail) in judged] + gone
            + [("SKIP", name, why) for name, why in absent])


def record_text(compiler, counts):
    """The file's text, a line a case, so that a change shows what it changed."""
    cases = ",\n".join(f"{json.dumps(name)}: {json.dumps(record_of(counts[name]))}" for name in counts)
    return f'{{"compiler": {json.dumps(compiler)},\n"cases": {{\n{cases}\n}}}}\n'


def update(build):
    counts, absent = count_all(build)
    if absent:
        raise CountError(f"--update: {absent[0][0]} {absent[0][1]}")
    RECORD.write_text(record_text(compiler_of(build), counts), encoding="utf-8")
    print(f"{RECORD}: {len(counts)} cases")


def report(cases):
    for verdict, name, detail in cases:
        print(f"{verdict} {name}  {detail}")
    n = collections.Counter(verdict for verdict, _, _ in cases)
    print(f"{n['PASS']} passed, {n['FAIL']} failed, {n['SKIP']} skipped")
    return 1 if n["FAIL"] else 0


def main(arguments):
    parser = argparse.ArgumentParser(prog="count_instructions.py", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release", help="folder of a release build")
    parser.add_argument("--update", action="store_true", help="write bench/instructions.json")
    options = parser.parse_args(arguments)
    try:
        why = why_not_here(pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8"))
        if options.update and not why:
            update(options.build.resolve())
            return 0
        if options.update:
            raise CountError(f"--update: {why}")
        return report([("SKIP", "all", why)] if why else verdicts(options.build.resolve()))
    except CountError as error:
        print(f"count_instructions: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
