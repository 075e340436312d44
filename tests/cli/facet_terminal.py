"""Runs the facet program as a user does: with pipes, or through a pseudo-terminal."""
import os
import pathlib
import pty
import re
import select
import subprocess
import time
import unittest

FACET = os.environ.get("FACET_BINARY", "build/release/facet")
GOLDENS = pathlib.Path(os.environ.get("FACET_GOLDENS", "../shared/goldens"))
TIMEOUT = 120  # seconds; the slowest build is a sanitizer's on a busy machine
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\r")


def checkpoint(name):
    """The folder of a small model; the test is skipped where there is none."""
    path = GOLDENS / "checkpoints" / name
    if not path.exists():
        raise unittest.SkipTest(f"{path} is absent")
    return str(path)


def run(*arguments, text="", **environment):
    """The finished process, with stdout and stderr as text."""
    return subprocess.run([FACET, *arguments], input=text, capture_output=True, encoding="utf-8", timeout=TIMEOUT,
                          env={**os.environ, **environment}, check=False)


class Terminal:
    """A program on a pseudo-terminal of its own."""

    def __init__(self, *arguments, **environment):
        pid, self.fd = pty.fork()
        if pid == 0:
            os.execvpe(FACET, [FACET, *arguments], {**os.environ, "TERM": "xterm", **environment})
        self.pid = pid
        self.screen = ""  # all that was shown, without escapes
        self.seen = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.fd)
        try:
            os.kill(self.pid, 9)
            os.waitpid(self.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass

    def read(self, seconds):
        """Takes what comes within the time; False at the end of output."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # Linux says so when the other side has closed
            return False
        self.screen += ESCAPES.sub("", data.decode("utf-8", "replace"))
        return bool(data)

    def expect(self, pattern):
        """Waits for a pattern in what was shown since the last one; returns the match."""
        deadline = time.monotonic() + TIMEOUT
        while True:
            match = re.compile(pattern).search(self.screen, self.seen)
            if match:
                self.seen = match.end()
                return match
            if time.monotonic() > deadline or not self.read(0.5):
                raise AssertionError(f"waited for {pattern!r}; shown since: {self.screen[self.seen:]!r}")

    def send(self, text):
        os.write(self.fd, text.encode())

    def status(self):
        """Waits for the end; the exit status, or minus the signal."""
        deadline = time.monotonic() + TIMEOUT
        while self.read(0.5):
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
            if time.monotonic() > deadline:
                raise AssertionError(f"it does not end; shown since: {self.screen[self.seen:]!r}")
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
