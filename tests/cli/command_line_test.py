"""Command lines that are wrong: status 2, one line that says what is wrong and, where there is one, the nearest right word."""

import os
import subprocess
import unittest

from facet_cli import BINARY, CliTest, run


class CommandLineTest(CliTest):
    def test_no_command(self):
        self.assert_error(2, "facet needs a command: run, .*; see facet --help")

    def test_unknown_command(self):
        self.assert_error(2, "--model stands before perplexity", "eval", "-m", "x", "perplexity", "f")
        self.assert_error(2, 'facet has no command "rnu": did you mean run\\?', "rnu")
        self.assert_error(2, 'facet has no command "inpsect": did you mean inspect\\?', "inpsect", "model.gguf")
        self.assert_error(2, 'facet has no command "xyzzyxyzzy"; see', "xyzzyxyzzy")
        self.assert_error(2, r'facet has no command "a\\nb"', "a\nb")
        self.assert_error(2, 'facet eval has no command "perplex": did you mean perplexity\\?', "eval", "perplex", "f")

    def test_unknown_flags(self):
        for command, wrong, right in [("run", "--temprature", "--temperature"), ("run", "--max-token", "--max-tokens"),
                                      ("run", "--sede", "--seed"), ("run", "--jsno", "--json"),
                                      ("inspect", "--tensor", "--tensors"), ("inspect", "--context", None),
                                      ("tokenize", "--modell", "--model"), ("verify", "--beckend", "--backend"),
                                      ("dump", "--name", "--names")]:
            hint = f"did you mean {right}\\?" if right else "see facet"
            self.assert_error(2, f"facet {command} has no {wrong}.*{hint}", command, wrong, "1", "x")

    def test_flags_before_the_command(self):
        self.assert_error(2, "facet: put --json after run; see facet run --help", "--json", "run", "hi")
        self.assert_error(2, "facet: put -m after run;", "-m", "x", "run", "hi")
        self.assert_error(2, "facet run has no --jsno: did you mean --json", "--jsno", "run", "hi")

    def test_a_value_that_looks_like_a_flag(self):
        self.assert_error(2, "facet run: --max-tokens: ", "run", "--stop", "---x", "-n", "ten", "hi")

    def test_values(self):
        for flag, value in [("--threads", "0"), ("--threads", "many"), ("--ctx", "0"), ("--ctx", "-5"), ("--ctx", "big"),
                            ("--kv", "f8"), ("--backend", "gpu"), ("--activations", "int4"), ("--max-tokens", "-2"), ("--temperature", "warm"),
                            ("--seed", "x"), ("--seed", "-1"), ("--top-k", "1.5"), ("--logprobs", "9999"),
                            ("--draft", "guess"), ("--draft-tokens", "8"), ("--draft-tokens", "-1")]:
            self.assert_error(2, flag, "run", flag, value, "hello")

    def test_sizes(self):
        (self.folder / "m.gguf").touch()
        for size in ["lots", "-1", "0", "", "GB", "1 GB more", "nan", "inf", "1e300GB", "6 gallons"]:
            self.assert_error(2, "not a GGUF file" if size == "" else "--memory-limit .*: expected a size", "inspect",
                              self.folder / "m.gguf", "--memory-limit", size)

    def test_a_flag_without_its_value(self):
        self.assert_error(2, "--model", "run", "hello", "--model")

    def test_missing_arguments(self):
        self.assert_error(2, "PROMPT", "dump", "-o", "out.safetensors")
        self.assert_error(2, "FILE", "eval", "perplexity")
        self.assert_error(2, "facet eval needs a set of skills .*perplexity", "eval")

    def test_no_model(self):
        self.assert_error(2, 'model "nothing" is neither a path nor in', "run", "-m", "nothing", "hello")
        self.assert_error(2, 'model "nothing" is neither a path nor in', "inspect", "nothing")
        home = self.folder / "models"
        home.mkdir()
        (home / "one.gguf").touch()
        (home / "two.gguf").touch()
        self.assert_error(2, "the library has one.gguf, two.gguf", "run", "hello", env={"FACET_HOME": str(self.folder)})
        self.assert_error(2, 'model "nothing"', "run", "hello", env={"FACET_MODEL": "nothing"})

    def test_help_and_version(self):
        for args in [("--help",), ("run", "--help"), ("--version",)]:
            outcome = run(*args)
            self.assertEqual((outcome.status, outcome.err), (0, ""), args)
            self.assertGreater(len(outcome.out), 5)

    def test_the_version_comes_at_once(self):
        times = []
        for _ in range(20):
            process = subprocess.Popen([BINARY, "--version"], stdout=subprocess.DEVNULL)
            _, _, usage = os.wait4(process.pid, 0)
            process.returncode = 0
            times.append(usage.ru_utime + usage.ru_stime)  # what other programs take of the processor does not count
        self.assertLess(min(times), 0.010)


if __name__ == "__main__":
    unittest.main()
