"""A facet server for tests, and requests to it."""

import json
import os
import re
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from facet_cli import BINARY

OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Server:
    """A running server on a free port. Its log goes into a file, so that a full pipe holds nothing up."""

    def __init__(self, *args, env=None, home=None, **popen):
        self.own_home = tempfile.TemporaryDirectory() if home is None else None
        self.home = Path(home or self.own_home.name)
        self.log_file = tempfile.TemporaryFile("w+")
        started = time.monotonic()
        self.process = subprocess.Popen([BINARY, "serve", "--port", "0", *map(str, args)], stderr=self.log_file,
                                        env={**os.environ, "FACET_HOME": str(self.home), **(env or {})}, **popen)
        while not re.search(r"facet: try: .*\n", self.log()):
            if self.process.poll() is not None or time.monotonic() > started + 60:
                said = self.log()
                self.__exit__()
                raise AssertionError(f"the server did not start: {said}")
            time.sleep(0.005)
        self.start_seconds = time.monotonic() - started
        self.said = self.log()
        self.url = re.search(r"listening on (\S+)", self.said)[1]
        self.port = int(self.url.rsplit(":", 1)[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        self.log_file.close()
        if self.own_home:
            self.own_home.cleanup()

    def log(self):
        """All that it wrote so far. The file's offset is shared with the server, so it is not moved."""
        return os.pread(self.log_file.fileno(), 1 << 26, 0).decode(errors="replace")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        """Its exit status, and what it wrote after it had started."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60), self.log()[len(self.said):]

    def get(self, path, body=None, method=None, timeout=60, **headers):
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {k.replace("_", "-"): v for k, v in headers.items()},
                                         method=method)
        try:
            with OPENER.open(request, timeout=timeout) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def ask(self, path, body=None, **options):
        """The same with the reply's JSON."""
        status, text = self.get(path, body, **options)
        return status, json.loads(text)

    def chat(self, text, model="nano", **headers):
        return self.ask("/v1/chat/completions", {"model": model, "temperature": 0, "max_tokens": 16, "messages": [
            {"role": "user", "content": text}]}, **headers)

    def upload(self, content, purpose="batch"):
        """A file's object."""
        form = (f'--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\n{purpose}\r\n'
                f'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n{content}\r\n--b--\r\n')
        return self.ask("/v1/files", form.encode(), content_type="multipart/form-data; boundary=b")

    def gauge(self, name):
        return float(re.search(rf"^{name} (\S+)$", self.get("/metrics")[1], re.MULTILINE)[1])

    def rss_bytes(self):
        return 1024 * int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{self.process.pid}/status").read_text())[1])

    def n_descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))
