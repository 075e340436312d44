"""facet eval SET: skills that a small trained model has and has not, as a table and as JSON; sets that are wrong."""

import json
import re
import shutil
import unittest

from facet_cli import GOLDENS, CliTest, run

TRAINED = GOLDENS / "nano-lab"               # copies, reverses, calls, sees and hears a little
SEES_ONLY = GOLDENS / "checkpoints/tiny-31b"
TEXT = GOLDENS / "checkpoints/tiny-gemma3"

MUSIC = [{"type": "function", "function": {"name": "music_sorm", "description": "Plays music by name.", "parameters": {
    "type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}}}]


def item(name, content, expect, **more):
    messages = content if isinstance(content, list) and "role" in content[0] else [{"role": "user", "content": content}]
    return {"id": name, "messages": messages, "expect": expect, "max_tokens": 32, **more}


class EvalTest(CliTest):
    def setUp(self):
        super().setUp()
        if not TRAINED.exists():
            self.skipTest(f"needs {TRAINED}")
        self.set = self.folder / "set"
        (self.set / "media").mkdir(parents=True)

    def skill(self, name, *items):
        path = self.set / f"{name}.jsonl"
        path.write_text("\n".join(json.dumps(i) for i in items), encoding="utf-8")
        return path

    def media(self, name):
        shutil.copy(TRAINED / "media" / name, self.set / "media" / name)
        return f"media/{name}"

    def eval(self, *args, model=TRAINED, status=0, env=None):
        outcome = run("eval", self.set, "-m", model, "--ctx", 512, *args, env=env)
        self.assertEqual(outcome.status, status, outcome.err)
        return outcome

    def json(self, *args, **options):
        outcome = self.eval("--json", *args, **options)
        self.assertEqual((outcome.out.count("\n"), outcome.err), (1, ""))
        return json.loads(outcome.out)


class Skills(EvalTest):
    def test_what_a_trained_model_can_do(self):
        self.skill("copy", item("a", 'Say "orange bridge farmer tunnel door".', {"text": "orange bridge farmer tunnel door"}),
                   item("b", 'Write "elb" again.', {"text": "something else"}))
        self.skill("look", item("c", [{"type": "image", "path": self.media("color.png"), "budget": 70},
                                      {"type": "text", "text": "Which color does the shape have?"}], {"text": "Black."}))
        self.skill("listen", item("d", [{"type": "audio", "path": self.media("digits2.wav")},
                                        {"type": "text", "text": "Which digits do you hear?"}], {"json": 74}))
        self.skill("tools", item("e", 'Play "tower", please.', {"calls": [{"name": "music_sorm", "arguments": {"name": "tower"}}]},
                                 tools=MUSIC))
        report = self.json("--failures")
        self.assertEqual({name: (s["accuracy"], s["n"], s["right"], s["skipped"]) for name, s in report["skills"].items()},
                         {"copy": (0.5, 2, 1, 0), "listen": (1, 1, 1, 0), "look": (1, 1, 1, 0), "tools": (1, 1, 1, 0)})
        self.assertEqual([(f["skill"], f["id"], f["content"], f["expected"]) for f in report["failures"]],
                         [("copy", "b", "elb", "something else")])
        # Greedy: with what came before another skill, or without, the answers are the same.
        self.assertEqual(self.json("--skills", "tools,copy", "--limit", 1)["skills"]["copy"]["accuracy"], 1)
        self.assertEqual(list(self.json("--skills", "tools,copy")["skills"]), ["copy", "tools"])

    def test_the_table(self):
        self.skill("copy", item("a", 'Write "elb" again.', {"text": "elb"}), item("b", 'Write "elb" again.', {"text": "ble"}))
        self.skill("look", item("c", "Hi there!", {"text": "Hello! How can I help you?"}))
        out = self.eval("--failures").out
        self.assertRegex(out, r"\Askill +accuracy +n +right +seconds\ncopy +50\.0 % +2 +1 +\d+\.\d\nlook +100\.0 % +1 +1 +\d+\.\d\n"
                              r"all +66\.7 % +3 +2 +\d+\.\d\n")
        self.assertRegex(out, r'\ncopy b \([^\n]*copy\.jsonl:2\)\n  user +Write "elb" again\.\n  expected +ble\n  got +elb\n\Z')

    def test_a_thought_is_not_part_of_the_answer(self):
        said = json.loads(run("run", "-m", TRAINED, "--ctx", 512, "--temperature", 0, "-n", 32, "--think", "--json", "Hi there!").out)
        self.assertNotIn("<|channel>", said["content"])
        self.skill("think", item("a", "Hi there!", {"text": said["content"]}, think=True))
        self.assertEqual(self.json()["skills"]["think"]["accuracy"], 1)

    def test_turns_and_results_of_tools(self):
        self.skill("turns", item("a", [{"role": "user", "content": 'Play "tower", please.'},
                                       {"role": "assistant", "content": None, "tool_calls": [
                                           {"id": "1", "type": "function", "function": {"name": "music_sorm", "arguments": {"name": "tower"}}}]},
                                       {"role": "tool", "tool_call_id": "1", "content": "playing"}], {"calls": []}, tools=MUSIC))
        self.assertEqual(self.json()["skills"]["turns"]["accuracy"], 1)

    def test_functions_are_run(self):
        # The model's words are no Python: what is judged is that they were tried.
        self.skill("code", item("a", 'Write "elb" again.', {"python": {"cases": [[[1], 1]]}}))
        self.assertRegex(self.json("--failures")["failures"][0]["why"], "NameError: name 'elb' is not defined")

    def test_without_python_functions_are_skipped(self):
        self.skill("code", item("a", "Hi there!", {"python": {"cases": [[[1], 1]]}}))
        nowhere = {"PATH": str(self.folder)}
        score = self.json(env=nowhere)["skills"]["code"]
        self.assertEqual((score["accuracy"], score["n"], score["skipped"]), (None, 0, 1))
        self.assertRegex(self.eval(env=nowhere).out, r"code +- +0 +0 +\d+\.\d   1 skipped: python3 is not here to run functions\n\Z")

    def test_a_sense_that_the_model_lacks_is_skipped(self):
        self.skill("look", item("a", [{"type": "image", "path": self.media("color.png"), "budget": 70}], {"text": "Black."}))
        self.skill("listen", item("a", [{"type": "audio", "path": self.media("digits1.wav")}], {"text": "7"}))
        self.assertRegex(self.eval(model=SEES_ONLY).out, r"listen [^\n]*1 skipped: the model cannot hear\nlook [^\n]*\d\nall ")
        self.assertRegex(self.eval(model=TEXT).out, r"look [^\n]*1 skipped: the model cannot see\n")

    def test_check_tells_what_has_fallen(self):
        self.skill("copy", item("a", 'Write "elb" again.', {"text": "elb"}), item("b", 'Write "elb" again.', {"text": "ble"}))
        scores = self.set / "scores.json"
        scores.write_text('{"default": {"copy": 0.5}, "ref": {"copy": 1}, "gone": {"copy": 0.5, "sums": 1}}')
        self.assertEqual(self.eval("--check").err, "")
        outcome = self.eval("--check", "--scores", "ref", status=1)
        self.assertIn("copy ", outcome.out)
        self.assertEqual(outcome.err, "facet: copy: 50.0 % are right, and were 100.0 %; 2.0 % less are allowed\n")
        self.eval("--check", "--scores", "ref", "--margin", 0.5)
        self.eval("--check", "--backend", "ref", status=1)
        self.assertIn("sums: it is not in the set", self.eval("--check", "--scores", "gone", status=1).err)
        self.eval("--check", "--scores", "gone", "--skills", "copy")

    def test_the_row_of_the_models_name_comes_first(self):
        self.skill("copy", item("a", 'Write "elb" again.', {"text": "elb"}), item("b", 'Write "elb" again.', {"text": "ble"}))
        scores = self.set / "scores.json"
        scores.write_text('{"cpu": {"copy": 1}, "nano-lab": {"copy": 0.5}}')
        self.assertEqual(self.eval("--check").err, "")
        scores.write_text('{"cpu": {"copy": 0.5}, "nano-lab": {"copy": 1}}')
        self.eval("--check", status=1)
        self.eval("--check", "--scores", "cpu")

    def test_a_fall_of_all_skills_together(self):
        right, wrong = item("a", 'Write "elb" again.', {"text": "elb"}), item("b", 'Write "elb" again.', {"text": "ble"})
        for name in "abcd":
            self.skill(name, right, wrong)
        (self.set / "scores.json").write_text('{"default": {"a": 0.8, "b": 0.8, "c": 0.8, "d": 0.8}}')
        self.assertEqual(self.eval("--check", "--margin", 0.4, status=1).err,
                         "facet: all together: 50.0 % are right, and were 80.0 %; 20.0 % less are allowed\n")
        self.eval("--check", "--margin", 0.6)

    def test_a_set_is_named_by_any_path(self):
        self.skill("copy", item("a", 'Write "elb" again.', {"text": "elb"}))
        for cwd, path in [(self.folder, "set"), (self.folder, "./set"), (self.set, "."), (self.set / "media", "..")]:
            self.assertEqual(run("eval", path, "-m", TRAINED, "--ctx", 512, cwd=cwd).status, 0, path)

    def test_the_media_folder_stays_as_it_is(self):
        home = self.folder / "home"
        self.skill("look", item("a", [{"type": "image", "path": self.media("color.png"), "budget": 70}], {"text": "Black."}))
        self.eval(env={"FACET_HOME": str(home)})
        self.assertFalse((home / "cache").exists())


class Refused(EvalTest):
    def refused(self, pattern, *args, status=2):
        return self.assert_error(status, pattern, "eval", self.set, "-m", TRAINED, *args)

    def test_lines_that_are_wrong_are_named(self):
        good = item("a", "Hi", {"text": "Hello"})
        path = self.skill("copy", good, {**good, "id": "b", "expect": {"txt": "x"}})
        self.refused(f"{re.escape(str(path))}:2: expect: expected an object with one of text, calls, json and python")
        path.write_text(json.dumps(good) + "\n{\"id\": ")
        self.refused(r"copy\.jsonl:2: ")
        path.write_bytes(b"\xff\xfe\n")
        self.refused(r"copy\.jsonl:1: ")
        self.skill("copy", item("a", [{"type": "image", "path": "media/none.png"}], {"text": "x"}))
        self.refused(r"copy\.jsonl:1: .*media/none\.png: no such file")
        (self.set / "media/bad.png").write_bytes(b"\x89PNG\r\n\x1a\n and then nothing")
        self.skill("copy", item("a", [{"type": "image", "path": "media/bad.png"}], {"text": "x"}))
        self.refused(r"copy\.jsonl:1: .*bad\.png")

    def test_a_prompt_beyond_the_context(self):
        self.skill("copy", item("a", "word " * 200, {"text": "x"}))
        self.refused(r"copy\.jsonl:1: .*more than the context of 64", "--ctx", 64)

    def test_sets_that_are_none(self):
        self.refused("no SKILL.jsonl in it")
        self.skill("copy", item("a", "Hi", {"text": "x"}))
        self.refused("there is no skill sums; there are copy", "--skills", "sums")
        self.refused("scores.json: cannot be read", "--check")
        (self.set / "scores.json").write_text('{"ref": {}}')
        self.refused("it has no scores called nano-lab or cpu or default, but ref: use --scores ROW", "--check")
        (self.set / "scores.json").write_text('{"cpu": {"copy": 97}}')
        self.refused("cpu.copy: expected an accuracy", "--check")
        self.assert_error(2, "nothing: no folder, no set of skills", "eval", "nothing", "-m", TRAINED)
        self.assert_error(2, "--limit", "eval", self.set, "--limit", "0")
        self.assert_error(2, "--margin", "eval", self.set, "--margin", "2")


if __name__ == "__main__":
    unittest.main()
