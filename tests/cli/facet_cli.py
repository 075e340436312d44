"""Runs the facet program for tests. FACET_BINARY is its path; FACET_GOLDENS the golden files (default ../shared/goldens)."""

import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

BINARY = os.path.abspath(os.environ.get("FACET_BINARY", "build/release/facet"))
GOLDENS = Path(os.environ.get("FACET_GOLDENS", "../shared/goldens")).absolute()
ASSETS = Path(os.environ.get("FACET_TEST_ASSETS", "build/assets")).absolute()


class Outcome:
    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err


def run(*args, stdin="", env=None, **options):
    """An outcome; stdin is text, or a file to read from."""
    given = {"input": stdin} if isinstance(stdin, str) else {"stdin": stdin}
    done = subprocess.run([BINARY, *map(str, args)], capture_output=True, text=True, errors="replace", timeout=120,
                          env={**os.environ, "FACET_HOME": "/nonexistent", "FACET_MODEL": "", **(env or {})}, **given,
                          **options)
    return Outcome(done.returncode, done.stdout, done.stderr)


class CliTest(unittest.TestCase):
    def setUp(self):
        self._folder = tempfile.TemporaryDirectory()
        self.addCleanup(self._folder.cleanup)
        self.folder = Path(self._folder.name)

    def assert_error(self, status, pattern, *args, **options):
        """The program ends so, with one line on stderr that the pattern is found in, and nothing on stdout."""
        outcome = run(*args, **options)
        where = f"facet {' '.join(map(str, args))}\n{outcome.err}"
        self.assertEqual(outcome.status, status, where)
        self.assertEqual(outcome.out, "", where)
        self.assertRegex(outcome.err, r"\Afacet: error: [^\n]*\n\Z", where)
        self.assertRegex(outcome.err, pattern, where)
        return outcome.err

    def golden(self, name):
        path = GOLDENS / name
        if not path.exists():
            self.skipTest(f"needs {path}")
        return path

    def write(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path


def escaped(path):
    return re.escape(str(path))
