#!/usr/bin/env python3
"""Many clients at once: facet serve beside llama.cpp's llama-server, in turn, on the same file.

Each client sends one prompt of token ids to /v1/completions, all at the same moment, and reads its answer as a stream.
Printed are medians over the rounds: tokens of prompts and answers a second, the time until the first token, the gaps
between tokens, and the ratios. Prompts differ between clients and rounds, so that no cache helps.

  bench/load/compare.py gemma-3-270m-q4_k_m.gguf --facet build/release/facet --peer path/to/llama-server
"""
import argparse
import http.client
import json
import os
import random
import socket
import statistics
import subprocess
import tempfile
import threading
import time


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def facet_command(args, port):
    return [args.facet, "serve", "--port", str(port), "-m", args.model, "--only", "--ctx",
            str(args.prompt + args.answer), "--parallel", str(args.clients), "--threads", str(args.threads), "--no-cache",
            *args.facet_flags.split()]


def peer_command(args, port):
    return [args.peer, "--port", str(port), "-m", args.model, "-np", str(args.clients), "-c",
            str((args.prompt + args.answer + 16) * args.clients), "-t", str(args.threads), "--no-webui"]


class Server:
    def __init__(self, command, port):
        self.port = port
        self.home = tempfile.TemporaryDirectory()
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log,
                                        env={**os.environ, "FACET_HOME": self.home.name})

    def __enter__(self):
        end = time.monotonic() + 60
        while time.monotonic() < end and self.process.poll() is None:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("GET", "/health")
                if connection.getresponse().status == 200:
                    return self
            except OSError:
                pass
            time.sleep(0.1)
        self.__exit__()
        self.log.seek(0)
        raise SystemExit("the server did not start:\n" + self.log.read().decode(errors="replace")[-2000:])

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)
        self.home.cleanup()


class Client(threading.Thread):
    """One prompt and its answer."""

    def __init__(self, port, tokens, n_answer, start):
        super().__init__()
        self.port, self.tokens, self.n_answer, self.start_barrier = port, tokens, n_answer, start
        self.times, self.error = [], None

    def run(self):
        body = json.dumps({"prompt": self.tokens, "max_tokens": self.n_answer, "stream": True, "ignore_eos": True,
                           "temperature": 1})
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=1800)
        connection.connect()
        self.start_barrier.wait()
        self.begun = time.monotonic()
        try:
            connection.request("POST", "/v1/completions", body, {"Content-Type": "application/json"})
            reply = connection.getresponse()
            if reply.status != 200:
                raise RuntimeError(f"{reply.status}: {reply.read(300)}")
            for line in reply:
                if line.startswith(b"data: {") and json.loads(line[6:]).get("choices"):
                    self.times.append(time.monotonic())
        except Exception as error:  # told by the caller
            self.error = error


def quantile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def measure(args, port, seed):
    rng = random.Random(seed)
    start = threading.Barrier(args.clients)
    clients = [Client(port, [2] + [rng.randrange(1000, 200000) for _ in range(args.prompt - 1)], args.answer, start)
               for _ in range(args.clients)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
        if client.error:
            raise SystemExit(f"a request failed: {client.error}")
    seconds = max(c.times[-1] for c in clients) - min(c.begun for c in clients)
    first = [c.times[0] - c.begun for c in clients]
    gaps = [b - a for c in clients for a, b in zip(c.times, c.times[1:])]
    return {"all_tokens_per_s": args.clients * (args.prompt + args.answer) / seconds,
            "answer_tokens_per_s": args.clients * args.answer / seconds,
            "first_token_p50_s": quantile(first, 0.5), "first_token_p95_s": quantile(first, 0.95),
            "gap_p50_s": quantile(gaps, 0.5), "gap_p99_s": quantile(gaps, 0.99), "longest_gap_s": max(gaps)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--facet", default="build/release/facet")
    parser.add_argument("--facet-flags", default="", help='of facet serve besides: --facet-flags="--activations int8"')
    parser.add_argument("--peer", help="llama.cpp's llama-server; without it facet alone is measured")
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--prompt", type=int, default=256, help="tokens")
    parser.add_argument("--answer", type=int, default=64, help="tokens")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    args = parser.parse_args()
    commands = {"facet": facet_command}
    if args.peer:
        commands["llama-server"] = peer_command
    results = {name: [] for name in commands}
    for round_ in range(args.rounds):
        for name, command in commands.items():
            port = free_port()
            with Server(command(args, port), port):
                warm = argparse.Namespace(**{**vars(args), "clients": 1, "prompt": 16, "answer": 4})
                measure(warm, port, 1000)
                results[name].append(measure(args, port, round_))
            print(name, round_, {k: round(v, 3) for k, v in results[name][-1].items()}, flush=True)
    medians = {name: {k: statistics.median(r[k] for r in rows) for k in rows[0]} for name, rows in results.items()}
    print(f"\n{args.clients} clients, {args.prompt} tokens in, {args.answer} out, medians of {args.rounds} rounds")
    for key in medians["facet"]:
        row = [f"{key:22}"] + [f"{name} {values[key]:10.3f}" for name, values in medians.items()]
        if args.peer:
            row.append(f"ratio {medians['facet'][key] / medians['llama-server'][key]:6.2f}")
        print("  ".join(row))


if __name__ == "__main__":
    main()
