"""facet app: a server for the page, or the one that is there."""

import http.server
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.request

from facet_cli import BINARY, CliTest, run
from facet_server import OPENER, Server


class AppTest(CliTest):
    def setUp(self):
        super().setUp()
        self.opened = self.folder / "opened"
        opener = self.folder / "xdg-open"
        opener.write_text(f"#!/bin/sh\necho \"$1\" >> {self.opened}\n")
        opener.chmod(0o755)
        self.env = {"FACET_HOME": str(self.folder / "home"), "PATH": f"{self.folder}:{os.environ['PATH']}",
                    "DISPLAY": ":0", "WAYLAND_DISPLAY": "", "BROWSER": ""}

    def start(self, *args, **env):
        """The process, and the address that it says."""
        process = subprocess.Popen([BINARY, "app", "--only", "-m", "nano", *args], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, env={**os.environ, **self.env, **env})
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        line = process.stdout.readline()
        self.assertIn("http://127.0.0.1:", line, process.stderr.read() if not line else "")
        return process, re.search(r"http://\S+", line)[0], line

    def free_port(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            return s.getsockname()[1]

    def wait_for_opened(self):
        for _ in range(200):
            if self.opened.exists() and self.opened.read_text():
                return self.opened.read_text().split()
            time.sleep(0.05)
        self.fail("no browser was asked")

    def test_starts_a_server_and_opens_its_page(self):
        process, url, _ = self.start("--port", str(self.free_port()))
        self.assertEqual(self.wait_for_opened(), [url])
        with OPENER.open(url + "/") as reply:
            self.assertIn("<title>facet</title>", reply.read().decode())
        with OPENER.open(url + "/page/about") as reply:
            self.assertEqual(json.load(reply)["keys"], False)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(30), 0)

    def test_a_server_that_runs_is_not_started_again(self):
        with Server("--log", "off") as server:
            outcome = run("app", "--port", server.port, env=self.env)
            self.assertEqual((outcome.status, outcome.err), (0, ""))
            self.assertEqual(outcome.out, f"facet: {server.url} is opened in the browser\n")
            self.assertEqual(self.wait_for_opened(), [server.url])
            self.assertIn("-m means nothing", run("app", "--port", server.port, "-m", "nano", env=self.env).err)

    def test_without_a_screen_it_says_the_address(self):
        _, url, line = self.start("--port", str(self.free_port()), DISPLAY="")
        self.assertEqual(line, f"facet: open {url} in a browser\n")
        self.assertFalse(self.opened.exists())

    def test_a_port_that_another_program_has_is_said(self):
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            self.assert_error(1, f"port {port} is taken by something else than facet", "app", "--port", port,
                              env=self.env)

    def test_what_another_program_says_of_itself_is_no_error(self):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b'{"program": 5}')

            def log_message(self, *args):
                pass

        with http.server.HTTPServer(("127.0.0.1", 0), Handler) as other:
            threading.Thread(target=other.serve_forever).start()
            self.assert_error(1, f"port {other.server_port} is taken by something else than facet", "app", "--port",
                              other.server_port, env=self.env)
            other.shutdown()

    def test_tabs_hold_no_server_up(self):
        process, url, _ = self.start("--port", str(self.free_port()), "--no-browser")
        with OPENER.open(urllib.request.Request(url + "/page/events")) as events:
            self.assertEqual(events.read(2), b": ")
            started = time.monotonic()
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(30), 0)
            self.assertLess(time.monotonic() - started, 15, "half of --grace")


class PageStateTest(CliTest):
    def test_deleted_words_leave_the_disk(self):
        with Server("--log", "off") as server:
            _, conversation = server.ask("/page/conversations", {"title": "A"})
            path = f"/page/conversations/{conversation['id']}"
            secret = "xylophonequartz"
            self.assertEqual(server.get(path + "/messages", {"role": "user", "content": secret})[0], 200)
            state = server.home / "server"
            self.assertTrue(any(secret.encode() in f.read_bytes() for f in state.glob("state.db*") if f.is_file()))
            self.assertEqual(server.get(path, method="DELETE")[0], 200)
            for file in state.glob("state.db*"):
                if file.is_file():
                    self.assertNotIn(secret.encode(), file.read_bytes(), file)

    def test_what_was_said_outlives_the_server(self):
        with Server("--log", "off") as server:
            _, conversation = server.ask("/page/conversations", {"title": "A"})
            path = f"/page/conversations/{conversation['id']}"
            server.get(path + "/messages", {"id": "m1", "role": "user", "content": "hi"})
            server.get(path + "/messages/m2", {"role": "assistant", "parent": "m1", "content": "Hel", "state": "writing"},
                       method="PUT")
            server.kill()
            with Server("--log", "off", home=server.home) as again:
                self.assertEqual([m["content"][0]["text"] for m in again.ask(path)[1]["messages"]], ["hi", "Hel"])

    def test_keys(self):
        with Server("--log", "off", "--api-key", "secret") as server:
            self.assertEqual(server.get("/")[0], 200)
            self.assertEqual(server.ask("/page/about")[1]["keys"], True)
            self.assertEqual(server.get("/page/conversations")[0], 401)
            self.assertEqual(server.get("/page/models", authorization="Bearer secret")[0], 200)
            self.assertEqual(server.get("/status")[0], 401)
