"""Tests of compare.py: what it reads, what it prints, and what it says of bad input. Nothing is measured."""
import contextlib
import io
import os
import pathlib
import sys
import tempfile
import types
import unittest
from unittest import mock

import compare


def a_round(scale=1.0):
    """What a round measures, all rates times scale."""
    def facet(n):
        return {"threads": 2, "isa": "avx2", "ceiling": {"read_gb_s": 20.0 * scale, "gflop_s": 180.0},
                "prefill": {"tokens": n, "tokens_per_s": 100.0 * scale, "gflop_s": 120.0 * scale,
                            "share_of_ceiling": 0.65},
                "decode": {"tokens": 32, "tokens_per_s": 12.0 * scale, "gb_s": 15.4 * scale, "share_of_ceiling": 0.77}}
    return {"facet": {128: facet(128), 512: facet(512)},
            "peer": {"version": "3.22.1", "prefill": {"128": 25.0 * scale, "512": 50.0}, "decode": 10.0 * scale},
            "facet start": compare.Child("x", 0.5 / scale, 1_000_000_000),
            "peer start": compare.Child("x", 4.0 / scale, 2_500_000_000)}


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def file(self, name, text):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def failure(self, *arguments):
        """What a failing run prints to stderr."""
        errors = io.StringIO()
        with contextlib.redirect_stderr(errors), contextlib.redirect_stdout(io.StringIO()):
            self.assertEqual(compare.main(list(map(str, arguments))), 1)
        self.assertEqual(errors.getvalue().count("\n"), 1, errors.getvalue())
        return errors.getvalue()


class Table(unittest.TestCase):
    def test_each_figure_stands_beside_its_ceiling_and_the_peer(self):
        text = compare.table([("E2B", compare.rows_of([a_round()], 1))])
        self.assertEqual(text.splitlines()[2:], [
            "| E2B | prefill of 128 | 100 tokens/s, 120 GFLOP/s | 65 % | 25.0 tokens/s | 4.0 |",
            "|  | prefill of 512 | 100 tokens/s, 120 GFLOP/s | 65 % | 50.0 tokens/s | 2.0 |",
            "|  | decode | 12.0 tokens/s, 15.4 GB/s | 77 % | 10.0 tokens/s | 1.2 |",
            "|  | start to first token | 500 ms |  | 4,000 ms | 8.0 |",
            "|  | peak memory | 1,000 MB |  | 2,500 MB | 2.5 |"])

    def test_one_round_out_of_the_ordinary_changes_nothing(self):
        usual = compare.table([("m", compare.rows_of([a_round()], 1))])
        self.assertEqual(compare.table([("m", compare.rows_of([a_round(), a_round(9), a_round()], 1))]), usual)

    def test_the_conditions_name_machine_and_ceilings(self):
        options = compare.parse_args(["--models", "m", "--rounds", "2"])
        text = compare.conditions([a_round(), a_round(1.2)], options, "Some CPU")
        for part in ("Some CPU, 2 threads, `avx2`", "medians of 2 rounds", "3.22.1", "20 to 24 GB/s", "180 GFLOP/s"):
            self.assertIn(part, text)

    def test_the_cpu_is_named_where_the_system_does(self):
        self.assertEqual(compare.cpu_name("processor\t: 0\nmodel name\t: AMD EPYC 7B13\n"), "AMD EPYC 7B13")


class Document(Folder):
    def test_only_what_is_between_the_markers_changes(self):
        before = f"head\n{compare.BEGIN}\nold\n{compare.END}\ntail\n"
        after = compare.replaced(before, "new", "x.md")
        self.assertEqual(after, f"head\n{compare.BEGIN}\nnew\n{compare.END}\ntail\n")
        self.assertEqual(compare.replaced(after, "old", "x.md"), before)

    def test_the_project_page_has_the_markers(self):
        page = compare.ROOT / "docs/performance.md"
        compare.replaced(page.read_text(encoding="utf-8"), "new", page)

    def test_a_document_without_markers_is_refused(self):
        for text in ("", compare.BEGIN, f"{compare.END}\n{compare.BEGIN}", 2 * f"{compare.BEGIN}\n{compare.END}\n"):
            with self.assertRaisesRegex(compare.CompareError, "x.md: expected the lines"):
                compare.replaced(text, "new", "x.md")


class Input(Folder):
    def test_models_are_named_by_hand_or_by_file(self):
        path = str(self.file("tiny=q4.gguf", ""))
        self.assertEqual(compare.parse_model(path), ("tiny=q4", path))
        self.assertEqual(compare.parse_model(f"Tiny, Q4_0={path}"), ("Tiny, Q4_0", path))

    def test_an_absent_model_is_named(self):
        self.assertIn("absent.gguf: no such file", self.failure("--models", "absent.gguf"))

    def test_an_absent_peer_is_told_how_to_get(self):
        with mock.patch("shutil.which", return_value="/usr/bin/node"):
            text = self.failure("--models", self.file("m.gguf", ""), "--peer-dir", self.folder)
        self.assertIn("npm i --ignore-scripts node-llama-cpp", text)

    def test_numbers_are_whole_and_above_0(self):
        for bad in ("0", "-1", "x", "1,", "128,128"):
            with self.assertRaises(SystemExit), contextlib.redirect_stderr(io.StringIO()) as errors:
                compare.parse_args(["--models", "m", "--prefill", bad])
            self.assertIn("argument --prefill: expected", errors.getvalue())


class Children(unittest.TestCase):
    def test_output_time_and_memory_of_a_program(self):
        code = "import sys, time; b = b'x' * (80 << 20); print('a', flush=True); time.sleep(0.3); print('b')"
        child = compare.run_child([sys.executable, "-c", code])
        self.assertEqual(child.output, "a\nb\n")
        self.assertGreater(child.peak_bytes, 80 << 20)
        self.assertGreater(child.first_seconds, 0)

    def test_a_failure_ends_with_what_the_program_said(self):
        code = "import sys; print('loading\\nno such model', file=sys.stderr); sys.exit(3)"
        with self.assertRaisesRegex(compare.CompareError, r"ended with 3: no such model$"):
            compare.run_child([sys.executable, "-c", code])
        with self.assertRaisesRegex(compare.CompareError, "/no/such/program: "):
            compare.run_child(["/no/such/program"])

    def test_the_last_line_is_the_result(self):
        self.assertEqual(compare.parse_json('a warning\n{"x": 1}\n', "p"), {"x": 1})
        with self.assertRaisesRegex(compare.CompareError, "^p: expected a line of JSON, found: no output"):
            compare.parse_json("\n", "p")


class Whole(Folder):
    def test_both_take_turns_with_the_same_work(self):
        calls = []
        options = types.SimpleNamespace(facet="f", prefill=[8, 16], decode=4, sessions=2, repeats=3, threads=None,
                                        peer_dir="d")

        def run(command):
            calls.append(command)
            result = a_round()["facet"][128] if command[0] == "f" else a_round()["peer"]
            return compare.Child(compare.json.dumps(result), 1, 1)

        with mock.patch("compare.run_child", run):
            compare.measure_round(options, "m.gguf")
        self.assertEqual([os.path.basename(c[0]) for c in calls], ["f", "f", "node", "f", "node"])
        self.assertIn("--decode 4", " ".join(calls[0]))
        self.assertEqual(calls[2][3:], ["bench", "m.gguf", "2", "8,16", "4", "2", "3"])
        self.assertIn("--threads 2", " ".join(calls[3]))


if __name__ == "__main__":
    unittest.main()
