"""facet serve: its address, its own paths, its log, its end."""

import json
import os
import re
import signal
import subprocess
import unittest
import urllib.error
import urllib.request

from facet_cli import BINARY, CliTest

OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Server:
    """A running server on a free port."""

    def __init__(self, *args, env=None):
        self.process = subprocess.Popen([BINARY, "serve", "--port", "0", *args], stderr=subprocess.PIPE, text=True,
                                        env={**os.environ, "FACET_HOME": "/nonexistent", **(env or {})})
        self.said = self.process.stderr.readline() + self.process.stderr.readline()
        self.url = re.search(r"listening on (\S+)", self.said)[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()

    def get(self, path, **headers):
        request = urllib.request.Request(self.url + path, headers={k.replace("_", "-"): v for k, v in headers.items()})
        try:
            with OPENER.open(request, timeout=30) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30), self.process.stderr.read()


class ServeTest(CliTest):
    def test_own_paths_and_the_end(self):
        with Server() as server:
            self.assertRegex(server.said, rf"facet: try: curl {server.url}/health\n")
            self.assertEqual(server.get("/health"), (200, '{"status":"ok"}'))
            self.assertEqual(server.get("/ready")[0], 200)
            self.assertIn("<h1>facet ", server.get("/")[1])
            self.assertIn('facet_http_requests_total{route="/health",status="200"} 1', server.get("/metrics")[1])
            status, log = server.stop()
            self.assertEqual(status, 0)
            self.assertRegex(log, r"GET /health 200 15 B")

    def test_errors_have_the_shape_of_each_protocol(self):
        with Server("--api-key", "secret", "--log", "off") as server:
            self.assertIn("error", json.loads(server.get("/v1/nowhere")[1]))
            self.assertEqual(json.loads(server.get("/v1/messages/nowhere")[1])["type"], "error")
            status, body = server.get("/metrics")
            self.assertEqual(status, 401)
            self.assertIn("API key", body)
            self.assertEqual(server.get("/metrics", x_api_key="secret")[0], 200)
            self.assertEqual(server.get("/health")[0], 200)

    def test_the_log_has_no_secrets(self):
        with Server("--log", "json", env={"FACET_API_KEY": "secret"}) as server:
            self.assertEqual(server.get("/metrics?key=secret")[0], 200)
            log = server.stop()[1]
            self.assertNotIn("secret", log)
            line = json.loads(log.splitlines()[0])
            self.assertEqual((line["path"], line["status"], line["client"]), ("/metrics", 200, "api-key"))

    def test_what_is_refused(self):
        with Server() as server:
            port = server.url.rsplit(":", 1)[1]
            self.assert_error(1, rf"127\.0\.0\.1:{port} is in use", "serve", "--port", port)
        self.assert_error(2, "--api-key", "serve", "--host", "0.0.0.0", "--port", "0")
        self.assert_error(2, "--tls-key", "serve", "--tls-cert", "x", "--port", "0")
        self.assert_error(1, "none.pem", "serve", "--tls-cert", "none.pem", "--tls-key", "none.pem", "--port", "0")
        self.assert_error(2, "keys.json", "serve", "--keys", self.write("keys.json", "{}"), "--port", "0")
        self.assert_error(2, "origin", "serve", "--allow-origin", "chat.example", "--port", "0")


if __name__ == "__main__":
    unittest.main()
