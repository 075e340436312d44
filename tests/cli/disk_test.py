"""A disk that takes nothing: requests are answered, one line says so, and what has to be stored is refused clearly."""

import os
import resource
import shutil
import subprocess
import time
import unittest

from facet_cli import BINARY, CliTest
from facet_server import Server

NOBODY = 65534
UPLOAD_BYTES = 4 << 20


def only_small_files():
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))


class DiskTest(CliTest):
    def assert_answers(self, server, word="story"):
        for text in ("Who are you?", f"Tell me a {word}. " * 40, "Who are you?"):
            status, answer = server.chat(text)
            self.assertEqual(status, 200, answer)
            self.assertTrue(answer["choices"][0]["message"]["content"])

    def respond(self, server):
        return server.ask("/v1/responses", {"input": "Hello!", "max_output_tokens": 4})

    def assert_one_line(self, server, pattern):
        """Beside those of its start. Pages are written by a thread of their own."""
        deadline = time.monotonic() + 10
        while not (lines := server.log()[len(server.said):].splitlines()) and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertEqual(len(lines), 1, lines)
        self.assertRegex(lines[0], pattern)

    def assert_cannot_be_stored(self, server, statuses):
        status, reply = server.upload("x" * UPLOAD_BYTES)
        self.assertIn(status, statuses, reply)
        self.assertEqual(reply["error"]["type"], "server_error")
        self.assertRegex(reply["error"]["message"], r"state\.db: ")
        self.assertEqual(server.ask("/v1/files")[1]["data"], [], "and nothing of it is there")

    def test_files_that_may_not_grow(self):
        with Server("--log", "off", preexec_fn=only_small_files) as server:
            self.assert_answers(server)
            self.assert_cannot_be_stored(server, (500, 503))
            self.assertEqual(self.respond(server)[0], 200, "which is small")
            self.assertEqual(server.stop()[0], 0)

    def test_a_full_disk(self):
        home = self.folder / "disk"
        home.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", home], capture_output=True).returncode != 0:
            self.skipTest("file systems cannot be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", home], check=True)
        with Server("--log", "off", home=home) as server:
            self.assert_answers(server)
            self.assertEqual(self.respond(server)[0], 200)
            fill(home / "rest")
            self.assert_answers(server, "joke")
            self.assert_one_line(server, r"No space left")
            refused = (reply for status, reply in (self.respond(server) for _ in range(100)) if status == 503)
            reply = next(refused)  # the first ones may find room in what the database has already
            self.assertEqual(reply["error"]["type"], "server_error")
            self.assertIn("no room left", reply["error"]["message"])
            self.assert_cannot_be_stored(server, (503,))
            (home / "rest").unlink()
            self.assertEqual(self.respond(server)[0], 200)
            fill(home / "rest")
            server.kill()
        with Server("--log", "off", home=home) as server:  # and starts on a disk that is full
            self.assert_answers(server)

    def test_a_home_of_somebody_else(self):
        home = self.folder / "home"
        (home / "server").mkdir(parents=True)
        self.folder.chmod(0o755)
        for folder in (home / "server", home):
            folder.chmod(0o555)
        self.addCleanup(lambda: [folder.chmod(0o755) for folder in (home, home / "server")])
        as_nobody = {"user": NOBODY} if os.geteuid() == 0 else {}
        if as_nobody:
            program = self.folder / "facet"
            shutil.copy(BINARY, program)
            as_nobody["executable"] = program
        with Server("--log", "off", home=home, **as_nobody) as server:
            self.assert_answers(server)
            self.assertRegex(server.log(), r"facet: .*state\.db: .*kept in memory\n")
            status, made = self.respond(server)
            self.assertEqual(status, 200)
            self.assertEqual(server.ask("/v1/responses/" + made["id"]), (200, made))


def fill(path):
    with open(path, "ab", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            pass


if __name__ == "__main__":
    unittest.main()
