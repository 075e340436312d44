"""Tests of count_instructions.py on profiles as callgrind writes them; nothing is counted."""
import collections
import contextlib
import io
import json
import pathlib
import tempfile
import unittest
from unittest import mock

import count_instructions as counter

# Two parts. work() calls memset and step(); a function's own cost is what stands outside the lines after calls=.
PROFILE = """# callgrind format
version: 1
part: 1
desc: Trigger: --dump-before=end_of_case
positions: line
events: Ir
summary: 1000
ob=(1) /build/kernels_count
fl=(1) ???
fn=(1) facet::work(int)
0 40
cob=(2) /lib/libc.so.6
cfn=(2) memset
calls=1 0
0 900
cfn=(3) void facet::step<facet::(anonymous namespace)::Q4_0, 2>(int)
calls=2 +3
* 55
+2 5
fn=(2)
0 900
fn=(3)
0 55
totals: 1000
part: 2
summary: 7
fn=(3)
fi=(4) other.h
12 4
fe=(1)
* 3
totals: 7
""".splitlines()


def entry(**functions):
    return {"instructions": sum(functions.values()), "functions": functions}


class Profile(unittest.TestCase):
    def test_a_function_counts_what_it_did_itself(self):
        first, second = counter.parse_profile(PROFILE)
        step = "void facet::step<facet::(anonymous namespace)::Q4_0, 2>(int)"
        self.assertEqual(first, {"facet::work(int)": 45, "memset": 900, step: 55})
        self.assertEqual(second, {step: 7})

    def test_libraries_do_not_count(self):
        counts = counter.of_facet(counter.parse_profile(PROFILE)[0])
        self.assertEqual(counts, {"work": 45, "step<Q4_0, 2>": 55})

    def test_names_are_short(self):
        for name, short in (("facet::ops::Ops::attention(facet::ops::Mat)::{lambda(int)#3}::operator()(int) const",
                             "ops::Ops::attention"),
                            ("facet::gguf::read(std::byte const*)'2", "gguf::read"),
                            ("void facet::(anonymous namespace)::rows<3>(float const (&) [512])", "rows<3>")):
            self.assertEqual(counter.short_name(name), short)


class Verdict(unittest.TestCase):
    def judge(self, recorded, **counts):
        return counter.judge(collections.Counter(counts), recorded)

    def test_three_percent_more_is_the_limit(self):
        recorded = entry(work=10_000)
        self.assertEqual(self.judge(recorded, work=10_300)[0], "PASS")
        self.assertEqual(self.judge(recorded, work=10_301)[0], "FAIL")
        self.assertEqual(self.judge(recorded, work=5_000)[0], "PASS")

    def test_what_grew_is_named(self):
        verdict, detail = self.judge(entry(work=10_000, step=5_000), work=10_000, step=6_000, fresh=500)
        self.assertEqual((verdict, detail), ("FAIL", "15,000 -> 16,500 instructions, +10.0 %; step +1,000; fresh +500"))

    def test_a_case_without_a_number_fails_and_says_what_to_run(self):
        verdict, detail = self.judge(None, work=1)
        self.assertEqual(verdict, "FAIL")
        self.assertIn("count_instructions.py --update", detail)


class Whole(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.record = self.folder / "instructions.json"
        for name, value in (("RECORD", self.record), ("compiler_of", lambda build: "g++ 12")):
            patch = mock.patch.object(counter, name, value)
            patch.start()
            self.addCleanup(patch.stop)

    def verdicts(self, counts, absent=()):
        with mock.patch.object(counter, "count_all", lambda build: (counts, list(absent))):
            return counter.verdicts(self.folder)

    def written(self, counts, compiler="g++ 12"):
        self.record.write_text(counter.record_text(compiler, counts), encoding="utf-8")

    def test_what_was_written_is_met_again(self):
        counts = {"a": collections.Counter(work=500, step=40), "b": collections.Counter(work=7)}
        self.written(counts)
        self.assertEqual([v[:2] for v in self.verdicts(counts)], [("PASS", "a"), ("PASS", "b")])

    def test_another_compiler_skips_and_is_named(self):
        self.written({"a": collections.Counter(work=500)}, "g++ 13")
        [(verdict, _, detail)] = self.verdicts({"a": collections.Counter(work=9_000)})
        self.assertEqual((verdict, detail), ("SKIP", "counted with g++ 13; this build is by g++ 12"))

    def test_a_case_that_is_gone_fails_unless_its_data_is_absent(self):
        self.written({"a": collections.Counter(work=5), "b": collections.Counter(work=5)})
        left = {"a": collections.Counter(work=5)}
        self.assertEqual([v[0] for v in self.verdicts(left)], ["PASS", "FAIL"])
        self.assertEqual(self.verdicts(left, [("b", "needs /x")])[1:], [("SKIP", "b", "needs /x")])

    def test_the_report_closes_with_the_counts(self):
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            self.assertEqual(counter.report([("PASS", "a", "x"), ("FAIL", "b", "y"), ("SKIP", "c", "z")]), 1)
        self.assertEqual(output.getvalue(), "PASS a  x\nFAIL b  y\nSKIP c  z\n1 passed, 1 failed, 1 skipped\n")

    def test_no_build_is_one_line(self):
        errors = io.StringIO()
        with mock.patch.object(counter, "why_not_here", lambda cpuinfo: ""), contextlib.redirect_stderr(errors), \
                mock.patch.object(counter, "verdicts", mock.Mock(side_effect=counter.CountError("x: no build there"))):
            self.assertEqual(counter.main([]), 1)
        self.assertEqual(errors.getvalue(), "count_instructions: x: no build there\n")


class Build(unittest.TestCase):
    def test_benchmarks_that_are_not_built_are_named(self):
        with self.assertRaisesRegex(counter.CountError, "kernels_count: not built: .*--target benchmarks"):
            counter.count_kernels(pathlib.Path("/no/such/kernels_count"))


class Machine(unittest.TestCase):
    def test_what_is_missing_is_named(self):
        with mock.patch("shutil.which", return_value=None):
            self.assertIn("needs valgrind", counter.why_not_here("flags : avx2"))
        with mock.patch("shutil.which", return_value="/usr/bin/valgrind"):
            self.assertIn("AVX2", counter.why_not_here("flags\t\t: sse4_2 avx f16c"))
            self.assertEqual(counter.why_not_here("flags\t\t: sse4_2 avx2 f16c"), "")

    def test_the_recorded_file_is_whole(self):
        record = json.loads((counter.ROOT / "bench" / "instructions.json").read_text(encoding="utf-8"))
        self.assertTrue(record["compiler"])
        for name, case in record["cases"].items():
            self.assertGreaterEqual(case["instructions"], sum(case["functions"].values()), name)


if __name__ == "__main__":
    unittest.main()
