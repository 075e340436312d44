"""Clients that break off, send nonsense or are slow, many of them: memory and descriptors stay flat, and no place in the
schedule is lost.

By hand: FACET_BINARY=build/release/facet python3 tests/cli/endurance_test.py --long    (10,000 requests, with figures)
"""

import json
import random
import socket
import sys
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

from facet_cli import CliTest
from facet_server import Server

N_REQUESTS = 10_000 if "--long" in sys.argv else 300
MOST_GROWTH = 48 << 20  # bytes between the second fifth and the end: the allocator's own waste, no leak of each request
# Few prompts: what is kept of them in memory, as it should be, does not grow.
PROMPTS = ["Who are you?", "Count to ten.", "Say hello. " * 20, "Tell me a story."]
MALFORMED = [b"", b"{", b"[]", b"\xff\xfe", b'{"messages": 5}', b'{"messages": [{"role": "user"}]}', b"[" * 5000,
             b'{"model": "none", "messages": []}', b'{"messages": [{"role": "user", "content": "x"}], "n": -1}']


def body(**members):
    return json.dumps({"messages": [{"role": "user", "content": random.choice(PROMPTS)}], "temperature": 0,
                       "max_tokens": random.choice((1, 8, 32)), **members}).encode()


def send(server, data):
    connection = socket.create_connection(("127.0.0.1", server.port), 60)
    connection.sendall(data)
    return connection


def post(data, length=None):
    return b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s" % (
        len(data) if length is None else length, data)


def whole(server):
    status, _ = server.get("/v1/chat/completions", body(stream=random.random() < 0.5))
    assert status == 200, status


def malformed(server):
    status, _ = server.get("/v1/chat/completions", random.choice(MALFORMED))
    assert 400 <= status < 500, status


def left_at_once(server):
    send(server, post(body(max_tokens=400, ignore_eos=True))).close()


def left_within_the_answer(server):
    with send(server, post(body(stream=True, max_tokens=400, ignore_eos=True, n=random.choice((1, 3))))) as connection:
        connection.recv(random.choice((1, 500, 2000)))


def left_within_the_request(server):
    data = body()
    send(server, post(data[:random.randrange(len(data))], len(data))).close()


def slow(server):
    data = post(body(max_tokens=1))
    with send(server, b"") as connection:
        for at in range(0, len(data), 40):
            connection.sendall(data[at:at + 40])
            time.sleep(0.002)
        reply = connection.recv(1 << 16)
        assert reply.startswith(b"HTTP/1.1 200"), reply


def unread(server):
    """Asks for much, reads nothing for a while, and goes."""
    with send(server, post(body(stream=True, max_tokens=200, ignore_eos=True))):
        time.sleep(0.05)


KINDS = [whole, whole, malformed, left_at_once, left_within_the_answer, left_within_the_request, slow, unread]


class EnduranceTest(CliTest):
    def settled(self, server):
        """When nothing runs any more and all connections are closed: memory and descriptors."""
        deadline = time.monotonic() + 30
        names = ("facet_queued_requests", "facet_running_requests", "facet_kv_reserved_bytes")
        while time.monotonic() < deadline:
            gauges = {name: server.gauge(name) for name in names}
            if not any(gauges.values()) and server.gauge("facet_http_connections") == 1:  # that of this question
                return server.rss_bytes(), server.n_descriptors()
            time.sleep(0.02)
        self.fail(f"requests are left: {gauges}, {server.gauge('facet_http_connections')} connections")

    def test_nothing_is_left_of_any_request(self):
        random.seed(5)
        with Server("--log", "off") as server, ThreadPoolExecutor(16) as clients:
            expected = server.chat(PROMPTS[0])[1]["choices"]
            seen = []
            for _ in range(5):
                work = [random.choice(KINDS) for _ in range(N_REQUESTS // 5)]
                for done in [clients.submit(kind, server) for kind in work]:
                    done.result()
                seen.append(self.settled(server))
            self.assertEqual(server.chat(PROMPTS[0])[1]["choices"], expected)
            status, log = server.stop()
        figures = ", ".join(f"{rss / 1e6:.1f} MB and {n} descriptors" for rss, n in seen)
        print(f"{N_REQUESTS} requests; after each fifth: {figures}", file=sys.stderr)
        self.assertEqual((status, log), (0, ""))
        self.assertLess(seen[-1][0] - seen[1][0], MOST_GROWTH)
        self.assertLessEqual(seen[-1][1], seen[0][1] + 2)


if __name__ == "__main__":
    unittest.main(argv=[a for a in sys.argv if a != "--long"])
