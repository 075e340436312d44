"""Tests of check_docs.py on a command line as CLI11 prints it."""
import pathlib
import tempfile
import unittest

import check_docs
import make_cli_files
from make_cli_files_test import HELP

DOCUMENT = """# facet
`facet --help` and `-h,--help`
## `facet run PROMPT`
`-m`, `--model MODEL`, `--backend NAME`, `--threads N`, `--raw`, `--stop TEXT`
## `facet eval perplexity FILE`
| `--chunk N` | tokens |
## `facet check PATH...`
"""


class CheckDocs(unittest.TestCase):
    def setUp(self):
        self.root = make_cli_files.parse_help([], HELP[()], lambda path: HELP[tuple(path)])

    def check(self, line):
        return check_docs.check_line(self.root, line)

    def test_good_lines(self):
        for line in ('facet run "hello there" --raw', "facet run --threads 4 -m x.gguf", "facet eval perplexity --chunk 8",
                     "build/release/facet run --backend=ref hi | head -n 3", "NO_COLOR=1 facet run hi > out.txt 2> err",
                     "cat a | facet run \\\"hi\\\" && facet --help", "facet check a b c", "other --flag", "plain output, isn't it", "# facet walk"):
            self.assertIsNone(self.check(line), line)

    def test_what_the_program_would_not_take(self):
        self.assertEqual(self.check("facet walk"), "facet has no command walk")
        self.assertEqual(self.check("facet run --row hi"), "facet run has no --row")
        self.assertEqual(self.check("facet run hi --threads"), "facet run --threads needs a value")
        self.assertEqual(self.check("facet run --backend gpu hi"), "facet run --backend takes cpu, ref, not gpu")
        self.assertEqual(self.check("facet run one two"), "facet run takes 1 arguments, not 2")
        self.assertEqual(self.check("ls && x/facet eval magic"), "facet eval has no command magic")
        self.assertIn("cannot be parsed", self.check("facet run it's"))

    def test_a_command_may_have_both_arguments_and_commands(self):
        helps = {**HELP, ("eval",): HELP[("eval",)] + "\nPositionals:\n  SET TEXT                    A set\n"}
        root = make_cli_files.parse_help([], helps[()], lambda path: helps[tuple(path)])
        for line in ("facet eval nano", "facet eval perplexity --chunk 8"):
            self.assertIsNone(check_docs.check_line(root, line), line)
        self.assertEqual(check_docs.check_line(root, "facet eval nano perplexity"), "facet eval takes 1 arguments, not 2")

    def test_scripts_must_exist(self):
        self.assertEqual(self.check("scripts/absent.sh"), "scripts/absent.sh is not there")
        self.assertIsNone(self.check("scripts/test.sh --fast"))

    def test_only_code_blocks_count_and_lines_go_on(self):
        text = "facet walk\n```sh\nfacet run \\\n  --raw\n```\nfacet walk\n"
        self.assertEqual(list(check_docs.code_lines(text)), [(3, "facet run   --raw")])

    def test_a_complete_description(self):
        self.assertEqual(list(check_docs.left_out(self.root, DOCUMENT)), [])

    def test_what_a_description_leaves_out(self):
        self.assertEqual(list(check_docs.left_out(self.root, DOCUMENT.replace("`--raw`", "`--raws`, --raw"))),
                         ["facet run --raw is not described"])
        self.assertEqual(list(check_docs.left_out(self.root, DOCUMENT.replace("## `facet eval", "facet eval"))),
                         ["no heading for facet eval perplexity"])

    def test_a_document_with_a_wrong_line_is_named(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "cli.md"
            path.write_text(DOCUMENT + "```sh\nfacet run --row\n```\n", encoding="utf-8")
            self.assertEqual(list(check_docs.check_document(self.root, path)), [f"{path}:9: facet run has no --row"])


if __name__ == "__main__":
    unittest.main()
