"""A server that is killed while it works: what it has acknowledged is there when it starts again, and nothing is wrong.

By hand: FACET_BINARY=build/release/facet python3 tests/cli/kill_test.py --long    (20 kills, with figures)
"""

import http.client
import json
import random
import sys
import tempfile
import threading
import time
import unittest

from facet_cli import CliTest
from facet_server import Server

LONG = "--long" in sys.argv
N_KILLS = 20 if LONG else 3
QUESTION = "Who are you? " + "Please tell me all about it. " * 8
LINE = {"method": "POST", "url": "/v1/chat/completions",
        "body": {"max_tokens": 4, "messages": [{"role": "user", "content": "Hello!"}]}}
BROKEN = (OSError, http.client.HTTPException, json.JSONDecodeError)  # of a server that was killed
UNDER_WAY = ("validating", "in_progress", "finalizing")


class Load:
    """Clients that ask for all that is stored, and note what they were told, until the server is gone."""

    def __init__(self, server, kept):
        self.server, self.kept = server, kept
        works = [self.respond, self.respond_in_background, self.upload, self.batch, self.stream]
        self.threads = [threading.Thread(target=self.repeat, args=(work,)) for work in works]
        for thread in self.threads:
            thread.start()

    def repeat(self, work):
        for i in range(10_000):
            try:
                work(f"{random.random()} {i}")
            except BROKEN:
                return

    def join(self):
        for thread in self.threads:
            thread.join()

    def respond(self, text):
        status, made = self.server.ask("/v1/responses", {"input": text, "max_output_tokens": 8})
        if status == 200:
            self.kept["response"][made["id"]] = made

    def respond_in_background(self, text):
        status, made = self.server.ask("/v1/responses", {"input": text, "max_output_tokens": 8, "background": True})
        if status != 200:
            return
        self.kept["background"][made["id"]] = None
        while made["status"] in ("queued", "in_progress"):
            made = self.server.ask("/v1/responses/" + made["id"])[1]
        self.kept["background"][made["id"]] = made

    def upload(self, text):
        status, file = self.server.upload(text)
        if status == 200:
            self.kept["file"][file["id"]] = text
        time.sleep(0.05)

    def batch(self, _):
        lines = "\n".join(json.dumps({**LINE, "custom_id": f"line {i}"}) for i in range(3))
        status, made = self.server.ask("/v1/batches", {"endpoint": LINE["url"],
                                                       "input_file_id": self.server.upload(lines)[1]["id"]})
        if status == 200:
            self.kept["batch"].append(made["id"])
        time.sleep(0.2)

    def stream(self, text):
        self.server.get("/v1/chat/completions", {"stream": True, "max_tokens": 64, "messages": [
            {"role": "user", "content": QUESTION + text}]})


class KillTest(CliTest):
    def test_nothing_acknowledged_is_lost(self):
        random.seed(4)
        kept = {"response": {}, "background": {}, "file": {}, "batch": []}
        starts, answers, cached = [], [], []
        with Server("--log", "off") as server:
            expected = server.chat(QUESTION)[1]["choices"]
        with tempfile.TemporaryDirectory() as home:
            for _ in range(N_KILLS):
                with Server("--log", "off", home=home) as server:
                    load = Load(server, kept)
                    time.sleep(random.uniform(0.5, 3))
                    server.kill()
                    load.join()
                with Server("--log", "off", home=home) as server:
                    began = time.monotonic()
                    answer = server.chat(QUESTION)[1]
                    answers.append(time.monotonic() - began)
                    starts.append(server.start_seconds)
                    self.assertEqual(answer["choices"], expected, "the page cache is right or dropped")
                    cached.append(answer["usage"]["prompt_tokens_details"]["cached_tokens"])
                    self.check_kept(server, kept)
                    server.kill()
            with Server("--log", "off", home=home) as server:
                self.check_kept(server, kept)
                self.check_batches_end(server, kept["batch"])
        counts = ", ".join(f"{len(items)} of kind {kind}" for kind, items in kept.items())
        print(f"{N_KILLS} kills, acknowledged: {counts}; from start to listening at most {max(starts):.2f} s, to the first "
              f"answer {max(answers):.2f} s more; cached tokens {min(cached)} to {max(cached)}", file=sys.stderr)
        if LONG:
            self.assertLess(max(starts), 10)
        for kind, items in kept.items():
            self.assertTrue(items, kind)

    def check_kept(self, server, kept):
        for response_id, made in kept["response"].items():
            self.assertEqual(server.ask("/v1/responses/" + response_id), (200, made))
        for response_id, made in kept["background"].items():
            status, now = server.ask("/v1/responses/" + response_id)
            self.assertEqual(status, 200, response_id)
            if made is not None:  # it was seen when it was done
                self.assertEqual(now, made)
            self.assertIn(now["status"], ("completed", "incomplete", "failed"))
        for file_id, content in kept["file"].items():
            self.assertEqual(server.get(f"/v1/files/{file_id}/content"), (200, content))
        for batch_id in kept["batch"]:
            status, batch = server.ask("/v1/batches/" + batch_id)
            self.assertEqual(status, 200, batch_id)
            self.assertIn(batch["status"], (*UNDER_WAY, "completed"))

    def check_batches_end(self, server, batches):
        deadline = time.monotonic() + 120
        for batch_id in batches:
            batch = server.ask("/v1/batches/" + batch_id)[1]
            while batch["status"] in UNDER_WAY and time.monotonic() < deadline:
                time.sleep(0.05)
                batch = server.ask("/v1/batches/" + batch_id)[1]
            self.assertEqual((batch["status"], batch["request_counts"]["completed"]), ("completed", 3), batch)
            output = server.get(f"/v1/files/{batch['output_file_id']}/content")[1]
            lines = [json.loads(line)["custom_id"] for line in output.splitlines()]
            self.assertEqual(sorted(lines), ["line 0", "line 1", "line 2"], "each line once")


if __name__ == "__main__":
    unittest.main(argv=[a for a in sys.argv if a != "--long"])
