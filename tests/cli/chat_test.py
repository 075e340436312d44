"""facet chat, over a pipe and on a terminal, with a model so small that it talks nonsense fast."""
import json
import pathlib
import re
import tempfile
import unittest

from facet_terminal import Terminal, checkpoint, run

# Without its stop tokens the model talks until it is stopped.
ENDLESS = ["--logit-bias", "1=-inf", "--logit-bias", "50=-inf", "--logit-bias", "106=-inf"]


class Chat(unittest.TestCase):
    def setUp(self):
        self.model = checkpoint("tiny-e2b")
        self.home = tempfile.TemporaryDirectory()
        self.addCleanup(self.home.cleanup)

    def flags(self, *more):
        return ["chat", "-m", self.model, "--ctx", "2048", "--seed", "1", *more]

    def talk(self, text, *more):
        return run(*self.flags("-n", "8", *more), text=text, FACET_HOME=self.home.name)

    def terminal(self, *more):
        return Terminal(*self.flags(*more), FACET_HOME=self.home.name, NO_COLOR="1")

    def path(self, name):
        return str(pathlib.Path(self.home.name) / name)


class OverAPipe(Chat):
    def test_answers_go_to_stdout_alone(self):
        done = self.talk("one\n/help\n/stats\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotEqual(done.stdout, "")
        self.assertNotIn("/regen", done.stdout)
        self.assertIn("/regen", done.stderr)
        self.assertRegex(done.stderr, r"context: \d+ of 2048 tokens")
        self.assertNotIn("\x1b", done.stdout + done.stderr)

    def test_the_same_seed_gives_the_same_talk(self):
        first, second = self.talk("one\ntwo\n"), self.talk("one\ntwo\n")
        self.assertEqual(first.stdout, second.stdout)

    def test_errors_do_not_end_it(self):
        done = self.talk(f"/load {self.path('absent.json')}\n/sytem\n/undo\n/think maybe\nhello\n/stats\n")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr.count("facet: error:"), 4, done.stderr)
        self.assertIn("did you mean /system?", done.stderr)
        self.assertIn("2 messages", done.stderr)

    def test_turns_reuse_what_was_computed(self):
        done = self.talk("one\n/stats\ntwo\n/stats\n")
        reused = [int(n) for n in re.findall(r"\((\d+) reused", done.stderr)]
        self.assertEqual(reused[0], 0)
        self.assertGreater(reused[1], 4)

    def test_saves_and_loads(self):
        file = self.path("talk.json")
        self.assertEqual(self.talk(f"one\n/save {file}\n", "--system", "Be brief.").returncode, 0)
        saved = json.loads(pathlib.Path(file).read_text(encoding="utf-8"))
        self.assertEqual([m["role"] for m in saved["messages"]], ["system", "user", "assistant"])
        self.assertEqual(saved["messages"][1]["content"], "one")
        again = self.talk(f"/load {file}\n/save {file}2\n")
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertEqual(json.loads(pathlib.Path(file + "2").read_text(encoding="utf-8")), saved)

    def test_flags_win_over_a_loaded_file(self):
        file = pathlib.Path(self.path("talk.json"))
        file.write_text(json.dumps({"facet_chat": 1, "think": False, "messages": [
            {"role": "system", "content": "Old."}, {"role": "user", "content": "one"}]}), encoding="utf-8")
        done = self.talk(f"/save {file}2\n", "--load", str(file), "--system", "New.", "--think")
        self.assertEqual(done.returncode, 0, done.stderr)
        saved = json.loads(pathlib.Path(f"{file}2").read_text(encoding="utf-8"))
        self.assertEqual((saved["think"], saved["messages"][0]["content"]), (True, "New."))
        self.assertEqual(saved["messages"][1]["content"], "one")

    def test_hostile_files(self):
        file = pathlib.Path(self.path("talk.json"))
        for content in ("[" * 1000000, '{"messages":' * 100000,
                        '[{"role": "assistant", "content": "x", "reasoning": 5}]'):
            file.write_text(content, encoding="utf-8")
            done = self.talk("x\n", "--load", str(file))
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertRegex(done.stderr, r"\Afacet: error: [^\n]*talk\.json: [^\n]+\n\Z")

    def test_texts_of_files_reach_no_terminal_raw(self):
        file = pathlib.Path(self.path("a\x1b[31mb.json"))
        file.write_text('[{"role": "system", "content": "\\u001b]0;x\\u0007"}]', encoding="utf-8")
        done = self.talk(f"/load {file}\n/system\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotRegex(done.stderr, "[\x1b\x07]")

    def test_takes_back_and_answers_again(self):
        file = self.path("talk.json")
        self.talk(f"one\ntwo\n/undo\n/regen\n/save {file}\n")
        messages = json.loads(pathlib.Path(file).read_text(encoding="utf-8"))["messages"]
        self.assertEqual([m["role"] for m in messages], ["user", "assistant"])
        self.assertEqual(messages[0]["content"], "one")

    def test_a_message_may_have_several_lines(self):
        file = self.path("talk.json")
        self.talk(f'first\\\nsecond\n"""\na\n\nb\n"""\n"""/quit\n"""\n/save {file}\n')
        messages = json.loads(pathlib.Path(file).read_text(encoding="utf-8"))["messages"]
        self.assertEqual([m["content"] for m in messages[::2]], ["first\nsecond", "a\n\nb\n", "/quit\n"])

    def test_a_message_that_does_not_fit_is_refused_and_forgotten(self):
        done = self.talk("word " * 3000 + "\nhello\n/stats\n")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"facet: error: .*2048")
        self.assertIn("2 messages", done.stderr)

    def test_bad_flags_end_it_before_it_begins(self):
        done = self.talk("x\n", "--load", self.path("absent.json"))
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stdout, "")


class OnATerminal(Chat):
    def test_ctrl_c_stops_the_answer_and_not_the_program(self):
        with self.terminal(*ENDLESS) as chat:
            chat.expect("/help tells more")
            chat.expect("> ")
            chat.send("hello\r")
            chat.expect(r"hello\n(.|\n){40}")
            chat.send("\x03\x03\x03")
            chat.expect(r"\(stopped\)")
            chat.send("\x15again\r")
            chat.expect(r"again\n(.|\n){40}")  # one Ctrl-C stops one answer
            chat.send("\x03")
            chat.expect(r"\(stopped\)|is full")
            chat.send("\x15/stats\r")
            chat.expect("4 messages")
            chat.send("/quit\r")
            self.assertEqual(chat.status(), 0)

    def test_ctrl_c_stops_the_reading_of_a_prompt(self):
        with self.terminal(*ENDLESS, "--backend", "ref") as chat:
            chat.expect("> ")
            for _ in range(10):
                chat.send("word " * 50 + "\\\r")
                chat.expect(r"\. ")
            chat.send("end\r")
            chat.expect("end\n")
            chat.send("\x03")
            chat.expect(r"\(stopped\)")
            chat.send("/stats\r")
            chat.expect("; 0 messages(.|\\n)*> ")  # a terminal in line mode keeps Ctrl-D to itself
            chat.send("\x04")
            self.assertEqual(chat.status(), 0)

    def test_ctrl_c_gives_a_line_up(self):
        with self.terminal("-n", "4") as chat:
            chat.expect("> ")
            chat.send("never sent\\\r")
            chat.expect(r"\. ")
            chat.send("nor this\x03")
            chat.expect("> ")
            chat.send("/stats\r")
            chat.expect("; 0 messages(.|\\n)*> ")  # a terminal in line mode keeps Ctrl-D to itself
            chat.send("\x04")
            self.assertEqual(chat.status(), 0)

    def test_lines_are_remembered(self):
        for keys in ("one\r", 3 * "\x1b[A" + "\r"):  # typed, then fetched from before /stats and /quit
            with self.terminal("-n", "4") as chat:
                chat.expect("> ")
                chat.send(keys)
                chat.expect(r"one(.|\n)*> ")
                chat.send("/stats\r")
                chat.expect("2 messages")
                chat.send("/quit\r")
                self.assertEqual(chat.status(), 0)
        history = pathlib.Path(self.path("chat_history"))
        self.assertIn("one", history.read_text(encoding="utf-8"))
        self.assertEqual(history.stat().st_mode & 0o077, 0)


if __name__ == "__main__":
    unittest.main()
