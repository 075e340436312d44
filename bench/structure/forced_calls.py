#!/usr/bin/env python3
"""Forced calls on a real model: function sets of real catalogues and agents, `--tool-choice required`, a temperature of 1.
Every answer must end, and be a call of a declared function whose arguments PyPI's jsonschema accepts. A set with a schema
that is refused is named, and another one is asked instead. One server answers all, so that the model is loaded once.

    bench/structure/forced_calls.py MODEL.gguf --facet build/release/facet \
        --schemas SCHEMAS.jsonl --recorded FOLDER [--sets 50] [--seeds 4] [--tokens 400]

SCHEMAS.jsonl has {"id", "schema"} a line, FOLDER requests of API clients with their "tools" ({"body"} a line). A base
model without a chat format is given Gemma 3's, in a copy. Needs `pip install jsonschema`.
"""
import argparse
import collections
import json
import os
import pathlib
import re
import struct
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
STRING, ARRAY, UINT32 = 8, 9, 4


def value_end(data, at, kind):
    """The place behind a value of a GGUF file's header."""
    if kind == STRING:
        return at + 8 + struct.unpack_from("<Q", data, at)[0]
    if kind != ARRAY:
        return at + SIZES[kind]
    kind, n = struct.unpack_from("<IQ", data, at)
    at += 12
    if kind in SIZES:
        return at + n * SIZES[kind]
    for _ in range(n):
        at = value_end(data, at, kind)
    return at


def with_chat_format(path, folder):
    """The model, or a copy that has a chat template: facet goes by its presence."""
    data = path.read_bytes()
    key = b"tokenizer.chat_template"
    n_tensors, n_keys = struct.unpack_from("<QQ", data, 8)
    at, alignment = 24, 32
    for _ in range(n_keys):
        n = struct.unpack_from("<Q", data, at)[0]
        name, kind = data[at + 8:at + 8 + n], struct.unpack_from("<I", data, at + 8 + n)[0]
        if name == key:
            return path
        if name == b"general.alignment" and kind == UINT32:
            alignment = struct.unpack_from("<I", data, at + 12 + n)[0]
        at = value_end(data, at + 12 + n, kind)
    keys_end = at
    for _ in range(n_tensors):
        at += 8 + struct.unpack_from("<Q", data, at)[0]
        at += 4 + 8 * struct.unpack_from("<I", data, at)[0] + 12
    template = b"<start_of_turn>"
    entry = struct.pack("<Q", len(key)) + key + struct.pack("<IQ", STRING, len(template)) + template
    header = data[:16] + struct.pack("<Q", n_keys + 1) + data[24:keys_end] + entry + data[keys_end:at]
    copy = folder / path.name
    with copy.open("wb") as out:
        out.write(header + bytes(-len(header) % alignment))
        out.write(memoryview(data)[at + -at % alignment:])
    return copy


def recorded_tools(folder):
    """Functions that clients declared, in the forms of OpenAI's two APIs, Ollama's and Anthropic's; each name once."""
    found = {}
    for file in sorted(folder.glob("*.jsonl")):
        for line in file.read_text().splitlines():
            body = json.loads(line).get("body")
            body = json.loads(body) if isinstance(body, str) and body.startswith("{") else body
            for tool in body.get("tools", []) if isinstance(body, dict) else []:
                function = tool.get("function", tool)
                parameters = function.get("parameters", function.get("input_schema"))
                if isinstance(function.get("name"), str) and isinstance(parameters, dict):
                    found.setdefault(function["name"], {"name": function["name"], "parameters": parameters,
                                                        "description": function.get("description", "")[:300]})
    return list(found.values())


def catalogue_tools(file):
    tools = []
    for line in file.read_text().splitlines():
        case = json.loads(line)
        schema = case["schema"]
        if isinstance(schema, dict) and schema.get("type") == "object" and len(json.dumps(schema)) < 2500:
            name = "".join(c if c.isalnum() else "_" for c in case["id"].split("/")[-1].removesuffix(".json"))
            tools.append({"name": name[:60], "parameters": schema})
    return tools


def function_sets(tools, n_sets):
    """Of three functions each: n_sets that are spread over all there are, then those between, to replace what is refused."""
    size = max(1, min(3, len(tools) // n_sets))
    groups = [tools[i:i + size] for i in range(0, len(tools), size)]
    spread = range(0, len(groups), max(1, len(groups) // n_sets))[:n_sets]
    return [groups[i] for i in spread] + [group for i, group in enumerate(groups) if i not in spread]


def fault_of(message, functions):
    """Why an answer that has ended is not a valid call; None if it is one."""
    from jsonschema.validators import Draft202012Validator, validator_for
    calls = message.get("tool_calls") or []
    if message.get("content") or len(calls) != 1:
        return f"{len(calls)} calls and the content {message.get('content')!r}"
    name, arguments = calls[0]["function"]["name"], json.loads(calls[0]["function"]["arguments"])
    schema = next((f["parameters"] for f in functions if f["name"] == name), None)
    if schema is None:
        return f"{name} is not declared"
    validator = validator_for(schema, default=Draft202012Validator)(schema)
    return next((f"{name}: {e.message}" for e in validator.iter_errors(arguments)), None)


class Server:
    """facet with one model, on a free port."""

    START_SECONDS = 120

    def __init__(self, facet, model, home):
        self.process = subprocess.Popen([facet, "serve", "--port", "0", "--only", "--log", "off", "-m", f"model={model}"],
                                        stderr=subprocess.PIPE, text=True, env={**os.environ, "FACET_HOME": str(home)})
        too_late = threading.Timer(self.START_SECONDS, self.process.kill)
        too_late.start()
        found = next(filter(None, (re.search(r"listening on (\S+)", line) for line in self.process.stderr)), None)
        too_late.cancel()
        if not found:
            self.process.kill()
            self.process.communicate()
            raise SystemExit("forced_calls: facet serve did not start")
        self.url = found[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.communicate()

    def answer(self, functions, seed, n_tokens):
        """The message of one answer and why it ended. Raises HTTPError if it is refused."""
        body = {"model": "model", "temperature": 1, "seed": seed, "max_tokens": n_tokens, "tool_choice": "required",
                "parallel_tool_calls": False, "tools": [{"type": "function", "function": f} for f in functions],
                "messages": [{"role": "user", "content": "Use one of the functions with arguments that make sense."}]}
        request = urllib.request.Request(self.url + "/v1/chat/completions", json.dumps(body).encode())
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=1200) as reply:
            choice = json.load(reply)["choices"][0]
        return choice["message"], choice["finish_reason"]

    def judge(self, functions, seed, n_tokens):
        """How one answer turned out, and what there is to say of it."""
        try:
            message, finish = self.answer(functions, seed, n_tokens)
        except urllib.error.HTTPError as error:
            return "refused" if error.code == 400 else "faulty", error.read().decode().strip()
        if finish == "length":
            return "cut", json.dumps(message)
        fault = fault_of(message, functions)
        return ("faulty", fault) if fault else ("valid", None)

    def judge_set(self, functions, n_seeds, n_tokens):
        """How often each came about; none, if the functions are refused."""
        count = collections.Counter()
        for seed in range(1, n_seeds + 1):
            kind, why = self.judge(functions, seed, n_tokens)
            if why:
                print(f"{kind} {[f['name'] for f in functions]}, seed {seed}: {why}", flush=True)
            if kind == "refused":
                return None
            count[kind] += 1
        return count


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--facet", default="build/release/facet")
    parser.add_argument("--schemas", type=pathlib.Path)
    parser.add_argument("--recorded", type=pathlib.Path)
    parser.add_argument("--sets", type=int, default=50)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--tokens", type=int, default=400)
    flags = parser.parse_args()
    tools = (recorded_tools(flags.recorded) if flags.recorded else []) + (
        catalogue_tools(flags.schemas) if flags.schemas else [])
    count = collections.Counter(valid=0, cut=0, faulty=0)
    n_asked = n_refused = 0
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        model = with_chat_format(flags.model, pathlib.Path(name))
        with Server(flags.facet, model, name) as server:
            for functions in function_sets(tools, flags.sets):
                if n_asked == flags.sets:
                    break
                found = server.judge_set(functions, flags.seeds, flags.tokens)
                if found is None:
                    n_refused += 1
                    continue
                n_asked += 1
                count.update(found)
    print(f"{n_asked} sets asked and {n_refused} refused, {len(tools)} functions known: {dict(count)} in "
          f"{time.monotonic() - begin:.0f} s")
    raise SystemExit(1 if count["faulty"] or count["cut"] else 0)


if __name__ == "__main__":
    main()
