"""Tests of make_cli_files.py on a help text as CLI11 prints it, and of the completion by bash itself."""
import pathlib
import subprocess
import tempfile
import unittest

import make_cli_files

HELP = {
    (): """tool: it does things
Usage: tool [OPTIONS] SUBCOMMAND

Options:
  -h,--help                   Print this help message and exit

Subcommands:
  run                         Answer one prompt
  eval                        Measure a model
  check                       Compare files

Try:
  tool run "x"                answers once
""",
    ("run",): """Answer one prompt
Usage: tool run [OPTIONS] [PROMPT]

Positionals:
  PROMPT TEXT                 The prompt

Options:
  -m,--model MODEL            A .gguf, or a folder
  --backend NAME:{cpu,ref}    cpu, or ref: the slow one
  --threads N:INT in [1 - 1024]
                              Threads to compute with
  --raw                       Without the chat format

Sampling:
  --stop TEXT ...             End the answer before this text

Example:
  tool run --raw "x"
""",
    ("eval",): "Measure a model\n\nSubcommands:\n  perplexity                  On a text file\n",
    ("check",): "Compare files\n\nPositionals:\n  PATH TEXT ... REQUIRED       Files\n",
    ("eval", "perplexity"): "On a text file\n\nOptions:\n  --chunk N:INT [512]         Tokens a chunk\n",
}


class MakeCliFiles(unittest.TestCase):
    def setUp(self):
        read_help = lambda path: HELP[tuple(path)]  # noqa: E731
        self.root = make_cli_files.parse_help([], read_help([]), read_help)
        self.run = self.root.subcommands[0]

    def test_commands_at_any_depth(self):
        paths = [" ".join(command.path) for command in make_cli_files.all_commands(self.root)]
        self.assertEqual(paths, ["", "run", "eval", "eval perplexity", "check"])

    def test_options_with_values_choices_and_descriptions_on_the_next_line(self):
        found = [(option.names, option.value, option.choices, option.text) for option in self.run.options]
        self.assertEqual(found, [(["-m", "--model"], "MODEL", [], "A .gguf, or a folder"),
                                 (["--backend"], "NAME", ["cpu", "ref"], "cpu, or ref: the slow one"),
                                 (["--threads"], "N", [], "Threads to compute with"),
                                 (["--raw"], "", [], "Without the chat format"),
                                 (["--stop"], "TEXT", [], "End the answer before this text")])
        self.assertEqual(self.run.positionals, [("PROMPT", "The prompt")])
        self.assertEqual(self.root.subcommands[2].positionals, [("PATH...", "Files")])

    def test_the_man_page_names_every_option(self):
        page = make_cli_files.man_commands(self.root)
        for option in self.run.options:
            self.assertIn(make_cli_files.roff(option.names[-1]), page)
        self.assertIn("facet eval perplexity", page)

    def bash(self, *words):
        with tempfile.TemporaryDirectory() as folder:
            script = pathlib.Path(folder) / "facet.bash"
            script.write_text(make_cli_files.bash_completion(self.root), encoding="utf-8")
            quoted = " ".join(f"'{word}'" for word in words)
            line = f'source {script}; COMP_WORDS=(facet {quoted}); COMP_CWORD={len(words)}; _facet; echo "${{COMPREPLY[*]}}"'
            done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True, cwd=folder)
            return sorted(done.stdout.split())

    def test_bash_completes_commands_options_and_values(self):
        self.assertEqual(self.bash("r"), ["run"])
        self.assertEqual(self.bash("run", "--b"), ["--backend"])
        self.assertEqual(self.bash("run", "--backend", ""), ["cpu", "ref"])
        self.assertEqual(self.bash("eval", "p"), ["perplexity"])
        self.assertEqual(self.bash("eval", "perplexity", "--c"), ["--chunk"])
        self.assertEqual(self.bash("run", "--model", "fac"), ["facet.bash"])


if __name__ == "__main__":
    unittest.main()
