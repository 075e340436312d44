"""The contracts of the command line, on the built program and a small model: what is printed where, the fields of JSON,
exit statuses, and which model is meant. Every field seen must stand in docs/cli.md.

usage: FACET=build/release/facet python3 tests/cli_test.py     (from the repository's root)
"""
import json
import os
import pathlib
import re
import shutil
import struct
import subprocess
import tempfile
import unittest

FACET = os.path.abspath(os.environ["FACET"])
GOLDENS = pathlib.Path(os.environ.get("FACET_GOLDENS", "../shared/goldens")).absolute()
MODEL = GOLDENS / "tiny-e2b/gguf/tiny-e2b-q8_0.gguf"
CLI_MD = pathlib.Path("docs/cli.md").read_text(encoding="utf-8")
DOCUMENTED = {word for code in re.findall(r"`([^`\n]+)`", CLI_MD) for word in re.findall(r"\w+", code)} | {
    key for block in re.findall(r"```json\n(.*?)```", CLI_MD, re.DOTALL) for key in re.findall(r'"(\w+)":', block)}


def all_keys(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from all_keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from all_keys(inner)


class Cli(unittest.TestCase):
    def setUp(self):
        self.assertTrue(MODEL.exists(), f"{MODEL}: not there; the goldens belong in {GOLDENS}")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "models").mkdir()

    def facet(self, *arguments, status=0, stdin="", **environment):
        """(stdout, stderr) of the program, which must end with this status."""
        env = {key: value for key, value in os.environ.items() if not key.startswith("FACET_")}
        env.update(FACET_HOME=str(self.folder), **environment)
        done = subprocess.run([FACET, *map(str, arguments)], input=stdin, capture_output=True, text=True, env=env, timeout=300)
        self.assertEqual(done.returncode, status, f"facet {arguments}: {done.stderr}")
        return done.stdout, done.stderr

    def json(self, *arguments, **options):
        out, err = self.facet(*arguments, **options)
        self.assertEqual((out.count("\n"), err), (1, ""), "one line of JSON and nothing else")
        value = json.loads(out)
        self.assertEqual(sorted(set(all_keys(value)) - DOCUMENTED), [], "fields that docs/cli.md leaves out")
        return value

    def error(self, *arguments, status=2, **options):
        out, err = self.facet(*arguments, status=status, **options)
        self.assertEqual(out, "")
        self.assertRegex(err, r"\Afacet: error: [^\n]+\n\Z")
        return err

    # What is printed

    def test_run_json(self):
        answer = self.json("run", "-m", MODEL, "--raw", "-n", 3, "--temperature", 0, "--logprobs", 2, "--json", "Hello")
        self.assertEqual(list(answer), ["text", "finish", "tokens", "logprobs", "stats"])
        self.assertEqual((answer["finish"], len(answer["tokens"]), len(answer["logprobs"])), ("length", 3, 3))
        first = answer["logprobs"][0]
        self.assertEqual((list(first), len(first["top"])), (["id", "text", "logprob", "top"], 2))
        self.assertEqual(first["id"], answer["tokens"][0])
        self.assertEqual(first["logprob"], first["top"][0]["logprob"])  # greedy
        self.assertGreater(answer["stats"]["peak_rss_bytes"], 0)

    def test_answers_go_to_stdout_and_timings_to_stderr(self):
        command = ["run", "-m", MODEL, "--raw", "-n", 4, "--seed", 7, "--stats"]
        out, err = self.facet(*command, stdin="Hello")
        self.assertTrue(out.endswith("\n"))
        self.assertRegex(err, r"\A[^\n]*tokens/s[^\n]*\n\Z")
        self.assertEqual(self.facet(*command, "Hello")[0], out)  # an argument, or standard input
        self.assertEqual(self.facet(*command, "--threads", 1, "Hello")[0], out)
        self.assertEqual(self.facet(*command, "Hello", NO_COLOR="1")[0], out)

    def test_inspect_json(self):
        facts = self.json("inspect", "--ctx", 128, "--tensors", "--json", MODEL)
        self.assertEqual(list(facts), ["path", "model", "file", "encoders", "tokenizer", "sampling", "plan", "tensors"])
        self.assertEqual((facts["model"]["layers"], len(facts["model"]["layer"])), (15, 15))
        self.assertEqual(facts["plan"]["context"], 128)
        self.assertEqual({"name", "type", "shape", "bytes"}, set(facts["tensors"][0]))
        self.assertNotIn("tensors", self.json("inspect", "--json", MODEL))

    def test_eval_json(self):
        result = self.json("eval", "perplexity", "-m", MODEL, "--chunk", 64, "--json", "README.md")
        self.assertEqual(list(result), ["perplexity", "error", "chunks", "tokens_scored", "running"])
        self.assertEqual(len(result["running"]), result["chunks"])
        self.assertEqual(result["running"][-1], result["perplexity"])

    def test_eval_of_a_set_json(self):
        question = {"id": "one", "messages": [{"role": "user", "content": "Hi"}], "expect": {"text": "no random words"}, "max_tokens": 2}
        (self.folder / "copy.jsonl").write_text(json.dumps(question), encoding="utf-8")
        result = self.json("eval", self.folder, "-m", MODEL, "--ctx", 64, "--failures", "--json")
        self.assertEqual(list(result), ["set", "model", "skills", "failures"])
        self.assertEqual(list(result["skills"]["copy"]), ["accuracy", "n", "right", "skipped", "seconds"])
        self.assertEqual((result["skills"]["copy"]["accuracy"], len(result["failures"])), (0, 1))
        self.assertNotIn("failures", self.json("eval", self.folder, "-m", MODEL, "--ctx", 64, "--json"))

    def test_tokenize_there_and_back(self):
        ids = self.json("tokenize", "-m", MODEL, "--json", "Hello, wörld")
        self.assertEqual(list(ids), ["ids", "pieces"])
        text = self.json("tokenize", "-m", MODEL, "--decode", "--json", stdin=json.dumps(ids["ids"]))
        self.assertEqual(text, {"text": "Hello, wörld"})

    def test_render(self):
        chat = {"messages": [{"role": "user", "content": "Hi <turn|>"}], "model": "ignored"}
        prompt = "<bos><|turn>user\nHi <turn|><turn|>\n<|turn>model\n"
        self.assertEqual(self.facet("render", "--template", "small", stdin=json.dumps(chat))[0], prompt + "\n")
        file = self.folder / "chat.json"
        file.write_text(json.dumps(chat["messages"]), encoding="utf-8")
        self.assertEqual(self.json("render", "--json", file)["text"], prompt + "<|channel>thought\n<channel|>")
        self.assertEqual(self.facet("render", "--no-opening", file)[0], "<bos><|turn>user\nHi <turn|><turn|>\n\n")
        rendered = self.json("render", "-m", MODEL, "--template", "small", "--json", file)
        self.assertEqual(list(rendered), ["text", "starts_in_thought", "ids"])
        decoded = self.json("tokenize", "-m", MODEL, "--decode", "--specials", "--json", stdin=json.dumps(rendered["ids"]))
        self.assertEqual(decoded["text"], prompt)
        turn_end = self.json("tokenize", "-m", MODEL, "--specials", "--json", "<turn|>")["ids"]
        self.assertEqual(rendered["ids"].count(*turn_end), 1)  # the user's own is text
        lines = self.facet("render", "-m", MODEL, "--template", "small", "--ids", file)[0].splitlines()
        self.assertEqual([int(line.split()[0]) for line in lines], rendered["ids"])

    def test_render_names_what_it_refuses(self):
        self.assertIn("messages[0]", self.error("render", stdin='[{"content": "no role"}]'))
        self.assertIn("standard input", self.error("render", stdin="{"))
        self.assertIn('"messages"', self.error("render", stdin="{}"))
        self.assertIn("nothing.json", self.error("render", self.folder / "nothing.json"))
        image = json.dumps([{"role": "user", "content": [{"type": "image"}]}])
        self.assertIn("<|image|>", self.facet("render", stdin=image)[0])
        self.assertIn("media", self.error("render", "-m", MODEL, "--template", "small", "--ids", stdin=image))

    def test_verify_closes_with_counts(self):
        out, err = self.facet("verify", "--filter", "tiny-e2b/text/p7", GOLDENS / "tiny-e2b")
        self.assertRegex(out, r"\APASS tiny-e2b/text/p7 [^\n]*\n1 passed, 0 failed, 0 skipped\n\Z")
        self.assertEqual(err, "")

    def test_verify_fails_on_other_numbers(self):
        golden = self.folder / "golden"
        shutil.copytree(GOLDENS / "quant", golden)
        wrong = golden / "q8_0.safetensors"
        data = bytearray(wrong.read_bytes())
        data[-1] ^= 0x55
        wrong.write_bytes(data)
        out, _ = self.facet("verify", "--filter", "q8_0", golden, status=1)
        self.assertRegex(out, r"FAIL [^\n]*q8_0[^\n]*\n0 passed, 1 failed, 0 skipped\n\Z")

    def test_dump_writes_the_tensors_named(self):
        out = self.folder / "out.safetensors"
        self.facet("dump", "-m", MODEL, "--raw", "-o", out, "--names", "layer.1.*", "Hello")
        data = out.read_bytes()
        header = json.loads(data[8 : 8 + struct.unpack("<Q", data[:8])[0]])
        names = set(header) - {"__metadata__"}
        self.assertEqual({name.split(".")[0] for name in names}, {"input_ids", "layer"})
        self.assertEqual(header["layer.1.out"]["dtype"], "F32")
        self.assertEqual(header["layer.1.out"]["shape"], [header["input_ids"]["shape"][0], 96])

    def test_version_and_help(self):
        self.assertRegex(self.facet("--version")[0], r"\Afacet \d+\.\d+\.\d+\n\Z")
        self.assertIn("Usage: facet run", self.facet("run", "--help")[0])

    # Errors

    def test_a_wrong_command_line_ends_with_2(self):
        self.assertIn("did you mean run?", self.error("rnu"))
        self.assertIn("did you mean --temperature?", self.error("run", "--tempratur", "0", "x"))
        self.assertIn("12x", self.error("tokenize", "-m", MODEL, "--decode", "12x"))
        self.error("run", "--threads", "0", "x")
        self.error("run", "-m", MODEL, "--temperature", "-1", "x")
        self.error("run", "-m", MODEL)  # no prompt

    def test_a_wrong_input_ends_with_2(self):
        bad = self.folder / "bad.gguf"
        bad.write_bytes(b"GGUF and so on, but not really")
        self.assertIn(str(bad), self.error("inspect", bad))
        bad.write_bytes(MODEL.read_bytes()[:100_000])
        self.assertIn(str(bad), self.error("run", "-m", bad, "x"))
        self.error("verify", self.folder / "nothing")
        self.error("eval", "perplexity", "-m", MODEL, self.folder / "nothing")

    def test_a_prompt_beyond_the_context_says_by_how_much(self):
        self.assertRegex(self.error("run", "-m", MODEL, "--raw", "--ctx", 8, "one two three four five six seven eight nine"),
                         r"\d+ more than the context of 8")

    def test_work_that_fails_ends_with_1(self):
        self.error("dump", "-m", MODEL, "--raw", "-o", self.folder / "no/such/folder", "x", status=1)

    # Which model is meant, and by which kernels

    def test_the_only_model_of_the_library_needs_no_name(self):
        self.assertIn("the library is empty", self.error("inspect", "one"))
        shutil.copy(MODEL, self.folder / "models/one.gguf")
        self.assertTrue(self.json("inspect", "--json")["path"].endswith("/one.gguf"))
        shutil.copy(MODEL, self.folder / "models/two.gguf")
        self.assertIn("one.gguf, two.gguf", self.error("inspect"))
        self.assertTrue(self.json("inspect", "--json", "two")["path"].endswith("/two.gguf"))
        self.assertTrue(self.json("inspect", "--json", FACET_MODEL="two")["path"].endswith("/two.gguf"))
        self.assertIn("one.gguf, two.gguf", self.error("inspect", "three"))

    def test_the_instruction_set_can_be_forced(self):
        command = ["run", "-m", MODEL, "--raw", "-n", 2, "--temperature", 0, "Hello"]
        self.assertEqual(self.facet(*command, FACET_ISA="scalar")[0], self.facet(*command)[0])
        self.assertIn("scalar", self.error(*command, FACET_ISA="abacus"))


if __name__ == "__main__":
    unittest.main()
