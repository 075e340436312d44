"""Answers of a given form: schemas, expressions, grammars, choices, calls; and what is wrong with them."""

import json
import re
import unittest

from facet_cli import CliTest, run

PERSON = {"type": "object", "additionalProperties": False, "required": ["name", "age"], "title": "A person",
          "properties": {"name": {"type": "string", "maxLength": 8}, "age": {"type": "integer", "minimum": 0, "maximum": 150}}}
TOOLS = [{"type": "function", "command": ["cat"], "function": {
    "name": "look", "description": "Looks.",
    "parameters": {"type": "object", "additionalProperties": False, "required": ["at"],
                   "properties": {"at": {"enum": ["sky", "sea"]}}}}}]


class Structure(CliTest):
    """A model with random weights: whatever has a form got it from the grammar."""

    def setUp(self):
        super().setUp()
        self.model = self.golden("checkpoints/tiny-e2b")

    def answer(self, *flags, seed=1, n=200):
        outcome = run("run", "-m", self.model, "--ctx", 512, "--seed", seed, "-n", n, "--json", *flags, "Hello")
        self.assertEqual((outcome.status, outcome.err), (0, ""), flags)
        return json.loads(outcome.out)

    def test_a_schema(self):
        file = self.write("person.json", json.dumps(PERSON))
        for seed in range(1, 5):
            for flags in (["--schema", file], ["--grammar", file], ["--schema", file, "--white-space", "spaced"]):
                answer = self.answer(*flags, seed=seed)
                self.assertEqual(answer["finish"], "stop")
                person = json.loads(answer["content"])
                self.assertEqual(set(person), {"name", "age"})
                self.assertTrue(len(person["name"]) <= 8 and 0 <= person["age"] <= 150, person)
                self.assertRegex(answer["content"], r'\A\{"(name|age)":' + (" " if "spaced" in flags else r"\S"))

    def test_an_expression_a_grammar_and_choices(self):
        gbnf = self.write("sums.gbnf", 'root ::= [0-9]{1,3} (" + " [0-9]{1,3}){1,3}')
        lark = self.write("sums.lark", 'start: NUMBER (" + " NUMBER)~1..3\nNUMBER: /[0-9]{1,3}/')
        for flags, pattern in [(["--regex", "[a-c]{3,5}!"], "[a-c]{3,5}!"), (["--choice", "red,green", "--choice", "dark blue"], "red|green|dark blue"),
                               (["--grammar", gbnf], r"\d{1,3}( \+ \d{1,3}){1,3}"), (["--grammar", lark], r"\d{1,3}( \+ \d{1,3}){1,3}")]:
            for seed in range(1, 5):
                self.assertRegex(self.answer(*flags, seed=seed)["content"], rf"\A(?:{pattern})\Z")
        self.assertRegex(self.answer("--raw", "--regex", "[a-c]{3,5}!")["text"], r"\A[a-c]{3,5}!\Z")

    def test_an_answer_that_is_short_of_tokens_is_closed(self):
        file = self.write("note.json", json.dumps({
            "type": "object", "additionalProperties": False, "required": ["title", "tags"],
            "properties": {"title": {"type": "string"}, "tags": {"type": "array", "items": {"type": "string"}, "minItems": 1}}}))
        for seed in range(1, 6):
            answer = self.answer("--schema", file, seed=seed, n=40 + seed)
            self.assertEqual(answer["finish"], "stop")
            note = json.loads(answer["content"])
            self.assertEqual(set(note), {"title", "tags"})
            self.assertTrue(note["tags"])
        # One that does not fit goes on as it would.
        self.assertEqual(self.answer("--schema", file, n=3)["finish"], "length")
        self.assertEqual(self.answer("--regex", "[0-9]+", n=5)["finish"], "length")

    def test_calls(self):
        file = self.write("tools.json", json.dumps(TOOLS))
        for choice in ("required", "look"):
            answer = self.answer("--tools", file, "--tool-choice", choice, "--no-parallel-calls")
            self.assertEqual((answer["content"], len(answer["tool_calls"])), ("", 1))
            call = answer["tool_calls"][0]
            self.assertEqual(call["name"], "look")
            self.assertIn(call["arguments"], [{"at": "sky"}, {"at": "sea"}])
        self.assertEqual(self.answer("--tools", file, "--tool-choice", "none", n=30)["tool_calls"], [])

    def test_calls_of_a_model_without_tokens_for_them(self):
        self.model = self.golden("checkpoints/tiny-gemma3")
        file = self.write("tools.json", json.dumps(TOOLS))
        for seed in range(1, 5):
            answer = self.answer("--tools", file, "--tool-choice", "required", "--no-parallel-calls", seed=seed)
            self.assertEqual((answer["content"], answer["finish"]), ("", "stop"))
            self.assertIn(answer["tool_calls"], [[{"name": "look", "arguments": {"at": at}}] for at in ("sky", "sea")])
        text = self.answer("--tools", file, n=30)
        self.assertEqual((text["tool_calls"], text["reasoning"]), ([], ""))

    def test_a_call_that_is_cut(self):
        file = self.write("tools.json", json.dumps(TOOLS))
        outcome = run("run", "-m", self.model, "--ctx", 512, "-n", 4, "--tools", file, "--tool-choice", "look", "Hello")
        self.assertEqual((outcome.status, outcome.out), (0, ""))
        self.assertRegex(outcome.err, r"\Afacet: a call was not finished .* 4 tokens\n\Z")

    def test_a_chat(self):
        schema = self.write("person.json", json.dumps(PERSON))
        tools = self.write("tools.json", json.dumps(TOOLS))
        talk = f"Hello\n/schema {schema}\nHello\n/tools {tools}\n/schema off\n/tools {tools}\n/schema {schema}\n"
        outcome = run("chat", "-m", self.model, "--ctx", 512, "--seed", 1, "-n", 200, "--choice", "yes,no", stdin=talk)
        first, second = outcome.out.splitlines()
        self.assertIn(first, ("yes", "no"))
        self.assertEqual(set(json.loads(second)), {"name", "age"})
        self.assertIn("/tools: answers have a form of their own", outcome.err)
        self.assertIn("answers: any text", outcome.err)
        self.assertIn("/schema: calls of functions have their own form", outcome.err)

    def test_a_thought_ends(self):
        answer = self.answer("--think=20", "--choice", "yes,no")
        self.assertIn(answer["content"], ("yes", "no"))
        self.assertLess(len(answer["tokens"]), 60)

    def test_confidence(self):
        answer = self.answer("--choice", "yes,no,maybe", "--confidence")
        confidence = answer["confidence"]
        self.assertEqual([t["text"] for t in confidence["tokens"]], [t["text"] for t in confidence["tokens"] if 0 < t["p"] <= 1])
        self.assertEqual(confidence["score"], {c["text"]: c["p"] for c in confidence["choices"]}[answer["content"]])
        self.assertAlmostEqual(sum(c["p"] for c in confidence["choices"]), 1, places=5)
        self.assertEqual({c["text"] for c in confidence["choices"]}, {"yes", "no", "maybe"})
        outcome = run("run", "-m", self.model, "--choice", "yes,no", "--confidence", "Hello")
        self.assertRegex(outcome.err, r"\Aconfidence: [01]\.\d+\n[01]\.\d+ (yes|no)\n[01]\.\d+ (yes|no)\n\Z")

    def test_what_contradicts_itself(self):
        file = self.write("tools.json", json.dumps(TOOLS))
        bad = self.write("bad.json", '{"type": "strin"}')
        for pattern, *flags in [("--regex and --choice", "--regex", "a", "--choice", "b"), ("declare some", "--tool-choice", "auto1"),
                                ("--tool-choice none", "--tools", file, "--regex", "a"), ("--regex", "--regex", "(a"),
                                ("empty choice", "--choice", "a,,b"), ("bad.json.*type", "--schema", bad), ("none.json", "--schema", "none.json"),
                                ("ends in .gbnf", "--grammar", self.write("a.txt", "")), ("low, medium, high", "--think=much")]:
            self.assert_error(2, pattern, "run", "-m", self.model, *flags, "Hello")


class Check(CliTest):
    def test_says_what_is_enforced(self):
        file = self.write("person.json", json.dumps(PERSON))
        outcome = run("grammar", "check", file)
        self.assertEqual((outcome.status, outcome.err), (0, ""))
        self.assertIn("JSON Schema", outcome.out)
        self.assertIn("maxLength", outcome.out)
        self.assertIn("title", outcome.out)
        facts = json.loads(run("grammar", "check", "--json", file, "-m", self.golden("checkpoints/tiny-e2b")).out)
        self.assertEqual(facts["kind"], "JSON Schema")
        self.assertIn("required", facts["enforced"])
        self.assertGreater(facts["first_tokens"], 0)

    def test_says_why_not(self):
        for name, content in [("a.json", '{"type": "strin"}'), ("a.json", "{"), ("a.gbnf", "root ::= other"), ("a.lark", "start: /(/"), ("a.txt", "")]:
            self.assert_error(1, re.escape(name), "grammar", "check", self.write(name, content))


class ToolsInChat(CliTest):
    def test_a_call_is_run_when_that_is_allowed(self):
        model = self.golden("nano-lab")
        tools = self.write("tools.json", json.dumps([{"type": "function", "command": ["cat"], "function": {
            "name": "music_sorm", "description": "Plays music by name.",
            "parameters": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}}}]))
        saved = self.folder / "talk.json"
        for reply, result in [("y", '{"name":"tower"}'), ("n", '{"error":"the user did not allow this call"}')]:
            outcome = run("chat", "-m", model, "--ctx", 512, "--temperature", 0, "-n", 40,
                          stdin=f'/tools {tools}\nPlay "tower", please.\n{reply}\n/save {saved}\n')
            self.assertIn("run cat?", outcome.err)
            roles = json.loads(saved.read_text())["messages"]
            self.assertEqual([m["role"] for m in roles][:3], ["user", "assistant", "tool"], outcome.err)
            self.assertEqual(roles[1]["tool_calls"][0]["function"], {"name": "music_sorm", "arguments": {"name": "tower"}})
            self.assertEqual(roles[2]["content"], result)


if __name__ == "__main__":
    unittest.main()
