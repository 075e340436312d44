#!/usr/bin/env python3
"""Constraint engines on the same schemas, one thread each: how long a mask takes, and what they let through.

The method is MaskBench's: the compact text of an instance is tokenized; for each token the mask is computed, the token
looked up in it and then committed. Instances that the schema forbids are read the same way and should not get through.
The time to the first mask begins at the schema's text. Times are the thread's own, so that other programs on the
machine do not count. Engines of Python packages are measured from Python, which adds about a microsecond to each mask.
"""
import argparse
import json
import pathlib
import signal
import statistics
import subprocess
import sys
import time

# For all of a schema, of the processor and by the clock, which also stops one that waits. An engine that needs more, or
# dies, has failed on it. (While such a timer runs, the process's own time moves in ticks of milliseconds: a thread's does
# not.)
SCHEMA_SECONDS, SCHEMA_CLOCK_SECONDS = 20, 600


class LlGuidance:
    def __init__(self, tokenizer_path, vocabulary, stops):
        import llguidance
        import llguidance.numpy
        self.lib, self.fill = llguidance, llguidance.numpy.fill_next_token_bitmask
        slices = llguidance.LLTokenizer.json_slices()  # its best setting for schemas
        self.tokenizer = llguidance.LLTokenizer(str(tokenizer_path), eos_token=stops[0], slices=slices)
        self.bits = llguidance.numpy.allocate_token_bitmask(1, len(vocabulary))

    def compile(self, schema):
        compact = {"whitespace_flexible": False, "item_separator": ",", "key_separator": ":"}
        return self.lib.LLMatcher.grammar_from_json_schema(json.dumps(schema), overrides=compact)

    def matcher(self, grammar):
        matcher = self.lib.LLMatcher(self.tokenizer, grammar, log_level=0)
        if matcher.is_error():
            raise ValueError(matcher.get_error())
        return matcher

    def mask(self, matcher):
        self.fill(matcher, self.bits)

    def has(self, token):
        return bool(self.bits[0, token // 32] >> (token % 32) & 1)

    def commit(self, matcher, token):
        return matcher.consume_token(token)

    def may_end(self, matcher):
        return matcher.is_accepting()


class XGrammar:
    def __init__(self, tokenizer_path, vocabulary, stops):
        import xgrammar
        self.lib = xgrammar
        info = xgrammar.TokenizerInfo(vocabulary, xgrammar.VocabType.BYTE_FALLBACK, stop_token_ids=stops)
        self.compiler = xgrammar.GrammarCompiler(info, max_threads=1, cache_enabled=False)
        self.bits = xgrammar.allocate_token_bitmask(1, len(vocabulary))
        self.stop = stops[0]

    def compile(self, schema):
        return self.compiler.compile_json_schema(json.dumps(schema), any_whitespace=False, separators=(",", ":"),
                                                 strict_mode=False)

    def matcher(self, grammar):
        return self.lib.GrammarMatcher(grammar)

    def mask(self, matcher):
        if not matcher.fill_next_token_bitmask(self.bits):
            self.bits.fill_(-1)  # "all are allowed" is said without writing it

    def has(self, token):
        return bool(int(self.bits[0, token // 32]) >> (token % 32) & 1)

    def commit(self, matcher, token):
        return matcher.accept_token(token)

    def may_end(self, matcher):
        return matcher.accept_token(self.stop)


ENGINES = {"llguidance": LlGuidance, "xgrammar": XGrammar}


def read_instance(engine, matcher, tokens, mask_us):
    """Whether the engine lets the tokens through, and ends there."""
    for token in tokens:
        start = time.thread_time()
        engine.mask(matcher)
        mask_us.append((time.thread_time() - start) * 1e6)
        if not engine.has(token) or not engine.commit(matcher, token):
            return False
    return engine.may_end(matcher)


def measure_schema(engine, case, encode):
    start = time.thread_time()
    try:
        grammar = engine.compile(case["schema"])
        engine.mask(engine.matcher(grammar))
    except Exception as error:  # each engine has its own
        return {"error": str(error).splitlines()[0] if str(error) else repr(error)}
    result = {"first_mask_ms": (time.thread_time() - start) * 1e3, "mask_us": [], "rejected": 0, "accepted": 0}
    for test in case["tests"]:
        text = json.dumps(test["data"], ensure_ascii=False, separators=(",", ":"))
        is_read = read_instance(engine, engine.matcher(grammar), encode(text), result["mask_us"])
        result["rejected"] += test["valid"] and not is_read
        result["accepted"] += not test["valid"] and is_read
    return result


def work(name, schemas, tokenizer_path, first):
    """The child: a line of JSON when ready, then one for each schema from `first` on."""
    signal.setitimer(signal.ITIMER_REAL, SCHEMA_CLOCK_SECONDS)
    import tokenizers
    tokenizer = tokenizers.Tokenizer.from_file(str(tokenizer_path))
    by_id = {id_: piece for piece, id_ in tokenizer.get_vocab(with_added_tokens=True).items()}
    vocabulary = [by_id.get(i, "") for i in range(max(by_id) + 1)]
    stops = [i for i, piece in enumerate(vocabulary) if piece in ("<turn|>", "<end_of_turn>", "<eos>")]
    engine = ENGINES[name](tokenizer_path, vocabulary, stops)
    print("{}", flush=True)
    with open(schemas, encoding="utf-8") as lines:
        for i, line in enumerate(lines):
            if i >= first:
                case = json.loads(line)
                encode = lambda text: tokenizer.encode(text, add_special_tokens=False).ids
                # Their signals end the process, wherever it is.
                signal.setitimer(signal.ITIMER_PROF, SCHEMA_SECONDS)
                signal.setitimer(signal.ITIMER_REAL, SCHEMA_CLOCK_SECONDS)
                print(json.dumps(measure_schema(engine, case, encode)), flush=True)


def run_python_engine(name, schemas, tokenizer_path, n_schemas):
    """The results, schema by schema. A child that dies is started again behind the schema it had."""
    results = []
    while len(results) < n_schemas:
        command = [sys.executable, __file__, "--work", name, "--first", str(len(results)), schemas, tokenizer_path]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
            if not child.stdout.readline():
                raise SystemExit(f"compare: {name} cannot be started")
            while len(results) < n_schemas:
                if line := child.stdout.readline():
                    results.append(json.loads(line))
                    continue
                is_late = child.wait() in (-signal.SIGPROF, -signal.SIGALRM)
                results.append({"error": "took too long" if is_late else "died"})
                break
    return results


def quantile(values, share):
    values = sorted(values)
    return values[int(share * (len(values) - 1))] if values else 0.0


def summary(results):
    """In the form of structure_speed's output."""
    good = [r for r in results if "error" not in r]
    masks = [t for r in good for t in r["mask_us"]]
    first = [r["first_mask_ms"] * 1e3 for r in good]
    times = lambda v: {"mean": statistics.fmean(v or [0]), "p50": quantile(v, .5), "p99": quantile(v, .99),
                       "max": max(v, default=0)}
    return {"schemas": len(results), "refused": len(results) - len(good),
            "valid_rejected": sum(r["rejected"] for r in good), "invalid_accepted": sum(r["accepted"] for r in good),
            "masks": len(masks), "mask_us": times(masks), "first_mask_us": times(first)}


def table_line(name, s):
    mask, first = s["mask_us"], s["first_mask_us"]
    return (f"| {name} | {s['refused']} | {s['valid_rejected']} | {s['invalid_accepted']} | {s['masks']} | "
            f"{mask['mean']:.1f} | {mask['p50']:.1f} | {mask['p99']:.1f} | {mask['max']:.0f} | "
            f"{first['p50'] / 1e3:.2f} | {first['p99'] / 1e3:.2f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("schemas", help="a file of schemas with instances, a JSON object a line")
    parser.add_argument("tokenizer", help="a tokenizer.json")
    parser.add_argument("--engines", default="llguidance,xgrammar", help="of Python packages (default: %(default)s)")
    parser.add_argument("--facet", metavar="PROGRAM", help="the built structure_speed, as a further line")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    parser.add_argument("--errors", action="store_true", help="say on standard error why schemas were refused")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    parser.add_argument("--first", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        return work(options.work, options.schemas, options.tokenizer, options.first)
    lines = pathlib.Path(options.schemas).read_text(encoding="utf-8").splitlines()
    summaries = {}
    for name in filter(None, options.engines.split(",")):
        results = run_python_engine(name, options.schemas, options.tokenizer, len(lines))
        summaries[name] = summary(results)
        if options.errors:
            for line, result in zip(lines, results):
                if "error" in result:
                    print(f"{name}: {json.loads(line)['id']}: {result['error']}", file=sys.stderr)
    if options.facet:
        output = subprocess.run([options.facet, options.schemas, options.tokenizer], check=True, capture_output=True)
        summaries["facet"] = json.loads(output.stdout)
    if options.json:
        print(json.dumps(summaries))
        return 0
    print(f"{len(lines)} schemas\n")
    print("| engine | schemas refused | valid refused | invalid let through | masks | mask µs mean | p50 | p99 | max "
          "| first mask ms p50 | p99 |\n|---|---|---|---|---|---|---|---|---|---|---|")
    for name, figures in summaries.items():
        print(table_line(name, figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
