"""facet serve: its address, its own paths, its log, its end, and that it answers."""

import json
import os
import signal
import subprocess
import tempfile
import time
import unittest

from facet_cli import BINARY, CliTest, run
from facet_server import Server


class ServeTest(CliTest):
    def test_own_paths_and_the_end(self):
        with Server() as server:
            self.assertRegex(server.said, rf"facet: try: curl {server.url}/health\n")
            self.assertEqual(server.get("/health"), (200, '{"status":"ok"}'))
            self.assertEqual(server.get("/ready")[0], 200)
            self.assertIn("<h1>facet ", server.get("/status")[1])
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

    def test_nothing_is_computed_twice_and_a_restart_changes_nothing(self):
        question = "Who are you? " + "Please tell me all about it. " * 8
        with tempfile.TemporaryDirectory() as home:
            cached = []
            for _ in range(2):
                with Server(home=home) as server:
                    for _ in range(2):
                        status, answer = server.chat(question)
                        self.assertEqual(status, 200)
                        self.assertTrue(answer["choices"][0]["message"]["content"])
                        cached.append(answer["usage"]["prompt_tokens_details"]["cached_tokens"])
                        n_prompt = answer["usage"]["prompt_tokens"]
                    server.stop()
            self.assertEqual(cached, [0] + [n_prompt - 1] * 3)  # the last token's logits are wanted again

    def test_a_key_for_some_models(self):
        keys = self.write("keys.json", json.dumps([{"name": "one", "key": "1", "models": ["other"]},
                                                   {"name": "two", "key": "2", "models": ["nano"]}]))
        with Server("--keys", keys) as server:
            self.assertEqual(server.chat("Hello!", x_api_key="1")[0], 403)
            self.assertEqual(server.chat("Hello!", x_api_key="2")[0], 200)
            self.assertNotIn("nano", server.get("/status", x_api_key="1")[1])
            self.assertIn("<li>nano</li>", server.get("/status", x_api_key="2")[1])
            self.assertEqual(server.chat("Hello!", model="", x_api_key="1")[0], 403)

    def test_two_servers_share_a_home(self):
        with Server("--log", "off") as first:
            made = [first.ask("/v1/responses", {"input": "Tell me a story.", "background": True,
                                                   "max_output_tokens": 64})[1]["id"] for _ in range(100)]
            with Server("--log", "off", home=first.home) as second:
                statuses = {second.ask("/v1/responses/" + response)[1]["status"] for response in made}
                self.assertLessEqual(statuses, {"in_progress", "completed", "incomplete"}, "none has failed")
                second.stop()
            deadline = time.monotonic() + 60
            for response in made:
                while (status := first.ask("/v1/responses/" + response)[1]["status"]) == "in_progress":
                    self.assertLess(time.monotonic(), deadline)
                    time.sleep(0.01)
                self.assertIn(status, ("completed", "incomplete"))

    def test_a_damaged_model_is_no_reason_to_wait(self):
        model = self.write("damaged.gguf", b"GGUF" + bytes(100))
        with Server("--log", "off", "-m", model) as server:
            for path in ("/v1/chat/completions", "/v1/messages", "/api/chat"):
                status, reply = server.ask(path, {"model": "damaged", "max_tokens": 4, "messages": [
                    {"role": "user", "content": "Hello!"}]})
                self.assertEqual(status, 500, reply)
                self.assertIn("damaged.gguf", json.dumps(reply["error"]))
            self.assertEqual(server.chat("Hello!")[0], 200, "others are not touched by it")

    def test_tools_of_an_mcp_server(self):
        def ask(server, url):
            status, body = server.get("/v1/responses", {"input": "Hi", "max_output_tokens": 8, "tools": [
                {"type": "mcp", "server_label": "own", "server_url": url, "allowed_tools": ["ask"]}]})
            return status, json.loads(body)

        with Server() as server:  # its own
            status, body = ask(server, server.url + "/mcp")
            self.assertEqual(status, 200, body)
            self.assertEqual(body["output"][0]["type"], "mcp_list_tools")
            self.assertIn("ask", [tool["name"] for tool in body["output"][0]["tools"]])
            self.assertEqual(ask(server, "http://10.0.0.1/mcp")[0], 400)
        with Server("--allow-mcp", "none") as server:
            status, body = ask(server, server.url + "/mcp")
            self.assertEqual(status, 400)
            self.assertIn("--allow-mcp", body["error"]["message"])
        self.assert_error(2, "--allow-mcp http://x: expected HOST", "serve", "--allow-mcp", "http://x", "--port", "0")

    def test_mcp_on_standard_input_and_output(self):
        messages = [{"id": 1, "method": "initialize", "params": {"protocolVersion": "2025-06-18"}},
                    {"method": "notifications/initialized"}, {"id": 2, "method": "tools/list"},
                    {"id": 3, "method": "tools/call", "params": {"name": "ask", "arguments": {
                        "prompt": "Hi", "max_tokens": 4}}}]
        done = run("mcp", "-m", "nano", stdin="".join(json.dumps({"jsonrpc": "2.0", **m}) + "\n" for m in messages))
        self.assertEqual(done.status, 0, done.err)
        answers = {answer["id"]: answer["result"] for answer in map(json.loads, done.out.splitlines())}
        self.assertEqual(sorted(answers), [1, 2, 3])
        self.assertIn("ask", [tool["name"] for tool in answers[2]["tools"]])
        self.assertFalse(answers[3]["isError"])

    def test_two_signals_at_once_end_it(self):
        with Server() as server:
            for s in (signal.SIGSTOP, signal.SIGTERM, signal.SIGINT, signal.SIGCONT):
                server.process.send_signal(s)
            self.assertEqual(server.process.wait(20), 0)

    def test_a_home_that_cannot_be_written(self):
        home = self.write("file", "not a folder")
        process = subprocess.Popen([BINARY, "serve", "--port", "0"], stderr=subprocess.PIPE, text=True,
                                   env={**os.environ, "FACET_HOME": home})
        self.assertRegex(process.stderr.readline(), r"^facet: .*/server: cannot be made .*kept in memory")
        process.kill()
        process.wait()
        process.stderr.close()

    def test_what_is_refused(self):
        with Server() as server:
            port = server.url.rsplit(":", 1)[1]
            self.assert_error(1, rf"127\.0\.0\.1:{port} is in use", "serve", "--port", port)
        self.assert_error(2, "--api-key", "serve", "--host", "0.0.0.0", "--port", "0")
        self.assert_error(2, "--tls-key", "serve", "--tls-cert", "x", "--port", "0")
        self.assert_error(1, "none.pem", "serve", "--tls-cert", "none.pem", "--tls-key", "none.pem", "--port", "0")
        self.assert_error(2, "keys.json", "serve", "--keys", self.write("keys.json", "{}"), "--port", "0")
        self.assert_error(2, "origin", "serve", "--allow-origin", "chat.example", "--port", "0")

    def test_skills_are_the_same_in_every_protocol(self):
        skills = ["--skills", "copy,tool_result,tool_choice,add,colour", "--limit", "3", "--json"]
        own = json.loads(run("eval", "nano", *skills).out)["skills"]
        with Server() as server:
            for dialect in ("openai", "responses", "ollama", "anthropic", "gemini"):
                said = json.loads(run("eval", "nano", "--via", server.url, "--dialect", dialect, *skills).out)["skills"]
                for name, score in said.items():
                    if score["n"] > 0:
                        self.assertEqual(score["right"], own[name]["right"], (dialect, name))
                self.assertGreaterEqual(sum(score["n"] for score in said.values()), 12, dialect)


if __name__ == "__main__":
    unittest.main()
