"""facet admin: a copy of what a server has stored, while it runs."""

import json
import os
import sqlite3
import stat
import unittest

from facet_cli import CliTest, escaped, run
from facet_server import Server


class BackupTest(CliTest):
    def setUp(self):
        super().setUp()
        self.home = self.folder / "home"
        self.copy = self.folder / "copy.db"

    def store(self, server):
        status, body = server.get("/v1/responses", {"model": "nano", "input": "Hello!", "max_output_tokens": 16})
        self.assertEqual(status, 200, body)
        return json.loads(body)["id"]

    def test_a_copy_of_a_running_server_serves_the_same(self):
        with Server("--log", "off", home=str(self.home)) as server:
            stored = self.store(server)
            outcome = run("admin", "backup", self.copy, "--home", self.home)
            self.assertEqual((outcome.status, outcome.err), (0, ""))
            self.assertRegex(outcome.out, rf"\A{escaped(self.copy)}: \d+\.\d MB: 1 response\n\Z")
            later = self.store(server)
            server.stop()
        self.assertEqual(stat.S_IMODE(os.stat(self.copy).st_mode), 0o600)
        self.assertEqual([f for f in os.listdir(self.folder) if f.startswith("copy")], ["copy.db"])
        restored = self.folder / "restored" / "server"
        restored.mkdir(parents=True)
        self.copy.rename(restored / "state.db")
        with Server("--log", "off", home=str(restored.parent)) as server:
            self.assertEqual(server.get("/v1/responses/" + stored)[0], 200)
            self.assertEqual(server.get("/v1/responses/" + later)[0], 404)

    def test_what_is_there_is_not_replaced(self):
        with Server("--log", "off", home=str(self.home)) as server:
            server.stop()
        self.copy.write_text("mine")
        home = {"FACET_HOME": str(self.home)}
        self.assert_error(2, "is there already", "admin", "backup", self.copy, env=home)
        self.assertEqual(self.copy.read_text(), "mine")
        self.copy.unlink()
        self.assertIn("nothing is stored", run("admin", "backup", self.copy, env=home).out)

    def test_errors_leave_no_file(self):
        self.assert_error(2, "there is no state", "admin", "backup", self.copy, "--home", self.folder)
        (self.home / "server").mkdir(parents=True)
        state = self.home / "server" / "state.db"
        state.write_text("no database " * 100)
        self.assert_error(1, "damaged, or no database", "admin", "backup", self.copy, "--home", self.home)
        state.unlink()
        with sqlite3.connect(state) as other:
            other.execute("PRAGMA user_version = 99")
        other.close()
        self.assert_error(1, "written by a newer version", "admin", "backup", self.copy, "--home", self.home)
        self.assertFalse(self.copy.exists())
        state.write_text("")
        self.assert_error(1, "nowhere", "admin", "backup", self.folder / "nowhere" / "copy.db", "--home", self.home)

    def test_help(self):
        self.assertIn("backup", run("admin", "--help").out)
        self.assertIn("FILE", run("admin", "backup", "--help").out)


if __name__ == "__main__":
    unittest.main()
