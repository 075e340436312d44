"""nano, the model that is a part of the program, where it was built with its files; and functions that a model may call."""

import json
import shutil
import unittest

from facet_cli import GOLDENS, CliTest, run

TRAINED = GOLDENS / "nano-lab"
HAS_NANO = run("inspect", "nano").status == 0
HAS_SET = "there is no skill none" in run("eval", "nano", "--skills", "none").err
NOTE = r"\Afacet: no model was named: this is nano, a very small demonstration model [^\n]*gemma-4-E2B-it-Q4_0\.gguf[^\n]*\n\Z"


class Nano(CliTest):
    def setUp(self):
        super().setUp()
        if not HAS_NANO:
            self.skipTest("this facet was built without nano")

    def test_it_answers_when_no_model_is_named(self):
        outcome = run("run", "--temperature", 0, "-n", 4, "--json", "Who are you?")
        self.assertEqual(outcome.status, 0, outcome.err)
        self.assertRegex(outcome.err, NOTE)
        named = run("run", "-m", "nano", "--temperature", 0, "-n", 4, "--json", "Who are you?")
        self.assertEqual((named.status, named.err), (0, ""))
        self.assertEqual(json.loads(named.out)["tokens"], json.loads(outcome.out)["tokens"])
        self.assertEqual(run("run", "-n", 1, "Hi", env={"FACET_MODEL": "nano"}).err, "")

    def test_it_sees_and_hears_with_what_is_built_in(self):
        facts = json.loads(run("inspect", "nano", "--json").out)
        self.assertEqual(facts["path"].split("/")[-1], "nano-q8_0.gguf")
        self.assertEqual(facts["encoders"]["path"].split("/")[-1], "mmproj-nano-bf16.gguf")
        self.assertIsNotNone(facts["encoders"]["pictures"])
        self.assertIsNotNone(facts["encoders"]["sound"])

    def test_every_command_that_takes_a_model_takes_it(self):
        for command in [("tokenize", "Hello"), ("render", "--ids"), ("inspect",), ("chat", "--ctx", 64, "-n", 2)]:
            outcome = run(*command, stdin='[{"role": "user", "content": "Hi"}]\n')
            self.assertEqual(outcome.status, 0, f"{command}: {outcome.err}")
            self.assertIn("this is nano", outcome.err, command)
        self.assertEqual(run("doctor", "-m", "nano", "--json").status, 0)
        self.assertEqual(run("grammar", "check", self.write("any.json", "{}"), "-m", "nano").status, 0)

    def test_a_folder_of_its_name_does_not_hide_it(self):
        (self.folder / "nano").mkdir()
        (self.folder / "nano/copy.jsonl").write_text("not a question")
        outcome = run("inspect", "nano", "--json", cwd=self.folder)
        self.assertEqual(json.loads(outcome.out)["path"].split("/")[-1], "nano-q8_0.gguf")
        self.assert_error(1, "nano/config.json", "inspect", "./nano", cwd=self.folder)
        (self.folder / "other").mkdir()
        self.assert_error(1, "other/config.json", "inspect", "other", cwd=self.folder)
        if HAS_SET:
            self.assertNotEqual(self.eval("--skills", "copy", "--limit", 1, "--json", cwd=self.folder), "")
            self.assert_error(2, "nano/copy.jsonl:1", "eval", "./nano", cwd=self.folder)

    def test_a_folder_with_a_model_is_a_path(self):
        shutil.copytree(self.golden("checkpoints/tiny-e2b"), self.folder / "nano")
        outcome = run("inspect", "nano", "--json", cwd=self.folder)
        self.assertEqual(json.loads(outcome.out)["path"], "nano")

    def eval(self, *args, **options):
        outcome = run("eval", "nano", *args, **options)
        self.assertEqual((outcome.status, outcome.err), (0, ""))
        return outcome.out

    def test_scores_are_compared_with_those_of_the_model(self):
        if not HAS_SET:
            self.skipTest("the set of nano is not beside this facet")
        for name in ["nano", "nano-moe"]:
            self.eval("-m", name, "--check", "--margin", 1, "--skills", "letter", "--limit", 1)
        # It does not hear, which its own row knows and nano's does not.
        deaf = ["-m", "nano-moe", "--check", "--skills", "beeps", "--limit", 1]
        self.eval(*deaf)
        outcome = run("eval", "nano", *deaf, "--scores", "default")
        self.assertRegex(outcome.err, r"\Afacet: beeps: all were skipped, and [^\n]* were right\n\Z")
        self.assert_error(2, "it has no scores called tiny-e2b, but default, .*nano-moe.*: use --scores ROW", "eval", "nano", "--check",
                          "-m", self.golden("checkpoints/tiny-e2b"))

    def test_a_model_in_the_library_comes_first(self):
        home = self.folder / "models"
        home.mkdir()
        shutil.copytree(self.golden("checkpoints/tiny-e2b"), home / "mine")
        outcome = run("inspect", "--json", env={"FACET_HOME": str(self.folder)})
        self.assertTrue(json.loads(outcome.out)["path"].endswith("/mine"))
        self.assertEqual(outcome.err, "")
        shutil.copytree(home / "mine", home / "other")
        self.assert_error(2, "the library has mine, other", "inspect", env={"FACET_HOME": str(self.folder)})


class NoNano(CliTest):
    def test_a_program_without_it_says_so(self):
        if HAS_NANO:
            self.skipTest("this facet was built with nano")
        self.assert_error(2, "no model was named", "run", "hello")
        self.assert_error(2, 'model "nano" is neither a path nor in [^:]*, and it did not come with this facet', "run", "-m",
                          "nano", "hello")


class Tools(CliTest):
    def setUp(self):
        super().setUp()
        self.golden("nano-lab")
        self.tools = [{"type": "function", "function": {
            "name": "music_sorm", "description": "Plays music by name.",
            "parameters": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}}}]

    def test_a_call_is_a_line_of_json(self):
        for content in [self.tools, {"tools": self.tools, "messages": []}]:
            file = self.write("tools.json", json.dumps(content))
            outcome = run("run", "-m", TRAINED, "--ctx", 512, "--temperature", 0, "--tools", file, 'Play "tower", please.')
            self.assertEqual((outcome.status, outcome.err), (0, ""))
            self.assertEqual(outcome.out, '{"name":"music_sorm","arguments":{"name":"tower"}}\n')
        answer = run("run", "-m", TRAINED, "--ctx", 512, "--temperature", 0, "--tools", file, "--json", 'Play "tower", please.')
        self.assertEqual(json.loads(answer.out)["tool_calls"], [{"name": "music_sorm", "arguments": {"name": "tower"}}])

    def test_declarations_that_are_none(self):
        for content, pattern in [("{", "tools.json: "), ("{}", 'expected a list of tools, or an object with "tools"'), ("[1]", r"tools\[0\]"),
                                 ('[{"type": "function", "function": {}}]', r"tools\[0\]")]:
            self.assert_error(2, pattern, "run", "-m", TRAINED, "--tools", self.write("tools.json", content), "Hi")
        self.assert_error(2, "none.json", "run", "-m", TRAINED, "--tools", self.folder / "none.json", "Hi")
        file = self.write("tools.json", json.dumps(self.tools))
        self.assert_error(2, "--raw", "run", "-m", TRAINED, "--raw", "--tools", file, "Hi")


if __name__ == "__main__":
    unittest.main()
